"""Heatmaps of any two factors: a cell for each pair of values, of a model or of the difference of two."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from core import store
from core.answers.asking import DIRECT, Answers
from core.answers.cards import unit_of
from core.answers.questions import Question
from core.figures import factor_cells
from core.figures.exhibits import factor_words
from core.figures.exhibits.factor_panels import by, measure_of
from core.figures.exhibits.factor_words import Tables, short
from core.figures.style import Words
from core.types import Factor, FactorValue, is_thin
from core.wording import count, row_name, short_label

#: Values of a factor without order that a heatmap shows.
MOST_NAMES = 30

Pair = tuple[Factor, Factor]
#: Values by name, in the order of an axis.
Axis = dict[str, FactorValue]


def tables_of(
    runs: Mapping[str, store.Run], pair: Pair, question: Question, ask: Answers = DIRECT, *, compare: bool = False
) -> Tables:
    """A metric table for each model, or of the difference of the first two, without images that a value is missing of.

    Args:
        runs: By label.
        pair: The factors.
        question: ``policy`` and ``where``.
        ask: Who answers.
        compare: Whether the difference is meant.
    """
    asked = by(question, *(factor.name for factor in pair))
    if compare:
        (first, one), (second, other) = list(runs.items())[:2]
        return {f"{second} less {first}": _known(ask.paired(one, other, asked), asked)}
    return {model: _known(ask.answer(run, asked), asked) for model, run in runs.items()}


def _known(table: pd.DataFrame, question: Question) -> pd.DataFrame:
    return table.dropna(subset=list(question.by)).reset_index(drop=True)


def axes_of(
    run: store.Run, pair: Pair, question: Question, table: pd.DataFrame, ask: Answers = DIRECT
) -> tuple[tuple[Axis, Axis], str]:
    """Which values of both factors are shown, in which order; and what is said of the rest, plain text.

    Args:
        run: Whose worst values are shown where there are too many.
        pair: The first goes down.
        question: ``policy`` and ``where``.
        table: By both.
        ask: Who answers.
    """
    rows, columns = (_axis(run, factor, question, table, ask) for factor in pair)
    # Numbers grow upwards, as on any axis; y is that of an image, which grows downwards.
    if pair[0].is_number and pair[0].name != "y":
        rows = dict(reversed(rows.items()))
    axes = rows, columns
    said = [_left_out(factor, len(axis), table[factor.name].nunique()) for factor, axis in zip(pair, axes, strict=True)]
    return axes, " ".join(filter(None, said))


def _axis(run: store.Run, factor: Factor, question: Question, table: pd.DataFrame, ask: Answers) -> Axis:
    there = table[factor.name].drop_duplicates()
    if factor.is_number or len(there) <= MOST_NAMES:
        return factor_words.named(run, factor, sorted(there.tolist()), ask)
    alone = ask.answer(run, by(question, factor.name))
    alone = alone[alone[factor.name].isin(there)]
    return factor_words.named(run, factor, factor_words.worst_first(alone, factor.name)[:MOST_NAMES], ask)


def _left_out(factor: Factor, shown: int, n: int) -> str:
    """What is said of a factor whose values are not all shown; empty where they are."""
    return f"The {shown} worst of {n:,} values of {factor_words.title_of(factor)}." if shown < n else ""


def cells(
    model: str, run: store.Run, pair: Pair, axes: tuple[Axis, Axis], table: pd.DataFrame, measure: str, **how: Any
) -> go.Figure:
    """A model's heatmap.

    Args:
        model: Its label.
        run: Its result.
        pair: The factors.
        axes: From ``axes_of``.
        table: By both.
        measure: What accuracy is shown: ``top-1``.
        **how: See ``factor_cells.factor_cells``.
    """
    thin = is_thin(table["n"], table["n_clusters"])
    tail = f"{model} · in brackets or dotted: thin" if thin.any() and not thin.all() else model
    title = f"{measure.capitalize()} by {names_of(pair)}"
    words = factor_words.words(title, {model: run}, {model: table}, "a cell", tail)
    return factor_cells.factor_cells(
        texts(table, pair, axes), titles_of(pair), list(axes[0]), list(axes[1]), words, **how
    )


def difference(
    runs: Mapping[str, store.Run],
    pair: Pair,
    axes: tuple[Axis, Axis],
    table: pd.DataFrame,
    question: Question,
    ask: Answers = DIRECT,
    *,
    chosen: tuple[str, str] | None = None,
) -> go.Figure:
    """The heatmap of the difference of the first two models.

    Args:
        runs: By label, two or more.
        pair: The factors.
        axes: From ``axes_of``.
        table: Of the difference, by both.
        question: ``policy`` and ``where``.
        ask: Who answers.
        chosen: The cell that is outlined.
    """
    (first, one), (second, other) = list(runs.items())[:2]
    differ = int(((table["band_low"] > 0) | (table["band_high"] < 0)).sum())
    better = short(second)
    # Of a set's values, an image may be in several.
    n = int(ask.paired(one, other, by(question))["n"].iloc[0])
    framed = f"framed: {differ:,} of {count(len(table), 'cell')} differ at once"
    words = Words(
        f"{better} less {short(first)}: {measure_of(question)} by {names_of(pair)}",
        f"points · green: {better} better · {framed} · {count(n, 'common image')}",
        f"identity {other.identity[:8]} less {one.identity[:8]}",
        unit_of(one),
    )
    return factor_cells.factor_cells(
        texts(table, pair, axes), titles_of(pair), list(axes[0]), list(axes[1]), words, chosen=chosen, change=True
    )


def texts(table: pd.DataFrame, pair: Pair, axes: tuple[Axis, Axis]) -> pd.DataFrame:
    """A metric table with the names of its values, in ``row`` and ``column``."""
    for column, factor, axis in zip(("row", "column"), pair, axes, strict=True):
        names = {level: name for name, level in axis.items()}
        table = table.assign(**{column: [names.get(level) for level in table[factor.name].tolist()]})
    return table


def names_of(pair: Pair) -> str:
    """What a heatmap is by."""
    return " and ".join(factor_words.title_of(factor) for factor in pair)


def titles_of(pair: Pair) -> tuple[str, str]:
    """What the rows are, and the columns."""
    return short_label(pair[0]), short_label(pair[1])


def name_on(axis: Axis, level: FactorValue) -> str | None:
    """The name of a value on an axis; None where it is not shown."""
    return next((name for name, each in axis.items() if row_name(each) == row_name(level)), None)


def values_at(pair: Pair, axes: Sequence[Axis], custom: Sequence[Any]) -> dict[str, FactorValue]:
    """The values of both factors that a cell stands for; empty where it is none of these axes."""
    at = {factor.name: axis[name] for factor, axis, name in zip(pair, axes, custom, strict=True) if name in axis}
    return at if len(at) == len(pair) else {}
