"""Right for the right reasons? Sensitivity to noise, and where a model looks against how sure it is."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.figures.style import (
    MUTED,
    NOTED,
    NUMBERS_LEFT,
    Words,
    faded,
    figure,
    horizontal,
    percent_axis,
    place_axis,
    room_for,
    vertical,
)
from core.figures.traces import band, error_bars, marks, silent, steady
from core.wording import interval, points

#: On a scale of -1 to 1: relative foreground sensitivity.
_SENSITIVITY = {"range": [-1.05, 1.05], "tickvals": [-1, -0.5, 0, 0.5, 1], "zeroline": False}


def sensitivity(
    tables: Mapping[str, pd.DataFrame],
    column: str,
    colours: Mapping[str, str],
    words: Words,
    *,
    x_title: str,
    height: int = 380,
) -> go.Figure:
    """Relative foreground sensitivity against the strength of the noise, around a line at none.

    Args:
        tables: By model, with ``column``, ``value``, ``low``, ``high`` (-1..1), ``acc_noisy_fg``, ``acc_noisy_bg``
            (0..1), ``n``.
        column: Strength.
        colours: By model.
        words: Title, subtitle, caption.
        x_title: Of the strength, with its unit.
        height: Pixels.
    """
    traces: list[dict[str, Any]] = []
    for model, table in tables.items():
        hover = [
            f"{model}<br>RFS <b>{row.value:+.2f}</b> [{row.low:+.2f}, {row.high:+.2f}]<br>noise on the object "
            f"{row.acc_noisy_fg:.1%}, elsewhere {row.acc_noisy_bg:.1%}<br>n = {row.n:,}"
            for row in table.itertuples()
        ]
        line = {"mode": "lines+markers", "name": model, "line": {"color": colours[model], "width": 2}}
        traces += [
            band(table, column, colours[model]),
            marks(
                table[column].tolist(),
                table["value"].tolist(),
                hover,
                marker={"size": 7},
                customdata=_clicks(model, table, column),
                **line,
                **steady(),
            ),
        ]
    return figure(
        traces,
        words,
        height=height,
        legend=len(tables) if len(tables) > 1 else 0,
        left=NUMBERS_LEFT,
        shapes=[horizontal(0)],
        xaxis=_strengths(tables, column, x_title),
        yaxis={"title": {"text": "noise elsewhere costs more  ←  RFS  →  on the object"}, **_SENSITIVITY},
    )


def noisy_accuracies(
    tables: Mapping[str, pd.DataFrame],
    column: str,
    colours: Mapping[str, str],
    words: Words,
    *,
    x_title: str,
    height: int = 380,
) -> go.Figure:
    """The two accuracies that relative foreground sensitivity is made of: noise on the object, and elsewhere.

    Args:
        tables: As for ``sensitivity``.
        column: Strength.
        colours: By model.
        words: Title, subtitle, caption.
        x_title: Of the strength, with its unit.
        height: Pixels.
    """
    traces = []
    for model, table in tables.items():
        for part, said, dash, symbol in (
            ("acc_noisy_fg", "noise on the object", "solid", "circle"),
            ("acc_noisy_bg", "noise elsewhere", "dot", "square-open"),
        ):
            counted = zip(table[part], table["n"], strict=True)
            hover = [f"{model}, {said}<br><b>{share:.1%}</b><br>n = {n:,}" for share, n in counted]
            traces.append(
                marks(
                    table[column].tolist(),
                    table[part].tolist(),
                    hover,
                    mode="lines+markers",
                    name=f"{model}, {said}",
                    line={"color": colours[model], "width": 2, "dash": dash},
                    marker={"size": 7, "symbol": symbol},
                    customdata=_clicks(model, table, column),
                    **steady(),
                )
            )
    return figure(
        traces,
        words,
        height=height,
        legend=len(traces),
        left=NUMBERS_LEFT,
        xaxis=_strengths(tables, column, x_title),
        yaxis=percent_axis("top-1, mean over classes", range=[0, 1.03]),
    )


def _strengths(tables: Mapping[str, pd.DataFrame], column: str, title: str) -> dict[str, Any]:
    levels = sorted({float(level) for table in tables.values() for level in table[column]})
    return {"title": {"text": title}, "showgrid": False, "zeroline": False, "tickvals": levels}


def _clicks(model: str, table: pd.DataFrame, column: str) -> list[list[Any]]:
    return [[model, float(strength)] for strength in table[column]]


def most_of(values: Iterable[Sequence[float] | pd.Series]) -> float:
    """Where an axis from 0 ends that several figures share: the next tenth above all values, at most 1.

    Args:
        values: Of a measure of alignment (0..1), a sequence a model; NaN plays no part.
    """
    most = max((float(np.nanmax(part)) for part in map(np.asarray, values) if not np.isnan(part).all()), default=1.0)
    return min(10, max(1, math.ceil(round(10 * most, 6)))) / 10


def quadrant(
    table: pd.DataFrame, words: Words, *, x_title: str, chosen: str = "", most: float = 1.0, height: int = 430
) -> go.Figure:
    """Every right prediction: how much of what the model looks at is the object, and how sure it is.

    Args:
        table: A row an image: ``sample_id``, ``value`` (of the measure of alignment) and ``confidence`` (0..1),
            ``kept`` (whether the prediction is still right when the object is gone).
        words: Title, subtitle, caption.
        x_title: Of the measure.
        chosen: The image that is marked.
        most: Where the axis of the measure ends; see ``most_of``.
        height: Pixels.

    Returns:
        A figure whose points carry ``[sample_id]`` as customdata.
    """
    traces = []
    for kept, name, colour, symbol in ((False, "wrong without it", MUTED, "circle"),
                                       (True, "still right without the object", NOTED, "diamond")):  # fmt: skip
        rows = table[table["kept"] == kept]
        hover = [
            f"{row.sample_id}<br>{name}<br>{x_title} {row.value:.2f}, confidence {row.confidence:.2f}"
            for row in rows.itertuples()
        ]
        traces.append(
            marks(
                rows["value"].tolist(),
                rows["confidence"].tolist(),
                hover,
                name=f"{name} ({len(rows):,})",
                marker={"size": 8, "symbol": symbol, "color": faded(colour, 0.75)},
                customdata=[[sample_id] for sample_id in rows["sample_id"]],
                **steady(),
            )
        )
    here = table[table["sample_id"] == chosen]
    if len(here):
        ring = {"symbol": "circle-open", "size": 18, "color": NOTED, "line": {"width": 3}}
        traces.append(silent(here["value"].tolist(), here["confidence"].tolist(), "markers", marker=ring))
    return figure(
        traces,
        words,
        height=height,
        legend=2,
        left=NUMBERS_LEFT,
        shapes=[vertical(float(table["value"].median())), horizontal(0.5)] if len(table) else [],
        xaxis=_measured(x_title, most),
        yaxis={"title": {"text": "confidence"}, "range": [0, 1.05], "zeroline": False},
    )


def _measured(title: str, most: float) -> dict[str, Any]:
    """The axis of a measure of alignment, with room for a mark at both ends."""
    return {"title": {"text": title}, "range": [-0.03 * most, 1.03 * most], "zeroline": False}


def violins(
    values: Mapping[str, Sequence[float]],
    colours: Mapping[str, str],
    words: Words,
    *,
    x_title: str,
    most: float = 1.0,
    height: int = 0,
) -> go.Figure:
    """How a measure of single images is spread, for each model; its mean and quartiles inside.

    Args:
        values: By model, a number an image; NaN is left out.
        colours: By model.
        words: Title, subtitle, caption.
        x_title: Of the measure.
        most: Where its axis ends; see ``most_of``.
        height: Pixels; from the number of models by default.
    """
    traces = [
        {
            "type": "violin",
            "orientation": "h",
            "x": [each for each in there if each == each],
            "y0": model,
            "name": model,
            "line": {"color": colours[model], "width": 1.5},
            "fillcolor": faded(colours[model], 0.3),
            "box": {"visible": True},
            "meanline": {"visible": True},
            "points": False,
            "spanmode": "hard",
            "hoverinfo": "x",
            "showlegend": False,
        }
        for model, there in values.items()
    ]
    return figure(
        traces,
        words,
        height=height or 150 + 90 * len(values),
        xaxis=_measured(x_title, most),
        yaxis={"showgrid": False, "automargin": True, "autorange": "reversed", "showticklabels": len(values) > 1},
    )


def changes(
    tables: Mapping[str, pd.DataFrame],
    order: Mapping[str, str],
    colours: Mapping[str, str],
    words: Words,
    *,
    hollow: Collection[str] = (),
) -> go.Figure:
    """What taking the object away changes, in several sets of images beside each other.

    Args:
        tables: By name of a line of the legend: ``view, value, low, high`` (-1..1), ``n``.
        order: What a reader sees, by view, from top to bottom.
        colours: By name.
        words: Title, subtitle, caption.
        hollow: Names whose marks are hollow.
    """
    views = list(order)
    traces = []
    for number, (name, table) in enumerate(tables.items()):
        shift = (number - (len(tables) - 1) / 2) * 0.22
        part = table[table["view"].isin(views)]
        hover = [
            f"{name}, {order[row.view]}<br><b>{points(row.value, 1)}</b> {interval(row.low, row.high)}<br>n = {row.n:,}"
            for row in part.itertuples()
        ]
        look = {"size": 10, "color": colours[name], "symbol": "circle-open" if name in hollow else "circle"}
        traces.append(
            marks(
                part["value"].tolist(),
                [views.index(view) + shift for view in part["view"]],
                hover,
                name=name,
                marker=look | {"line": {"width": 2, "color": colours[name]}},
                error_x=error_bars(part["value"], part["low"], part["high"], colours[name]),
            )
        )
    return figure(
        traces,
        words,
        height=170 + 55 * len(views),
        legend=len(traces),
        left=room_for(list(order.values())),
        shapes=[vertical(0)],
        xaxis=percent_axis("change without the object, points", tickformat="+.0%"),
        yaxis=place_axis(list(order.values())),
    )
