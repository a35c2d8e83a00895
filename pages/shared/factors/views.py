"""Accuracy under families of views, such as noise of growing strength: a figure for each family that was evaluated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core import store
from core.types import CardTable, Factor
from core.wording import count
from pages.shared.factors import panels
from pages.shared.factors.explore import Controls
from pages.shared.page.frame import Choice
from pages.shared.page.place import Cell

Families = dict[tuple[str, str], dict[str, store.Run]]


def families(choice: Choice, benchmarks: Sequence[str]) -> Families:
    """The chosen models' results with several views an image, by benchmark and family, by model.

    Families whose factors only mean something together, and that have tables of their own for it, are left out: they
    have a page of their own.
    """
    found: Families = {}
    for benchmark in benchmarks:
        several = [run for run in choice.runs if run.benchmark == benchmark and run.n_views > 1]
        names = dict.fromkeys(run.view for run in several if not any(map(_is_apart, run.views.tables)))
        for name in names:
            there = choice.runs_on(benchmark, name)
            if there:
                found[benchmark, name] = there
    return found


def _is_apart(table: CardTable) -> bool:
    """Whether a table is one of a page of its own: computed, or of factors that mean something together only."""
    return bool(table.computed) or len(table.by) > 1


def show(found: Families, controls: Controls, choice: Choice) -> None:
    """A figure for each family's factors, in a section of their own; nothing where no family was evaluated."""
    if not found:
        return
    st.subheader("Under other views", anchor=False)
    n = count(len({benchmark for benchmark, _ in found}), "benchmark")
    st.caption(f"The same images shown otherwise, each decoded once for all views; evaluated on {n} of this page.")
    with st.container(key="oc-figures-views"):
        for (benchmark, name), there in found.items():
            for factor in next(iter(there.values())).views.factors:
                _figure(benchmark, name, there, factor, controls, choice)


def _figure(
    benchmark: str, name: str, there: Mapping[str, store.Run], factor: Factor, controls: Controls, choice: Choice
) -> None:
    key = f"views-{benchmark.replace('/', '-')}-{name}-{factor.name}"
    draw = panels.show_curve if factor.is_number else panels.show_rows
    draw(there, factor, controls, choice, key, of=f"{factor.label.lower()} · {benchmark}")


def runs_of(cell: Cell | None, found: Families) -> dict[str, store.Run]:
    """The results, by model, that a cell is of which names a factor of views; none if it names no such factor."""
    for (benchmark, _), there in found.items():
        names = {factor.name for factor in next(iter(there.values())).views.factors}
        if cell is not None and benchmark == cell.benchmark and names & set(cell.values):
            return there
    return {}
