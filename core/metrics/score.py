"""Score intervals of means over clustered values: Wilson's, on as many trials as the values are worth.

Images of one object go together, so n of them are worth fewer: as many as would give the variance that is seen between
objects. Few objects tell little of that variance, so Student's t takes the place of the normal; and few objects of an
accurate model rarely hold one that it fails on, so the end that faces one half is set as if one might be missing.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from core.metrics import intervals
from core.metrics.clusters import Pairs

#: As how much of an object the one that was not drawn counts: one that is wholly wrong for the lower end, wholly right
#: for the upper; over the fourth root of the number of objects, since of many fewer are left unseen. Without it 95 %
#: intervals of accuracies near 0.87 cover 90 % with nine objects of 20 images.
UNSEEN = 0.16
#: As how many objects the variance of independent values counts beside what objects show. A variance that few objects
#: show is itself uncertain; this takes the extremes off it, and so the widest of the intervals and the narrowest. Less
#: makes intervals over 20 objects more than 1.1 times as wide as their replicates' percentiles; with more, those over
#: five objects whose accuracies are spread evenly cover too little.
MODERATED = 2.4
_EPS = 1e-12


def score_interval(
    values: np.ndarray,
    cells: np.ndarray,
    clusters: np.ndarray,
    n_cells: int,
    *,
    lowest: ArrayLike = 0.0,
    confidence: ArrayLike = intervals.CONFIDENCE,
    exact: bool = False,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Interval of each cell's mean, where values of one cluster are not independent.

    With ``v`` the variance of the mean that clusters show (residuals of the ratio of sums, each over one less its
    share of the values), at least what independent values would show, the effective number of values is ``p (1 - p) /
    v``, times ``(t_n / t_K)^2``, the critical values of Student's t for the values and for the effective number of
    clusters. It is never below that number of clusters, which is what values are worth that agree wholly within each
    cluster; nor, where values are 0 or 1, above n. Where each value is a cluster of its own this is Wilson's interval;
    so it is, of clusters, where all values are right, all are wrong, or all are the same.

    Args:
        values: float or bool (N,), from ``lowest`` to 1, without NaN.
        cells: int (N,) in [0, n_cells): the cell of each value.
        clusters: int (N,), at least 0: the cluster of each value.
        n_cells: Number of cells.
        lowest: What a value can be at the least, of all cells or of each.
        confidence: Two-sided, 0..1, of all cells or of each.
        exact: Whether ends are Clopper and Pearson's on the effective number; see there for when.

    Returns:
        ``(low, high, n_clusters)``, each (n_cells,). Fewer than two clusters: NaN, NaN.

    Source: Korn and Graubard 1998 (effective size with the ratio of t); Franco, Little, Louis and Slud 2019 (score
        intervals on it); Bell and McCaffrey 2002 (residuals over one less their share).
    """
    lowest = np.broadcast_to(np.asarray(lowest, dtype=float), n_cells)
    scaled = np.asarray(values, dtype=float)
    if lowest.any():
        scaled = (scaled - lowest[cells]) / (1 - lowest[cells])
    pairs = Pairs.of(scaled, cells, clusters, n_cells)
    squares = np.bincount(cells, weights=scaled**2, minlength=n_cells)
    of = intervals.clopper_pearson if exact else intervals.wilson
    low, high = _ends(pairs, squares, np.asarray(confidence, dtype=float), of)
    n_clusters = pairs.by_cell()
    few = n_clusters < 2
    low, high = (np.where(few, np.nan, lowest + (1 - lowest) * end) for end in (low, high))
    return low, high, n_clusters


def _ends(
    pairs: Pairs, squares: np.ndarray, confidence: np.ndarray, of: Callable[..., tuple[np.ndarray, np.ndarray]]
) -> tuple[np.ndarray, np.ndarray]:
    n, worth = pairs.by_cell(pairs.n), pairs.effective()
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = pairs.by_cell(pairs.total) / n
        mean = np.where(mean < _EPS, 0.0, np.where(mean > 1 - _EPS, 1.0, mean))
        residual = pairs.total - mean[pairs.cell] * pairs.n
        share = np.minimum(pairs.n / n[pairs.cell], 1 - _EPS)
        between = pairs.by_cell(residual**2 / (1 - share)) / n**2
        within = np.clip(squares / n - mean**2, 0.0, None) / n
        # At n values that are clusters of their own both are the same.
        variance = np.maximum(between * (n - 1) / n, within)
        variance = ((worth - 1) * variance + MODERATED * within) / (worth - 1 + MODERATED)
        # What does not vary at all says nothing of how it would: it counts as its clusters do.
        variance = np.where(variance < _EPS**2, np.inf, variance)
        degrees = np.minimum(worth - 1 + MODERATED, n - 1)
        few = (student(n - 1, confidence) / student(degrees, confidence)) ** 2
        unseen = UNSEEN / worth**2.25
        lower, upper = (_trials(mean, variance + unseen * gap**2, few, worth) for gap in (mean, 1 - mean))
    return tuple(of(mean * trials, trials, confidence)[side] for side, trials in enumerate((lower, upper)))


def _trials(mean: np.ndarray, variance: np.ndarray, few: np.ndarray, worth: np.ndarray) -> np.ndarray:
    """As how many trials a mean counts, of which ``worth`` clusters are the fewest."""
    trials = np.where(mean * (1 - mean) > 0, mean * (1 - mean) / variance * few, worth)
    return np.where(np.isnan(worth), 0.0, np.maximum(np.where(np.isfinite(trials), trials, worth), worth))


def student(degrees: ArrayLike, confidence: ArrayLike = intervals.CONFIDENCE) -> np.ndarray:
    """Two-sided critical value of Student's t; of fewer than one degree as of one."""
    return -special.stdtrit(np.maximum(degrees, 1.0), (1 - np.asarray(confidence, dtype=float)) / 2)
