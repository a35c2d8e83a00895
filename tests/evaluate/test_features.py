"""Penultimate features: what they are, where they are kept, and for which models there are none."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import timm
import torch
from PIL import Image

from core import labels, models, store
from core.benchmarks import open_benchmark
from core.errors import DataError, NotAvailableError, StoreError, UsageError
from core.evaluate import features
from core.evaluate.loop import evaluate
from core.evaluate.work import Sight
from core.explain import probes
from tests.benchmarks.test_focus import focus
from tests.conftest import RED_WNID, TOY_TRANSFORM
from tests.models.test_sources import make_folder


@pytest.fixture
def zoo(tmp_path, monkeypatch):
    monkeypatch.setenv("OFFCENTER_MODELS", str(tmp_path / "zoo"))
    make_folder(tmp_path / "zoo" / "tiny")
    return tmp_path / "zoo"


@pytest.fixture
def photos(tmp_path):
    """Cars of many shades, on streets and in snow."""
    rows = [(f"/car/{n}.jpg", "car", "day", "none", "snow" if n % 2 else "street", "no") for n in range(44)]
    root = focus(tmp_path / "photos", rows=rows)
    return open_benchmark("focus", root)


@pytest.mark.parametrize(
    "architecture", ["test_vit", "test_efficientnet", "test_resnet", "test_convnext", "test_mambaout"]
)
def test_features_and_head_give_the_models_own_logits(architecture):
    module = timm.create_model(architecture, pretrained=False, num_classes=10).eval()
    size = module.pretrained_cfg["input_size"]
    model = models.from_module(module, "m", label_space="focus-10", transform={**TOY_TRANSFORM, "input_size": size})
    body, head = features.split(model)
    inputs = torch.rand(2, *size)
    with torch.inference_mode():
        expected, values = module(inputs), body.module(inputs)
    assert values.shape == (2, head.shape[1] - 1)
    found = values.numpy() @ head[:, :-1].T + head[:, -1]
    assert np.allclose(found, expected.numpy(), atol=1e-4)


def test_a_model_without_a_linear_head_is_refused_with_the_reason(toy_model):
    with pytest.raises(
        NotAvailableError, match=r"not available for brightest-channel, .* one linear layer, and it has none"
    ):
        features.split(toy_model)


def test_a_model_with_more_behind_its_last_layer_is_refused():
    class Doubled(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.fc = torch.nn.Linear(3, 10)

        def forward(self, inputs):
            return 2 * self.fc(inputs.mean(dim=(2, 3)))

    model = models.from_module(Doubled(), "doubled", label_space="focus-10", transform=TOY_TRANSFORM)
    with pytest.raises(NotAvailableError, match="what follows its layer 'fc' is more than that layer"):
        features.split(model)


def test_interrupted_extraction_goes_on_with_the_images_that_are_missing(zoo, photos, monkeypatch):
    run = evaluate("tiny", photos)
    whole = np.array(features.keep(run, photos).values)
    for name in (features.FEATURES, features.HEAD):
        (features.folder(run) / name).unlink()

    class StoppedError(Exception):
        pass

    def stop(progress):
        if progress.done >= 16:
            raise StoppedError

    with pytest.raises(StoppedError):
        features.keep(run, photos, batch_size=8, progress=stop)
    assert features.read(run) is None
    asked = []
    look_at = Sight.look_at
    monkeypatch.setattr(Sight, "look_at", lambda sight, number: asked.append(number) or look_at(sight, number))
    seen = []
    kept = features.keep(run, photos, batch_size=8, progress=seen.append)
    assert len(asked) == 44 - 16
    assert seen[-1].done == 44
    assert np.allclose(kept.values, whole, atol=2e-3)
    assert not (features.folder(run) / features.PARTIAL).exists()


@pytest.mark.parametrize("content", [b"not an array", b""])
def test_a_damaged_half_is_made_again(zoo, photos, content):
    run = evaluate("tiny", photos)
    features.folder(run).mkdir(parents=True, exist_ok=True)
    (features.folder(run) / features.PARTIAL).write_bytes(content)
    assert not np.isnan(features.keep(run, photos).values).any()


class MeanColour(torch.nn.Module):
    """Features are the means of the channels, from -1 for 0 to 1 for 255."""

    def __init__(self):
        super().__init__()
        self.fc = torch.nn.Linear(3, 1000)

    def forward(self, inputs):
        return self.fc(inputs.mean(dim=(2, 3)))


def test_each_view_of_a_family_has_its_features_in_the_order_of_the_runs_views(tmp_path, monkeypatch):
    root = tmp_path / "photos"
    (root / RED_WNID).mkdir(parents=True)
    for name, corner in (("a", 0), ("b", 2)):
        pixels = np.zeros((64, 64, 3), np.uint8)
        pixels[..., 0] = 255
        # A quarter is blue: of the first image the top left, of the second the bottom left.
        pixels[16 * corner : 16 * corner + 32, :32] = (0, 0, 255)
        Image.fromarray(pixels).save(root / RED_WNID / f"{name}.png")
    transform = {**TOY_TRANSFORM, "crop_pct": 0.5}
    model = models.from_module(MeanColour(), "mean-colour", label_space="imagenet-1k", transform=transform)
    monkeypatch.setattr(models, "load", lambda source, device: model)
    photos = open_benchmark("imagenet", root)
    run = evaluate(model, photos, view="five-crop", batch_size=3)
    kept = features.keep(run, photos, batch_size=3)
    assert kept.values.dtype == np.float16
    assert kept.by_view is kept.values
    red, blue, quarter_blue = (1, -1, -1), (-1, -1, 1), (0.5, -1, -0.5)
    assert run.views.names[0] == "crop-centre"
    corners = ["crop-top-left", "crop-top-right", "crop-bottom-left", "crop-bottom-right"]
    assert run.views.names[1:] == corners
    expected = [[quarter_blue, blue, red, red, red], [quarter_blue, red, red, blue, red]]
    assert store.read_samples(run)["sample_id"].str[-5].tolist() == ["a", "b"]
    assert np.allclose(kept.values, expected, atol=1e-2)


def test_one_view_an_image_is_a_family_of_one(zoo, photos):
    kept = features.keep(run := evaluate("tiny", photos), photos)
    assert kept.values.ndim == 2
    assert kept.by_view.shape == (44, 1, kept.values.shape[1])
    assert run.n_views == 1


def test_features_of_a_family_go_on_image_by_image(zoo, photos, monkeypatch):
    run = evaluate("tiny", photos, view="five-crop")
    ids = store.read_samples(run)["sample_id"].tolist()
    some = features.keep(run, photos, images=ids[:10])
    assert features.is_there(some.values).tolist() == [True] * 10 + [False] * 34
    assert features.read(run) is None
    asked, seen = [], []
    look_at = Sight.look_at
    monkeypatch.setattr(Sight, "look_at", lambda sight, number: asked.append(number) or look_at(sight, number))
    first = np.array(some.values[:10])
    whole = features.keep(run, photos, progress=seen.append)
    assert sorted(asked) == list(range(10, 44))
    assert (seen[-1].done, seen[-1].total) == (44, 44)
    assert np.array_equal(whole.values[:10], first)
    assert features.is_there(whole.values).all()


def test_too_many_numbers_are_refused_with_their_size_before_a_file_is_made(zoo, photos, monkeypatch):
    run = evaluate("tiny", photos, view="five-crop")
    width = features.split(models.load("tiny"))[1].shape[1] - 1
    monkeypatch.setattr(features, "LARGEST", 44 * 5 * width * 2 - 1)
    with pytest.raises(UsageError, match=r"of 44 images under 5 views \('five-crop'\), .* take 0.0 GB; .* fewer"):
        features.keep(run, photos)
    assert not features.folder(run).exists()
    monkeypatch.setattr(features, "LARGEST", 44 * 5 * width * 2)
    assert features.keep(run, photos).values.size == 44 * 5 * width


def test_what_is_there_is_looked_for_in_blocks(monkeypatch):
    values = np.zeros((7, 2, 3), np.float16)
    values[2, 1, 2] = np.nan
    values[6, 0, 0] = np.inf
    monkeypatch.setattr(features, "_BLOCK", 12)
    assert np.flatnonzero(~features.is_there(values)).tolist() == [2, 6]
    assert features.is_there(np.zeros((0, 3), np.float16)).tolist() == []


def test_features_are_kept_in_half_precision_beside_the_run(zoo, photos):
    run = evaluate("tiny", photos)
    assert features.read(run) is None
    kept = features.keep(run, photos)
    assert kept.values.dtype == np.float16
    assert len(kept.values) == 44
    assert isinstance(kept.values, np.memmap)
    assert kept.head.shape == (1000, kept.values.shape[1] + 1)
    before = (features.folder(run) / features.FEATURES).stat().st_mtime_ns
    features.keep(run, photos)
    assert (features.folder(run) / features.FEATURES).stat().st_mtime_ns == before


def test_two_threads_ask_for_the_same_features_at_once_and_the_work_is_done_once(zoo, photos, monkeypatch):
    run = evaluate("tiny", photos)
    asked = []
    look_at = Sight.look_at
    monkeypatch.setattr(Sight, "look_at", lambda sight, number: asked.append(number) or look_at(sight, number))
    with ThreadPoolExecutor(2) as pool:
        first, second = (task.result() for task in [pool.submit(features.keep, run, photos) for _ in range(2)])
    assert len(asked) == 44
    assert np.array_equal(first.values, second.values)


@pytest.mark.parametrize("name", [features.FEATURES, features.HEAD])
def test_features_without_bytes_after_a_power_cut_are_named_with_what_to_do(zoo, photos, name):
    run = evaluate("tiny", photos)
    features.keep(run, photos)
    (features.folder(run) / name).write_bytes(b"")
    with pytest.raises(StoreError, match=rf"{name} cannot be read .* delete it and ask for the features again"):
        features.read(run)


def test_features_of_other_data_are_refused(zoo, photos, tmp_path):
    run = evaluate("tiny", photos)
    other = open_benchmark("focus", focus(tmp_path / "other"))
    with pytest.raises(DataError, match="are not those of the stored result"):
        features.keep(run, other)


def test_probes_are_stored_and_read_again(zoo, photos):
    run = evaluate("tiny", photos)
    assert probes.read(run) is None
    fitted = probes.fit(run, photos)
    assert sorted(fitted["location"]) == ["snow", "street"]
    assert fitted["n"].tolist() == [44, 44]
    again = probes.read(run)
    assert again["value"].tolist() == fitted["value"].tolist()
    assert labels.class_names("imagenet-1k", again["similar"].iloc[0])


def test_probes_of_a_family_of_views_are_refused(zoo, photos):
    with pytest.raises(UsageError, match="with one view an image; 'five-crop' has 5"):
        probes.fit(evaluate("tiny", photos, view="five-crop"), photos)


def test_a_benchmark_without_locations_is_refused(toy_model, colour_folder):
    opened = open_benchmark("imagenet", colour_folder)
    with pytest.raises(UsageError, match="'imagenet' has no locations to probe for"):
        probes.fit(evaluate(toy_model, opened), opened)
