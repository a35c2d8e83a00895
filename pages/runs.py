"""Start evaluations, follow them, cancel them, see what became of those that ended, and which models there are.

``?job=ID`` shows a job, ``?model=NAME`` a model.
"""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core import jobs, paths
from core.errors import UsageError
from core.jobs.table import ENDED, RESUMABLE, Job
from core.store.database import DamagedError
from core.wording import count, escaped
from pages.shared.models import section
from pages.shared.page import address, frame, text
from pages.shared.runs import cards, form

TITLE = "Runs"
JOB = "job"
#: Ended jobs that are shown at once.
_SHOWN = 12


def page() -> None:
    """Draw the page."""
    choice = frame.begin(TITLE, pick_models=False)
    try:
        every = jobs.list_jobs()
    except DamagedError as error:
        _damaged(error)
        return
    active = [job for job in every if job.state not in ENDED]
    text.head(TITLE, _finding(every, active))
    linked = _linked()
    if paths.read_only():
        st.info(text.DEMO, icon=":material/lock:")
    else:
        form.show(choice.known, choice.models[0] if choice.models else "")
    if active:
        st.subheader("Running and waiting", anchor=False)
        cards.show_active(active)
    section.show(choice)
    _ended([job for job in every if job.state in ENDED], linked)


def _damaged(error: DamagedError) -> None:
    """The list of jobs is no list: what it is, and a button that takes it out of the way."""
    text.head(TITLE, "The list of jobs cannot be read; stored results are not touched by that.")
    text.problem(error)
    if not paths.read_only() and st.button("Set it aside and begin a new list", icon=":material/healing:"):
        jobs.set_aside()
        st.rerun()


def _finding(every: Sequence[Job], active: Sequence[Job]) -> str:
    """How things stand, in a sentence."""
    if not every:
        how = "" if paths.read_only() else ": choose a model and a benchmark below. Pages can be closed meanwhile"
        return f"Nothing has run here yet{how}."
    running = [job for job in active if job.state == "running"]
    waiting = len(active) - len(running)
    parts = [f"Running: **{escaped(job.arguments.title)}**" for job in running] or ["Nothing is running"]
    parts += [f"{count(waiting, 'job')} {'waits' if waiting == 1 else 'wait'}"] if waiting else []
    early = sum(job.state in RESUMABLE for job in every)
    parts += [f"{count(early, 'job')} ended early and can go on"] if early else []
    return "; ".join(parts) + "."


def _linked() -> Job | None:
    """The job of the URL, shown on top once it has ended."""
    name = next(iter(address.asked(JOB)), "")
    if not name:
        return None
    try:
        job = jobs.find_job(name)
    except UsageError as error:
        st.warning(f"The link names a job that is not on the list: {escaped(error)}", icon=":material/link_off:")
        return None
    if job.state in ENDED:
        cards.show_ended(job, open_log=job.state != "done")
    return job


def _ended(ended: Sequence[Job], linked: Job | None) -> None:
    rest = [job for job in ended if linked is None or job.id != linked.id]
    if not rest:
        return
    title, button = st.columns([6, 1.3], vertical_alignment="bottom")
    title.subheader("Ended", anchor=False)
    clear = not paths.read_only()
    if clear and button.button(
        "Clear list", width="stretch", help="Takes ended jobs off the list. Their results stay."
    ):
        for job in ended:
            jobs.forget(job.id)
        address.put(job="")
        st.rerun()
    for job in rest[:_SHOWN]:
        cards.show_ended(job)
    if len(rest) > _SHOWN:
        st.caption(f"… and {len(rest) - _SHOWN} earlier ones; `python -m core jobs` lists them all.")


frame.draw(page)
