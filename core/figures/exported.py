"""The numbers behind a figure as CSV: on the pages, beside the files of a paper, in a bundle."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from core.wording import clusters


def table_csv(tables: Mapping[str, pd.DataFrame], identities: Mapping[str, str], unit: str = "object") -> bytes:
    """Metric tables of several models under each other, as CSV; ``unit`` is what images share."""
    parts = [
        table.assign(model=name, interval=intervals_of(table, unit), identity=identities.get(name, ""))[
            ["model", *(column for column in table.columns if column != "model"), "interval", "identity"]
        ]
        for name, table in tables.items()
    ]
    return pd.concat(parts).to_csv(index=False).encode() if parts else b""


def intervals_of(table: pd.DataFrame, unit: str = "object") -> list[str]:
    """How the interval of each row of a metric table is made, and over how many; empty where there is none.

    ``95 %, score interval over 9 objects``; ``Wilson's`` over independent images; of a difference ``Student's t``.
    """
    if not {"low", "high", "n"} <= set(table.columns):
        return [""] * len(table)
    n_clusters = table["n_clusters"] if "n_clusters" in table else table["n"]
    is_change = bool({"first", "gain", "drop", "acc_noisy_fg"} & set(table.columns))
    said = []
    for low, n, k in zip(table["low"], table["n"], n_clusters, strict=True):
        over = f"{int(k):,} images" if k == n else clusters(int(k), unit)
        kind = "Student's t" if is_change else "Wilson's" if k == n else "score interval"
        said.append("" if pd.isna(low) else f"95 %, {kind} over {over}")
    return said
