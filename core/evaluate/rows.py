"""What a model said of some images as rows of the store: one place for the loop, for every backend and for imports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from core import store
from core.store import accepted as side_table
from core.store import dense
from core.store import within as within_table
from core.store.within import key_of

TOP_K = 10


@dataclass(frozen=True)
class Rows:
    """Rows of some images with all their views.

    Attributes:
        predictions: ``store.PREDICTIONS_SCHEMA``; ``store.dense.SCHEMA`` of a dense family of views.
        side: ``store.accepted.SCHEMA``, of the rows whose ten best classes do not tell what depends on labels.
        logits: ``store.LOGITS_SCHEMA``, of the images without an error; None if they are not kept.
        n_images: Images.
        n_failed: Of these, images with an error.
        within: ``store.within.SCHEMA``, of the rows whose ten best classes hold none of the benchmark's own.
    """

    predictions: pa.Table
    side: pa.Table
    logits: pa.Table | None
    n_images: int
    n_failed: int
    within: pa.Table

    @classmethod
    def together(cls, parts: Sequence[Rows]) -> Rows:
        """Several as one."""
        kept = [part.logits for part in parts if part.logits is not None]
        return cls(
            pa.concat_tables([part.predictions for part in parts]),
            pa.concat_tables([part.side for part in parts]),
            pa.concat_tables(kept) if kept else None,
            sum(part.n_images for part in parts),
            sum(part.n_failed for part in parts),
            pa.concat_tables([part.within for part in parts]),
        )


def rows_of(
    images: Sequence[str],
    views: Sequence[str],
    accepted: Sequence[Sequence[int]],
    prob: np.ndarray,
    top: np.ndarray,
    *,
    errors: Sequence[str | None] | None = None,
    digests: Sequence[int | None] | None = None,
    logits: np.ndarray | None = None,
    classes: Sequence[int] = (),
    is_dense: bool = False,
) -> Rows:
    """Rows of the store.

    Args:
        images: The pool's names of n images.
        views: Names of the views of each.
        accepted: Classes that count as right, of each image.
        prob: float (m * views, classes), of the m images without error, in order, all views of one together.
        top: int (m * views, k), the best classes, best first.
        errors: Why an image has no prediction, or None, of each; none has by default.
        digests: 64 bits of each image's bytes, or None.
        logits: float (m * views, classes) to keep, or None.
        classes: The benchmark's own, where they are fewer than the model's.
        is_dense: Whether of each view only the best class is kept.
    """
    n_views = len(views)
    errors = errors if errors is not None else [None] * len(images)
    digests = digests if digests is not None else [None] * len(images)
    good = np.flatnonzero([error is None for error in errors])
    of_good = [(images[image], view, accepted[image]) for image in good for view in views]
    kept = None
    if logits is not None:
        named = {"sample_id": [image for image, _, _ in of_good], "view": [view for _, view, _ in of_good]}
        kept = pa.table({**named, "logits": list(logits.astype(np.float16))}, schema=store.LOGITS_SCHEMA)
    if is_dense:
        predictions = _dense(images, good, n_views, [accepted[image] for image in good], prob, errors, digests, classes)
        side, within = side_table.SCHEMA.empty_table(), within_table.SCHEMA.empty_table()
        return Rows(predictions, side, kept, len(images), len(images) - len(good), within)
    top_prob = np.take_along_axis(prob, top, axis=1)
    at = np.full(len(images), -1)
    at[good] = np.arange(len(good))
    lines = [
        (image, at[image] * n_views + view if at[image] >= 0 else None)
        for image in range(len(images))
        for view in range(n_views)
    ]
    names = [name for _ in images for name in views]
    predictions = pa.table(
        {
            "sample_id": [images[image] for image, _ in lines],
            "view": names,
            "top10": [None if line is None else top[line] for _, line in lines],
            "top10_prob": [None if line is None else top_prob[line] for _, line in lines],
            "error": [errors[image] for image, _ in lines],
            "digest": pa.array([digests[image] for image, _ in lines], pa.uint64()),
        },
        schema=store.PREDICTIONS_SCHEMA,
    )
    side, within = _side(of_good, prob, top, top_prob), _within(of_good, prob, top, classes)
    return Rows(predictions, side, kept, len(images), len(images) - len(good), within)


def _dense(
    images: Sequence[str],
    good: np.ndarray,
    n_views: int,
    accepted: Sequence[Sequence[int]],
    prob: np.ndarray,
    errors: Sequence[str | None],
    digests: Sequence[int | None],
    classes: Sequence[int],
) -> pa.Table:
    said = dense.said(prob, n_views, accepted, classes) if len(good) else {}
    columns: dict[str, object] = {"sample_id": images, "error": errors, "digest": pa.array(digests, pa.uint64())}
    columns["classes"] = [key_of(classes) if len(classes) else None] * len(images)
    for name in dense.SCHEMA.names:
        if name not in columns:
            values: list[object] = [None] * len(images)
            for image, value in zip(good, said.get(name, ()), strict=False):
                values[image] = value
            columns[name] = values
    return pa.table({name: columns[name] for name in dense.SCHEMA.names}, schema=dense.SCHEMA)


def _within(
    of_good: Sequence[tuple[str, str, Sequence[int]]], prob: np.ndarray, top: np.ndarray, classes: Sequence[int]
) -> pa.Table:
    if not len(classes):
        return within_table.SCHEMA.empty_table()
    unknown = np.flatnonzero(~np.isin(top, classes).any(axis=1))
    best = np.asarray(classes)[prob[unknown][:, list(classes)].argmax(axis=1)]
    columns = {
        "sample_id": [of_good[line][0] for line in unknown],
        "view": [of_good[line][1] for line in unknown],
        "classes": [key_of(classes)] * len(unknown),
        "best": best,
    }
    return pa.table(columns, schema=within_table.SCHEMA)


def _side(
    of_good: Sequence[tuple[str, str, Sequence[int]]], prob: np.ndarray, top: np.ndarray, top_prob: np.ndarray
) -> pa.Table:
    p, ranks = side_table.scores(top, top_prob, [classes for _, _, classes in of_good])
    rows = []
    for line in np.flatnonzero(np.isnan(p)):
        image, view, classes = of_good[line]
        total, rank = side_table.of_probabilities(prob[line], classes)
        # The ten best have a rank of their own where probabilities are equal.
        rank = int(ranks[line]) or rank
        row = {"sample_id": image, "view": view, "accepted": list(classes), "p_accepted": total, "rank": rank}
        rows.append(row)
    return pa.Table.from_pylist(rows, schema=side_table.SCHEMA)
