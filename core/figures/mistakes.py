"""Figures of mistakes: how many of which kind, which classes are confused, which change repairs most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core.figures.style import MUTED, PALETTE, RULE, UNCOMMON, Words, dress, error_bars, faded
from core.mistakes.published import CATEGORIES, SEVERITIES

#: Major mistakes stand out, borderline ones recede.
_SEVERITY = {"major": "#7A2E1D", "minor": "#D9772B", "borderline": "#E3C9A0"}
_NODE, _EDGE = "#2F6DB5", "#D9772B"
_CURVE_POINTS = 24
#: Shorter names keep the ring of labels readable.
_LONGEST = 22


def kinds(counts: pd.DataFrame, words: Words, chosen: Sequence[str] = ()) -> go.Figure:
    """How many mistakes of each category, split by severity.

    Args:
        counts: ``category, severity, n``.
        words: Title, subtitle, caption.
        chosen: Categories that are filtered for; the others are faded.

    Returns:
        Bars with ``[category, severity]`` as customdata.
    """
    figure = go.Figure()
    rows = [category for category in CATEGORIES if category in set(counts["category"])]
    for severity in SEVERITIES:
        part = counts[counts["severity"] == severity].set_index("category")["n"]
        n = [int(part.get(category, 0)) for category in rows]
        opacity = [1.0 if not chosen or category in chosen else 0.3 for category in rows]
        figure.add_bar(
            y=rows,
            x=n,
            name=severity,
            orientation="h",
            text=[str(value) if value else "" for value in n],
            textposition="inside",
            insidetextanchor="middle",
            marker={"color": _SEVERITY[severity], "opacity": opacity},
            customdata=[[category, severity] for category in rows],
            hovertext=[f"{category}<br>{severity}: {value}" for category, value in zip(rows, n, strict=True)],
            hoverinfo="text",
            selected={"marker": {"opacity": 1}},
            unselected={"marker": {"opacity": 1}},
        )
    figure.update_layout(barmode="stack", bargap=0.3)
    figure.update_xaxes(title={"text": "mistakes"}, gridcolor=RULE, zeroline=False)
    figure.update_yaxes(autorange="reversed", showgrid=False, automargin=True, ticklabelstandoff=6)
    return dress(figure, words, height=170 + 36 * len(rows), legend=1)


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
    figure = go.Figure()
    most = max(int(pairs["n"].max()), 1) if len(pairs) else 1
    middles = []
    for row in pairs.itertuples():
        x, y = _chord(angle[row.first], angle[row.second])
        faint = chosen is not None and chosen != (row.first, row.second)
        figure.add_scatter(
            x=x.tolist(),
            y=y.tolist(),
            mode="lines",
            line={"width": 1 + 7 * row.n / most, "color": faded(_EDGE, 0.12 if faint else 0.2 + 0.55 * row.n / most)},
            hoverinfo="skip",
            showlegend=False,
        )
        middles.append((x[_CURVE_POINTS // 2], y[_CURVE_POINTS // 2]))
    figure.add_scatter(
        x=[point[0] for point in middles],
        y=[point[1] for point in middles],
        mode="markers",
        marker={
            "size": [8 + 7 * row.n / most for row in pairs.itertuples()],
            "color": _EDGE,
            "line": {"width": 1, "color": "rgba(255,255,255,0.8)"},
        },
        customdata=[[row.first, row.second] for row in pairs.itertuples()],
        hovertext=[_pair_text(row.first, row.second, row.n, row.n_forward) for row in pairs.itertuples()],
        hoverinfo="text",
        showlegend=False,
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}},
    )
    _add_names(figure, angle)
    figure.update_xaxes(visible=False, range=[-1.6, 1.6], fixedrange=True)
    figure.update_yaxes(visible=False, range=[-1.45, 1.45], scaleanchor="x", fixedrange=True)
    return dress(figure, words, height=height)


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


def _add_names(figure: go.Figure, angle: Mapping[str, float]) -> None:
    x, y = [float(np.sin(at)) for at in angle.values()], [float(np.cos(at)) for at in angle.values()]
    figure.add_scatter(
        x=x,
        y=y,
        mode="markers",
        marker={"size": 7, "color": _NODE},
        hovertext=list(angle),
        hoverinfo="text",
        showlegend=False,
        selected={"marker": {"opacity": 1}},
        unselected={"marker": {"opacity": 1}},
    )
    for name, at in angle.items():
        right = np.sin(at) >= 0
        turn = np.degrees(at) - 90 if right else np.degrees(at) + 90
        figure.add_annotation(
            x=1.06 * float(np.sin(at)),
            y=1.06 * float(np.cos(at)),
            text=name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…",
            showarrow=False,
            textangle=float((turn + 180) % 360 - 180) if len(angle) > 14 else 0,
            xanchor=("left" if right else "right") if len(angle) <= 14 else "center",
            xshift=(7 if right else -7) if len(angle) <= 14 else _outwards(name) * float(np.sin(at)),
            yshift=0 if len(angle) <= 14 else _outwards(name) * float(np.cos(at)),
            font={"size": 12 if len(angle) <= 14 else 10},
        )


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
) -> go.Figure:
    """How often each of the most confused pairs is confused, by each model, beside the published frequency.

    Args:
        tables: ``first, second, n`` by model; the first model's pairs are the rows.
        colours: By model.
        words: Title, subtitle, caption.
        published: The same of the published confusions; drawn as diamonds.
        chosen: The pair that is filtered for.

    Returns:
        Bars with ``[first, second]`` as customdata.
    """
    figure = go.Figure()
    rows = [(row.first, row.second) for row in next(iter(tables.values())).itertuples()]
    labels = [_pair_label(pair, chosen) for pair in rows]
    for model, table in tables.items():
        n = {(row.first, row.second): int(row.n) for row in table.itertuples()}
        figure.add_bar(
            y=labels,
            x=[n.get(pair, 0) for pair in rows],
            name=model,
            orientation="h",
            marker={"color": colours.get(model, PALETTE[0]), "opacity": 0.85},
            customdata=[list(pair) for pair in rows],
            hovertext=[f"{model}<br>{pair[0]} – {pair[1]}: {n.get(pair, 0)}" for pair in rows],
            hoverinfo="text",
            selected={"marker": {"opacity": 0.85}},
            unselected={"marker": {"opacity": 0.85}},
        )
    if published is not None and len(published):
        n = {(row.first, row.second): int(row.n) for row in published.itertuples()}
        figure.add_scatter(
            y=labels,
            x=[n.get(pair) for pair in rows],
            name="published",
            mode="markers",
            marker={"symbol": "diamond-open", "size": 10, "color": MUTED, "line": {"width": 1.6}},
            hovertext=[f"published: {n.get(pair, 0)}" for pair in rows],
            hoverinfo="text",
        )
    figure.update_layout(bargap=0.25, bargroupgap=0.05)
    figure.update_xaxes(
        title={"text": "mistakes, either direction"}, gridcolor=RULE, zeroline=False, rangemode="tozero"
    )
    figure.update_yaxes(autorange="reversed", showgrid=False, automargin=True, ticklabelstandoff=6)
    n_legend = len(figure.data) if len(figure.data) > 1 else 0
    return dress(figure, words, height=150 + len(rows) * (12 + 9 * len(tables)), legend=n_legend)


def _pair_label(pair: tuple[str, str], chosen: tuple[str, str] | None) -> str:
    text = " – ".join(name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…" for name in pair)
    return f"<b>{text}</b>" if pair == chosen else text


def repairs(shares: Mapping[str, pd.DataFrame], colours: Mapping[str, str], words: Words, control: str) -> go.Figure:
    """The share of mistakes that each single change repairs, with what a meaningless change repairs as a line.

    Args:
        shares: From ``diagnosis.repaired_shares``, by model.
        colours: By model.
        words: Title, subtitle, caption.
        control: Key of the factor that is drawn as the line.
    """
    figure = go.Figure()
    for model, table in shares.items():
        part = table[table["factor"] != control]
        figure.add_bar(
            y=part["label"].tolist(),
            x=part["value"].tolist(),
            name=model,
            orientation="h",
            marker={"color": colours.get(model, PALETTE[0]), "opacity": 0.85},
            error_x=error_bars(part["value"], part["low"], part["high"]),
            hovertext=[
                f"{model}<br>{row.label}: <b>{100 * row.value:.1f} %</b> of {row.n:,} mistakes"
                f"<br>there was something to change in {row.n_changed:,}"
                for row in part.itertuples()
            ],
            hoverinfo="text",
        )
        chance = table.loc[table["factor"] == control, "value"]
        if len(chance):
            figure.add_vline(x=float(chance.iloc[0]), line={"color": UNCOMMON, "dash": "dot", "width": 1.6})
    most = max((float(table["high"].fillna(table["value"]).max()) for table in shares.values()), default=0.5)
    figure.update_layout(bargap=0.3)
    figure.update_xaxes(
        title={"text": "mistakes repaired (dotted: by a move of 2 pixels)"},
        tickformat=".0%",
        gridcolor=RULE,
        zeroline=False,
        range=[0, max(0.1, min(1.03, 1.08 * most))],
    )
    figure.update_yaxes(autorange="reversed", showgrid=False, automargin=True, ticklabelstandoff=6)
    rows = max((len(table) for table in shares.values()), default=1)
    legend = len(shares) if len(shares) > 1 else 0
    return dress(figure, words, height=160 + rows * (14 * len(shares) + 12), legend=legend)
