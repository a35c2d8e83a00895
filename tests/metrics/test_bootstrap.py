import tracemalloc

import numpy as np
import pytest

from core.metrics import intervals
from core.metrics.bootstrap import cluster_bootstrap, percentile_interval, replicates


def clustered(values, clusters, cells=None, n_cells=1, **options):
    values, clusters = np.asarray(values, dtype=float), np.asarray(clusters, dtype=int)
    cells = np.zeros(len(values), dtype=int) if cells is None else np.asarray(cells)
    return cluster_bootstrap(values, cells, clusters, n_cells, **options)


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


def test_fewer_than_two_clusters_give_no_interval():
    low, high, n_clusters = clustered([1, 0, 1], [7, 7, 7])
    assert np.isnan([low[0], high[0]]).all()
    assert n_clusters.tolist() == [1]


def test_a_cell_without_values_has_no_clusters_and_no_interval():
    low, high, n_clusters = clustered([], [], n_cells=2)
    assert np.isnan([low, high]).all()
    assert n_clusters.tolist() == [0, 0]


def test_clusters_that_are_all_right_get_the_wilson_interval_of_as_many_trials():
    # 20 cut-outs of 5 images: Newcombe's 0/20, seen from the other side.
    low, high, n_clusters = clustered(np.ones(100), np.repeat(np.arange(20), 5))
    assert n_clusters.tolist() == [20]
    assert low[0] == pytest.approx(1 - 0.1611, abs=5e-5)
    assert high[0] == 1


def test_clusters_that_are_all_wrong_get_the_wilson_interval_of_as_many_trials():
    low, high, _ = clustered(np.zeros(100), np.repeat(np.arange(20), 5))
    assert low[0] == 0
    assert high[0] == pytest.approx(0.1611, abs=5e-5)


def test_images_that_agree_within_a_cluster_count_as_one():
    # 20 cut-outs of 50 images, half of the cut-outs always right: the standard error is that of 20 trials.
    values = np.repeat(np.arange(20) % 2, 50)
    low, high, _ = clustered(values, np.repeat(np.arange(20), 50))
    assert high[0] - low[0] == pytest.approx(2 * 1.96 * np.sqrt(0.25 / 20), abs=0.06)
    wilson_low, wilson_high = intervals.wilson(500, 1000)
    assert high[0] - low[0] > 5 * (wilson_high - wilson_low)


def test_it_is_close_to_wilson_when_every_image_is_its_own_cluster():
    values = np.repeat([1, 0], [100, 300])
    low, high, n_clusters = clustered(values, np.arange(400))
    wilson_low, wilson_high = intervals.wilson(100, 400)
    assert n_clusters.tolist() == [400]
    assert low[0] == pytest.approx(wilson_low, abs=0.01)
    assert high[0] == pytest.approx(wilson_high, abs=0.01)


@pytest.mark.parametrize(("confidence", "low", "high"), [(0.95, 0.0, 1.0), (0.4, 0.9, 0.9)])
def test_all_values_of_a_drawn_cluster_enter(confidence, low, high):
    # Nine right in one cluster, one wrong in the other. Drawing two: 1.0 and 0.0 a quarter of the time each, 0.9 half.
    found = clustered([1] * 9 + [0], [0] * 9 + [1], confidence=confidence)
    assert found[0][0] == pytest.approx(low)
    assert found[1][0] == pytest.approx(high)


def random_table(n_images=600, n_clusters=30, seed=5):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 2, n_images), rng.integers(0, n_clusters, n_images), rng.integers(0, 3, n_images)


def test_the_same_seed_gives_the_same_interval_and_another_one_nearly_so():
    values, clusters, cells = random_table()
    first, again, other = (np.array(clustered(values, clusters, cells, 3, seed=seed)[:2]) for seed in (4, 4, 5))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    np.testing.assert_allclose(first, other, atol=0.02)


def test_the_order_of_rows_does_not_matter():
    values, clusters, cells = random_table()
    order = np.random.default_rng(1).permutation(len(values))
    straight = clustered(values, clusters, cells, 3)
    shuffled = clustered(values[order], clusters[order], cells[order], 3)
    for one, other in zip(straight, shuffled, strict=True):
        np.testing.assert_array_equal(one, other)


def test_cells_may_have_different_numbers_of_clusters():
    # Cell 0 has one cluster, cell 1 none, cell 2 two, cell 3 the twenty of the test above.
    values = [1, 0, *[1] * 9, 0, *np.repeat(np.arange(20) % 2, 50)]
    clusters = [3, 3, *[0] * 9, 1, *np.repeat(np.arange(20), 50)]
    cells = [0] * 2 + [2] * 10 + [3] * 1000
    low, high, n_clusters = clustered(values, clusters, cells, 4)
    assert n_clusters.tolist() == [1, 0, 2, 20]
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == [True, True, False, False]
    assert (low[2], high[2]) == (0.0, 1.0)
    assert high[3] - low[3] == pytest.approx(0.438, abs=0.06)


def test_the_interval_of_a_cell_does_not_depend_on_other_cells():
    values, clusters, cells = random_table()
    together = clustered(values, clusters, cells, 3)
    alone = clustered(values[cells == 1], clusters[cells == 1])
    assert [part[1] for part in together] == pytest.approx([part[0] for part in alone])


def test_the_bootstrap_covers_the_truth_about_as_often_as_it_says_and_wilson_does_not():
    # 1,000 data sets, one a cell: 40 cut-outs of 25 images, some cut-outs hard and some easy, right 60 % of the time.
    n_sets, n_clusters, n_images = 1000, 40, 25
    rng = np.random.default_rng(11)
    ease = rng.beta(1.2, 0.8, (n_sets, n_clusters, 1))
    values = (rng.random((n_sets, n_clusters, n_images)) < ease).ravel()
    cells, clusters = np.divmod(np.arange(n_sets * n_clusters).repeat(n_images), n_clusters)
    low, high, _ = cluster_bootstrap(values, cells, clusters, n_sets)
    covered = ((low <= 0.6) & (high >= 0.6)).mean()
    assert 0.91 <= covered <= 0.97
    right = values.reshape(n_sets, -1).sum(axis=1)
    low, high = intervals.wilson(right, np.full(n_sets, n_clusters * n_images))
    assert ((low <= 0.6) & (high >= 0.6)).mean() < 0.75


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
    assert peak_mb(lambda: clustered(values, clusters, cells, 2, rounds=600)) < 120
    assert peak_mb(lambda: replicates(values, cells, clusters, 2, rounds=600)) < 120


def test_how_many_draws_are_held_at_once_changes_no_number(monkeypatch):
    values, clusters, cells = random_table()
    whole = clustered(values, clusters, cells, 3), replicates(values, cells, clusters, 3)
    monkeypatch.setattr("core.metrics.bootstrap._MOST_DRAWS", 7 * 30)
    parts = clustered(values, clusters, cells, 3), replicates(values, cells, clusters, 3)
    np.testing.assert_allclose(np.array(parts[0]), np.array(whole[0]), atol=1e-12)
    np.testing.assert_allclose(parts[1], whole[1], atol=1e-12)
