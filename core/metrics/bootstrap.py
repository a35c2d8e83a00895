"""Resampling whole clusters: intervals of cells that share objects, and of differences between such cells.

``cluster_bootstrap`` resamples each cell by itself. In ``replicates`` one resampling serves all cells at once:
what two cells, or two models, owe to the same objects cancels in their difference.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from core.metrics import intervals

ROUNDS = 2000
#: Rows of draws that are multiplied at once in ``replicates``, where clusters are few.
_CHUNK = 500
#: Draws held at once, 8 bytes each and twice over; bounds the memory where clusters are many.
_MOST_DRAWS = 2**22


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
    known, codes = np.unique(clusters, return_inverse=True)
    flat = codes.astype(np.int64) * n_cells + cells
    shape = (len(known), n_cells)
    sums = np.bincount(flat, weights=values.astype(float), minlength=shape[0] * n_cells).reshape(shape)
    counts = np.bincount(flat, minlength=shape[0] * n_cells).reshape(shape).astype(float)
    means = [_means(draws, sums, counts) for draws in _draws(shape[0], rounds, seed, most_rows=_CHUNK)]
    return np.concatenate(means) if means else np.empty((0, n_cells))


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


def cluster_bootstrap(
    values: np.ndarray,
    cells: np.ndarray,
    clusters: np.ndarray,
    n_cells: int,
    *,
    rounds: int = ROUNDS,
    confidence: float = intervals.CONFIDENCE,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Percentile intervals of each cell's mean, from resampling whole clusters.

    Within a cell, the clusters it has are drawn with replacement and all values of a drawn cluster enter. Cells with
    the same number of clusters share the draws, so that all 441 cells of a location map cost one matrix product.
    When all clusters of a cell are wholly right, or all wholly wrong, resampling cannot vary; then the Wilson interval
    with clusters as trials is given instead of one of no width.

    Args:
        values: float or bool (N,), without NaN.
        cells: int (N,) in [0, n_cells): the cell of each value.
        clusters: int (N,), at least 0: the cluster of each value.
        n_cells: Number of cells.
        rounds: Bootstrap replicates.
        confidence: Two-sided, 0..1.
        seed: Makes the draws repeatable.

    Returns:
        ``(low, high, n_clusters)``, each (n_cells,). Fewer than two clusters: NaN, NaN.

    Source: cluster (block) bootstrap, Davison and Hinkley 1997, Section 3.8.
    """
    sums, counts, pair_cells = _sums_by_cell_and_cluster(values, cells, clusters)
    n_clusters = np.bincount(pair_cells, minlength=n_cells)
    starts = np.concatenate([[0], np.cumsum(n_clusters)[:-1]])
    low, high = np.full(n_cells, np.nan), np.full(n_cells, np.nan)
    tails = [(1 - confidence) / 2, (1 + confidence) / 2]
    for size in np.unique(n_clusters[n_clusters >= 2]):
        members = np.flatnonzero(n_clusters == size)
        pairs = starts[members][:, None] + np.arange(size)
        blocks = _draws(int(size), rounds, [seed, int(size)], most_rows=rounds)
        means = np.concatenate([_means(draws, sums[pairs].T, counts[pairs].T) for draws in blocks])
        low[members], high[members] = np.quantile(means, tails, axis=0)
        total, n = sums[pairs].sum(axis=1), counts[pairs].sum(axis=1)
        uniform = (total == 0) | (total == n)
        edge_low, edge_high = intervals.wilson(np.where(total == 0, 0, size), np.full(len(members), size), confidence)
        low[members] = np.where(uniform, edge_low, low[members])
        high[members] = np.where(uniform, edge_high, high[members])
    return low, high, n_clusters


def _sums_by_cell_and_cluster(
    values: np.ndarray, cells: np.ndarray, clusters: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Sum and count of each occurring (cell, cluster) pair, ordered by cell then cluster, and each pair's cell."""
    width = int(clusters.max(initial=-1)) + 1
    code = cells.astype(np.int64) * max(width, 1) + clusters
    pairs, inverse = np.unique(code, return_inverse=True)
    sums = np.bincount(inverse, weights=values.astype(float), minlength=len(pairs))
    counts = np.bincount(inverse, minlength=len(pairs)).astype(float)
    return sums, counts, pairs // max(width, 1)
