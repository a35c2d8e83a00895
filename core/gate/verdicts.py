"""Three verdicts on numbers with a limit, so that of all verdicts of a gate together at most one in twenty gates errs.

A check is decided by its interval: it passes where the whole interval lies on the right side of the limit, fails where
the whole lies on the wrong side, and is inconclusive where the limit lies within. Many checks are a family, so Holm's
procedure is followed, on the intervals themselves: with m checks, each interval is first drawn at the confidence
``1 - a/m`` (a is 0.05); those that exclude their limit are decided, and the k that are left are drawn anew at ``1 -
a/k``, until no more is decided. That is Holm's rule on the p-values that the intervals imply: a p-value is at most
``a/k`` just where the interval at ``1 - a/k`` excludes the limit. The interval that is shown is the one that decided,
or the last one drawn, so that a verdict is always what the interval beside it says.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from core.metrics import verdicts
from core.metrics.intervals import CONFIDENCE

Kind = Literal["pass", "fail", "inconclusive"]
#: Ends that differ from a limit by less lie on it.
_EPS = 1e-12
#: More objects or images than this nobody will have.
MOST_MORE = 1_000_000


@dataclass(frozen=True)
class Estimate:
    """A number that can be given an interval at any confidence.

    Attributes:
        value: NaN if it cannot be said.
        n: Images.
        n_clusters: Objects, or images where those are independent.
        ends: Confidence, 0..1, to ``(low, high)``; NaN where there is no interval. Higher ones are wider.
        unit: What clusters are.
        before: The number of the baseline, or of a contrast's first group; NaN where there is none.
        after: That of the model, or of the second group.
        n_only: Images that the model alone has, and the baseline alone; they are left out.
        notes: What a reader must know.
    """

    value: float
    n: int
    n_clusters: int
    ends: Callable[[float], tuple[float, float]]
    unit: str = "image"
    before: float = math.nan
    after: float = math.nan
    n_only: tuple[int, int] = (0, 0)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bounded:
    """An estimate and what it is held against.

    Attributes:
        estimate: The number.
        threshold: In the same unit.
        is_lower: Whether it must be at least so much; else at most.
    """

    estimate: Estimate
    threshold: float
    is_lower: bool

    def at(self, confidence: float) -> tuple[Kind, float, float]:
        """The verdict at a confidence, and the interval that says so."""
        low, high = self.estimate.ends(confidence)
        if math.isnan(low) or math.isnan(high):
            return "inconclusive", low, high
        above, below = low >= self.threshold - _EPS, high <= self.threshold + _EPS
        if above if self.is_lower else below:
            return "pass", low, high
        beyond = high < self.threshold - _EPS if self.is_lower else low > self.threshold + _EPS
        return ("fail" if beyond else "inconclusive"), low, high


@dataclass(frozen=True)
class Decision:
    """What is said of a check.

    Attributes:
        kind: The verdict.
        low: Lower end of the interval that says so.
        high: Upper end.
        confidence: Of that interval.
        more: About how many more clusters would decide an inconclusive check if the number stays as it is, with a
            chance of 80 %; None where that cannot be said, or no number would.
    """

    kind: Kind
    low: float
    high: float
    confidence: float
    more: int | None = None


def decide(checks: Sequence[Bounded], confidence: float = CONFIDENCE) -> list[Decision]:
    """The verdicts of a family of checks.

    Args:
        checks: Any number.
        confidence: That no verdict of all is wrong, 0..1.

    Source: Holm 1979; three decisions on a two-sided interval, Shaffer 1980; Neyman 1937.
    """
    found: dict[int, Decision] = {}
    left = list(range(len(checks)))
    while left:
        level = 1 - (1 - confidence) / len(left)
        drawn = {at: checks[at].at(level) for at in left}
        decided = [at for at in left if drawn[at][0] != "inconclusive"]
        for at in decided or left:
            kind, low, high = drawn[at]
            found[at] = Decision(kind, low, high, level, _more(checks[at], low, high, level, kind))
        left = [at for at in left if at not in found]
    return [found[at] for at in range(len(checks))]


def _more(check: Bounded, low: float, high: float, confidence: float, kind: Kind) -> int | None:
    """See ``Decision.more``; standard errors fall with the root of the number of clusters."""
    if kind != "inconclusive":
        return None
    estimate, limit = check.estimate, check.threshold
    if not estimate.value - limit or not low <= estimate.value <= high:
        return None
    away = (estimate.value - limit, low - limit, high - limit)
    said = verdicts.verdict(*away, estimate.n, estimate.n_clusters, confidence=confidence)
    return said.more if said.more is not None and said.more <= MOST_MORE else None
