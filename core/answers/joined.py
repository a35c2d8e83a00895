"""A run's joined table in a compact form, kept on disk, so that a page reads the few columns a question needs.

One file a run, under ``<data home>/cache``, named by identity and number of predictions: a run under way gets a new
one as it grows, a finished one never changes. Everything in it can be computed again; deleting it costs time only.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core import metrics, paths, store
from core.errors import StoreError
from core.store import lists
from core.store.parts import find_row, write_parquet

#: Raised when the columns or their meaning change.
FORMAT = 1
#: Columns that are not factors of the benchmark.
COMPUTED = (
    *("sample_id", "position", "accepted", "cluster"),
    *("correct", "correct_top5", "predicted", "confidence", "p_accepted"),
)
_DROPPED = ("view", "top10", "top10_prob", "error")


def folder(run: store.Run) -> Path:
    """Where what was computed from a run is kept, as it stands now."""
    return paths.data_home() / "cache" / run.identity / f"{run.n_done}-{FORMAT}"


def columns_of(run: store.Run) -> list[str]:
    """Columns of the compact table; see ``read``."""
    return pq.read_schema(_ensured(run)).names


def read(run: store.Run, columns: Sequence[str]) -> pd.DataFrame:
    """Columns of a run's compact table, one row per prediction, in the order of the samples table.

    Args:
        run: Complete or partial.
        columns: Of ``sample_id``, ``position`` (row in the samples table), ``cluster`` (int code), ``correct``,
            ``correct_top5`` (1.0, 0.0, NaN for an image that failed), ``predicted`` (class index, -1), ``confidence``
            (of the predicted class), ``p_accepted`` and the factors; text factors are categoricals.

    Raises:
        StoreError: If the run cannot be read.
        DataError: If samples and predictions do not fit together.
    """
    path = _ensured(run)
    try:
        return pq.read_table(path, columns=list(columns), partitioning=None).to_pandas()
    except (OSError, pa.ArrowException) as error:
        raise StoreError(f"{path} cannot be read ({error}); delete it, it is made again.") from error


def _ensured(run: store.Run) -> Path:
    path = folder(run) / "scored.parquet"
    if not path.is_file():
        # Without pandas' own notes, which name column types that pandas itself cannot read back.
        write_parquet(path, pa.Table.from_pandas(compact(run), preserve_index=False).replace_schema_metadata())
    return path


def compact(run: store.Run) -> pd.DataFrame:
    """The table that ``read`` reads columns of, computed from samples and predictions."""
    samples = store.read_samples(run)
    samples.insert(1, "position", np.arange(len(samples), dtype=np.int32))
    predictions = store.read(run, ["sample_id", "top10", "top10_prob", "p_accepted", "error"])
    joined = metrics.join(samples, predictions)
    ranked = lists.list_matrix(joined["top10"])
    prob = lists.list_matrix(joined["top10_prob"])
    failed = joined["error"].notna().to_numpy()
    table = joined.drop(columns=[column for column in _DROPPED if column in joined])
    for column in table.columns:
        if column != "sample_id" and pd.api.types.infer_dtype(table[column]) == "string":
            table[column] = table[column].astype("category")
    table["cluster"] = pd.factorize(joined["cluster"], sort=True)[0].astype(np.int32)
    table["predicted"] = np.where(failed, -1, ranked[:, 0] if ranked.shape[1] else -1).astype(np.int32)
    table["confidence"] = np.where(failed, np.nan, prob[:, 0] if prob.shape[1] else np.nan).astype(np.float32)
    return table


@dataclass(frozen=True)
class Sample:
    """One image of a run: what is in it and what the model said.

    Attributes:
        sample_id: Of the samples table.
        accepted: Class indices that count as right.
        factors: Value by factor.
        top: (class index, probability 0..1), best first; empty for an image that failed.
        error: Why it failed, or None.
    """

    sample_id: str
    accepted: tuple[int, ...]
    factors: dict[str, Any]
    top: tuple[tuple[int, float], ...]
    error: str | None

    def is_right(self, k: int = 1) -> bool | None:
        """Whether an accepted class is among the best ``k``; None for an image that failed."""
        return None if self.error else any(index in self.accepted for index, _ in self.top[:k])


def sample(run: store.Run, sample_id: str) -> Sample | None:
    """One image of a run, or None if the run has no prediction of it.

    Raises:
        StoreError: If the run cannot be read.
    """
    said = store.predictions_of(run).row("sample_id", sample_id)
    there = find_row(_ensured(run), "sample_id", sample_id)
    if said is None or there is None:
        return None
    factors = {name: content for name, content in there.items() if name not in COMPUTED}
    top = tuple(zip(said["top10"] or (), said["top10_prob"] or (), strict=True))
    return Sample(sample_id, tuple(there["accepted"]), factors, top, said["error"])


def remembered(run: store.Run, question: object, compute: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """A table computed from a run, kept on disk under its question.

    Args:
        run: Complete or partial.
        question: JSON values that decide the table, the function's name included.
        compute: Makes the table.
    """
    canonical = json.dumps([FORMAT, question], sort_keys=True, default=list)
    path = folder(run) / f"{hashlib.sha256(canonical.encode()).hexdigest()[:24]}.parquet"
    with contextlib.suppress(OSError, pa.ArrowException):
        return pq.read_table(path, partitioning=None).to_pandas()
    table = compute()
    # Only a memory: where it cannot be written, the table is computed again next time.
    with contextlib.suppress(StoreError):
        write_parquet(path, pa.Table.from_pandas(table, preserve_index=False))
    return table
