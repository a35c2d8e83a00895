"""Slices on which a model is worse: sought on one half of the objects, merged, and tried again on the other."""

from dataclasses import replace

import numpy as np
import pytest

from core.metrics import slices
from core.metrics.slices import Axis, find, tried_together

#: Conditions on ten bins in a row: up to each, from each, and each by itself.
RANGES = np.array(
    [np.arange(10) <= at for at in range(9)]
    + [np.arange(10) >= at for at in range(1, 10)]
    + [np.arange(10) == at for at in range(1, 9)]
).T


def images(rng, n_objects=60, per_object=40):
    """Clusters, and axes by which images differ at random: bins, four values, and one value an object."""
    clusters = np.repeat(np.arange(n_objects), per_object)
    n = len(clusters)
    axes = [
        Axis("area", rng.integers(0, 10, n), RANGES),
        Axis.of_values("place", rng.integers(0, 4, n), 4),
        Axis.of_values("kind", rng.integers(0, 3, n_objects)[clusters], 3),
    ]
    return clusters, axes


def answers(rng, clusters, spoiled, chance=0.3):
    """Objects of different ease; of spoiled images most that would be right are wrong."""
    ease = rng.beta(6, 2, clusters.max() + 1)[clusters]
    right = rng.random(len(clusters)) < ease
    return (right & (~spoiled | (rng.random(len(clusters)) < chance))).astype(float)


def test_a_planted_value_comes_first_and_is_confirmed_on_other_objects():
    rng = np.random.default_rng(0)
    clusters, axes = images(rng)
    found = find(answers(rng, clusters, axes[1].codes == 2), clusters, axes)
    first = found.table.iloc[0]
    assert first["conditions"] == ((1, 2),)
    assert len(found.table) == 1
    assert first["confirmed"]
    assert 0 < first["low"] < first["value"] < first["high"]
    # Both halves have all of the slice that there is, and each object in one of them only.
    assert first["n"] + first["n_again"] == (axes[1].codes == 2).sum()
    assert (first["n_clusters"], first["n_clusters_again"]) == (30, 30) == found.n_clusters
    assert sum(found.n) == len(clusters)


def test_hand_worked_numbers_of_both_halves():
    # Of each of 20 objects 10 images: five of value 0, of which one is right, and five of value 1, of which four are.
    clusters, codes = np.repeat(np.arange(20), 10), np.tile(np.repeat([0, 1], 5), 20)
    values = np.tile([1.0, 0, 0, 0, 0, 1, 1, 1, 1, 0], 20)
    row = find(values, clusters, [Axis.of_values("factor", codes, 2)]).table.iloc[0]
    assert row["conditions"] == ((0, 0),)
    assert (row["inside"], row["outside"]) == pytest.approx((0.2, 0.8))
    assert (row["value"], row["again"]) == pytest.approx((0.6, 0.6))
    assert (row["n"], row["n_again"], row["n_clusters"], row["n_clusters_again"]) == (50, 50, 10, 10)


def test_two_conditions_that_only_together_cost_are_found_as_a_pair():
    rng = np.random.default_rng(1)
    clusters, axes = images(rng)
    both = (axes[0].codes <= 1) & (axes[1].codes == 3)
    table = find(answers(rng, clusters, both, chance=0.05), clusters, axes).table
    assert table["conditions"][0] == ((0, 1), (1, 3))
    # What is left of either condition beside the pair costs nothing, so neither stands by itself.
    assert [row for row in table["conditions"] if len(row) == 1] == []


def test_a_pair_that_costs_no_more_than_one_of_its_conditions_is_no_finding():
    rng = np.random.default_rng(2)
    clusters, axes = images(rng)
    table = find(answers(rng, clusters, axes[0].codes <= 2), clusters, axes).table
    assert [len(row) for row in table["conditions"]] == [1]
    axis, condition = table["conditions"][0][0]
    assert (axis, RANGES[:, condition].tolist()) == (0, [True] * 3 + [False] * 7)


def test_a_pair_that_costs_more_than_each_of_its_conditions_stands_beside_them():
    rng = np.random.default_rng(3)
    clusters, axes = images(rng, 100)
    n_hard = (axes[0].codes == 0).astype(int) + (axes[1].codes == 0)
    values = (rng.random(len(clusters)) < np.array([0.95, 0.6, 0.05])[n_hard]).astype(float)
    found = set(find(values, clusters, axes).table["conditions"])
    assert {((0, 0), (1, 0)), ((0, 0),), ((1, 0),)} <= found


def test_slices_of_the_same_images_are_one_which_names_the_other():
    rng = np.random.default_rng(4)
    clusters, axes = images(rng)
    # The second is the first under another name, but for one image in fifty.
    again = np.where(rng.random(len(clusters)) < 0.02, 1, axes[1].codes)
    axes = [axes[1], Axis.of_values("copy", again, 4)]
    table = find(answers(rng, clusters, axes[0].codes == 2), clusters, axes).table
    assert len(table) == 1
    named = {table["conditions"][0], *table["also"][0]}
    assert named == {((0, 2),), ((1, 2),)}


def test_conditions_on_one_factor_are_not_combined_and_the_pairs_tried_have_the_fewest_slices(monkeypatch):
    codes = np.zeros(4, dtype=int)
    axes = [
        Axis.of_values(name, codes, size)
        for name, size in (("set", 1), ("set", 1), ("many", 30), ("few", 2), ("ten", 10))
    ]
    every = [(0, 2), (0, 3), (0, 4), (1, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 4)]
    assert tried_together(axes) == every
    # Sizes: 30, 2, 10, 30, 2, 10, 60, 300, 20.
    monkeypatch.setattr(slices, "MOST_PAIRS", 2 + 2 + 10 + 10 + 20)
    assert tried_together(axes) == [(0, 3), (0, 4), (1, 3), (1, 4), (3, 4)]


def test_a_slice_has_as_many_images_and_objects_as_carry_a_claim_and_so_has_its_rest():
    rng = np.random.default_rng(5)
    # A half has 20 objects; the first value is of 9 in all, the second of one image of each object.
    clusters = np.repeat(np.arange(40), 30)
    few_objects, few_images = (clusters >= 9).astype(int), (np.arange(1200) % 30 != 0).astype(int)
    for codes in (few_objects, few_images):
        values = (rng.random(1200) < 0.9).astype(float) * codes
        found = find(values, clusters, [Axis.of_values("factor", codes, 2)])
        assert found.n_tried == 0
        assert found.table.empty
    # With another image of each object it is 40 of 20 objects in a half.
    codes = (np.arange(1200) % 30 > 1).astype(int)
    assert find((rng.random(1200) < 0.9) * codes, clusters, [Axis.of_values("factor", codes, 2)]).n_tried == 2


def test_images_without_a_value_are_of_the_rest():
    rng = np.random.default_rng(6)
    clusters, axes = images(rng)
    codes = np.where(axes[1].codes == 2, 0, -1)
    row = find(answers(rng, clusters, codes == 0), clusters, [Axis.of_values("place", codes, 1)]).table.iloc[0]
    assert row["n"] + row["n_again"] == (codes == 0).sum()


def test_the_split_is_of_whole_objects_repeatable_and_another_for_another_seed():
    clusters = np.repeat(np.arange(31), 3)
    halves = [slices._halves(np.zeros(93), clusters, [], seed)[0].images.tolist() for seed in (0, 0, 1, -1)]
    assert halves[0] == halves[1]
    assert halves[0] != halves[2] != halves[3]
    for images_of in halves:
        counts = np.bincount(clusters[images_of], minlength=31)
        assert set(counts.tolist()) == {0, 3}
        assert (counts > 0).sum() == 16


def test_many_clusters_are_put_together_and_say_the_same():
    rng = np.random.default_rng(7)
    n = 6000
    axes = [Axis.of_values("place", rng.integers(0, 4, n), 4)]
    values = (rng.random(n) < np.where(axes[0].codes == 1, 0.6, 0.8)).astype(float)
    row = find(values, None, axes).table.iloc[0]
    assert row["conditions"] == ((0, 1),)
    assert row["n_clusters"] == row["n"]
    # 1,500 images against 4,500, in half of the images; of four slices the critical value is about 2.5.
    reach = 2.5 * np.sqrt(0.24 / row["n"] + 0.16 / (3000 - row["n"]))
    assert row["value"] - row["low"] == pytest.approx(reach, rel=0.1)


@pytest.mark.parametrize("n", [0, 1, 5])
def test_next_to_nothing_has_no_slices(n):
    found = find(np.ones(n), np.arange(n), [Axis.of_values("place", np.zeros(n, dtype=int), 1)])
    assert found.table.empty
    assert found.n_tried == 0
    assert {"conditions", "value", "again_low", "confirmed", "also"} <= set(found.table.columns)


@pytest.mark.slow
@pytest.mark.parametrize("clustered", [True, False])
def test_where_nothing_matters_nothing_is_found(clustered):
    rng = np.random.default_rng(8)
    found = confirmed = 0
    for seed in range(60):
        clusters, axes = images(rng, 50, 30)
        values = answers(rng, clusters, np.zeros(len(clusters), dtype=bool))
        if not clustered:
            rng.shuffle(values)
        table = find(values, clusters if clustered else None, axes, seed=seed).table
        found += len(table) > 0
        confirmed += bool(table["confirmed"].any())
    # 2.5 % are allowed above 0; of 60 draws more than 6 would be fewer than 1 in 1,000 times.
    assert found <= 6
    assert confirmed <= 1


def test_factors_of_one_group_are_not_combined_with_each_other():
    codes = np.arange(40) % 2
    axes = [Axis.of_values(name, codes, 2) for name in ("time", "weather")]
    axes += [replace(Axis.of_values(name, codes, 2), group="computed") for name in ("contrast", "entropy")]
    assert tried_together(axes) == [(0, 1), (0, 2), (0, 3), (1, 2), (1, 3)]
