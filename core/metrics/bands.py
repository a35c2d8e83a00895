"""Bands of many numbers that hold all at once: accuracies of a map's cells, and their differences of two models.

Of 441 intervals that hold 95 times in 100 each, some twenty miss, and the cell that looks worst or best is likely among
them. In a band each cell's interval is so much wider that in 95 of 100 studies none misses. How much, the largest
deviation of all cells says, in standard deviations, over replicates that resample objects once for all cells: cells
that rise and fall together count as fewer. It is never more than cells that have nothing to do with each other need.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from core.metrics import intervals
from core.metrics.bootstrap import ROUNDS, replicates, student_interval
from core.metrics.clusters import Freedom
from core.metrics.score import score_interval, student

_EPS = 1e-12


def accuracy_band(
    values: np.ndarray,
    cells: np.ndarray,
    clusters: np.ndarray | None,
    n_cells: int,
    *,
    confidence: float = intervals.CONFIDENCE,
    rounds: int = ROUNDS,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Intervals of all cells' means that hold at once.

    They are those of ``accuracy_by``, each at a higher confidence, and with exact ends: where many must hold at once,
    ends lie far out. Few objects make that uncertain; the normal critical value is then Student's of the same tail.

    Args:
        values: float or bool (N,), in [0, 1], without NaN.
        cells: int (N,) in [0, n_cells).
        clusters: int (N,), at least 0, or None if images are independent.
        n_cells: Number of cells.
        confidence: Of all intervals together, 0..1.
        rounds: Replicates.
        seed: Makes the draws repeatable.

    Returns:
        ``(low, high, n_clusters)``, each (n_cells,); NaN without values, or with fewer than two clusters.

    Source: critical values of the largest deviation, Westfall and Young 1993, Section 2.2; bands of simultaneous
        inference, Montiel Olea and Plagborg-Moller 2019.
    """
    values = np.asarray(values, dtype=float)
    n = np.bincount(cells, minlength=n_cells)
    if clusters is None:
        own = confidence ** (1 / max(int((n > 0).sum()), 1))
        return *intervals.clopper_pearson(np.bincount(cells, weights=values, minlength=n_cells), n, own), n
    draws = replicates(values, cells, clusters, n_cells, rounds=rounds, seed=seed)
    freedom = Freedom.of_cells(cells, clusters, n_cells)
    own = _each(draws, freedom, confidence, for_few=True)
    return score_interval(values, cells, clusters, n_cells, confidence=own, exact=True)


def change_band(
    change: np.ndarray,
    cells: np.ndarray,
    clusters: np.ndarray | None,
    n_cells: int,
    *,
    confidence: float = intervals.CONFIDENCE,
    rounds: int = ROUNDS,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Intervals of all cells' mean changes, such as from one model to the other, that hold at once.

    Args:
        change: float (N,), in [-1, 1], without NaN.
        cells: int (N,) in [0, n_cells).
        clusters: int (N,), at least 0, or None if images are independent.
        n_cells: Number of cells.
        confidence: Of all intervals together, 0..1.
        rounds: Replicates.
        seed: Makes the draws repeatable.

    Returns:
        As ``accuracy_band``; ends lie in [-1, 1]. A cell differs where its interval excludes 0.

    Source: As ``accuracy_band``.
    """
    draws = replicates(change, cells, clusters, n_cells, rounds=rounds, seed=seed)
    freedom = Freedom.of_cells(cells, clusters, n_cells)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(cells, weights=change, minlength=n_cells) / np.bincount(cells, minlength=n_cells)
    own = _each(draws, freedom, confidence)
    return *student_interval(draws, mean, freedom.n_clusters, own, freedom=freedom), freedom.n_clusters


def _each(draws: np.ndarray, freedom: Freedom, confidence: float, *, for_few: bool = False) -> np.ndarray:
    """Confidence of each cell's own interval: float (n_cells,).

    Args:
        draws: float (rounds, n_cells), NaN where a resampling has nothing of a cell.
        freedom: Of the cells.
        confidence: Of all together.
        for_few: Whether to make up for few clusters here; ``student_interval`` does so itself.
    """
    known = np.flatnonzero(~np.isnan(draws).all(axis=0))
    if not len(known):
        return np.full(draws.shape[1], confidence)
    limit = np.full(draws.shape[1], largest_deviation(draws[:, known], confidence))
    if for_few:
        tail = special.ndtr(-limit)
        limit = np.maximum(student(freedom.degrees, 1 - 2 * tail), limit)
    return np.clip(1 - 2 * special.ndtr(-limit), confidence, 1 - (1 - confidence) / len(known))


def largest_deviation(draws: np.ndarray, confidence: float = intervals.CONFIDENCE) -> float:
    """What the largest deviation of a replicate, in standard deviations, exceeds in ``1 - confidence`` of them.

    Args:
        draws: float (rounds, m), m > 0; NaN where a resampling has nothing.
        confidence: 0..1.
    """
    away = np.nan_to_num(draws - np.nanmean(draws, axis=0))
    spread = away.std(axis=0)
    scaled = np.abs(away) * np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > _EPS)
    return float(np.quantile(scaled.max(axis=1), confidence))
