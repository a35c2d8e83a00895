"""The difference of accuracy between two groups of one model's images: one computation for every page and table."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.metrics import intervals
from core.metrics.bootstrap import replicates, student_interval
from core.metrics.clusters import Freedom
from core.metrics.score import weighted_interval

#: Replicates that differ by less do not differ.
_EPS = 1e-12


@dataclass(frozen=True)
class Difference:
    """How much more often one group of images is right than another.

    Attributes:
        value: Accuracy of the second group less that of the first, in [-1, 1]; NaN if a group is empty.
        low: Lower end of its interval, of 95 % by default.
        high: Upper end.
        n_first: Images of the first group; an image that counts several times is counted so.
        n_second: Of the second.
        n_clusters: Objects they share, or images where those are independent.
    """

    value: float
    low: float
    high: float
    n_first: int
    n_second: int
    n_clusters: int

    @property
    def n(self) -> int:
        """Images of both groups."""
        return self.n_first + self.n_second


def difference(
    values: np.ndarray,
    second: np.ndarray,
    *,
    clusters: np.ndarray | None = None,
    images: np.ndarray | None = None,
    strata: np.ndarray | None = None,
    weights: np.ndarray | None = None,
    confidence: float = intervals.CONFIDENCE,
) -> Difference:
    """The difference between two groups, with its interval.

    Where images share objects, objects are resampled once for both groups, so that what the groups owe to the same
    objects cancels; Student's t, for as many objects as the groups are worth, makes up for few of them. A group that is
    nearly always right has a skewed accuracy, which t does not know: so neither end is nearer than where the groups'
    own score intervals, combined, put it. Where images are independent, the groups' Wilson intervals are combined
    (Newcombe's hybrid score interval); an image that counts several times counts as one when it comes to certainty.

    Args:
        values: float (N,), 1.0 or 0.0.
        second: bool (N,), whether a value is of the second group.
        clusters: (N,), the object of each value, numbers or names; None if images are independent.
        images: int (N,), at least 0: the image of each value, where one counts several times.
        strata: int (N,) in [0, K): groups are compared within each, such as within a class.
        weights: float (K,), of the strata; they sum to 1.
        confidence: Of the interval, two-sided, 0..1.

    Returns:
        The weighted sum of the strata's differences.

    Source: Davison and Hinkley 1997, Section 3.8; Newcombe 1998, method 10; Zou, Huang and Zhang 2009.
    """
    weights = np.ones(1) if weights is None else np.asarray(weights, dtype=float)
    second = np.asarray(second, dtype=bool)
    n_cells = 2 * len(weights)
    cells = second.astype(np.int64) + (0 if strata is None else 2 * strata.astype(np.int64))
    counts = np.bincount(cells, minlength=n_cells)
    independent = np.arange(len(values)) if images is None else images
    n_clusters = len(np.unique(independent if clusters is None else clusters))
    sizes = int((~second).sum()), int(second.sum())
    if not n_cells or not counts.all():
        return Difference(np.nan, np.nan, np.nan, *sizes, n_clusters)
    means = np.bincount(cells, weights=values, minlength=n_cells) / counts
    value = float(weights @ (means[1::2] - means[::2]))
    if clusters is None:
        low, high = _combined(means, cells, independent, weights, confidence)
    else:
        objects = np.unique(clusters, return_inverse=True)[1]
        low, high = _resampled(values, cells, objects, weights, value, confidence)
    return Difference(value, low, high, *sizes, n_clusters)


def _resampled(
    values: np.ndarray,
    cells: np.ndarray,
    clusters: np.ndarray,
    weights: np.ndarray,
    value: float,
    confidence: float,
) -> tuple[float, float]:
    """Interval from resampling objects once for all cells; NaN where a cell has fewer than two.

    Where nothing varies at all, the groups owe the same to the same objects, and the fewest of a cell say how far the
    interval reaches.
    """
    n_cells = 2 * len(weights)
    signed = np.stack([-weights, weights], axis=1).reshape(-1)
    draws = replicates(values, cells, clusters, n_cells)
    change = weighted(draws, weights)
    freedom = Freedom.of_sum(cells, clusters, signed)
    ends = student_interval(change[:, None], np.array([value]), freedom.n_clusters, confidence, freedom=freedom)
    low, high = (float(end[0]) for end in ends)
    if np.nanmax(change) - np.nanmin(change) < _EPS:
        return low, high
    strata, sides = cells // 2, cells % 2
    own_low, own_high = weighted_interval(values, sides, strata, clusters, weights, confidence)
    totals = np.stack([draws[:, ::2] @ weights, draws[:, 1::2] @ weights], axis=1)
    counts = np.bincount(cells, minlength=n_cells)
    means = (np.bincount(cells, weights=values, minlength=n_cells) / counts).reshape(-1, 2).T @ weights
    _, least, most = intervals.combine(np.array([-1.0, 1.0]), means, own_low, own_high, _correlation(totals))
    return float(max(min(low, least), -1.0)), float(min(max(high, most), 1.0))


def _correlation(draws: np.ndarray) -> np.ndarray:
    """Of cells' replicates: float (n_cells, n_cells); 0 with a cell that does not vary."""
    away = np.nan_to_num(draws - np.nanmean(draws, axis=0))
    spread = np.sqrt((away**2).sum(axis=0))
    scaled = away * np.divide(1.0, spread, out=np.zeros_like(spread), where=spread > _EPS)
    found = scaled.T @ scaled
    np.fill_diagonal(found, 1.0)
    return found


def weighted(draws: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Weighted difference of each replicate; strata of which a resampling has nothing leave their weight to the others.

    Args:
        draws: float (rounds, 2 K), NaN where a resampling has nothing of a cell.
        weights: float (K,).
    """
    change = draws[:, 1::2] - draws[:, ::2]
    there = ~np.isnan(change)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(there, change, 0.0) @ weights / (there @ weights)


def _combined(
    means: np.ndarray, cells: np.ndarray, images: np.ndarray, weights: np.ndarray, confidence: float
) -> tuple[float, float]:
    """Interval of independent images; values of one image are right or wrong together (Kish's effective n)."""
    n_cells = len(means)
    flat, times = np.unique(images.astype(np.int64) * n_cells + cells, return_counts=True)
    image, cell = np.unique(flat // n_cells, return_inverse=True)[1], flat % n_cells
    squares = np.bincount(cell, weights=times.astype(float) ** 2, minlength=n_cells)
    effective = np.bincount(cell, weights=times, minlength=n_cells) ** 2 / squares
    low, high = intervals.wilson(means * effective, effective, confidence)
    signed = np.stack([-weights, weights], axis=1).reshape(-1)
    related = _shared(image, cell, times, n_cells) / np.sqrt(np.outer(squares, squares))
    return intervals.combine(signed, means, low, high, related)[1:]


def _shared(image: np.ndarray, cell: np.ndarray, times: np.ndarray, n_cells: int) -> np.ndarray:
    """Sum over images of how often each stands in one cell times how often in another: float (n_cells, n_cells)."""
    shared = np.zeros((n_cells, n_cells))
    order = np.argsort(image, kind="stable")
    image, cell, times = image[order], cell[order], times[order].astype(float)
    np.add.at(shared, (cell, cell), times**2)
    # Cells of one image are neighbours now: pair each with the next, the one after that, and so on.
    for step in range(1, int(np.bincount(image).max(initial=1))):
        same = image[step:] == image[:-step]
        here, there = cell[:-step][same], cell[step:][same]
        product = times[:-step][same] * times[step:][same]
        np.add.at(shared, (here, there), product)
        np.add.at(shared, (there, here), product)
    return shared
