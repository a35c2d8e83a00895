"""What a table of mistakes says as a whole: how many of which kind, which classes are confused, headline shares."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core import metrics
from core.mistakes.table import UNKNOWN


def counts(table: pd.DataFrame, rows: np.ndarray, by: str, split: str) -> pd.DataFrame:
    """How many rows there are of each value of two columns: ``by, split, n``; rows without a value are left out."""
    part = table.iloc[rows]
    part = part[(part[by].astype(str) != "") & (part[split].astype(str) != "")]
    found = part.groupby([by, split], observed=True).size().rename("n").reset_index()
    return found.astype({by: str, split: str})


def pairs(table: pd.DataFrame, rows: np.ndarray, limit: int = 30) -> pd.DataFrame:
    """The class pairs that are confused most among some rows.

    Args:
        table: From ``of_run`` or ``of_published``.
        rows: From ``select``; those that are right, or whose true class is not known, are left out.
        limit: How many.

    Returns:
        ``first, second`` (names, in alphabetical order), ``n`` in either direction, ``n_forward`` (first mistaken for
        second), most frequent first.
    """
    part = table.iloc[rows]
    part = part[(part["right"] == 0) & (part["true"] != UNKNOWN)]
    true, predicted = part["true"].astype(str).to_numpy(), part["predicted"].astype(str).to_numpy()
    ordered = np.sort(np.stack([true, predicted], axis=1).astype(object), axis=1) if len(part) else np.empty((0, 2))
    frame = pd.DataFrame({"first": ordered[:, 0], "second": ordered[:, 1], "forward": ordered[:, 0] == true})
    # A class that the label space of the benchmark names otherwise than the model's is no pair.
    frame = frame[frame["first"] != frame["second"]]
    grouped = frame.groupby(["first", "second"])["forward"].agg(n="size", n_forward="sum").reset_index()
    return grouped.sort_values(["n", "first", "second"], ascending=[False, True, True], ignore_index=True).head(limit)


def shares(table: pd.DataFrame, clustered: bool) -> dict[str, tuple[float, float, float, int]]:
    """Headline numbers: (share, low, high, n) of ``wrong``, and where known of ``single_only`` and ``both_wrong``.

    Args:
        table: From ``of_run``.
        clustered: Whether images share objects, so that intervals come from resampling those.
    """
    found = {"wrong": _share(table, 1 - table["right"], clustered)}
    if table["accepted"].notna().any():
        single_only = (table["accepted"] == 1) & (table["single"] == 0)
        known = table["accepted"].notna() & table["single"].notna()
        found["single_only"] = _share(table, single_only.astype(float).where(known), clustered)
    if "other_right" in table:
        both = (table["right"] == 0) & (table["other_right"] == 0)
        known = table["right"].notna() & table["other_right"].notna()
        found["both_wrong"] = _share(table, both.astype(float).where(known), clustered)
    return found


def _share(table: pd.DataFrame, values: pd.Series, clustered: bool) -> tuple[float, float, float, int]:
    frame = pd.DataFrame({"value_": values.to_numpy(), "cluster": table["cluster"].to_numpy()})
    row = metrics.accuracy_by(frame, (), "cluster" if clustered else None, value="value_").iloc[0]
    return float(row["value"]), float(row["low"]), float(row["high"]), int(row["n"])
