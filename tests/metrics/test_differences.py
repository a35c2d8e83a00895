"""Differences between two groups of images; expected values are published, or worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from core.answers import compare
from core.metrics.differences import difference
from core.uncommon.gaps import gaps, sides
from tests.uncommon.annotated import many, together


def two_groups(first_right, first_n, second_right, second_n):
    values = [1.0] * first_right + [0.0] * (first_n - first_right) + [1.0] * second_right
    values += [0.0] * (second_n - second_right)
    return np.array(values), np.arange(first_n + second_n) >= first_n


def test_independent_images_give_newcombes_interval():
    # Newcombe 1998, "Interval estimation for the difference", Table II, method 10: 56/70 - 48/80.
    found = difference(*two_groups(48, 80, 56, 70))
    assert (found.value, found.low, found.high) == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    assert (found.n_first, found.n_second, found.n, found.n_clusters) == (80, 70, 150, 150)


def test_the_other_way_round_everything_has_the_other_sign():
    values, second = two_groups(8, 20, 15, 30)
    objects = np.arange(50) % 7
    for clusters in (None, objects):
        there, back = difference(values, second, clusters=clusters), difference(values, ~second, clusters=clusters)
        assert (back.value, back.low, back.high) == pytest.approx((-there.value, -there.high, -there.low))


def test_an_image_in_both_groups_cannot_differ_from_itself():
    values = np.tile([1.0, 0.0, 1.0, 0.0], 2)
    found = difference(values, np.repeat([False, True], 4), images=np.tile(np.arange(4), 2))
    assert (found.value, found.low, found.high) == pytest.approx((0, 0, 0), abs=1e-7)
    assert found.n_clusters == 4


def test_an_image_that_counts_twice_is_one_image_when_it_comes_to_certainty():
    values, second = two_groups(30, 40, 20, 40)
    twice = difference(np.tile(values, 2), np.tile(second, 2), images=np.tile(np.arange(80), 2))
    once = difference(values, second)
    assert (twice.value, twice.low, twice.high) == pytest.approx((once.value, once.low, once.high))
    assert (twice.n, twice.n_clusters) == (160, 80)


def test_what_groups_owe_to_the_same_objects_cancels():
    # Every object is right or wrong in both groups alike: accuracy is uncertain, the difference is not.
    objects = np.tile(np.arange(20), 2)
    found = difference((objects % 2).astype(float), np.repeat([False, True], 20), clusters=objects)
    assert found.value == 0
    # Nothing varies: Wilson's reach for 0 of 20 objects, Newcombe's table 0.1611.
    assert (found.low, found.high) == pytest.approx((-0.1611, 0.1611), abs=5e-5)


@pytest.mark.parametrize("n_few", [3, 10, 30])
def test_the_interval_covers_no_difference_where_one_group_has_few_objects(n_few):
    # Both groups are right nine times of ten; in the small one often every object is.
    rng, covered, n_sets = np.random.default_rng(7), 0, 150
    for _ in range(n_sets):
        ease = rng.beta(9, 1, 40)
        many_values = (rng.random((40, 5)) < ease[:, None]).ravel()
        values = np.concatenate([many_values, rng.random(n_few) < 0.9]).astype(float)
        objects = np.concatenate([np.arange(40).repeat(5), 40 + np.arange(n_few)])
        found = difference(values, np.arange(len(values)) >= 200, clusters=objects)
        covered += found.low <= 0 <= found.high
    assert covered / n_sets > 0.88


def test_a_group_of_one_object_has_no_interval():
    found = difference(np.array([1.0, 0, 1, 1]), np.array([0, 0, 0, 1], bool), clusters=np.arange(4))
    assert found.value == pytest.approx(1 / 3)
    assert np.isnan([found.low, found.high]).all()


def test_groups_are_compared_within_strata_by_their_weights():
    # Within the first stratum 1/2 less than 1, within the second equal; overall the classes alone would differ.
    values = np.array([1.0, 1.0, 1.0, 0.0, 0.0, 0.0])
    second = np.array([False, False, True, True, False, True])
    strata = np.array([0, 0, 0, 0, 1, 1])
    found = difference(values, second, strata=strata, weights=np.array([0.75, 0.25]))
    assert found.value == pytest.approx(0.75 * -0.5 + 0.25 * 0)


@pytest.mark.parametrize("clusters", [None, np.array([0, 1, 2])])
def test_an_empty_group_says_nothing(clusters):
    found = difference(np.array([1.0, 0.0, 1.0]), np.zeros(3, bool), clusters=clusters)
    assert np.isnan([found.value, found.low, found.high]).all()
    assert (found.n_first, found.n_second) == (3, 0)


@pytest.mark.parametrize("clustered", [False, True])
@pytest.mark.parametrize("attribute", ["time", "weather"])
def test_a_gap_and_the_contrast_of_its_sides_are_one_number(clustered, attribute):
    table = together(
        many("car", right=30, of=40),
        many("car", "night", right=12, of=24),
        many("cat", weather="foggy", right=9, of=30),
        many("dog", right=20, of=25),
    )
    table["cluster"] = np.arange(len(table)) % 11
    found = gaps(table, cluster="cluster" if clustered else None)
    gap = found[(found["attribute"] == attribute) & (found["definition"] == "paper-code")].iloc[0]
    long = sides(table, attribute)
    contrast = compare.contrast(long, np.where(long["side"] == "common", 1, 0), clustered=clustered)
    expected = pd.Series({"value": contrast.value, "low": contrast.low, "high": contrast.high, "n": contrast.n})
    assert gap[["value", "low", "high", "n"]].astype(float).tolist() == expected.tolist()


def test_a_higher_confidence_reaches_further():
    # 20 and 10 of 50. Wilson at z = 2.5758: [0.2435, 0.5802] and [0.0942, 0.3761]; Newcombe's roots of their reaches.
    values, second = np.repeat([1.0, 0.0, 1.0, 0.0], [20, 30, 10, 40]), np.repeat([False, True], 50)
    found = difference(values, second, confidence=0.99)
    assert found.low == pytest.approx(-0.2 - np.hypot(0.2 - 0.0942, 0.5802 - 0.4), abs=5e-4)
    assert found.high == pytest.approx(-0.2 + np.hypot(0.3761 - 0.2, 0.4 - 0.2435), abs=5e-4)
    clustered = [
        difference(values, second, clusters=np.arange(100) % 25, confidence=share) for share in (0.9, 0.95, 0.99)
    ]
    assert clustered[0].low > clustered[1].low > clustered[2].low
    assert clustered[1] == difference(values, second, clusters=np.arange(100) % 25)
