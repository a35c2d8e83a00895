"""Zooms at the anchor nearest to the object: what looking closer brings where the eye is led to it, not the label."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from core.errors import DataError
from core.metrics.zoom.grid import Grid, changes, shares
from core.metrics.zoom.ladder import halves


def nearest_anchor(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Row and column, 0 to 2, of the anchor whose third of the image a point lies in.

    Args:
        x: float (N,), from left to right in shares of the image's width.
        y: float (N,), from top to bottom.
    """
    row, col = (np.clip(np.floor(3 * np.asarray(place, dtype=float)), 0, 2) for place in (y, x))
    return row, col


def at_object(
    correct: np.ndarray,
    views: pd.DataFrame,
    x: np.ndarray,
    y: np.ndarray,
    clusters: Sequence | None = None,
    *,
    seed: int = 0,
) -> pd.DataFrame:
    """Accuracy at each size, each image seen at the anchor nearest to its object.

    Args:
        correct: float or bool (N, V); see ``Grid.of``.
        views: V rows; see ``Grid.of``.
        x: float (N,), of the object's centre in shares of the image's width; NaN where it is not known.
        y: float (N,), from top to bottom.
        clusters: (N,), what is not independent between images.
        seed: Of the halves and the bootstrap of gains.

    Returns:
        One row per size that has all nine anchors: ``size, top1, low, high``; ``gain, gain_low, gain_high``: difference
        from one crop, paired; ``n, n_clusters, n_failed``; ``chosen``: whether it is the size that is right most often.
        Then one row whose ``size`` is missing: for each half of the images the size that is best on the other half.

    Raises:
        DataError: If places and images are not as many, or no size has all nine anchors.
    """
    grid = Grid.of(correct, views, clusters)
    if len(x) != len(correct) or len(y) != len(correct):
        raise DataError(f"places of {len(x)} objects for {len(correct)} images: give one an image")
    row, col = nearest_anchor(x, y)
    known = ~(np.isnan(row) | np.isnan(col))[grid.images]
    columns = [_columns(grid, size) for size in np.unique(grid.size)]
    sizes = [size for size, there in zip(np.unique(grid.size), columns, strict=True) if there is not None]
    if not sizes or grid.one_crop is None:
        raise DataError("no size has all nine anchors and the usual crop: evaluate --view zoom-324")
    at = (3 * row[grid.images][known] + col[grid.images][known]).astype(int)
    right = grid.right[known]
    hits = np.stack([right[np.arange(len(right)), there[at]] for there in columns if there is not None], axis=1).astype(
        float
    )
    own = None if grid.clusters is None else grid.clusters[known]
    fair = np.full(len(hits), np.nan)
    for there, here in halves(own, len(hits), seed):
        fair[here] = hits[here, int(hits[there].sum(axis=0).argmax())]
    values = np.column_stack([hits, fair]) if not np.isnan(fair).any() else hits
    share = shares(values, own)
    gain = changes(values - right[:, [grid.one_crop]], own, seed=seed)
    found = pd.DataFrame({"size": pd.array([*sizes, pd.NA][: values.shape[1]], dtype="Int64")})
    found = found.assign(**{"top1" if name == "value" else name: share[name] for name in ("value", "low", "high")})
    for name, column in (("gain", "value"), ("gain_low", "low"), ("gain_high", "high")):
        found[name] = gain[column]
    best = int(hits.sum(axis=0).argmax()) if len(hits) else -1
    return found.assign(
        n=share["n"],
        n_clusters=share["n_clusters"],
        n_failed=len(correct) - len(hits),
        chosen=np.arange(len(found)) == best,
    )


def _columns(grid: Grid, size: int) -> np.ndarray | None:
    """The nine columns of a size, from the top left; None if one is missing."""
    there = {(row, col): at for at, (each, row, col) in enumerate(zip(grid.size, grid.row, grid.col, strict=True))
             if each == size}  # fmt: skip
    anchors = [(row, col) for row in range(3) for col in range(3)]
    return np.array([there[anchor] for anchor in anchors]) if all(each in there for each in anchors) else None
