"""Single masks: what cannot be read as one, and what is measured."""

import numpy as np
import pytest
from PIL import Image

from core import paths, store
from core.benchmarks import object_masks
from core.errors import DataError, ImageError
from core.evaluate import evaluate
from tests.benchmarks.mask_folders import BEAM, PUCK, VAL_BEAM, VAL_PUCK, mask, noted, opened, photo
from tests.benchmarks.mask_folders import images as images
from tests.benchmarks.mask_folders import root as root

# What cannot be read.


def noise(path, size=(40, 30)):
    pixels = np.random.default_rng(0).integers(70, 190, (*size[::-1], 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


def test_photographs_where_masks_belong_are_an_error_that_names_one(root):
    for path in (root / "val").iterdir():
        noise(path)
    with pytest.raises(
        DataError, match=rf"2 of 2 files .* are photographs where masks belong, such as .*{BEAM}_{VAL_BEAM}"
    ):
        opened(root).samples()


def test_one_photograph_among_masks_is_counted_and_is_no_mask(root):
    noise(root / "val" / f"{BEAM}_{VAL_BEAM}")
    benchmark = opened(root)
    samples = benchmark.samples()
    assert len(samples) == 2
    assert np.isnan(samples["object_area"].iloc[0])
    assert f"1 masks are photographs, not masks, and count as none: put the published masks back: {BEAM}_" in noted(
        benchmark
    )
    with pytest.raises(ImageError, match="is a photograph"):
        benchmark.mask(samples["sample_id"].iloc[0])


def test_a_damaged_mask_is_counted_and_its_image_stays(root):
    (root / "val" / f"{BEAM}_{VAL_BEAM}").write_bytes(b"no JPEG")
    benchmark = opened(root)
    assert benchmark.samples()["object_area"].isna().tolist() == [True, False]
    assert "1 masks cannot be read as images" in noted(benchmark)
    with pytest.raises(ImageError, match=r"the mask .* cannot be opened") as caught:
        benchmark.mask(f"{BEAM}/{VAL_BEAM}")
    assert caught.value.digest is None


def test_an_image_with_a_damaged_mask_fails_alone(root, toy_model):
    (root / "val" / f"{PUCK}_{VAL_PUCK}").write_bytes(b"no JPEG")
    run = evaluate(toy_model, opened(root), view="ablations", device="cpu")
    assert run.complete
    said = store.read(run).groupby("sample_id")["error"].agg(lambda errors: errors.notna().all())
    assert said.to_dict() == {f"{BEAM}/{VAL_BEAM}": False, f"{PUCK}/{VAL_PUCK}": True}
    assert store.read(evaluate(toy_model, opened(root), device="cpu"))["error"].isna().all()


def test_an_empty_mask_is_kept_and_counted(root):
    mask(root / "val" / f"{BEAM}_{VAL_BEAM}", box=None)
    benchmark = opened(root)
    samples = benchmark.samples()
    assert samples["object_area"].iloc[0] == 0
    assert np.isnan(samples["centre_distance"].iloc[0])
    assert "1 masks are empty; their images stay" in noted(benchmark)
    assert not benchmark.mask(f"{BEAM}/{VAL_BEAM}").any()


def test_a_mask_of_another_size_and_the_same_shape_is_scaled_and_counted(root):
    mask(root / "val" / f"{BEAM}_{VAL_BEAM}", size=(20, 15), box=(10, 0, 20, 15))
    benchmark = opened(root)
    found = benchmark.mask(f"{BEAM}/{VAL_BEAM}")
    assert found.shape == (30, 40)
    assert found[:, 20:].all()
    assert not found[:, :20].any()
    assert benchmark.samples()["object_area"].iloc[0] == 0.5
    assert "1 masks are of another size than their image and of its shape; they are scaled to it" in noted(benchmark)


@pytest.mark.parametrize("size", [(30, 40), (40, 40), (60, 30)])
def test_a_mask_of_another_shape_is_refused_and_counted(root, size):
    mask(root / "val" / f"{BEAM}_{VAL_BEAM}", size=size)
    benchmark = opened(root)
    assert benchmark.samples()["object_area"].isna().tolist() == [True, False]
    assert "1 masks have another shape than their image and count as none" in noted(benchmark)
    with pytest.raises(ImageError, match=rf"is {size[0]} x {size[1]} pixels and its image 40 x 30"):
        benchmark.mask(f"{BEAM}/{VAL_BEAM}")


def test_an_exif_rotation_is_not_applied_to_either(root, images):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (40, 30)).save(images / "val" / BEAM / VAL_BEAM, exif=exif)
    assert opened(root).mask(f"{BEAM}/{VAL_BEAM}").shape == (30, 40)


# Pixels.


def test_a_pixel_belongs_to_the_object_from_half_on(root):
    levels = np.zeros((30, 40), np.uint8)
    levels[0, :4] = (127, 128, 1, 255)
    name = "ILSVRC2012_val_00000009"
    Image.fromarray(levels).save(root / "val" / f"{BEAM}_{name}.png")
    photo(root.parent / "ilsvrc" / "val" / BEAM / f"{name}.png")
    found = opened(root).mask(f"{BEAM}/{name}.png")
    assert found[0, :4].tolist() == [False, True, False, True]
    assert found.sum() == 2


def test_area_and_distance_are_those_of_hand(root):
    # 10 x 15 of 40 x 30 pixels; its centre is (5, 7.5), 15 and 7.5 from (20, 15), whose own distance to a corner is 25.
    row = opened(root).samples().iloc[0]
    assert row["object_area"] == pytest.approx(150 / 1200)
    assert row["centre_distance"] == pytest.approx(np.hypot(15, 7.5) / 25)


def test_measures_at_their_ends():
    whole = np.ones((6, 8), bool)
    assert object_masks.measure(whole) == (1.0, 0.0)
    corner = np.zeros((600, 800), bool)
    corner[0, 0] = True
    # The middle of a corner's pixel is half a pixel from the corner each way: 499.3 of 500.
    assert object_masks.measure(corner) == (1 / 480_000, pytest.approx(np.hypot(399.5, 299.5) / 500))
    # Two objects in opposite corners have their common centre in the middle.
    corner[-1, -1] = True
    assert object_masks.measure(corner)[1] == pytest.approx(0, abs=1e-12)
    area, distance = object_masks.measure(np.zeros((3, 3), bool))
    assert area == 0
    assert np.isnan(distance)


@pytest.mark.parametrize(
    ("size", "other", "same"),
    [
        ((500, 375), (224, 168), True),
        # 500 x 333 at 224 is 149.2 high.
        ((500, 333), (224, 149), True),
        ((333, 500), (149, 224), True),
        ((500, 375), (500, 374), True),
        ((500, 375), (375, 500), False),
        ((500, 375), (224, 224), False),
        ((500, 375), (500, 372), False),
        ((224, 224), (512, 512), True),
    ],
)
def test_shapes_are_the_same_up_to_rounding(size, other, same):
    assert object_masks.same_shape(size, other) is object_masks.same_shape(other, size) is same


def test_masks_are_measured_once_and_again_when_they_change(root, monkeypatch):
    first = opened(root).samples()
    cached = list((paths.data_home() / "cache").glob("masks-*"))
    assert len(cached) == 1
    with monkeypatch.context() as without:
        without.setattr(object_masks, "measure_file", None)
        assert opened(root).samples().equals(first)
    mask(root / "val" / f"{BEAM}_{VAL_BEAM}", box=(0, 0, 40, 30))
    assert opened(root).samples()["object_area"].tolist() == [1.0, pytest.approx(0.125)]
    # A cache that was damaged is no reason to fail.
    for path in (paths.data_home() / "cache").glob("masks-*"):
        path.write_bytes(b"no Parquet")
    assert opened(root).samples()["object_area"].tolist() == [1.0, pytest.approx(0.125)]


def test_what_is_measured_is_the_same_where_nothing_can_be_kept(root, monkeypatch):
    kept = opened(root).samples()
    for path in (paths.data_home() / "cache").glob("masks-*"):
        path.unlink()
    monkeypatch.setenv("OFFCENTER_READ_ONLY", "1")
    assert opened(root).samples().equals(kept)
    assert not list((paths.data_home() / "cache").glob("masks-*"))


def test_finding_images_opens_none(root, images):
    for path in images.rglob("*.JPEG"):
        path.write_bytes(b"no image")
    assert list(opened(root).pairs) == [f"{BEAM}/{VAL_BEAM}", f"{PUCK}/{VAL_PUCK}"]
