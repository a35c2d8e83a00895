"""Long work of a page's own: a button that queues it, and how far it is where its result will be."""

from __future__ import annotations

import contextlib

import streamlit as st

from core import jobs, paths
from core.errors import OffcenterError, StoreError, UsageError
from core.jobs.kinds import Alignment, Diagnosis, Probe
from core.jobs.table import ENDED, Job
from core.types import Progress
from core.wording import count, duration, escaped
from pages.shared.page import frame, text

#: Seconds between two looks.
_LOOK_EVERY_S = 2.0


def offer(arguments: Alignment | Diagnosis | Probe, label: str, icon: str, hint: str) -> None:
    """A button that queues work on a stored result; while that waits or runs, how far it is instead.

    Args:
        arguments: With the identity of the result.
        label: Of the button.
        icon: Of the button.
        hint: What will be done; shown when the pointer rests on it.
    """
    job = _latest(arguments)
    if job is not None and job.state not in ENDED:
        watch(job.id)
        return
    if job is not None and job.message:
        said = f"{escaped(job.arguments.title)}: {escaped(job.message)}"
        (st.error if job.state == "failed" else st.warning)(said, icon=":material/error:")
        frame.link("See its log", frame.RUNS_PAGE, {"job": job.id})
    if paths.read_only():
        st.caption(text.DEMO)
        return
    if st.button(label, key=f"{arguments.kind}-{arguments.identity}", icon=icon, help=hint):
        try:
            jobs.submit(arguments)
        except OffcenterError as error:
            text.problem(error)
            return
        st.rerun()


def watch(job_id: str) -> None:
    """How far a job that waits or runs is, looked at again and again; the whole page is drawn anew when it ends."""
    st.fragment(_watch, run_every=_LOOK_EVERY_S)(job_id)


def _latest(arguments: Alignment | Diagnosis | Probe) -> Job | None:
    """The job of this kind on this result that was asked for last."""
    try:
        every = jobs.list_jobs()
    except StoreError:
        # The Runs page says what is wrong with the list, and mends it.
        return None
    about = [
        job
        for job in every
        if isinstance(job.arguments, type(arguments)) and job.arguments.identity == arguments.identity
    ]
    return max(about, key=lambda job: job.queued, default=None)


def _watch(job_id: str) -> None:
    try:
        job = jobs.find_job(job_id)
    except UsageError:
        job = None
    if job is None or job.state in ENDED:
        # Its result is there now, or the reason why not: the whole page says so.
        st.rerun(scope="app")
    title = escaped(job.arguments.title)
    if job.state == "queued":
        stalled = jobs.is_stalled(job)
        said = "waits, but the process that runs jobs has ended" if stalled else "waits for its turn"
        st.progress(0.0, text=f"{title}: {said}")
    else:
        progress = job.progress or Progress(0, 0, stage="starting")
        st.progress(share_done(progress), text=f"{title}: {how_far(progress, job.arguments.unit)}")
    with st.container(horizontal=True, vertical_alignment="center"):
        if not paths.read_only():
            st.button(
                "Stopping …" if job.cancelling else "Cancel",
                key=f"cancel-{job.id}",
                icon=":material/close:",
                disabled=job.cancelling,
                on_click=_cancel,
                args=(job.id,),
                help="What is finished stays, and can be gone on with.",
            )
        frame.link("Follow it on the Runs page", frame.RUNS_PAGE, {"job": job.id})


def _cancel(job_id: str) -> None:
    """Ask a job to stop; one that has just ended, or is gone, needs no more."""
    with contextlib.suppress(OffcenterError):
        jobs.cancel(job_id)


def share_done(progress: Progress) -> float:
    """0..1; 0 while nothing is known."""
    return min(1.0, progress.done / progress.total) if progress.total else 0.0


def how_far(progress: Progress, unit: str) -> str:
    """``1,203 of 5,000 images (24 %) · 24 images/s · 2 min 38 s left · 3 could not be read``.

    Args:
        progress: Of a job.
        unit: What it counts, in the singular.
    """
    if not progress.total:
        return f"{escaped(progress.stage.capitalize())} …"
    parts = [f"{progress.done:,} of {count(progress.total, unit)} ({progress.done / progress.total:.0%})"]
    parts.append(f"{progress.rate:,.3g} {unit}s/s" if progress.rate else f"{escaped(progress.stage)} …")
    if progress.seconds_left is not None:
        parts.append(f"{duration(progress.seconds_left)} left")
    if progress.failed:
        parts.append(f"{progress.failed:,} could not be read")
    return " · ".join(parts)
