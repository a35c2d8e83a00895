"""The data: what is on this machine, one's own, how to get what is missing, and room. ``?of=KEY`` picks a benchmark."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec

import streamlit as st

from core import paths
from core.getting.meter import size
from core.getting.status import Status
from core.wording import count
from pages.shared.data import status
from pages.shared.page import frame, text

TITLE = "Data"


def page() -> None:
    """Draw the page."""
    frame.begin(TITLE, pick_models=False)
    found = status.now()
    text.head(TITLE, _finding(found))
    if paths.read_only():
        st.info(text.DEMO, icon=":material/lock:")
    else:
        _add_your_own()
    st.subheader("Benchmarks", anchor=False)
    st.dataframe(found.benchmarks[["key", "title", "state", "n_images", "n_bytes", "runs"]], hide_index=True)


def _finding(found: Status) -> str:
    """How things stand, in a sentence."""
    ready = int((found.benchmarks["state"] == "present").sum())
    disk = sum(n or 0 for table in (found.models, found.downloads) for n in table["n_bytes"])
    return (
        f"**{count(ready, 'benchmark')}** of {len(found.benchmarks)} are ready here, with "
        f"{count(len(found.models), 'model')} and {count(len(found.results), 'result')}; {size(disk)} of disk."
    )


def _add_your_own() -> None:
    st.subheader("Add your own", anchor=False)
    for name, label in (("own", "Images of your own"), ("predictions", "Predictions of your own")):
        if find_spec(f"pages.shared.data.{name}"):
            with st.expander(label):
                import_module(f"pages.shared.data.{name}").show()


frame.draw(page)
