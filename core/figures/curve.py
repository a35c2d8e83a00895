"""Accuracy along one factor: a line with its interval band for each model; or the difference of two."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from core.figures.style import (
    CHOSEN,
    NUMBERS_LEFT,
    RULE,
    Words,
    figure,
    horizontal,
    interval_text,
    percent_axis,
    vertical,
)
from core.figures.traces import band, marks, steady, symbols
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
    names: Mapping[float, str] | None = None,
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
        names: What a value is called, where not by itself: a bin by its edges.
        height: Pixels.

    Returns:
        A figure whose markers carry ``[model, factor value]`` as customdata.
    """
    traces = []
    for model, table in tables.items():
        line = _line(model, table, factor, colours[model], names, words.unit)
        traces += [band(table, factor.name, colours[model]), line]
    return figure(
        traces,
        words,
        height=height,
        legend=len(tables) if len(tables) > 1 else 0,
        left=NUMBERS_LEFT,
        shapes=[] if chosen is None else chosen_line(chosen),
        xaxis=factor_axis(factor, log),
        yaxis=percent_axis(y_title, rangemode="tozero"),
    )


def difference_curve(
    table: pd.DataFrame,
    factor: Factor,
    colour: str,
    words: Words,
    *,
    log: bool = False,
    chosen: float | None = None,
    names: Mapping[float, str] | None = None,
    height: int = 380,
) -> go.Figure:
    """The paired difference of two models along a factor, around a line at no difference.

    Args:
        table: From ``compare.paired_difference``.
        factor: On the x axis.
        colour: Of the line.
        words: Title, subtitle, caption.
        log: Whether the x axis is logarithmic.
        chosen: The value that is marked.
        names: What a value is called, where not by itself: a bin by its edges.
        height: Pixels.
    """
    return figure(
        [band(table, factor.name, colour), _line("difference", table, factor, colour, names, words.unit)],
        words,
        height=height,
        left=NUMBERS_LEFT,
        shapes=[horizontal(0), *([] if chosen is None else chosen_line(chosen))],
        xaxis=factor_axis(factor, log),
        yaxis=percent_axis("difference, points", tickformat="+.0%"),
    )


def _line(
    model: str, table: pd.DataFrame, factor: Factor, colour: str, names: Mapping[float, str] | None, unit: str
) -> dict[str, Any]:
    places = [(names or {}).get(level) or value(factor, level) for level in table[factor.name]]
    return marks(
        table[factor.name].tolist(),
        table["value"].tolist(),
        [f"{model}<br>{place}: {text}" for place, text in zip(places, interval_text(table, unit), strict=True)],
        mode="lines+markers",
        name=model,
        line={"color": colour, "width": 2},
        marker={
            "size": 4 if len(table) > _CROWDED else 6,
            "symbol": symbols(table),
            "line": {"width": 1.5, "color": colour},
        },
        customdata=[[model, float(level)] for level in table[factor.name]],
        **steady(),
    )


def chosen_line(chosen: float) -> list[dict[str, Any]]:
    """A band behind the chosen value, and a line through it."""
    return [vertical(chosen, width=12, color=CHOSEN), vertical(chosen, width=1.5)]


def factor_axis(factor: Factor, log: bool) -> dict[str, Any]:
    """The x axis of a numeric factor, logarithmic or not."""
    axis: dict[str, Any] = {"title": {"text": _axis_title(factor)}, "showgrid": False, "zeroline": False}
    if factor.name in SHARES:
        axis["tickformat"] = ".0%"
    if factor.kind == "circular":
        axis |= {"tickvals": list(range(0, 361, 90)), "ticksuffix": factor.unit}
    if log:
        axis |= {"type": "log", "tickvals": list(_LOG_TICKS), "gridcolor": RULE}
    return axis


def _axis_title(factor: Factor) -> str:
    label = factor.label[:1].lower() + factor.label[1:]
    return f"{label} ({factor.unit})" if factor.unit and factor.unit != "°" else label
