"""One model in one place: what it is, whether it looks alive, which benchmarks it fits and why not, its results."""

from __future__ import annotations

import html

import pandas as pd
import streamlit as st

from core import models as networks
from core import paths
from core.answers import models as answers
from core.answers.catalogue import KnownModel
from core.errors import OffcenterError
from core.models import descriptions
from core.store import weights
from core.types import Model
from core.wording import count, escaped
from pages.shared.models import checked
from pages.shared.page import frame, text
from pages.shared.page.frame import Choice
from pages.shared.page.pickers import MODELS

_OVERVIEW_PAGE = "pages/overview.py"
_HEIGHT_PX = 318
_LONG = 9


def show(spec: str, choice: Choice) -> None:
    """Draw a model.

    Args:
        spec: What is typed for it; it may stand in a link, so nothing is downloaded and no code is run for it.
        choice: With what is known of it.
    """
    known = next((each for each in choice.known.values() if weights.spec_of(each.source) == spec), None)
    with st.container(border=True, key="oc-model"):
        st.markdown(f"**{escaped(known.name if known else spec)}**")
        if known is not None and known.is_file:
            st.caption("Only predictions that were imported are known of it, so there is nothing to check.")
        else:
            model, problem = None, None
            try:
                model = _described(spec)
            except OffcenterError as error:
                problem = error
                text.problem(error)
            if model is not None:
                known = known or KnownModel(model.name, model.source)
                known = _with_space(known, model.label_space)
            if not paths.read_only():
                checked.show(spec, model)
            if problem is not None:
                # What it fits is no question before it can be read.
                return
        _fits(known or KnownModel(spec, spec), choice)


def _described(spec: str) -> Model | None:
    """What is known of a model without asking anybody, drawn."""
    is_here = weights.folder_of(spec) is not None and not answers.is_of_python(spec)
    if is_here:
        with st.spinner("Reading what it is …"):
            model = networks.describe(spec)
    else:
        found = descriptions.remembered(spec)
        model = found[0] if found else None
    if model is None:
        st.caption("Nothing of it is on this machine yet: it is downloaded when it is checked or evaluated.")
        return None
    rows = "".join(
        f"<dt>{html.escape(about[0].upper() + about[1:])}</dt><dd>{html.escape(said)}</dd>"
        for about, said in answers.facts_of(model).items()
        if not (paths.read_only() and about == "folder")
    )
    st.html(f'<dl class="oc-facts">{rows}</dl>')
    return model


def _with_space(known: KnownModel, space: str) -> KnownModel:
    return KnownModel(**{**vars(known), "label_space": known.label_space or space})


def _fits(known: KnownModel, choice: Choice) -> None:
    """Benchmarks: with a result, ready, without images, unfit."""
    found = answers.fits(known)
    ready, fitting = sum(fit.is_ready for fit in found), sum(fit.fits for fit in found)
    is_known = bool(known.label_space) or known.is_file
    begins = "Fits" if is_known else "Its classes are not known yet, so it may fit"
    st.markdown(
        f"{begins} {fitting:,} of {count(len(found), 'benchmark')}; {ready:,} of them can be evaluated here now"
        + (f", {len(known.benchmarks)} have a result." if known.benchmarks else ".")
    )
    table = pd.DataFrame(
        {
            "Benchmark": [fit.key for fit in found],
            "Classes fit": [("yes" if is_known else "not known yet") if fit.fits else "no" for fit in found],
            "Images": ["here" if fit.has_data else "not here" for fit in found],
            "Result": ["yes" if fit.has_result else "–" for fit in found],
            "What is missing": [fit.why or "nothing" for fit in found],
        }
    )
    st.dataframe(table, hide_index=True, width="stretch", height=_HEIGHT_PX if len(found) > _LONG else "auto")
    if known.benchmarks and known.name in choice.known:
        frame.link("Its results beside others", _OVERVIEW_PAGE, {MODELS: known.name})
