"""Figures that can wait: sent when the rest of the page is on its way.

A browser draws what it has received in one go. So that the first figure of a page that is opened is seen before the
others are drawn, these follow after a moment; and so do all figures where a cell was chosen, after the images behind
it. Where neither is so, they follow at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.errors import OffcenterError
from core.wording import escaped
from pages.shared.page import address, place

#: Seconds until a browser has drawn what came first: on the first page of a session it loads Plotly before.
_FIRST_S, _NEXT_S = 1.2, 0.1
_SEEN = "later-seen"


@dataclass
class _Pass:
    """One run of a page.

    Attributes:
        shown: The page and what is chosen on it.
        before: The same of the run before; None in a new session.
        waiting: What is drawn at the end, and where.
        n_places: All places, those that did not wait too.
        has_figure: Whether the page shows a figure first, for which a new session's browser loads Plotly.
    """

    shown: tuple[str, ...]
    before: tuple[str, ...] | None
    waiting: list[tuple[DeltaGenerator, Callable[[], object]]] = field(default_factory=list)
    n_places: int = 0
    has_figure: bool = False


_pass: ContextVar[_Pass | None] = ContextVar("pass", default=None)


def begin(page: str) -> None:
    """From here on ``draw`` keeps places; ``frame.draw`` calls this."""
    shown = (page, *address.asked(place.CELL), *address.asked(place.BY))
    _pass.set(_Pass(shown, st.session_state.get(_SEEN)))
    st.session_state[_SEEN] = shown


def draw(what: Callable[[], object], *, first: bool = False) -> None:
    """Keep a place here and fill it at the end of the page.

    Not for fragments, which are drawn without their page.

    Args:
        what: Draws it; what it raises for a user is said in its place.
        first: It is the figure that a page that is opened shows first: it waits only where the page is there already.
    """
    now = _pass.get()
    if now is None:
        what()
        return
    # The place is the same whether it waits or not: what is drawn anew elsewhere would flash.
    there = st.container(key=f"oc-later-{now.n_places}")
    now.n_places += 1
    now.has_figure |= first
    if first and (now.before or ("",))[0] != now.shown[0]:
        with there:
            what()
    else:
        now.waiting.append((there, what))


def wait() -> None:
    """Leave the browser the time to draw what it has; ``frame.draw`` calls this when a page is through."""
    now = _pass.get()
    # A test without a browser sends no headers, and there is nobody to wait for.
    if now and now.waiting and now.shown != now.before and st.context.headers:
        time.sleep(_FIRST_S if now.before is None and now.has_figure else _NEXT_S)


def fill() -> None:
    """Draw what was kept; ``frame.draw`` calls this last."""
    now = _pass.get()
    _pass.set(None)
    for there, what in now.waiting if now else ():
        with there:
            try:
                what()
            except OffcenterError as error:
                st.error(escaped(error), icon=":material/error:")
