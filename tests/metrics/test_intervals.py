import numpy as np
import pytest

from core.metrics import intervals


# Newcombe 1998, "Two-sided confidence intervals for the single proportion", Table I, method 3.
@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_wilson_agrees_with_published_intervals(successes, n, low, high):
    assert np.allclose(intervals.wilson(successes, n), (low, high), atol=5e-5)


def test_wilson_at_none_right_begins_at_exactly_zero():
    low, high = intervals.wilson(0, 50)
    assert low == 0
    # z^2 / (n + z^2) with z = 1.96.
    assert high == pytest.approx(3.8415 / 53.8415, abs=1e-5)


def test_wilson_at_all_right_ends_at_exactly_one():
    low, high = intervals.wilson(50, 50)
    assert high == 1
    assert low == pytest.approx(50 / 53.8415, abs=1e-5)


def test_wilson_of_no_trials_is_nan():
    assert np.isnan(intervals.wilson(0, 0)).all()


def test_wilson_works_on_arrays_with_empty_cells_among_them():
    low, high = intervals.wilson([0, 0, 81], [0, 20, 263])
    assert np.isnan([low[0], high[0]]).all()
    assert np.allclose(low[1:], [0, 0.2553], atol=5e-5)
    assert np.allclose(high[1:], [0.1611, 0.3662], atol=5e-5)


def test_wilson_is_wider_at_higher_confidence():
    # 90 %: z = 1.6449, and for p = 1/2 the half width is z / (2 sqrt(n + z^2)).
    for confidence, z in ((0.9, 1.6449), (0.95, 1.9600), (0.99, 2.5758)):
        low, high = intervals.wilson(50, 100, confidence)
        assert high - low == pytest.approx(z / np.sqrt(100 + z**2), abs=1e-4)
        assert low + high == pytest.approx(1)
