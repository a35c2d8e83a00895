"""The mean of the worst images, with its interval."""

from __future__ import annotations

import numpy as np

from core.metrics.bootstrap import ROUNDS, student_interval

#: Of all images, those that are the worst.
WORST = 0.1
#: Weights held at once, 8 bytes each and several times over.
_MOST = 2**21
#: Values that are looked at first, as multiples of those that count.
_ENOUGH = 2


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
        ``(value, low, high)``, an interval of 95 %, cut at 0 and 1; NaN without values, and no interval with
        fewer than two clusters.

    Source: cluster (block) bootstrap, Davison and Hinkley 1997, Section 3.8.
    """
    values = np.asarray(values, dtype=float)
    if not len(values):
        return np.nan, np.nan, np.nan
    order = np.argsort(-values, kind="stable")
    falling, codes = values[order], np.unique(clusters, return_inverse=True)[1][order]
    sizes = np.bincount(codes)
    value = float(_tail(np.ones((1, len(sizes))), sizes, codes, falling, share)[0])
    rng = np.random.default_rng(seed)
    block = max(1, _MOST // len(falling))
    draws = [
        _tail(_drawn(rng, len(sizes), min(block, rounds - start)), sizes, codes, falling, share)
        for start in range(0, rounds, block)
    ]
    drawn, trials = np.concatenate(draws)[:, None], np.array([len(sizes)])
    low, high = student_interval(drawn, np.array([value]), trials, bounds=(0.0, 1.0))
    return value, float(low[0]), float(high[0])


def _drawn(rng: np.random.Generator, n: int, rounds: int) -> np.ndarray:
    """How often each of n is drawn: float (rounds, n). Of many, several times as fast as a multinomial draw."""
    return np.stack([np.bincount(rng.integers(0, n, n), minlength=n) for _ in range(rounds)]).astype(float)


def _tail(times: np.ndarray, sizes: np.ndarray, codes: np.ndarray, falling: np.ndarray, share: float) -> np.ndarray:
    """Mean of the first values, until they are a share of all: float (rounds,).

    Args:
        times: float (rounds, K), how often each cluster counts.
        sizes: int (K,), its values.
        codes: int (N,), the cluster of each value.
        falling: float (N,), descending.
        share: Of the values.
    """
    wanted = share * (times @ sizes)
    # So many are nearly always enough, and all of them always are.
    for most in (int(_ENOUGH * share * len(falling)) + 1, len(falling)):
        weights = times[:, codes[:most]]
        reached = np.cumsum(weights, axis=1)
        if (reached[:, -1] >= wanted).all():
            break
    taken = np.clip(wanted[:, None] - (reached - weights), 0, weights)
    return taken @ falling[:most] / wanted
