"""What is known of the benchmark that was picked, and what can be done with it."""

from __future__ import annotations

from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import paths
from core.benchmarks import benchmark_class
from core.benchmarks.own import OwnBenchmark
from core.errors import OffcenterError
from core.getting.status import Status
from core.jobs.kinds.description import Description
from core.own import entries
from core.wording import code
from pages.shared.data import check, fetch, status
from pages.shared.overview.finding import where_to_look
from pages.shared.page import cached, dock, frame, place, text
from pages.shared.page.frame import Choice
from pages.shared.page.pickers import MODELS

_STATES = {"present": "ready", "partial": "partial", "missing": "missing"}
_DESCRIBE = (
    "Brightness, contrast, sharpness and more of each image, and of the object where there are masks: factors by which "
    "every result can be broken down. It goes on where it was."
)


def show(found: Status, choice: Choice, right: DeltaGenerator) -> None:
    """What is known of the picked benchmark; nothing where none is picked.

    Args:
        found: What is there.
        choice: Of the sidebar.
        right: Of ``dock.workspace``.
    """
    cell = place.chosen_cell()
    row = next((row for row in found.benchmarks.itertuples() if cell and row.key == cell.benchmark), None)
    if row is None:
        return
    with dock.opened(right, code(row.key)):
        _facts(row, choice)
        _ways(row, choice)
        if not paths.read_only():
            _work(row)
            _fetch(row)
            if row.kind == "own":
                _remove(row.key)


def _facts(row: Any, choice: Choice) -> None:
    known = benchmark_class(row.key)
    published = f" of {row.n_published:,}" if row.n_published and row.kind != "own" else ""
    is_demo = paths.read_only()
    images = f"{status.number(row.n_images, row.at_least)}{published}" if row.n_images is not None else ""
    folder = f"{row.folder} ({row.source})" if row.folder and not is_demo else ""
    # One's own benchmark says in which folder its images were.
    how_to_get = known.how_to_get if row.state != "present" and not (is_demo and row.kind == "own") else ""
    about = known.card().about
    st.html(
        fetch.facts(
            {
                "What": known.title,
                "About": about if about != known.title else "",
                "State": f"{_STATES[row.state]}{f': {row.why}' if row.why else ''}",
                "Images": images,
                "Disk": status.size(row.n_bytes, row.at_least) if row.n_bytes is not None else "",
                "Folder": folder,
                "Results": f"{row.runs}" if row.runs else "none yet",
                "Paper": known.paper,
                "Licence": known.licence,
                "How to get": how_to_get,
                "Notes": "" if is_demo else "\n".join(_notes(row, choice)),
            }
        )
    )


def _notes(row: Any, choice: Choice) -> list[str]:
    """What results, and what was kept of one's own, say of the data; they may name folders."""
    notes = [note for run in choice.runs if run.benchmark == row.key for note in run.entry.notes]
    known = benchmark_class(row.key)
    if issubclass(known, OwnBenchmark):
        notes += known.entry.notes
    return list(dict.fromkeys(notes))


def _ways(row: Any, choice: Choice) -> None:
    """The page that looks at its results, and the one that makes some."""
    with st.container(horizontal=True, gap="small"):
        if row.runs:
            page_, picker, content = where_to_look(row.key)
            models = [model for model in choice.known if row.key in choice.known[model].benchmarks]
            kept = [model for model in choice.models if model in models]
            frame.link("See its results", page_, {picker: content, MODELS: kept or models[:1]})
        if row.state != "missing" and not paths.read_only():
            frame.link("Run a model on it", frame.RUNS_PAGE, {"benchmark": row.key})


def _work(row: Any) -> None:
    """Check the folder, and compute facts about the images."""
    if row.state == "missing":
        return
    with st.container(horizontal=True, gap="small"):
        if st.button("Check its data", key=f"check-of-{row.key}", icon=":material/fact_check:"):
            check.begin(row.key, "", row.key)
        if st.button("Describe its images", key=f"describe-{row.key}", icon=":material/tune:", help=_DESCRIBE):
            fetch.queue(Description(row.key))
    check.show(row.key)


def _fetch(row: Any) -> None:
    """What can be fetched; folded away where the data are here."""
    if not fetch.entries_of(row.key):
        return
    if row.state == "present":
        with st.expander("Fetch it anew"):
            fetch.offer(row.key)
    else:
        st.markdown("**Fetch**")
        fetch.offer(row.key)


def _remove(key: str) -> None:
    """Take one's own off the list, once that was asked."""
    asked = f"remove-asked-{key}"
    if not st.session_state.get(asked):
        if st.button("Take it off the list …", key=f"remove-{key}", type="tertiary", icon=":material/playlist_remove:"):
            st.session_state[asked] = True
            st.rerun()
        return
    st.warning(f"Take {code(key)} off the list? Its images and results stay where they are.")
    with st.container(horizontal=True, gap="small"):
        yes = st.button("Take it off", key=f"remove-yes-{key}", type="primary")
        if st.button("Keep it", key=f"remove-no-{key}") or yes:
            st.session_state.pop(asked, None)
            if yes and not _removed(key):
                return
            st.rerun()


def _removed(key: str) -> bool:
    try:
        aside = entries.remove(key)
    except OffcenterError as error:
        text.problem(error)
        return False
    status.forget()
    cached.forget_runs()
    st.session_state["data-said"] = f"{key} is off the list; what was kept of it is {aside}."
    return True
