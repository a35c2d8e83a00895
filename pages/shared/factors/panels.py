"""The figures of the factor pages: from questions to metric tables to a clickable figure with its identity."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core import store
from core.answers import questions
from core.answers.cards import unit_of
from core.answers.questions import Question
from core.figures import bars, curve, location, polar
from core.figures.style import Words
from core.types import Factor, FactorValue, is_thin
from core.wording import clusters, count, escaped, row_name, short_label, value
from pages.shared.factors import levels
from pages.shared.factors.explore import Controls, Roles
from pages.shared.page import cached, figure, place
from pages.shared.page.frame import Choice
from pages.shared.page.place import Cell
from pages.shared.page.text import short_identity

Tables = dict[str, pd.DataFrame]
#: Letters of a model's name in a title that names two.
_LONGEST_NAME = 26
#: Bars of more values than this are not shown.
MOST_ROWS = 30


def answers(runs: Mapping[str, store.Run], question: Question, normalise: bool = False) -> Tables:
    """Metric table by model."""
    tables = {model: known(run, question, cached.answer(run, question)) for model, run in runs.items()}
    return {model: questions.normalised(table) for model, table in tables.items()} if normalise else tables


def known(run: store.Run, question: Question, table: pd.DataFrame) -> pd.DataFrame:
    """A metric table without images whose number is missing: they have no place on an axis."""
    numbers = [name for name in question.by if questions.factor_of(run, name).is_number]
    return table.dropna(subset=numbers).reset_index(drop=True) if numbers else table


def words(
    title: str, runs: Mapping[str, store.Run], tables: Tables, unit: str = "a point", tail: str = "95 % interval"
) -> Words:
    """Title, n with a remark on thin cells, kind of interval, identity."""
    smallest = min((int(table["n"].min()) for table in tables.values() if len(table)), default=0)
    largest = max((int(table["n"].max()) for table in tables.values() if len(table)), default=0)
    n = f"{smallest:,}" if smallest == largest else f"{smallest:,} to {largest:,}"
    rows = [table for table in tables.values() if len(table)]
    objects = max((int(table["n_clusters"].max()) for table in rows), default=0)
    unit_of_clusters = unit_of(next(iter(runs.values()))) if runs else "object"
    few = f", {clusters(objects, unit_of_clusters)}" if objects < largest else ""
    thin = " (thin)" if rows and all(is_thin(table["n"], table["n_clusters"]).all() for table in rows) else ""
    return Words(title, f"n = {n} {unit}{few}{thin} · {tail}", short_identity(list(runs.values())), unit_of_clusters)


def maps(
    runs: Mapping[str, store.Run], controls: Controls, choice: Choice, height: int = 400
) -> list[Callable[[], None]]:
    """What draws each model's map, all on one colour scale."""
    tables = answers(runs, _by(controls.question, "x", "y"), controls.normalise)
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
    said = words(f"{controls.measure.capitalize()} by location", {model: run}, {model: table}, "a cell", model)
    how = {"chosen": _chosen_pair(run.benchmark, model, choice), **how}
    shown = _kept({model: run}, controls, said, how, partial(location.location_map, table, said, **how))
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
    tables = answers(runs, _by(controls.question, factor.name), controls.normalise)
    run = next(iter(runs.values()))
    said = words(f"{controls.measure.capitalize()} by {of or title_of(factor)}", runs, tables)
    how = {
        **{"y_title": controls.measure, "log": controls.log and factor.name == "area", "height": height},
        **{"chosen": _chosen_value(run, factor), "names": _names(run, factor, tables)},
    }
    draw = partial(curve.curve, tables, factor, choice.colours, said, **how)
    shown = _kept(runs, controls, said, {**how, "factor": factor.name, "colours": dict(choice.colours)}, draw)
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
    tables = answers(runs, _by(controls.question, *names), controls.normalise)
    run = next(iter(runs.values()))
    rings, groups = _rings(tables, lines)
    said = words(f"{controls.measure.capitalize()} by {title_of(factor)}", runs, tables)
    how = {"groups": groups, "chosen": _chosen_value(run, factor), "height": height}
    how["names"] = _names(run, factor, tables)
    draw = partial(polar.polar, rings, factor, choice.colours, said, **how)
    shown = _kept(runs, controls, said, {**how, "ring": names, "colours": dict(choice.colours)}, draw)
    put(shown, key, rings, runs, controls, partial(_pick_ring, run, factor, groups))


def _kept(
    runs: Mapping[str, store.Run],
    controls: Controls,
    said: Words,
    how: Mapping[str, Any],
    draw: Callable[[], go.Figure],
) -> go.Figure:
    """A figure of metric tables, which the results and the question decide."""
    key = tuple((model, cached.key_of(run)) for model, run in runs.items())
    return figure.kept((key, controls, said, sorted(how.items())), draw)


def _rings(tables: Tables, lines: Factor | None) -> tuple[Tables, dict[str, str]]:
    """A table for each model and value of ``lines``; and the model of each."""
    if lines is None:
        return tables, {model: model for model in tables}
    rings, groups = {}, {}
    for model, table in tables.items():
        for level, part in questions.by_level(table, lines.name).items():
            prefix = f"{model}, " if len(tables) > 1 else ""
            name = f"{prefix}{short_label(lines)} {value(lines, level)}"
            rings[name], groups[name] = part, model
    return rings, groups


def show_rows(
    runs: Mapping[str, store.Run], factor: Factor, controls: Controls, choice: Choice, key: str, *, of: str = "",
    sort: bool = False,
) -> None:  # fmt: skip
    """A bar for each value of a factor without order, and model; ``of`` says by what, its name by default.

    With ``sort`` the first model's lowest accuracies come first, thin ones last, and no more than ``MOST_ROWS``.
    """
    run = next(iter(runs.values()))
    tables = answers(runs, _by(controls.question, factor.name))
    first = next(iter(tables.values()))
    order = worst_first(first, factor.name) if sort else None
    if order is not None and len(order) > MOST_ROWS:
        thin = is_thin(first["n"], first["n_clusters"])
        after = ", thin ones after the others" if thin.any() and not thin.all() else ""
        st.caption(f"The {MOST_ROWS} worst of {len(order):,} values{escaped(after)}.")
        order = order[:MOST_ROWS]
    if order is not None:
        tables = {model: _in_order(table, factor.name, order) for model, table in tables.items()}
    shown = bars.bars(
        tables,
        factor.name,
        choice.colours,
        words(
            f"{controls.question.policy.replace('top', 'Top-')} by {of or title_of(factor)}",
            runs,
            tables,
            f"a {title_of(factor) if factor.kind != 'set' else 'value'}",
        ),
        x_title=controls.question.policy.replace("top", "top-"),
        chosen=_chosen_level(run, factor),
    )
    put(shown, key, tables, runs, controls, partial(_pick_value, run, factor))


def worst_first(table: pd.DataFrame, name: str) -> list[Any]:
    """Values from the lowest accuracy up; thin ones, which are easily extreme, after the others."""
    thin = is_thin(table["n"], table["n_clusters"])
    return table.assign(thin=thin).sort_values(["thin", "value"], kind="stable")[name].tolist()


def _in_order(table: pd.DataFrame, name: str, order: Sequence[Any]) -> pd.DataFrame:
    """The rows of some values, in their order; a missing value is one of them."""
    rank = {row_name(level): number for number, level in enumerate(order)}
    place_of = table[name].map(lambda level: rank.get(row_name(level), -1))
    return table.assign(rank=place_of)[place_of >= 0].sort_values("rank").drop(columns="rank").reset_index(drop=True)


def show_difference(
    runs: Mapping[str, store.Run], axis: tuple[Factor, ...], controls: Controls, choice: Choice, key: str,
    height: int = 400, *, brief: bool = False,
) -> None:  # fmt: skip
    """The paired difference of the first two models along an axis; ``brief`` for a title that fits half a page."""
    (first, one), (second, other) = list(runs.items())[:2]
    question = _by(controls.question, *(factor.name for factor in axis))
    table = known(one, question, cached.paired(one, other, question))
    said = _of_difference(one, other, (first, second), axis, controls, table, brief)
    tables = {f"{second} less {first}": table}
    if len(axis) == 2:
        chosen = _chosen_pair(one.benchmark, second, choice)
        shown = location.location_map(table, said, chosen=chosen, change=True, height=height)
        click = partial(_pick_pair, one.benchmark, second)
    elif not axis[0].is_number:
        shown = bars.dumbbell(
            _most_different(table), axis[0].name, (first, second), (choice.colours[first], choice.colours[second]), said
        )
        click = partial(_pick_value, one, axis[0])
    else:
        log = controls.log and axis[0].name == "area"
        chosen = _chosen_value(one, axis[0])
        shown = curve.difference_curve(
            table, axis[0], choice.colours[second], said, log=log, chosen=chosen, height=height,
            names=_names(one, axis[0], tables),
        )  # fmt: skip
        click = partial(_pick_difference, one, axis[0], second)
    put(shown, key, tables, {first: one, second: other}, controls, click)


def _of_difference(
    one: store.Run, other: store.Run, models: tuple[str, str], axis: tuple[Factor, ...], controls: Controls,
    table: pd.DataFrame, brief: bool,
) -> Words:  # fmt: skip
    """What is written on a difference: which less which, by what, on how many common images."""
    first, second = (short(model) for model in models)
    policy, along = controls.question.policy.replace("top", "top-"), "location" if len(axis) == 2 else title_of(axis[0])
    # Of a set's values, an image may be in several.
    overall = cached.paired(one, other, _by(controls.question)).iloc[0]
    n = count(int(overall["n"]), "common image")
    differ = int(((table["band_low"] > 0) | (table["band_high"] < 0)).sum())
    framed = f"framed: {differ:,} of {len(table):,} differ at once"
    identity = f"identity {other.identity[:8]} less {one.identity[:8]}"
    if brief:
        return Words(f"Difference in {policy} by {along}", f"{second} less {first} · paired 95 % interval", identity)
    parts = [f"green: {second} better", framed if len(axis) == 2 else "paired 95 % interval", n]
    return Words(f"{second} less {first}: {policy} by {along}", " · ".join(parts), identity)


def _most_different(table: pd.DataFrame) -> pd.DataFrame:
    """Of many values those that differ most, from the largest loss to the largest gain; says so."""
    if len(table) <= MOST_ROWS:
        return table
    st.caption(f"The {MOST_ROWS} of {len(table):,} values that differ most, the largest loss first.")
    most = table["value"].abs().sort_values(ascending=False, kind="stable").index[:MOST_ROWS]
    return table.loc[most].sort_values("value", kind="stable").reset_index(drop=True)


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


def short(model: str) -> str:
    """A name that leaves room for another."""
    return model if len(model) <= _LONGEST_NAME else model[: _LONGEST_NAME - 1] + "…"


def _by(question: Question, *names: str) -> Question:
    return Question(tuple(names), question.policy, question.where)


def title_of(factor: Factor) -> str:
    """What a figure is by."""
    known = {"area": "object size", "angle_deg": "rotation", "yaw_deg": "yaw"}
    return known.get(factor.name, factor.label.lower())


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


def _names(run: store.Run, factor: Factor, tables: Tables) -> dict[FactorValue, str]:
    """What the bins of a number are called, by their centres; empty where each value stands for itself."""
    if cached.binned(run, factor) is None:
        return {}
    centres = sorted({level for table in tables.values() for level in table[factor.name]})
    return {level: name for name, level in levels.named(run, factor, centres).items()}


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
