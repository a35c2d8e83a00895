"""What is common among the mistakes: the conditions on which a model is worse; a click shows their images below."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st

from core import store
from core.answers import joined, questions, slices
from core.answers.questions import Where
from core.answers.slices import Slices
from core.figures.exhibits import mistakes as exhibits
from core.wording import count, escaped, units
from pages.shared.mistakes.subjects import Subject
from pages.shared.page import address, cached, figure, later, place
from pages.shared.page.frame import Choice

#: Name in the address.
SLICE = "slice"
_HELP = (
    "Every value, and every range of values, of each factor is tried, alone and with each of another factor: a slice. "
    "Half of the objects are searched, with intervals that hold for all slices at once; slices of the same images, and "
    "pairs that cost no more than one of their conditions, are merged. What is found is tried again on the other half."
)


def show(subject: Subject, rows: np.ndarray, choice: Choice) -> np.ndarray:
    """The section on slices, and the images of the one that is chosen.

    Args:
        subject: Whose mistakes.
        rows: Of its table, those that pass the filters.
        choice: Of the sidebar.

    Returns:
        Those of the rows that lie in the chosen slice; all without one.
    """
    run = _run_of(subject)
    if run is None:
        return rows
    chosen, where = _chosen(run)
    later.draw(partial(_section, run, chosen, choice))
    if not where:
        return rows
    address.note(SLICE, [chosen])
    return rows[_inside(cached.key_of(run), slices.encoded(where), run, where)[rows]]


def show_chosen(subject: Subject) -> None:
    """The chosen slice, if there is one, as a button that takes it away again."""
    run = _run_of(subject)
    where = _chosen(run)[1] if run is not None else ()
    if run is not None and where:
        label = f"{escaped(slices.words(run, where))}  ✕"
        st.button(label, on_click=_choose, args=([""],), type="tertiary", help="Show all", key="slice-clear")


def _run_of(subject: Subject) -> store.Run | None:
    """The run whose slices are shown: a whole one, with mistakes."""
    run = subject.run
    return run if run is not None and run.complete and (subject.table["right"] == 0).any() else None


def _chosen(run: store.Run) -> tuple[str, tuple[Where, ...]]:
    """The slice in the address as a text and as conditions; nothing of one that the run does not have."""
    where = slices.decoded(run, next(iter(address.asked(SLICE)), "[]"))
    return (slices.encoded(where), where) if where else ("", ())


def _section(run: store.Run, chosen: str, choice: Choice) -> None:
    found = _found(cached.key_of(run), run)
    st.subheader("What is common among the mistakes?", anchor=False, help=_HELP)
    st.markdown(slices.sentence(run.label, found))
    if found.n_tried:
        st.caption(escaped(_of_what(found)))
    if found.table.empty:
        return
    colour = choice.colours.get(run.label, choice.colours.get(run.model, "#6B7785"))
    drawn = exhibits.slices_of(run, found, colour, chosen)
    files = found.table.rename(columns=slices.REPORTED)
    figure.show(drawn, "slices", {run.label: files}, {run.label: run.identity}, _choose)
    if same := exhibits.of_the_same(found):
        st.caption(escaped(same))


def _of_what(found: Slices) -> str:
    """On what slices were sought and tried again, and which factors have none."""
    sought, again = (count(found.n[0], "image"), f"{found.n[1]:,}")
    if found.n != found.n_clusters:
        sought, again = (f"{said} of {n:,}" for said, n in zip((sought, again), found.n_clusters, strict=True))
        sought += f" {units(found.unit)}"
    computed = f" · {slices.of_computed(found)}" if found.n_computed else ""
    out = f" · left out: {', '.join(found.left_out)}" if found.left_out else ""
    return f"By {count(found.n_factors, 'factor')} · sought on {sought}, tried again on {again} others{computed}{out}"


def _choose(custom: Sequence[str]) -> None:
    """Show the images of a slice; the same one again takes the filter away."""
    same = address.asked(SLICE) == list(custom)
    address.put(**{SLICE: "" if same else custom[0], place.IMAGE: "", place.PAGE: ""})


@st.cache_data(max_entries=32, show_spinner="Trying slices of the images, once …")
def _found(key: cached.Key, _run: store.Run) -> Slices:
    return slices.find(_run)


@st.cache_data(max_entries=32, show_spinner=False)
def _inside(key: cached.Key, conditions: str, _run: store.Run, _where: tuple[Where, ...]) -> np.ndarray:
    """Which images meet conditions: bool (N,), as the table of mistakes has them."""
    table = joined.read(_run, list(dict.fromkeys(part.column for part in _where)))
    return questions.kept_by(_run, table, _where)
