"""Answers to many zooms of each image, checked once; and the intervals that all zoom tables share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from core.errors import DataError
from core.metrics import intervals
from core.metrics.bootstrap import replicates, student_interval
from core.metrics.clusters import Freedom
from core.metrics.score import score_interval

#: The evaluation that everybody uses: shorter side 256, crop at the middle.
ONE_CROP_SIZE = 256
MIDDLE = 1
_FACTORS = ("size", "row", "col")


@dataclass(frozen=True)
class Grid:
    """Which images are right in which view.

    An image that failed in a view is left out wholly: one of fewer tries is not comparable with the others.

    Attributes:
        right: bool (n, V).
        images: int (n,), rows of the given matrix that are kept, ascending.
        n_failed: Images left out.
        size: int (V,), pixels of the shorter side.
        row: int (V,), of the anchor, 0 is the top.
        col: int (V,), 0 is the left.
        clusters: int (n,), from 0, what is not independent between images; None if all are.
    """

    right: np.ndarray
    images: np.ndarray
    n_failed: int
    size: np.ndarray
    row: np.ndarray
    col: np.ndarray
    clusters: np.ndarray | None

    @classmethod
    def of(cls, correct: np.ndarray, views: pd.DataFrame, clusters: Sequence | None = None) -> Grid:
        """The checked answers.

        Args:
            correct: float or bool (N, V): 1.0, 0.0, or NaN for what could not be evaluated.
            views: V rows in the order of the columns: ``size`` (pixels), ``row``, ``col`` (0..2 from the top left).
            clusters: (N,), numbers or names. Clusters of one image each are none.

        Raises:
            DataError: If shapes do not agree, a view stands twice, or a value is none of the three.
        """
        correct = np.asarray(correct, dtype=float)
        _check(correct, views, clusters)
        unknown = np.isnan(correct)
        images = np.flatnonzero(~unknown.any(axis=1))
        factors = (views[name].to_numpy(dtype=np.int64) for name in _FACTORS)
        return cls(correct[images] == 1, images, len(correct) - len(images), *factors, cluster_codes(clusters, images))

    def __len__(self) -> int:
        return len(self.right)

    @property
    def n_images(self) -> int:
        """Images that were given, failed ones too."""
        return len(self.right) + self.n_failed

    @property
    def n_views(self) -> int:
        """Views of each image."""
        return self.right.shape[1]

    @property
    def one_crop(self) -> int | None:
        """The column of the standard evaluation; None if the family lacks it."""
        found = np.flatnonzero(
            (self.size == ONE_CROP_SIZE) & (self.row == MIDDLE) & (self.col == MIDDLE),
        )
        return int(found[0]) if len(found) else None

    def where(self, view: int) -> dict[str, int]:
        """Size and anchor of a view."""
        return {"size": int(self.size[view]), "row": int(self.row[view]), "col": int(self.col[view])}


def _check(correct: np.ndarray, views: pd.DataFrame, clusters: Sequence | None) -> None:
    if correct.ndim != 2:
        raise DataError(f"zoom tables need answers of shape (images, views), not {correct.shape}")
    missing = [name for name in _FACTORS if name not in views]
    if missing:
        raise DataError(f"the views say no '{missing[0]}'; there are {', '.join(map(str, views.columns))}")
    if len(views) != correct.shape[1] or not len(views):
        raise DataError(f"answers to {correct.shape[1]} views, but factors of {len(views)}: give one row a view")
    if views[list(_FACTORS)].isna().to_numpy().any():
        raise DataError("a view has no size or anchor: leave out views that are not zooms")
    twice = views.duplicated(list(_FACTORS)).to_numpy()
    if twice.any():
        size, row, col = views[list(_FACTORS)].iloc[int(np.argmax(twice))]
        raise DataError(f"the view of size {size} at row {row}, column {col} stands twice")
    if clusters is not None and len(clusters) != len(correct):
        raise DataError(f"{len(clusters)} clusters for {len(correct)} images: give one an image")
    strange = ~(np.isnan(correct) | (correct == 0) | (correct == 1))
    if strange.any():
        raise DataError(f"an answer is right (1), wrong (0) or NaN, not {correct[strange][0]:g}")


def cluster_codes(clusters: Sequence | None, images: np.ndarray) -> np.ndarray | None:
    """Numbers from 0 for the clusters of some images: int (n,); None where each image is its own."""
    if clusters is None:
        return None
    codes, names = pd.factorize(np.asarray(clusters)[images], sort=True, use_na_sentinel=False)
    return codes if len(names) < len(codes) else None


def n_independent(clusters: np.ndarray | None, n: int) -> int:
    """Clusters, or images where those are independent."""
    return n if clusters is None else len(np.unique(clusters))


def shares(
    values: np.ndarray,
    clusters: np.ndarray | None,
    *,
    confidence: ArrayLike = intervals.CONFIDENCE,
) -> pd.DataFrame:
    """The share of images that are right, for each of several answers to the same images.

    Args:
        values: bool or float (n, k), without NaN.
        clusters: int (n,) from 0, or None.
        confidence: Two-sided, 0..1, of all answers or of each.

    Returns:
        k rows: ``value, low, high, n, n_clusters``; Wilson's interval, or the score interval over clusters. NaN
        without images.
    """
    n, k = values.shape
    total = values.sum(axis=0, dtype=float)
    if clusters is None:
        low, high = intervals.wilson(total, np.full(k, n), confidence)
        n_clusters = np.full(k, n)
    else:
        cells, owners = np.tile(np.arange(k), n), np.repeat(clusters, k)
        low, high, n_clusters = score_interval(values.reshape(-1), cells, owners, k, confidence=confidence)
    value = total / n if n else np.full(k, np.nan)
    return pd.DataFrame({"value": value, "low": low, "high": high, "n": n, "n_clusters": n_clusters})


def changes(
    change: np.ndarray,
    clusters: np.ndarray | None,
    *,
    confidence: ArrayLike = intervals.CONFIDENCE,
    seed: int = 0,
) -> pd.DataFrame:
    """Mean differences between two answers to the same images, with paired bootstrap intervals.

    Args:
        change: float (n, k), in [-1, 1]: of each image, one answer's value less the other's.
        clusters: int (n,) from 0, or None.
        confidence: Two-sided, 0..1, of all changes or of each.
        seed: Of the bootstrap.

    Returns:
        k rows: ``value, low, high``; NaN without images, the interval also for a single one.
    """
    n, k = change.shape
    if not n or not k:
        return pd.DataFrame({name: np.full(k, np.nan) for name in ("value", "low", "high")})
    value = change.mean(axis=0)
    cells = np.tile(np.arange(k), n)
    owners = None if clusters is None else np.repeat(clusters, k)
    draws = replicates(change.reshape(-1), cells, owners, k, seed=seed)
    freedom = Freedom.of_cells(cells, owners, k)
    low, high = student_interval(draws, value, freedom.n_clusters, confidence, freedom=freedom)
    return pd.DataFrame({"value": value, "low": low, "high": high})
