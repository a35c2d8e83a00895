"""A figure on a page: clicks, and downloads as PNG (Plotly's own button), HTML and CSV."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.figures.style import standalone

Clicked = Callable[[list[Any]], None]


def show(
    figure: go.Figure,
    key: str,
    tables: Mapping[str, pd.DataFrame],
    identities: Mapping[str, str],
    on_click: Clicked | None = None,
) -> None:
    """Draw a figure with its downloads.

    Args:
        figure: From ``core.figures``.
        key: Names the chart on the page and the files.
        tables: The metric tables behind it, by model.
        identities: Identity by the same names, for the CSV.
        on_click: Gets the customdata of a clicked point.
    """
    with st.container(key=f"oc-figure-{key}", gap="xxsmall"):
        st.plotly_chart(
            figure,
            key=key,
            width="stretch",
            on_select=(lambda: _clicked(key, on_click)) if on_click else "ignore",
            selection_mode="points",
            config={
                "displaylogo": False,
                "displayModeBar": "hover",
                "modeBarButtons": [["toImage"]],
                "toImageButtonOptions": {"filename": f"offcenter-{key}", "scale": 2},
                "scrollZoom": False,
                "doubleClick": False,
            },
        )
        _downloads(figure, key, tables, identities)


def _clicked(key: str, on_click: Clicked) -> None:
    """An empty selection comes when the chart is drawn anew; it is not a click."""
    points = st.session_state.get(key, {}).get("selection", {}).get("points", [])
    found = [point["customdata"] for point in points if point.get("customdata")]
    if found:
        on_click(found[0])


def _downloads(figure: go.Figure, key: str, tables: Mapping[str, pd.DataFrame], identities: Mapping[str, str]) -> None:
    with st.container(horizontal=True, horizontal_alignment="left", gap="xsmall"):
        st.download_button(
            "CSV",
            lambda: table_csv(tables, identities),
            f"offcenter-{key}.csv",
            "text/csv",
            key=f"{key}-csv",
            type="tertiary",
            on_click="ignore",
            help="The table behind the figure, with intervals, n and identity.",
        )
        st.download_button(
            "HTML",
            lambda: standalone(figure).encode(),
            f"offcenter-{key}.html",
            "text/html",
            key=f"{key}-html",
            type="tertiary",
            on_click="ignore",
            help="The figure as one file that opens without a network. PNG: the camera in its corner.",
        )


def table_csv(tables: Mapping[str, pd.DataFrame], identities: Mapping[str, str]) -> bytes:
    """Metric tables of several models under each other, as CSV."""
    parts = [
        table.assign(model=name, identity=identities.get(name, ""))[["model", *table.columns, "identity"]]
        for name, table in tables.items()
    ]
    return pd.concat(parts).to_csv(index=False).encode() if parts else b""
