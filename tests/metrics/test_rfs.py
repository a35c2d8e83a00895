"""Relative foreground sensitivity, with values worked out by hand."""

import math

import numpy as np
import pytest

from core.errors import UsageError
from core.metrics.bootstrap import student_interval
from core.metrics.rfs import relative_foreground_sensitivity, sensitivity


def measured(noisy_fg, noisy_bg, classes=None, clusters=None, **options):
    n = len(noisy_fg)
    classes = np.zeros(n, int) if classes is None else np.array(classes)
    clusters = np.arange(n) if clusters is None else np.array(clusters)
    return sensitivity(np.array(noisy_fg, float), np.array(noisy_bg, float), classes, clusters, **options)


@pytest.mark.parametrize(
    ("noisy_fg", "noisy_bg", "wanted"),
    [
        # The mean is 0.65, which leaves 0.35 above: 0.3 / 0.7.
        (0.5, 0.8, 3 / 7),
        (0.8, 0.5, -3 / 7),
        # The mean is 0.3, which leaves 0.3 below: 0.2 / 0.6.
        (0.2, 0.4, 1 / 3),
        (0.0, 0.4, 1.0),
        (0.6, 1.0, 1.0),
        (1.0, 0.0, -1.0),
        (0.7, 0.7, 0.0),
        (0.0, 0.0, 0.0),
        (1.0, 1.0, 0.0),
    ],
)
def test_rfs_is_the_difference_as_a_share_of_the_room_that_the_mean_leaves(noisy_fg, noisy_bg, wanted):
    found = relative_foreground_sensitivity(noisy_fg, noisy_bg)
    assert isinstance(found, float)
    assert found == pytest.approx(wanted)


def test_arrays_keep_their_shape_and_their_gaps():
    found = relative_foreground_sensitivity(np.array([[0.5, np.nan], [1.0, 0.2]]), np.array([[0.8, 0.5], [1.0, 0.4]]))
    np.testing.assert_allclose(found, [[3 / 7, np.nan], [0.0, 1 / 3]])


def test_one_accuracy_may_be_compared_with_several():
    np.testing.assert_allclose(relative_foreground_sensitivity([0.5, 0.8], 0.8), [3 / 7, 0.0])


def test_rounding_does_not_lead_beyond_one():
    share = np.arange(1, 100) / 200
    assert np.abs(relative_foreground_sensitivity(share, np.zeros(99))).max() <= 1


@pytest.mark.parametrize(("pair", "said"), [((58.0, 0.7), "acc_noisy_fg is 58"), ((0.5, -0.1), "acc_noisy_bg is -0.1")])
def test_what_is_no_fraction_is_refused_with_its_value(pair, said):
    with pytest.raises(UsageError, match=f"{said}: accuracies are fractions from 0 to 1"):
        relative_foreground_sensitivity(*pair)


def test_shapes_that_do_not_go_together_are_named():
    with pytest.raises(UsageError, match=r"shape \(2,\) and acc_noisy_bg \(3,\)"):
        relative_foreground_sensitivity([0.5, 0.5], [0.5, 0.5, 0.5])


def test_accuracies_are_means_over_classes_not_over_images():
    # Class 0: 2 of 3 right and all right; class 1: its one image is wrong twice.
    found = measured([1, 1, 0, 0], [1, 1, 1, 0], classes=[0, 0, 0, 1])
    assert found.acc_noisy_fg == pytest.approx(1 / 3)
    assert found.acc_noisy_bg == pytest.approx(1 / 2)
    # The mean is 5/12: 1/6 of 10/12.
    assert found.value == pytest.approx(1 / 5)
    assert (found.n, found.n_clusters) == (4, 4)


def test_numbers_of_classes_and_clusters_may_have_gaps():
    found = measured([1, 1, 0, 0], [1, 1, 1, 0], classes=[3, 3, 3, 9], clusters=[5, 9, 11, 20])
    assert found == measured([1, 1, 0, 0], [1, 1, 1, 0], classes=[0, 0, 0, 1])


@pytest.fixture
def replicas(monkeypatch):
    """What an RFS's resamplings give: the distinct values, in a list that fills as RFS is measured."""
    seen = []

    def look(draws, *arguments, **options):
        seen.extend(np.unique(np.round(draws, 12)).tolist())
        return student_interval(draws, *arguments, **options)

    monkeypatch.setattr("core.metrics.rfs.student_interval", look)
    return seen


def test_both_accuracies_of_an_image_are_drawn_together(replicas):
    # Twice the first gives RFS 1, twice the second 0, one of each accuracies of 1/4 and 3/4: 1/2.
    assert measured([0.0, 0.5], [1.0, 0.5]).value == pytest.approx(0.5)
    assert replicas == [0.0, 0.5, 1.0]


def test_a_class_that_is_not_drawn_is_in_no_mean(replicas):
    # Accuracies of 1/2 and 3/4: (1/4) / (3/4). With the first class alone 1/2 and 1: (1/2) / (1/2); were the other
    # one counted as wrong, 1/4 and 1/2: 1/3.
    assert measured([0.5, 0.5], [1.0, 0.5], classes=[0, 1]).value == pytest.approx(1 / 3)
    assert replicas == pytest.approx([0.0, 1 / 3, 1.0])


def test_clusters_are_drawn_whole(replicas):
    noisy_fg, noisy_bg = [0, 0, 0, 0.5, 0.5, 0.5], [1, 1, 1, 0.5, 0.5, 0.5]
    whole = measured(noisy_fg, noisy_bg, clusters=[0, 0, 0, 1, 1, 1])
    assert (whole.n, whole.n_clusters) == (6, 2)
    assert replicas == [0.0, 0.5, 1.0]
    replicas.clear()
    # One by one there may be none to six of either kind.
    measured(noisy_fg, noisy_bg)
    assert replicas == pytest.approx(np.arange(7) / 6)


def test_a_cluster_of_two_classes_is_drawn_with_both(replicas):
    # Of the two clusters, one has (fg, bg) of class 0 (1, 1) and of class 1 (0, 1): alone 1/2 and 1, which is RFS 1.
    # The other has (0, 0) and (1, 1): alone 1/2 and 1/2. Together: (1/2, 1/2) and (1/2, 1), so 1/2 and 3/4.
    found = measured([1, 0, 0, 1], [1, 1, 0, 1], classes=[0, 1, 0, 1], clusters=[0, 0, 1, 1])
    assert (found.value, found.n_clusters) == (pytest.approx(1 / 3), 2)
    assert replicas == pytest.approx([0.0, 1 / 3, 1.0])


def test_intervals_are_those_of_drawing_clusters_one_by_one():
    rng = np.random.default_rng(5)
    classes, clusters = rng.integers(0, 3, 300), rng.integers(0, 40, 300)
    noisy_fg, noisy_bg = rng.integers(0, 3, 300) / 3, rng.integers(1, 4, 300) / 3
    members = [np.flatnonzero(clusters == number) for number in range(40)]
    draws = []
    for _ in range(4000):
        drawn = np.concatenate([members[number] for number in rng.integers(0, 40, 40)])
        there = [drawn[classes[drawn] == number] for number in range(3)]
        draws.append(
            relative_foreground_sensitivity(
                np.mean([noisy_fg[part].mean() for part in there]), np.mean([noisy_bg[part].mean() for part in there])
            )
        )
    found = measured(noisy_fg, noisy_bg, classes, clusters, rounds=4000)
    # t for 40 clusters: 2.0227; their variance is 40/39 of that of the draws.
    reach = 2.0227 * np.std(draws) * np.sqrt(40 / 39)
    np.testing.assert_allclose([found.low, found.high], [found.value - reach, found.value + reach], atol=0.012)


def test_images_that_are_wrong_both_times_say_nothing_of_the_side():
    # Three images of thirty are right at all: t is that of three, 4.30, not of thirty.
    noisy_fg, noisy_bg = [1, 0, 0, *[0] * 27], [0, 1, 1, *[0] * 27]
    found = measured(noisy_fg, noisy_bg)
    assert (found.value, found.low, found.high) == pytest.approx((1 / 3, -1.0, 1.0))
    # Only one is: it cannot say how another would be.
    assert measured([0] * 30, [1, *[0] * 29]).low == -1.0
    # The same of errors, where nearly all is right.
    assert measured([0, *[1] * 29], [1] * 30).low == -1.0


@pytest.mark.parametrize("right", [0.0, 1.0])
def test_where_no_answer_differs_nothing_is_known_of_the_side(right):
    found = measured([right] * 50, [right] * 50, classes=np.arange(50) % 2)
    assert (found.acc_noisy_fg, found.acc_noisy_bg) == (right, right)
    assert (found.value, found.low, found.high) == (0.0, -1.0, 1.0)


def test_where_all_images_say_the_same_the_interval_still_has_a_width():
    found = measured([0] * 20, [1] * 20)
    # Wilson's upper end for 0 of 20 is 0.161, of the 2 from 1 to -1.
    assert (found.value, found.low, found.high) == pytest.approx((1.0, 0.678, 1.0), abs=1e-3)


def test_one_image_has_a_value_and_no_interval():
    found = measured([1 / 3], [1.0])
    # The mean is 2/3: (2/3) / (2/3).
    assert found.value == pytest.approx(1.0)
    assert math.isnan(found.low)
    assert math.isnan(found.high)
    assert (found.n, found.n_clusters) == (1, 1)


def test_no_image_has_no_value():
    found = measured([], [])
    assert np.isnan([found.acc_noisy_fg, found.acc_noisy_bg, found.value, found.low, found.high]).all()
    assert (found.n, found.n_clusters) == (0, 0)


@pytest.mark.parametrize(("n_objects", "n_images"), [(9, 10), (30, 1)])
def test_the_interval_holds_the_truth_with_few_objects(n_objects, n_images):
    # Objects of different ease; noise on the object costs 0.8 in log odds more than noise around it.
    rng = np.random.default_rng(3)
    ease = np.random.default_rng(4).normal(size=200_000)
    chances = [1 / (1 + np.exp(-(0.5 - cost + ease))) for cost in (0.8, 0.0)]
    truth = relative_foreground_sensitivity(*(part.mean() for part in chances))
    held, runs = 0, 200
    for _ in range(runs):
        odds = 0.5 + rng.normal(size=n_objects).repeat(n_images)
        noisy_fg, noisy_bg = (
            (rng.random(len(odds)) < 1 / (1 + np.exp(-(odds - cost)))).astype(float) for cost in (0.8, 0.0)
        )
        classes, clusters = np.zeros(len(odds), dtype=int), np.arange(n_objects).repeat(n_images)
        found = measured(noisy_fg, noisy_bg, classes, clusters, rounds=300)
        held += found.low <= truth <= found.high
    # Two standard errors of a share of 200 are 0.03.
    assert held / runs >= 0.92
