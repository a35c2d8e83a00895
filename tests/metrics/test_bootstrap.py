import tracemalloc

import numpy as np
import pytest

from core.metrics.bootstrap import replicates, student_interval


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


def standard_draws(sd, n=1):
    """Replicates of n numbers that are 0, with this standard deviation: half of them above, half below."""
    return sd * np.tile([[-1.0], [1.0]], (50, n))


def test_the_ends_are_as_far_as_students_t_says():
    # Nine objects: t of 8 degrees 2.3060; the variance of replicates is 8/9 of a mean's; one object more, a quarter of
    # the way to the bound, counted 0.04 times: 0.04 * (1 / 36)^2.
    low, high = student_interval(standard_draws(0.06), np.zeros(1), np.array([9]))
    reach = 2.3060 * np.sqrt(0.06**2 * 9 / 8 + 0.04 / 36**2)
    assert (low[0], high[0]) == pytest.approx((-reach, reach), abs=1e-4)


def test_the_end_that_has_more_room_reaches_further():
    low, high = student_interval(0.5 + standard_draws(0.06), np.full(1, 0.5), np.array([9]))
    below, above = (2.3060 * np.sqrt(0.06**2 * 9 / 8 + 0.04 * (room / 36) ** 2) for room in (1.5, 0.5))
    assert (low[0], high[0]) == pytest.approx((0.5 - below, 0.5 + above), abs=1e-4)


def test_replicates_that_are_off_the_estimate_widen_the_interval():
    draws = 0.1 + standard_draws(0.05)
    off, on = (student_interval(draws, np.array([value]), np.array([200])) for value in (0.0, 0.1))
    # Mean square 0.05^2 + 0.1^2 against 0.05^2.
    assert (off[1] - off[0])[0] == pytest.approx((on[1] - on[0])[0] * np.sqrt(5), rel=1e-2)


def test_the_interval_ends_at_the_bounds():
    low, high = student_interval(0.3 + standard_draws(0.5), np.full(1, 0.3), np.array([5]), bounds=(0.0, 1.0))
    assert (low[0], high[0]) == (0.0, 1.0)


def test_confidence_may_differ_from_number_to_number():
    low, high = student_interval(standard_draws(0.05, 2), np.zeros(2), np.full(2, 1000), np.array([0.5, 0.95]))
    # t of 999 degrees: 0.6747 and 1.9623.
    assert high / 0.05 == pytest.approx([0.6747, 1.9623], abs=2e-3)
    assert (low == -high).all()


def test_where_nothing_varies_the_interval_still_has_a_width():
    low, high = student_interval(np.zeros((50, 1)), np.array([0.0]), np.array([20]))
    # Wilson's upper end for 0 of 20: 1.96^2 / (20 + 1.96^2) = 0.161.
    assert (low[0], high[0]) == (pytest.approx(-0.161, abs=1e-3), pytest.approx(0.161, abs=1e-3))
    low, high = student_interval(np.full((50, 1), 0.5), np.array([0.5]), np.array([20]))
    assert (low[0], high[0]) == (pytest.approx(0.5 - 0.2417, abs=1e-3), pytest.approx(0.5 + 0.0806, abs=1e-3))


def test_one_object_is_too_few_for_an_interval():
    low, high = student_interval(np.full((50, 1), 0.5), np.array([0.5]), np.array([1]))
    assert np.isnan([low[0], high[0]]).all()


def test_few_objects_do_not_make_equal_models_differ():
    # 1,500 data sets, one a cell: two models alike on objects that differ in how easy they are, ten images of each.
    rng, n_sets = np.random.default_rng(11), 1500
    for n_objects in (5, 9):
        chance = 1 / (1 + np.exp(-1.5 - 1.5 * rng.normal(size=(n_sets, n_objects))))
        change = ((rng.binomial(10, chance) - rng.binomial(10, chance)) / 10).reshape(-1)
        cells = np.arange(n_sets).repeat(n_objects)
        draws = replicates(change, cells, np.tile(np.arange(n_objects), n_sets), n_sets, rounds=300)
        value = change.reshape(n_sets, -1).mean(axis=1)
        low, high = student_interval(draws, value, np.full(n_sets, n_objects))
        assert ((low > 0) | (high < 0)).mean() <= 0.07
        percentiles = np.quantile(draws, [0.025, 0.975], axis=0)
        assert ((percentiles[0] > 0) | (percentiles[1] < 0)).mean() > 0.08


def random_table(n_images=600, n_clusters=30, seed=5):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 2, n_images), rng.integers(0, n_clusters, n_images), rng.integers(0, 3, n_images)


def test_the_same_seed_gives_the_same_replicates_and_another_one_others():
    values, clusters, cells = random_table()
    first, again, other = (replicates(values, cells, clusters, 3, seed=seed) for seed in (4, 4, 5))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    np.testing.assert_allclose(first.std(axis=0), other.std(axis=0), rtol=0.1)


def peak_mb(compute):
    tracemalloc.start()
    try:
        compute()
        return tracemalloc.get_traced_memory()[1] / 1e6
    finally:
        tracemalloc.stop()


def test_memory_stays_bounded_with_20_000_clusters():
    rng = np.random.default_rng(3)
    values, clusters = rng.integers(0, 2, 40_000).astype(float), rng.permutation(40_000) % 20_000
    cells = np.arange(40_000) % 2
    assert peak_mb(lambda: replicates(values, cells, clusters, 2, rounds=600)) < 120


def test_how_many_draws_are_held_at_once_changes_no_number(monkeypatch):
    values, clusters, cells = random_table()
    whole = replicates(values, cells, clusters, 3)
    monkeypatch.setattr("core.metrics.bootstrap._MOST_DRAWS", 7 * 30)
    np.testing.assert_allclose(replicates(values, cells, clusters, 3), whole, atol=1e-12)
