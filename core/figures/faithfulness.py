"""Insertion and deletion curves of a saliency map, beside those of orders that know nothing of the model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from core.figures.style import MUTED, NOTED, NUMBERS_LEFT, RULE, Words, faded, figure, percent_axis
from core.figures.traces import marks, silent

#: Orders of pixels as the table names them, and what a reader sees.
MAP, RANDOM, CENTRE = "map", "random", "centre"
_SAID = {MAP: "this map", RANDOM: "random maps, mean", CENTRE: "nearest to the centre"}
_WALKS = {"insertion": "pixels revealed, blurred at first", "deletion": "pixels removed"}
_DOMAINS = {"insertion": [0.0, 0.46], "deletion": [0.54, 1.0]}


def curves(table: pd.DataFrame, colour: str, words: Words, *, height: int = 300) -> go.Figure:
    """The class's probability as pixels are revealed (left) and as they are removed (right).

    Args:
        table: ``walk`` (``insertion``, ``deletion``), ``order`` (``map``, ``random``, ``centre``), ``draw`` (of random
            maps), ``share`` of the pixels and ``probability``, both 0..1.
        colour: Of the map's model.
        words: Title, subtitle, caption.
        height: Pixels.
    """
    traces, most = [], [0, 1.04 * table["probability"].max()]
    for walk, axes in zip(_WALKS, ({}, {"xaxis": "x2", "yaxis": "y2"}), strict=True):
        part = table[table["walk"] == walk]
        for _, drawn in part[part["order"] == RANDOM].groupby("draw"):
            look = {"color": faded(MUTED, 0.35), "width": 1}
            traces.append(silent(drawn["share"].tolist(), drawn["probability"].tolist(), "lines", line=look, **axes))
        for order, look in _looks(colour).items():
            mean = part[part["order"] == order].groupby("share", as_index=False)["probability"].mean()
            traces.append(_line(walk, order, mean, look, showlegend=not axes, legendgroup=order, **axes))
    return figure(
        traces,
        words,
        height=height,
        legend=1,
        left=NUMBERS_LEFT,
        xaxis=_share_axis("insertion"),
        xaxis2=_share_axis("deletion", anchor="y2"),
        yaxis=percent_axis("probability", range=most),
        yaxis2=percent_axis(range=most, anchor="x2", showticklabels=False),
    )


def _looks(colour: str) -> dict[str, dict[str, Any]]:
    return {
        MAP: {"color": colour, "width": 2.6},
        RANDOM: {"color": MUTED, "width": 2, "dash": "dash"},
        CENTRE: {"color": NOTED, "width": 1.6, "dash": "dot"},
    }


def _line(walk: str, order: str, mean: pd.DataFrame, look: dict[str, Any], **more: Any) -> dict[str, Any]:
    verb = "revealed" if walk == "insertion" else "removed"
    hover = [
        f"<b>{100 * probability:.1f} %</b><br>{100 * share:.0f} % of pixels {verb}: {_SAID[order]}"
        for share, probability in _pairs(mean)
    ]
    shares, probabilities = mean["share"].tolist(), mean["probability"].tolist()
    return marks(shares, probabilities, hover, mode="lines", name=_SAID[order], line=look, **more)


def _pairs(mean: pd.DataFrame) -> Sequence[tuple[float, float]]:
    return list(zip(mean["share"], mean["probability"], strict=True))


def _share_axis(walk: str, **more: Any) -> dict[str, Any]:
    return {
        "title": {"text": _WALKS[walk]},
        "tickformat": ".0%",
        "range": [0, 1],
        "tickvals": [0, 0.25, 0.5, 0.75, 1],
        "domain": _DOMAINS[walk],
        "gridcolor": RULE,
        "zeroline": False,
        **more,
    }
