"""Linear probes for locations, on features whose content is known."""

import numpy as np
import pandas as pd
import pytest

from core import uncommon
from core.explain import probe_fit

N, WIDTH, CLASSES = 200, 16, 30
SNOWPLOW = 7


@pytest.fixture
def head():
    return np.random.default_rng(1).normal(size=(CLASSES, WIDTH + 1)).astype(np.float32)


def scene(head, strength):
    """Cars, half of them in snow; snow moves the features along one of the classifier's rows, streets against it."""
    rng = np.random.default_rng(0)
    snow = np.arange(N) % 2 == 0
    features = rng.normal(size=(N, WIDTH)) + strength * (snow[:, None] - 0.5) * head[SNOWPLOW, :-1]
    samples = pd.DataFrame({"category": "car", "locations": [["snow"] if each else ["street"] for each in snow]})
    return features.astype(np.float16), samples


def test_a_location_that_is_in_the_features_is_told_and_named(head):
    found = probe_fit.fit_all(*scene_and_head(head, strength=1.5)).set_index("location")
    assert found.loc["snow", "value"] > 0.95
    assert found.loc["snow", "similar"][0] == SNOWPLOW
    assert found.loc["snow", "cosines"][0] > 0.5
    assert found.loc["snow", ["n_with", "n_without", "n"]].tolist() == [100, 100, 200]
    # Street is where snow is not: the same images, told just as well, by the opposite direction.
    assert SNOWPLOW not in found.loc["street", "similar"]


def test_a_location_that_is_not_in_the_features_is_guessed(head):
    found = probe_fit.fit_all(*scene_and_head(head, strength=0.0)).set_index("location")
    assert found.loc["snow", "low"] < 0.5 < found.loc["snow", "high"]


def scene_and_head(head, strength):
    features, samples = scene(head, strength)
    return features, head, samples


def test_the_draw_is_balanced_so_that_guessing_gives_one_half():
    rng = np.random.default_rng(0)
    wanted = np.arange(400) < 40
    found = probe_fit.fit(rng.normal(size=(400, 4)).astype(np.float32), wanted)
    assert len(found.right) == 80
    # Saying "no" to everything would be right on 90 % of all images.
    assert found.right.mean() < 0.75


def test_the_same_seed_draws_the_same_images(head):
    features, samples = scene(head, 0.3)
    wanted = np.array(["snow" in locations for locations in samples["locations"]])
    first, again, other = (probe_fit.fit(features[:150].astype(np.float32), wanted[:150], seed) for seed in (0, 0, 1))
    assert np.array_equal(first.right, again.right)
    assert np.array_equal(first.weights, again.weights)
    assert not np.array_equal(first.right, other.right)


def test_too_few_images_give_no_number_but_a_reason(head):
    features, samples = scene(head, 2.0)
    samples["locations"] = [["snow"]] * 19 + [["street"]] * (N - 19)
    found = probe_fit.fit_all(features, head, samples).set_index("location").loc["snow"]
    assert np.isnan(found["value"])
    assert found["reason"] == "only 19 images with it, at least 20 are needed"
    assert probe_fit.too_few(50, 3) == "only 3 images without it, at least 20 are needed"
    assert probe_fit.too_few(20, 20) == ""


def test_only_pairs_that_occur_are_listed(head):
    found = probe_fit.fit_all(*scene_and_head(head, strength=1.0))
    assert sorted(found["location"]) == ["snow", "street"]
    assert tuple(found.columns) == probe_fit.COLUMNS
    assert uncommon.NONE not in set(found["location"])


def test_images_that_failed_take_no_part(head):
    features, samples = scene(head, 1.0)
    features[:10] = np.nan
    found = probe_fit.fit_all(features, head, samples).set_index("location").loc["snow"]
    assert found[["n_with", "n_without"]].tolist() == [95, 95]


def test_the_bias_counts_in_the_cosine():
    head = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, 5.0], [1.0, 0.0, 1.0]])
    indices, cosines = probe_fit.most_similar(np.array([1.0, 0.0, 1.0]), head, top=3)
    assert indices == [2, 0, 1]
    assert cosines == pytest.approx([1.0, 2**-0.5, 2**-0.5])
