"""What the second of two models breaks and fixes, on the page on factors; a click shows the images that flip."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from core import store
from core.answers import flips as flipping
from core.answers.flips import KINDS, Kind
from core.answers.questions import Question
from core.figures.exhibits import factor_pairs, flips
from core.figures.exhibits.by_factors import LOCATION
from core.figures.exhibits.factor_pairs import Axis, Pair
from core.types import Factor
from core.wording import escaped
from pages.shared.factors import levels, panels
from pages.shared.factors.explore import Controls
from pages.shared.images.gallery import Only
from pages.shared.page import cached, place
from pages.shared.page.place import Cell

Runs = Mapping[str, store.Run]


def draws(
    runs: Runs, axis: tuple[Factor, ...], controls: Controls, key: str, height: int = 400, *, brief: bool = False
) -> list[Callable[[], None]]:
    """What draws the flips along an axis: one figure of both kinds, of x and y a map of each.

    Args:
        runs: By label, two or more.
        axis: A factor; or x and y.
        controls: What is chosen.
        key: Names the charts on the page.
        height: Pixels.
        brief: For a title that fits half a page.
    """
    one, other = list(runs.values())[:2]
    if reason := flipping.why_not(one, other, controls.question):
        return [partial(st.caption, escaped(reason[:1].upper() + reason[1:]))]
    if len(axis) == 2:
        return [partial(_map, runs, kind, axis, controls, f"{key}-{kind}", height) for kind in KINDS]
    return [partial(_one, runs, axis[0], controls, key, height, brief)]


def _one(runs: Runs, factor: Factor, controls: Controls, key: str, height: int, brief: bool) -> None:
    (first, one), (second, other) = list(runs.items())[:2]
    kind, level = place.chosen_flip(), levels.chosen(one, [factor])
    chosen = (kind, level[0]) if kind is not None and level is not None else None
    drawn = flips.drawn(
        runs, factor, controls.question, cached, log=controls.log, brief=brief, chosen=chosen, height=height
    )
    if drawn.said:
        st.caption(escaped(drawn.said))

    def click(custom: Sequence[Any]) -> None:
        place.choose_cell(levels.cell(one, {factor.name: custom[1]}), second, custom[0])

    panels.put(drawn.figure, key, drawn.tables, {first: one, second: other}, controls, click)


def _map(runs: Runs, kind: Kind, axis: tuple[Factor, ...], controls: Controls, key: str, height: int) -> None:
    (first, one), (second, other) = list(runs.items())[:2]
    level = levels.chosen(one, axis) if place.chosen_flip() == kind else None
    chosen = (float(level[0]), float(level[1])) if level else None
    drawn = flips.location_map(runs, kind, axis, controls.question, cached, chosen=chosen, height=height)

    def click(custom: Sequence[Any]) -> None:
        at = dict(zip(LOCATION, map(float, custom), strict=True))
        place.choose_cell(Cell(one.benchmark, at), second, kind)

    panels.put(drawn.figure, key, drawn.tables, {first: one, second: other}, controls, click)


def show_pair(runs: Runs, pair: Pair, controls: Controls) -> None:
    """A heatmap of each kind by any two factors, on one scale."""
    (first, one), (second, other) = list(runs.items())[:2]
    if flipping.why_not(one, other, controls.question):
        return
    table = flips.table_of(runs, pair, controls.question, cached)
    axes, said = factor_pairs.axes_of(one, pair, controls.question, table, cached)
    if said:
        st.caption(escaped(said))
    for kind in KINDS:
        chosen = panels.chosen_cell_on(one, pair, axes) if place.chosen_flip() == kind else None
        shown = flips.cells(runs, kind, pair, axes, table, controls.question, cached, chosen=chosen)
        click = partial(_pick, one, pair, axes, second, kind)
        key = f"flips-{pair[0].name}-{pair[1].name}-{kind}"
        panels.put(shown, key, {f"{second} after {first}": table}, {first: one, second: other}, controls, click)


def _pick(run: store.Run, pair: Pair, axes: tuple[Axis, Axis], model: str, kind: Kind, custom: Sequence[Any]) -> None:
    at = factor_pairs.values_at(pair, axes, custom)
    if at:
        place.choose_cell(levels.cell(run, at), model, kind)


def only(runs: Runs, controls: Controls, question: Question) -> tuple[store.Run, Only] | None:
    """The second model and those images of the chosen cell that flip; None where all of its images are meant.

    Args:
        runs: By label.
        controls: What is chosen.
        question: Of the cell.
    """
    kind = place.chosen_flip()
    if not controls.flips or kind is None or len(runs) < 2:
        return None
    (first, one), (second, other) = list(runs.items())[:2]
    if flipping.why_not(one, other, question):
        return None
    before, after = (first, second) if kind == "broken" else (second, first)
    ids = cached.flipped(one, other, question, kind)
    return other, Only(ids, f"right under {before} and wrong under {after}")
