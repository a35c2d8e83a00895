"""Accuracy around a circle, for rotation and yaw."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from core.figures.style import CHOSEN, RULE, Words, figure, interval_text
from core.figures.traces import around, band, marks, silent, steady, symbols
from core.types import Factor

_DASHES = ("solid", "dash", "dot", "dashdot")


def polar(
    tables: Mapping[str, pd.DataFrame],
    factor: Factor,
    colours: Mapping[str, str],
    words: Words,
    *,
    groups: Mapping[str, str] | None = None,
    chosen: float | None = None,
    names: Mapping[float, str] | None = None,
    height: int = 380,
) -> go.Figure:
    """Accuracy by angle, 0° at the top, counter-clockwise as the object turns.

    Args:
        tables: Metric table by trace name, each with the factor's column.
        factor: Circular, in degrees.
        colours: By model.
        words: Title, subtitle, caption.
        groups: Model of each trace where one model has several (one an area); by default the trace is the model.
        chosen: The angle that is marked.
        names: What an angle is called, where not by itself: a bin by its edges.
        height: Pixels.

    Returns:
        A figure whose markers carry ``[trace name, angle]`` as customdata.
    """
    traces = []
    seen: dict[str, int] = {}
    for name, table in tables.items():
        model = groups[name] if groups else name
        number = seen[model] = seen.get(model, -1) + 1
        ring = pd.concat([table, table.iloc[:1]])
        if len(tables) <= 2:
            traces.append(band(ring, factor.name, colours[model]))
        traces.append(_line(name, ring, factor, colours[model], _DASHES[number % len(_DASHES)], names, words.unit))
    if chosen is not None:
        spoke = {"line": {"color": CHOSEN, "width": 12}}
        traces.insert(0, silent([chosen, chosen], [0, 1.05], "lines", **spoke))
    top = max((float(table["high"].fillna(table["value"]).max()) for table in tables.values()), default=1.0)
    return figure(
        [around(trace) for trace in traces],
        words,
        height=height,
        legend=len(tables) if len(tables) > 1 else 0,
        # The label at 0° stands between circle and title.
        margin={"t": 76},
        left=8,
        polar={
            "bgcolor": "rgba(0,0,0,0)",
            # Labels at 90° and 270° stand outside the circle and would be cut.
            "domain": {"x": [0.08, 0.92], "y": [0, 1]},
            "angularaxis": {
                "rotation": 90,
                "direction": "counterclockwise",
                "tickvals": list(range(0, 360, 45)),
                "ticktext": [f"{angle}°" for angle in range(0, 360, 45)],
                "gridcolor": RULE,
                "linecolor": RULE,
            },
            "radialaxis": {
                "range": [0, min(1.0, 1.05 * top) if top == top else 1.0],
                "tickformat": ".0%",
                "nticks": 5,
                # The labels turn with their axis; turned back they are level.
                "angle": 22.5,
                "tickangle": 22.5,
                "gridcolor": RULE,
                "showline": False,
                "tickfont": {"size": 10},
            },
        },
    )


def _line(
    name: str, ring: pd.DataFrame, factor: Factor, colour: str, dash: str, names: Mapping[float, str] | None, unit: str
) -> dict[str, Any]:
    places = [(names or {}).get(angle) or f"{angle:g}°" for angle in ring[factor.name]]
    return marks(
        ring[factor.name].tolist(),
        ring["value"].tolist(),
        [f"{name}<br>{place}: {text}" for place, text in zip(places, interval_text(ring, unit), strict=True)],
        mode="lines+markers",
        name=name,
        line={"color": colour, "width": 2, "dash": dash},
        marker={"size": 6, "symbol": symbols(ring), "line": {"width": 1.5, "color": colour}},
        customdata=[[name, float(angle)] for angle in ring[factor.name]],
        **steady(),
    )
