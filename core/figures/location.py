"""Accuracy by where the object is: a map in image coordinates, every cell of which can be clicked."""

from __future__ import annotations

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.figures.style import ACCURACY_SCALE, CHANGE_SCALE, Words, dress, interval_text
from core.metrics import THIN

_CHOSEN = "#1D2733"


def location_map(
    table: pd.DataFrame,
    words: Words,
    *,
    chosen: tuple[float, float] | None = None,
    change: bool = False,
    height: int = 380,
    range_: tuple[float, float] | None = None,
) -> go.Figure:
    """A map of a metric table with the columns ``x`` and ``y``, y downwards.

    Args:
        table: From ``aggregates.answer`` by x and y, or from ``compare.paired_difference``.
        words: Title, subtitle, caption.
        chosen: The cell that is outlined.
        change: Whether values are differences around 0.
        height: Pixels.
        range_: Lowest and highest value of the colour scale; by default those of the table.

    Returns:
        A figure of a heatmap, which has no clicks, under invisible squares, which carry ``[x, y]`` as customdata.
    """
    xs, ys = np.unique(table["x"]), np.unique(table["y"])
    grid = table.pivot(index="y", columns="x", values="value").reindex(index=ys, columns=xs)
    low, high = range_ or _range(table["value"], change)
    figure = go.Figure()
    figure.add_heatmap(
        x=xs.tolist(),
        y=ys.tolist(),
        z=grid.to_numpy().tolist(),
        zmin=low,
        zmax=high,
        colorscale=[list(stop) for stop in (CHANGE_SCALE if change else ACCURACY_SCALE)],
        hoverinfo="skip",
        colorbar={
            "tickformat": "+.0%" if change else ".0%",
            "thickness": 10,
            "outlinewidth": 0,
            "len": 1.0,
            "x": 1.02,
            "nticks": 5,
        },
    )
    figure.add_scatter(
        x=table["x"].tolist(),
        y=table["y"].tolist(),
        mode="markers",
        marker={"symbol": "square", "size": 13, "opacity": 0},
        customdata=[[float(x), float(y)] for x, y in zip(table["x"], table["y"], strict=True)],
        hovertext=[
            f"x {x:g}, y {y:g}<br>{text}"
            for x, y, text in zip(table["x"], table["y"], interval_text(table), strict=True)
        ],
        hoverinfo="text",
        showlegend=False,
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
    )
    _mark_thin(figure, table)
    if chosen is not None:
        half_x, half_y = _step(xs) / 2, _step(ys) / 2
        x, y = chosen
        box = {"x0": x - half_x, "x1": x + half_x, "y0": y - half_y, "y1": y + half_y}
        figure.add_shape(type="rect", **box, line={"color": _CHOSEN, "width": 2.5})
        figure.add_shape(type="rect", **box, line={"color": "#FFFFFF", "width": 1})
    # The domain is made square, as the image is, without empty space between axis and map.
    axis = {"showgrid": False, "zeroline": False, "showline": False, "ticks": "", "tickvals": [0, 0.25, 0.5, 0.75, 1]}
    reach = [float(xs[0]) - _step(xs) / 2, float(xs[-1]) + _step(xs) / 2]
    down = [float(ys[-1]) + _step(ys) / 2, float(ys[0]) - _step(ys) / 2]
    figure.update_xaxes(title={"text": "x of object centre"}, range=reach, constrain="domain", **axis)
    figure.update_yaxes(title={"text": "y of object centre"}, range=down, scaleanchor="x", constrain="domain", **axis)
    return dress(figure, words, height=height)


def _range(values: pd.Series, change: bool) -> tuple[float, float]:
    if values.notna().sum() == 0:
        return 0.0, 1.0
    if change:
        reach = max(0.05, float(values.abs().max()))
        return -reach, reach
    low, high = float(values.min()), float(values.max())
    return (low, high) if high - low > 0.02 else (max(0.0, low - 0.05), min(1.0, high + 0.05))


def _step(levels: np.ndarray) -> float:
    return float(np.diff(levels).min()) if len(levels) > 1 else 0.05


def _mark_thin(figure: go.Figure, table: pd.DataFrame) -> None:
    """A dot in cells with few images, where others have enough; if all are thin the subtitle says so."""
    thin = table[(table["n"] < THIN) & (table["n"] > 0)]
    if 0 < len(thin) < len(table):
        figure.add_scatter(
            x=thin["x"].tolist(),
            y=thin["y"].tolist(),
            mode="markers",
            marker={"symbol": "circle", "size": 3, "color": "rgba(29,39,51,0.55)"},
            hoverinfo="skip",
            showlegend=False,
        )
