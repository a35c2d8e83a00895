"""The reviewer's name: a field, and the browser's memory of it, so that it is typed once and not once a visit."""

from __future__ import annotations

import streamlit as st

from pages.shared.mistakes.verdicts import REVIEWER

_TYPED = "reviewer-typed"

#: Sends the name that this browser remembers once, if nobody has typed one, and remembers what is typed.
_memory = st.components.v2.component(
    "offcenter_reviewer",
    html="<span></span>",
    js="""
const KEY = 'offcenter-reviewer';
export default function(component) {
  const { data, setTriggerValue } = component;
  try {
    const known = localStorage.getItem(KEY) || '';
    if (data.name || data.typed) {
      if (data.name) localStorage.setItem(KEY, data.name);
      else localStorage.removeItem(KEY);
    } else if (known) setTriggerValue('remembered', known);
  } catch (error) { /* a browser that keeps nothing */ }
}
""",
)


def field() -> None:
    """The field."""
    st.text_input(
        "Reviewer", key=REVIEWER, placeholder="Your name", width=170, persist_state="session", on_change=_typed,
        max_chars=80,
    )  # fmt: skip


def remember() -> None:
    """The browser's memory of it: an element that nobody sees."""
    _memory(
        key="reviewer-memory",
        data={"name": st.session_state.get(REVIEWER) or "", "typed": bool(st.session_state.get(_TYPED))},
        on_remembered_change=_remembered,
    )


def _typed() -> None:
    st.session_state[_TYPED] = True


def _remembered() -> None:
    known = str(st.session_state["reviewer-memory"].get("remembered") or "").strip()[:80]
    if known and not st.session_state.get(REVIEWER):
        st.session_state[REVIEWER] = known
