"""What the second model broke: images that the first has right and it has wrong, by a factor; a click shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from core import store
from core.answers import flips as flipping
from core.answers import questions
from core.answers import slices as conditions
from core.answers.flips import Kind
from core.answers.questions import Question
from core.figures.exhibits import flips
from core.mistakes import table
from core.types import Factor
from core.wording import escaped
from pages.shared.factors import levels
from pages.shared.mistakes.slices import SLICE
from pages.shared.mistakes.subjects import Subject
from pages.shared.page import address, cached, figure, later, margin, place

#: Which of the mistakes' kinds each direction is.
_ROWS: dict[Kind, table.Kind] = {"broken": "only_other_wrong", "fixed": "only_this_wrong"}
_HELP = (
    "Of all images that both models have: those that the first has right and the second wrong (broken), and the other "
    "way round (fixed), with intervals that hold for all values at once. A model that is better over all breaks some."
)


def show(subject: Subject, runs: Mapping[str, store.Run]) -> None:
    """The section, where two models' results are compared.

    Args:
        subject: Whose mistakes.
        runs: Results by model; the first is the subject's.
    """
    two = dict(list(runs.items())[:2])
    if subject.run is None or len(two) < 2 or flipping.why_not(*two.values(), Question()):
        return
    later.draw(partial(_section, two))


def _section(runs: Mapping[str, store.Run]) -> None:
    one, (second, other) = next(iter(runs.values())), list(runs.items())[1]
    with st.container(horizontal=True, vertical_alignment="bottom", horizontal_alignment="distribute"):
        st.subheader(f"What did {escaped(second)} break?", anchor=False, help=_HELP)
        factor = _factor(one)
    finding = flips.finding(runs, (factor,) if factor else (), Question(), margin.chosen(), cached)
    st.markdown(finding)
    if factor is None or not (one.complete and other.complete):
        return
    drawn = flips.drawn(runs, factor, Question(), cached, log=True, chosen=_chosen(runs, factor))
    if drawn.said:
        st.caption(escaped(drawn.said))
    joint = f"{one.identity} {other.identity}"
    figure.show(drawn.figure, "flips", drawn.tables, dict.fromkeys(drawn.tables, joint), partial(_click, one, factor))


def _factor(run: store.Run) -> Factor | None:
    """By which factor: by default the first that does not say what is in an image; None where none varies."""
    known = questions.factors_of(run)
    varied = {name: factor for name, factor in known.items() if len(cached.levels(run, factor)) > 1}
    if not varied:
        return None
    names = sorted(varied, key=lambda name: name in questions.SAYS_WHAT)
    picked = st.selectbox(
        "By", names, format_func=lambda name: varied[name].label, width=200, **address.one("flips_by", names, names[0])
    )
    return varied[picked or names[0]]


def _where(run: store.Run, factor: Factor, level: object) -> str:
    return conditions.encoded(levels.cell(run, {factor.name: level}).where)


def _chosen(runs: Mapping[str, store.Run], factor: Factor) -> tuple[Kind, Any] | None:
    """The kind and value whose images are shown below."""
    kind = next((kind for kind, rows in _ROWS.items() if address.asked("kind") == [rows]), None)
    asked = next(iter(address.asked(SLICE)), "")
    if kind is None or not asked:
        return None
    run = next(iter(runs.values()))
    values = flips.table_of(runs, (factor,), Question(), cached)[factor.name].dropna()
    return next(((kind, level) for level in values.tolist() if _where(run, factor, level) == asked), None)


def _click(run: store.Run, factor: Factor, custom: Sequence[Any]) -> None:
    """Show the images of a bar or point; the same one again shows all mistakes."""
    rows, where = _ROWS[custom[0]], _where(run, factor, custom[1])
    same = [address.asked("kind"), address.asked(SLICE)] == [[rows], [where]]
    chosen = {"kind": "wrong", SLICE: ""} if same else {"kind": rows, SLICE: where}
    address.put(**chosen, **{place.IMAGE: "", place.PAGE: ""})
