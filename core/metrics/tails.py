"""The mean of the worst images, with its interval."""

from __future__ import annotations

import numpy as np

from core.metrics.bootstrap import ROUNDS, percentile_interval

#: Of all images, those that are the worst.
WORST = 0.1
#: Weights held at once, 8 bytes each and several times over.
_MOST = 2**21


def worst_mean(
    values: np.ndarray, clusters: np.ndarray, *, share: float = WORST, rounds: int = ROUNDS, seed: int = 0
) -> tuple[float, float, float]:
    """The mean of the largest values.

    Where the share is no whole number of images, the last one counts in part.

    Args:
        values: float (N,), in 0..1, without NaN.
        clusters: (N,), what is not independent, numbers or names; it is resampled.
        share: Of the values, above 0 and at most 1.
        rounds: Replicates.
        seed: Makes the draws repeatable.

    Returns:
        ``(value, low, high)``, a percentile interval of 95 %, cut at 0 and 1; NaN without values, and no interval with
        fewer than two clusters.

    Source: cluster (block) bootstrap, Davison and Hinkley 1997, Section 3.8.
    """
    values = np.asarray(values, dtype=float)
    if not len(values):
        return np.nan, np.nan, np.nan
    order = np.argsort(-values, kind="stable")
    falling, codes = values[order], np.unique(clusters, return_inverse=True)[1][order]
    n_clusters = int(codes.max()) + 1
    value = float(_tail(np.ones((1, len(falling))), falling, share)[0])
    rng = np.random.default_rng(seed)
    even, block = np.full(n_clusters, 1 / n_clusters), max(1, _MOST // len(falling))
    draws = [
        _tail(rng.multinomial(n_clusters, even, size=min(block, rounds - start))[:, codes], falling, share)
        for start in range(0, rounds, block)
    ]
    ends = percentile_interval(np.concatenate(draws)[:, None], np.array([value]), np.array([n_clusters]))
    low, high = (float(np.clip(end[0], 0, 1)) for end in ends)
    return value, low, high


def _tail(weights: np.ndarray, falling: np.ndarray, share: float) -> np.ndarray:
    """Mean of the first values, until their weights are a share of all: float (rounds,).

    Args:
        weights: float or int (rounds, N).
        falling: float (N,), descending.
        share: Of the weights.
    """
    reached = np.cumsum(weights, axis=1, dtype=float)
    wanted = share * reached[:, -1:]
    taken = np.clip(wanted - (reached - weights), 0, weights)
    return taken @ falling / wanted[:, 0]
