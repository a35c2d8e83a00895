"""Figures of settings: heatmaps with totals and gaps, gaps by attribute, categories by partition, costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from core.figures.heatmap import category_heatmap, share_text
from core.figures.style import COMMON, MUTED, RULE, UNCOMMON, Words, dress, error_bars, interval_text, percent_axis
from core.metrics import THIN
from core.wording import interval, points

#: The row of totals and the column of gaps.
ALL, GAP = "all", "gap"
#: Pixels below a heatmap, for slanted values and the identity.
_BELOW = 104
#: From common to uncommon, by the number of uncommon attributes.
_BY_COUNT = {"P0": COMMON, "P1": "#C9A227", "P2": UNCOMMON, "P3": "#B5446E"}


def setting_heatmap(
    cells: pd.DataFrame,
    totals: pd.DataFrame,
    gaps: pd.DataFrame,
    words: Words,
    *,
    chosen: tuple[str, str] | None = None,
    height: int = 430,
) -> go.Figure:
    """Category by value of an attribute, with a row of totals and a column of gaps (FOCUS, Appendix E).

    Args:
        cells: ``category, value, uncommon, top1, low, high, n``.
        totals: ``value, top1, low, high, n``.
        gaps: ``category`` (``all`` for the last one) and ``gap, low, high, n_common, n_uncommon``.
        words: Title, subtitle, caption.
        chosen: The (category, value) that is outlined.
        height: Pixels.

    Returns:
        A figure whose cells carry ``[category, value]`` as customdata; totals and gaps are not clickable.
    """
    values, categories = list(totals["value"]), list(dict.fromkeys(cells["category"]))
    figure = category_heatmap(
        _metric(cells),
        "category",
        "setting",
        words,
        rows=[*categories, ALL],
        columns=[*values, GAP],
        chosen=chosen,
        height=height,
    )
    total = _metric(totals[totals["n"] > 0])
    _add_text(
        figure,
        list(total["setting"]),
        [ALL] * len(total),
        [share_text(share, n) for share, n in zip(total["value"], total["n"], strict=True)],
        [
            f"all categories, {name}<br>{text}"
            for name, text in zip(total["setting"], interval_text(total), strict=True)
        ],
    )
    known = gaps[gaps["gap"].notna()]
    _add_text(
        figure,
        [GAP] * len(known),
        list(known["category"]),
        [_gap_text(row.gap, row.n_uncommon) for row in known.itertuples()],
        [
            f"{row.category}: common less uncommon<br><b>{points(row.gap, 1)}</b> {interval(row.low, row.high)}<br>"
            f"n = {row.n_common:,} common, {row.n_uncommon:,} uncommon"
            for row in known.itertuples()
        ],
    )
    figure.add_hline(y=len(categories) - 0.5, line={"color": MUTED, "width": 1})
    figure.add_vline(x=len(values) - 0.5, line={"color": MUTED, "width": 1})
    figure.update_xaxes(tickangle=-50, range=[-0.5, len(values) + 0.5])
    figure.update_yaxes(autorange=False, range=[len(categories) + 0.5, -0.5])
    figure.update_layout(margin={"b": _BELOW})
    return figure.update_annotations(yshift=-_BELOW)


def _metric(table: pd.DataFrame) -> pd.DataFrame:
    """A table of settings with the names that metric tables have; the attribute's value goes to ``setting``."""
    return table.rename(columns={"value": "setting", "top1": "value"}).assign(n_clusters=table["n"])


def _gap_text(gap: float, n_uncommon: int) -> str:
    text = f"{round(100 * gap) + 0:+d}".replace("-", "−").replace("+0", "0")
    return f"({text})" if n_uncommon < THIN else text


def _add_text(figure: go.Figure, x: list[str], y: list[str], text: list[str], hover: list[str]) -> None:
    figure.add_scatter(
        x=x,
        y=y,
        mode="text",
        text=text,
        textfont={"size": 11},
        hovertext=hover,
        hoverinfo="text",
        showlegend=False,
    )


def gap_points(
    raw: Mapping[str, pd.DataFrame],
    adjusted: Mapping[str, pd.DataFrame],
    colours: Mapping[str, str],
    words: Words,
    *,
    labels: Mapping[str, str],
    published: Mapping[str, Mapping[str, float]] | None = None,
    source: str = "",
    height: int = 400,
) -> go.Figure:
    """Gaps with intervals: raw ones filled, class-mix-adjusted ones hollow, published ones as diamonds.

    Args:
        raw: By model: ``attribute, gap, low, high, n_common, n_uncommon``, of one definition.
        adjusted: The same, with the same class mix on both sides.
        colours: By model.
        words: Title, subtitle, caption.
        labels: What a reader sees, by attribute, in the order from top to bottom.
        published: Gap by published model and attribute.
        source: Of the published gaps.
        height: Pixels.
    """
    figure = go.Figure()
    lanes = 2 * len(raw)
    for number, model in enumerate(raw):
        for kind, tables in (("raw", raw), ("class mix adjusted", adjusted)):
            lane = 2 * number + (kind != "raw")
            table = tables[model].set_index("attribute").reindex(list(labels))
            offset = (lane - (lanes - 1) / 2) * 0.62 / max(lanes, 2)
            figure.add_scatter(
                x=table["gap"].tolist(),
                y=[place + offset for place in range(len(labels))],
                name=f"{model}, {kind}" if len(raw) > 1 else kind,
                mode="markers",
                marker={
                    "size": 9,
                    "color": colours[model],
                    "symbol": "circle" if kind == "raw" else "circle-open",
                    "line": {"width": 2, "color": colours[model]},
                },
                error_x=error_bars(table["gap"], table["low"], table["high"], colours[model]),
                hovertext=[
                    f"{model}, {labels[name]}, {kind}<br><b>{points(row.gap, 1)}</b> {interval(row.low, row.high)}<br>"
                    f"n = {row.n_common:,.0f} common, {row.n_uncommon:,.0f} uncommon"
                    for name, row in zip(labels, table.itertuples(), strict=True)
                ],
                hoverinfo="text",
            )
    if published:
        _add_published_gaps(figure, published, list(labels), source)
    figure.add_vline(x=0, line={"color": MUTED, "width": 1})
    figure.update_xaxes(**percent_axis("accuracy in common less uncommon settings, points"))
    figure.update_xaxes(tickformat=".0%", ticksuffix="")
    figure.update_yaxes(
        tickvals=list(range(len(labels))),
        ticktext=list(labels.values()),
        range=[len(labels) - 0.45, -0.55],
        showgrid=False,
        zeroline=False,
        automargin=True,
    )
    for place in range(1, len(labels)):
        figure.add_hline(y=place - 0.5, line={"color": RULE, "width": 1})
    return dress(figure, words, height=height, legend=len(figure.data))


def _add_published_gaps(
    figure: go.Figure, published: Mapping[str, Mapping[str, float]], order: Sequence[str], source: str
) -> None:
    marks = [(gaps[name], place, model) for model, gaps in published.items() for place, name in enumerate(order)]
    figure.add_scatter(
        x=[mark[0] for mark in marks],
        y=[mark[1] - 0.42 for mark in marks],
        name="published",
        mode="markers",
        marker={"symbol": "diamond-open", "size": 8, "color": MUTED, "line": {"width": 1.5}},
        hovertext=[f"published: {model} {points(gap)}<br>{source}" for gap, _, model in marks],
        hoverinfo="text",
    )


def category_partitions(table: pd.DataFrame, words: Words, *, height: int = 400) -> go.Figure:
    """Accuracy of each category by the number of its uncommon attributes (FOCUS, Figure 2).

    Args:
        table: ``category, partition, top1, top1_low, top1_high, n``; P0 to P3 are drawn.
        words: Title, subtitle, caption.
        height: Pixels.

    Returns:
        A figure whose points carry ``[category, number of uncommon attributes]`` as customdata; thin ones are hollow.
    """
    figure = go.Figure()
    order = list(dict.fromkeys(table["category"]))
    for number, (name, colour) in enumerate(_BY_COUNT.items()):
        part = table[(table["partition"] == name) & (table["n"] > 0)]
        if part.empty:
            continue
        thin = part["n"] < THIN
        figure.add_scatter(
            x=[order.index(category) + (number - 1.5) * 0.17 for category in part["category"]],
            y=part["top1"].tolist(),
            name=name,
            mode="markers",
            marker={
                "size": 8,
                "color": colour,
                "symbol": ["circle-open" if each else "circle" for each in thin],
                "line": {"width": 1.6, "color": colour},
            },
            error_y=error_bars(part["top1"], part["top1_low"], part["top1_high"], colour, thickness=1.2, width=2),
            customdata=[[category, number] for category in part["category"]],
            hovertext=[
                f"{row.category}, {name}<br><b>{100 * row.top1:.1f} %</b> {interval(row.top1_low, row.top1_high)}<br>"
                f"n = {row.n:,}"
                for row in part.itertuples()
            ],
            hoverinfo="text",
            selected={"marker": {"opacity": 1}},
            unselected={"marker": {"opacity": 1}},
        )
    figure.update_xaxes(
        tickvals=list(range(len(order))), ticktext=order, range=[-0.6, len(order) - 0.4], showgrid=False, zeroline=False
    )
    figure.update_yaxes(**percent_axis("top-1", range=[-0.02, 1.02]))
    return dress(figure, words, height=height, legend=1)


def cost_bars(table: pd.DataFrame, words: Words, *, height: int = 400) -> go.Figure:
    """What each uncommon setting costs, the costliest on top.

    Args:
        table: ``attribute, value, gap, low, high, n_common, n_uncommon, thin``; thin ones are hatched.
        words: Title, subtitle, caption.
        height: Pixels.
    """
    table = table[table["gap"].notna()]
    figure = go.Figure(
        go.Bar(
            x=table["gap"].tolist(),
            y=[f"{row.value}{' (thin)' if row.thin else ''}" for row in table.itertuples()],
            orientation="h",
            marker={
                "color": UNCOMMON,
                "opacity": 0.85,
                "pattern": {"shape": ["/" if thin else "" for thin in table["thin"]]},
            },
            error_x=error_bars(table["gap"], table["low"], table["high"]),
            hovertext=[
                f"{row.value} ({row.attribute})<br><b>{points(row.gap, 1)}</b> {interval(row.low, row.high)}<br>"
                f"n = {row.n_common:,} common, {row.n_uncommon:,} uncommon"
                for row in table.itertuples()
            ],
            hoverinfo="text",
        )
    )
    figure.add_vline(x=0, line={"color": MUTED, "width": 1})
    figure.update_layout(bargap=0.3)
    figure.update_xaxes(**percent_axis("accuracy lost, points, same class mix"))
    figure.update_yaxes(autorange="reversed", showgrid=False, automargin=True, ticklabelstandoff=6)
    return dress(figure, words, height=height)
