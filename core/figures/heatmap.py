"""Accuracy by two categories: common settings in blue, uncommon ones in orange, missing ones blank."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from core.figures.style import COMMON, UNCOMMON, Words, dress, faded, interval_text
from core.metrics import THIN


def category_heatmap(
    table: pd.DataFrame,
    row: str,
    column: str,
    words: Words,
    *,
    rows: Sequence[str] | None = None,
    columns: Sequence[str] | None = None,
    chosen: tuple[str, str] | None = None,
    height: int = 420,
) -> go.Figure:
    """A cell for each pair of categories with its accuracy written in.

    Args:
        table: Metric table with the columns ``row`` and ``column`` and, if some cells are uncommon, bool ``uncommon``.
        row: Category down the side.
        column: Category along the top.
        words: Title, subtitle, caption.
        rows: Order of the rows; as they occur by default.
        columns: Order of the columns.
        chosen: The (row, column) that is outlined.
        height: Pixels.

    Returns:
        A figure whose invisible squares carry ``[row value, column value]`` as customdata. Cells with fewer than
        ``metrics.THIN`` images have their number in brackets.
    """
    rows = [str(level) for level in (rows if rows is not None else table[row].unique())]
    columns = [str(level) for level in (columns if columns is not None else table[column].unique())]
    table = table[table["n"] > 0]
    uncommon = table["uncommon"].astype(bool) if "uncommon" in table else pd.Series(False, index=table.index)
    figure = go.Figure()
    for part, colour in ((table[~uncommon], COMMON), (table[uncommon], UNCOMMON)):
        grid = part.assign(**{row: part[row].astype(str), column: part[column].astype(str)})
        grid = grid.pivot(index=row, columns=column, values="value").reindex(index=rows, columns=columns)
        figure.add_heatmap(
            x=columns,
            y=rows,
            z=grid.to_numpy(dtype=float).tolist(),
            zmin=0,
            zmax=1,
            colorscale=[[0, faded(colour, 0.06)], [1, faded(colour, 0.9)]],
            showscale=False,
            hoverinfo="skip",
            xgap=1,
            ygap=1,
        )
    pairs = list(zip(table[row].astype(str), table[column].astype(str), strict=True))
    shares = [f"{100 * share:.0f}" for share in table["value"]]
    figure.add_scatter(
        x=[pair[1] for pair in pairs],
        y=[pair[0] for pair in pairs],
        mode="markers+text",
        text=[f"({share})" if n < THIN else share for share, n in zip(shares, table["n"], strict=True)],
        textfont={"size": 11},
        marker={"symbol": "square", "size": 26, "opacity": 0},
        customdata=[list(pair) for pair in pairs],
        hovertext=[
            f"{pair[0]}, {pair[1]}{' (uncommon)' if rare else ''}<br>{text}"
            for pair, rare, text in zip(pairs, uncommon, interval_text(table), strict=True)
        ],
        hoverinfo="text",
        showlegend=False,
        selected={"marker": {"opacity": 0}, "textfont": {}},
        unselected={"marker": {"opacity": 0}, "textfont": {}},
    )
    if chosen is not None and chosen[0] in rows and chosen[1] in columns:
        at_x, at_y = columns.index(chosen[1]), rows.index(chosen[0])
        figure.add_shape(
            type="rect",
            x0=at_x - 0.5,
            x1=at_x + 0.5,
            y0=at_y - 0.5,
            y1=at_y + 0.5,
            line={"color": "#1D2733", "width": 2},
        )
    figure.update_xaxes(showgrid=False, side="bottom", categoryorder="array", categoryarray=columns)
    figure.update_yaxes(
        showgrid=False, autorange="reversed", categoryorder="array", categoryarray=rows, automargin=True
    )
    return dress(figure, words, height=height)
