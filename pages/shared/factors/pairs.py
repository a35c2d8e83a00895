"""Heatmaps of any two factors: a cell for each pair of values, for each model, or the difference of two models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from core import store
from core.answers.questions import Question
from core.figures import factor_cells, location
from core.figures.style import Words
from core.types import Factor, FactorValue, is_thin
from core.wording import count, escaped, row_name, short_label
from pages.shared.factors import levels, panels
from pages.shared.factors.explore import Controls
from pages.shared.page import cached, place
from pages.shared.page.frame import Choice

#: Values of a factor without order that a heatmap shows.
MOST_NAMES = 30

Pair = tuple[Factor, Factor]
#: Values by name, in the order of an axis.
Axis = dict[str, FactorValue]


def show(runs: Mapping[str, store.Run], pair: Pair, controls: Controls, choice: Choice) -> None:
    """A heatmap for each model, or of the difference of the first two; the first factor goes down."""
    question = Question(tuple(factor.name for factor in pair), controls.question.policy, controls.question.where)
    run = next(iter(runs.values()))
    if controls.compare and len(runs) > 1:
        (first, one), (second, other) = list(runs.items())[:2]
        tables = {f"{second} less {first}": _known(one, question, cached.paired(one, other, question))}
    else:
        tables = {model: _known(each, question, cached.answer(each, question)) for model, each in runs.items()}
    axes = _axes(run, pair, controls, next(iter(tables.values())))
    said = [text for factor, axis, n in zip(pair, axes, _sizes(pair, tables), strict=True)
            if (text := _left_out(factor, len(axis), n))]  # fmt: skip
    if said:
        st.caption(escaped(" ".join(said)))
    if controls.compare and len(runs) > 1:
        _difference(runs, pair, axes, tables, controls)
        return
    span = location.stretched(tables.values()) if controls.stretched else None
    for number, (model, table) in enumerate(tables.items()):
        _one(number, model, runs[model], pair, axes, table, controls, choice, span)


def _known(run: store.Run, question: Question, table: pd.DataFrame) -> pd.DataFrame:
    """A metric table without images that a value is missing of."""
    return panels.known(run, question, table).dropna(subset=list(question.by)).reset_index(drop=True)


def _axes(run: store.Run, pair: Pair, controls: Controls, table: pd.DataFrame) -> tuple[Axis, Axis]:
    rows, columns = (_axis(run, factor, controls, table) for factor in pair)
    # Numbers grow upwards, as on any axis; y is that of an image, which grows downwards.
    if pair[0].is_number and pair[0].name != "y":
        rows = dict(reversed(rows.items()))
    return rows, columns


def _axis(run: store.Run, factor: Factor, controls: Controls, table: pd.DataFrame) -> Axis:
    there = table[factor.name].drop_duplicates()
    if factor.is_number or len(there) <= MOST_NAMES:
        return levels.named(run, factor, sorted(there.tolist()))
    alone = cached.answer(run, Question((factor.name,), controls.question.policy, controls.question.where))
    alone = alone[alone[factor.name].isin(there)]
    return levels.named(run, factor, panels.worst_first(alone, factor.name)[:MOST_NAMES])


def _sizes(pair: Pair, tables: Mapping[str, pd.DataFrame]) -> list[int]:
    return [next(iter(tables.values()))[factor.name].nunique() for factor in pair]


def _left_out(factor: Factor, shown: int, n: int) -> str:
    """What is said of a factor whose values are not all shown; empty where they are."""
    return f"The {shown} worst of {n:,} values of {panels.title_of(factor)}." if shown < n else ""


def _one(
    number: int,
    model: str,
    run: store.Run,
    pair: Pair,
    axes: tuple[Axis, Axis],
    table: pd.DataFrame,
    controls: Controls,
    choice: Choice,
    span: tuple[float, float] | None,
) -> None:
    thin = is_thin(table["n"], table["n_clusters"])
    tail = f"{model} · in brackets or dotted: thin" if thin.any() and not thin.all() else model
    title = f"{controls.measure.capitalize()} by {_names(pair)}"
    said = panels.words(title, {model: run}, {model: table}, "a cell", tail)
    picked = (place.chosen_model() or choice.models[0]) == model
    chosen = _chosen(run, pair, axes) if picked else None
    shown = factor_cells.factor_cells(
        _texts(table, pair, axes), _titles(pair), list(axes[0]), list(axes[1]), said, chosen=chosen, range_=span
    )
    key = f"pair-{pair[0].name}-{pair[1].name}-{number}"
    panels.put(shown, key, {model: table}, {model: run}, controls, partial(_pick, run, pair, axes, model))


def _difference(
    runs: Mapping[str, store.Run],
    pair: Pair,
    axes: tuple[Axis, Axis],
    tables: Mapping[str, pd.DataFrame],
    controls: Controls,
) -> None:
    (first, one), (second, other) = list(runs.items())[:2]
    table = next(iter(tables.values()))
    differ = int(((table["band_low"] > 0) | (table["band_high"] < 0)).sum())
    better = panels.short(second)
    # Of a set's values, an image may be in several.
    n = int(cached.paired(one, other, Question((), controls.question.policy, controls.question.where))["n"].iloc[0])
    framed = f"framed: {differ:,} of {count(len(table), 'cell')} differ at once"
    said = Words(
        f"{better} less {panels.short(first)}: {controls.measure} by {_names(pair)}",
        f"points · green: {better} better · {framed} · {count(n, 'common image')}",
        f"identity {other.identity[:8]} less {one.identity[:8]}",
    )
    shown = factor_cells.factor_cells(
        _texts(table, pair, axes), _titles(pair), list(axes[0]), list(axes[1]), said,
        chosen=_chosen(one, pair, axes), change=True,
    )  # fmt: skip
    key = f"difference-{pair[0].name}-{pair[1].name}"
    panels.put(shown, key, tables, {first: one, second: other}, controls, partial(_pick, one, pair, axes, second))


def _texts(table: pd.DataFrame, pair: Pair, axes: tuple[Axis, Axis]) -> pd.DataFrame:
    """A metric table with the names of its values, in ``row`` and ``column``."""
    for column, factor, axis in zip(("row", "column"), pair, axes, strict=True):
        names = {level: name for name, level in axis.items()}
        table = table.assign(**{column: [names.get(level) for level in table[factor.name].tolist()]})
    return table


def _names(pair: Pair) -> str:
    return " and ".join(panels.title_of(factor) for factor in pair)


def _titles(pair: Pair) -> tuple[str, str]:
    return short_label(pair[0]), short_label(pair[1])


def _chosen(run: store.Run, pair: Pair, axes: tuple[Axis, Axis]) -> tuple[str, str] | None:
    there = levels.chosen(run, pair)
    if there is None:
        return None
    found = [_name_of(axis, level) for axis, level in zip(axes, there, strict=True)]
    return (found[0], found[1]) if found[0] is not None and found[1] is not None else None


def _name_of(axis: Axis, level: FactorValue) -> str | None:
    return next((name for name, each in axis.items() if row_name(each) == row_name(level)), None)


def _pick(run: store.Run, pair: Pair, axes: Sequence[Axis], model: str, custom: list[Any]) -> None:
    at = {factor.name: axis[name] for factor, axis, name in zip(pair, axes, custom, strict=True) if name in axis}
    if len(at) == len(pair):
        place.choose_cell(levels.cell(run, at), model)
