"""What a second model breaks and what it fixes: rows to both sides, curves below and above, maps of one of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from core.answers.flips import KINDS, Kind, of_kind
from core.figures.curve import chosen_line, factor_axis
from core.figures.style import (
    BAR_OPACITY,
    CHOSEN,
    GAIN,
    NUMBERS_LEFT,
    Words,
    figure,
    horizontal,
    percent_axis,
    room_for,
    row_axis,
    vertical,
)
from core.figures.traces import band, error_bars, marks, row_bars, steady, symbols
from core.types import Factor, is_thin
from core.wording import clusters, interval, percent, plain, row_name, value

#: What the two directions are called, and their colours: a loss is purple and a gain green, as differences are. The
#: purple is one that has a contrast of 4 to the paper of either theme.
NAMES: dict[Kind, str] = {"broken": "broken: right before, wrong after", "fixed": "fixed: wrong before, right after"}
COLOURS: dict[Kind, str] = {"broken": "#9A5FB8", "fixed": GAIN}
#: From none to many of a map's cells.
SCALES: dict[Kind, tuple[tuple[float, str], ...]] = {
    "broken": ((0.0, "#F3F1EE"), (0.5, "#A374BC"), (1.0, "#5E2A78")),
    "fixed": ((0.0, "#F3F1EE"), (0.5, "#5FA98A"), (1.0, "#14593F")),
}
_SIGN: dict[Kind, int] = {"broken": -1, "fixed": 1}
_AXIS = "share of images: broken {}, fixed {}"
#: The least that an axis or a scale reaches to.
_LEAST = 0.05


def flip_rows(
    table: pd.DataFrame,
    group: str,
    words: Words,
    *,
    chosen: tuple[Kind, object] | None = None,
    height: int | None = None,
) -> go.Figure:
    """A row for each value of a factor without order: broken images to the left, fixed ones to the right.

    Args:
        table: From ``answers.flips.answer``; whiskers are its bands, bars of few images or objects are hatched.
        group: Column whose values are the rows, from top to bottom.
        words: Title, subtitle, caption.
        chosen: The kind and value that are marked.
        height: Pixels; from the number of rows by default.

    Returns:
        A figure whose bars carry ``[kind, group value]`` as customdata.
    """
    names = [row_name(level) for level in table[group]]
    rows = list(range(len(names)))
    traces = []
    for kind in KINDS:
        part, sign = of_kind(table, kind), _SIGN[kind]
        thin = is_thin(part["n"], part["n_clusters"])
        signed = _signed(part, sign)
        traces.append(
            row_bars(
                rows,
                signed["value"].tolist(),
                _hover(part, names, kind, words.unit),
                name=NAMES[kind],
                width=0.7,
                marker={"color": COLOURS[kind], "opacity": BAR_OPACITY,
                        "pattern": {"shape": ["/" if each else "" for each in thin]}},
                error_x=error_bars(signed["value"], signed["low"], signed["high"]),
                customdata=_clicks(kind, table[group]),
                **steady(BAR_OPACITY),
            )
        )  # fmt: skip
    reach = _reach(table)
    return figure(
        traces,
        words,
        height=height or max(220, 150 + 24 * len(names)),
        legend=2,
        left=room_for(names),
        shapes=[*_chosen_row(chosen, names), vertical(0)],
        barmode="overlay",
        xaxis=percent_axis(_AXIS.format("to the left", "to the right"), range=[-reach, reach], **_ticks(reach)),
        yaxis=row_axis(
            autorange=False,
            range=[len(names) - 0.4, -0.6],
            tickvals=rows,
            ticktext=[plain(name) for name in names],
            zeroline=False,
        ),
    )


def flip_curve(
    table: pd.DataFrame,
    factor: Factor,
    words: Words,
    *,
    log: bool = False,
    chosen: float | None = None,
    names: Mapping[float, str] | None = None,
    height: int = 380,
) -> go.Figure:
    """Broken images below and fixed ones above a line at none, along a numeric factor, with bands that hold at once.

    Args:
        table: From ``answers.flips.answer``.
        factor: On the x axis.
        words: Title, subtitle, caption.
        log: Whether the x axis is logarithmic.
        chosen: The value that is marked.
        names: What a value is called, where not by itself: a bin by its edges.
        height: Pixels.

    Returns:
        A figure whose markers carry ``[kind, factor value]`` as customdata.
    """
    said = [(names or {}).get(level) or value(factor, level) for level in table[factor.name]]
    traces: list[dict[str, Any]] = []
    for kind in reversed(KINDS):
        part = of_kind(table, kind)
        signed = _signed(part, _SIGN[kind])
        line = marks(
            signed[factor.name].tolist(),
            signed["value"].tolist(),
            _hover(part, said, kind, words.unit),
            mode="lines+markers",
            name=NAMES[kind],
            line={"color": COLOURS[kind], "width": 2},
            marker={"size": 6, "symbol": symbols(part), "line": {"width": 1.5, "color": COLOURS[kind]}},
            customdata=[[kind, float(level)] for level in table[factor.name]],
            **steady(),
        )
        traces += [band(signed, factor.name, COLOURS[kind]), line]
    reach = _reach(table)
    return figure(
        traces,
        words,
        height=height,
        legend=2,
        left=NUMBERS_LEFT,
        shapes=[horizontal(0), *([] if chosen is None else chosen_line(chosen))],
        xaxis=factor_axis(factor, log),
        yaxis=percent_axis(_AXIS.format("below", "above"), range=[-reach, reach], **_ticks(reach)),
    )


def map_range(table: pd.DataFrame) -> tuple[float, float]:
    """The scale of maps of both kinds: from none to the most of either."""
    most = max((float(of_kind(table, kind)["value"].max()) for kind in KINDS), default=0.0) if len(table) else 0.0
    return 0.0, max(most, _LEAST)


def _signed(part: pd.DataFrame, sign: int) -> pd.DataFrame:
    """Shares to their side of 0, with the bands as interval."""
    low, high = (part[f"band_{end}"].fillna(part["value"]) for end in ("low", "high"))
    ends = (low, high) if sign > 0 else (-high, -low)
    return part.assign(value=sign * part["value"], low=ends[0], high=ends[1])


def _reach(table: pd.DataFrame) -> float:
    """How far the axis goes to either side: to the largest share, and to most of the bands."""
    found = _LEAST
    for kind in KINDS:
        part = of_kind(table, kind)
        known = part[~is_thin(part["n"], part["n_clusters"])]
        found = max(found, float(part["value"].max()) if len(part) else 0.0)
        found = max(found, float(known["band_high"].max()) if known["band_high"].notna().any() else 0.0)
    return min(1.0, found) * 1.04


def _ticks(reach: float) -> dict[str, Any]:
    """Shares to both sides of 0, without a sign."""
    step = next((step for step in (0.01, 0.02, 0.05, 0.1, 0.2) if reach / step <= 4), 0.25)
    places = [round(step * number, 4) for number in range(-int(reach / step), int(reach / step) + 1)]
    return {"tickvals": places, "ticktext": [f"{100 * abs(place):g}%" for place in places], "tickangle": 0}


def _hover(part: pd.DataFrame, names: list[str], kind: Kind, unit: str) -> list[str]:
    """What a mark says: share, interval of its own and at once, how many of how many."""
    return [
        f"{NAMES[kind]}<br>{plain(name)}: <b>{percent(row['value'])}</b>"
        + (f" {interval(row['low'], row['high'])}" if row["low"] == row["low"] else ", no interval")
        + (f"<br>at once {interval(row['band_low'], row['band_high'])}" if row["band_low"] == row["band_low"] else "")
        + f"<br>{_counted(row['n_flipped'])} of {row['n']:,}"
        + (f", {clusters(int(row['n_clusters']), unit)}" if row["n_clusters"] != row["n"] else "")
        for name, row in zip(names, part.to_dict("records"), strict=True)
    ]


def _counted(number: float) -> str:
    """How many images; of shares of their views with a digit."""
    return f"{number:,.0f}" if number == round(number) else f"{number:,.1f}"


def _clicks(kind: Kind, levels: pd.Series) -> list[list[Any] | None]:
    """What a click tells; nothing where the value is missing."""
    return [[kind, level] if known else None for level, known in zip(levels.tolist(), levels.notna(), strict=True)]


def _chosen_row(chosen: tuple[Kind, object] | None, names: list[str]) -> list[dict[str, Any]]:
    """A band behind the chosen row, on its side."""
    if chosen is None or row_name(chosen[1]) not in names:
        return []
    at = names.index(row_name(chosen[1]))
    side = {"x0": 0, "x1": 0.5} if chosen[0] == "broken" else {"x0": 0.5, "x1": 1}
    place = {"type": "rect", "xref": "paper", "layer": "below", "y0": at - 0.5, "y1": at + 0.5}
    return [place | side | {"fillcolor": CHOSEN, "line": {"width": 0}}]
