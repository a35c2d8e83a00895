"""A figure on a page: what it is of, clicks, and one small menu that saves it for a paper.

PNG and SVG are drawn by the browser (``behaviour.js``), always in dark ink on white and at one size, whatever the
theme; CSV and HTML come from here. Each file names the identities of its results.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core.figures.exported import table_csv
from core.figures.style import standalone
from core.wording import escaped

Clicked = Callable[[list[Any]], None]
_UNUSUAL = re.compile(r"[^0-9A-Za-z_-]")


def show(
    figure: go.Figure,
    key: str,
    tables: Mapping[str, pd.DataFrame],
    identities: Mapping[str, str],
    on_click: Clicked | None = None,
    *,
    population: str = "",
) -> None:
    """Draw a figure with its menu.

    Args:
        figure: From ``core.figures``.
        key: Names the chart on the page and the files.
        tables: The metric tables behind it, by model.
        identities: Identity by the same names, for the CSV.
        on_click: Gets the customdata of a clicked point.
        population: Completes "only images with", where not all are counted; plain text.
    """
    # As it stands in the name of its element, by which the browser's script finds it.
    key = _UNUSUAL.sub("-", key)
    with st.container(key=f"oc-figure-{key}", gap="xxsmall"):
        if population:
            st.caption(f"Only images with {escaped(population)}")
        st.plotly_chart(
            figure,
            key=key,
            width="stretch",
            on_select=partial(_clicked, key, on_click) if on_click else "ignore",
            selection_mode="points",
            config={
                "displaylogo": False,
                # Hidden by CSS; its button is how the browser's script has Plotly save a picture.
                "displayModeBar": True,
                "modeBarButtons": [["toImage"]],
                "scrollZoom": False,
                "doubleClick": False,
            },
        )
        _menu(figure, key, tables, identities)


@st.cache_resource(max_entries=256, show_spinner=False)
def kept(key: tuple, _build: Callable[[], go.Figure]) -> go.Figure:
    """A figure, built once for all that decides it: building takes Plotly longer than reading what is in it.

    Args:
        key: All that the figure depends on: keys of results (``cached.key_of``), question, colours, what is chosen.
        _build: Makes it.
    """
    return _build()


def _clicked(key: str, on_click: Clicked) -> None:
    """An empty selection comes when the chart is drawn anew; it is not a click."""
    points = st.session_state.get(key, {}).get("selection", {}).get("points", [])
    found = [point["customdata"] for point in points if point.get("customdata")]
    if found:
        on_click(found[0])


def _menu(figure: go.Figure, key: str, tables: Mapping[str, pd.DataFrame], identities: Mapping[str, str]) -> None:
    with st.container(key=f"oc-menu-{key}"), st.popover("Save", icon=":material/download:", type="tertiary"):
        buttons = "".join(
            f'<button class="oc-save" data-oc-save="{kind}" data-oc-figure="{html.escape(key)}">{label}</button>'
            for kind, label in (("png", "PNG, twice the size"), ("svg", "SVG"))
        )
        st.html(f'<div class="oc-saves">{buttons}</div>')
        st.download_button(
            "CSV, the table behind it",
            partial(table_csv, tables, identities, _unit_of(figure)),
            f"offcenter-{key}.csv",
            "text/csv",
            key=f"{key}-csv",
            type="tertiary",
            on_click="ignore",
            help="With intervals, n and identity.",
        )
        st.download_button(
            "HTML, to be opened offline",
            partial(_page, figure),
            f"offcenter-{key}.html",
            "text/html",
            key=f"{key}-html",
            type="tertiary",
            on_click="ignore",
        )


def _page(figure: go.Figure) -> bytes:
    return standalone(figure).encode()


def _unit_of(figure: go.Figure) -> str:
    """What images share, as the figure's words had it."""
    return (figure.layout.meta or {}).get("unit", "object")
