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


def weighted_interval(
    values: np.ndarray,
    sides: np.ndarray,
    strata: np.ndarray,
    clusters: np.ndarray,
    weights: np.ndarray,
    confidence: float = intervals.CONFIDENCE,
) -> tuple[np.ndarray, np.ndarray]:
    """Score interval of each side's weighted mean of strata, such as an accuracy with another mix of classes.

    As ``score_interval``, with every value's residual from the mean of its own stratum. Strata that have one cluster
    show no variance between clusters; they are taken to vary as the others do.

    Args:
        values: float or bool (N,), from 0 to 1.
        sides: int (N,), 0 or 1.
        strata: int (N,) in [0, S); each has values on both sides.
        clusters: int (N,), at least 0.
        weights: float (S,), of the strata; they sum to 1.
        confidence: Two-sided, 0..1.

    Returns:
        ``(low, high)``, each (2,).
    """
    cells = 2 * strata.astype(np.int64) + sides
    pairs = Pairs.of(values, cells, clusters, 2 * len(weights))
    n_cell, of_cell = pairs.by_cell(pairs.n), np.repeat(weights, 2)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean_cell = pairs.by_cell(pairs.total) / n_cell
        share = pairs.n / n_cell[pairs.cell]
        residual = of_cell[pairs.cell] * (pairs.total / n_cell[pairs.cell] - mean_cell[pairs.cell] * share)
        lone = share > 1 - _EPS
        residual = np.where(lone, 0.0, residual / np.sqrt(np.where(lone, 1.0, 1 - share)))
    weight = of_cell[pairs.cell] * share
    each = pairs.cluster * 2 + pairs.cell % 2
    by_side = np.arange(int(each.max(initial=-1)) // 2 * 2 + 2) % 2
    summed = [np.bincount(each, weights=part, minlength=len(by_side)) for part in (residual, weight)]
    between, worth = (np.bincount(by_side, weights=part**2, minlength=2) for part in summed)
    seen = np.bincount(pairs.cell % 2, weights=np.where(lone, 0.0, weight**2), minlength=2)
    every = np.bincount(pairs.cell % 2, weights=weight**2, minlength=2)
    scale = of_cell[cells] / n_cell[cells]
    within = np.bincount(sides, weights=scale**2 * (values - mean_cell[cells]) ** 2, minlength=2)
    mean = _whole(np.array([weights @ mean_cell[side::2] for side in (0, 1)]))
    with np.errstate(invalid="ignore", divide="ignore"):
        between = np.where(seen > 0, between * every / seen, 0.0)
        worth = 1 / worth
        n = 1 / np.bincount(sides, weights=scale**2, minlength=2)
    degrees = np.maximum(worth - len(weights), 1.0)
    return _around(mean, between, within, n, worth, degrees, np.asarray(confidence), intervals.wilson)


def _ends(
    pairs: Pairs, squares: np.ndarray, confidence: np.ndarray, of: Callable[..., tuple[np.ndarray, np.ndarray]]
) -> tuple[np.ndarray, np.ndarray]:
    n, worth = pairs.by_cell(pairs.n), pairs.effective()
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = _whole(pairs.by_cell(pairs.total) / n)
        residual = pairs.total - mean[pairs.cell] * pairs.n
        share = np.minimum(pairs.n / n[pairs.cell], 1 - _EPS)
        between = pairs.by_cell(residual**2 / (1 - share)) / n**2
        within = np.clip(squares / n - mean**2, 0.0, None) / n
    return _around(mean, between, within, n, worth, worth - 1, confidence, of)


def _whole(mean: np.ndarray) -> np.ndarray:
    """Means that are 0 or 1 but for rounding are."""
    return np.where(mean < _EPS, 0.0, np.where(mean > 1 - _EPS, 1.0, mean))


def _around(
    mean: np.ndarray,
    between: np.ndarray,
    within: np.ndarray,
    n: np.ndarray,
    worth: np.ndarray,
    degrees: np.ndarray,
    confidence: np.ndarray,
    of: Callable[..., tuple[np.ndarray, np.ndarray]],
) -> tuple[np.ndarray, np.ndarray]:
    """Ends from what is known of each mean's variance.

    Args:
        mean: float (k,).
        between: Variance of the mean as clusters show it.
        within: As independent values would.
        n: Values.
        worth: Effective number of clusters.
        degrees: Degrees of freedom of ``between``.
        confidence: See ``score_interval``.
        of: Interval of a proportion.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        # At n values that are clusters of their own both are the same.
        variance = np.maximum(between * (n - 1) / n, within)
        variance = (degrees * variance + MODERATED * within) / (degrees + MODERATED)
        # What does not vary at all says nothing of how it would: it counts as its clusters do.
        variance = np.where(variance < _EPS**2, np.inf, variance)
        few = (student(n - 1, confidence) / student(np.minimum(degrees + MODERATED, n - 1), confidence)) ** 2
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
