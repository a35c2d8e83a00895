"""Zoom: for which sizes and anchors a model is right, what more looks bring and cost, where the useful ones lie."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from core.figures.heatmap import accuracy_cells, category_heatmap, outline
from core.figures.style import (
    DARK_INK,
    MUTED,
    NUMBERS_LEFT,
    RULE,
    Words,
    figure,
    interval_text,
    percent_axis,
    room_for,
)
from core.figures.traces import error_bars, marks, published_marks, silent, steady
from core.metrics import zoom
from core.wording import ANCHOR_COLUMNS, ANCHOR_ROWS, anchor_name

#: What each number of ``core.metrics.zoom.bound`` is drawn as: its beginning, the symbol, what a reader sees.
_SYMBOLS = (
    (zoom.ONE_CROP, "circle", "one crop"),
    (zoom.BEST, "diamond", "best single zoom, chosen on the other half"),
    ("TTA mean", "square", "mean of the views"),
    ("any of the cover", "triangle-up-open", "any of few, oracle, chosen on the other half"),
    ("any of", "star-open", "any of all, oracle"),
)
LUCK = "x-thin-open"
#: Sizes that an axis names; the others lie between them.
NAMED = (10, 48, 122, 224, 256, 348, 460, 576, 672, 690, 768, 896, 1024)


def atlas(
    table: pd.DataFrame,
    words: Words,
    *,
    chosen: tuple[int, int, int] | None = None,
    usual: int = zoom.ONE_CROP_SIZE,
    height: int = 330,
) -> go.Figure:
    """Accuracy of each zoom: sizes from far to near along the bottom, anchors down the side.

    Args:
        table: From ``core.metrics.zoom.by_zoom``.
        words: Title, subtitle, caption.
        chosen: (size, row, col) that is outlined.
        usual: Size of the usual crop, whose middle cell is ringed.
        height: Pixels.

    Returns:
        A figure whose invisible squares carry ``[size, row, col]`` as customdata.
    """
    sizes = sorted({int(size) for size in table["size"]})
    anchors = sorted({(int(row), int(col)) for row, col in zip(table["row"], table["col"], strict=True)})
    columns, rows = [str(size) for size in sizes], [anchor_name(*anchor) for anchor in anchors]
    named = table.assign(
        value=table["top1"],
        x=table["size"].astype(int).astype(str),
        y=[anchor_name(int(row), int(col)) for row, col in zip(table["row"], table["col"], strict=True)],
    )
    grid = named.pivot(index="y", columns="x", values="value").reindex(index=rows, columns=columns)
    scale = {"tickformat": ".0%", "thickness": 8, "outlinewidth": 0, "tickvals": [0, 0.5, 1], "len": 0.9}
    cells = accuracy_cells(grid, colorbar=scale)
    hover = [
        f"size {x} px, {y}<br>{text}"
        for x, y, text in zip(named["x"], named["y"], interval_text(named, words.unit), strict=True)
    ]
    squares = marks(
        named["x"].tolist(),
        named["y"].tolist(),
        hover,
        marker={"symbol": "square", "size": 16, "opacity": 0},
        customdata=table[["size", "row", "col"]].astype(int).to_numpy().tolist(),
        showlegend=False,
        **steady(0),
    )
    ring = silent(
        [str(usual)] if usual in sizes else [],
        ["middle"],
        "markers",
        marker={"symbol": "circle-open", "size": 11, "color": DARK_INK, "line": {"width": 2}},
    )
    where = (anchor_name(*chosen[1:]), str(chosen[0])) if chosen else None
    return figure(
        [cells, squares, ring],
        words,
        height=height,
        left=room_for(rows),
        margin={"r": 62},
        shapes=outline(where, rows, columns),
        xaxis={
            "title": {"text": "shorter side after resizing, px (the crop: 224)", "standoff": 12},
            "type": "category",
            "categoryorder": "array",
            "categoryarray": columns,
            "tickvals": [name for name in columns if int(name) in NAMED] if len(columns) > 12 else columns,
            "tickangle": 0,
            "showgrid": False,
            # Without room that marks would be given at the ends: a cell is where it is drawn.
            "range": [-0.5, len(columns) - 0.5],
        },
        yaxis={
            "type": "category",
            "categoryorder": "array",
            "categoryarray": rows,
            "range": [len(rows) - 0.5, -0.5],
            "showgrid": False,
        },
    )


def ladder(
    bounds: Mapping[str, pd.DataFrame],
    luck: Mapping[str, pd.DataFrame],
    colours: Mapping[str, str],
    words: Words,
    *,
    published: pd.DataFrame | None = None,
    height: int = 400,
) -> go.Figure:
    """Accuracy against forward passes: one crop, votes of many views, and what any of many would reach.

    Args:
        bounds: From ``core.metrics.zoom.bound``, by model.
        luck: From ``core.metrics.zoom.luck``, by model.
        colours: By model.
        words: Title, subtitle, caption.
        published: ``model, bound, passes, value, source``: reference marks.
        height: Pixels.

    Returns:
        A figure without clicks: its numbers are of no single view.
    """
    traces: list[dict[str, Any]] = []
    shown: dict[str, str] = {}
    for model, table in bounds.items():
        table = table[(table["n"] > 0) & (table["mark"] != "oracle, chosen on these images")]
        table = table[table["mark"] != zoom.CHOSEN]
        for beginning, symbol, said in _SYMBOLS:
            rows = table[table["bound"].str.startswith(beginning)]
            if beginning == "any of":
                rows = rows[~rows["bound"].str.contains("cover")]
            if rows.empty:
                continue
            shown[symbol] = said
            traces.append(_rungs(model, rows, symbol, colours[model]))
        dealt = luck.get(model)
        dealt = None if dealt is None else dealt[dealt["value"].notna() & dealt["bound"].str.fullmatch(r"any of \d+")]
        if dealt is not None and len(dealt):
            shown[LUCK] = "any of all, labels dealt anew: luck"
            hover = [
                f"{model}<br>{row.bound}, by luck: <b>{100 * row.value:.1f} %</b><br>middle 95 % of {row.rounds} "
                f"deals: {100 * row.low:.1f} to {100 * row.high:.1f} %"
                for row in dealt.itertuples()
            ]
            traces.append(
                marks(
                    dealt["passes"].tolist(),
                    dealt["value"].tolist(),
                    hover,
                    marker={"symbol": LUCK, "size": 12, "color": colours[model], "line": {"width": 2.5}},
                    error_y=error_bars(dealt["value"], dealt["low"], dealt["high"], colours[model]),
                    showlegend=False,
                )
            )
    traces += [
        {"type": "scatter", "x": [None], "y": [None], "mode": "markers", "name": said, "hoverinfo": "skip",
         "marker": {"symbol": symbol, "size": 10, "color": MUTED, "line": {"width": 2, "color": MUTED}}}
        for symbol, said in shown.items()
    ]  # fmt: skip
    n_published = 0
    if published is not None and len(published):
        n_published = 1
        hover = [
            f"published: {row.model}, {row.bound} {100 * row.value:.1f} %<br>{row.source}"
            for row in published.itertuples()
        ]
        traces.append(published_marks(published["passes"].tolist(), published["value"].tolist(), hover))
    most = max((int(table["passes"].max()) for table in bounds.values()), default=1)
    ticks = [passes for passes in (1, 3, 10, 30, 100, 324, 1000) if passes <= most * 1.2]
    return figure(
        traces,
        words,
        height=height,
        legend=len(shown) + n_published,
        left=NUMBERS_LEFT,
        xaxis={
            "title": {"text": "forward passes an image"},
            "type": "log",
            "tickvals": ticks,
            "range": [-0.12, math.log10(max(most, 1.2) * 1.35)],
            "gridcolor": RULE,
        },
        yaxis=percent_axis("top-1", range=[0, 1.04]),
    )


def _rungs(model: str, rows: pd.DataFrame, symbol: str, colour: str) -> dict[str, Any]:
    hover = [
        f"{model}<br>{row.bound}{f' ({row.mark})' if row.mark else ''}: <b>{100 * row.top1:.1f} %</b> "
        f"[{100 * row.low:.1f}, {100 * row.high:.1f}]<br>{row.passes:,} passes, n = {row.n:,}"
        for row in rows.itertuples()
    ]
    return marks(
        rows["passes"].tolist(),
        rows["top1"].tolist(),
        hover,
        marker={"symbol": symbol, "size": 12, "color": colour, "line": {"width": 2, "color": colour}},
        error_y=error_bars(rows["top1"], rows["low"], rows["high"], colour),
        showlegend=False,
    )


def anchors(table: pd.DataFrame, value: str, words: Words, *, height: int = 300) -> go.Figure:
    """A number of each anchor as a 3 x 3 map.

    Args:
        table: ``row``, ``col``, ``n``, the column ``value`` and, for intervals, ``<value>_low`` and ``<value>_high``,
            or ``low`` and ``high`` of the column ``value``.
        value: Its column: ``value`` or ``published``.
        words: Title, subtitle, caption.
        height: Pixels.
    """
    low, high = ("low", "high") if value == "value" else (f"{value}_low", f"{value}_high")
    shown = pd.DataFrame(
        {
            "row": [ANCHOR_ROWS[int(row)] for row in table["row"]],
            "col": [ANCHOR_COLUMNS[int(col)] for col in table["col"]],
            "value": table[value],
            "low": table[low] if low in table else float("nan"),
            "high": table[high] if high in table else float("nan"),
            "n": table["n"],
            "n_clusters": table["n_clusters"] if "n_clusters" in table else table["n"],
        }
    )
    return category_heatmap(
        shown, "row", "col", words, rows=list(ANCHOR_ROWS), columns=list(ANCHOR_COLUMNS), height=height
    )


def published(table: pd.DataFrame, own: Mapping[str, float], colours: Mapping[str, str], words: Words) -> go.Figure:
    """Published accuracies in a row a source, and those of the chosen models as lines through all rows.

    Args:
        table: ``model, value, source``.
        own: Accuracy, 0..1, by model.
        colours: By model.
        words: Title, subtitle, caption.
    """
    sources = list(dict.fromkeys(table["source"]))
    hover = [f"published: {row.model} {100 * row.value:.1f} %<br>{row.source}" for row in table.itertuples()]
    at = [sources.index(source) for source in table["source"]]
    traces: list[dict[str, Any]] = [published_marks(table["value"].tolist(), at, hover)]
    traces += [
        marks(
            [share, share],
            [-0.5, len(sources) - 0.5],
            [f"{model}: {100 * share:.1f} %"] * 2,
            mode="lines",
            name=model,
            line={"color": colours[model], "width": 2.5},
        )
        for model, share in own.items()
    ]
    most = max([*table["value"], *own.values()])
    names = [source.replace(", ", ",<br>", 1) for source in sources]
    return figure(
        traces,
        words,
        height=150 + 56 * len(sources),
        legend=len(traces),
        left=room_for([max(name.split("<br>"), key=len) for name in names]),
        xaxis=percent_axis("top-1", range=[0, min(1.03, most * 1.1)]),
        yaxis={
            "tickvals": list(range(len(sources))),
            "ticktext": names,
            "range": [len(sources) - 0.45, -0.55],
            "showgrid": False,
            "zeroline": False,
        },
    )


def origins(
    tables: Mapping[str, pd.DataFrame],
    colours: Mapping[str, str],
    words: Words,
    *,
    order: Sequence[str] | None = None,
    height: int | None = None,
) -> go.Figure:
    """One crop and any of all zooms for the images of each origin, joined by a line.

    Args:
        tables: From ``core.metrics.zoom.by_origin``, by model.
        colours: By model.
        words: Title, subtitle, caption.
        order: Origins from top to bottom; sorted by default.
        height: Pixels; from the number of origins by default.
    """
    names = list(order or sorted({name for table in tables.values() for name in table["origin"]}))
    traces: list[dict[str, Any]] = []
    for number, (model, table) in enumerate(tables.items()):
        shift = (number - (len(tables) - 1) / 2) * 0.22
        one = table[table["bound"] == zoom.ONE_CROP]
        every = table[table["bound"].str.fullmatch(r"any of \d+")]
        for rows, symbol, said in ((one, "circle", "one crop"), (every, "star-open", "any of all zooms, oracle")):
            at = [names.index(name) + shift for name in rows["origin"]]
            hover = [
                f"{model}, {row.origin}<br>{said}: <b>{100 * row.top1:.1f} %</b> [{100 * row.low:.1f}, "
                f"{100 * row.high:.1f}]<br>n = {row.n:,}"
                for row in rows.itertuples()
            ]
            traces.append(
                marks(
                    rows["top1"].tolist(),
                    at,
                    hover,
                    name=f"{model}, {said}",
                    marker={"symbol": symbol, "size": 10, "color": colours[model], "line": {"width": 2}},
                    error_x=error_bars(rows["top1"], rows["low"], rows["high"], colours[model]),
                    customdata=[[name] for name in rows["origin"]],
                    **steady(),
                )
            )
    return figure(
        traces,
        words,
        height=height or 170 + 44 * len(names),
        legend=len(traces),
        left=room_for(names),
        xaxis=percent_axis("top-1", range=[0, 1.03]),
        yaxis={
            "tickvals": list(range(len(names))),
            "ticktext": names,
            "range": [len(names) - 0.45, -0.55],
            "showgrid": False,
            "zeroline": False,
        },
    )
