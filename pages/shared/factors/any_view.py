"""The view by any one or two factors of a benchmark: sentence, tiles, a figure for each, and one for the pair."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import store
from core.answers import factor_sentences
from core.answers.worst import Worst
from core.figures.exhibits import flips
from core.types import THIN, Factor
from core.wording import count, interval, percent, points, short_label, units
from pages.shared.factors import any_controls, flipped, pairs, panels, pictures, tiles, views
from pages.shared.factors.any_controls import Asked
from pages.shared.factors.explore import HINT, Controls
from pages.shared.images import behind
from pages.shared.page import cached, dock, empty, later, margin, text
from pages.shared.page.frame import Choice
from pages.shared.page.text import Tile

Runs = Mapping[str, store.Run]
#: Pixels of a curve.
_HEIGHT = 340
_HINT = (
    "The lowest accuracy of all values that are not thin, where that is, and the change from the highest, whose "
    "interval allows for having picked the worst and the best of all."
)


def page(title: str, choice: Choice) -> None:
    """Draw the page of one benchmark."""
    runs = choice.runs_on(choice.benchmark)
    if not runs:
        empty.show(title, choice, [choice.benchmark])
        return
    show(title, choice, {choice.benchmark: runs}, st.container())


def show(
    title: str, choice: Choice, sets: Mapping[str, Runs], top: DeltaGenerator, within: Controls | None = None
) -> None:
    """Draw the view.

    Args:
        title: Of the page.
        choice: Of the sidebar.
        sets: Results by model, by key of the benchmark; one or more.
        top: Above the controls; the place of title and sentence.
        within: What is chosen above, where this is one view of several.
    """
    asked = any_controls.controls(sets, len(choice.models), within)
    runs, controls = sets[asked.key], asked.controls
    with top:
        text.head(title, _finding(runs, asked), HINT)
    text.tiles(_tiles(runs, asked), choice)
    seen = views.families(choice, [asked.key])
    used = [run for there in (runs, *seen.values()) for run in there.values()]
    text.flag_state(used, controls.question.policy)
    text.flag_differences(list(runs.values()))
    figures, images = dock.workspace()
    with figures:
        _figures(runs, asked, choice)
        views.show(seen, controls, choice)
    gallery_of = pictures.show(seen, {asked.key: runs}, controls, choice, images)
    text.identities(used)
    behind.show_image_alone(choice, gallery_of)


def _finding(runs: Runs, asked: Asked) -> str:
    """Of the first model, the worst value and the worst pair; of two their difference, or what the second breaks."""
    question, (model, run) = asked.controls.question, next(iter(runs.items()))
    if asked.controls.compare and len(runs) > 1:
        return factor_sentences.difference(runs, question, margin.chosen(), cached)
    if asked.controls.flips and len(runs) > 1:
        return flips.finding(runs, asked.factors, question, margin.chosen(), cached)
    return factor_sentences.of_factors(model, run, asked.factors, question, cached)


def _worst(run: store.Run, factors: tuple[Factor, ...], asked: Asked) -> Worst:
    return cached.worst(run, tuple(factor.name for factor in factors), asked.controls.question)


def _tiles(runs: Runs, asked: Asked) -> list[Tile]:
    """Accuracy over all images, and at the worst value of each factor and the worst pair, of each model."""
    overall = {model: cached.answer(run, asked.controls.question).iloc[0] for model, run in runs.items()}
    found = [tiles.of_all(asked.controls.measure.capitalize(), overall, next(iter(runs.values())))]
    parts = [(factor,) for factor in asked.factors]
    for factors in [*parts, *([asked.factors] if len(parts) > 1 else [])]:
        what = " and ".join(short_label(factor) for factor in factors)
        there = {model: _worst(run, factors, asked) for model, run in runs.items()}
        first = next(iter(there.values()))
        n = f"n = {first.worst.n:,} of {first.n:,}. " if first.worst else ""
        among = f"{count(first.levels, 'value' if len(factors) == 1 else 'pair')} of {what}"
        label = f"Worst of {among if first.levels else what}"
        said = {model: _said(each) for model, each in there.items()}
        found.append(tiles.tile(label, said, f"{n}{_HINT}", _thin(first)))
    return found


def _said(found: Worst) -> tuple[str, str]:
    if found.worst is None:
        return percent(None), ""
    change = f"{points(found.change)} {interval(found.low, found.high, 0)}"
    if not found.is_clear:
        return percent(found.worst.value, 0), f"none clearly worse than the best: {change}"
    return percent(found.worst.value, 0), f"{found.worst.said}, {change}".replace(" pts", "\u00a0pts")


def _thin(found: Worst) -> str:
    few = f", or few {units(found.unit)}" if found.n_clusters < found.n else ""
    return "" if found.worst else f"fewer than {THIN} images each{few}: thin"


def _figures(runs: Runs, asked: Asked, choice: Choice) -> None:
    """A figure for each factor, side by side, and one for the pair below."""
    with st.container(key="oc-figures"):
        for number, factor in enumerate(asked.factors):
            later.draw(partial(_one, runs, factor, asked.controls, choice), first=number == 0)
    if len(asked.factors) == 2:
        first, second = asked.factors
        later.draw(partial(pairs.show, runs, (first, second), asked.controls, choice))


def _one(runs: Runs, factor: Factor, controls: Controls, choice: Choice) -> None:
    """A curve along a number, a ring around a circle, rows of other values; or what two models differ in."""
    key = f"any-{factor.name}"
    if controls.flips and len(runs) > 1:
        for draw in flipped.draws(runs, (factor,), controls, f"{key}-flips", _HEIGHT, brief=True):
            draw()
    elif controls.compare and len(runs) > 1:
        panels.show_difference(runs, (factor,), controls, choice, f"{key}-difference", _HEIGHT, brief=True)
    elif factor.kind == "circular":
        panels.show_polar(runs, factor, controls, choice, key, height=_HEIGHT)
    elif factor.is_number:
        panels.show_curve(runs, factor, controls, choice, key, height=_HEIGHT)
    else:
        panels.show_rows(runs, factor, controls, choice, key, sort=True)
