"""How to get the results of the page on cues that are not there."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core import paths
from core.wording import code, escaped
from pages.shared.cues import results
from pages.shared.cues.results import Cues
from pages.shared.page import cached, frame
from pages.shared.page.frame import Choice


def offer(choice: Choice, models: Sequence[str] = ()) -> None:
    """What computes each model's answers without the object and under noise.

    Args:
        choice: Of the sidebar.
        models: Which; all chosen ones by default.
    """
    for model in models or choice.models:
        with st.container(border=True):
            if cached.benchmark(choice.benchmark, choice.data_home) is None:
                frame.offer_run(model, choice.benchmark, choice)
                continue
            known = choice.known.get(model)
            source = known.source if known else model
            st.markdown(
                f"**{escaped(model)}** on {code(choice.benchmark)}: four ways of taking the object away, and noise on "
                "it and elsewhere, 41 views of each image, decoded once."
            )
            if not paths.read_only():
                frame.link("Run it", frame.RUNS_PAGE, {"model": source, "benchmark": choice.benchmark,
                                                       "run_view": results.ALL})  # fmt: skip
            command = f"python -m core evaluate --model {source} --benchmark {choice.benchmark} --view {results.ALL}"
            st.code(command, language="bash", wrap_lines=True)


def offer_rest(choice: Choice, found: Cues) -> None:
    """The same for the chosen models that have nothing yet, folded away."""
    missing = [model for model in choice.models if model not in found.ablations and model not in found.noise]
    if missing:
        with st.popover(f"{len(missing)} not computed yet", icon=":material/pending:"):
            offer(choice, missing)
