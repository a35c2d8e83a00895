"""Verdicts by hand: intervals of the normal distribution with a standard error of 1, held against a limit of 0."""

import math
from statistics import NormalDist

import pytest

from core.gate.verdicts import Bounded, Estimate, decide

NOWHERE = (math.nan, math.nan)


def normal(value, se=1.0, n=1000):
    def ends(confidence):
        reach = NormalDist().inv_cdf(0.5 + confidence / 2) * se
        return value - reach, value + reach

    return Estimate(value, n, n, ends)


def kinds(*values):
    return [each.kind for each in decide([Bounded(normal(value), 0.0, True) for value in values])]


def test_holm_decides_what_bonferroni_leaves_open():
    # p = 0.01, 0.02, 0.03 at most 0.05 / 3, 0.05 / 2 and 0.05: z of 2.576, 2.326, 2.170 above 2.394, 2.241, 1.960.
    assert kinds(2.170, 2.576, 2.326) == ["pass", "pass", "pass"]
    assert kinds(-2.170, 2.576, -2.326) == ["fail", "pass", "fail"]


def test_holm_stops_at_the_first_that_is_not_decided():
    # 2.1 alone would pass (1.960), but 2.2 is not above 2.241, so that both stay open.
    found = decide([Bounded(normal(value), 0.0, True) for value in (2.576, 2.2, 2.1)])
    assert [each.kind for each in found] == ["pass", "inconclusive", "inconclusive"]
    assert [each.confidence for each in found] == pytest.approx([1 - 0.05 / 3, 0.975, 0.975])
    # The interval that is shown is the one that was judged.
    assert found[2].low == pytest.approx(2.1 - 2.2414, abs=1e-4)
    assert kinds(2.1) == ["pass"]


def test_one_check_is_not_corrected():
    (found,) = decide([Bounded(normal(1.97), 0.0, True)])
    assert (found.kind, found.confidence) == ("pass", 0.95)


@pytest.mark.parametrize(
    ("low", "high", "is_lower", "kind"),
    [
        (0.9, 1.0, True, "pass"),
        (0.8, 0.9, True, "inconclusive"),
        (0.7, 0.8, True, "fail"),
        (0.8, 0.9, False, "pass"),
        (0.9, 1.0, False, "inconclusive"),
        (0.95, 1.0, False, "fail"),
        (*NOWHERE, True, "inconclusive"),
    ],
)
def test_an_end_on_the_limit_keeps_it(low, high, is_lower, kind):
    """At least 90 % holds for all of [0.9, 1.0]; of [0.8, 0.9] only its end keeps it."""
    found = decide([Bounded(Estimate(0.9, 10, 10, lambda _: (low, high)), 0.9, is_lower)])
    assert found[0].kind == kind


def test_a_number_of_nothing_is_inconclusive():
    (found,) = decide([Bounded(Estimate(math.nan, 0, 0, lambda _: NOWHERE), 0.5, True)])
    assert (found.kind, found.more) == ("inconclusive", None)


def test_how_many_more_decide_it():
    # One standard error away. With 80 % power 1.960 + 0.842 = 2.802 are needed, so 2.802 squared = 7.85 times as many.
    (found,) = decide([Bounded(normal(1.0), 0.0, True)])
    assert found.kind == "inconclusive"
    assert found.more == pytest.approx(6850, rel=0.01)


def test_on_the_limit_no_number_decides():
    assert decide([Bounded(normal(0.0), 0.0, True)])[0].more is None


def test_no_checks_no_verdicts():
    assert decide([]) == []
