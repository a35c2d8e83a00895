"""Accuracy by where the object is: a map in image coordinates, every cell of which can be clicked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.figures.style import (
    ACCURACY_SCALE,
    CHANGE_SCALE,
    DARK_INK,
    LIGHT_INK,
    NUMBERS_LEFT,
    Scale,
    Words,
    figure,
    interval_text,
)
from core.figures.traces import marks, silent, steady
from core.types import is_thin

#: Side of the frame of a cell that differs, of the cell's.
_INSET = 0.82
#: Pixels below a map, for its axis and the scale of its colours.
_BELOW = 88


def location_map(
    table: pd.DataFrame,
    words: Words,
    *,
    chosen: tuple[float, float] | None = None,
    change: bool = False,
    height: int = 380,
    range_: tuple[float, float] | None = None,
    scale: Scale | None = None,
) -> go.Figure:
    """A map of a metric table with the columns ``x`` and ``y``, y downwards.

    Args:
        table: From ``answers.questions.answer`` by x and y, or from ``compare.paired_difference``, whose cells that
            differ at once (``band_low``, ``band_high``) are framed.
        words: Title, subtitle, caption.
        chosen: The cell that is outlined.
        change: Whether values are differences around 0.
        height: Pixels.
        range_: Lowest and highest value of the colour scale; 0 and 1 by default, and for differences the largest
            one to both sides.
        scale: Colours from the lowest to the highest value; those of accuracies or of differences by default.

    Returns:
        A figure of a heatmap, which has no clicks, under invisible squares, which carry ``[x, y]`` as customdata.
    """
    xs, ys = np.unique(table["x"]), np.unique(table["y"])
    span = range_ or _range(table["value"], change)
    colours = scale or (CHANGE_SCALE if change else ACCURACY_SCALE)
    # The domain is made square, as the image is, without empty space between axis and map.
    axis = {
        "showgrid": False,
        "zeroline": False,
        "showline": False,
        "ticks": "",
        "tickvals": [0, 0.25, 0.5, 0.75, 1],
        "constrain": "domain",
    }
    reach, down = _ends(xs), _ends(ys)[::-1]
    return figure(
        [_cells(table, xs, ys, span, colours, change), _squares(table, words.unit), *_thin(table)],
        words,
        height=height,
        shapes=[
            *(_differing(table, _step(xs) / 2, _step(ys) / 2) if change else ()),
            *(_outline(chosen, _step(xs) / 2, _step(ys) / 2) if chosen is not None else ()),
        ],
        margin={"b": _BELOW},
        left=NUMBERS_LEFT,
        xaxis={"title": {"text": "x of object centre"}, "range": reach, **axis},
        yaxis={
            "title": {"text": "y of object centre"},
            "range": down,
            "scaleanchor": "x",
            "constraintoward": "top",
            **axis,
        },
    )


def _ends(levels: np.ndarray) -> list[float]:
    """Where an axis begins and ends: half a cell beyond the outermost; the whole image where there is no cell."""
    if not len(levels):
        return [0.0, 1.0]
    return [float(levels[0]) - _step(levels) / 2, float(levels[-1]) + _step(levels) / 2]


def _cells(
    table: pd.DataFrame, xs: np.ndarray, ys: np.ndarray, span: tuple[float, float], colours: Scale, change: bool
) -> dict[str, Any]:
    grid = table.pivot(index="y", columns="x", values="value").reindex(index=ys, columns=xs)
    return {
        "type": "heatmap",
        "x": xs.tolist(),
        "y": ys.tolist(),
        "z": grid.to_numpy().tolist(),
        "zmin": span[0],
        "zmax": span[1],
        "colorscale": [list(stop) for stop in colours],
        "hoverinfo": "skip",
        "colorbar": {
            "orientation": "h",
            "tickformat": "+.0%" if change else ".0%",
            "thickness": 10,
            "outlinewidth": 0,
            "len": 0.7,
            "yref": "container",
            "y": 0,
            "yanchor": "bottom",
            "ypad": 4,
            "nticks": 5,
        },
    }


def _squares(table: pd.DataFrame, unit: str) -> dict[str, Any]:
    """Invisible, to be clicked."""
    places = list(zip(table["x"], table["y"], strict=True))
    return marks(
        table["x"].tolist(),
        table["y"].tolist(),
        [f"x {x:g}, y {y:g}<br>{text}" for (x, y), text in zip(places, interval_text(table, unit), strict=True)],
        marker={"symbol": "square", "size": 13, "opacity": 0},
        customdata=[[float(x), float(y)] for x, y in places],
        showlegend=False,
        **steady(0),
    )


def _thin(table: pd.DataFrame) -> list[dict[str, Any]]:
    """A dot in cells with few images or objects, where others have enough; if all are thin the subtitle says so."""
    thin = table[is_thin(table["n"], table["n_clusters"]) & (table["n"] > 0)]
    if not 0 < len(thin) < len(table):
        return []
    marker = {"symbol": "circle", "size": 3, "color": "rgba(29,39,51,0.55)"}
    return [silent(thin["x"].tolist(), thin["y"].tolist(), "markers", marker=marker)]


def _differing(table: pd.DataFrame, half_x: float, half_y: float) -> list[dict[str, Any]]:
    """A thin frame in each cell that differs from 0 when all cells are looked at at once: all of them as one path."""
    if "band_low" not in table:
        return []
    path = ""
    for row in table[(table["band_low"] > 0) | (table["band_high"] < 0)].itertuples():
        x, y, across, down = row.x, row.y, _INSET * half_x, _INSET * half_y
        path += f"M{x - across},{y - down}H{x + across}V{y + down}H{x - across}Z"
    return [{"type": "path", "path": path, "line": {"color": DARK_INK, "width": 1}}] if path else []


def _outline(chosen: tuple[float, float], half_x: float, half_y: float) -> list[dict[str, Any]]:
    """A frame around a cell, dark within light, so that it shows on any colour."""
    x, y = chosen
    frame = {"type": "rect", "x0": x - half_x, "x1": x + half_x, "y0": y - half_y, "y1": y + half_y}
    return [frame | {"line": {"color": ink, "width": width}} for ink, width in ((LIGHT_INK, 6), (DARK_INK, 3))]


def _range(values: pd.Series, change: bool) -> tuple[float, float]:
    if not change or values.notna().sum() == 0:
        return 0.0, 1.0
    reach = max(0.05, float(values.abs().max()))
    return -reach, reach


def stretched(tables: Iterable[pd.DataFrame]) -> tuple[float, float]:
    """The lowest and the highest value of some maps, for colours that bring out small differences."""
    values = pd.concat([table["value"] for table in tables])
    if values.notna().sum() == 0:
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    return (low, high) if high - low > 0.02 else (max(0.0, low - 0.05), min(1.0, high + 0.05))


def _step(levels: np.ndarray) -> float:
    return float(np.diff(levels).min()) if len(levels) > 1 else 0.05
