"""Bootstrap replicates that several numbers share, so that differences between them get honest intervals.

``stats.cluster_bootstrap`` resamples each cell by itself. Here one resampling of the clusters serves all cells at once:
what two cells, or two models, owe to the same objects cancels in their difference.
"""

from __future__ import annotations

import numpy as np

from core.metrics import intervals

#: Rows of draws that are multiplied at once; bounds the memory.
_CHUNK = 500


def replicates(
    values: np.ndarray,
    cells: np.ndarray,
    clusters: np.ndarray | None,
    n_cells: int,
    *,
    rounds: int = intervals.BOOTSTRAP_ROUNDS,
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
    known, codes = np.unique(clusters, return_inverse=True)
    flat = codes.astype(np.int64) * n_cells + cells
    shape = (len(known), n_cells)
    sums = np.bincount(flat, weights=values.astype(float), minlength=shape[0] * n_cells).reshape(shape)
    counts = np.bincount(flat, minlength=shape[0] * n_cells).reshape(shape).astype(float)
    rng = np.random.default_rng(seed)
    means = np.empty((rounds, n_cells))
    for start in range(0, rounds, _CHUNK):
        stop = min(start + _CHUNK, rounds)
        draws = rng.multinomial(shape[0], np.full(shape[0], 1 / max(shape[0], 1)), size=stop - start).astype(float)
        with np.errstate(invalid="ignore", divide="ignore"):
            means[start:stop] = (draws @ sums) / (draws @ counts)
    return means


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


def percentile_interval(
    samples: np.ndarray, estimate: np.ndarray, n_trials: np.ndarray, confidence: float = intervals.CONFIDENCE
) -> tuple[np.ndarray, np.ndarray]:
    """Percentile intervals of differences from their replicates.

    Where all replicates agree, resampling has nothing to vary. Such an interval is not of no width: it reaches as far
    as Wilson's does when none of ``n_trials`` trials succeeded.

    Args:
        samples: float (rounds, n).
        estimate: float (n,), in [-1, 1].
        n_trials: int (n,): clusters, or images where those are independent.
        confidence: Two-sided, 0..1.

    Returns:
        ``(low, high)``, each (n,); NaN where fewer than two trials or no replicate exist.
    """
    low, high = np.full(len(estimate), np.nan), np.full(len(estimate), np.nan)
    known = (np.asarray(n_trials) >= 2) & ~np.isnan(samples).all(axis=0)
    if not known.any():
        return low, high
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    low[known], high[known] = np.nanquantile(samples[:, known], tails, axis=0)
    reach = intervals.wilson(np.zeros(len(estimate)), n_trials, confidence)[1]
    fixed = known & (high - low < 1e-12)
    low = np.where(fixed, np.clip(estimate - reach, -1, 1), low)
    high = np.where(fixed, np.clip(estimate + reach, -1, 1), high)
    return low, high
