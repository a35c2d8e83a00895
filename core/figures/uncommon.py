"""Figures of settings: heatmaps with totals and gaps, gaps by attribute, categories by partition, costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from core.figures.heatmap import category_axis, cell_traces, outline, share_texts, uncommon_frames
from core.figures.style import (
    BAR_OPACITY,
    NUMBERS_LEFT,
    RULE,
    Words,
    figure,
    horizontal,
    interval_text,
    percent_axis,
    place_axis,
    room_for,
    row_axis,
    vertical,
)
from core.figures.traces import error_bars, marks, published_marks, row_bars, steady, symbols
from core.types import THIN
from core.wording import interval, points

#: The row of totals and the column of changes.
ALL, GAP = "all", "change"
#: Pixels below a heatmap, for slanted values.
_BELOW = 86
#: A shape for each number of uncommon attributes.
_BY_COUNT = {"P0": "circle", "P1": "square", "P2": "diamond", "P3": "triangle-up"}


def setting_heatmap(
    cells: pd.DataFrame,
    totals: pd.DataFrame,
    gaps: pd.DataFrame,
    words: Words,
    *,
    chosen: tuple[str, str] | None = None,
    height: int = 430,
) -> go.Figure:
    """Category by value of an attribute, with a row of totals and a column of changes (FOCUS, Appendix E).

    Args:
        cells: ``category, setting, uncommon`` and the metric columns.
        totals: ``setting`` and the metric columns.
        gaps: ``category`` (``all`` for the last one) and ``value, low, high, n_common, n_uncommon``, as changes:
            uncommon less common.
        words: Title, subtitle, caption.
        chosen: The (category, setting) that is outlined.
        height: Pixels.

    Returns:
        A figure whose cells carry ``[category, setting]`` as customdata; totals and gaps are not clickable.
    """
    there = set(cells.loc[cells["n"] > 0, "setting"])
    settings = [each for each in totals["setting"] if each in there]
    categories = list(dict.fromkeys(cells["category"]))
    rows, columns = [*categories, ALL], [*settings, GAP]
    return figure(
        [*cell_traces(cells, "category", "setting", rows, columns), _totals(totals), _gaps(gaps)],
        words,
        height=height,
        shapes=[
            *uncommon_frames(cells, "category", "setting", rows, columns),
            *outline(chosen, rows, columns),
            horizontal(len(categories) - 0.5),
            vertical(len(settings) - 0.5),
        ],
        margin={"b": _BELOW},
        left=room_for(rows),
        xaxis=category_axis(columns, side="bottom", tickangle=-50, range=[-0.5, len(settings) + 0.5]),
        yaxis=category_axis(rows, automargin=True, autorange=False, range=[len(categories) + 0.5, -0.5]),
    )


def _totals(totals: pd.DataFrame) -> dict[str, Any]:
    known = totals[totals["n"] > 0]
    hover = [
        f"all categories, {name}<br>{text}" for name, text in zip(known["setting"], interval_text(known), strict=True)
    ]
    return _text(list(known["setting"]), [ALL] * len(known), share_texts(known), hover)


def _gaps(gaps: pd.DataFrame) -> dict[str, Any]:
    known = gaps[gaps["value"].notna()]
    text = [_gap_text(row.value, row.n_uncommon) for row in known.itertuples()]
    hover = [f"{row.category}: uncommon less common<br>{_gap_hover(row)}" for row in known.itertuples()]
    return _text([GAP] * len(known), list(known["category"]), text, hover)


def _gap_text(gap: float, n_uncommon: int) -> str:
    text = f"{round(100 * gap) + 0:+d}".replace("-", "−").replace("+0", "0")
    return f"({text})" if n_uncommon < THIN else text


def _gap_hover(row: Any) -> str:
    """A row's ``value, low, high, n_common, n_uncommon``."""
    return (
        f"<b>{points(row.value, 1)}</b> {interval(row.low, row.high)}<br>"
        f"n = {row.n_common:,.0f} common, {row.n_uncommon:,.0f} uncommon"
    )


def _text(x: list[str], y: list[str], text: list[str], hover: list[str]) -> dict[str, Any]:
    return marks(x, y, hover, mode="text", text=text, textfont={"size": 11}, showlegend=False)


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
    """Changes from common to uncommon settings: raw ones filled, class-mix-adjusted hollow, published as diamonds.

    Args:
        raw: By model: ``attribute, value, low, high, n_common, n_uncommon``, of one definition; a loss is negative.
        adjusted: The same, with the same class mix on both sides.
        colours: By model.
        words: Title, subtitle, caption.
        labels: What a reader sees, by attribute, in the order from top to bottom.
        published: Gap (common less uncommon, as the paper has it) by published model and attribute.
        source: Of the published gaps.
        height: Pixels.

    Returns:
        Points with ``[model, attribute]`` as customdata.
    """
    lanes = 2 * len(raw)
    traces = []
    for number, model in enumerate(raw):
        for kind, tables in (("raw", raw), ("class mix adjusted", adjusted)):
            lane = 2 * number + (kind != "raw")
            table = tables[model].set_index("attribute").reindex(list(labels))
            offset = (lane - (lanes - 1) / 2) * 0.62 / max(lanes, 2)
            traces.append(
                marks(
                    table["value"].tolist(),
                    [place + offset for place in range(len(labels))],
                    [
                        f"{model}, {labels[name]}, {kind}<br>{_gap_hover(row)}"
                        for name, row in zip(labels, table.itertuples(), strict=True)
                    ],
                    name=f"{model}, {kind}" if len(raw) > 1 else kind,
                    marker={
                        "size": 9,
                        "color": colours[model],
                        "symbol": "circle" if kind == "raw" else "circle-open",
                        "line": {"width": 2, "color": colours[model]},
                    },
                    error_x=error_bars(table["value"], table["low"], table["high"], colours[model]),
                    customdata=[[model, name] for name in labels],
                    **steady(),
                )
            )
    if published:
        traces.append(_published_gaps(published, list(labels), source))
    return figure(
        traces,
        words,
        height=height,
        legend=len(traces),
        left=room_for(list(labels.values())),
        shapes=[vertical(0), *(horizontal(place - 0.5, color=RULE) for place in range(1, len(labels)))],
        xaxis=percent_axis("change of accuracy in uncommon settings, points", tickformat="+.0%"),
        yaxis=place_axis(list(labels.values())),
    )


def _published_gaps(published: Mapping[str, Mapping[str, float]], order: Sequence[str], source: str) -> dict[str, Any]:
    marks = [(-gaps[name], place, model) for model, gaps in published.items() for place, name in enumerate(order)]
    hover = [f"published: {model} {points(gap)}<br>{source}" for gap, _, model in marks]
    return published_marks([mark[0] for mark in marks], [mark[1] - 0.42 for mark in marks], hover, size=8, width=1.5)


def category_partitions(table: pd.DataFrame, words: Words, colour: str, *, height: int = 400) -> go.Figure:
    """Accuracy of each category by the number of its uncommon attributes (FOCUS, Figure 2).

    Args:
        table: ``category, partition`` and the metric columns; P0 to P3 are drawn.
        words: Title, subtitle, caption.
        colour: Of the model.
        height: Pixels.

    Returns:
        A figure whose points carry ``[category, number of uncommon attributes]`` as customdata; thin ones are hollow.
    """
    order = list(dict.fromkeys(table["category"]))
    traces = []
    for number, (name, symbol) in enumerate(_BY_COUNT.items()):
        part = table[(table["partition"] == name) & (table["n"] > 0)]
        if part.empty:
            continue
        traces.append(
            marks(
                [order.index(category) + (number - 1.5) * 0.17 for category in part["category"]],
                part["value"].tolist(),
                [
                    f"{row.category}, {name}<br><b>{100 * row.value:.1f} %</b> "
                    f"{interval(row.low, row.high)}<br>n = {row.n:,}"
                    for row in part.itertuples()
                ],
                name=f"{name}: {number} uncommon",
                marker={
                    "size": 9,
                    "color": colour,
                    "symbol": symbols(part, symbol),
                    "line": {"width": 1.6, "color": colour},
                },
                error_y=error_bars(part["value"], part["low"], part["high"], colour, thickness=1.2, width=2),
                customdata=[[category, number] for category in part["category"]],
                **steady(),
            )
        )
    return figure(
        traces,
        words,
        height=height,
        legend=2,
        left=NUMBERS_LEFT,
        xaxis={
            "tickvals": list(range(len(order))),
            "ticktext": order,
            "range": [-0.6, len(order) - 0.4],
            "showgrid": False,
            "zeroline": False,
        },
        yaxis=percent_axis("top-1", range=[-0.02, 1.02]),
    )


def cost_bars(
    tables: Mapping[str, pd.DataFrame], colours: Mapping[str, str], words: Words, *, height: int = 400
) -> go.Figure:
    """How accuracy changes in each uncommon setting, the costliest of the first model on top.

    Args:
        tables: By model: ``attribute, setting, value, low, high, n_common, n_uncommon, thin``, a loss negative; thin
            ones are hatched.
        colours: By model.
        words: Title, subtitle, caption.
        height: Pixels.

    Returns:
        Bars with ``[model, attribute, setting]`` as customdata.
    """
    order: list[str] = []
    traces = []
    for model, table in tables.items():
        known = table[table["value"].notna()]
        rows = [f"{row.setting} ({row.attribute})" for row in known.itertuples()]
        order += [row for row in rows if row not in order]
        traces.append(
            row_bars(
                rows,
                known["value"].tolist(),
                [f"{model}<br>{row.setting} ({row.attribute})<br>{_gap_hover(row)}" for row in known.itertuples()],
                name=model,
                marker={
                    "color": colours[model],
                    "opacity": BAR_OPACITY,
                    "pattern": {"shape": ["/" if thin else "" for thin in known["thin"]]},
                },
                error_x=error_bars(known["value"], known["low"], known["high"]),
                customdata=[[model, row.attribute, row.setting] for row in known.itertuples()],
                **steady(BAR_OPACITY),
            )
        )
    return figure(
        traces,
        words,
        height=max(height, 130 + len(order) * (10 + 14 * len(tables))),
        legend=len(tables) if len(tables) > 1 else 0,
        left=room_for(order),
        shapes=[vertical(0)],
        bargap=0.3,
        xaxis=percent_axis("change of accuracy, points, same class mix", tickformat="+.0%"),
        yaxis=row_axis(categoryorder="array", categoryarray=order),
    )
