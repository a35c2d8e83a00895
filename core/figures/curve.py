"""Accuracy along one factor: a line with its interval band for each model; or the difference of two."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from core.figures.style import MUTED, RULE, Words, dress, faded, interval_text, percent_axis
from core.types import Factor
from core.wording import SHARES, value

_LOG_TICKS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
#: More points than this get small markers, so that a log axis does not crowd.
_CROWDED = 24


def curve(
    tables: Mapping[str, pd.DataFrame],
    factor: Factor,
    colours: Mapping[str, str],
    words: Words,
    *,
    y_title: str = "top-1",
    log: bool = False,
    chosen: float | None = None,
    height: int = 380,
) -> go.Figure:
    """Accuracy along a numeric factor.

    Args:
        tables: Metric table by model, each with the factor's column.
        factor: On the x axis.
        colours: By model.
        words: Title, subtitle, caption.
        y_title: What accuracy is shown.
        log: Whether the x axis is logarithmic.
        chosen: The value that is marked.
        height: Pixels.

    Returns:
        A figure whose markers carry ``[model, factor value]`` as customdata.
    """
    figure = go.Figure()
    for model, table in tables.items():
        _add_band(figure, table, factor.name, colours[model])
        _add_line(figure, model, table, factor, colours[model])
    figure.update_yaxes(**percent_axis(y_title, rangemode="tozero"))
    _x_axis(figure, factor, log)
    if chosen is not None:
        figure.add_vline(x=chosen, line={"color": MUTED, "width": 1, "dash": "dot"})
    return dress(figure, words, height=height, legend=len(tables) if len(tables) > 1 else 0)


def difference_curve(
    table: pd.DataFrame, factor: Factor, colour: str, words: Words, *, log: bool = False, height: int = 380
) -> go.Figure:
    """The paired difference of two models along a factor, around a line at no difference.

    Args:
        table: From ``compare.paired_difference``.
        factor: On the x axis.
        colour: Of the line.
        words: Title, subtitle, caption.
        log: Whether the x axis is logarithmic.
        height: Pixels.
    """
    figure = go.Figure()
    _add_band(figure, table, factor.name, colour)
    _add_line(figure, "difference", table, factor, colour)
    figure.add_hline(y=0, line={"color": MUTED, "width": 1})
    figure.update_yaxes(**percent_axis("difference, points", tickformat="+.0%"))
    _x_axis(figure, factor, log)
    return dress(figure, words, height=height)


def _add_band(figure: go.Figure, table: pd.DataFrame, column: str, colour: str) -> None:
    known = table[table["low"].notna() & table["high"].notna()]
    x, low, high = known[column].tolist(), known["low"].tolist(), known["high"].tolist()
    figure.add_scatter(
        x=x + x[::-1],
        y=high + low[::-1],
        fill="toself",
        fillcolor=faded(colour),
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
        showlegend=False,
    )


def _add_line(figure: go.Figure, model: str, table: pd.DataFrame, factor: Factor, colour: str) -> None:
    places = [value(factor, level) for level in table[factor.name]]
    hover = [f"{model}<br>{place}: {text}" for place, text in zip(places, interval_text(table), strict=True)]
    figure.add_scatter(
        x=table[factor.name].tolist(),
        y=table["value"].tolist(),
        name=model,
        mode="lines+markers",
        line={"color": colour, "width": 2},
        marker={"size": 4 if len(table) > _CROWDED else 6},
        customdata=[[model, float(level)] for level in table[factor.name]],
        hovertext=hover,
        hoverinfo="text",
        # Streamlit would fade what is not selected; the choice is marked by a line instead.
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}},
    )


def _x_axis(figure: go.Figure, factor: Factor, log: bool) -> None:
    axis: dict[str, object] = {"title": {"text": _axis_title(factor)}, "showgrid": False, "zeroline": False}
    if factor.name in SHARES:
        axis["tickformat"] = ".0%"
    if factor.kind == "circular":
        axis |= {"tickvals": list(range(0, 361, 90)), "ticksuffix": factor.unit}
    if log:
        axis |= {"type": "log", "tickvals": list(_LOG_TICKS), "gridcolor": RULE}
    figure.update_xaxes(**axis)


def _axis_title(factor: Factor) -> str:
    label = factor.label[:1].lower() + factor.label[1:]
    return f"{label} ({factor.unit})" if factor.unit and factor.unit != "°" else label
