"""Accuracy by any two factors, or its difference of two models: a cell for each pair of values, to be clicked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from core.figures.heatmap import category_axis, outline, share_texts
from core.figures.style import (
    ACCURACY_SCALE,
    CELL_INK,
    CHANGE_SCALE,
    DARK_INK,
    LIGHT_INK,
    Scale,
    Words,
    figure,
    interval_text,
    needs_light_ink,
    room_for,
)
from core.figures.traces import marks, silent
from core.types import is_thin
from core.wording import plain, points

#: With more columns or rows than these numbers do not fit into cells.
_MOST_COLUMNS, _MOST_ROWS = 16, 30
#: Letters of a name beside a row and under a column; the hover text has all.
_LETTERS = 24
#: Letters that stand level under a column, of all columns together.
_LEVEL = 96
#: Pixels: of a row, of the title above the rows, for the scale of colours and for an axis' title.
_ROW, _ABOVE, _SCALE, _TITLE = 26, 80, 46, 24
#: Pixels that a slanted letter reaches down.
_SLANTED = 4.6
_DOT = {"symbol": "circle", "size": 3, "color": "rgba(29,39,51,0.55)"}


def factor_cells(
    table: pd.DataFrame,
    titles: tuple[str, str],
    rows: Sequence[str],
    columns: Sequence[str],
    words: Words,
    *,
    chosen: tuple[str, str] | None = None,
    change: bool = False,
    range_: tuple[float, float] | None = None,
    scale: Scale | None = None,
) -> go.Figure:
    """A heatmap of a metric table with the text columns ``row`` and ``column``.

    Args:
        table: ``row``, ``column``, and the metric columns; of differences also ``band_low`` and ``band_high``, and
            cells that differ at once are framed.
        titles: What the rows are, and the columns.
        rows: From top to bottom.
        columns: From left to right.
        words: Title, subtitle, caption.
        chosen: The (row, column) that is outlined.
        change: Whether values are differences around 0.
        range_: Lowest and highest value of the colour scale; 0 and 1 by default, and for differences the largest one
            to both sides.
        scale: Colours from the lowest to the highest value; those of accuracies or of differences by default.

    Returns:
        A figure whose invisible squares carry ``[row, column]`` as customdata. Thin cells (``types.is_thin``) have
        their number in brackets, or a dot where numbers have no room.
    """
    table = table[(table["n"] > 0) & table["row"].isin(rows) & table["column"].isin(columns)]
    span = range_ or _range(table["value"], change)
    colours = scale or (CHANGE_SCALE if change else ACCURACY_SCALE)
    numbered = len(columns) <= _MOST_COLUMNS and len(rows) <= _MOST_ROWS
    slanted = sum(min(len(name), _LETTERS) for name in columns) > _LEVEL
    longest = max((min(len(name), _LETTERS) for name in columns), default=0)
    title = {"text": plain(_short(titles[1])), "standoff": 10}
    below = 2 * _TITLE + (round(_SLANTED * longest) if slanted else 0)
    return figure(
        [
            _cells(table, rows, columns, span, colours, change, scaled=not numbered),
            *_squares(table, span, colours, change, numbered, words.unit),
        ],
        words,
        height=max(240, _ABOVE + _ROW * len(rows) + below + (0 if numbered else _SCALE)),
        left=room_for([*map(_short, rows), _short(titles[0])]),
        margin={"t": _ABOVE, "b": below + (0 if numbered else _SCALE)},
        annotations=[_row_title(titles[0])],
        shapes=[*(_differing(table, rows, columns) if change else ()), *outline(chosen, rows, columns)],
        xaxis=_axis(columns, title=title, range=[-0.5, len(columns) - 0.5], tickangle=-40 if slanted else 0),
        yaxis=_axis(rows, range=[len(rows) - 0.5, -0.5]),
    )


def _axis(names: Sequence[str], **more: Any) -> dict[str, Any]:
    ticks = {"tickvals": list(names), "ticktext": [plain(_short(name)) for name in names], "ticks": ""}
    # Names that read like numbers or dates would become such.
    return category_axis(list(names), type="category", ticklabelstandoff=6, **ticks, **more)


def _row_title(title: str) -> dict[str, Any]:
    """What the rows are, above their names."""
    place = {"x": 0, "xref": "paper", "xanchor": "right", "xshift": -8, "y": 1, "yref": "paper", "yanchor": "bottom"}
    return {"text": plain(_short(title)), "showarrow": False, "yshift": 4, **place}


def _short(name: str) -> str:
    return name if len(name) <= _LETTERS else name[: _LETTERS - 1] + "…"


def _cells(
    table: pd.DataFrame,
    rows: Sequence[str],
    columns: Sequence[str],
    span: tuple[float, float],
    colours: Scale,
    change: bool,
    *,
    scaled: bool,
) -> dict[str, Any]:
    grid = table.pivot(index="row", columns="column", values="value").reindex(index=list(rows), columns=list(columns))
    bar = {"orientation": "h", "tickformat": "+.0%" if change else ".0%", "thickness": 10, "outlinewidth": 0}
    place = {"len": 0.5, "yref": "container", "y": 0, "yanchor": "bottom", "ypad": 4, "nticks": 5}
    return {
        "type": "heatmap",
        "x": list(columns),
        "y": list(rows),
        "z": grid.to_numpy(dtype=float).tolist(),
        "zmin": span[0],
        "zmax": span[1],
        "colorscale": [list(stop) for stop in colours],
        "hoverinfo": "skip",
        "xgap": 1,
        "ygap": 1,
        "showscale": scaled,
        "colorbar": bar | place,
    }


def _squares(
    table: pd.DataFrame, span: tuple[float, float], colours: Scale, change: bool, numbered: bool, unit: str
) -> list[dict[str, Any]]:
    """What can be clicked, with the numbers; one trace an ink, which a selection leaves as it is."""
    shares = (table["value"] - span[0]) / ((span[1] - span[0]) or 1)
    light = shares.clip(0, 1).map(lambda share: needs_light_ink(share, colours)).astype(bool)
    traces = []
    for part, ink in ((table[~light], CELL_INK), (table[light], LIGHT_INK)):
        unchanged: dict[str, Any] = {"marker": {"opacity": 0}}
        text: Mapping[str, Any] = {}
        if numbered:
            unchanged["textfont"] = {"color": ink}
            text = {"mode": "markers+text", "text": _numbers(part, change), "textfont": {"size": 11, "color": ink}}
        traces.append(
            marks(
                part["column"].tolist(),
                part["row"].tolist(),
                [
                    f"{plain(row)}, {plain(column)}<br>{said}"
                    for row, column, said in zip(part["row"], part["column"], interval_text(part, unit), strict=True)
                ],
                **text,
                marker={"symbol": "square", "size": 24, "opacity": 0},
                customdata=part[["row", "column"]].to_numpy().tolist(),
                showlegend=False,
                selected=unchanged,
                unselected=unchanged,
            )
        )
    thin = table[is_thin(table["n"], table["n_clusters"])]
    if not numbered and 0 < len(thin) < len(table):
        traces.append(silent(thin["column"].tolist(), thin["row"].tolist(), "markers", marker=_DOT))
    return traces


def _numbers(table: pd.DataFrame, change: bool) -> list[str]:
    if not change:
        return share_texts(table)
    said = [points(value).removesuffix("\u00a0pts") for value in table["value"]]
    thin = is_thin(table["n"], table["n_clusters"])
    return [f"({text})" if few else text for text, few in zip(said, thin, strict=True)]


def _differing(table: pd.DataFrame, rows: Sequence[str], columns: Sequence[str]) -> list[dict[str, Any]]:
    """A thin frame in each cell that differs from 0 when all cells are looked at at once: all of them as one path."""
    path = ""
    for row in table[(table["band_low"] > 0) | (table["band_high"] < 0)].itertuples():
        x, y, half = columns.index(row.column), rows.index(row.row), 0.42
        path += f"M{x - half},{y - half}H{x + half}V{y + half}H{x - half}Z"
    return [{"type": "path", "path": path, "line": {"color": DARK_INK, "width": 1.4}}] if path else []


def _range(values: pd.Series, change: bool) -> tuple[float, float]:
    if not change or values.notna().sum() == 0:
        return 0.0, 1.0
    reach = max(0.05, float(values.abs().max()))
    return -reach, reach
