"""Failure strips: which images are shown, what explains them, and the picture."""

import numpy as np
import pytest
import timm
import torch
from PIL import Image

from core import models
from core.benchmarks import open_benchmark
from core.errors import UsageError
from core.evaluate.loop import evaluate
from core.explain import failures, strip
from core.explain.failures import Panel
from tests.benchmarks.test_focus import focus
from tests.conftest import TOY_TRANSFORM
from tests.models.test_sources import make_folder

ROWS = (
    ("/car/snow.jpg", "car", "day", "none", "snow, street", "no"),
    ("/car/night.jpg", "car", "night", "none", "street", "no"),
    ("/car/street.jpg", "car", "day", "none", "street", "no"),
    ("/frog/street.jpg", "frog", "night", "none", "street", "no"),
)


@pytest.fixture
def photos(tmp_path):
    return open_benchmark("focus", focus(tmp_path / "photos", rows=ROWS))


@pytest.fixture
def run(tmp_path, monkeypatch, photos):
    """A network that knows nothing, and is wrong about everything here."""
    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path / "zoo"))
    make_folder(tmp_path / "zoo" / "tiny")
    return evaluate("tiny", photos)


def test_only_mistakes_in_uncommon_settings_are_chosen_the_surest_first(run):
    chosen = failures.choose(run)
    assert sorted(chosen["sample_id"]) == ["car/night.jpg", "car/snow.jpg", "frog/street.jpg"]
    assert chosen["confidence"].is_monotonic_decreasing
    assert failures.choose(run, category="frog")["sample_id"].tolist() == ["frog/street.jpg"]
    assert len(failures.choose(run, 2)) == 2


def test_a_benchmark_without_settings_is_refused(toy_model, colour_folder):
    with pytest.raises(UsageError, match="'imagenet' has no settings"):
        failures.choose(evaluate(toy_model, open_benchmark("imagenet", colour_folder)))


def test_more_images_than_a_strip_holds_are_refused(run):
    with pytest.raises(UsageError, match="shows 1 to 24 images, not 25"):
        failures.choose(run, 25)


def test_panels_say_what_was_uncommon_and_why_a_map_is_missing(run, photos):
    rows = failures.choose(run, category="car")
    panels = {panel.sample_id: panel for panel in failures.explain(run, photos, rows, "cpu")}
    # Street is common for cars; snow and night are not.
    assert panels["car/snow.jpg"].uncommon == ("snow",)
    assert panels["car/night.jpg"].uncommon == ("night",)
    for panel in panels.values():
        assert panel.image.shape == (160, 160, 3)
        assert (panel.cam is None) == bool(panel.no_cam)
        # This network's activations are not ReLU.
        assert panel.guided is None
        assert "defined for networks whose activations are ReLU" in panel.no_guided


def test_a_network_of_relus_gets_guided_grad_cam(photos):
    torch.manual_seed(0)
    module = timm.create_model("test_resnet", pretrained=False, num_classes=1000).eval()
    transform = {**TOY_TRANSFORM, "input_size": [3, 64, 64]}
    model = models.from_module(module, "relus", label_space="imagenet-1k", transform=transform)
    run = evaluate(model, photos)
    found = failures.explain(run, photos, failures.choose(run, 3), model=model)
    assert [panel.guided.shape for panel in found if panel.guided is not None]
    assert all("ReLU" not in panel.no_guided for panel in found)


def panel(**parts):
    image = np.full((8, 8, 3), 200, dtype=np.uint8)
    return Panel("car/a.jpg", "car", ("snow",), "snowplow", 0.9, image, **parts)


def test_a_strip_has_three_tiles_for_each_image():
    shown = panel(cam=np.eye(8, dtype=np.float32), guided=np.zeros((8, 8, 3), np.float32))
    one, three = strip.strip([shown], "t", "i"), strip.strip([shown] * 3, "t", "i")
    # Three tiles of 224 and two gaps of 10 between margins of 20; a second column beside a gap of 30.
    assert one.width == 3 * 224 + 2 * 10 + 2 * 20
    assert three.width == 2 * (3 * 224 + 2 * 10) + 30 + 2 * 20
    assert three.height == one.height + 46 + 224 + 20


def test_a_missing_map_is_a_tile_with_the_reason():
    other = panel(cam=np.eye(8, dtype=np.float32), guided=np.zeros((8, 8, 3), np.float32))
    with_map = strip.strip([panel(cam=np.eye(8, dtype=np.float32), no_guided="because"), other], "t", "i")
    without = strip.strip([panel(no_cam="because", no_guided="because"), other], "t", "i")
    middle = (20 + 224 + 10, 64 + 46, 20 + 2 * 224 + 10, 64 + 46 + 224)
    assert with_map.crop(middle).tobytes() != without.crop(middle).tobytes()
    # The tile's ground, and ink on it.
    assert without.crop(middle).getpixel((220, 220)) == (0xF3, 0xF1, 0xEB)
    assert len(without.crop(middle).getcolors(maxcolors=50_000)) > 5


def test_a_network_without_guided_grad_cam_has_no_column_of_it_and_says_why_once():
    shown = panel(cam=np.eye(8, dtype=np.float32), no_guided="no ReLU")
    picture = strip.strip([shown] * 2, "t", "i")
    assert strip.without_guided([shown] * 2) == "no ReLU"
    assert picture.width == 2 * (2 * 224 + 10) + 30 + 2 * 20
    # A line more at the foot.
    assert picture.height == 64 + 46 + 224 + 20 + 30 + 17
    guided = panel(cam=np.eye(8, dtype=np.float32), guided=np.zeros((8, 8, 3), np.float32))
    assert strip.without_guided([shown, guided]) == ""


def test_images_explained_one_by_one_are_as_all_at_once(run, photos):
    rows = failures.choose(run)
    together = failures.explain(run, photos, rows, "cpu")
    for panel_ in together:
        alone = failures.explain_one(run, photos, rows, panel_.sample_id, "cpu")
        assert (alone.category, alone.predicted, alone.no_guided) == (
            panel_.category,
            panel_.predicted,
            panel_.no_guided,
        )
        np.testing.assert_allclose(alone.cam, panel_.cam, atol=1e-4)


def test_guided_maps_are_grey_where_nothing_counts():
    values = np.zeros((4, 4, 3), np.float32)
    assert set(np.unique(strip.guided_pixels(values))) == {128}
    values[0, 0] = 1.0
    assert strip.guided_pixels(values)[0, 0, 0] == 255


def test_a_strip_is_saved_as_png_only(tmp_path):
    picture = strip.strip([panel(no_cam="-", no_guided="-")], "t", "i")
    strip.save(picture, tmp_path / "new" / "strip.png")
    assert Image.open(tmp_path / "new" / "strip.png").size == picture.size
    with pytest.raises(UsageError, match=r"strip\.jpg must end in \.png"):
        strip.save(picture, tmp_path / "strip.jpg")
