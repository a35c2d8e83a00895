"""Intervals of the differences between many settings that hold all at once.

Whoever names the worst of many settings has looked at all of them, so an interval for one pair alone says too much:
among settings that are all alike, the worst and the best differ "clearly" most of the time. Here the critical value is
that of the largest difference of all pairs, which covers the pair that is picked because it differs most. Bands of
maps, of one number a cell, are in ``core.metrics.bands``.
"""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist

import numpy as np
from scipy import special

from core.metrics import intervals
from core.metrics.bootstrap import UNSEEN

_EPS = 1e-12


def pair_reach(
    draws: np.ndarray,
    n_trials: np.ndarray,
    extra: np.ndarray,
    *,
    sides: tuple[Sequence[int], Sequence[int]] | None = None,
    confidence: float = intervals.CONFIDENCE,
) -> np.ndarray:
    """How far the interval of each difference ``column j - column i`` reaches to either side of its estimate.

    The largest |difference| / spread over all pairs, in each replicate, gives the critical value. Few clusters make
    the spread itself uncertain; as for a single mean, the critical value is then that of Student's t instead of the
    normal at the same tail, and the spread is widened by G / (G - 1) and by what one object more might do
    (``core.metrics.bootstrap.UNSEEN``). Two settings that agree on every object need not agree on the next: their
    difference reaches as far as Wilson's interval does when none of so many trials succeeded.

    Args:
        draws: float (rounds, k): replicates of each setting's number, from the same resampling
            (``core.metrics.bootstrap.replicates``); NaN where a resampling has nothing of it.
        n_trials: int (k,): clusters of each setting, or images where those are independent.
        extra: float (k,): variance that resampling cannot show; see ``hidden_variance``.
        sides: Columns that are compared with which others; all with all by default.
        confidence: Of all intervals together, 0..1.

    Returns:
        float (k, k), symmetric; infinite where a setting has fewer than two clusters.

    Source: studentised-range intervals with bootstrap critical values, Westfall and Young 1993, Section 2.2; Hsu 1996,
        Chapter 5.
    """
    n_trials = np.asarray(n_trials, dtype=float)
    away, spread, widened = _spreads(draws, n_trials, extra)
    rows, columns = sides or (range(len(spread)), range(len(spread)))
    limit = _critical(away, spread, rows, columns, confidence)
    reach = _for_few(limit, n_trials) * widened
    alike = np.where(spread > _EPS, 0.0, _alike(draws, n_trials, 1 - 2 * special.ndtr(-limit)))
    return np.where(np.isinf(widened), np.inf, np.maximum(reach, alike))


def may_be_lowest(
    estimate: np.ndarray,
    draws: np.ndarray,
    n_trials: np.ndarray,
    extra: np.ndarray,
    confidence: float = intervals.CONFIDENCE,
) -> np.ndarray:
    """Which settings may be the lowest of all: a set that holds the truly lowest one with the wanted confidence.

    Each setting is asked whether it is clearly above any other, with a critical value of its own for the largest of
    those differences. So it does not matter which one was found the lowest.

    Args:
        estimate: float (k,): each setting's number.
        draws: As for ``pair_reach``.
        n_trials: As for ``pair_reach``.
        extra: As for ``pair_reach``.
        confidence: 0..1.

    Returns:
        bool (k,); True for the lowest estimate.

    Source: multiple comparisons with the best, unconstrained, Hsu 1996, Chapter 4.
    """
    n_trials = np.asarray(n_trials, dtype=float)
    away, spread, widened = _spreads(draws, n_trials, extra)
    found = np.ones(len(estimate), dtype=bool)
    for row in range(len(estimate)):
        inverse = np.divide(1.0, spread[row], out=np.zeros(len(estimate)), where=spread[row] > _EPS)
        largest = ((away[:, [row]] - away) * inverse).max(axis=1)
        limit = _for_few(float(np.quantile(largest, confidence)), n_trials)
        with np.errstate(invalid="ignore"):
            found[row] = not (estimate[row] - estimate > limit * widened[row] + _EPS).any()
    found[int(np.argmin(estimate))] = True
    return found


def _spreads(draws: np.ndarray, n_trials: np.ndarray, extra: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Replicates less their mean, the standard deviation of each difference, and the same widened for few clusters."""
    away = draws - np.nanmean(draws, axis=0)
    away = np.where(np.isnan(away), 0.0, away)
    shared = away.T @ away / max(len(draws) - 1, 1)
    own = np.diag(shared)
    variance = np.clip(own[:, None] + own[None, :] - 2 * shared, 0.0, None)
    hidden = np.asarray(extra)[:, None] + np.asarray(extra)[None, :]
    room, fewest = _room(draws, n_trials)
    with np.errstate(divide="ignore", invalid="ignore"):
        unseen = (UNSEEN * room / fewest) ** 2
        widened = np.where(fewest < 2, np.inf, np.sqrt(variance * fewest / (fewest - 1) + hidden + unseen))
    return away, np.sqrt(variance + hidden), widened


def _room(draws: np.ndarray, n_trials: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How far each difference is from its farther bound, and the fewer trials of the two: float (k, k) each."""
    mean = np.nanmean(draws, axis=0)
    return 1 + np.abs(mean[:, None] - mean[None, :]), np.minimum(n_trials[:, None], n_trials[None, :])


def _alike(draws: np.ndarray, n_trials: np.ndarray, confidence: float) -> np.ndarray:
    """How far the difference of two settings may reach that agreed on every object: float (k, k)."""
    room, fewest = _room(draws, n_trials)
    return intervals.wilson(np.zeros(fewest.shape), fewest, confidence)[1] * room


def hidden_variance(values: np.ndarray, cells: np.ndarray, n_trials: np.ndarray) -> np.ndarray:
    """Variance of each cell's mean that resampling cannot show: that of cells wholly right or wholly wrong.

    Args:
        values: float (N,), in [0, 1].
        cells: int (N,) in [0, k).
        n_trials: int (k,): clusters, or images where those are independent.

    Returns:
        float (k,): for such a cell the square of Wilson's reach in standard deviations, else 0.
    """
    n = np.bincount(cells, minlength=len(n_trials))
    total = np.bincount(cells, weights=values, minlength=len(n_trials))
    uniform = (total < _EPS) | (total > n - _EPS)
    reach = intervals.wilson(np.zeros(len(n_trials)), n_trials)[1]
    return np.where(uniform & (n > 0), (reach / NormalDist().inv_cdf(0.5 + intervals.CONFIDENCE / 2)) ** 2, 0.0)


def _critical(
    away: np.ndarray, spread: np.ndarray, rows: Sequence[int], columns: Sequence[int], confidence: float
) -> float:
    """The value that the largest |difference| / spread of a replicate exceeds in ``1 - confidence`` of them.

    It is never less than that of one difference: pairs that do not vary at all count as nothing here.
    """
    columns = np.asarray(columns)
    largest = np.zeros(len(away))
    inverse = np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > _EPS)
    for row in rows:
        # Of all with all, each pair once.
        others = columns[columns > row] if row in columns else columns
        if len(others):
            scaled = np.abs(away[:, others] - away[:, [row]]) * inverse[row, others]
            np.maximum(largest, scaled.max(axis=1), out=largest)
    one = special.ndtri(0.5 + confidence / 2)
    return max(float(np.quantile(largest, confidence)), float(one)) if len(largest) else np.nan


def _for_few(limit: float, n_trials: np.ndarray) -> float:
    """Student's critical value with the tail that a normal's has, for the fewest clusters of a setting."""
    fewest, tail = n_trials.min(initial=np.inf), special.ndtr(-limit)
    if not np.isfinite(fewest) or fewest < 2 or tail < 1e-300:
        return limit
    return float(-special.stdtrit(fewest - 1, tail))
