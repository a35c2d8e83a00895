"""All results as a table that is sorted, filtered and exported on the page."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pandas as pd
import streamlit as st

_KEY = "results-table"


def show(table: pd.DataFrame, on_pick: Callable[[list[str]], None]) -> None:
    """Every result as a row; sorted by a click on a head, filtered by the magnifying glass, exported from its menu.

    Args:
        table: A row for each result.
        on_pick: Gets the model and the benchmark of a row that is chosen.
    """
    columns = st.column_config
    percent = {name: 100 * table[name] for name in ("value", "low", "high", "start")}
    shown = table.assign(**percent, fall=100 * (table["value"] - table["start"]))
    rows = list(zip(table["model"], table["benchmark"], strict=True))
    st.dataframe(
        shown,
        hide_index=True,
        width="stretch",
        key=_KEY,
        on_select=partial(_picked, rows, on_pick),
        selection_mode="single-row",
        column_order=[
            *("benchmark", "model", "value", "low", "high", "start", "fall", "n", "n_clusters", "state", "identity")
        ],
        column_config={
            "benchmark": "Benchmark",
            "model": "Model",
            "value": columns.ProgressColumn("Accuracy", format="%.1f %%", min_value=0, max_value=100),
            "low": columns.NumberColumn("95 % from", format="%.1f"),
            "high": columns.NumberColumn("to", format="%.1f"),
            "start": columns.NumberColumn(
                "Starts from", format="%.1f %%", help="Accuracy at the benchmark's easiest setting: in the centre, "
                "upright, seen from the front, at the best size, in common settings.",
            ),
            "fall": columns.NumberColumn("Change", format="%.1f", help="Accuracy less what it starts from, points."),
            "n": columns.NumberColumn("Images", format="localized"),
            "n_clusters": columns.NumberColumn("Objects", format="localized"),
            "state": "State",
            "identity": "Identity",
        },
    )  # fmt: skip


def _picked(rows: list[tuple[str, str]], on_pick: Callable[[list[str]], None]) -> None:
    chosen = st.session_state.get(_KEY, {}).get("selection", {}).get("rows", [])
    if chosen:
        on_pick(list(rows[chosen[0]]))
