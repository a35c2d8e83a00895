"""Predictions of families with hundreds of views: a row an image, and of each view only the best class.

Ten classes of 324 views would be 26 KB an image. What depends on labels, or on the benchmark's own classes, is kept
with what it was computed from, as in ``core.store.accepted`` and ``core.store.within``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pyarrow as pa

#: Lists have a value for each view, in the order of the family.
SCHEMA = pa.schema(
    [
        ("sample_id", pa.string()),
        ("top", pa.list_(pa.int32())),
        ("p_top", pa.list_(pa.float16())),
        ("accepted", pa.list_(pa.int32())),
        ("p_accepted", pa.list_(pa.float16())),
        ("mean_top", pa.int32()),
        ("classes", pa.string()),
        ("within", pa.list_(pa.int32())),
        ("p_within", pa.list_(pa.float16())),
        ("mean_within", pa.int32()),
        ("error", pa.string()),
        ("digest", pa.uint64()),
    ]
)
#: Stands for no class.
_NONE = -1


@dataclass(frozen=True)
class Grid:
    """Predictions of n images under V views, as matrices.

    Attributes:
        rows: int (n,), rows of the samples table, ascending.
        top: int32 (n, V), the best class; -1 in rows of images that failed.
        p_top: float32 (n, V), its probability.
        p_accepted: float32 (n, V), of the accepted classes together; NaN where labels have changed since.
        mean_top: int32 (n,), the best class of the mean of the views' probabilities.
        failed: bool (n,).
    """

    rows: np.ndarray
    top: np.ndarray
    p_top: np.ndarray
    p_accepted: np.ndarray
    mean_top: np.ndarray
    failed: np.ndarray


def said(
    prob: np.ndarray, n_views: int, accepted: Sequence[Sequence[int]], classes: Sequence[int] = ()
) -> dict[str, list[object]]:
    """What is kept of probabilities.

    Args:
        prob: float (m * views, number of classes), of m images, all views of one together.
        n_views: Views of each.
        accepted: Classes that count as right, of each image.
        classes: The benchmark's own, where they are fewer than the model's.

    Returns:
        Columns of ``SCHEMA``, a value for each image.
    """
    shaped = prob.reshape(len(accepted), n_views, prob.shape[1])
    top, p_top, mean_top = _best(shaped)
    p_accepted = [values[:, list(labels)].sum(axis=1) for values, labels in zip(shaped, accepted, strict=True)]
    found: dict[str, list[object]] = {
        "top": list(top.astype(np.int32)),
        "p_top": list(p_top.astype(np.float16)),
        "accepted": [list(labels) for labels in accepted],
        "p_accepted": [values.astype(np.float16) for values in p_accepted],
        "mean_top": mean_top.tolist(),
    }
    if not len(classes):
        return found
    own = shaped[:, :, list(classes)].astype(np.float64)
    # The softmax of masked logits; where all of them underflow, nothing is known of any.
    own /= np.maximum(own.sum(axis=2, keepdims=True), np.finfo(np.float64).tiny)
    within, p_within, mean_within = _best(own)
    chosen = np.asarray(classes)
    return found | {
        "within": list(chosen[within].astype(np.int32)),
        "p_within": list(p_within.astype(np.float16)),
        "mean_within": chosen[mean_within].tolist(),
    }


def _best(shaped: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Best class of each view, its probability, and best class of the mean: (m, V), (m, V), (m,)."""
    top = shaped.argmax(axis=2)
    p_top = np.take_along_axis(shaped, top[..., None], axis=2)[..., 0]
    return top, p_top, shaped.mean(axis=1, dtype=np.float64).argmax(axis=1)


def grid_of(table: pa.Table, rows: np.ndarray, accepted: pd.Series, n_views: int, within: str = "") -> Grid:
    """Stored rows as matrices.

    Args:
        table: ``SCHEMA``.
        rows: int (n,), row in the samples table of each.
        accepted: Class indices that count as right now, by row of the samples table.
        n_views: Views of each image.
        within: Key of a set of classes (``core.store.within.key_of``): the best of these, and their probabilities among
            themselves; of all classes by default.

    Raises:
        KeyError: If what was stored is of other classes than these; its text is how many images.
    """
    order = np.argsort(rows, kind="stable")
    table, rows = table.take(pa.array(order)), rows[order]
    failed = table["error"].is_valid().to_numpy(zero_copy_only=False)
    names = ("within", "p_within", "mean_within") if within else ("top", "p_top", "mean_top")
    if within:
        other = ~failed & np.array([key != within for key in table["classes"].to_pylist()], dtype=bool)
        if other.any():
            raise KeyError(f"{int(other.sum()):,}")
    labels = zip(table["accepted"].to_pylist(), accepted.iloc[rows], strict=True)
    as_now = np.array([then is not None and list(then) == list(now) for then, now in labels], dtype=bool)
    p_accepted = _matrix(table["p_accepted"], ~failed, n_views, np.float32)
    p_accepted[~as_now] = np.nan
    mean = table[names[2]].to_numpy(zero_copy_only=False)
    return Grid(
        rows,
        _matrix(table[names[0]], ~failed, n_views, np.int32),
        _matrix(table[names[1]], ~failed, n_views, np.float32),
        p_accepted,
        np.where(failed, _NONE, np.nan_to_num(mean.astype(float), nan=_NONE)).astype(np.int32),
        failed,
    )


def _matrix(column: pa.ChunkedArray, there: np.ndarray, n_views: int, dtype: type) -> np.ndarray:
    """A column of lists as (n, views); NaN, or -1, for images that are not there."""
    found = np.full((len(there), n_views), np.nan if dtype is np.float32 else _NONE, dtype)
    flat = column.combine_chunks().flatten().to_numpy(zero_copy_only=False)
    found[there] = flat.reshape(-1, n_views)
    return found


def is_right(top: np.ndarray, accepted: pd.Series) -> np.ndarray:
    """Whether the class of each view is accepted: bool as ``top``, int (n, V)."""
    lists = accepted.tolist()
    width = max(map(len, lists), default=0)
    padded = np.full((len(lists), width), -2, dtype=np.int64)
    for row, labels in enumerate(lists):
        padded[row, : len(labels)] = labels
    found = np.zeros(top.shape, dtype=bool)
    for column in padded.T:
        found |= top == column[:, None]
    return found


def as_predictions(table: pa.Table, names: Sequence[str]) -> pa.Table:
    """Rows of an image and a view, as families with few views are stored.

    Args:
        table: ``SCHEMA``, or some of its columns.
        names: Of the views.

    Returns:
        ``sample_id, view`` and, of what was given, ``top10`` and ``top10_prob`` with one class each, ``error`` and
        ``digest``.
    """
    n, n_views = table.num_rows, len(names)
    image = np.repeat(np.arange(n), n_views)
    columns: dict[str, pa.Array | pa.ChunkedArray] = {
        "sample_id": table["sample_id"].take(pa.array(image)),
        "view": pa.DictionaryArray.from_arrays(
            pa.array(np.tile(np.arange(n_views, dtype=np.int32), n)), pa.array(list(names))
        ).cast(pa.string()),
    }
    for column, name, kind in (("top10", "top", pa.int32()), ("top10_prob", "p_top", pa.float32())):
        if name in table.column_names:
            columns[column] = _singles(table[name], n_views, kind)
    for name in ("error", "digest"):
        if name in table.column_names:
            columns[name] = table[name].take(pa.array(image))
    return pa.table(columns)


def _singles(column: pa.ChunkedArray, n_views: int, kind: pa.DataType) -> pa.ListArray:
    """A list of a value for each view as lists of one value; missing ones of missing lists."""
    there = np.repeat(column.is_valid().to_numpy(zero_copy_only=False), n_views)
    values = column.combine_chunks().flatten().cast(kind)
    offsets = np.concatenate([[0], np.cumsum(there)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), values, mask=pa.array(~there))
