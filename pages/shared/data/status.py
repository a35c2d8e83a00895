"""What is there, as tables of the page Data: benchmarks, and what is known of the one that was picked."""

from __future__ import annotations

import streamlit as st

from core import paths
from core.getting import status as statuses
from core.getting.status import Status

#: Seconds for which what is said may be old.
_FRESH_S = 5


@st.cache_data(ttl=_FRESH_S, max_entries=4, show_spinner="Looking at what is here …")
def _now(data_home: str, is_demo: bool) -> Status:
    del data_home, is_demo
    return statuses.status()


def now() -> Status:
    """What is there; see ``core.getting.status``."""
    return _now(str(paths.data_home()), paths.read_only())


def forget() -> None:
    """Look again, since something was changed."""
    _now.clear()
