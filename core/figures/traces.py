"""What figures are made of, as dicts in Plotly's terms: points, bars, bands and their intervals."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from core.figures.style import DARK_INK as INK
from core.figures.style import LIGHT_INK as PAPER
from core.figures.style import MUTED, faded
from core.types import THIN, is_thin


def marks(
    x: Sequence[Any], y: Sequence[Any], hover: Sequence[str], *, mode: str = "markers", **more: Any
) -> dict[str, Any]:
    """Points, texts or a line that say something when they are pointed at."""
    return {"type": "scatter", "x": x, "y": y, "mode": mode, "hovertext": hover, "hoverinfo": "text", **more}


def symbols(table: pd.DataFrame, symbol: str = "circle") -> list[str]:
    """A mark for each row of a metric table, hollow where it rests on too few images or objects."""
    thin = is_thin(table["n"], table["n_clusters"]) if "n_clusters" in table else table["n"] < THIN
    return [f"{symbol}-open" if each else symbol for each in thin]


def published_marks(
    x: Sequence[Any], y: Sequence[Any], hover: Sequence[str], *, size: int = 10, width: float = 1.6
) -> dict[str, Any]:
    """Published numbers as white diamonds with a dark edge, unlike any of ours, legible on bars and on either theme."""
    marker = {"symbol": "diamond", "size": size, "color": PAPER, "line": {"width": width, "color": INK}}
    return marks(x, y, hover, name="published", marker=marker)


def row_bars(
    rows: Sequence[str] | Sequence[float], values: Sequence[float], hover: Sequence[str], **more: Any
) -> dict[str, Any]:
    """A bar in each row that says something when it is pointed at."""
    return {"type": "bar", "orientation": "h", "y": rows, "x": values, "hovertext": hover, "hoverinfo": "text", **more}


def silent(x: Sequence[Any], y: Sequence[Any], mode: str, **more: Any) -> dict[str, Any]:
    """Points or a line that say nothing, neither when they are pointed at nor in the legend."""
    return {"type": "scatter", "x": x, "y": y, "mode": mode, "hoverinfo": "skip", "showlegend": False, **more}


def band(table: pd.DataFrame, column: str, colour: str) -> dict[str, Any]:
    """The intervals of a metric table along a column as a faded area, where there are any."""
    known = table[table["low"].notna() & table["high"].notna()]
    levels, low, high = known[column].tolist(), known["low"].tolist(), known["high"].tolist()
    look = {"fill": "toself", "fillcolor": faded(colour), "line": {"width": 0}}
    return silent(levels + levels[::-1], high + low[::-1], "lines", **look)


def around(trace: dict[str, Any]) -> dict[str, Any]:
    """A trace on a circle: ``x`` is its angle, ``y`` its radius."""
    places = {"x": "theta", "y": "r"}
    return {places.get(name, name): content for name, content in trace.items()} | {"type": "scatterpolar"}


def steady(opacity: float = 1) -> dict[str, Any]:
    """For marks that can be clicked: Streamlit would fade what is not selected, these stay as they are."""
    return {name: {"marker": {"opacity": opacity}} for name in ("selected", "unselected")}


def error_bars(
    values: pd.Series,
    low: pd.Series,
    high: pd.Series,
    colour: str = MUTED,
    *,
    thickness: float = 1.4,
    width: int = 3,
) -> dict[str, Any]:
    """Intervals as Plotly's ``error_x`` or ``error_y``.

    Args:
        values: (N,) where the marks or bars end.
        low: Lower ends of the intervals.
        high: Upper ends.
        colour: Of the whiskers.
        thickness: Of the line, pixels.
        width: Of the caps, pixels.
    """
    return {
        "type": "data",
        "symmetric": False,
        "array": (high - values).tolist(),
        "arrayminus": (values - low).tolist(),
        "thickness": thickness,
        "width": width,
        "color": colour,
    }
