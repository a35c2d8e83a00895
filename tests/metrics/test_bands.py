"""Bands that hold for many cells at once."""

import numpy as np
import pytest

from core.metrics import intervals
from core.metrics.bands import accuracy_band, change_band, largest_deviation
from core.metrics.score import score_interval


def logistic(log_odds):
    return 1 / (1 + np.exp(-log_odds))


def map_of(rng, n_objects, log_odds):
    """Answers to one image of each object in each cell, objects of different ease; cells and objects of them."""
    chance = logistic(1.5 * rng.normal(size=(n_objects, 1)) + log_odds)
    cells = np.tile(np.arange(len(log_odds)), n_objects)
    return (
        (rng.random(chance.shape) < chance).astype(float).reshape(-1),
        cells,
        np.repeat(np.arange(n_objects), len(log_odds)),
    )


def test_the_largest_of_many_deviations_is_larger_the_more_differ():
    rng = np.random.default_rng(0)
    draws = rng.normal(size=(20_000, 20))
    # Of one normal 1.960; of twenty that have nothing to do with each other (1 + 0.95^(1/20)) / 2: 3.016.
    assert largest_deviation(np.repeat(draws[:, :1], 20, axis=1)) == pytest.approx(1.960, abs=0.03)
    assert largest_deviation(draws) == pytest.approx(3.016, abs=0.03)
    # Units do not matter, nor does what does not vary.
    scaled = np.column_stack([draws * np.arange(1, 21), np.ones(20_000)])
    assert largest_deviation(scaled) == pytest.approx(largest_deviation(draws))


def test_of_independent_images_the_band_is_exact_at_a_higher_confidence():
    values, cells = np.array([1.0, 0, 1, 1, 0, 1]), np.array([0, 0, 0, 1, 1, 1])
    low, high, n_clusters = accuracy_band(values, cells, None, 3)
    # Clopper and Pearson's for 2 of 3: an end p at which 2 or more, or 2 or fewer, have half of the tail, 0.01266.
    tail = (1 - 0.95**0.5) / 2
    least, most = low[0], high[0]
    assert 3 * least**2 * (1 - least) + least**3 == pytest.approx(tail)
    assert 1 - most**3 == pytest.approx(tail)
    expected = intervals.clopper_pearson([2, 2, 0], [3, 3, 0], 0.95**0.5)
    np.testing.assert_allclose([low, high], expected)
    assert n_clusters.tolist() == [3, 3, 0]


def test_one_cell_has_its_own_interval():
    rng = np.random.default_rng(1)
    values, cells, objects = map_of(rng, 400, np.zeros(1))
    # Replicates of 400 objects are as good as normal.
    np.testing.assert_allclose(
        accuracy_band(values, cells, objects, 1)[:2], score_interval(values, cells, objects, 1)[:2], atol=5e-3
    )


def test_an_empty_cell_and_one_of_one_object_say_nothing():
    values, cells, objects = map_of(np.random.default_rng(2), 30, np.zeros(3))
    values, cells, objects = np.append(values, 1.0), np.append(cells, 4), np.append(objects, 0)
    for band in (accuracy_band, change_band):
        low, high, n_clusters = band(values, cells, objects, 5)
        assert np.isnan(low).tolist() == np.isnan(high).tolist() == [False, False, False, True, True]
        assert n_clusters.tolist() == [30, 30, 30, 0, 1]


def test_no_values_have_no_band():
    nothing = np.array([], dtype=int)
    for band in (accuracy_band, change_band):
        low, high, _ = band(np.array([]), nothing, nothing, 2)
        assert np.isnan([low, high]).all()


def test_the_band_is_never_wider_than_that_of_cells_without_relation():
    values, cells, objects = map_of(np.random.default_rng(3), 6, np.zeros(40))
    low, high, _ = accuracy_band(values, cells, objects, 40)
    widest = score_interval(values, cells, objects, 40, confidence=1 - 0.05 / 40, exact=True)
    assert (low >= widest[0] - 1e-12).all()
    assert (high <= widest[1] + 1e-12).all()


def test_all_cells_hold_the_truth_at_once():
    rng, runs = np.random.default_rng(4), 150
    log_odds = np.linspace(2.5, 0, 25)
    ease = 1.5 * np.random.default_rng(5).normal(size=(200_000, 1))
    truth = logistic(ease + log_odds).mean(axis=0)
    held, pointwise = 0, 0
    for _ in range(runs):
        values, cells, objects = map_of(rng, 50, log_odds)
        for number, (low, high, _) in enumerate(
            (accuracy_band(values, cells, objects, 25, rounds=400), score_interval(values, cells, objects, 25))
        ):
            inside = ((low <= truth) & (truth <= high)).all()
            held, pointwise = held + (inside and number == 0), pointwise + (inside and number == 1)
    assert held / runs >= 0.91
    assert pointwise / runs < 0.65


def test_maps_of_equal_models_rarely_have_a_cell_that_differs():
    rng, runs, called, pointwise = np.random.default_rng(6), 100, 0, 0
    for _ in range(runs):
        chance = logistic(1.5 * rng.normal(size=(50, 1)) + np.zeros(25))
        change = ((rng.random((50, 25)) < chance).astype(float) - (rng.random((50, 25)) < chance)).reshape(-1)
        cells, objects = np.tile(np.arange(25), 50), np.repeat(np.arange(50), 25)
        low, high, _ = change_band(change, cells, objects, 25, rounds=400)
        called += ((low > 0) | (high < 0)).any()
        mean = change.reshape(50, 25).mean(axis=0)
        error = change.reshape(50, 25).std(axis=0, ddof=1) / np.sqrt(50)
        pointwise += (np.abs(mean) > 2.01 * error).any()
    assert called / runs <= 0.09
    assert pointwise / runs > 0.4


def test_a_cell_that_truly_differs_is_found():
    rng = np.random.default_rng(7)
    change = (rng.random((60, 25)) < 0.1).astype(float) - (rng.random((60, 25)) < 0.1)
    change[:, 12] = -(rng.random(60) < 0.6).astype(float)
    low, high, _ = change_band(change.reshape(-1), np.tile(np.arange(25), 60), np.repeat(np.arange(60), 25), 25)
    assert np.flatnonzero((low > 0) | (high < 0)).tolist() == [12]
