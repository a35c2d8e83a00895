"""What a callback has to say: kept until the page is drawn, because what a callback writes itself replaces the page."""

from __future__ import annotations

import streamlit as st

from core.wording import escaped

_KEY = "mistakes-said"
#: Takes the line's room while there is nothing to say.
_NOTHING = "\u00a0"


def put(words: str) -> None:
    """Say something at the next drawing, in place of what was said before."""
    st.session_state[_KEY] = words


def show() -> None:
    """The line in which it is said; it is there while it is empty too, so that nothing moves."""
    said = escaped(st.session_state.get(_KEY) or _NOTHING)
    st.caption(said)


def clear() -> None:
    """Say nothing any more."""
    st.session_state.pop(_KEY, None)
