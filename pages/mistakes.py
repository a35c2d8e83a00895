"""Which mistakes remain, and why? Any evaluated model on any benchmark, and the published mistakes on ImageNet."""

from __future__ import annotations

import numpy as np
import streamlit as st

from core import paths, store
from core.answers import catalogue
from core.benchmarks.imagenet_m import ImageNetMultilabel
from core.mistakes import published, sentences, table
from core.mistakes.files import Files
from core.mistakes.reassessed import SOURCE
from core.mistakes.table import Filters
from core.wording import code, escaped
from pages.shared.mistakes import diagnose, flipped, kinds, landing, numbers, slices, subjects, walk
from pages.shared.mistakes.subjects import PUBLISHED, Subject
from pages.shared.page import address, cached, empty, frame, text
from pages.shared.page.frame import Choice

TITLE = "Mistakes"


def page() -> None:
    """Draw the page."""
    stored = {run.benchmark for run in cached.runs(str(paths.data_home()))}
    offered = {key: known.title for key, known in catalogue.known_benchmarks().items() if key in stored}
    choice = frame.begin(TITLE, {**offered, PUBLISHED: "ImageNet: published mistakes"}, {PUBLISHED: ()})
    found = subjects.found_files(choice)
    runs = choice.runs_on(ImageNetMultilabel.key if choice.benchmark == PUBLISHED else choice.benchmark)
    subject = _subject(choice, found, runs)
    if subject is None:
        return
    top, figures_row = st.container(), st.container()
    filters = subjects.controls(subject)
    rows = table.select(subject.table, filters)
    with top:
        text.head(TITLE, numbers.finding(subject))
    with figures_row:
        text.tiles(numbers.tiles(subject, runs), choice)
        text.flag_state([subject.run] if subject.run else [])
    kinds.show(subject, filters, runs, found, choice)
    rows = slices.show(subject, rows, choice)
    flipped.show(subject, runs)
    _one(subject, rows, filters, runs, found, choice)
    if diagnose.can_diagnose(subject):
        diagnose.show_all(runs, choice)
    if subject.of_validation:
        _about(found)
    clicked = (*filters.true, *filters.predicted, *(filters.pair or ()), *filters.categories)
    sliced = address.asked(slices.SLICE)
    landing.mount(" ".join((*clicked, *([filters.kind] if sliced else []), *sliced)))
    if runs:
        text.identities(list(runs.values()))


def _subject(choice: Choice, found: Files, runs: dict[str, store.Run]) -> Subject | None:
    """Whose mistakes are shown; says what to do where there are none."""
    if choice.benchmark == PUBLISHED:
        there = [model.key for model in published.REFERENCES if found.reference(model.key).path]
        if not there:
            text.head(TITLE, "The published mistakes of ViT-3B and Greedy Soups are not on this machine yet.")
            _about(found, open_=True)
            return None
        titles = {model.key: model.title for model in published.REFERENCES}
        with st.sidebar:
            bound = address.one("reference", there, there[0])
            picked = st.radio("Reference model", there, format_func=titles.__getitem__, **bound)
        return subjects.of_published(picked or there[0], found, choice)
    if not runs:
        empty.show(TITLE, choice, [choice.benchmark])
        return None
    first, *others = runs.values()
    return subjects.of_run(first, others[0] if others else None, found, choice)


def _one(
    subject: Subject, rows: np.ndarray, filters: Filters, runs: dict[str, store.Run], found: Files, choice: Choice
) -> None:
    """The images that pass the filters: one as a card, the others as thumbnails."""
    of_these = sentences.population(len(rows), filters, subject.title, subject.other)
    direction = subjects.direction_of(filters)
    chosen = sentences.arrow(*direction) if direction else " – ".join(filters.pair or ())
    with st.container(horizontal=True, vertical_alignment="center", key=landing.HEADING):
        st.subheader(escaped(of_these), anchor=False, width="content")
        if chosen:
            st.button(f"{escaped(chosen)}  ✕", on_click=subjects.clear_classes, type="tertiary", help="Show all")
        slices.show_chosen(subject)
    if subject.run is None and found.annotations.path is None:
        st.caption(f"True classes are {SOURCE}, until annotations are found.")
    if len(rows):
        st.fragment(walk.show)(subject, rows, runs, found, choice)
    elif filters == Filters() and not (subject.table["right"] == 0).any():
        st.caption("No mistake remains.")
    else:
        st.caption("No image passes these filters. Take one away.")


def _about(found: Files, open_: bool = False) -> None:
    """Which files are here and what each other one would give."""
    missing = [file for file in found.all() if file.path is None]
    with st.expander(f"Files of ImageNet's remaining mistakes: {len(found.all()) - len(missing)} of 5 found", open_):
        for file in found.all():
            state = f"found: {code(file.path)}" if file.path else f"would give {file.gives}"
            st.markdown(f"- {code(file.name)} {state}")
        st.markdown("Put them into one folder and name it, or evaluate and import predictions:")
        st.code(
            "python -m core mistakes files --folder DIR\npython -m core mistakes import-logits vit3b.npy --name vit-3b",
            language="bash",
        )


frame.draw(page)
