"""Several settings against one on the same images: intervals that hold at once, and which may be the lowest."""

import numpy as np
import pytest

from core.answers.compare import paired_interval
from core.metrics.paired import paired_changes


def lost(n, of):
    """Changes of ``of`` images of which the first ``n`` are lost."""
    return np.where(np.arange(of) < n, -1.0, 0.0)


def test_one_setting_alone_has_at_least_the_interval_of_a_paired_difference():
    change = lost(10, 100)
    found = paired_changes(change[:, None])
    alone = paired_interval(change, np.zeros(100, int), None, 1)
    assert (found.value[0], found.n[0], found.n_clusters[0]) == (pytest.approx(-0.1), 100, 100)
    # sqrt(0.1 * 0.9 / 99) = 0.0302, and t of 99 degrees is 1.984: 0.0598 above.
    assert found.high[0] == pytest.approx(alone[1][0])
    assert found.high[0] == pytest.approx(-0.040, abs=0.003)
    # Below, Wilson's for 10 of 100 lost, [0.0552, 0.1744], reaches further: -0.1744.
    assert alone[0][0] == pytest.approx(-0.160, abs=0.003)
    assert found.low[0] == pytest.approx(-0.1744, abs=1e-4)


def test_many_images_that_change_need_no_score_interval():
    rng = np.random.default_rng(2)
    change = rng.choice([-1.0, 0.0, 1.0], size=4000, p=[0.3, 0.4, 0.3])
    found = paired_changes(change[:, None])
    alone = paired_interval(change, np.zeros(4000, int), None, 1)
    assert found.low[0] == pytest.approx(alone[0][0], abs=0.001)
    assert found.high[0] == pytest.approx(alone[1][0], abs=0.001)


def test_intervals_of_rare_changes_hold_all_at_once():
    rng = np.random.default_rng(7)
    losing = np.array([0.05, 0.1, 0.05])
    held = 0
    for seed in range(150):
        changes = -(rng.random((111, 3)) < losing).astype(float)
        found = paired_changes(changes, seed=seed)
        held += bool(((found.low <= -losing) & (-losing <= found.high)).all())
    # 95 % of 150 is 142.5, and three standard deviations of that count are 8.
    assert held >= 134


def test_of_several_settings_each_interval_is_wider_and_within_bonferronis():
    rng = np.random.default_rng(3)
    changes = rng.choice([-1.0, 0.0, 1.0], size=(200, 5), p=[0.15, 0.75, 0.1])
    found = paired_changes(changes)
    for at in range(5):
        alone = paired_changes(changes[:, [at]])
        # t of 199 degrees: 1.972 at 95 %, 2.601 at 99 %, which five need at most; each was drawn anew when alone.
        ratio = (found.high[at] - found.low[at]) / (alone.high[0] - alone.low[0])
        assert 1.1 < ratio < 2.601 / 1.972 + 0.06


def test_settings_that_say_the_same_count_as_one():
    change = lost(10, 100)
    found = paired_changes(np.stack([change] * 5, axis=1))
    alone = paired_changes(change[:, None])
    assert found.low == pytest.approx([alone.low[0]] * 5, abs=0.002)


def test_where_nothing_changes_the_interval_is_that_of_no_success():
    # Wilson's for 0 of 100 ends at 1.96^2 / (100 + 1.96^2) = 0.0370.
    found = paired_changes(np.zeros((100, 2)))
    assert found.value.tolist() == [0.0, 0.0]
    assert found.low == pytest.approx([-0.0370] * 2, abs=1e-4)
    assert found.high == pytest.approx([0.0370] * 2, abs=1e-4)


def test_images_of_one_object_count_as_one():
    change = lost(10, 100)
    apart = paired_changes(change[:, None])
    together = paired_changes(change[:, None], np.arange(100) // 10)
    assert together.n_clusters.tolist() == [10]
    # All ten lost images show one object of ten, so the interval reaches beyond 0.
    assert together.high[0] > 0 > apart.high[0]


def test_an_image_that_a_setting_has_no_answer_to_is_left_out_there_alone():
    changes = np.stack([lost(10, 100), lost(10, 100)], axis=1)
    changes[50:, 1] = np.nan
    found = paired_changes(changes)
    assert found.n.tolist() == [100, 50]
    assert found.value == pytest.approx([-0.1, -0.2])


def test_without_an_image_nothing_is_said():
    changes = np.stack([lost(10, 100), np.full(100, np.nan)], axis=1)
    found = paired_changes(changes)
    assert found.n.tolist() == [100, 0]
    assert np.isnan([found.value[1], found.low[1], found.high[1]]).all()
    assert (found.lowest.tolist(), found.highest.tolist()) == ([True, False], [True, False])


def test_which_may_be_the_lowest():
    # The second loses two images less than the first, which is nothing; the third loses none of 400.
    changes = np.stack([lost(60, 400), lost(58, 400), lost(0, 400)], axis=1)
    found = paired_changes(changes)
    assert found.lowest.tolist() == [True, True, False]
    assert found.highest.tolist() == [False, False, True]


def test_kinds_of_images_and_images_one_by_one_are_drawn_alike(monkeypatch):
    rng = np.random.default_rng(0)
    changes = rng.choice([-1.0, 0.0, 1.0], size=(150, 3), p=[0.2, 0.6, 0.2])
    kinds = paired_changes(changes)
    monkeypatch.setattr("core.metrics.paired._MOST_KINDS", 0)
    images = paired_changes(changes)
    assert kinds.low == pytest.approx(images.low, abs=0.012)
    assert kinds.high == pytest.approx(images.high, abs=0.012)
