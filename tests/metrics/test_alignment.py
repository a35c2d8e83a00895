"""Agreement of one map with one mask, worked out by hand on 2x2 maps."""

import math

import numpy as np
import pytest

from core.errors import UsageError
from core.metrics.alignment import delta_density, inside_share, iou, pointing

MEASURES = (iou, delta_density, pointing, inside_share)
#: Scaled to its maximum: 1, 0.5, 0.25, 0.25.
STEPS = np.array([[4.0, 2.0], [1.0, 1.0]])
TOP = np.array([[True, True], [False, False]])
LEFT = np.array([[True, False], [True, False]])
BOTTOM = ~TOP
NOTHING, ALL = np.zeros((2, 2), bool), np.ones((2, 2), bool)


@pytest.mark.parametrize(
    ("mask", "wanted"),
    [
        # Lit is the top row. Inside 1 and 0.5, outside twice 0.25; 6 of 8.
        (TOP, (1.0, 0.75 - 0.25, 1.0, 6 / 8)),
        # One of three pixels is in both; inside 1 and 0.25, outside 0.5 and 0.25; 5 of 8.
        (LEFT, (1 / 3, 0.625 - 0.375, 1.0, 5 / 8)),
        (BOTTOM, (0.0, 0.25 - 0.75, 0.0, 2 / 8)),
    ],
)
def test_all_measures_of_a_map_and_a_mask(mask, wanted):
    found = [measure(STEPS, mask) for measure in MEASURES]
    assert all(isinstance(value, float) for value in found)
    assert found == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("threshold", "wanted"),
    # Lit are the one maximum, the top row (a pixel at the threshold is lit), and everything.
    [(1.0, 1 / 2), (0.5, 1.0), (0.51, 1 / 2), (0.25, 1 / 2), (0.0, 1 / 2)],
)
def test_iou_at_other_thresholds(threshold, wanted):
    assert iou(STEPS, TOP, threshold) == pytest.approx(wanted)


@pytest.mark.parametrize("measure", MEASURES)
def test_the_scale_of_a_map_does_not_matter(measure):
    assert measure(STEPS * 1e-30, LEFT) == pytest.approx(measure(STEPS, LEFT))
    assert measure(STEPS.astype(np.uint8), LEFT) == pytest.approx(measure(STEPS, LEFT))
    assert measure(STEPS.astype(np.float16), LEFT) == pytest.approx(measure(STEPS, LEFT))


def test_several_maxima_count_by_their_share_inside():
    assert pointing(np.array([[3.0, 3.0], [0.0, 0.0]]), LEFT) == 0.5


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(
    ("values", "mask"),
    [
        (STEPS, NOTHING),
        (np.zeros((2, 2)), TOP),
        (-STEPS, TOP),
        (np.array([[np.nan, 1.0], [1.0, 1.0]]), TOP),
        (np.array([[np.inf, 1.0], [1.0, 1.0]]), TOP),
        (np.zeros((0, 0)), np.zeros((0, 0), bool)),
    ],
    ids=["empty mask", "no positive value", "negative", "undefined", "infinite", "no pixel"],
)
def test_where_there_is_nothing_to_agree_with_no_measure_has_a_value(measure, values, mask):
    assert math.isnan(measure(values, mask))


def test_a_mask_of_everything_has_no_outside_to_compare_with():
    assert math.isnan(delta_density(STEPS, ALL))
    assert (iou(STEPS, ALL), pointing(STEPS, ALL), inside_share(STEPS, ALL)) == (0.5, 1.0, 1.0)


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(
    ("values", "mask", "said"),
    [
        (STEPS, TOP.astype(np.uint8), r"the mask is uint8 \(2, 2\), but must be an array \(H, W\) of bool"),
        (STEPS, np.ones((4, 4), bool), r"the map is \(2, 2\), but the mask \(4, 4\).*Preprocess\.mask"),
        (STEPS[None], TOP[None], r"the map is float64 \(1, 2, 2\)"),
        (TOP, TOP, r"the map is bool \(2, 2\), but must be an array \(H, W\) of numbers"),
        (STEPS.tolist(), TOP, "the map is list"),
    ],
    ids=["numbers for a mask", "another shape", "a batch", "bool for a map", "lists"],
)
def test_what_does_not_fit_is_refused_with_what_was_seen(measure, values, mask, said):
    with pytest.raises(UsageError, match=said):
        measure(values, mask)


@pytest.mark.parametrize("threshold", [-0.1, 1.5, float("nan")])
def test_a_threshold_is_a_share(threshold):
    with pytest.raises(UsageError, match="from 0 to 1"):
        iou(STEPS, TOP, threshold)
