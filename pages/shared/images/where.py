"""Where a run's images are, asked for where they are missing."""

from __future__ import annotations

import streamlit as st

from core import benchmarks, paths, store
from core.answers.cards import card_of
from core.errors import OffcenterError
from core.evaluate.relink import relink
from core.wording import code, linked
from pages.shared.page import cached, text


def ask(run: store.Run, within: str) -> None:
    """Say that a run's images are not where they were, with a field for where they are now.

    Args:
        run: Whose images are missing.
        within: Names the part of the page that asks: several parts of one page may ask the same.
    """
    root = benchmarks.root_of(run)
    gone = f"The images of this run were in {code(root)}, which is not there." if root else "No data folder is known."
    if paths.read_only():
        st.caption("The images of this result are not here.")
        return
    st.caption(f"The images are not on this machine. {gone}")
    st.html(f'<div class="oc-small">{linked(card_of(run).how_to_get)}</div>')
    if run.path.is_relative_to(paths.embedded_results()):
        return
    name = f"relink-{run.identity}-{within}"
    with st.form(name, border=False):
        key = f"{name}-folder"
        typed = st.text_input("New folder", placeholder="/path/to/the/images", key=key, max_chars=1000)
        if not st.form_submit_button("Use this folder", icon=":material/folder_open:") or not typed.strip():
            return
    try:
        with st.spinner("Comparing the images with those that were evaluated …"):
            relink(run, typed.strip())
    except OffcenterError as error:
        text.problem(error)
        return
    cached.forget_runs()
    st.rerun()
