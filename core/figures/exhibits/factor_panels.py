"""Figures by one factor, or by x and y, as pages and files have them: of answers, with what is said beside them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from core import store
from core.answers.asking import DIRECT, Answers
from core.answers.questions import Question
from core.figures import bars, curve, location, polar
from core.figures.exhibits import factor_words
from core.figures.exhibits.factor_words import Tables
from core.types import Factor

#: Pixels of a figure beside others.
HEIGHT = 400


@dataclass(frozen=True)
class Drawn:
    """A figure with what stands beside it.

    Attributes:
        figure: Clickable.
        tables: The metric tables behind it, as far as it shows them.
        said: What is left out, plain text; empty where nothing is.
    """

    figure: go.Figure
    tables: Tables
    said: str = ""


def measure_of(question: Question) -> str:
    """What is on the axis of accuracies."""
    return question.policy.replace("top", "top-")


def location_of(
    model: str, run: store.Run, table: pd.DataFrame, measure: str, *, chosen: tuple[float, float] | None = None,
    range_: tuple[float, float] | None = None, height: int = HEIGHT,
) -> go.Figure:  # fmt: skip
    """A model's map.

    Args:
        model: Its label.
        run: Its result.
        table: By x and y.
        measure: What accuracy is shown: ``top-1``.
        chosen: The cell that is outlined.
        range_: Of the colours; see ``location.location_map``.
        height: Pixels.
    """
    words = factor_words.words(f"{measure.capitalize()} by location", {model: run}, {model: table}, "a cell", model)
    return location.location_map(table, words, chosen=chosen, range_=range_, height=height)


def along(
    runs: Mapping[str, store.Run],
    factor: Factor,
    tables: Tables,
    measure: str,
    colours: Mapping[str, str],
    ask: Answers = DIRECT,
    *,
    of: str = "",
    log: bool = False,
    chosen: float | None = None,
    height: int = HEIGHT,
) -> go.Figure:
    """A curve for each model along a number.

    Args:
        runs: By label.
        factor: Numeric or circular.
        tables: By label.
        measure: What accuracy is shown: ``top-1``.
        colours: By label.
        ask: Who answers.
        of: Along what; its name by default.
        log: Whether areas are on a log axis.
        chosen: The value that is marked.
        height: Pixels.
    """
    words = factor_words.words(f"{measure.capitalize()} by {of or factor_words.title_of(factor)}", runs, tables)
    names = factor_words.bin_names(next(iter(runs.values())), factor, tables, ask)
    return curve.curve(
        tables, factor, colours, words, y_title=measure, log=log and factor.name == "area", chosen=chosen, names=names,
        height=height,
    )  # fmt: skip


def around(
    runs: Mapping[str, store.Run],
    factor: Factor,
    tables: Tables,
    measure: str,
    colours: Mapping[str, str],
    ask: Answers = DIRECT,
    *,
    lines: Factor | None = None,
    chosen: float | None = None,
    height: int = HEIGHT,
) -> tuple[go.Figure, Tables, dict[str, str]]:
    """A ring for each model, or one for each value of another factor.

    Args:
        runs: By label.
        factor: Circular.
        tables: By label, by the factor and ``lines``.
        measure: What accuracy is shown: ``top-1``.
        colours: By label.
        ask: Who answers.
        lines: The other factor.
        chosen: The angle that is marked.
        height: Pixels.

    Returns:
        The figure, a table by ring, and the model of each ring.
    """
    rings, groups = factor_words.rings(tables, lines)
    words = factor_words.words(f"{measure.capitalize()} by {factor_words.title_of(factor)}", runs, tables)
    names = factor_words.bin_names(next(iter(runs.values())), factor, tables, ask)
    how = {"groups": groups, "chosen": chosen, "height": height, "names": names}
    return polar.polar(rings, factor, colours, words, **how), rings, groups


def rows(
    runs: Mapping[str, store.Run],
    factor: Factor,
    question: Question,
    colours: Mapping[str, str],
    ask: Answers = DIRECT,
    *,
    of: str = "",
    sort: bool = False,
    chosen: object = None,
) -> Drawn:
    """A bar for each value of a factor without order, and model.

    Args:
        runs: By label.
        factor: Not a number.
        question: ``policy`` and ``where``.
        colours: By label.
        ask: Who answers.
        of: By what; its name by default.
        sort: Whether the first model's lowest accuracies come first, thin ones last, and no more than ``MOST_ROWS``.
        chosen: The value that is marked.
    """
    tables, said = factor_words.answered(runs, by(question, factor.name), ask), ""
    if sort:
        tables, said = factor_words.worst_rows(tables, factor.name)
    title = f"{measure_of(question).capitalize()} by {of or factor_words.title_of(factor)}"
    unit = f"a {factor_words.title_of(factor) if factor.kind != 'set' else 'value'}"
    words = factor_words.words(title, runs, tables, unit)
    shown = bars.bars(tables, factor.name, colours, words, x_title=measure_of(question), chosen=chosen)
    return Drawn(shown, tables, said)


def difference(
    runs: Mapping[str, store.Run],
    axis: tuple[Factor, ...],
    question: Question,
    colours: Mapping[str, str],
    ask: Answers = DIRECT,
    *,
    log: bool = False,
    brief: bool = False,
    chosen: Any = None,
    height: int = HEIGHT,
) -> Drawn:
    """The paired difference of the first two models along an axis.

    Args:
        runs: By label, two or more.
        axis: A factor; or x and y, for a map.
        question: ``policy`` and ``where``.
        colours: By label.
        ask: Who answers.
        log: Whether areas are on a log axis.
        brief: For a title that fits half a page.
        chosen: The value that is marked; of a map (x, y).
        height: Pixels.
    """
    (first, one), (second, other) = list(runs.items())[:2]
    asked = by(question, *(factor.name for factor in axis))
    table = factor_words.known(one, asked, ask.paired(one, other, asked))
    is_map, along = len(axis) == 2, "location" if len(axis) == 2 else factor_words.title_of(axis[0])
    words = factor_words.of_difference(runs, along, question, table, ask, framed=is_map, brief=brief)
    tables, said = {f"{second} less {first}": table}, ""
    if is_map:
        shown = location.location_map(table, words, chosen=chosen, change=True, height=height)
    elif axis[0].is_number:
        names = factor_words.bin_names(one, axis[0], tables, ask)
        shown = curve.difference_curve(
            table, axis[0], colours[second], words, log=log and axis[0].name == "area", chosen=chosen, names=names,
            height=height,
        )  # fmt: skip
    else:
        table, said = factor_words.most_different(table)
        shown = bars.dumbbell(table, axis[0].name, (first, second), (colours[first], colours[second]), words)
    return Drawn(shown, tables, said)


def by(question: Question, *names: str) -> Question:
    """The same question by other factors."""
    return Question(names, question.policy, question.where)
