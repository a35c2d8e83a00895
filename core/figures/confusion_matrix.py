"""Which class is taken for which: true classes in rows, predicted ones in columns, how often in the cells."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from core.figures.heatmap import category_axis, outline
from core.figures.style import MUTED, Words, figure
from core.figures.traces import marks, silent
from core.mistakes.summary import Directed

#: From one mistake to most; opaque, so that the numbers are legible on a light and on a dark page.
_SCALE = [[0.0, "#FBF0E4"], [0.45, "#E8A261"], [1.0, "#7A2E1D"]]
_NOTHING = "rgba(128, 128, 128, 0.07)"
_DARK_INK, _LIGHT_INK = "#1D2733", "#FFFFFF"
_LIGHT_INK_FROM = 0.6
#: The row and the column of totals, set apart by an empty one.
_SPACE, _TOTAL = " ", "all"
#: Longer names are cut.
_LONGEST = 18
#: Pixels that the columns have on a narrow screen, and that a letter takes; names that need more stand upright.
_ROOM_PX, _LETTER_PX = 400, 6.4


def confusion_matrix(found: Directed, words: Words, chosen: tuple[str, str] | None = None) -> go.Figure:
    """A cell for each pair of classes with how often the one is taken for the other, and totals.

    Args:
        found: From ``mistakes.summary.directed``.
        words: Title, subtitle, caption.
        chosen: The (true, predicted) that is filtered for; outlined.

    Returns:
        A figure whose invisible squares carry ``[true, predicted]`` as customdata; pairs that do not occur cannot be
        clicked.
    """
    names = list(found.names)
    short = _distinct(names)
    levels = [*short, _SPACE, _TOTAL]
    longest = max(map(len, short), default=0)
    upright = _LETTER_PX * longest > _ROOM_PX / len(levels)
    below = 70 + (int(_LETTER_PX * min(longest, _LONGEST)) if upright else 14)
    cell = 32 if len(names) <= 14 else 24
    height = 58 + below + cell * max(len(levels), 5)
    ticks = {"tickmode": "array", "tickvals": levels, "ticktext": [*short, "", _TOTAL], "ticks": "", "automargin": True}
    ends = [-0.5, len(levels) - 0.5]
    return figure(
        [*_grounds(found, short), *_numbers(found, names, short, cell), _totals(found, short)],
        words,
        height=height,
        margin={"b": below},
        shapes=_frame(chosen, names, short),
        xaxis=category_axis(
            levels, side="bottom", range=ends, title=_title("predicted"), tickangle=-90 if upright else 0, **ticks
        ),
        yaxis=category_axis(levels, range=ends[::-1], title=_title("true class"), ticklabelstandoff=4, **ticks),
    )


def _title(text: str) -> dict[str, Any]:
    return {"text": text, "standoff": 12, "font": {"size": 12}}


def _distinct(names: Sequence[str]) -> list[str]:
    """Names short enough for an axis; two that are the same when cut stay whole."""
    cut = [name if len(name) <= _LONGEST else name[: _LONGEST - 1] + "…" for name in names]
    return [short if cut.count(short) == 1 else name for short, name in zip(cut, names, strict=True)]


def _grounds(found: Directed, short: Sequence[str]) -> list[dict[str, Any]]:
    """Colours by the square root of the count, so that rare confusions are still seen beside a frequent one."""
    counts = found.counts.astype(float)
    off = ~np.eye(len(counts), dtype=bool)
    same = {"type": "heatmap", "x": list(short), "y": list(short), "showscale": False, "hoverinfo": "skip"}
    empty = np.where(off & (counts == 0), 1.0, np.nan)
    shade = np.where(counts > 0, np.sqrt(counts / max(counts.max(initial=1), 1)), np.nan)
    gaps = {"xgap": 1, "ygap": 1, "zmin": 0, "zmax": 1}
    return [
        {**same, **gaps, "z": empty.tolist(), "colorscale": [[0, _NOTHING], [1, _NOTHING]]},
        {**same, **gaps, "z": shade.tolist(), "colorscale": _SCALE},
    ]


def _numbers(found: Directed, names: Sequence[str], short: Sequence[str], cell: int) -> list[dict[str, Any]]:
    """The counts, on invisible squares that can be clicked; one trace an ink, which a selection leaves as it is."""
    most = max(found.counts.max(initial=1), 1)
    rows, columns = np.nonzero(found.counts)
    light = np.sqrt(found.counts[rows, columns] / most) >= _LIGHT_INK_FROM
    size = 12 if len(names) <= 14 else 10
    traces = []
    for which, ink in ((~light, _DARK_INK), (light, _LIGHT_INK)):
        pairs = list(zip(rows[which].tolist(), columns[which].tolist(), strict=True))
        unchanged = {"marker": {"opacity": 0}, "textfont": {"color": ink}}
        traces.append(
            marks(
                [short[column] for _, column in pairs],
                [short[row] for row, _ in pairs],
                [_hover(found, row, column) for row, column in pairs],
                mode="markers+text",
                text=[f"{found.counts[pair]:,}" for pair in pairs],
                textfont={"size": size, "color": ink},
                marker={"symbol": "square", "size": cell - 4, "opacity": 0},
                customdata=[[names[row], names[column]] for row, column in pairs],
                showlegend=False,
                selected=unchanged,
                unselected=unchanged,
            )
        )
    return traces


def _hover(found: Directed, row: int, column: int) -> str:
    n, back = found.counts[row, column], found.counts[column, row]
    return f"<b>{found.names[row]}</b> taken for <b>{found.names[column]}</b>: {n:,}<br>the other way: {back:,}"


def _totals(found: Directed, short: Sequence[str]) -> dict[str, Any]:
    """How many mistakes are made of each class, and how many predict it."""
    made, taken = found.counts.sum(axis=1), found.counts.sum(axis=0)
    return silent(
        [_TOTAL] * len(short) + list(short) + [_TOTAL],
        [*short, *[_TOTAL] * len(short), _TOTAL],
        "text",
        text=[f"{n:,}" for n in (*made, *taken, found.n_shown)],
        textfont={"size": 11 if len(short) <= 14 else 9, "color": MUTED},
    )


def _frame(chosen: tuple[str, str] | None, names: Sequence[str], short: Sequence[str]) -> list[dict[str, Any]]:
    """The outline of the chosen cell, and lines from it to both names."""
    if chosen is None or chosen[0] not in names or chosen[1] not in names:
        return []
    row, column = (names.index(name) for name in chosen)
    cross = {"type": "rect", "fillcolor": "rgba(47, 109, 181, 0.16)", "line": {"width": 0}, "layer": "below"}
    end = len(names) + 1.5
    return [
        cross | {"x0": -0.5, "x1": end, "y0": row - 0.5, "y1": row + 0.5},
        cross | {"x0": column - 0.5, "x1": column + 0.5, "y0": -0.5, "y1": end},
        *outline((short[row], short[column]), short, short),
    ]
