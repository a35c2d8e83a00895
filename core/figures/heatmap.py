"""Accuracy by two categories on the one scale of accuracies; uncommon settings in a frame, missing ones blank."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from core.figures.style import (
    ACCURACY_SCALE,
    CELL_INK,
    DARK_INK,
    LIGHT_INK,
    Words,
    figure,
    interval_text,
    needs_light_ink,
    room_for,
)
from core.figures.traces import marks
from core.types import is_thin
from core.wording import row_name

#: How far a frame of an uncommon cell is within it, in cells.
_INSET = 0.09


def category_heatmap(
    table: pd.DataFrame,
    row: str,
    column: str,
    words: Words,
    *,
    rows: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    chosen: tuple[str, str] | None = None,
    height: int = 420,
) -> go.Figure:
    """A cell for each pair of categories with its accuracy written in.

    Args:
        table: Metric table with the columns ``row`` and ``column`` and, if some cells are uncommon, bool ``uncommon``.
        row: Category down the side.
        column: Category along the top.
        words: Title, subtitle, caption.
        rows: Order of the rows; as they occur by default.
        columns: Order of the columns.
        chosen: The (row, column) that is outlined.
        height: Pixels.

    Returns:
        A figure whose invisible squares carry ``[row value, column value]`` as customdata. Cells with too few images or
        objects (``types.is_thin``) have their number in brackets.
    """
    rows = [row_name(level) for level in (rows if rows is not None else table[row].unique())]
    columns = [row_name(level) for level in (columns if columns is not None else table[column].unique())]
    return figure(
        cell_traces(table, row, column, rows, columns),
        words,
        height=height,
        left=room_for(rows),
        shapes=[*uncommon_frames(table, row, column, rows, columns), *outline(chosen, rows, columns)],
        xaxis=category_axis(columns, side="bottom"),
        yaxis=category_axis(rows, autorange="reversed", automargin=True),
    )


def cell_traces(
    table: pd.DataFrame, row: str, column: str, rows: Sequence[str], columns: Sequence[str]
) -> list[dict[str, Any]]:
    """The traces of a heatmap: cells, and the numbers on them; see ``category_heatmap``."""
    table = table[table["n"] > 0]
    clicks = pd.Series(table[[row, column]].astype(object).to_numpy().tolist(), index=table.index, dtype=object)
    table = table.assign(**{name: table[name].map(row_name) for name in (row, column)})
    uncommon = table["uncommon"].astype(bool) if "uncommon" in table else pd.Series(False, index=table.index)
    grid = table.pivot(index=row, columns=column, values="value").reindex(index=rows, columns=columns)
    return [accuracy_cells(grid, showscale=False), *_squares(table, clicks, uncommon, row, column)]


def accuracy_cells(grid: pd.DataFrame, **more: Any) -> dict[str, Any]:
    """Cells of accuracies, on the one scale from 0 to 100 %, that say nothing when they are pointed at.

    Args:
        grid: float (rows, columns), named on both sides; NaN stays blank.
        **more: What else is this trace's own.
    """
    return {
        "type": "heatmap",
        "x": list(grid.columns),
        "y": list(grid.index),
        "z": grid.to_numpy(dtype=float).tolist(),
        "zmin": 0,
        "zmax": 1,
        "colorscale": [list(stop) for stop in ACCURACY_SCALE],
        "hoverinfo": "skip",
        "xgap": 1,
        "ygap": 1,
        **more,
    }


def uncommon_frames(
    table: pd.DataFrame, row: str, column: str, rows: Sequence[str], columns: Sequence[str]
) -> list[dict[str, Any]]:
    """A frame within each uncommon cell, dark within light, so that it shows on any colour: all of them as one path."""
    if "uncommon" not in table:
        return []
    known = table[(table["n"] > 0) & table["uncommon"].astype(bool)]
    path = ""
    for level, other in zip(known[row].map(row_name), known[column].map(row_name), strict=True):
        if level in rows and other in columns:
            x, y, half = columns.index(other), rows.index(level), 0.5 - _INSET
            path += f"M{x - half},{y - half}H{x + half}V{y + half}H{x - half}Z"
    inks = ((LIGHT_INK, 3.4), (DARK_INK, 1.4))
    return [{"type": "path", "path": path, "line": {"color": ink, "width": width}} for ink, width in inks if path]


def _squares(
    table: pd.DataFrame, clicks: pd.Series, uncommon: pd.Series, row: str, column: str
) -> list[dict[str, Any]]:
    """The numbers, on invisible squares that can be clicked; one trace an ink, which a selection leaves as it is."""
    light = table["value"].map(needs_light_ink).astype(bool)
    traces = []
    for part, ink in ((table[~light], CELL_INK), (table[light], LIGHT_INK)):
        pairs = list(zip(part[row], part[column], strict=True))
        unchanged = {"marker": {"opacity": 0}, "textfont": {"color": ink}}
        traces.append(
            marks(
                [pair[1] for pair in pairs],
                [pair[0] for pair in pairs],
                [
                    f"{pair[0]}, {pair[1]}{' (uncommon)' if rare else ''}<br>{text}"
                    for pair, rare, text in zip(pairs, uncommon[part.index], interval_text(part), strict=True)
                ],
                mode="markers+text",
                text=share_texts(part),
                textfont={"size": 11, "color": ink},
                marker={"symbol": "square", "size": 26, "opacity": 0},
                customdata=clicks[part.index].tolist(),
                showlegend=False,
                selected=unchanged,
                unselected=unchanged,
            )
        )
    return traces


def share_texts(table: pd.DataFrame) -> list[str]:
    """Whole percent of each row of a metric table, in brackets where it rests on few images or objects."""
    thin = is_thin(table["n"], table["n_clusters"])
    return [
        f"({100 * share:.0f})" if few else f"{100 * share:.0f}" for share, few in zip(table["value"], thin, strict=True)
    ]


def outline(chosen: tuple[str, str] | None, rows: Sequence[str], columns: Sequence[str]) -> list[dict[str, Any]]:
    """A frame around the chosen cell, dark within light, so that it shows on any colour."""
    if chosen is None or chosen[0] not in rows or chosen[1] not in columns:
        return []
    x, y = columns.index(chosen[1]), rows.index(chosen[0])
    frame = {"type": "rect", "x0": x - 0.5, "x1": x + 0.5, "y0": y - 0.5, "y1": y + 0.5}
    return [frame | {"line": {"color": ink, "width": width}} for ink, width in ((LIGHT_INK, 7), (DARK_INK, 3.5))]


def category_axis(levels: Sequence[str], **more: object) -> dict[str, object]:
    """An axis of categories in this order."""
    return {"showgrid": False, "categoryorder": "array", "categoryarray": levels, **more}
