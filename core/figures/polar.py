"""Accuracy around a circle, for rotation and yaw."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import plotly.graph_objects as go

from core.figures.style import RULE, Words, dress, faded, interval_text
from core.types import Factor

_DASHES = ("solid", "dash", "dot", "dashdot")


def polar(
    tables: Mapping[str, pd.DataFrame],
    factor: Factor,
    colours: Mapping[str, str],
    words: Words,
    *,
    groups: Mapping[str, str] | None = None,
    height: int = 380,
) -> go.Figure:
    """Accuracy by angle, 0° at the top, counter-clockwise as the object turns.

    Args:
        tables: Metric table by trace name, each with the factor's column.
        factor: Circular, in degrees.
        colours: By model.
        words: Title, subtitle, caption.
        groups: Model of each trace where one model has several (one an area); by default the trace is the model.
        height: Pixels.

    Returns:
        A figure whose markers carry ``[trace name, angle]`` as customdata.
    """
    figure = go.Figure()
    seen: dict[str, int] = {}
    for name, table in tables.items():
        model = groups[name] if groups else name
        number = seen[model] = seen.get(model, -1) + 1
        ring = pd.concat([table, table.iloc[:1]])
        alone = len(tables) <= 2
        if alone:
            _add_band(figure, ring, factor.name, colours[model])
        figure.add_scatterpolar(
            theta=ring[factor.name].tolist(),
            r=ring["value"].tolist(),
            name=name,
            mode="lines+markers",
            line={"color": colours[model], "width": 2, "dash": _DASHES[number % len(_DASHES)]},
            marker={"size": 6},
            customdata=[[name, float(angle)] for angle in ring[factor.name]],
            hovertext=[
                f"{name}<br>{angle:g}°: {text}"
                for angle, text in zip(ring[factor.name], interval_text(ring), strict=True)
            ],
            hoverinfo="text",
            selected={"marker": {"opacity": 1}},
            unselected={"marker": {"opacity": 1}},
        )
    top = max((float(table["high"].fillna(table["value"]).max()) for table in tables.values()), default=1.0)
    figure.update_layout(
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
        }
    )
    rows = len(tables) if len(tables) > 1 else 0
    dress(figure, words, height=height, legend=rows)
    # The label at 0° stands between circle and title.
    return figure.update_layout(margin_t=76)


def _add_band(figure: go.Figure, ring: pd.DataFrame, column: str, colour: str) -> None:
    known = ring[ring["low"].notna() & ring["high"].notna()]
    theta, low, high = known[column].tolist(), known["low"].tolist(), known["high"].tolist()
    figure.add_scatterpolar(
        theta=theta + theta[::-1],
        r=high + low[::-1],
        fill="toself",
        fillcolor=faded(colour),
        line={"width": 0},
        mode="lines",
        hoverinfo="skip",
        showlegend=False,
    )
