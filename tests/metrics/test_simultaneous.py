import numpy as np
import pytest

from core.metrics.bootstrap import replicates
from core.metrics.simultaneous import hidden_variance, may_be_lowest, pair_reach
from core.types import FEW_OBJECTS, THIN, is_thin


def seen(rng, chances, n_objects):
    """Whether each object is recognised at each setting; objects differ in how easy they are."""
    odds = np.log(chances / (1 - chances))[None, :] + rng.normal(size=(n_objects, 1))
    values = (rng.random((n_objects, len(chances))) < 1 / (1 + np.exp(-odds))).astype(float)
    cells = np.tile(np.arange(len(chances)), n_objects)
    return values, cells, np.repeat(np.arange(n_objects), len(chances))


def draws_of(values, cells, clusters, rounds=400):
    k = values.shape[1]
    trials = np.full(k, len(values))
    flat = values.reshape(-1)
    return replicates(flat, cells, clusters, k, rounds=rounds), trials, hidden_variance(flat, cells, trials)


def test_settings_that_are_alike_rarely_have_a_clearly_worst_one():
    rng = np.random.default_rng(0)
    clear, naive, runs = 0, 0, 120
    for _ in range(runs):
        values, cells, clusters = seen(rng, np.full(12, 0.6), 40)
        found = draws_of(values, cells, clusters)
        mean = values.mean(axis=0)
        low, high = mean.argmin(), mean.argmax()
        clear += mean[high] - mean[low] > pair_reach(*found)[low, high]
        own = found[0][:, high] - found[0][:, low]
        naive += np.quantile(own, 0.025) > 0
    assert clear / runs <= 0.08
    # The interval of the pair alone would name a worst setting most of the time.
    assert naive / runs > 0.4


def test_the_truly_worst_setting_is_nearly_always_among_those_named():
    rng = np.random.default_rng(1)
    chances = np.array([0.5, 0.54, 0.58, 0.7, 0.8, 0.9])
    found, runs = np.zeros(6), 150
    for _ in range(runs):
        values, cells, clusters = seen(rng, chances, 30)
        found += may_be_lowest(values.mean(axis=0), *draws_of(values, cells, clusters))
    assert found[0] / runs >= 0.93
    assert found[-1] / runs < 0.1


def test_what_is_right_for_all_objects_is_not_certain():
    cells = np.repeat([0, 1], 10)
    values = np.repeat([1.0, 0.0], 10)
    # Wilson's reach for 0 of 10 is 1.96^2 / (10 + 1.96^2) = 0.2775, over 1.96 deviations.
    assert hidden_variance(values, cells, np.array([10, 10])) == pytest.approx((0.2775 / 1.96) ** 2, rel=1e-3)
    values[0] = 0
    assert hidden_variance(values, cells, np.array([10, 10]))[0] == 0


def test_fewer_clusters_reach_further_for_the_same_replicates():
    draws = np.random.default_rng(2).normal(size=(500, 3))
    many, few = (pair_reach(draws, np.full(3, n), np.zeros(3))[0, 1] for n in (200, 10))
    assert few > 1.2 * many
    assert np.isinf(pair_reach(draws, np.full(3, 1), np.zeros(3))[0, 1])


def test_only_the_pairs_that_are_asked_for_count():
    draws = np.random.default_rng(3).normal(size=(500, 20))
    trials, extra = np.full(20, 100), np.zeros(20)
    whole = pair_reach(draws, trials, extra)
    one = pair_reach(draws, trials, extra, sides=([0], [1]))
    assert one[0, 1] < 0.75 * whole[0, 1]


def test_thin_is_few_images_or_few_objects():
    assert not is_thin(THIN, FEW_OBJECTS)
    assert is_thin(THIN - 1, THIN - 1)
    assert is_thin(360, 5)
    assert is_thin(np.array([29, 30]), np.array([29, 30])).tolist() == [True, False]


def test_settings_that_agree_on_every_object_may_differ_on_the_next():
    # Twelve objects, two settings that are right for the same half of them. Resampling shows no difference at all;
    # what none of 12 trials shows reaches 3.8415 / 15.8415 of the way to a difference of 1.
    values, cells, objects = (np.repeat(np.arange(12) % 2, 2), np.tile([0, 1], 12), np.repeat(np.arange(12), 2))
    trials = np.full(2, 12)
    draws = replicates(values.astype(float), cells, objects, 2)
    reach = pair_reach(draws, trials, hidden_variance(values, cells, trials))
    assert reach[0, 1] == reach[1, 0] == pytest.approx(3.8415 / 15.8415, abs=1e-4)
