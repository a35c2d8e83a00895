"""Several settings against one on the same images: mean changes with intervals that hold all at once.

Whoever shows many settings beside a model's own looks at all of their differences, and names the one that stands out.
So each interval is so much wider that in 95 of 100 studies none misses. Images (or the objects that they share) are
drawn once for all settings: those that rise and fall together count as fewer.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from core.metrics import intervals
from core.metrics.bands import largest_deviation
from core.metrics.bootstrap import ROUNDS, replicates_of_sums, student_interval
from core.metrics.clusters import Freedom
from core.metrics.simultaneous import may_be_lowest

#: Kinds of images (with the same changes at all settings) that are drawn in one go, which is the same as drawing images
#: and much faster.
_MOST_KINDS = 4096
_EPS = 1e-12


@dataclass(frozen=True)
class Changes:
    """Mean changes of k settings.

    Attributes:
        value: float (k,), in [-1, 1]; NaN without images.
        low: float (k,), lower ends of 95 % intervals that hold at once.
        high: float (k,), upper ends.
        n: int (k,), images.
        n_clusters: int (k,), objects, or images where those are independent.
        lowest: bool (k,), which may have the truly lowest of all.
        highest: bool (k,), which may have the highest.
    """

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray
    n: np.ndarray
    n_clusters: np.ndarray
    lowest: np.ndarray
    highest: np.ndarray


def paired_changes(
    changes: np.ndarray,
    clusters: np.ndarray | None = None,
    *,
    confidence: float = intervals.CONFIDENCE,
    rounds: int = ROUNDS,
    seed: int = 0,
) -> Changes:
    """Mean changes of several settings, each from the same one, with simultaneous intervals.

    Of one setting alone the interval is that of a paired difference (``core.metrics.bootstrap.student_interval``); of
    several each is at the higher confidence that the largest deviation of all needs, and never at more than Bonferroni
    asks for. Few images that change make a skewed mean, which Student's t does not know: so where images are
    independent, neither end is nearer than where Wilson's intervals of the shares gained and lost, combined, put it.

    Args:
        changes: float (N, k): an image's change at each setting, in [-1, 1]; NaN where it is not known.
        clusters: int (N,), at least 0, or None if images are independent.
        confidence: Of all intervals together, 0..1.
        rounds: Replicates.
        seed: Makes the draws repeatable.

    Source: Westfall and Young 1993, Section 2.2; which may be the lowest, Hsu 1996, Chapter 4; shares combined,
        Newcombe 1998 (paired proportions) and Zou, Huang and Zhang 2009.
    """
    there = ~np.isnan(changes)
    n, k = there.sum(axis=0), changes.shape[1]
    values = np.where(there, changes, 0.0)
    with np.errstate(invalid="ignore"):
        value = values.sum(axis=0) / n
    rows, cells = np.nonzero(there)
    freedom = Freedom.of_cells(cells, None if clusters is None else clusters[rows], k)
    low, high = np.full(k, np.nan), np.full(k, np.nan)
    lowest, highest = np.zeros(k, dtype=bool), np.zeros(k, dtype=bool)
    known = np.flatnonzero(n)
    if len(known):
        draws = _draws(values[:, known], there[:, known], clusters, rounds, seed)
        part = Freedom(*(each[known] for each in (freedom.n_clusters, freedom.degrees, freedom.inflation)))
        limit = largest_deviation(draws, confidence)
        each = np.clip(1 - 2 * special.ndtr(-limit), confidence, 1 - (1 - confidence) / len(known))
        ends = student_interval(draws, value[known], part.n_clusters, each, freedom=part)
        if clusters is None:
            least, most = _combined(values[:, known], n[known], each)
            ends = np.minimum(ends[0], least), np.maximum(ends[1], most)
        low[known], high[known] = ends
        trials, nothing = part.n_clusters, np.zeros(len(known))
        lowest[known] = may_be_lowest(value[known], draws, trials, nothing, confidence)
        highest[known] = may_be_lowest(-value[known], -draws, trials, nothing, confidence)
    return Changes(value, low, high, n, freedom.n_clusters, lowest, highest)


def _combined(values: np.ndarray, n: np.ndarray, confidence: float) -> tuple[np.ndarray, np.ndarray]:
    """Intervals of each setting's share of images gained less its share of images lost: ``(low, high)``, (k,) each."""
    sums = np.stack([np.clip(sign * values, 0, None).sum(axis=0) for sign in (1, -1)], axis=1)
    shares, (lows, highs) = sums / n[:, None], intervals.wilson(sums, n[:, None], confidence)
    ends = np.empty((2, len(n)))
    for at, (gained, lost) in enumerate(shares):
        # An image that is gained is not lost.
        related = -float(np.sqrt(gained * lost / max((1 - gained) * (1 - lost), _EPS)))
        matrix = np.array([[1.0, related], [related, 1.0]])
        ends[:, at] = intervals.combine(np.array([1.0, -1.0]), shares[at], lows[at], highs[at], matrix)[1:]
    return np.clip(ends[0], -1.0, 1.0), np.clip(ends[1], -1.0, 1.0)


def _draws(values: np.ndarray, there: np.ndarray, clusters: np.ndarray | None, rounds: int, seed: int) -> np.ndarray:
    """Replicates of each setting's mean change, images or clusters drawn once for all: float (rounds, k)."""
    k = values.shape[1]
    if clusters is not None:
        codes = np.unique(clusters, return_inverse=True)[1]
        sums, counts = (_by_cluster(part, codes) for part in (values, there))
        return replicates_of_sums(sums, counts, rounds, seed=seed)
    kinds, times = np.unique(np.concatenate([values, there], axis=1), axis=0, return_counts=True)
    if len(kinds) > _MOST_KINDS:
        return replicates_of_sums(values, there.astype(float), rounds, seed=seed)
    drawn = np.random.default_rng(seed).multinomial(len(values), times / len(values), size=rounds)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (drawn @ kinds[:, :k]) / (drawn @ kinds[:, k:])


def _by_cluster(part: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Sums of columns over clusters: float (G, k)."""
    return np.stack([np.bincount(codes, weights=column.astype(float)) for column in part.T], axis=1)
