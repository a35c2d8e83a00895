"""What a difference and its interval allow one to say: that two things differ, that they do not, or neither.

Whether the intervals of two numbers overlap says nothing of their difference; its own interval decides.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from scipy import special

from core.errors import UsageError
from core.metrics.intervals import CONFIDENCE
from core.metrics.score import student

Kind = Literal["different", "equivalent", "unclear"]
#: Differences below this do not matter, as a fraction: 2 points.
MARGIN = 0.02
#: How often a difference that is there should be found.
POWER = 0.8
#: More clusters than this are as good as never.
_MOST = 10**9


@dataclass(frozen=True)
class Verdict:
    """What can be said of a difference.

    Attributes:
        kind: ``different``: the interval excludes 0; ``equivalent``: it does not, and lies within ``margin`` of 0 on
            both sides; ``unclear``: neither, or there is no interval.
        is_small: Whether the interval lies within the margin, also where it excludes 0: a difference that is there and
            does not matter.
        margin: As given.
        detectable: The smallest true difference that so many clusters would find different with the wanted power; NaN
            without an interval.
        needed: Clusters with which a true difference as large as the one seen would be found with that power, of which
            there are ``n_clusters`` already; None if no number would do, or it cannot be said.
        more: How many of them are still to be had; 0 if there are enough, None as ``needed``.
        n_clusters: As given.
        unit: What clusters are: ``objects``, or ``images`` where those are independent.
    """

    kind: Kind
    is_small: bool
    margin: float
    detectable: float
    needed: int | None
    more: int | None
    n_clusters: int
    unit: str


def verdict(
    value: float,
    low: float,
    high: float,
    n: int,
    n_clusters: int,
    *,
    d: float = MARGIN,
    se: float | None = None,
    confidence: float = CONFIDENCE,
    power: float = POWER,
) -> Verdict:
    """What a difference and its interval allow one to say.

    Args:
        value: The difference, in [-1, 1].
        low: Lower end of its interval.
        high: Upper end.
        n: Images.
        n_clusters: Objects that they show, or images where those are independent.
        d: Largest difference that does not matter, above 0.
        se: Standard error of the difference; by default what the interval's end towards 0 says, see
            ``standard_error``.
        confidence: Of the interval, 0..1.
        power: Wanted, 0..1.

    Raises:
        UsageError: If the margin is not above 0.
    """
    if not d > 0:
        raise UsageError(f"a margin of {d:g} leaves no room for equal: give a fraction above 0, such as {MARGIN:g}.")
    unit = "images" if n_clusters >= n else "objects"
    if math.isnan(low) or math.isnan(high) or n_clusters < 2:
        return Verdict("unclear", False, d, math.nan, None, None, n_clusters, unit)
    is_small = -d < low and high < d
    kind: Kind = "different" if low > 0 or high < 0 else "equivalent" if is_small else "unclear"
    if se is None:
        se = standard_error(value, low, high, n_clusters, confidence)
    needed = clusters_needed(abs(value), se, n_clusters, confidence=confidence, power=power)
    more = None if needed is None else max(needed - n_clusters, 0)
    found = detectable(se, n_clusters, confidence=confidence, power=power)
    return Verdict(kind, is_small, d, found, needed, more, n_clusters, unit)


def standard_error(value: float, low: float, high: float, n_clusters: int, confidence: float = CONFIDENCE) -> float:
    """Standard error that an interval by Student's t implies.

    The end towards 0 is taken, which decides and is not cut at a bound; where the value is 0 the further one of both.
    """
    reach = value - low if value > 0 else high - value if value < 0 else max(-low, high)
    return float(reach / student(n_clusters - 1, confidence))


def detectable(se: float, n_clusters: int, *, confidence: float = CONFIDENCE, power: float = POWER) -> float:
    """The smallest true difference whose interval excludes 0 with the wanted power.

    It is ``(t_a + t_b) se``: with ``t_a`` the two-sided critical value and ``t_b`` the one that Student's t is below
    with probability ``power``, both of ``n_clusters - 1`` degrees; 2.8 standard errors where clusters are many.

    Args:
        se: Standard error of the difference.
        n_clusters: At least 2.
        confidence: Of the interval, 0..1.
        power: 0..1.

    Source: minimum detectable effects, Bloom 1995; Murray 1998 for clusters.
    """
    return float(_multiple(n_clusters, confidence, power) * se)


def clusters_needed(
    difference: float, se: float, n_clusters: int, *, confidence: float = CONFIDENCE, power: float = POWER
) -> int | None:
    """The fewest clusters, of the same kind and size, that would find a difference with the wanted power.

    Standard errors fall with the root of the number of clusters: the fewest K with ``(t_a + t_b) se sqrt(n_clusters /
    K)`` at most the difference, the t of K - 1 degrees.

    Args:
        difference: Its size, at least 0.
        se: Standard error with ``n_clusters``.
        n_clusters: At least 2.
        confidence: Of the interval, 0..1.
        power: 0..1.

    Returns:
        At least 2; None if the difference is 0, or needs more than a thousand million.
    """

    def finds(k: int) -> bool:
        return _multiple(k, confidence, power) * se * math.sqrt(n_clusters / k) <= difference

    if not difference > 0 or not finds(_MOST):
        return None
    few, enough = 1, 2
    while not finds(enough):
        few, enough = enough, 2 * enough
    while enough - few > 1:
        middle = (few + enough) // 2
        few, enough = (few, middle) if finds(middle) else (middle, enough)
    return enough


def _multiple(n_clusters: int, confidence: float, power: float) -> float:
    """Standard errors between 0 and a difference that is found."""
    return float(student(n_clusters - 1, confidence) + special.stdtrit(n_clusters - 1, power))
