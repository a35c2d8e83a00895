"""The figures of the factor pages: from questions to clickable figures, with what is chosen in the address."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core import store
from core.answers import questions
from core.answers.questions import Question
from core.figures import location
from core.figures.exhibits import factor_pairs, factor_panels, factor_words
from core.figures.exhibits.factor_pairs import Axis, Pair
from core.figures.exhibits.factor_panels import by
from core.figures.exhibits.factor_words import Tables
from core.types import Factor, FactorValue
from core.wording import escaped, short_label, value
from pages.shared.factors import levels
from pages.shared.factors.explore import Controls, Roles
from pages.shared.page import cached, figure, place
from pages.shared.page.frame import Choice
from pages.shared.page.place import Cell


def answers(runs: Mapping[str, store.Run], question: Question, normalise: bool = False) -> Tables:
    """Metric table by model."""
    tables = factor_words.answered(runs, question, cached)
    return {model: questions.normalised(table) for model, table in tables.items()} if normalise else tables


def maps(
    runs: Mapping[str, store.Run], controls: Controls, choice: Choice, height: int = 400
) -> list[Callable[[], None]]:
    """What draws each model's map, all on one colour scale."""
    tables = answers(runs, by(controls.question, "x", "y"), controls.normalise)
    span = location.stretched(tables.values()) if controls.stretched else None
    return [
        partial(_map, number, runs[model], model, table, controls, choice, {"range_": span, "height": height})
        for number, (model, table) in enumerate(tables.items())
    ]


def _map(
    number: int,
    run: store.Run,
    model: str,
    table: pd.DataFrame,
    controls: Controls,
    choice: Choice,
    how: Mapping[str, Any],
) -> None:
    how = {"chosen": _chosen_pair(run.benchmark, model, choice), **how}
    draw = partial(factor_panels.location_of, model, run, table, controls.measure, **how)
    shown = _kept({model: run}, controls, how, draw)
    click = partial(_pick_pair, run.benchmark, model)
    put(shown, f"location-{number}", {model: table}, {model: run}, controls, click)


def show_curve(
    runs: Mapping[str, store.Run],
    factor: Factor,
    controls: Controls,
    choice: Choice,
    key: str,
    height: int = 400,
    of: str = "",
) -> None:
    """A curve for each model along a numeric or circular factor; ``of`` says along what, its name by default."""
    tables = answers(runs, by(controls.question, factor.name), controls.normalise)
    run, colours = next(iter(runs.values())), choice.colours
    how = {"of": of, "log": controls.log, "height": height, "chosen": _chosen_value(run, factor)}
    draw = partial(factor_panels.along, runs, factor, tables, controls.measure, colours, cached, **how)
    shown = _kept(runs, controls, {**how, "factor": factor.name, "colours": dict(colours)}, draw)
    put(shown, key, tables, runs, controls, partial(_pick_value, run, factor))


def show_polar(
    runs: Mapping[str, store.Run],
    factor: Factor,
    controls: Controls,
    choice: Choice,
    key: str,
    lines: Factor | None = None,
    height: int = 400,
) -> None:
    """A ring for each model, or one for each value of another factor."""
    names = [factor.name, lines.name] if lines else [factor.name]
    tables = answers(runs, by(controls.question, *names), controls.normalise)
    run, colours = next(iter(runs.values())), choice.colours
    how = {"chosen": _chosen_value(run, factor), "height": height}
    draw = partial(factor_panels.around, runs, factor, tables, controls.measure, colours, cached, lines=lines, **how)
    shown = _kept(runs, controls, {**how, "ring": names, "colours": dict(colours)}, lambda: draw()[0])
    rings, groups = factor_words.rings(tables, lines)
    put(shown, key, rings, runs, controls, partial(_pick_ring, run, factor, groups))


def _kept(
    runs: Mapping[str, store.Run], controls: Controls, how: Mapping[str, Any], draw: Callable[[], go.Figure]
) -> go.Figure:
    """A figure of metric tables, which the results and the question decide."""
    key = tuple((model, cached.key_of(run)) for model, run in runs.items())
    return figure.kept((key, controls, sorted(how.items())), draw)


def show_rows(
    runs: Mapping[str, store.Run], factor: Factor, controls: Controls, choice: Choice, key: str, *, of: str = "",
    sort: bool = False,
) -> None:  # fmt: skip
    """A bar for each value of a factor without order, and model; ``of`` says by what, its name by default.

    With ``sort`` the first model's lowest accuracies come first; see ``factor_panels.rows``.
    """
    run = next(iter(runs.values()))
    drawn = factor_panels.rows(
        runs, factor, controls.question, choice.colours, cached, of=of, sort=sort, chosen=_chosen_level(run, factor)
    )
    _show_said(drawn.said)
    put(drawn.figure, key, drawn.tables, runs, controls, partial(_pick_value, run, factor))


def _show_said(said: str) -> None:
    """What a figure leaves out, above it."""
    if said:
        st.caption(escaped(said))


def show_difference(
    runs: Mapping[str, store.Run], axis: tuple[Factor, ...], controls: Controls, choice: Choice, key: str,
    height: int = 400, *, brief: bool = False,
) -> None:  # fmt: skip
    """The paired difference of the first two models along an axis; ``brief`` for a title that fits half a page."""
    (first, one), (second, other) = list(runs.items())[:2]
    chosen, click = _chosen_value(one, axis[0]), partial(_pick_difference, one, axis[0], second)
    if len(axis) == 2:
        chosen, click = _chosen_pair(one.benchmark, second, choice), partial(_pick_pair, one.benchmark, second)
    elif not axis[0].is_number:
        click = partial(_pick_value, one, axis[0])
    drawn = factor_panels.difference(
        runs, axis, controls.question, choice.colours, cached, log=controls.log, brief=brief, chosen=chosen,
        height=height,
    )  # fmt: skip
    _show_said(drawn.said)
    put(drawn.figure, key, drawn.tables, {first: one, second: other}, controls, click)


def show_axis(runs: Mapping[str, store.Run], roles: Roles, controls: Controls, choice: Choice) -> None:
    """What a protocol's own view shows for its axis: a map, a curve and a ring, or bars."""
    factor = roles.axis[0]
    if len(roles.axis) == 2:
        for draw in maps(runs, controls, choice, height=470):
            draw()
    elif not factor.is_number:
        show_rows(runs, factor, controls, choice, f"by-{factor.name}-axis")
    else:
        show_curve(runs, factor, controls, choice, f"curve-{factor.name}", height=470)
        if factor.kind == "circular":
            show_polar(runs, factor, controls, choice, f"polar-{factor.name}", roles.lines, height=470)


def put(
    shown: go.Figure,
    key: str,
    tables: Tables,
    runs: Mapping[str, store.Run],
    controls: Controls,
    on_click: figure.Clicked | None,
) -> None:
    """Draw a figure with what can be saved of it, and which images it counts."""
    identities = {model: run.identity for model, run in runs.items()}
    joint = " ".join(identities.values())
    identities = {name: identities.get(name, joint) for name in tables}
    population = _population(controls.question, next(iter(runs.values())))
    figure.show(shown, key, tables, identities, on_click, population=population)


def _population(question: Question, run: store.Run) -> str:
    """Which images are counted, where filters leave some out: ``class cat or dog; area 10 % to 50 %``."""
    parts = []
    for part in question.where:
        factor = questions.factor_of(run, part.column)
        if part.values:
            said = " or ".join(value(factor, content) for content in part.values)
        else:
            said = " to ".join(value(factor, end) for end in (part.low, part.high))
        parts.append(f"{short_label(factor)} {said}")
    return "; ".join(parts)


def _chosen_pair(benchmark: str, model: str, choice: Choice) -> tuple[float, float] | None:
    cell = place.chosen_cell()
    ours = cell and cell.benchmark == benchmark and (place.chosen_model() or choice.models[0]) == model
    if not ours or not {"x", "y"} <= set(cell.values):
        return None
    return float(cell.values["x"]), float(cell.values["y"])


def chosen_cell_on(run: store.Run, pair: Pair, axes: tuple[Axis, Axis]) -> tuple[str, str] | None:
    """The names of the chosen cell's values on the axes of a heatmap; None where it is not on them."""
    there = levels.chosen(run, pair)
    if there is None:
        return None
    found = [factor_pairs.name_on(axis, level) for axis, level in zip(axes, there, strict=True)]
    return (found[0], found[1]) if found[0] is not None and found[1] is not None else None


def _chosen_level(run: store.Run, factor: Factor) -> FactorValue | None:
    chosen = levels.chosen(run, [factor])
    return chosen[0] if chosen else None


def _chosen_value(run: store.Run, factor: Factor) -> float | None:
    level = _chosen_level(run, factor)
    return float(level) if factor.is_number and level is not None else None


def _pick_pair(benchmark: str, model: str, custom: list[Any]) -> None:
    place.choose_cell(Cell(benchmark, {"x": float(custom[0]), "y": float(custom[1])}), model)


def _pick_value(run: store.Run, factor: Factor, custom: list[Any]) -> None:
    place.choose_cell(levels.cell(run, {factor.name: custom[1]}), custom[0])


def _pick_difference(run: store.Run, factor: Factor, model: str, custom: list[Any]) -> None:
    place.choose_cell(levels.cell(run, {factor.name: custom[1]}), model)


def _pick_ring(run: store.Run, factor: Factor, groups: Mapping[str, str], custom: list[Any]) -> None:
    place.choose_cell(levels.cell(run, {factor.name: custom[1]}), groups.get(custom[0], ""))
