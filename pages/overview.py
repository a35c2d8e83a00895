"""All models on all benchmarks, with intervals, and published numbers as reference marks."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import store
from core.answers import catalogue, marks
from core.answers.questions import Question
from core.figures import bars
from core.figures.style import Words, colour_of
from core.wording import count
from pages.shared.factors import explore
from pages.shared.images import behind
from pages.shared.overview import finding, profile, results
from pages.shared.overview.finding import where_to_look
from pages.shared.page import address, cached, dock, figure, frame, later, place, text
from pages.shared.page.frame import Choice
from pages.shared.page.pickers import MODELS
from pages.shared.page.place import Cell

TITLE = "Overview"
EVERY = "all"
#: More bars than colours could not be told apart.
MOST_BARS = 10
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
    models = [model for model in models if model in set(table["model"])]
    if len(models) > MOST_BARS:
        st.caption(f"The figure shows the first {MOST_BARS} of {len(models)} models; the table below has all.")
        models = models[:MOST_BARS]
    order = list(dict.fromkeys(table.sort_values("value")["benchmark"] if sort == "hardest" else table["benchmark"]))
    tables = {model: table[table["model"] == model].set_index("benchmark", drop=False) for model in models}
    tables = {model: part.loc[[key for key in order if key in part.index]] for model, part in tables.items()}
    published = marks.overall()
    published = published[published["benchmark"].isin(order)] if policy == "top1" else published[:0]
    cell = place.chosen_cell()
    said = Words(
        f"{explore.POLICIES[policy]} on each benchmark",
        f"{count(len(table), 'result')} · 95 % interval · a click opens the images"
        + (" · hatched: partial or few" if table["partial"].any() else "")
        + (" · diamonds: published" if len(published) else ""),
        f"identities: {' '.join(identity[:8] for identity in table['identity'])}",
    )
    how = {"order": order, "x_title": policy.replace("top", "top-"), "chosen": cell.benchmark if cell else None}
    colours = colour_of(models, choice.models)
    key = (keys, said, sorted(colours.items()), len(published), sorted(how.items()))
    draw = partial(bars.bars, tables, "benchmark", colours, said, published=published, **how)
    shown = figure.kept(key, draw)
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
