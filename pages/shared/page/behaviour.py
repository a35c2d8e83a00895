"""The script of every page: completes the address, saves figures, makes them reachable by keyboard, lands clicks.

Its JavaScript is beside it.
"""

from __future__ import annotations

from pathlib import Path

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.shared.page import address

_script = st.components.v2.component(
    "offcenter_behaviour", html="<span></span>", js=Path(__file__).with_suffix(".js").read_text(encoding="utf-8")
)
#: Name in the address of the part of a page that a link means.
AT = "at"
#: Pages other than Home, as they stand in the address.
_PAGES = sorted(path.stem for path in Path(__file__).parents[2].glob("*.py") if path.stem != "__init__")


def _cell() -> str:
    """What was clicked, so that the browser brings it into view."""
    return "".join(address.asked("cell") + address.asked("by"))


def place_of(name: str) -> DeltaGenerator:
    """A container that a link brings into view with ``?at=NAME``."""
    return st.container(key=f"oc-at-{name}")


def run(page: str) -> None:
    """Mount the script; the last thing a page draws.

    Args:
        page: As it stands in the address, empty for Home.
    """
    with st.container(key="oc-behaviour"):
        data = {"page": page, "pages": _PAGES, "query": address.text(), "cell": _cell()}
        _script(key="behaviour", data={**data, "at": next(iter(address.asked(AT)), "")})
