"""Score intervals over clusters: worked out by hand at z = 1.96 (z^2 = 3.8415), or held against the truth."""

import numpy as np
import pytest

from core.metrics import intervals
from core.metrics.score import MODERATED, UNSEEN, score_interval, student, weighted_interval


def scored(values, clusters, cells=None, n_cells=1, **options):
    values, clusters = np.asarray(values, dtype=float), np.asarray(clusters, dtype=int)
    cells = np.zeros(len(values), dtype=int) if cells is None else np.asarray(cells)
    return score_interval(values, cells, clusters, n_cells, **options)


def wilson(successes, n):
    return tuple(float(end) for end in intervals.wilson(successes, n))


def test_fewer_than_two_clusters_give_no_interval():
    low, high, n_clusters = scored([1, 0, 1], [7, 7, 7])
    assert np.isnan([low[0], high[0]]).all()
    assert n_clusters.tolist() == [1]


def test_a_cell_without_values_has_no_clusters_and_no_interval():
    low, high, n_clusters = scored([], [], n_cells=2)
    assert np.isnan([low, high]).all()
    assert n_clusters.tolist() == [0, 0]


def test_clusters_that_are_all_right_get_the_wilson_interval_of_as_many_trials():
    # 20 cut-outs of 5 images: Newcombe's 0/20, seen from the other side.
    low, high, n_clusters = scored(np.ones(100), np.repeat(np.arange(20), 5))
    assert n_clusters.tolist() == [20]
    assert low[0] == pytest.approx(1 - 0.1611, abs=5e-5)
    assert high[0] == 1


def test_clusters_that_are_all_wrong_get_the_wilson_interval_of_as_many_trials():
    low, high, _ = scored(np.zeros(100), np.repeat(np.arange(20), 5))
    assert low[0] == 0
    assert high[0] == pytest.approx(0.1611, abs=5e-5)


def test_clusters_of_other_sizes_that_are_all_right_are_worth_fewer():
    # Of 3, 1 and 1 images: 25 / 11 clusters. Wilson for none of 2.2727 reaches 3.8415 / (2.2727 + 3.8415) = 0.6283.
    low, high, n_clusters = scored(np.ones(5), [0, 0, 0, 1, 2])
    assert n_clusters.tolist() == [3]
    assert (low[0], high[0]) == (pytest.approx(1 - 0.6283, abs=1e-4), 1.0)


def test_images_of_their_own_have_wilsons_interval():
    values = np.repeat([1, 0], [100, 300])
    low, high, n_clusters = scored(values, np.arange(400))
    assert n_clusters.tolist() == [400]
    assert (low[0], high[0]) == pytest.approx(wilson(100, 400))


def test_images_that_agree_within_a_cluster_count_as_one():
    # 20 cut-outs of 50 images, half of the cut-outs always right: Wilson for 10 of 20, 0.2993 to 0.7007.
    low, high, _ = scored(np.repeat(np.arange(20) % 2, 50), np.repeat(np.arange(20), 50))
    assert (low[0], high[0]) == pytest.approx((0.2993, 0.7007), abs=1e-4)


def test_two_clusters_count_as_two_trials_at_the_least():
    low, high, _ = scored([1, 1, 1, 1, 1, 0, 0, 0, 0, 0], [0] * 5 + [1] * 5)
    assert (low[0], high[0]) == pytest.approx(wilson(1, 2))


def test_clusters_that_are_alike_are_worth_their_images():
    # 100 clusters of ten images, five of them right each time: nothing varies between clusters, so the variance is that
    # of 1,000 images: 0.25 / 1000, and 0.16 * 0.5^2 / 100^2.25 = 1.265e-6 for the unseen object; t 1.9623 and 1.9836.
    low, high, _ = scored(np.tile([1, 0], 500), np.repeat(np.arange(100), 10))
    trials = 0.25 / (0.25 / 1000 + 1.265e-6) * (1.9623 / 1.9836) ** 2
    half = 1.96 / 2 / np.sqrt(trials + 3.8415)
    assert (low[0], high[0]) == pytest.approx((0.5 - half, 0.5 + half), abs=1e-5)


def test_an_interval_by_hand_of_four_unequal_clusters():
    # 4 of 4, 2 of 4, 3 of 3 and 0 of 1 right: 9 of 12. Residuals of 0.75 an image: 1, -1, 0.75, -0.75; over one less
    # each cluster's share: 1.5, 1.5, 0.75, 0.6136, together 4.3636, over 144 and times 11/12: 0.02778. They are worth
    # 144 / 42 clusters; moderated by 2.4 of 0.1875 / 12: (2.4286 * 0.02778 + 2.4 * 0.015625) / 4.8286 = 0.021737.
    low, high, n_clusters = scored([1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 0], [0] * 4 + [1] * 4 + [2] * 3 + [3])
    variance, worth = 0.021737, 144 / 42
    assert (UNSEEN, MODERATED) == (0.16, 2.4)
    # t of 11 degrees 2.2010, of 4.8286 degrees 2.5983.
    few = (2.2010 / 2.5983) ** 2
    assert student(4.8286) == pytest.approx(2.5983, abs=1e-4)
    assert n_clusters.tolist() == [4]
    trials = [0.1875 / (variance + 0.16 * gap**2 / worth**2.25) * few for gap in (0.75, 0.25)]
    assert min(trials) > worth
    expected = [wilson(0.75 * n, n)[side] for side, n in enumerate(trials)]
    assert (low[0], high[0]) == pytest.approx(expected, abs=2e-4)


def test_an_interval_by_hand_of_many_clusters():
    # 50 clusters of 20 images, of which 18 or 14 are right, 800 in all: residuals 2, equal sizes, so the variance is
    # 50 / 49 * 50 * 4 / 1000^2 * 999 / 1000 = 2.0388e-4, above 0.16 / 1000; moderated by 2.4 clusters of that,
    # (49 * 2.0388e-4 + 2.4 * 1.6e-4) / 51.4 = 2.0183e-4. Unseen: 0.16 * 0.8^2 / 50^2.25 = 1.540e-5 and 0.16 * 0.2^2 /
    # 50^2.25 = 9.63e-7. t of 999 degrees 1.9623, of 51.4 degrees 2.0072.
    right = np.where(np.arange(50) % 2, 18, 14)
    values = (np.arange(20) < right[:, None]).reshape(-1)
    low, high, _ = scored(values, np.arange(50).repeat(20))
    trials = [0.16 / (2.0183e-4 + unseen) * (1.9623 / 2.0072) ** 2 for unseen in (1.540e-5, 9.63e-7)]
    assert trials == pytest.approx([703.9, 754.1], abs=0.5)
    assert low[0] == pytest.approx(wilson(0.8 * trials[0], trials[0])[0], abs=1e-5)
    assert high[0] == pytest.approx(wilson(0.8 * trials[1], trials[1])[1], abs=1e-5)


def test_right_and_wrong_change_places():
    rng = np.random.default_rng(5)
    values, clusters = rng.random(300) < 0.85, rng.integers(0, 12, 300)
    low, high, _ = scored(values, clusters)
    other_low, other_high, _ = scored(~values, clusters)
    assert (other_low[0], other_high[0]) == pytest.approx((1 - high[0], 1 - low[0]))


def test_values_between_0_and_1_have_the_spread_that_they_show():
    # 100 clusters of one value, 0.45 or 0.55: standard error 0.05 / sqrt(99), far from sqrt(0.25 / 100).
    low, high, _ = scored(np.tile([0.45, 0.55], 50), np.arange(100))
    assert (high[0] - low[0]) / 2 == pytest.approx(1.984 * 0.05 / np.sqrt(99), rel=0.03)


def test_values_may_begin_below_0():
    rng = np.random.default_rng(6)
    values, clusters = rng.random(200), rng.integers(0, 20, 200)
    low, high, _ = scored(values, clusters)
    wide_low, wide_high, _ = scored(2 * values - 1, clusters, lowest=-1.0)
    assert (wide_low[0], wide_high[0]) == pytest.approx((2 * low[0] - 1, 2 * high[0] - 1))


def test_a_constant_that_is_neither_right_nor_wrong_is_as_uncertain_as_its_clusters():
    low, high, _ = scored(np.full(40, 0.5), np.arange(40) % 10)
    assert (low[0], high[0]) == pytest.approx(wilson(5, 10))


def test_confidence_may_differ_from_cell_to_cell():
    values, clusters, cells = random_table()
    together = scored(values, clusters, cells, 3, confidence=np.array([0.5, 0.95, 0.999]))
    for cell, confidence in enumerate((0.5, 0.95, 0.999)):
        alone = scored(values, clusters, cells, 3, confidence=confidence)
        assert [part[cell] for part in together] == [part[cell] for part in alone]
    width = together[1] - together[0]
    assert width[0] < width[1] < width[2]


def random_table(n_images=600, n_clusters=30, seed=5):
    rng = np.random.default_rng(seed)
    return rng.integers(0, 2, n_images), rng.integers(0, n_clusters, n_images), rng.integers(0, 3, n_images)


def test_the_order_of_rows_does_not_matter():
    values, clusters, cells = random_table()
    order = np.random.default_rng(1).permutation(len(values))
    straight = scored(values, clusters, cells, 3)
    shuffled = scored(values[order], clusters[order], cells[order], 3)
    for one, other in zip(straight, shuffled, strict=True):
        np.testing.assert_array_equal(one, other)


def test_cells_may_have_different_numbers_of_clusters():
    # Cell 0 has one cluster, cell 1 none, cell 2 two, cell 3 the twenty of the test above.
    values = [1, 0, *[1] * 9, 0, *np.repeat(np.arange(20) % 2, 50)]
    clusters = [3, 3, *[0] * 9, 1, *np.repeat(np.arange(20), 50)]
    cells = [0] * 2 + [2] * 10 + [3] * 1000
    low, high, n_clusters = scored(values, clusters, cells, 4)
    assert n_clusters.tolist() == [1, 0, 2, 20]
    assert np.isnan(low).tolist() == np.isnan(high).tolist() == [True, True, False, False]
    # Alone it has the same.
    alone = scored([1] * 9 + [0], [0] * 9 + [1])
    assert (low[2], high[2]) == pytest.approx((alone[0][0], alone[1][0]))
    assert (low[3], high[3]) == pytest.approx((0.2993, 0.7007), abs=1e-4)


def test_the_interval_of_a_cell_does_not_depend_on_other_cells():
    values, clusters, cells = random_table()
    together = scored(values, clusters, cells, 3)
    alone = scored(values[cells == 1], clusters[cells == 1])
    assert [part[1] for part in together] == pytest.approx([part[0] for part in alone])


@pytest.mark.parametrize("n_clusters", [3, 5, 9, 20, 50])
@pytest.mark.parametrize(("ease", "spread"), [(0.0, 1.5), (2.0, 1.5), (3.0, 2.0)])
def test_the_interval_covers_the_truth_and_wilsons_of_the_images_does_not(n_clusters, ease, spread):
    # 2,000 data sets, one a cell; objects differ on the scale of log odds, 20 images of each.
    n_sets, rng = 2000, np.random.default_rng(11)
    truth = logistic(ease + spread * np.random.default_rng(1).normal(size=1_000_000)).mean()
    chance = logistic(ease + spread * rng.normal(size=(n_sets, n_clusters, 1)))
    values = (rng.random((n_sets, n_clusters, 20)) < chance).reshape(-1)
    cells, clusters = np.divmod(np.arange(n_sets * n_clusters).repeat(20), n_clusters)
    low, high, _ = score_interval(values, cells, clusters, n_sets)
    covered = ((low <= truth) & (high >= truth)).mean()
    # Two standard errors of a share of 2,000 are 0.01; 93 % is promised, 95 % of three objects.
    assert covered >= {3: 0.95}.get(n_clusters, 0.92)
    assert n_clusters < 20 or covered < 0.985
    right = values.reshape(n_sets, -1).sum(axis=1)
    low, high = intervals.wilson(right, np.full(n_sets, n_clusters * 20))
    assert ((low <= truth) & (high >= truth)).mean() < 0.75


def test_one_stratum_has_the_intervals_of_its_sides():
    values, clusters, _ = random_table()
    sides = np.random.default_rng(8).integers(0, 2, len(values))
    found = weighted_interval(values, sides, np.zeros(len(values), dtype=int), clusters, np.ones(1))
    low, high, _ = score_interval(values, sides, clusters, 2)
    np.testing.assert_allclose(found, (low, high))


def test_strata_that_differ_among_themselves_only_are_as_certain_as_their_clusters():
    # Two classes of ten objects with four images on each side: one always right, one always wrong. Nothing varies in a
    # class, so a half of the twenty objects is right: Wilson for 10 of 20, 0.2993 to 0.7007.
    clusters = np.arange(20).repeat(8)
    strata, sides = clusters % 2, np.tile([0, 1], 80)
    low, high = weighted_interval((strata == 0).astype(float), sides, strata, clusters, np.array([0.5, 0.5]))
    np.testing.assert_allclose([low, high], [[0.2993, 0.2993], [0.7007, 0.7007]], atol=1e-4)


def test_weights_are_those_of_the_strata_however_many_images_they_have():
    # 30 objects of either class; class 0 with ten times as many images, right 9 times in 10, class 1 half of the time.
    sizes = np.where(np.arange(60) % 2, 2, 20)
    clusters = np.arange(60).repeat(sizes)
    strata = clusters % 2
    place = np.arange(len(clusters)) - np.concatenate([[0], np.cumsum(sizes)[:-1]])[clusters]
    values = np.where(strata == 1, place == 0, place < 18).astype(float)
    for weight in (0.2, 0.8):
        low, high = weighted_interval(
            values, np.zeros(len(values), int), strata, clusters, np.array([1 - weight, weight])
        )
        assert low[0] < 0.9 * (1 - weight) + 0.5 * weight < high[0]
        assert high[0] - low[0] < 0.25


def logistic(log_odds):
    return 1 / (1 + np.exp(-log_odds))


def test_half_a_million_rows_in_441_cells():
    rng = np.random.default_rng(2)
    n = 541_548
    values, cells, clusters = rng.random(n) < 0.7, rng.integers(0, 441, n), rng.integers(0, 614, n)
    low, high, n_clusters = score_interval(values, cells, clusters, 441)
    assert ((low < 0.7) & (high > 0.7)).mean() > 0.9
    assert (n_clusters > 400).all()
