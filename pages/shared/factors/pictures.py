"""The images behind the chosen cell of the page on factors."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import store
from core.wording import escaped
from pages.shared.factors import flipped, levels, views
from pages.shared.factors.explore import Controls
from pages.shared.images import behind
from pages.shared.page import dock, place
from pages.shared.page.frame import Choice


def show(
    seen: views.Families,
    runs: Mapping[str, Mapping[str, store.Run]],
    controls: Controls,
    choice: Choice,
    right: DeltaGenerator,
) -> str:
    """The gallery behind the chosen point; returns the key of its benchmark, empty where none is chosen.

    Args:
        seen: Results with several views an image.
        runs: Results by model, by whatever tells the benchmarks apart.
        controls: Their question is that of the figures.
        choice: Of the sidebar.
        right: Where it stands.
    """
    cell = place.chosen_cell()
    there = views.runs_of(cell, seen) or next((p for p in runs.values() if cell and _key(p) == cell.benchmark), None)
    if cell is None or there is None:
        st.caption("Click a cell or a point to see the very images behind it; by keyboard, arrows and Enter.")
        return ""
    model = place.chosen_model()
    run = there.get(model) or next(iter(there.values()))
    question, shown = controls.question.within(*cell.where), views.runs_of(cell, seen)
    only = None
    if not shown and (flips := flipped.only(there, controls, question)):
        run, only = flips
    with dock.opened(right, escaped(levels.in_words(run, cell))):
        behind.show(choice, run, question, list(there.values()), shown, only)
    return cell.benchmark


def _key(there: Mapping[str, store.Run]) -> str:
    return next(iter(there.values())).benchmark
