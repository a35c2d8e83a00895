"""Agreement of maps with masks, with values worked out by hand on 2x2 maps."""

import math

import numpy as np
import pytest
from PIL import Image

from core.errors import UsageError
from core.images.preprocess import Preprocess
from core.saliency.alignment import align
from core.saliency.maps import Saliency
from tests.conftest import TOY_TRANSFORM


def maps(*values):
    values = np.array(values, dtype=np.float32).reshape(-1, 2, 2)
    n = len(values)
    return Saliency("grad-cam", "layer", values, values, np.zeros(n, int), np.full(n, -1), np.zeros(n, np.float32))


#: Scaled to its maximum: 1, 0.5, 0.25, 0.25.
STEPS = [[4.0, 2.0], [1.0, 1.0]]
TOP = [[True, True], [False, False]]
LEFT = [[True, False], [True, False]]


def test_all_measures_of_a_map_that_fits_its_mask():
    found = align(maps(STEPS), np.array([TOP]))
    assert found.iou[0] == 1.0
    assert found.delta_density[0] == pytest.approx(0.75 - 0.25)
    assert found.pointing[0] == 1.0
    assert found.inside_share[0] == pytest.approx(6 / 8)
    assert found.area_fraction[0] == 0.5


def test_all_measures_of_a_map_that_half_fits():
    # Lit (at least half the maximum) is the top row; the mask is the left column: one of three pixels in both.
    found = align(maps(STEPS), np.array([LEFT]))
    assert found.iou[0] == pytest.approx(1 / 3)
    assert found.delta_density[0] == pytest.approx((1 + 0.25) / 2 - (0.5 + 0.25) / 2)
    assert found.inside_share[0] == pytest.approx(5 / 8)


def test_the_scale_of_a_map_does_not_matter():
    large, small = align(maps(STEPS), np.array([LEFT])), align(maps(np.array(STEPS) * 1e-6), np.array([LEFT]))
    for name in ("iou", "delta_density", "pointing", "inside_share"):
        assert getattr(large, name)[0] == pytest.approx(getattr(small, name)[0])


def test_tied_maxima_count_by_their_share_inside():
    assert align(maps([[3.0, 3.0], [0.0, 0.0]]), np.array([LEFT])).pointing[0] == 0.5


def test_empty_masks_and_absent_maps_are_left_out_and_counted():
    nothing = np.zeros((2, 2), bool)
    found = align(
        maps(STEPS, STEPS, [[0.0, 0.0], [0.0, 0.0]], [[np.nan, 1.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]),
        np.array([TOP, nothing, TOP, TOP, nothing]),
    )
    summary = found.summary()
    assert (summary["n"], summary["n_empty_mask"], summary["n_no_map"]) == (1, 2, 2)
    assert summary["iou"] == 1.0
    assert np.isnan(found.pointing[1:]).all()


def test_a_mask_of_everything_has_no_outside_to_compare_with():
    found = align(maps(STEPS), np.ones((1, 2, 2), bool))
    assert math.isnan(found.delta_density[0])
    assert found.pointing[0] == found.inside_share[0] == 1.0


def test_no_images_have_no_means_but_counts():
    summary = align(maps(), np.zeros((0, 2, 2), bool)).summary()
    assert summary["n"] == 0
    assert math.isnan(summary["iou"])


@pytest.mark.parametrize("masks", [np.ones((1, 2, 2), np.uint8), np.ones((1, 4, 4), bool), np.ones((2, 2, 2), bool)])
def test_masks_that_do_not_fit_are_refused_with_what_crops_them(masks):
    with pytest.raises(UsageError, match=r"Preprocess\.mask"):
        align(maps(STEPS), masks)


def test_a_mask_is_cropped_as_its_image():
    image = np.zeros((48, 64, 3), np.uint8)
    mask = np.zeros((48, 64), bool)
    mask[6:30, 16:40] = True
    image[mask] = 255
    preprocess = Preprocess(TOY_TRANSFORM)
    assert np.array_equal(preprocess.mask(mask), preprocess(Image.fromarray(image))[..., 0] >= 128)


def test_an_object_outside_the_crop_leaves_an_empty_mask():
    mask = np.zeros((32, 96), bool)
    mask[:, :20] = True
    assert not Preprocess(TOY_TRANSFORM).mask(mask).any()
