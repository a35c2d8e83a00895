"""Resampling whole clusters: replicates of cells that share objects, and intervals of what is computed from them.

One resampling serves all cells at once: what two cells, or two models, owe to the same objects cancels in their
difference. Intervals of a single accuracy need no resampling (``core.metrics.score``).
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import ArrayLike

from core.metrics import intervals
from core.metrics.clusters import Freedom
from core.metrics.score import student

ROUNDS = 2000
#: Rows of draws that are multiplied at once in ``replicates``, where clusters are few.
_CHUNK = 500
#: Draws held at once, 8 bytes each and twice over; bounds the memory where clusters are many.
_MOST_DRAWS = 2**22
#: How far towards the bound the object that was not drawn takes an end, as a share of one object's weight; see
#: ``student_interval``. Without it 95 % intervals of paired differences over five objects of 100 images each cover 92 %
#: where models are alike on nearly every object.
UNSEEN = 0.05
#: Replicates of less variance do not vary.
_EPS = 1e-24


def replicates(
    values: np.ndarray,
    cells: np.ndarray,
    clusters: np.ndarray | None,
    n_cells: int,
    *,
    rounds: int = ROUNDS,
    seed: int = 0,
) -> np.ndarray:
    """Bootstrap replicates of each cell's mean.

    Args:
        values: float (N,), without NaN.
        cells: int (N,) in [0, n_cells).
        clusters: int (N,), at least 0, or None if all images are independent.
        n_cells: Number of cells.
        rounds: Replicates.
        seed: Makes the draws repeatable.

    Returns:
        float (rounds, n_cells). With clusters, a row is one resampling of them in all cells; without, cells are
        resampled independently. NaN where a resampling has nothing of a cell.

    Source: Davison and Hinkley 1997, Sections 2.2 and 3.8.
    """
    if clusters is None:
        return _independent(values, cells, n_cells, rounds, seed)
    if not len(values):
        return np.full((rounds, n_cells), np.nan)
    known, codes = np.unique(clusters, return_inverse=True)
    flat = codes.astype(np.int64) * n_cells + cells
    shape = (len(known), n_cells)
    sums = np.bincount(flat, weights=values.astype(float), minlength=shape[0] * n_cells).reshape(shape)
    counts = np.bincount(flat, minlength=shape[0] * n_cells).reshape(shape).astype(float)
    return replicates_of_sums(sums, counts, rounds, seed=seed)


def replicates_of_sums(sums: np.ndarray, counts: np.ndarray, rounds: int = ROUNDS, *, seed: int = 0) -> np.ndarray:
    """Bootstrap replicates of cells' means, where what each cluster has of each cell is known.

    Args:
        sums: float (G, n_cells), of the values.
        counts: float (G, n_cells), how many values.
        rounds: Replicates.
        seed: Makes the draws repeatable.

    Returns:
        float (rounds, n_cells); NaN where a resampling has nothing of a cell.
    """
    means = [_means(draws, sums, counts) for draws in _draws(len(sums), rounds, seed, most_rows=_CHUNK)]
    return np.concatenate(means) if means else np.empty((0, sums.shape[1]))


def _draws(n_clusters: int, rounds: int, seed: int | list[int], most_rows: int) -> Iterator[np.ndarray]:
    """How often each cluster is drawn in each round: float (rows, n_clusters), ``rounds`` rows in all.

    A block's size bounds the memory and changes no number: the generator gives row after row.
    """
    rng = np.random.default_rng(seed)
    rows = max(1, min(most_rows, _MOST_DRAWS // max(n_clusters, 1)))
    share = np.full(n_clusters, 1 / max(n_clusters, 1))
    for start in range(0, rounds, rows):
        yield rng.multinomial(n_clusters, share, size=min(rows, rounds - start)).astype(float)


def _means(draws: np.ndarray, sums: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Mean of each cell in each resampling: float (rows, n_cells); NaN where nothing of a cell was drawn."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return (draws @ sums) / (draws @ counts)


def _independent(values: np.ndarray, cells: np.ndarray, n_cells: int, rounds: int, seed: int) -> np.ndarray:
    """Resampling images one by one is a multinomial draw over the distinct values of a cell."""
    levels, codes = np.unique(values, return_inverse=True)
    table = np.bincount(cells * max(len(levels), 1) + codes, minlength=n_cells * len(levels)).reshape(n_cells, -1)
    rng = np.random.default_rng(seed)
    means = np.full((rounds, n_cells), np.nan)
    for cell, counts in enumerate(table):
        if n := int(counts.sum()):
            means[:, cell] = rng.multinomial(n, counts / n, size=rounds) @ levels / n
    return means


def student_interval(
    draws: np.ndarray,
    estimate: np.ndarray,
    n_trials: np.ndarray,
    confidence: ArrayLike = intervals.CONFIDENCE,
    *,
    freedom: Freedom | None = None,
    bounds: tuple[float, float] = (-1.0, 1.0),
) -> tuple[np.ndarray, np.ndarray]:
    """Intervals of numbers from the spread of their replicates, with Student's t for few trials.

    Percentiles of replicates of few clusters reach too little far: they vary by (G - 1) / G of the variance, and their
    tails are those of a normal at best. So the ends are the estimate and ``t`` times the root of the mean square by
    which replicates differ from it, widened by what resampling leaves out. To either end is added what a part of one
    object more would do that lies at the bound: few objects rarely hold the one that changes most.

    Where all replicates agree, resampling has nothing to vary. Such an interval is not of no width: it reaches so far
    towards either bound as Wilson's does towards 1 when none of ``n_trials`` trials succeeded.

    Args:
        draws: float (rounds, n), NaN where a resampling has nothing.
        estimate: float (n,).
        n_trials: int (n,): clusters, or images where those are independent.
        confidence: Two-sided, 0..1, of all or of each.
        freedom: What the spread rests on; ``n_trials`` of one size by default.
        bounds: What the numbers can be at the least and at the most; ends are cut there.

    Returns:
        ``(low, high)``, each (n,); NaN where fewer than two trials or no replicate exist.

    Source: Davison and Hinkley 1997, Section 5.2; Hesterberg 2015, Section 3.2 (replicates of few values); Cameron,
        Gelbach and Miller 2008 (few clusters).
    """
    estimate, n_trials = np.asarray(estimate, dtype=float), np.asarray(n_trials)
    freedom = freedom or Freedom.of_trials(n_trials)
    low, high = np.full(len(estimate), np.nan), np.full(len(estimate), np.nan)
    known = (n_trials >= 2) & ~np.isnan(draws).all(axis=0)
    if not known.any():
        return low, high
    confidence = np.broadcast_to(np.asarray(confidence, dtype=float), len(estimate))[known]
    variance = np.nanmean((draws[:, known] - estimate[known]) ** 2, axis=0) * freedom.inflation[known]
    fixed = variance < _EPS
    reach = intervals.wilson(np.zeros(len(fixed)), n_trials[known], confidence)[1]
    critical = student(freedom.degrees[known], confidence)
    for end, sign, bound in ((low, -1, bounds[0]), (high, 1, bounds[1])):
        room = np.abs(estimate[known] - bound)
        unseen = (UNSEEN * room / (freedom.degrees[known] + 1)) ** 2
        own = estimate[known] + sign * np.where(fixed, reach * room, critical * np.sqrt(variance + unseen))
        end[known] = np.clip(own, *bounds)
    return low, high
