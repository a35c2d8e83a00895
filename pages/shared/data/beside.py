"""Work that a page begins and does not wait for: it goes on in a thread, and the page looks in once a second.

For what is worth nothing once the page is closed; all else is a job (``core.jobs``).
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass
from typing import Any

import streamlit as st

from core.wording import escaped

#: Seconds that a page waits for what it began, and between two looks at it afterwards.
_WAIT_S, _LOOK_EVERY_S = 0.8, 1.0


@dataclass(frozen=True)
class Work:
    """What was begun.

    Attributes:
        future: Of what comes of it.
        began: Monotonic seconds.
        said: What is done, for a reader.
    """

    future: Future[Any]
    began: float
    said: str


def begin(name: str, what: Callable[[], Any], said: str) -> None:
    """Do something in a thread that neither a page nor the end of the server waits for.

    Args:
        name: Of the work, within this session; earlier work of that name is forgotten.
        what: Does it; what it raises is kept for ``outcome``.
        said: What is done, for a reader.
    """
    future: Future[Any] = Future()

    def run() -> None:
        try:
            future.set_result(what())
        except Exception as error:
            future.set_exception(error)

    st.session_state[_key(name)] = Work(future, time.monotonic(), said)
    threading.Thread(target=run, daemon=True).start()


def forget(name: str) -> None:
    """Show nothing of it any more."""
    st.session_state.pop(_key(name), None)


def is_begun(name: str) -> bool:
    """Whether work of this name is going on or through."""
    return _key(name) in st.session_state


def done(name: str) -> Any:
    """What came of it; None where it is not through or has failed."""
    work: Work | None = st.session_state.get(_key(name))
    return work.future.result() if work and work.future.done() and work.future.exception() is None else None


def outcome(name: str) -> Any:
    """What came of it; None where it goes on, which is said, or was not begun.

    Raises:
        Exception: What the work raised.
    """
    work: Work | None = st.session_state.get(_key(name))
    if work is None:
        return None
    try:
        return work.future.result(timeout=max(0.0, _WAIT_S - (time.monotonic() - work.began)))
    except NotYet:
        if work.future.done():
            raise
        st.fragment(_waiting, run_every=_LOOK_EVERY_S)(name)
        return None


def _waiting(name: str) -> None:
    work: Work | None = st.session_state.get(_key(name))
    if work is None or work.future.done():
        st.rerun(scope="app")
    spent = time.monotonic() - work.began
    st.caption(f":material/hourglass_top: {escaped(work.said)} … {spent:.0f} s; the page can be used meanwhile.")


def _key(name: str) -> str:
    return f"beside-{name}"
