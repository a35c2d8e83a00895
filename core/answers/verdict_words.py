"""What a difference and its interval allow one to say, in words; the rule is ``core.metrics.verdicts``."""

from __future__ import annotations

import math

from core.metrics.verdicts import MARGIN, Verdict, verdict
from core.wording import points

__all__ = ["MARGIN", "Verdict", "limits", "verdict", "within"]
#: More objects or images than this nobody will have.
_MOST = 100_000


def within(found: Verdict) -> str:
    """``equivalent within 2 points``."""
    return f"equivalent within {_size(found.margin)}"


def limits(found: Verdict) -> str:
    """What an unclear difference's data could have shown, and what would settle the one seen; empty if unknown.

    ``these 9 objects would show 14 points, and about 40 more would settle the difference seen``
    """
    if math.isnan(found.detectable):
        return ""
    shown = f"these {found.n_clusters:,} {found.unit} would show {_size(found.detectable)}"
    if found.more is None or found.more == 0 or found.more > _MOST:
        return shown
    return f"{shown}, and about {_rounded(found.more):,} more would settle the difference seen"


def _size(share: float) -> str:
    """``2 points``; one digit where that matters."""
    digits = 0 if (share >= 0.02 and round(100 * share) == round(100 * share, 1)) or share >= 0.1 else 1
    return points(share, digits).removeprefix("+").replace("pts", "points")


def _rounded(count: int) -> int:
    """A guess with two digits."""
    scale = 10 ** max(len(str(count)) - 2, 0)
    return math.ceil(count / scale) * scale
