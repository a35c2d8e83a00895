"""Intervals for accuracies: Wilson for independent images, a cluster bootstrap where images share an object."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
from numpy.typing import ArrayLike

CONFIDENCE = 0.95
BOOTSTRAP_ROUNDS = 2000


def wilson(successes: ArrayLike, n: ArrayLike, confidence: float = CONFIDENCE) -> tuple[np.ndarray, np.ndarray]:
    """Wilson score interval of a proportion.

    Args:
        successes: How many of ``n``; any shape, fractional values allowed.
        n: Trials, same shape.
        confidence: Two-sided, 0..1.

    Returns:
        ``(low, high)``, fractions 0..1; NaN where ``n`` is 0.

    Source: Wilson 1927; Brown, Cai and DasGupta 2001 recommend it over the normal interval.
    """
    successes, n = np.asarray(successes, dtype=float), np.asarray(n, dtype=float)
    z = NormalDist().inv_cdf(0.5 + confidence / 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        share = successes / n
        centre = (share + z**2 / (2 * n)) / (1 + z**2 / n)
        half = z / (1 + z**2 / n) * np.sqrt(share * (1 - share) / n + z**2 / (4 * n**2))
    low = np.where(successes == 0, 0.0, np.clip(centre - half, 0, 1))
    high = np.where(successes == n, 1.0, np.clip(centre + half, 0, 1))
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


def cluster_bootstrap(
    values: np.ndarray,
    cells: np.ndarray,
    clusters: np.ndarray,
    n_cells: int,
    *,
    rounds: int = BOOTSTRAP_ROUNDS,
    confidence: float = CONFIDENCE,
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
        rng = np.random.default_rng([seed, int(size)])
        draws = rng.multinomial(size, np.full(size, 1 / size), size=rounds).astype(float)
        means = (draws @ sums[pairs].T) / (draws @ counts[pairs].T)
        low[members], high[members] = np.quantile(means, tails, axis=0)
        total, n = sums[pairs].sum(axis=1), counts[pairs].sum(axis=1)
        uniform = (total == 0) | (total == n)
        edge_low, edge_high = wilson(np.where(total == 0, 0, size), np.full(len(members), size), confidence)
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
