"""Drops of accuracy of slices that overlap, and the intervals of many at once."""

import numpy as np
import pytest
from scipy import special

from core.metrics import differences
from core.metrics.drops import Drops, Largest, Sums


def halves(values, clusters, inside):
    """The drop of one slice: the images inside against all others."""
    sums = Sums.of(np.asarray(values, float), clusters, clusters.max() + 1, np.where(inside, 0, 1), 2)
    return Drops.between(sums[[0]], sums[[1]])


def study(rng, n_objects, per_object, hard):
    """Objects of different ease, half of whose images are of a slice that is harder by some logits."""
    clusters = np.repeat(np.arange(n_objects), per_object)
    inside = np.tile(np.arange(per_object) % 2 == 0, n_objects)
    chance = special.expit(1 + rng.normal(size=n_objects)[clusters] - hard * inside)
    return (rng.random(len(clusters)) < chance).astype(float), clusters, inside


def test_sums_are_of_each_cluster_and_leave_out_images_of_no_cell():
    cells = np.array([0, 0, 1, -1, 1, 1])
    sums = Sums.of(np.array([1.0, 0, 1, 1, 1, 0]), np.array([0, 0, 0, 0, 1, 1]), 2, cells, 2)
    assert sums.total.tolist() == [[1, 1], [0, 1]]
    assert sums.n.tolist() == [[2, 1], [0, 2]]
    rest = Sums(np.array([[3.0], [1]]), np.array([[4.0], [2]])).without(sums[[0]])
    assert (rest.total.tolist(), rest.n.tolist()) == ([[2], [1]], [[2], [2]])


def test_a_drop_is_the_accuracy_of_the_rest_less_that_of_the_slice():
    # Inside 1 of 4 are right, outside 3 of 4.
    values, clusters = np.array([1.0, 0, 0, 0, 1, 1, 1, 0]), np.array([0, 0, 1, 1, 0, 0, 1, 1])
    drop = halves(values, clusters, np.arange(8) < 4)
    assert (drop.inside[0], drop.outside[0], drop.value[0]) == (0.25, 0.75, 0.5)
    assert (drop.n[0], drop.n_clusters[0]) == (4, 2)
    # Object 0 is 0.5 inside, where the mean is 0.25, and has half of the images: it moves that by 0.125, and object 1
    # as much the other way; outside it moves the mean by (1 - 0.75) / 2.
    assert drop.influence[:, 0].tolist() == [0.0, 0.0]
    # Objects agree on the drop wholly; chance within them does not vanish, so that the interval has a width.
    low, high = drop.intervals(0.95)
    assert low[0] < 0.5 < high[0]


def test_of_objects_the_interval_is_about_that_of_a_difference():
    values, clusters, inside = study(np.random.default_rng(0), 40, 30, 1.0)
    low, high = halves(values, clusters, inside).intervals(0.95)
    # The difference is of the second group less the first.
    other = differences.difference(values, ~inside, clusters=clusters)
    assert (low[0], high[0]) == pytest.approx((other.low, other.high), abs=0.008)


def test_of_independent_images_it_is_about_that_of_two_proportions():
    rng = np.random.default_rng(1)
    inside = np.arange(4000) % 4 == 0
    values = (rng.random(4000) < np.where(inside, 0.5, 0.7)).astype(float)
    low, high = halves(values, np.arange(4000), inside).intervals(0.95)
    first, second = values[inside].mean(), values[~inside].mean()
    reach = 1.96 * np.sqrt(first * (1 - first) / 1000 + second * (1 - second) / 3000)
    assert (low[0], high[0]) == pytest.approx((second - first - reach, second - first + reach), abs=0.003)


def test_few_images_all_wrong_of_a_model_that_is_mostly_wrong_say_little():
    # Of 30 images of such a model (5 % right) all are wrong with a chance of 0.21.
    values = np.r_[np.zeros(30), np.tile(np.r_[1.0, np.zeros(19)], 50)]
    drop = halves(values, np.arange(1030), np.arange(1030) < 30)
    low, _ = drop.intervals(0.95)
    assert drop.value[0] == pytest.approx(0.05)
    assert low[0] < 0
    # The variance is that of 30 images at 50 of 1,030, and that of the rest.
    share = 50 / 1030
    assert drop.spread[0] == pytest.approx(np.sqrt(share * (1 - share) / 30 + 0.05 * 0.95 / 1000), rel=0.01)


@pytest.mark.parametrize("hard", [0.0, 1.5])
def test_intervals_cover_as_often_as_they_say(hard):
    rng = np.random.default_rng(2)
    nodes, weights = np.polynomial.hermite_e.hermegauss(60)
    chance = [weights @ special.expit(1 + nodes - shift) / weights.sum() for shift in (0.0, hard)]
    found = [halves(*study(rng, 20, 20, hard)).intervals(0.95) for _ in range(400)]
    covered = np.mean([low[0] <= chance[0] - chance[1] <= high[0] for low, high in found])
    # 0.95 of 400 less three standard errors.
    assert 0.917 <= covered <= 0.99


def test_the_largest_of_many_drops_needs_more_than_one_and_no_more_than_independent_ones():
    rng = np.random.default_rng(3)
    cells = rng.integers(0, 40, 8000)
    values, clusters = (rng.random(8000) < 0.7).astype(float), np.arange(8000) % 200
    sums = Sums.of(values, clusters, 200, cells, 40)
    whole = Sums.of(values, clusters, 200, np.zeros(8000, dtype=int), 1)
    drops = Drops.between(sums, whole.without(sums))

    def each(columns):
        largest = Largest(200, seed=1)
        for column in columns:
            largest.add(Drops.between(sums[column], whole.without(sums[column])))
        return largest.each(0.95)

    one, many, twice = each([[0]]), each([np.arange(40)]), each([np.arange(40), np.arange(40)])
    assert one == pytest.approx(0.95, abs=0.01)
    # Of 40 drops with little in common each needs 1 - 0.05 / 40 at the most, and not much less.
    assert 0.995 < many <= 1 - 0.05 / 40
    # The same slices once more do not need more.
    assert twice == pytest.approx(many, abs=2e-4)
    assert len(drops.value) == 40
    assert Largest(10).each(0.9) == 0.9
