"""Reading a run: its predictions as a table or as matrices, its logits, and the best of a benchmark's own classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core.errors import UsageError
from core.store import dense, samples
from core.store.accepted import with_scores
from core.store.dense import Grid
from core.store.lists import to_pandas
from core.store.runs import Run, logits_of, predictions_of
from core.store.within import key_of, within_of

#: Columns of ``read`` that follow from labels.
OF_LABELS = ("p_accepted", "rank")
COLUMNS = ("sample_id", "view", "top10", "top10_prob", *OF_LABELS, "error", "digest")


def read(run: Run, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Stored predictions of a benchmark's images; of a run under way, those so far.

    Args:
        run: The run.
        columns: Only these of ``COLUMNS``; all by default.

    Returns:
        One row per image and view, ``sample_id`` as in the samples table. ``top10`` and ``top10_prob`` are Arrow-backed
        lists, best class first, missing where ``error`` says why; of one class where the family of views is dense.
        ``p_accepted`` and ``rank`` are those of the labels as they are now; missing where they cannot be known, see
        ``core.store.accepted``. ``digest`` is 64 bits of the bytes that were decoded; missing where those are not
        known.

    Raises:
        StoreError: If a part cannot be read.
    """
    wanted = list(COLUMNS if columns is None else columns)
    if run.views.dense:
        return _read_dense(run)[wanted]
    of_labels = [name for name in OF_LABELS if name in wanted]
    stored = [name for name in wanted if name not in OF_LABELS]
    needed = [*stored, *("sample_id", "view", "top10", "top10_prob", "error")] if of_labels else [*stored, "sample_id"]
    table = predictions_of(run).read(list(dict.fromkeys(needed)))
    table, rows = _of_samples(run, table)
    found = to_pandas(table)
    images = found["sample_id"]
    if not (of_labels or samples.has_own_names(run)):
        return found[wanted]
    said = samples.read_samples(run, ["sample_id", *(["accepted"] if of_labels else [])])
    found["sample_id"] = said["sample_id"].iloc[rows].to_numpy()
    if of_labels:
        accepted = said["accepted"].iloc[rows].reset_index(drop=True)
        found = with_scores(found, accepted, run.path, lambda which: _logits(run, images, found["view"], which), images)
    return found[wanted]


def _read_dense(run: Run) -> pd.DataFrame:
    """``read`` of a dense family: all columns."""
    table, rows = _of_samples(run, predictions_of(run).read())
    said = samples.read_samples(run, ["sample_id", "accepted"])
    grid = dense.grid_of(table, rows, said["accepted"], run.n_views)
    table = table.take(pa.array(np.argsort(rows, kind="stable")))
    found = to_pandas(dense.as_predictions(table, run.views.names))
    found["sample_id"] = np.repeat(said["sample_id"].to_numpy()[grid.rows], run.n_views)
    right = dense.is_right(grid.top, said["accepted"].iloc[grid.rows]).ravel()
    return found.assign(p_accepted=grid.p_accepted.ravel(), rank=pd.array(np.where(right, 1, pd.NA), dtype="Int32"))


def read_grid(run: Run, classes: Sequence[int] | None = None) -> Grid:
    """Predictions of a dense family of views as matrices, one row an image.

    Args:
        run: Complete or partial.
        classes: The benchmark's own, to choose among these alone; all of the model's by default.

    Raises:
        StoreError: If a part cannot be read.
        UsageError: If the family is not dense, or the best of these classes was not kept.
    """
    if not run.views.dense:
        raise UsageError(f"the views '{run.view}' are not kept as a grid; 'zoom-324' and other dense ones are.")
    table, rows = _of_samples(run, predictions_of(run).read())
    accepted = samples.read_samples(run, ["accepted"])["accepted"]
    # Those of all classes are not stored twice.
    key = key_of(classes) if classes is not None and len(set(classes)) < run.manifest.model.num_classes else ""
    try:
        return dense.grid_of(table, rows, accepted, run.n_views, key)
    except KeyError as error:
        raise UsageError(
            f"of {error.args[0]} images the best of the benchmark's own classes was not kept, or its classes have "
            "changed since. Run evaluate again with --fresh."
        ) from error


def best_within(run: Run, classes: Sequence[int]) -> pd.Series:
    """The best of some classes for predictions whose ten best hold none of them, as far as it was kept.

    Args:
        run: Complete or partial.
        classes: The benchmark's own.

    Returns:
        Class indices by ``sample_id`` and ``view``.

    Raises:
        StoreError: If a part cannot be read.
    """
    names = samples.read_samples(run, ["sample_id"])["sample_id"].to_numpy()
    if run.views.dense:
        grid = read_grid(run, classes)
        index = [np.repeat(names[grid.rows], run.n_views), np.tile(run.views.names, len(grid.rows))]
        return pd.Series(grid.top.ravel(), pd.MultiIndex.from_arrays(index))
    table = within_of(run.path).read()
    table, rows = _of_samples(run, table.filter(pc.equal(table["classes"], key_of(classes))))
    best, views = table["best"].to_numpy(), table["view"].to_pandas()
    kept = _all_logits(run)
    if kept is not None:
        own = np.asarray(sorted(set(classes)))
        of_images = pa.chunked_array([pa.array(kept[0].get_level_values(0), pa.string())])
        there = _rows_of_samples(run, of_images)
        rows = np.concatenate([rows, there[there >= 0]])
        best = np.concatenate([best, own[kept[1][there >= 0][:, own].argmax(axis=1)]])
        views = pd.concat([views, pd.Series(kept[0].get_level_values(1)[there >= 0])])
    found = pd.Series(best, pd.MultiIndex.from_arrays([names[rows], views.to_numpy()]))
    return found[~found.index.duplicated()]


def _of_samples(run: Run, table: pa.Table) -> tuple[pa.Table, np.ndarray]:
    """The rows of a table that are of a benchmark's images, and the row of each in the samples table."""
    rows = _rows_of_samples(run, table["sample_id"])
    return table.filter(pa.array(rows >= 0)), rows[rows >= 0]


def _rows_of_samples(run: Run, images: pa.ChunkedArray) -> np.ndarray:
    """Row in the samples table of each stored prediction, by its image; -1 for those of no interest: int (N,)."""
    known = samples.image_ids(run)
    return pc.fill_null(pc.index_in(images, value_set=known), -1).to_numpy().astype(np.int64)


def _logits(run: Run, images: pd.Series, views: pd.Series, which: np.ndarray) -> np.ndarray | None:
    """Logits of some rows: (n, classes); None unless all of them were kept."""
    kept = _all_logits(run)
    if kept is None:
        return None
    rows = kept[0].get_indexer(pd.MultiIndex.from_arrays([images.iloc[which], views.iloc[which]]))
    return None if (rows < 0).any() else kept[1][rows]


def _all_logits(run: Run) -> tuple[pd.MultiIndex, np.ndarray] | None:
    """Index of image and view, each pair once, and float16 (N, num_classes) logits; None if none were kept."""
    table = logits_of(run).read()
    if not table.num_rows:
        return None
    index = pd.MultiIndex.from_arrays([table[name].to_pandas() for name in ("sample_id", "view")])
    flat = table["logits"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    # Where predictions could not be stored after their logits, the image came again: its last logits are those of the
    # stored prediction.
    last = ~index.duplicated(keep="last")
    return index[last], flat.reshape(len(index), -1)[last]


def read_logits(run: Run) -> tuple[list[str], np.ndarray] | None:
    """Logits of a benchmark's images, for runs of one view an image.

    Returns:
        Sample ids, each once, and float16 (N, num_classes) logits; None if none were kept, or there are several views.
    """
    kept = _all_logits(run) if run.n_views == 1 else None
    if kept is None:
        return None
    rows = kept[0].get_level_values(0).get_indexer(samples.image_ids(run).to_pandas())
    ids = samples.read_samples(run, ["sample_id"])["sample_id"].to_numpy()
    return ids[rows >= 0].tolist(), kept[1][rows[rows >= 0]]
