"""The export of single predictions with all that is known of their images, and of any table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from core import paths, store
from core.answers.report import joined
from core.errors import UsageError
from core.store import lists
from core.store.parts import write_parquet

#: Columns that say which setting of which weights a prediction is of.
_SETTING = ("model", "preprocessing", "head")


def predictions(run: store.Run) -> pd.DataFrame:
    """Every prediction of a run with its image's factors, for export.

    Returns:
        ``sample_id, view, top1, top1_prob, top10, top10_prob, p_accepted, rank, accepted, correct, error, digest,
        identity``, then ``cluster``, ``model`` (what to type for it), ``preprocessing`` (JSON; missing where it is not
        known) and ``head`` (what was made of the outputs; missing where nothing was), the factors, and ``imported`` of
        predictions that were made elsewhere. ``correct`` is True, False or missing; classes are indices of the label
        space.
    """
    table = joined(run)
    ranked, prob = lists.list_matrix(table["top10"]), lists.list_matrix(table["top10_prob"])
    failed = table["error"].notna().to_numpy()
    table["top1"] = pd.array(ranked[:, 0] if ranked.shape[1] else [-1] * len(table), dtype="Int32")
    table["top1_prob"] = prob[:, 0] if prob.shape[1] else np.nan
    table.loc[failed, ["top1", "top1_prob"]] = pd.NA
    table["correct"] = table["correct"].map({1.0: True, 0.0: False}).astype("boolean")
    table["identity"] = run.identity
    table = _with_setting(run, table)
    if run.is_imported:
        table["imported"] = True
    first = ["sample_id", "view", "top1", "top1_prob", "top10", "top10_prob", "p_accepted", "rank", "accepted"]
    first += ["correct", "error", "digest", "identity", "cluster", *_SETTING]
    factors = [column for column in table if column not in (*first, "correct_top5")]
    return table[first + factors]


def _with_setting(run: store.Run, table: pd.DataFrame) -> pd.DataFrame:
    """What tells predictions of the same weights apart, for tables of several runs put together."""
    shown = json.dumps(run.preprocessing, sort_keys=True) if run.preprocessing else None
    said = zip(_SETTING, (run.source, shown, run.manifest.model.head or None), strict=True)
    # A factor of that name wins.
    new = {name: pd.array([value] * len(table), dtype="string") for name, value in said if name not in table}
    return table.assign(**new)


def export(table: pd.DataFrame, path: Path) -> None:
    """Write a table as ``.parquet`` or ``.csv``; in CSV, lists are JSON.

    Raises:
        UsageError: If the name ends otherwise.
        StoreError: If it cannot be written.
    """
    if path.suffix == ".parquet":
        # Without pandas' own notes, which name column types that pandas itself cannot read back.
        write_parquet(path, pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata())
    elif path.suffix == ".csv":
        nested = [column for column in table if _holds_lists(table[column])]
        as_text = {column: [json.dumps(value) for value in _values(table[column])] for column in nested}
        paths.write_atomically(path, table.assign(**as_text).to_csv(index=False))
    else:
        raise UsageError(f"--out {path} must end in .parquet or .csv")


def _holds_lists(column: pd.Series) -> bool:
    known = column.dropna()
    return len(known) > 0 and pd.api.types.is_list_like(known.iloc[0])


def _values(column: pd.Series) -> list[list[Any]]:
    return pa.array(column, from_pandas=True).to_pylist()
