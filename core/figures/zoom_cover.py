"""Where the first zooms of a greedy cover lie: how many at each size, and at each anchor."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go

from core.figures.heatmap import category_axis
from core.figures.style import BAR_OPACITY, MUTED, NOTED, NUMBERS_LEFT, RULE, Words, faded, figure, room_for
from core.figures.traces import marks
from core.figures.zoom import NAMED
from core.metrics import zoom
from core.wording import ANCHOR_COLUMNS, ANCHOR_ROWS, anchor_name


def sizes(table: pd.DataFrame, words: Words, *, usual: int = zoom.ONE_CROP_SIZE, height: int = 300) -> go.Figure:
    """How often each size is among the first zooms of a cover.

    Args:
        table: From ``core.metrics.zoom.cover_sizes``.
        words: Title, subtitle, caption.
        usual: Size whose bar is marked.
        height: Pixels.
    """
    names = [str(int(size)) for size in table["size"]]
    trace = {
        "type": "bar",
        "x": names,
        "y": table["count"].tolist(),
        "marker": {"color": [NOTED if name == str(usual) else MUTED for name in names], "opacity": BAR_OPACITY},
        "hovertext": [
            f"size {name} px: {n} of {of}" for name, n, of in zip(names, table["count"], table["n"], strict=True)
        ],
        "hoverinfo": "text",
        "showlegend": False,
    }
    return figure(
        [trace],
        words,
        height=height,
        left=NUMBERS_LEFT,
        xaxis={
            "title": {"text": "shorter side after resizing, px"},
            "type": "category",
            "tickvals": [name for name in names if int(name) in NAMED] if len(names) > 12 else names,
            "tickangle": 0,
        },
        yaxis={"title": {"text": "zooms"}, "gridcolor": RULE, "zeroline": False, "rangemode": "tozero",
               "tickformat": "d", "dtick": 1},
    )  # fmt: skip


def anchors(table: pd.DataFrame, words: Words, *, height: int = 300) -> go.Figure:
    """How often each anchor is among the first zooms of a cover, as a 3 x 3 map of counts, which are no accuracies.

    Args:
        table: From ``core.metrics.zoom.cover_anchors``.
        words: Title, subtitle, caption.
        height: Pixels.
    """
    grid = table.pivot(index="row", columns="col", values="count")
    cells = {
        "type": "heatmap",
        "x": list(ANCHOR_COLUMNS),
        "y": list(ANCHOR_ROWS),
        "z": grid.to_numpy().tolist(),
        "zmin": 0,
        "colorscale": [[0, faded(MUTED, 0.06)], [1, faded(MUTED, 0.4)]],
        "showscale": False,
        "hoverinfo": "skip",
        "xgap": 2,
        "ygap": 2,
    }
    texts = marks(
        [ANCHOR_COLUMNS[int(col)] for col in table["col"]],
        [ANCHOR_ROWS[int(row)] for row in table["row"]],
        [
            f"{anchor_name(int(row), int(col))}: {count} of {n} zooms"
            for row, col, count, n in zip(table["row"], table["col"], table["count"], table["n"], strict=True)
        ],
        mode="text",
        text=[str(count) for count in table["count"]],
        textfont={"size": 13},
        showlegend=False,
    )
    return figure(
        [cells, texts],
        words,
        height=height,
        left=room_for(ANCHOR_ROWS),
        xaxis=category_axis(ANCHOR_COLUMNS, side="bottom"),
        yaxis=category_axis(ANCHOR_ROWS, autorange="reversed", automargin=True),
    )
