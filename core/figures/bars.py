"""One number a group and model: points with interval bars, published numbers as reference marks, differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go

from core.figures.style import MUTED, RULE, Words, dress, error_bars, interval_text, percent_axis


def bars(
    tables: Mapping[str, pd.DataFrame],
    group: str,
    colours: Mapping[str, str],
    words: Words,
    *,
    published: pd.DataFrame | None = None,
    order: Sequence[str] | None = None,
    x_title: str = "top-1",
    height: int | None = None,
) -> go.Figure:
    """Horizontal bars with intervals, models side by side in each group.

    Args:
        tables: Metric table by model, with the column ``group``.
        group: Column whose values are the rows.
        colours: By model.
        words: Title, subtitle, caption.
        published: ``group`` column, ``model``, ``value``, ``source``: drawn as diamonds, never mixed with the bars.
        order: Rows from top to bottom; as they occur by default.
        x_title: What accuracy is shown.
        height: Pixels; from the number of bars by default.

    Returns:
        A figure whose bars carry ``[model, group value]`` as customdata.
    """
    figure = go.Figure()
    for model, table in tables.items():
        figure.add_bar(
            y=table[group].astype(str).tolist(),
            x=table["value"].tolist(),
            name=model,
            orientation="h",
            marker={"color": colours[model], "opacity": 0.85},
            error_x=error_bars(table["value"], table["low"], table["high"]),
            customdata=[[model, str(level)] for level in table[group]],
            hovertext=[
                f"{model}<br>{level}: {text}" for level, text in zip(table[group], interval_text(table), strict=True)
            ],
            hoverinfo="text",
            selected={"marker": {"opacity": 0.85}},
            unselected={"marker": {"opacity": 0.85}},
        )
    if published is not None and len(published):
        _add_published(figure, published, group)
    figure.update_layout(bargap=0.28, bargroupgap=0.08)
    figure.update_xaxes(**percent_axis(x_title, range=[0, 1.03], tickvals=[0, 0.2, 0.4, 0.6, 0.8, 1]))
    figure.update_yaxes(autorange="reversed", showgrid=False, automargin=True, ticklabelstandoff=6)
    if order is not None:
        figure.update_yaxes(categoryorder="array", categoryarray=list(order))
    rows = len({str(level) for table in tables.values() for level in table[group]})
    height = height or max(280, 150 + rows * (15 * len(tables) + 12))
    return dress(figure, words, height=height, legend=len(figure.data) if len(figure.data) > 1 else 0)


def _add_published(figure: go.Figure, published: pd.DataFrame, group: str) -> None:
    figure.add_scatter(
        y=published[group].astype(str).tolist(),
        x=published["value"].tolist(),
        name="published",
        mode="markers",
        marker={"symbol": "diamond-open", "size": 10, "color": MUTED, "line": {"width": 1.6}},
        hovertext=[f"published: {row.model} {100 * row.value:.1f} %<br>{row.source}" for row in published.itertuples()],
        hoverinfo="text",
    )


def dumbbell(
    table: pd.DataFrame, group: str, names: tuple[str, str], colours: tuple[str, str], words: Words, *, height: int = 0
) -> go.Figure:
    """Two models' accuracy per group on the samples both have, joined by a line.

    Args:
        table: From ``compare.paired_difference``: the ``group`` column, ``first``, ``second``, ``value``, ``low``,
            ``high``, ``n``.
        group: Column whose values are the rows.
        names: First and second model.
        colours: Of both.
        words: Title, subtitle, caption.
        height: Pixels; from the number of rows by default.
    """
    levels = table[group].astype(str).tolist()
    figure = go.Figure()
    for level, first, second in zip(levels, table["first"], table["second"], strict=True):
        figure.add_scatter(
            x=[first, second],
            y=[level, level],
            mode="lines",
            line={"color": RULE, "width": 4},
            hoverinfo="skip",
            showlegend=False,
        )
    change = [
        f"{100 * row.value:+.1f} points [{100 * row.low:+.1f}, {100 * row.high:+.1f}], n = {row.n:,}"
        for row in table.itertuples()
    ]
    for name, colour, column in zip(names, colours, ("first", "second"), strict=True):
        figure.add_scatter(
            x=table[column].tolist(),
            y=levels,
            name=name,
            mode="markers",
            marker={"size": 10, "color": colour},
            customdata=[[name, level] for level in levels],
            hovertext=[
                f"{name}<br>{level}: {100 * share:.1f} %<br>{text}"
                for level, share, text in zip(levels, table[column], change, strict=True)
            ],
            hoverinfo="text",
            selected={"marker": {"opacity": 1}},
            unselected={"marker": {"opacity": 1}},
        )
    figure.update_xaxes(**percent_axis("accuracy"))
    figure.update_yaxes(autorange="reversed", showgrid=False, automargin=True)
    return dress(figure, words, height=height or max(280, 140 + 26 * len(levels)), legend=2)
