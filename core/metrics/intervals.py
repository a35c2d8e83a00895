"""Intervals in closed form: Wilson's and the exact one of a proportion, and weighted sums of estimates with one."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

CONFIDENCE = 0.95


def wilson(successes: ArrayLike, n: ArrayLike, confidence: ArrayLike = CONFIDENCE) -> tuple[np.ndarray, np.ndarray]:
    """Wilson score interval of a proportion.

    Args:
        successes: How many of ``n``; any shape, fractional values allowed.
        n: Trials, same shape.
        confidence: Two-sided, 0..1, of all or of each.

    Returns:
        ``(low, high)``, fractions 0..1; NaN where ``n`` is 0.

    Source: Wilson 1927; Brown, Cai and DasGupta 2001 recommend it over the normal interval.
    """
    successes, n = np.asarray(successes, dtype=float), np.asarray(n, dtype=float)
    z = special.ndtri(0.5 + np.asarray(confidence, dtype=float) / 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = successes / n
        centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    low = np.where(successes == 0, 0.0, np.clip(centre - half, 0, 1))
    high = np.where(successes == n, 1.0, np.clip(centre + half, 0, 1))
    empty = n == 0
    return np.where(empty, np.nan, low), np.where(empty, np.nan, high)


def clopper_pearson(
    successes: ArrayLike, n: ArrayLike, confidence: ArrayLike = CONFIDENCE
) -> tuple[np.ndarray, np.ndarray]:
    """Clopper and Pearson's interval of a proportion, which never misses more often than it says.

    For single numbers it is needlessly wide. Far out in the tails, where the ends of many intervals that hold at once
    lie, Wilson's misses several times as often as it should.

    Args:
        successes: See ``wilson``.
        n: See ``wilson``.
        confidence: See ``wilson``.

    Returns:
        See ``wilson``.

    Source: Clopper and Pearson 1934; with an effective number of trials Korn and Graubard 1998.
    """
    successes, n = np.asarray(successes, dtype=float), np.asarray(n, dtype=float)
    tail = (1 - np.asarray(confidence, dtype=float)) / 2
    with np.errstate(invalid="ignore"):
        low = np.where(successes <= 0, 0.0, special.betaincinv(successes, n - successes + 1, tail))
        high = np.where(successes >= n, 1.0, special.betaincinv(successes + 1, n - successes, 1 - tail))
    empty = n == 0
    return np.where(empty, np.nan, low), np.where(empty, np.nan, high)


def combine(
    weights: np.ndarray,
    values: np.ndarray,
    low: np.ndarray,
    high: np.ndarray,
    correlation: np.ndarray | None = None,
) -> tuple[float, float, float]:
    """A weighted sum of estimates, with an interval made of the estimates' own intervals.

    For the difference of two independent proportions with Wilson intervals this is Newcombe's hybrid score interval.

    Args:
        weights: float (K,), such as ``[1, -1]`` for a difference.
        values: float (K,), the estimates.
        low: float (K,), lower bounds, at the wanted confidence.
        high: float (K,), upper bounds.
        correlation: float (K, K) between the estimates; independent by default.

    Returns:
        ``(sum, low, high)``; NaN where an estimate with a weight is.

    Source: MOVER, the method of variance estimates recovery, Zou, Huang and Zhang 2009; Newcombe 1998, method 10.
    """
    used = np.asarray(weights) != 0
    weights, values, low, high = (np.asarray(part, dtype=float)[used] for part in (weights, values, low, high))
    related = np.eye(len(weights)) if correlation is None else np.asarray(correlation)[np.ix_(used, used)]
    down = np.where(weights > 0, weights * (values - low), weights * (values - high))
    up = np.where(weights > 0, weights * (high - values), weights * (low - values))
    signs = np.sign(weights)
    total = float(weights @ values)
    spread = [np.sqrt(max(0.0, (signs * side) @ related @ (signs * side))) for side in (down, up)]
    return total, total - float(spread[0]), total + float(spread[1])
