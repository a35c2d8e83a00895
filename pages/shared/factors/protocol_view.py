"""SI-Score's and Diorama's views: what each of their protocols varies, and any factors of theirs."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from functools import partial

import streamlit as st

from core import store
from core.answers import catalogue, factor_sentences, protocols
from core.answers.questions import factor_of
from core.figures.exhibits import flips
from core.types import Factor
from core.wording import code
from pages.shared.factors import any_view, explore, flipped, panels, pictures, tiles, views
from pages.shared.factors.explore import ALL, FACTORS, HINT, Controls
from pages.shared.images import behind
from pages.shared.page import cached, dock, empty, later, margin, text
from pages.shared.page.frame import Choice

Runs = dict[str, dict[str, store.Run]]


def page(title: str, choice: Choice, found: Mapping[str, str]) -> None:
    """Draw the page of a family.

    Args:
        title: Of the page.
        choice: Of the sidebar.
        found: From ``protocols.of_family``.
    """
    runs = {name: there for name, key in found.items() if (there := choice.runs_on(key))}
    if not runs:
        empty.show(title, choice, list(found.values()))
        return
    top = st.container()
    controls = explore.controls(
        {name: found[name] for name in runs}, _first(next(iter(runs.values()))), len(choice.models)
    )
    if controls.view == FACTORS:
        sets = {key: there for key in catalogue.members(choice.benchmark) if (there := choice.runs_on(key))}
        any_view.show(title, choice, sets, top, controls)
        return
    shown = runs if controls.view == ALL else {controls.view: runs[controls.view]}
    with top:
        text.head(title, _finding(runs, controls), HINT)
    text.tiles(tiles.tiles(runs, controls), choice)
    seen = views.families(choice, [_key(there) for there in shown.values()])
    used = [run for there in (*shown.values(), *seen.values()) for run in there.values()]
    text.flag_state(used, controls.question.policy)
    for there in shown.values():
        text.flag_differences(list(there.values()))
    figures, images = dock.workspace()
    with figures:
        if controls.view == ALL:
            _all(shown, controls, choice)
        else:
            controls = _one(controls.view, shown[controls.view], controls, choice)
        views.show(seen, controls, choice)
    gallery_of = pictures.show(seen, runs, controls, choice, images)
    text.identities(used)
    behind.show_image_alone(choice, gallery_of)


def _finding(runs: Runs, controls: Controls) -> str:
    """The sentence on top: of the first model, on what the view shows; or on what the first two differ in."""
    said = []
    compared = next((there for name, there in runs.items() if controls.view in (ALL, name) and len(there) > 1), None)
    if controls.compare and compared:
        said_of = factor_sentences.difference(compared, controls.question, margin.chosen(), cached)
        return f"{said_of.removesuffix('.')} ({code(_key(compared))})."
    if controls.flips and compared:
        axis = _axis(next(name for name, there in runs.items() if there is compared), compared)
        said_of = flips.finding(compared, axis, controls.question, margin.chosen(), cached)
        if not all(run.complete for run in list(compared.values())[:2]):
            return said_of
        return f"{said_of.removesuffix('.')} ({code(_key(compared))})."
    for name, there in runs.items():
        if controls.view in (ALL, name) and len(there) > 1:
            two = dict(list(there.items())[:2])
            said.append(protocols.sentence_of_two(name, two, controls.question, margin.chosen(), cached))
        elif controls.view in (ALL, name):
            model, run = next(iter(there.items()))
            who = "It" if said and name == "size" else model
            said.append(protocols.sentence(name, who, run, controls.question, margin.chosen(), cached))
    return " ".join(said[:1] if controls.view == ALL and compared else said[:2])


def _all(shown: Runs, controls: Controls, choice: Choice) -> None:
    """One figure for each protocol; the map first."""
    with st.container(key="oc-figures"):
        figures = [draw for name, there in shown.items() for draw in _figures(name, there, controls, choice)]
        for number, draw in enumerate(figures):
            later.draw(draw, first=number == 0)


def _figures(name: str, there: dict[str, store.Run], controls: Controls, choice: Choice) -> list[Callable[[], None]]:
    """What draws a protocol along its first factor: a map of places for each model, a ring of angles, a curve."""
    factor, axis = factor_of(_first(there), protocols.PROTOCOLS[name][0]), _axis(name, there)
    if controls.flips and len(there) > 1:
        return flipped.draws(there, axis, controls, f"flips-{name}", brief=True)
    if controls.compare and len(there) > 1:
        return [partial(panels.show_difference, there, axis, controls, choice, f"difference-{name}")]
    if name == "location":
        return panels.maps(there, controls, choice)
    if factor.kind == "circular":
        return [partial(panels.show_polar, there, factor, controls, choice, f"polar-{name}")]
    return [partial(panels.show_curve, there, factor, controls, choice, f"curve-{name}")]


def _one(name: str, there: dict[str, store.Run], controls: Controls, choice: Choice) -> Controls:
    """One protocol in full, its factors as axis, lines or sliders; returns the controls narrowed by the sliders."""
    roles = explore.roles(_first(there), name)
    narrowed = dataclasses.replace(controls, question=controls.question.within(*roles.where))
    with st.container(key="oc-figures-wide"):
        if narrowed.flips and len(there) > 1:
            for draw in flipped.draws(there, roles.axis, narrowed, f"flips-{name}", height=470):
                draw()
        if narrowed.compare and len(there) > 1:
            panels.show_difference(there, roles.axis, narrowed, choice, f"difference-{name}", height=470)
        panels.show_axis(there, roles, narrowed, choice)
        by_class = factor_of(_first(there), "class")
        if by_class not in roles.axis:
            panels.show_rows(there, by_class, narrowed, choice, f"by-class-{name}")
    return narrowed


def _axis(name: str, there: dict[str, store.Run]) -> tuple[Factor, ...]:
    return tuple(factor_of(_first(there), each) for each in protocols.PROTOCOLS[name])


def _first(there: dict[str, store.Run]) -> store.Run:
    return next(iter(there.values()))


def _key(there: dict[str, store.Run]) -> str:
    return _first(there).benchmark
