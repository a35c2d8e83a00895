"""The mean of the worst, with values worked out by hand."""

import numpy as np
import pytest

from core.metrics.tails import worst_mean

VALUES = np.array([0.0, 1.0, 0.5, 0.0, 0.8, 0.0, 0.0, 0.0, 0.0, 0.0])
IMAGES = np.arange(10)


@pytest.mark.parametrize(("share", "value"), [(0.1, 1.0), (0.2, 0.9), (0.15, (1 + 0.5 * 0.8) / 1.5), (1.0, 0.23)])
def test_the_largest_values_are_averaged_the_last_one_in_part(share, value):
    found, low, high = worst_mean(VALUES, IMAGES, share=share)
    assert found == pytest.approx(value)
    assert 0 <= low <= found <= high <= 1


def test_clusters_are_resampled_whole():
    # Of two objects with two images each, one is wholly cut away: it is in three of four resamplings.
    found, low, high = worst_mean(np.array([1.0, 1.0, 0.0, 0.0]), np.array(["a", "a", "b", "b"]), share=0.5)
    assert (found, low, high) == (1.0, 0.0, 1.0)


def test_where_nothing_varies_the_interval_has_the_width_of_wilsons():
    z2 = 1.959964**2
    assert worst_mean(np.zeros(10), IMAGES) == (0.0, 0.0, pytest.approx(z2 / (10 + z2), abs=1e-6))
    assert worst_mean(np.ones(10), IMAGES) == (1.0, pytest.approx(10 / (10 + z2), abs=1e-6), 1.0)


def test_of_nothing_or_one_object_little_is_said():
    assert np.isnan(worst_mean(np.empty(0), np.empty(0))).all()
    value, low, high = worst_mean(np.array([0.5, 0.25]), np.array(["a", "a"]))
    assert value == 0.5
    assert np.isnan([low, high]).all()


def test_many_images_are_resampled_in_blocks_with_the_same_draws(monkeypatch):
    rng = np.random.default_rng(0)
    values = rng.random(300)
    whole = worst_mean(values, np.arange(300), rounds=200)
    monkeypatch.setattr("core.metrics.tails._MOST", 1000)
    assert worst_mean(values, np.arange(300), rounds=200) == pytest.approx(whole)
    assert whole[0] == pytest.approx(np.sort(values)[-30:].mean())
