"""The data: what is here, one's own, how to get what is missing, and room on the disk.

``?cell=KEY`` picks a benchmark; ``?add=images`` and ``?add=predictions`` open a form.
"""

from __future__ import annotations

from functools import partial

import streamlit as st

from core import paths
from core.getting.status import Status
from core.wording import escaped
from pages.shared.data import check, chosen, fetch, own, predictions, room, status
from pages.shared.models import section
from pages.shared.page import address, behaviour, dock, frame, later, text

TITLE = "Data"
ADD = "add"
_MOST_PROBLEMS = 3
_FORMS = {
    "images": ("Add images of your own", ":material/add_photo_alternate:"),
    "predictions": ("Import predictions", ":material/upload_file:"),
}


def page() -> None:
    """Draw the page."""
    choice = frame.begin(TITLE, pick_models=False)
    found = status.now()
    text.head(TITLE, status.finding(found))
    _said()
    if paths.read_only():
        st.info(text.DEMO, icon=":material/lock:")
    else:
        _problems(found)
        _add()
    st.subheader("Benchmarks", anchor=False)
    left, right = dock.workspace()
    with left:
        more = "" if paths.read_only() else ", and to check, describe or fetch it"
        st.caption(f"Pick a row to see what it is, its licence and how to get it{more}.")
        status.table(found)
    chosen.show(found, choice, right)
    if not paths.read_only():
        st.subheader("Check a folder", anchor=False)
        check.form()
        st.subheader("Fetch by name", anchor=False)
        fetch.by_name()
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.subheader("Models", anchor=False, width="content")
        if not paths.read_only():
            frame.link("What each is and what it fits", frame.RUNS_PAGE, {behaviour.AT: section.HERE})
    room.models(found)
    later.draw(partial(_room, found))


def _said() -> None:
    """What was done by the click before."""
    said = st.session_state.pop("data-said", "")
    if said:
        st.success(escaped(said), icon=":material/check:")


def _problems(found: Status) -> None:
    """What cannot be read, the first few of it."""
    for problem in found.problems[:_MOST_PROBLEMS]:
        st.warning(escaped(problem), icon=":material/broken_image:")
    more = len(found.problems) - _MOST_PROBLEMS
    if more > 0:
        st.caption(f"… and {more:,} more that cannot be read; `python -m core data status` names them all.")


def _add() -> None:
    """Two buttons, of which one opens a form below; the open one is in the address."""
    opened = next(iter(address.asked(ADD)), "")
    st.subheader("Add your own", anchor=False)
    with st.container(horizontal=True, gap="small"):
        for name, (label, icon) in _FORMS.items():
            st.button(
                label,
                key=f"add-{name}",
                icon=icon,
                type="primary" if name == opened else "secondary",
                on_click=partial(address.put, add="" if name == opened else name),
            )
    if opened in _FORMS:
        with st.container(border=True):
            _form(opened)


def _form(name: str) -> None:
    (own if name == "images" else predictions).show()


def _room(found: Status) -> None:
    st.subheader("Results and downloads", anchor=False)
    room.results(found)
    if not paths.read_only():
        room.free(found)
    st.subheader("Trash", anchor=False)
    room.trash(found)


frame.draw(page)
