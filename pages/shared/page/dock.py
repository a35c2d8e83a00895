"""Figures, and beside them the images behind the chosen point: on a narrow screen below, and scrolled to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from pages.shared.page import place


def workspace() -> tuple[DeltaGenerator, DeltaGenerator]:
    """The place of the figures, and that of what a click opens; the second takes no room until something is in it."""
    with st.container(key="oc-work"):
        return st.container(key="oc-left"), st.container(key="oc-right")


@contextmanager
def opened(right: DeltaGenerator, said: str) -> Iterator[None]:
    """What a click opened, with its heading and a button that closes it.

    Args:
        right: Of ``workspace``.
        said: What was clicked, as Markdown.
    """
    with right, st.container(key="oc-dock"):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.subheader(said, anchor=False)
            st.button("Close", on_click=place.choose_cell, args=(None,), type="tertiary", icon=":material/close:")
        yield
