"""What a page shows where nothing is stored for its choice: how to get it."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.shared.page import frame, text
from pages.shared.page.frame import Choice


def show(title: str, choice: Choice, keys: Sequence[str]) -> None:
    """Title, a sentence, and for the first model what computes each missing result.

    Args:
        title: Of the page.
        choice: Of the sidebar.
        keys: Benchmarks that the page would show.
    """
    text.head(title, "No stored result for this choice yet.")
    if not choice.known:
        text.nothing_stored()
    for model in choice.models[:1]:
        for key in keys:
            with st.container(border=True):
                frame.offer_run(model, key, choice)
