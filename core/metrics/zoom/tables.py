"""Where and at which zoom a model is right: by view, by direction, by anchor; images that no zoom solves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from core.errors import DataError
from core.images.zoom import SIDE, corner
from core.metrics import intervals
from core.metrics.zoom.cover import greedy, pack
from core.metrics.zoom.grid import MIDDLE, ONE_CROP_SIZE, Grid, changes, shares

ZOOM_OUT, ZOOM_IN = "zoom-out", "zoom-in"


def by_zoom(
    correct: np.ndarray,
    views: pd.DataFrame,
    clusters: Sequence | None = None,
    *,
    confidence: float = intervals.CONFIDENCE,
) -> pd.DataFrame:
    """Accuracy of each view.

    Args:
        correct: float or bool (N, V); see ``Grid.of``.
        views: V rows; see ``Grid.of``.
        clusters: (N,), what is not independent between images.
        confidence: Two-sided, 0..1.

    Returns:
        One row per view, in the order of the family: ``size, row, col, top1, low, high, n, n_clusters, n_failed``.
    """
    grid = Grid.of(correct, views, clusters)
    found = shares(grid.right, grid.clusters, confidence=confidence).rename(columns={"value": "top1"})
    for place, name in enumerate(("size", "row", "col")):
        found.insert(place, name, getattr(grid, name))
    return found.assign(n_failed=grid.n_failed)


def direction(
    correct: np.ndarray,
    views: pd.DataFrame,
    clusters: Sequence | None = None,
    *,
    as_published: bool = False,
) -> pd.DataFrame:
    """What looking closer, looking from farther away and the standard crop solve, and what each solves alone.

    Args:
        correct: float or bool (N, V); see ``Grid.of``.
        views: V rows; see ``Grid.of``.
        clusters: (N,), what is not independent between images.
        as_published: The study's groups: sizes above, at and below 224, of the views of the greedy cover only. There
            the standard crop, of size 256, counts as zooming in.

    Returns:
        One row per group that has views: ``zoom-out``, ``1-crop``, ``shifted`` (its size at another anchor) and
        ``zoom-in``, or ``zoom-out``, ``224`` and ``zoom-in``. ``group, value, low, high``: images that some view of it
        solves; ``alone, alone_low, alone_high``: images that no view of another group solves; ``n_views, n,
        n_clusters, n_failed``.
    """
    grid = Grid.of(correct, views, clusters)
    used = np.zeros(grid.n_views, dtype=bool)
    used[greedy(pack(grid.right))[0] if as_published else slice(None)] = True
    groups = {name: used & members for name, members in _groups(grid, as_published).items()}
    groups = {name: members for name, members in groups.items() if members.any()}
    solved = _any_of(grid.right, list(groups.values()))
    alone = solved & (solved.sum(axis=1) == 1)[:, None]
    by_it, by_nothing_else = (shares(part, grid.clusters) for part in (solved, alone))
    found = pd.DataFrame({"group": list(groups), **{name: by_it[name] for name in ("value", "low", "high")}})
    for name, column in (("alone", "value"), ("alone_low", "low"), ("alone_high", "high")):
        found[name] = by_nothing_else[column]
    found["n_views"] = [int(members.sum()) for members in groups.values()]
    return found.assign(n=by_it["n"], n_clusters=by_it["n_clusters"], n_failed=grid.n_failed)


def _groups(grid: Grid, as_published: bool) -> dict[str, np.ndarray]:
    if as_published:
        here = grid.size == SIDE
        return {ZOOM_OUT: grid.size < SIDE, str(SIDE): here, ZOOM_IN: grid.size > SIDE}
    same = grid.size == ONE_CROP_SIZE
    one = same & (grid.row == MIDDLE) & (grid.col == MIDDLE)
    return {
        ZOOM_OUT: grid.size < ONE_CROP_SIZE,
        "1-crop": one,
        "shifted": same & ~one,
        ZOOM_IN: grid.size > ONE_CROP_SIZE,
    }


def _any_of(right: np.ndarray, groups: Sequence[np.ndarray]) -> np.ndarray:
    """Whether any view of each group is right: bool (n, groups)."""
    columns = [right[:, members].any(axis=1) for members in groups]
    return np.stack(columns, axis=1) if columns else np.zeros((len(right), 0), dtype=bool)


def centre_bias(
    correct: np.ndarray,
    views: pd.DataFrame,
    clusters: Sequence | None = None,
    *,
    image_sizes: np.ndarray | None = None,
    seed: int = 0,
) -> pd.DataFrame:
    """How many images can be solved by looking at each anchor.

    Args:
        correct: float or bool (N, V); see ``Grid.of``.
        views: V rows; see ``Grid.of``.
        clusters: (N,), what is not independent between images.
        image_sizes: int (N, 2), width and height in pixels, for the published variant.
        seed: Of the bootstrap of the drops.

    Returns:
        One row per anchor, from the top left: ``row, col``; ``value, low, high``: images that some size at this anchor
        solves; ``drop, drop_low, drop_high``: how many fewer than at the middle, paired over the same images;
        ``published, published_low, published_high``: images that a view of the greedy cover solves which stands at this
        anchor, or, with ``image_sizes``, whose crop shows the anchor's point, as in the study; ``n, n_clusters,
        n_failed``.

    Raises:
        DataError: If ``image_sizes`` are not of these images.
    """
    grid = Grid.of(correct, views, clusters)
    anchors = np.unique(np.stack([grid.row, grid.col], axis=1), axis=0)
    at = [(grid.row == row) & (grid.col == col) for row, col in anchors]
    solved = _any_of(grid.right, at)
    middle = np.flatnonzero((anchors == MIDDLE).all(axis=1))
    found = pd.DataFrame({"row": anchors[:, 0], "col": anchors[:, 1]})
    simple = shares(solved, grid.clusters)
    found = found.assign(**{name: simple[name] for name in ("value", "low", "high")})
    change = solved[:, middle].astype(float) - solved if len(middle) else np.zeros((0, len(anchors)))
    drop = changes(change, grid.clusters, seed=seed)
    there = ~(anchors == MIDDLE).all(axis=1)
    for name, column in (("drop", "value"), ("drop_low", "low"), ("drop_high", "high")):
        found[name] = drop[column].where(there)
    needed = shares(_needed_at(grid, anchors, at, image_sizes, len(correct)), grid.clusters)
    for name, column in (("published", "value"), ("published_low", "low"), ("published_high", "high")):
        found[name] = needed[column]
    return found.assign(n=simple["n"], n_clusters=simple["n_clusters"], n_failed=grid.n_failed)


def _needed_at(
    grid: Grid, anchors: np.ndarray, at: list[np.ndarray], image_sizes: np.ndarray | None, n_images: int
) -> np.ndarray:
    """Whether a view of the greedy cover solves an image at, or showing, each anchor: bool (n, anchors)."""
    cover = greedy(pack(grid.right))[0]
    if image_sizes is None:
        kept = np.isin(np.arange(grid.n_views), cover)
        return _any_of(grid.right, [kept & members for members in at])
    sizes = np.asarray(image_sizes)
    if sizes.shape != (n_images, 2) or (sizes[grid.images] < 1).any():
        raise DataError(f"image sizes need a width and a height of each of {n_images} images, not {sizes.shape}")
    solved = np.zeros((len(grid), len(anchors)), dtype=bool)
    for view in cover:
        shown = _shown(sizes[grid.images], grid.where(view), anchors)
        solved |= grid.right[:, [view]] & shown
    return solved


def _shown(sizes: np.ndarray, view: dict[str, int], anchors: np.ndarray) -> np.ndarray:
    """Whether the crop of a view holds the point of each anchor: bool (n, anchors)."""
    short = sizes.min(axis=1, keepdims=True)
    # Whole pixels, as the resized image has them: the longer side is cut off, the shorter one is the size itself.
    width, height = (view["size"] * sizes // short).T
    inside = []
    for side, own, others in ((height, view["row"], anchors[:, 0]), (width, view["col"], anchors[:, 1])):
        begin = corner(side, own, SIDE)[:, None]
        # A crop of no side begins at its anchor.
        point = corner(side[:, None], others[None, :], 0)
        inside.append((point >= begin) & (point < begin + SIDE))
    return inside[0] & inside[1]


def unsolvable(correct: np.ndarray, views: pd.DataFrame, p_accepted: np.ndarray | None = None) -> pd.DataFrame:
    """Images that no view solves.

    Args:
        correct: float or bool (N, V); see ``Grid.of``.
        views: V rows; see ``Grid.of``.
        p_accepted: float (N, V), probability of the accepted classes.

    Returns:
        One row per such image, in order: ``image`` (row of ``correct``); with ``p_accepted`` also ``best_p``, the
        highest in any view, and that view's ``size, row, col``: how near it comes to being solved.

    Raises:
        DataError: If ``p_accepted`` has another shape.
    """
    grid = Grid.of(correct, views)
    images = grid.images[~grid.right.any(axis=1)]
    if p_accepted is None:
        return pd.DataFrame({"image": images})
    p = np.asarray(p_accepted, dtype=float)
    if p.shape != np.shape(correct):
        raise DataError(f"probabilities of shape {p.shape} for answers of shape {np.shape(correct)}")
    p = p[images]
    view = np.where(np.isnan(p), -np.inf, p).argmax(axis=1)
    places = {name: getattr(grid, name)[view] for name in ("size", "row", "col")}
    return pd.DataFrame({"image": images, "best_p": p[np.arange(len(p)), view], **places})


def smallest_flip(correct: np.ndarray, views: pd.DataFrame, *, middle: bool = True) -> pd.DataFrame:
    """The zoom nearest to the standard crop that makes a wrong image right, or a right one wrong.

    Args:
        correct: float or bool (N, V); see ``Grid.of``.
        views: V rows; see ``Grid.of``.
        middle: Only zooms at the middle anchor, as in a strip from far to near; else all views. Nearness is that of
            sizes as a ratio (128 is as far as 512), then that of anchors, then the order of the family.

    Returns:
        One row per image that was evaluated: ``image`` (row of ``correct``), ``one_crop`` (whether it is right there),
        ``size, row, col`` of the flip, and ``factor`` (its size / 256); missing where no zoom flips it.

    Raises:
        DataError: If the family has no standard crop to start from.
    """
    grid = Grid.of(correct, views)
    if grid.one_crop is None:
        raise DataError(f"the views hold no standard crop (size {ONE_CROP_SIZE}, middle): evaluate --view zoom-36")
    off = np.abs(grid.row - MIDDLE) + np.abs(grid.col - MIDDLE)
    distance = np.abs(np.log2(grid.size / ONE_CROP_SIZE))
    order = np.lexsort((np.arange(grid.n_views), off, np.round(distance, 9)))
    order = order[off[order] == 0] if middle else order
    one_crop = grid.right[:, grid.one_crop]
    other = grid.right[:, order] != one_crop[:, None]
    flips = other.any(axis=1)
    view = order[other.argmax(axis=1)]
    found = pd.DataFrame({"image": grid.images, "one_crop": one_crop})
    for name in ("size", "row", "col"):
        found[name] = pd.Series(getattr(grid, name)[view], dtype="Int64").where(flips)
    return found.assign(factor=np.where(flips, grid.size[view] / ONE_CROP_SIZE, np.nan))
