"""Which views are needed to solve all that any view solves: a greedy set cover, and what its first views look like."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.metrics.zoom.grid import Grid

#: The study compares classifiers over this many views of the cover ("36 crops"), chosen on the same images.
FIRST = 36


def pack(right: np.ndarray) -> np.ndarray:
    """Answers as bits, one row a view: uint64 (V, ceil(n / 64)) of bool (n, V)."""
    bits = np.packbits(np.ascontiguousarray(right.T), axis=1)
    padded = np.zeros((bits.shape[0], -(-bits.shape[1] // 8) * 8), dtype=np.uint8)
    padded[:, : bits.shape[1]] = bits
    return padded.view(np.uint64)


def greedy(packed: np.ndarray, most: int | None = None) -> tuple[list[int], list[int]]:
    """Views in the order in which each solves most of what those before it leave.

    Args:
        packed: From ``pack``.
        most: Views at most; until nothing is left by default.

    Returns:
        Views, and how many images each adds. Of views that add as many, the first of the family is taken.

    Source: greedy set cover, Chvatal 1979; at most ln(images) + 1 times as many views as the smallest cover.
    """
    left = np.bitwise_or.reduce(packed, axis=0)
    views: list[int] = []
    gains: list[int] = []
    while most is None or len(views) < most:
        found = np.bitwise_count(packed & left).sum(axis=1, dtype=np.int64)
        best = int(found.argmax())
        if not found[best]:
            break
        views.append(best)
        gains.append(int(found[best]))
        left = left & ~packed[best]
    return views, gains


def minimal_cover(correct: np.ndarray, views: pd.DataFrame) -> pd.DataFrame:
    """A small set of views that together solve every image which any view solves.

    Args:
        correct: float or bool (N, V); see ``Grid.of``.
        views: V rows; see ``Grid.of``.

    Returns:
        One row per view of the greedy cover, without intervals, which would mislead of what is chosen on these images:
        ``order`` (from 1), ``view`` (column), ``size, row, col``, ``gain`` (images that it adds), ``cumulative``
        (images solved so far), ``top1`` (the same as a share of ``n``), ``needed`` (False if the others of the cover
        that stay solve all that it does), ``forced`` (it alone of all V solves some image), ``n, n_failed``. The
        smallest cover has at least as many views as are forced, and at most as many as are needed.
    """
    grid = Grid.of(correct, views)
    packed = pack(grid.right)
    chosen, gains = greedy(packed)
    solved_by = grid.right.sum(axis=1)
    forced = grid.right[solved_by == 1].any(axis=0)
    cumulative = np.cumsum(gains, dtype=np.int64)
    return pd.DataFrame(
        {
            "order": np.arange(1, len(chosen) + 1),
            "view": np.array(chosen, dtype=np.int64),
            **{name: getattr(grid, name)[chosen] for name in ("size", "row", "col")},
            "gain": np.array(gains, dtype=np.int64),
            "cumulative": cumulative,
            "top1": cumulative / max(len(grid), 1),
            "needed": _needed(grid.right[:, chosen]),
            "forced": forced[chosen],
            "n": len(grid),
            "n_failed": grid.n_failed,
        }
    )


def _needed(right: np.ndarray) -> np.ndarray:
    """Which columns stay when, from the last on, each goes whose images the others that are left solve: bool (k,)."""
    times = right.sum(axis=1)
    stays = np.ones(right.shape[1], dtype=bool)
    for column in reversed(range(right.shape[1])):
        if not (times[right[:, column]] == 1).any():
            stays[column] = False
            times = times - right[:, column]
    return stays


def cover_sizes(cover: pd.DataFrame, views: pd.DataFrame, first: int = FIRST) -> pd.DataFrame:
    """How often each size of the family is among the first views of a cover.

    Args:
        cover: From ``minimal_cover``.
        views: V rows with ``size, row, col``.
        first: Views of the cover that count.

    Returns:
        One row per size, ascending: ``size``, ``value`` (share of the counted views), ``count``, ``n`` (counted views).
    """
    return _counted(cover, views, ["size"], first)


def cover_anchors(cover: pd.DataFrame, views: pd.DataFrame, first: int = FIRST) -> pd.DataFrame:
    """How often each anchor of the family is among the first views of a cover: ``row, col, value, count, n``."""
    return _counted(cover, views, ["row", "col"], first)


def _counted(cover: pd.DataFrame, views: pd.DataFrame, by: list[str], first: int) -> pd.DataFrame:
    found = views[by].drop_duplicates().sort_values(by, ignore_index=True)
    among = cover.head(first)
    counts = among.groupby(by).size().rename("count").reset_index()
    found = found.merge(counts, on=by, how="left")
    count = found["count"].fillna(0).to_numpy(dtype=np.int64)
    value = count / len(among) if len(among) else np.full(len(found), np.nan)
    return found[by].assign(value=value, count=count, n=len(among))
