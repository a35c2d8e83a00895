import numpy as np
import pytest

from core.metrics import intervals


def clustered(values, clusters, cells=None, n_cells=1, **options):
    values, clusters = np.asarray(values, dtype=float), np.asarray(clusters, dtype=int)
    cells = np.zeros(len(values), dtype=int) if cells is None else np.asarray(cells)
    return intervals.cluster_bootstrap(values, cells, clusters, n_cells, **options)


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
    low, high, _ = intervals.cluster_bootstrap(values, cells, clusters, n_sets)
    covered = ((low <= 0.6) & (high >= 0.6)).mean()
    assert 0.91 <= covered <= 0.97
    right = values.reshape(n_sets, -1).sum(axis=1)
    low, high = intervals.wilson(right, np.full(n_sets, n_clusters * n_images))
    assert ((low <= 0.6) & (high >= 0.6)).mean() < 0.75
