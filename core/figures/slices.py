"""What is common among mistakes: the accuracy that slices of the images cost, sought once and tried again."""

from __future__ import annotations

import math

import pandas as pd
import plotly.graph_objects as go

from core.figures.style import CHOSEN, Words, figure, percent_axis, place_axis, room_for, vertical
from core.figures.traces import error_bars, marks, steady

#: A condition has so many signs at most; the hover text has it whole.
_LONGEST = 40
#: Of the two marks of a row, how far from its middle.
_APART = 0.17
_ROW, _REST = 42, 130


def slices(table: pd.DataFrame, colour: str, words: Words, chosen: str = "") -> go.Figure:
    """The drop of each slice with its two intervals, a row a slice.

    Args:
        table: ``core.answers.slices.Slices.table``.
        colour: Of the model.
        words: Title, subtitle, caption.
        chosen: ``conditions`` of the row that is marked.

    Returns:
        Circles (where slices were sought) and diamonds (tried again; hollow where not confirmed) with ``[conditions]``
        as customdata.
    """
    names = [[_short(part) for part in parts] for parts in table["parts"]]
    names = [
        [*parts, "(which class)"] if which else parts for parts, which in zip(names, table["which_class"], strict=True)
    ]
    at = [float(place) for place in range(len(table))]
    clicks = [[each] for each in table["conditions"]]
    again = table[table["again"].notna()]
    traces = [
        _drops(table, at, ("value", "low", "high", "n", "n_clusters"), "sought", -_APART, colour, clicks, "circle"),
        _drops(
            again,
            [at[row] for row in again.index],
            ("again", "again_low", "again_high", "n_again", "n_clusters_again"),
            "tried again on the other half",
            _APART,
            colour,
            [clicks[row] for row in again.index],
            ["diamond" if each else "diamond-open" for each in again["confirmed"]],
        ),
    ]
    lowest = min(float(again["again_low"].min()) if len(again) else 0.0, 0.0)
    highest = max(float(table["high"].max()), float(again["again_high"].max()) if len(again) else 0.0)
    band = {"type": "rect", "xref": "paper", "x0": 0, "x1": 1, "layer": "below", "fillcolor": CHOSEN}
    rows = [place for place, each in zip(at, table["conditions"], strict=True) if each == chosen]
    return figure(
        traces,
        words,
        height=_REST + _ROW * len(table),
        legend=2,
        left=room_for([part for parts in names for part in parts]),
        shapes=[
            vertical(0.0),
            *(band | {"y0": place - 0.48, "y1": place + 0.48, "line": {"width": 0}} for place in rows),
        ],
        xaxis=percent_axis("accuracy that the slice costs", range=[_padded(lowest, -1), _padded(highest, 1)]),
        yaxis=place_axis(["<br>".join(parts) for parts in names]),
    )


def _drops(
    table: pd.DataFrame,
    at: list[float],
    columns: tuple[str, str, str, str, str],
    name: str,
    shift: float,
    colour: str,
    clicks: list[list[str]],
    symbol: str | list[str],
) -> dict[str, object]:
    value, low, high, n, n_clusters = (table[column] for column in columns)
    hover = [
        f"<b>{said}</b><br>{name}: {100 * each:.0f} points [{100 * bottom:.0f}, {100 * top:.0f}]<br>n = {images:,}"
        + (f", {objects:,} objects" if objects != images else "")
        for said, each, bottom, top, images, objects in zip(
            table["slice"], value, low, high, n, n_clusters, strict=True
        )
    ]
    return marks(
        value.tolist(),
        [place + shift for place in at],
        hover,
        name=name,
        marker={"size": 10, "color": colour, "symbol": symbol, "line": {"width": 1.6, "color": colour}},
        error_x=error_bars(value, low, high),
        customdata=clicks,
        **steady(),
    )


def _short(said: str) -> str:
    """A condition with the middle of a long name left out: its value is at the end."""
    kept = _LONGEST // 2
    return said if len(said) <= _LONGEST else f"{said[: _LONGEST - kept - 1]}…{said[-kept:]}"


def _padded(end: float, sign: int) -> float:
    """An end of the axis a little beyond, never further than a drop can be."""
    return max(-1.02, min(1.02, math.copysign(abs(end) + 0.04, sign)))
