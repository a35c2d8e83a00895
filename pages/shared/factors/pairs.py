"""Heatmaps of any two factors: a cell for each pair of values, for each model, or the difference of two models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from core import store
from core.figures import location
from core.figures.exhibits import factor_pairs
from core.figures.exhibits.factor_pairs import Axis, Pair
from core.wording import escaped
from pages.shared.factors import flipped, levels, panels
from pages.shared.factors.explore import Controls
from pages.shared.page import cached, place
from pages.shared.page.frame import Choice


def show(runs: Mapping[str, store.Run], pair: Pair, controls: Controls, choice: Choice) -> None:
    """A heatmap for each model, or of the difference of the first two; the first factor goes down."""
    if controls.flips and len(runs) > 1:
        flipped.show_pair(runs, pair, controls)
        return
    question, compare = controls.question, controls.compare and len(runs) > 1
    tables = factor_pairs.tables_of(runs, pair, question, cached, compare=compare)
    first, table = next(iter(runs.values())), next(iter(tables.values()))
    axes, said = factor_pairs.axes_of(first, pair, question, table, cached)
    if said:
        st.caption(escaped(said))
    if compare:
        _difference(runs, pair, axes, tables, controls)
        return
    span = location.stretched(tables.values()) if controls.stretched else None
    for number, (model, run) in enumerate(runs.items()):
        picked = (place.chosen_model() or choice.models[0]) == model
        how = {"chosen": panels.chosen_cell_on(run, pair, axes) if picked else None, "range_": span}
        shown = factor_pairs.cells(model, run, pair, axes, tables[model], controls.measure, **how)
        key = f"pair-{pair[0].name}-{pair[1].name}-{number}"
        click = partial(_pick, run, pair, axes, model)
        panels.put(shown, key, {model: tables[model]}, {model: run}, controls, click)


def _difference(
    runs: Mapping[str, store.Run], pair: Pair, axes: tuple[Axis, Axis], tables: panels.Tables, controls: Controls
) -> None:
    (first, one), (second, other) = list(runs.items())[:2]
    table, chosen = next(iter(tables.values())), panels.chosen_cell_on(one, pair, axes)
    shown = factor_pairs.difference(runs, pair, axes, table, controls.question, cached, chosen=chosen)
    key = f"difference-{pair[0].name}-{pair[1].name}"
    panels.put(shown, key, tables, {first: one, second: other}, controls, partial(_pick, one, pair, axes, second))


def _pick(run: store.Run, pair: Pair, axes: Sequence[Axis], model: str, custom: list[Any]) -> None:
    at = factor_pairs.values_at(pair, axes, custom)
    if at:
        place.choose_cell(levels.cell(run, at), model)
