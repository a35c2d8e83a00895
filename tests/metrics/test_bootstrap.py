import numpy as np
import pytest

from core.metrics.bootstrap import percentile_interval, replicates


def test_cells_that_share_their_objects_are_resampled_together():
    values = np.array([1, 0, 1, 1, 0, 1], dtype=float)
    cells = np.array([0, 0, 0, 1, 1, 1])
    objects = np.array([7, 8, 9, 7, 8, 9])
    draws = replicates(values, cells, objects, 2)
    assert np.array_equal(draws[:, 0], draws[:, 1])
    assert draws[:, 0].std() > 0.2


def test_objects_are_drawn_whole():
    # Two objects, one always right and one never: a resampling holds 0, 1 or 2 of the right one.
    values, objects = np.array([1, 1, 1, 0, 0, 0], dtype=float), np.array([0, 0, 0, 1, 1, 1])
    draws = replicates(values, np.zeros(6, int), objects, 1)
    assert set(np.unique(draws)) == {0.0, 0.5, 1.0}


def test_independent_images_spread_as_a_proportion_does():
    values = np.repeat([1.0, 0.0], [80, 20])
    draws = replicates(values, np.zeros(100, int), None, 1, rounds=20_000)
    # Standard error of a proportion: sqrt(0.8 * 0.2 / 100) = 0.04.
    assert draws.mean() == pytest.approx(0.8, abs=0.002)
    assert draws.std() == pytest.approx(0.04, abs=0.001)


def test_independent_differences_may_be_negative():
    change = np.repeat([-1.0, 0.0, 1.0], [30, 60, 10])
    draws = replicates(change, np.zeros(100, int), None, 1, rounds=20_000)
    # Mean -0.2; variance of one: 0.4 - 0.04 = 0.36, of the mean of 100: 0.0036.
    assert draws.mean() == pytest.approx(-0.2, abs=0.003)
    assert draws.std() == pytest.approx(0.06, abs=0.002)


def test_an_empty_cell_has_no_replicates():
    draws = replicates(np.array([1.0]), np.array([1]), None, 2)
    assert np.isnan(draws[:, 0]).all()
    assert (draws[:, 1] == 1).all()


def test_where_nothing_varies_the_interval_still_has_a_width():
    low, high = percentile_interval(np.zeros((50, 1)), np.array([0.0]), np.array([20]))
    # Wilson's upper end for 0 of 20: 1.96^2 / (20 + 1.96^2) = 0.161.
    assert (low[0], high[0]) == (pytest.approx(-0.161, abs=1e-3), pytest.approx(0.161, abs=1e-3))


def test_one_object_is_too_few_for_an_interval():
    low, high = percentile_interval(np.full((50, 1), 0.5), np.array([0.5]), np.array([1]))
    assert np.isnan([low[0], high[0]]).all()
