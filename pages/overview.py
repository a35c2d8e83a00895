"""All models on all benchmarks, with intervals, and published numbers as reference marks."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import store
from core.answers import catalogue
from core.answers.questions import Question
from core.figures.exhibits import overview
from core.figures.style import colour_of
from core.wording import escaped
from pages.shared.factors import explore
from pages.shared.images import behind
from pages.shared.overview import finding, profile, results
from pages.shared.overview.finding import where_to_look
from pages.shared.page import address, cached, dock, figure, frame, later, place, send, text
from pages.shared.page.frame import Choice
from pages.shared.page.pickers import MODELS
from pages.shared.page.place import Cell

TITLE = "Overview"
EVERY = "all"
WHICH = {EVERY: "All models", "chosen": "Chosen"}
SORTS = {"benchmark": "By benchmark", "hardest": "Hardest first"}


def page() -> None:
    """Draw the page."""
    families = catalogue.families(catalogue.known_benchmarks())
    members = {
        family: [key for key in catalogue.known_benchmarks() if catalogue.family_of(key) == family]
        for family in families
    }
    everything = [key for keys in members.values() for key in keys]
    choice = frame.begin(TITLE, {EVERY: "All benchmarks", **families}, {EVERY: everything, **members}, key="only")
    benchmarks = everything if choice.benchmark == EVERY else members[choice.benchmark]
    if not any(run.benchmark in benchmarks for run in choice.runs):
        text.head(TITLE, "Nothing is stored for this choice yet.")
        text.nothing_stored()
        return
    top = st.container()
    models, policy, sort = _controls(choice)
    runs = {(model, key): run for model in models for key in benchmarks if (run := choice.run(model, key))}
    if not runs:
        text.head(TITLE, "None of the chosen models has a result on the chosen benchmarks.")
        return
    table, problems = results.table(runs, policy)
    with top:
        text.head(TITLE, finding.said(table, runs, policy, choice))
    for said in problems:
        st.warning(said, icon=":material/broken_image:")
    figures, images = dock.workspace()
    with figures:
        if len(table):
            keys = cached.keys_of(runs)
            later.draw(partial(_figure, table, models, policy, sort, choice, keys), first=True)
            later.draw(partial(profile.show, choice, benchmarks, policy))
            later.draw(partial(results.show, table, _pick))
            results.link_to_settings(choice)
    gallery_of = _images(runs, policy, choice, images)
    send.across()
    send.keep(profile.of_other_views(choice, models, benchmarks))
    text.identities(list(runs.values()))
    behind.show_image_alone(choice, gallery_of)


def _controls(choice: Choice) -> tuple[list[str], str, str]:
    evaluated = [model for model, known in choice.known.items() if known.benchmarks]
    with st.container(horizontal=True, vertical_alignment="center"):
        shown = st.segmented_control(
            "Models shown", list(WHICH), format_func=WHICH.__getitem__, label_visibility="collapsed",
            **address.one("which", list(WHICH), EVERY),
        )  # fmt: skip
        policy = st.segmented_control(
            "Right if", list(explore.POLICIES), format_func=explore.POLICIES.__getitem__,
            label_visibility="collapsed", **address.one("policy", list(explore.POLICIES), "top1", kept=True),
        )  # fmt: skip
        sort = st.segmented_control(
            "Order", list(SORTS), format_func=SORTS.__getitem__, label_visibility="collapsed",
            **address.one("order", list(SORTS), "benchmark"),
        )  # fmt: skip
    models = list(choice.models) if shown == "chosen" else evaluated
    return models, policy or "top1", sort or "benchmark"


def _figure(
    table: pd.DataFrame, models: list[str], policy: str, sort: str, choice: Choice, keys: tuple[Any, ...]
) -> None:
    cell = place.chosen_cell()
    tables, dropped = overview.shown(table, models, sort)
    chosen, colours = cell.benchmark if cell else None, colour_of(list(tables), choice.models)
    if dropped:
        st.caption(escaped(dropped))
    draw = partial(overview.figure, tables, table, policy, colours, chosen=chosen, sort=sort)  # type: ignore[arg-type]
    shown = figure.kept((keys, policy, sort, tuple(tables), sorted(colours.items()), chosen), draw)
    identities = {model: " ".join(part["identity"]) for model, part in tables.items()}
    figure.show(shown, "overview", tables, identities, _pick)


def _pick(custom: list[str]) -> None:
    model, key = custom
    place.choose_cell(Cell(key, {}), model)


def _images(runs: dict[tuple[str, str], store.Run], policy: str, choice: Choice, right: DeltaGenerator) -> str:
    """The images of the chosen bar or row; returns the key of their benchmark, empty where none is chosen."""
    cell = place.chosen_cell()
    there = {model: run for (model, key), run in runs.items() if cell is not None and key == cell.benchmark}
    if cell is None or not there:
        return ""
    run = there.get(place.chosen_model()) or next(iter(there.values()))
    run, where = profile.behind(cell, run, choice)
    with dock.opened(right, profile.said(cell, run)):
        page_, picker, content = where_to_look(cell.benchmark)
        if page_ != "pages/overview.py":
            frame.link("Where it breaks", page_, {picker: content, MODELS: run.label})
        behind.show(choice, run, Question(where=where, policy=policy), [run], {run.label: run})
    return cell.benchmark


frame.draw(page)
