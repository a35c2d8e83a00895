"""All results as a table that is sorted, filtered and exported on the page."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pandas as pd
import streamlit as st

from core import store
from core.figures.exhibits import overview
from core.store import weights
from pages.shared.models import settings, variants
from pages.shared.page import behaviour, cached, frame
from pages.shared.page.frame import Choice

Runs = dict[tuple[str, str], store.Run]
_KEY = "results-table"


def table(runs: Runs, policy: str) -> tuple[pd.DataFrame, list[str]]:
    """One row for each result, with where its benchmark starts; and what is wrong with those that cannot be read.

    Args:
        runs: By model and benchmark.
        policy: Of ``explore.POLICIES``.
    """
    keys = cached.keys_of(runs)
    rows, problems = _table(keys, policy, runs)
    if problems:
        # A result that was mended is read again.
        _table.clear(keys, policy, runs)
    return rows, problems


@st.cache_data(max_entries=64, show_spinner="Reading the predictions, once …")
def _table(keys: tuple, policy: str, _runs: Runs) -> tuple[pd.DataFrame, list[str]]:
    del keys
    return overview.table(_runs, policy, cached)  # type: ignore[arg-type]


def show(found: pd.DataFrame, on_pick: Callable[[list[str]], None]) -> None:
    """Every result as a row; sorted by a click on a head, filtered by the magnifying glass, exported from its menu.

    Args:
        found: From ``table``.
        on_pick: Gets the model and the benchmark of a row that is chosen.
    """
    columns = st.column_config
    percent = {name: 100 * found[name] for name in ("value", "low", "high", "start")}
    shown = found.assign(**percent, fall=100 * (found["value"] - found["start"]))
    rows = list(zip(found["model"], found["benchmark"], strict=True))
    st.dataframe(
        shown,
        hide_index=True,
        width="stretch",
        key=_KEY,
        on_select=partial(_picked, rows, on_pick),
        selection_mode="single-row",
        placeholder="–",
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


def link_to_settings(choice: Choice) -> None:
    """The way to the same weights under other preprocessings and prompts."""
    source = next((choice.known[name].source for name in choice.models if not choice.known[name].is_file), "")
    if source:
        there = {behaviour.AT: variants.HERE, settings.MODEL: weights.spec_of(source)}
        frame.link("How much do preprocessing and prompts matter?", frame.RUNS_PAGE, there)
