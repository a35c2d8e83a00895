"""How to get the results of the page on cues that are not there."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.answers import cue_results
from pages.shared.cues.results import Cues
from pages.shared.page import frame
from pages.shared.page.frame import Choice

_WHAT = "four ways of taking the object away, and noise on it and elsewhere, 41 views of each image, decoded once."


def offer(choice: Choice, models: Sequence[str] = ()) -> None:
    """What computes each model's answers without the object and under noise.

    Args:
        choice: Of the sidebar.
        models: Which; all chosen ones by default.
    """
    frame.offer_views(choice, models or choice.models, cue_results.ALL, _WHAT)


def offer_rest(choice: Choice, found: Cues) -> None:
    """The same for the chosen models that have nothing yet, folded away."""
    missing = [model for model in choice.models if model not in found.ablations and model not in found.noise]
    if missing:
        with st.popover(f"{len(missing)} not computed yet", icon=":material/pending:"):
            offer(choice, missing)
