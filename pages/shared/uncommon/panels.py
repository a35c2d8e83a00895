"""The figures of the page Settings: heatmaps, partitions, gaps, categories and costs, each with its clicks."""

from __future__ import annotations

from functools import partial
from typing import Any

import plotly.graph_objects as go
import streamlit as st

from core import store, uncommon
from core.figures.exhibits import uncommon as exhibits
from core.figures.exhibits.uncommon import UNCOMMON
from pages.shared.page import cached, figure, later, place
from pages.shared.page.frame import Choice
from pages.shared.page.place import Cell

Runs = dict[str, store.Run]


def show(runs: Runs, choice: Choice, definition: str) -> None:
    """All figures.

    Args:
        runs: By chosen model.
        choice: Of the sidebar.
        definition: Of the gaps, of ``core.uncommon.gaps.DEFINITIONS``.
    """
    # Of several models the maps of one attribute stand beside each other.
    with st.container(key="oc-figures" if len(runs) == 1 else "oc-figures-wide"):
        for attribute in uncommon.ATTRIBUTES:
            for number, (model, run) in enumerate(runs.items()):
                heatmap = partial(_heatmap, model, run, attribute, definition, number, len(runs) > 1)
                later.draw(heatmap, first=attribute == uncommon.ATTRIBUTES[0])
    with st.container(key="oc-figures-views"):
        later.draw(partial(_partitions, runs, choice))
        later.draw(partial(_gaps, runs, choice, definition))
    with st.container(key="oc-figures-wide-values"):
        if len(runs) > 1:
            with st.container(key="oc-whole-row"):
                later.draw(partial(_costs, runs, choice))
        else:
            later.draw(partial(_costs, runs, choice))
        for number, (model, run) in enumerate(runs.items()):
            later.draw(partial(_categories, model, run, choice.colours[model], number))


def _heatmap(model: str, run: store.Run, attribute: str, definition: str, number: int, several: bool) -> None:
    """Category by value; uncommon cells in a frame."""
    chosen = _chosen(run, attribute, model, number)
    shown = _heatmap_figure(cached.key_of(run), run, attribute, definition, chosen, several)
    cells = cached.settings(run, f"heatmap_{attribute}")
    key = _numbered(f"heatmap-{attribute}", number)
    figure.show(shown, key, {model: cells}, {model: run.identity}, partial(_pick, run.benchmark, model, attribute))


# Building a figure takes Plotly longer than reading what is in it; these depend on one run only, so they are kept.
_kept = st.cache_resource(max_entries=128, show_spinner=False)


@_kept
def _heatmap_figure(
    key: cached.Key,
    _run: store.Run,
    attribute: str,
    definition: str,
    chosen: tuple[str, str] | None,
    several: bool,
) -> go.Figure:
    return exhibits.heatmap(_run, attribute, definition, cached, several=several, chosen=chosen)


def _chosen(run: store.Run, attribute: str, model: str, number: int) -> tuple[str, str] | None:
    cell, by = place.chosen_cell(), place.chosen_model()
    if by != model and (by or number):
        return None
    if cell is None or cell.benchmark != run.benchmark or set(cell.values) != {"category", attribute}:
        return None
    return str(cell.values["category"]), str(cell.values[attribute])


def _partitions(runs: Runs, choice: Choice) -> None:
    """Accuracy by which settings are uncommon, beside the paper's."""
    chosen = _chosen_partition(choice.benchmark)
    shown, tables = exhibits.partitions(runs, choice.colours, cached, chosen=chosen)
    identities = {model: run.identity for model, run in runs.items()}
    figure.show(shown, "partitions", tables, identities, partial(_pick_partition, choice.benchmark))


def _chosen_partition(benchmark: str) -> str | None:
    cell = place.chosen_cell()
    if cell is None or cell.benchmark != benchmark or len(cell.values) != 1:
        return None
    (name, content), *_ = cell.values.items()
    return f"P{content:.0f}" if name == "n_uncommon" else str(content) if name == "partition" else None


def _gaps(runs: Runs, choice: Choice, definition: str) -> None:
    """Raw and class-mix-adjusted gaps, beside the paper's."""
    shown, tables = exhibits.gap_points(runs, choice.colours, definition, cached)
    identities = {name: runs[name.rpartition(", ")[0]].identity for name in tables}
    figure.show(shown, "gaps", tables, identities, partial(_pick_gap, choice.benchmark))


def _categories(model: str, run: store.Run, colour: str, number: int) -> None:
    table = cached.settings(run, "by_category_partition")
    shown = _categories_figure(cached.key_of(run), run, colour)
    picked = partial(_pick_count, run.benchmark, model)
    figure.show(shown, _numbered("categories", number), {model: table}, {model: run.identity}, picked)


def _numbered(key: str, number: int) -> str:
    """A figure's key: the first model's is plain."""
    return key if number == 0 else f"{key}-{number + 1}"


@_kept
def _categories_figure(key: cached.Key, _run: store.Run, colour: str) -> go.Figure:
    return exhibits.categories(_run, colour, cached)


def _costs(runs: Runs, choice: Choice) -> None:
    tables = exhibits.cost_tables(runs, cached)
    if not tables:
        return
    shown = exhibits.costs(runs, tables, choice.colours)
    identities = {model: runs[model].identity for model in tables}
    figure.show(shown, "costs", tables, identities, partial(_pick_cost, choice.benchmark))


def _pick_cost(benchmark: str, custom: list[Any]) -> None:
    model, attribute, setting = custom
    place.choose_cell(Cell(benchmark, {attribute: setting, "partition": UNCOMMON + attribute}), model)


def _pick_gap(benchmark: str, custom: list[Any]) -> None:
    model, attribute = custom
    place.choose_cell(Cell(benchmark, {"partition": UNCOMMON + attribute}), model)


def _pick(benchmark: str, model: str, attribute: str, custom: list[Any]) -> None:
    place.choose_cell(Cell(benchmark, {"category": custom[0], attribute: custom[1]}), model)


def _pick_partition(benchmark: str, custom: list[Any]) -> None:
    model, name = custom
    place.choose_cell(Cell(benchmark, exhibits.of_partition(name)), model)


def _pick_count(benchmark: str, model: str, custom: list[Any]) -> None:
    place.choose_cell(Cell(benchmark, {"category": custom[0], "n_uncommon": float(custom[1])}), model)
