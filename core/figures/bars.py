"""One number a group and model: points with interval bars, published numbers as reference marks, differences."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from core.figures.style import BAR_OPACITY, CHOSEN, RULE, Words, figure, interval_text, percent_axis, room_for, row_axis
from core.figures.traces import error_bars, marks, published_marks, row_bars, silent, steady
from core.types import is_thin
from core.wording import plain, row_name

#: Room between rows, in bars.
_GAP = 0.7


def bars(
    tables: Mapping[str, pd.DataFrame],
    group: str,
    colours: Mapping[str, str],
    words: Words,
    *,
    published: pd.DataFrame | None = None,
    order: Sequence[str] | None = None,
    x_title: str = "top-1",
    chosen: object = None,
    labels: Mapping[str, str] | None = None,
    height: int | None = None,
) -> go.Figure:
    """Horizontal bars with intervals, models side by side in each group.

    Args:
        tables: Metric table by model, with the column ``group``; bars of few images or objects, and those that a bool
            column ``partial`` marks, are hatched.
        group: Column whose values are the rows.
        colours: By model.
        words: Title, subtitle, caption.
        published: ``group`` column, ``model``, ``value``, ``source``: drawn as diamonds, never mixed with the bars.
        order: Rows from top to bottom; as they occur by default.
        x_title: What accuracy is shown.
        chosen: The group value that is marked.
        labels: What a reader sees in place of a group value.
        height: Pixels; from the number of bars by default.

    Returns:
        A figure whose bars carry ``[model, group value]`` as customdata.
    """
    names = list(dict.fromkeys(order or (row for table in tables.values() for row in _rows(table, group))))
    lanes = _lanes(tables, group, names)
    traces = [_bars(model, table, group, colours[model], lanes, words.unit) for model, table in tables.items()]
    if published is not None and len(published):
        hover = [f"published: {row.model} {100 * row.value:.1f} %<br>{row.source}" for row in published.itertuples()]
        at = [lanes.centre(row) for row in _rows(published, group)]
        traces.append(published_marks(published["value"].tolist(), at, hover))
    return figure(
        traces,
        words,
        height=height or max(200, round(130 + 15 * lanes.end)),
        legend=len(traces) if len(traces) > 1 else 0,
        left=room_for([(labels or {}).get(name, name) for name in names]),
        shapes=lanes.chosen(None if chosen is None else row_name(chosen)),
        barmode="overlay",
        xaxis=percent_axis(x_title, range=[0, 1.03], tickvals=[0, 0.25, 0.5, 0.75, 1], tickangle=0),
        yaxis=row_axis(
            autorange=False,
            range=[lanes.end, 0],
            tickvals=[lanes.centre(name) for name in names],
            ticktext=[plain((labels or {}).get(name, name)) for name in names],
            zeroline=False,
        ),
    )


@dataclass(frozen=True)
class _Lanes:
    """Where the bars of each row lie, from top to bottom: a row has room for the models that it has, and no more.

    Attributes:
        models: The models with a bar, by row.
        tops: Top of the first bar, by row; a bar is one high.
        end: Bottom of all rows.
    """

    models: Mapping[str, Sequence[str]]
    tops: Mapping[str, float]
    end: float

    def centre(self, row: str) -> float:
        return self.tops[row] + max(len(self.models[row]), 1) / 2

    def of(self, row: str, model: str) -> float:
        """The middle of a bar."""
        return self.tops[row] + self.models[row].index(model) + 0.5

    def chosen(self, row: str | None) -> list[dict[str, Any]]:
        """A band behind the chosen row."""
        if row not in self.tops:
            return []
        ends = {"y0": self.tops[row] - _GAP / 2, "y1": self.tops[row] + max(len(self.models[row]), 1) + _GAP / 2}
        place = {"type": "rect", "xref": "paper", "x0": 0, "x1": 1, "layer": "below"}
        return [place | ends | {"fillcolor": CHOSEN, "line": {"width": 0}}]


def _lanes(tables: Mapping[str, pd.DataFrame], group: str, names: Sequence[str]) -> _Lanes:
    models: dict[str, list[str]] = {name: [] for name in names}
    for model, table in tables.items():
        for row in _rows(table, group):
            models[row].append(model)
    tops, at = {}, _GAP
    for name in names:
        tops[name] = at
        at += max(len(models[name]), 1) + _GAP
    return _Lanes(models, tops, at)


def _bars(model: str, table: pd.DataFrame, group: str, colour: str, lanes: _Lanes, unit: str) -> dict[str, Any]:
    rows = _rows(table, group)
    return row_bars(
        [lanes.of(row, model) for row in rows],
        table["value"].tolist(),
        [f"{plain(model)}<br>{plain(row)}: {text}" for row, text in zip(rows, interval_text(table, unit), strict=True)],
        name=model,
        width=0.86,
        marker={"color": colour, "opacity": BAR_OPACITY, **_hatched(table)},
        error_x=error_bars(table["value"], table["low"], table["high"]),
        customdata=_clicks(model, table, group),
        **steady(BAR_OPACITY),
    )


def _hatched(table: pd.DataFrame) -> dict[str, Any]:
    """Hatching of the bars that are not to be relied on: of results that are partial, of too few images or objects."""
    unsure = is_thin(table["n"], table["n_clusters"])
    if "partial" in table:
        unsure |= table["partial"]
    return {"pattern": {"shape": ["/" if each else "" for each in unsure]}} if unsure.any() else {}


def _rows(table: pd.DataFrame, group: str) -> list[str]:
    return [row_name(level) for level in table[group]]


def _clicks(model: str, table: pd.DataFrame, group: str) -> list[list[Any] | None]:
    """What a click on a row tells: the value, not the name it goes by; nothing where it is missing."""
    return [
        [model, level] if known else None
        for level, known in zip(table[group].tolist(), table[group].notna(), strict=True)
    ]


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
    levels = [plain(row) for row in _rows(table, group)]
    traces = [
        silent([first, second], [level, level], "lines", line={"color": RULE, "width": 4})
        for level, first, second in zip(levels, table["first"], table["second"], strict=True)
    ]
    change = [
        f"{100 * row.value:+.1f} points [{100 * row.low:+.1f}, {100 * row.high:+.1f}], n = {row.n:,}"
        for row in table.itertuples()
    ]
    traces += [
        marks(
            table[column].tolist(),
            levels,
            [
                f"{name}<br>{level}: {100 * share:.1f} %<br>{text}"
                for level, share, text in zip(levels, table[column], change, strict=True)
            ],
            name=name,
            marker={"size": 10, "color": colour},
            customdata=_clicks(name, table, group),
            **steady(),
        )
        for name, colour, column in zip(names, colours, ("first", "second"), strict=True)
    ]
    return figure(
        traces,
        words,
        height=height or max(280, 140 + 26 * len(levels)),
        legend=2,
        left=room_for(levels),
        xaxis=percent_axis("accuracy"),
        yaxis={"autorange": "reversed", "showgrid": False, "automargin": True},
    )
