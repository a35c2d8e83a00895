"""Size and place of objects, and what crops keep of them, with values worked out by hand."""

import math

import numpy as np
import pytest

from core.errors import DataError
from core.images import geometry
from core.images.preprocess import Preprocess
from tests.conftest import TOY_TRANSFORM


def mask_of(height, width, rows=slice(0, 0), columns=slice(0, 0)):
    mask = np.zeros((height, width), bool)
    mask[rows, columns] = True
    return mask


def test_an_object_that_fills_its_image_lies_at_the_centre():
    assert geometry.of(np.ones((30, 40), bool)) == geometry.Geometry(1.0, 0.0)


def test_distance_is_in_halves_of_the_diagonal():
    # The centre of mass is at x = 1, y = 15 of 40 x 30: 19 px from the centre, of 25 to a corner.
    found = geometry.of(mask_of(30, 40, slice(10, 20), slice(0, 2)))
    assert found.object_area == pytest.approx(20 / 1200)
    assert found.centre_distance == pytest.approx(19 / 25)
    # The pixel of a corner has its centre half a pixel from both sides.
    corner = geometry.of(mask_of(30, 40, slice(29, 30), slice(39, 40)))
    assert corner.centre_distance == pytest.approx(math.hypot(19.5, 14.5) / 25)


def test_an_empty_mask_has_no_place():
    found = geometry.of(mask_of(8, 8))
    assert found.object_area == 0
    assert math.isnan(found.centre_distance)
    assert math.isnan(geometry.kept_by(mask_of(8, 8), Preprocess(TOY_TRANSFORM)))
    assert math.isnan(geometry.random_crops(mask_of(8, 8), np.random.default_rng(0)))


@pytest.mark.parametrize(
    ("columns", "kept"),
    # The toy model keeps columns 16 to 47 of 64.
    [(slice(20, 40), 1.0), (slice(0, 64), 0.5), (slice(8, 24), 0.5), (slice(12, 28), 0.75), (slice(0, 16), 0.0)],
)
def test_the_crop_of_a_wide_image_cuts_both_sides_away(columns, kept):
    assert geometry.kept_by(mask_of(32, 64, slice(4, 9), columns), Preprocess(TOY_TRANSFORM)) == pytest.approx(kept)


def test_what_is_squashed_keeps_everything_and_what_is_padded_adds_nothing():
    mask = mask_of(32, 64, slice(0, 32), slice(0, 16))
    for mode in ("squash", "border"):
        # Grey of the mean colour counts as object nowhere.
        preprocess = Preprocess({**TOY_TRANSFORM, "crop_mode": mode})
        assert geometry.kept_by(mask, preprocess) == pytest.approx(1.0, abs=0.02)


def test_a_crop_after_a_larger_resize_keeps_its_share():
    # Resized to 64 and cropped to 32: a quarter of what fills the image.
    preprocess = Preprocess({**TOY_TRANSFORM, "crop_pct": 0.5})
    assert geometry.kept_by(np.ones((128, 128), bool), preprocess) == pytest.approx(0.25)


def test_random_crops_keep_as_much_of_a_whole_image_as_their_area():
    kept = geometry.random_crops(np.ones((200, 200), bool), np.random.default_rng(1), n=4000)
    # Areas are uniform from 8 % to 100 %: mean 54 %; boxes that do not fit are large ones, which lowers it.
    assert 0.48 < kept < 0.54


def test_random_crops_keep_more_of_the_centre_than_of_a_corner_and_are_repeatable():
    centre, corner = mask_of(100, 100, slice(45, 55), slice(45, 55)), mask_of(100, 100, slice(0, 10), slice(0, 10))
    of_centre, of_corner = (geometry.random_crops(mask, np.random.default_rng(2), n=500) for mask in (centre, corner))
    assert of_centre > 0.6 > 0.3 > of_corner
    assert geometry.random_crops(centre, np.random.default_rng(2), n=500) == of_centre


def test_boxes_lie_inside_and_have_the_allowed_shapes():
    rng = np.random.default_rng(3)
    for _ in range(500):
        top, left, height, width = geometry.random_crop((90, 120), rng)
        assert top >= 0
        assert left >= 0
        assert top + height <= 90
        assert left + width <= 120
        assert 0.73 < width / height < 1.37
        assert 0.07 < height * width / (90 * 120) <= 1


@pytest.mark.parametrize(
    ("size", "box"),
    # Nothing of an allowed shape and 8 % of the area fits into a line: the largest central box of one is taken.
    [((10, 1000), (0, 493, 10, 13)), ((1000, 9), (494, 0, 12, 9))],
)
def test_an_image_that_is_too_long_gives_its_middle(size, box):
    assert geometry.random_crop(size, np.random.default_rng(0)) == box


def test_a_mean_mask_is_the_share_of_masks_at_each_place():
    left, all_of_it = mask_of(64, 64, slice(None), slice(0, 32)), np.ones((128, 32), bool)
    found = geometry.mean_mask(iter([left, all_of_it]))
    assert (found.shape, found.dtype) == ((64, 64), np.float32)
    assert (found[:, :32] == 1).all()
    assert (found[:, 32:] == 0.5).all()


def test_a_mean_mask_is_stretched_and_keeps_shares_of_area():
    # 128 x 192 onto 64 x 64: a place is 2 x 3 pixels, of which one is the object's.
    found = geometry.mean_mask([mask_of(128, 192, slice(0, 1), slice(0, 1))])
    assert found[0, 0] == pytest.approx(1 / 6)
    assert found.sum() == pytest.approx(1 / 6)
    assert np.isnan(geometry.mean_mask([])).all()


@pytest.mark.parametrize("mask", [np.ones((4, 4), np.uint8), np.ones((4, 4, 3), bool), np.ones((0, 4), bool)])
def test_what_is_no_mask_is_refused(mask):
    with pytest.raises(DataError, match=r"must be bool \(H, W\)"):
        geometry.of(mask)
