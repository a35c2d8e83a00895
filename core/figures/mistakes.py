"""Figures of mistakes: how many of which kind, which classes are confused, which change repairs most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.figures.style import (
    BAR_OPACITY,
    NOTED,
    PALETTE,
    RULE,
    Words,
    faded,
    figure,
    percent_axis,
    row_axis,
    vertical,
)
from core.figures.traces import error_bars, marks, published_marks, row_bars, silent, steady
from core.mistakes.published import CATEGORIES, SEVERITIES

#: Major mistakes stand out, borderline ones recede.
_SEVERITY = {"major": "#7A2E1D", "minor": "#D9772B", "borderline": "#E3C9A0"}
_NODE, _EDGE = "#2F6DB5", "#D9772B"
_CURVE_POINTS = 24
#: Shorter names keep the ring of labels readable.
_LONGEST = 22
#: What stands between two classes.
ONE_WAY, BOTH_WAYS = " → ", " – "


def kinds(counts: pd.DataFrame, words: Words, chosen: Sequence[str] = ()) -> go.Figure:
    """How many mistakes of each category, split by severity.

    Args:
        counts: ``category, severity, n``.
        words: Title, subtitle, caption.
        chosen: Categories that are filtered for; the others are faded.

    Returns:
        Bars with ``[category, severity]`` as customdata.
    """
    rows = [category for category in CATEGORIES if category in set(counts["category"])]
    opacity = [1.0 if not chosen or category in chosen else 0.3 for category in rows]
    traces = []
    for severity in SEVERITIES:
        part = counts[counts["severity"] == severity].set_index("category")["n"]
        n = [int(part.get(category, 0)) for category in rows]
        traces.append(
            row_bars(
                rows,
                n,
                [f"{category}<br>{severity}: {value}" for category, value in zip(rows, n, strict=True)],
                name=severity,
                marker={"color": _SEVERITY[severity], "opacity": opacity},
                text=[str(value) if value else "" for value in n],
                textposition="inside",
                insidetextanchor="middle",
                customdata=[[category, severity] for category in rows],
                **steady(),
            )
        )
    return figure(
        traces,
        words,
        height=170 + 36 * len(rows),
        legend=1,
        barmode="stack",
        bargap=0.3,
        xaxis={"title": {"text": "mistakes"}, "gridcolor": RULE, "zeroline": False},
        yaxis=row_axis(),
    )


def confusion_ring(
    pairs: pd.DataFrame, words: Words, chosen: tuple[str, str] | None = None, height: int = 470
) -> go.Figure:
    """The most confused class pairs as a ring: classes on it, a line for each pair, thicker for more mistakes.

    Args:
        pairs: ``first, second, n`` and ``n_forward``; see ``mistakes.summary.pairs``.
        words: Title, subtitle, caption.
        chosen: The pair that is filtered for.
        height: Pixels.

    Returns:
        Lines whose middles are markers with ``[first, second]`` as customdata.
    """
    names = ring_order(pairs)
    angle = {name: 2 * np.pi * at / max(len(names), 1) for at, name in enumerate(names)}
    most = max(int(pairs["n"].max()), 1) if len(pairs) else 1
    traces, middles = [], []
    for row in pairs.itertuples():
        x, y = _chord(angle[row.first], angle[row.second])
        faint = chosen is not None and chosen != (row.first, row.second)
        colour = faded(_EDGE, 0.12 if faint else 0.2 + 0.55 * row.n / most)
        traces.append(silent(x.tolist(), y.tolist(), "lines", line={"width": 1 + 7 * row.n / most, "color": colour}))
        middles.append((x[_CURVE_POINTS // 2], y[_CURVE_POINTS // 2]))
    return figure(
        [*traces, _middles(pairs, middles, most), _nodes(angle)],
        words,
        height=height,
        annotations=[_name(name, at, len(angle) > 14) for name, at in angle.items()],
        xaxis={"visible": False, "range": [-1.6, 1.6], "fixedrange": True},
        yaxis={"visible": False, "range": [-1.45, 1.45], "scaleanchor": "x", "fixedrange": True},
    )


def ring_order(pairs: pd.DataFrame) -> list[str]:
    """Classes in an order in which those that are confused stand close to each other."""
    neighbours: dict[str, list[str]] = {}
    for row in pairs.itertuples():
        neighbours.setdefault(row.first, []).append(row.second)
        neighbours.setdefault(row.second, []).append(row.first)
    order: list[str] = []
    for start in neighbours:
        waiting = [start]
        while waiting:
            name = waiting.pop()
            if name not in order:
                order.append(name)
                waiting += [other for other in reversed(neighbours[name]) if other not in order]
    return order


def _chord(start: float, end: float) -> tuple[np.ndarray, np.ndarray]:
    """A line between two places on the unit ring, bent towards its middle: the further apart, the more."""
    along = np.linspace(0, 1, _CURVE_POINTS + 1)
    first, last = (np.array([np.sin(at), np.cos(at)]) for at in (start, end))
    control = 0.6 * (first + last) / 2
    curve = np.outer((1 - along) ** 2, first) + np.outer(2 * along * (1 - along), control) + np.outer(along**2, last)
    return curve[:, 0], curve[:, 1]


def _middles(pairs: pd.DataFrame, places: Sequence[tuple[float, float]], most: int) -> dict[str, Any]:
    rows = list(pairs.itertuples())
    return marks(
        [place[0] for place in places],
        [place[1] for place in places],
        [_pair_text(row.first, row.second, row.n, row.n_forward) for row in rows],
        marker={
            "size": [8 + 7 * row.n / most for row in rows],
            "color": _EDGE,
            "line": {"width": 1, "color": "rgba(255,255,255,0.8)"},
        },
        customdata=[[row.first, row.second] for row in rows],
        showlegend=False,
        **steady(),
    )


def _nodes(angle: Mapping[str, float]) -> dict[str, Any]:
    x, y = ([float(way(at)) for at in angle.values()] for way in (np.sin, np.cos))
    return marks(x, y, list(angle), marker={"size": 7, "color": _NODE}, showlegend=False, **steady())


def _name(name: str, at: float, crowded: bool) -> dict[str, Any]:
    """A class beside its place on the ring; on a crowded one it is turned outwards."""
    x, y = float(np.sin(at)), float(np.cos(at))
    right = x >= 0
    if crowded:
        turn = np.degrees(at) + (-90 if right else 90)
        out = _outwards(name)
        how = {"textangle": float((turn + 180) % 360 - 180), "xanchor": "center", "xshift": out * x, "yshift": out * y}
    else:
        how = {"textangle": 0, "xanchor": "left" if right else "right", "xshift": 7 if right else -7, "yshift": 0}
    size = 10 if crowded else 12
    return {"x": 1.06 * x, "y": 1.06 * y, "text": _short(name), "showarrow": False, "font": {"size": size}, **how}


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…"


def _outwards(name: str) -> float:
    """Half the length of a turned label in pixels: Plotly turns labels about their middle."""
    return 2.6 * min(len(name), _LONGEST)


def _pair_text(first: str, second: str, n: int, n_forward: int) -> str:
    return f"<b>{first} – {second}</b>: {n}<br>{first} taken for {second}: {n_forward}, the other way: {n - n_forward}"


def pair_bars(
    tables: Mapping[str, pd.DataFrame],
    colours: Mapping[str, str],
    words: Words,
    *,
    published: pd.DataFrame | None = None,
    chosen: tuple[str, str] | None = None,
    between: str = BOTH_WAYS,
) -> go.Figure:
    """How often each of the most confused pairs is confused, by each model, beside the published frequency.

    Args:
        tables: Two names and ``n`` by model; the first model's pairs are the rows.
        colours: By model.
        words: Title, subtitle, caption.
        published: The same of the published confusions; drawn as diamonds.
        chosen: The pair that is filtered for.
        between: ``ONE_WAY`` where the first class is taken for the second, ``BOTH_WAYS`` where either is.

    Returns:
        Bars with ``[first, second, model]`` as customdata.
    """
    rows = list(_frequency(next(iter(tables.values()))))
    labels = [_pair_label(pair, chosen, between) for pair in rows]
    traces = []
    for model, table in tables.items():
        n = _frequency(table)
        traces.append(
            row_bars(
                labels,
                [n.get(pair, 0) for pair in rows],
                [f"{model}<br>{first}{between}{second}: {n.get((first, second), 0):,}" for first, second in rows],
                name=model,
                marker={"color": colours.get(model, PALETTE[0]), "opacity": BAR_OPACITY},
                customdata=[[*pair, model] for pair in rows],
                **steady(BAR_OPACITY),
            )
        )
    if published is not None and len(published):
        n = _frequency(published)
        hover = [f"published: {n.get(pair, 0)}" for pair in rows]
        traces.append(published_marks([n.get(pair) for pair in rows], labels, hover))
    title = {"text": "mistakes" if between == ONE_WAY else "mistakes, either direction"}
    return figure(
        traces,
        words,
        height=150 + len(rows) * (12 + 9 * len(tables)),
        legend=len(traces) if len(traces) > 1 else 0,
        bargap=0.25,
        bargroupgap=0.05,
        xaxis={"title": title, "gridcolor": RULE, "zeroline": False, "rangemode": "tozero"},
        yaxis=row_axis(),
    )


def _frequency(table: pd.DataFrame) -> dict[tuple[str, str], int]:
    first, second = (table.iloc[:, at] for at in range(2))
    return {(one, other): int(n) for one, other, n in zip(first, second, table["n"], strict=True)}


def _pair_label(pair: tuple[str, str], chosen: tuple[str, str] | None, between: str) -> str:
    text = between.join(map(_short, pair))
    return f"<b>{text}</b>" if pair == chosen else text


def repairs(shares: Mapping[str, pd.DataFrame], colours: Mapping[str, str], words: Words, control: str) -> go.Figure:
    """The share of mistakes that each single change repairs, with what a meaningless change repairs as a line.

    Args:
        shares: From ``diagnosis.repaired_shares``, by model.
        colours: By model.
        words: Title, subtitle, caption.
        control: Key of the factor that is drawn as the line.
    """
    traces, lines = [], []
    for model, table in shares.items():
        part = table[table["factor"] != control]
        hover = [
            f"{model}<br>{row.label}: <b>{100 * row.value:.1f} %</b> of {row.n:,} mistakes"
            f"<br>there was something to change in {row.n_changed:,}"
            for row in part.itertuples()
        ]
        traces.append(
            row_bars(
                part["label"].tolist(),
                part["value"].tolist(),
                hover,
                name=model,
                marker={"color": colours.get(model, PALETTE[0]), "opacity": BAR_OPACITY},
                error_x=error_bars(part["value"], part["low"], part["high"]),
            )
        )
        chance = table.loc[table["factor"] == control, "value"]
        lines += [vertical(float(share), color=NOTED, dash="dot", width=1.6) for share in chance.iloc[:1]]
    most = max((float(table["high"].fillna(table["value"]).max()) for table in shares.values()), default=0.5)
    rows = max((len(table) for table in shares.values()), default=1)
    return figure(
        traces,
        words,
        height=160 + rows * (14 * len(shares) + 12),
        legend=len(shares) if len(shares) > 1 else 0,
        shapes=lines,
        bargap=0.3,
        xaxis=percent_axis(
            "mistakes repaired (dotted: by a move of 2 pixels)", range=[0, max(0.1, min(1.03, 1.08 * most))]
        ),
        yaxis=row_axis(),
    )
