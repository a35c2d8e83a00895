"""Worlds whose truth is known: what they draw has that truth."""

import numpy as np
import pandas as pd
import pytest

from core.bench.worlds import Rendered, Simulated, logit_normal_mean
from core.embedded.population import Population
from core.errors import UsageError

IMAGES = pd.DataFrame({"setting": ["mixed", "mixed", "place", "place"], "area": 0.3, "x": 0.5, "y": 0.5})


def population(models=("left", "right")):
    """Three objects; the left model knows all but the last object's uncommon place, the right one only first images."""
    left = np.ones((3, 4), bool)
    left[2, 3] = False
    right = np.zeros((3, 4), bool)
    right[:, 0] = True
    uncommon = np.array([[False, False, False, True]] * 3)
    objects = pd.DataFrame({"category": "cat", "instance": [5000, 5001, 5002]})
    correct = np.stack([left, right], axis=2)[..., : len(models)]
    return Population(models, ("f",) * len(models), "digest", objects, IMAGES, uncommon, correct)


def test_the_mean_of_a_logit_normal_chance():
    assert logit_normal_mean(np.array(0.0), 1.5) == pytest.approx(0.5)
    assert logit_normal_mean(np.array(2.0), 0.0) == pytest.approx(1 / (1 + np.exp(-2)))
    # Against a plain sum over a fine grid of the normal's density.
    z = np.linspace(-8, 8, 20001)
    density = np.exp(-(z**2) / 2) * (z[1] - z[0]) / np.sqrt(2 * np.pi)
    for mean, sd in ((2.0, 1.5), (3.0, 2.0)):
        expected = (density / (1 + np.exp(-(mean + sd * z)))).sum()
        assert logit_normal_mean(np.array(mean), sd) == pytest.approx(expected, abs=1e-6)


def test_a_rendered_world_knows_its_truth():
    drawn = Rendered(population()).draw(np.random.default_rng(0), 4, 2)
    assert drawn.first.shape == drawn.second.shape == drawn.uncommon.shape == (4, 2, 4)
    np.testing.assert_allclose(drawn.truth_first, [[1, 1, 1, 2 / 3]] * 4)
    np.testing.assert_allclose(drawn.truth_second, [[1, 0, 0, 0]] * 4)
    # In uncommon places two of three, in common ones all.
    np.testing.assert_allclose(drawn.truth_gap, [-1 / 3] * 4)
    assert drawn.of("place").tolist() == [2, 3]


def test_what_is_drawn_is_what_the_models_said():
    drawn = Rendered(population()).draw(np.random.default_rng(1), 200, 5)
    assert drawn.first[..., :3].all()
    assert drawn.second[..., 0].all()
    assert not drawn.second[..., 1:].any()
    assert drawn.first[..., 3].mean() == pytest.approx(2 / 3, abs=0.06)


def test_a_coin_makes_models_equal_object_by_object():
    drawn = Rendered(population()).draw(np.random.default_rng(2), 300, 4, equal=True)
    np.testing.assert_allclose(drawn.truth_first, drawn.truth_second)
    np.testing.assert_allclose(drawn.truth_first[0], [1, 0.5, 0.5, 1 / 3])
    # Both of an object's answers are swapped or none, and nothing is lost.
    both = drawn.first[..., :2].astype(int) + drawn.second[..., :2]
    assert (both == [2, 1]).all()
    assert (drawn.first[..., 1] == drawn.first[..., 2]).all()
    assert drawn.first[..., 1].mean() == pytest.approx(0.5, abs=0.06)


def test_all_pairs_of_models_take_turns():
    three = population()
    correct = np.concatenate([three.correct, np.zeros((3, 4, 1), bool)], axis=2)
    found = Population(("a", "b", "c"), ("f",) * 3, "digest", three.objects, IMAGES, three.uncommon, correct)
    drawn = Rendered(found).draw(np.random.default_rng(0), 6, 2)
    assert drawn.truth_second[:, 0].tolist() == [1, 0, 0, 1, 0, 0]
    assert drawn.truth_first[:, 1].tolist() == [1, 1, 0, 1, 1, 0]


def test_one_model_is_nothing_to_compare():
    with pytest.raises(UsageError, match="1 model"):
        Rendered(population(("left",)))


@pytest.mark.parametrize(("mean", "sd"), [(0.0, 1.5), (3.0, 2.0)])
def test_simulated_studies_have_the_mean_that_is_called_the_truth(mean, sd):
    world = Simulated(mean, sd)
    drawn = world.draw(np.random.default_rng(3), 60, 100)
    for seen, truth in ((drawn.first, drawn.truth_first), (drawn.second, drawn.truth_second)):
        # 6,000 objects: a standard error of at most 0.5 / sqrt(6000) = 0.0065.
        np.testing.assert_allclose(seen.mean(axis=(0, 1)), truth[0], atol=0.026)
    place = drawn.of("place")
    seen = drawn.first[..., place][drawn.uncommon[..., place]].mean() - drawn.first[..., place[::2]].mean()
    assert seen == pytest.approx(drawn.truth_gap[0], abs=0.02)
    assert drawn.truth_gap[0] < -0.05


def test_simulated_models_can_be_equal():
    world = Simulated(2.0, 1.5)
    assert (
        world.draw(np.random.default_rng(0), 2, 3).truth_second > world.draw(np.random.default_rng(0), 2, 3).truth_first
    ).all()
    equal = world.draw(np.random.default_rng(0), 2, 3, equal=True)
    np.testing.assert_array_equal(equal.truth_first, equal.truth_second)


def test_a_simulated_object_is_nearer_to_itself_than_to_others():
    drawn = Simulated(0.0, 1.5).draw(np.random.default_rng(4), 40, 50)
    mixed = drawn.first[..., drawn.of("mixed")]
    between = mixed.mean(axis=2).var()
    # 24 images of one chance would vary by a quarter over 24.
    assert between > 4 * 0.25 / 24
    shared = np.corrcoef(mixed.mean(axis=2).ravel(), drawn.second[..., drawn.of("mixed")].mean(axis=2).ravel())[0, 1]
    assert 0.5 < shared < 0.95
