"""Home: what this is, what is loaded, and three findings computed from the stored results."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import pandas as pd
import streamlit as st

from core import paths, store
from core.answers import catalogue, protocols, sentences
from core.answers.questions import Question
from core.figures import mini
from core.wording import code, count, escaped
from pages.shared.models import bring, section
from pages.shared.overview.finding import where_to_look
from pages.shared.page import behaviour, cached, frame, later, margin, send, text
from pages.shared.page.frame import Choice
from pages.shared.page.pickers import MODELS

LEAD = (
    "Offcenter runs an image classifier over benchmarks that change one thing at a time, keeps every prediction, and "
    "shows **which object sizes, places, angles and settings break it**, down to the images themselves."
)
LACKS = "varies no size, place or angle of an object one at a time"
HEADS = {"location": "Off-centre", "size": "Too small", "rotation": "Turned", "pose": "Seen from another side"}
FACTOR_PAGE, DATA_PAGE = "pages/size_location_rotation.py", "pages/data.py"
MOST_CARDS, MOST_LINKS = 3, 8
#: Complete, partial, missing.
MARKS = ("●", "◐", "–")


def page() -> None:
    """Draw the page."""
    families = catalogue.families(catalogue.benchmarks_varying("area", "x", "angle_deg", "yaw_deg"))
    needed = {family: list(protocols.of_family(family).values()) for family in families}
    choice = frame.begin("Home", families, needed, lacks=LACKS)
    st.title("Where does it break?", anchor=False)
    with st.container(key="oc-finding"):
        st.markdown(LEAD)
    if not choice.runs:
        text.nothing_stored()
    else:
        _cards(choice)
        later.draw(partial(_loaded, choice))
    later.draw(partial(_benchmarks, choice))


def _cards(choice: Choice) -> None:
    """Three findings of the first model, each with a small picture and the way to the view behind it."""
    model = choice.models[0]
    found = protocols.of_family(choice.benchmark)
    runs = {name: run for name, key in found.items() if (run := choice.run(model, key))}
    if not runs:
        _overall(choice, model)
        return
    st.subheader(f"What the results of {escaped(model)} say", anchor=False)
    with st.container(key="oc-cards"):
        for name, run in list(runs.items())[:MOST_CARDS]:
            with st.container(border=True):
                picture = _picture(name, run, choice.colours[model])
                st.html(f'<div class="oc-card"><div>{HEADS[name]}</div><img src="{picture}" alt=""></div>')
                st.markdown(protocols.sentence(name, model, run, Question(), margin.chosen(), cached))
                frame.link("See where", FACTOR_PAGE, {"view": name, **choice.query()})
    text.flag_state(list(runs.values()))
    send.keep(list(runs.values()))
    _others(choice, model, "Its other results")


def _others(choice: Choice, model: str, head: str) -> None:
    """The way to the model's results on other benchmarks."""
    there = {run.benchmark for run in choice.runs if run.label == model and run.view == "clean"}
    known = catalogue.known_benchmarks()
    keys = [key for key in known if key in there and catalogue.family_of(key) != choice.benchmark]
    # One's own come first.
    keys.sort(key=lambda key: not catalogue.is_own(key))
    _leads(head, dict.fromkeys(keys, model))
    others = {run.benchmark: run.label for run in choice.runs if run.view == "clean" and run.benchmark not in there}
    _leads("Your own data", {key: others[key] for key in others if catalogue.is_own(key)})


def _leads(head: str, models: Mapping[str, str]) -> None:
    """Links to benchmarks, each with a model that has a result on it."""
    if not models:
        return
    known = catalogue.known_benchmarks()
    st.markdown(f"**{escaped(head)}**")
    with st.container(horizontal=True, gap="small"):
        for key, model in list(models.items())[:MOST_LINKS]:
            page_, picker, content = where_to_look(key)
            frame.link(escaped(known[key].title), page_, {picker: content, MODELS: model})


def _picture(name: str, run: store.Run, colour: str) -> str:
    factors = protocols.PROTOCOLS[name]
    table = cached.answer(run, Question(factors))
    if name == "location":
        return mini.mini_map(table)
    draw = mini.mini_curve if name == "size" else mini.mini_ring
    return draw(table, factors[0], colour)


def _overall(choice: Choice, model: str) -> None:
    """For a model without a result on the chosen benchmark: what it has, in a sentence each."""
    runs = [run for run in choice.runs if run.label == model]
    # Accuracy under views, such as without the object, is no accuracy on the benchmark.
    for run in [run for run in runs if run.view == "clean"][:MOST_CARDS]:
        row = cached.answer(run, Question()).iloc[0]
        said = sentences.overall(model, row["value"], row["low"], row["high"], int(row["n"]))
        st.markdown(f"{said.removesuffix('.')} of {code(run.benchmark)}.")
    _others(choice, model, "See where")
    if not runs:
        st.info(f"**{escaped(model)}** has no stored result yet. Open “not computed yet” in the sidebar to start one.")


def _loaded(choice: Choice) -> None:
    """Which model has results on which benchmark."""
    keys = sorted({run.benchmark for run in choice.runs})
    models = [model for model in choice.known if choice.known[model].benchmarks]
    st.subheader("What is loaded", anchor=False)
    n_images = sum(run.n_done for run in choice.runs)
    said = (
        f"{count(len(choice.runs), 'stored result')}: {count(len(models), 'model')} on "
        f"{count(len(keys), 'benchmark')}, {count(n_images, 'prediction')}."
    )
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.markdown(said, width="content")
        frame.link("What each model fits", frame.RUNS_PAGE, {behaviour.AT: section.HERE})
        if not paths.read_only():
            frame.link("Bring your own model", frame.RUNS_PAGE, {behaviour.AT: bring.HERE})
    rows = [
        {"Model": model, **{key: _mark(choice, model, key) for key in keys}, "Details": choice.known[model].details}
        for model in models
    ]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        width="stretch",
        column_config={"Model": st.column_config.TextColumn(pinned=True)},
    )
    st.caption(f"{MARKS[0]} complete   {MARKS[1]} partial   {MARKS[2]} not computed")


def _mark(choice: Choice, model: str, key: str) -> str:
    run = choice.run(model, key)
    return MARKS[2] if run is None else MARKS[0] if run.complete else MARKS[1]


def _benchmarks(choice: Choice) -> None:
    """How many benchmarks have their data here, and the way to the others and to one's own."""
    known = catalogue.known_benchmarks()
    ready = [key for key in known if cached.benchmark(key, choice.data_home) is not None]
    added = [key for key in known if catalogue.is_own(key)]
    yours = f", {len(added)} of them your own" if added else ""
    st.subheader("Benchmarks", anchor=False)
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.markdown(f"{len(ready)} of {count(len(known), 'benchmark')} have their data here{yours}.", width="content")
        frame.link("See all" if paths.read_only() else "Get the others", DATA_PAGE, {})
        if not paths.read_only():
            frame.link("Add your own images", DATA_PAGE, {"add": "images"})


frame.draw(page)
