"""Jobs as a reader sees them: how far, how long still, what went wrong, and what to do next."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path

import streamlit as st

from core import jobs, paths, store
from core.answers import report
from core.errors import OffcenterError
from core.jobs.kinds import Alignment, Diagnosis, Evaluation, Generation, Probe, Refresh
from core.jobs.table import ENDED, RESUMABLE, Job, State, tail
from core.types import Progress
from core.wording import count, duration, escaped, interval, percent
from pages.shared.cues.results import ABLATIONS, ALL, NOISE
from pages.shared.overview.finding import where_to_look
from pages.shared.page import cached, frame, text
from pages.shared.page.pickers import BENCHMARK, MODELS
from pages.shared.runs.following import how_far, share_done

#: Seconds between two looks at what is running.
_LOOK_EVERY_S = 1.0
#: Seconds for which an accuracy over finished images may be old.
_PARTIAL_S = 10
_PARTIAL_MOST = 200_000
_OVERVIEW_PAGE, _CUES_PAGE = "pages/overview.py", "pages/cues.py"
#: Families of views that the page Cues rests on.
_CUES = (ALL, ABLATIONS, NOISE)
#: Where the outcome of a question about one result is shown.
_PAGE_OF = {Diagnosis: "pages/mistakes.py", Probe: "pages/uncommon_settings.py", Alignment: _CUES_PAGE}
_COLOURS: dict[State, str] = {
    "queued": "gray",
    "running": "blue",
    "done": "green",
    "failed": "red",
    "cancelled": "gray",
    "interrupted": "orange",
}
_ICONS: dict[State, str] = {
    "queued": ":material/schedule:",
    "running": ":material/play_arrow:",
    "done": ":material/check:",
    "failed": ":material/error:",
    "cancelled": ":material/close:",
    "interrupted": ":material/bolt:",
}


def show_active(active: Sequence[Job]) -> None:
    """Jobs that run or wait, looked at again every second as long as there are any."""
    if active:
        st.fragment(_active, run_every=_LOOK_EVERY_S)(_standing(active))


def _standing(active: Sequence[Job]) -> list[tuple[str, State]]:
    return [(job.id, job.state) for job in active]


def _active(known: list[tuple[str, State]]) -> None:
    now = [job for job in jobs.list_jobs() if job.state not in ENDED]
    if _standing(now) != known:
        # One has begun, ended or come: the whole page says so.
        st.rerun(scope="app")
    for place, job in enumerate(now):
        with st.container(border=True, key=f"job-{job.id}"):
            _head(job)
            if job.state == "running":
                _running(job)
            else:
                _waiting(job, place)


def _head(job: Job) -> None:
    """What is run, its state, and the one thing that can be done about it."""
    title, button = st.columns([6, 1.3], vertical_alignment="center")
    with title, st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.markdown(f"**{escaped(job.arguments.title)}**", width="content")
        for detail in job.arguments.details:
            st.badge(escaped(detail), color="gray")
        st.badge(escaped(job.state), color=_COLOURS[job.state], icon=_ICONS[job.state])
    with button:
        _offer(job)


def _offer(job: Job) -> None:
    """Cancel, or go on."""
    if paths.read_only():
        return
    if job.state in ENDED:
        again = job.state in RESUMABLE and job.runnable
        label = "Try again" if job.state == "failed" else "Go on"
        if again and st.button(label, key=f"resume-{job.id}", icon=":material/replay:", width="stretch"):
            _act(jobs.resume, job)
        return
    label, hint = (
        "Stopping …" if job.cancelling else "Cancel",
        "What is finished stays stored; the job can go on later.",
    )
    if st.button(label, key=f"cancel-{job.id}", disabled=job.cancelling, width="stretch", help=hint):
        _act(jobs.cancel, job)


def _running(job: Job) -> None:
    progress = job.progress or Progress(0, 0, stage="starting")
    st.progress(share_done(progress), text=how_far(progress, job.arguments.unit))
    _result(job)


def _waiting(job: Job, place: int) -> None:
    if not job.runnable:
        st.caption("It waits for a version that knows this kind of job.")
    elif jobs.is_stalled(job):
        st.warning("It waits, but the process that runs jobs has ended.", icon=":material/bolt:")
        if not paths.read_only() and st.button("Start the queue", key=f"start-{job.id}"):
            jobs.start_workers()
            st.rerun(scope="app")
        _log("What it printed last", tail(jobs.worker_log(job.arguments.device)))
    else:
        st.caption(f"Waits for the {count(place, 'job')} before it." if place else "Starts in a moment …")


def _result(job: Job) -> None:
    """What has come of a job and the way to the page that shows it; nothing where nothing has."""
    if job.result is not None and "folder" in job.result:
        st.caption(f"In {escaped(job.result['folder'])}")
    run = _stored_run(job)
    if isinstance(job.arguments, Generation | Refresh) and job.result is not None:
        _link_to_set(job.arguments)
    elif run is not None and (page := _PAGE_OF.get(type(job.arguments)) or _page_of_views(run)):
        frame.link("See the results", page, {BENCHMARK: run.benchmark, MODELS: run.label})
    elif run is not None:
        _accuracy(job, run)


def _page_of_views(run: store.Run) -> str:
    """The page of a family whose views only mean something together; empty for others."""
    return _CUES_PAGE if any(table.computed for table in run.views.tables) else ""


def _link_to_set(asked: Generation | Refresh) -> None:
    if isinstance(asked, Generation):
        frame.link("Evaluate a model on it", frame.RUNS_PAGE, {"benchmark": f"si-score/{asked.factor}"})
    else:
        frame.link("See the results", _OVERVIEW_PAGE, {"only": "diorama"})


def _accuracy(job: Job, run: store.Run) -> None:
    """Accuracy over the finished images, and the way to the page that shows more."""
    try:
        overall = _overall(str(run.path), run.benchmark, run.n_done)
    except OffcenterError as error:
        text.problem(error)
        return
    if not overall:
        return
    drawn = "" if run.complete else ", those of the file" if run.is_imported else ", drawn at random"
    imported = "imported · " if run.is_imported else ""
    st.caption(
        f"Top-1 {percent(overall['top1'])} {interval(overall['top1_low'], overall['top1_high'])} over "
        f"{count(overall['n'], 'image')}{drawn} · {imported}identity {escaped(run.identity[:8])}"
    )
    if run.view == "clean" or run.view in _CUES:
        _link(run)


def _link(run: store.Run) -> None:
    page, picker, content = where_to_look(run.benchmark)
    if run.view in _CUES:
        page, picker, content = _CUES_PAGE, BENCHMARK, run.benchmark
    said = "See the results" if run.complete else "See the results so far"
    frame.link(said, page, {picker: content, MODELS: run.label})


def _stored_run(job: Job) -> store.Run | None:
    """The stored result that a job is about."""
    readable = cached.runs(str(paths.data_home()))
    if job.result is not None:
        wanted = job.result.get("benchmark"), job.result.get("identity")
        return next((run for run in readable if (run.benchmark, run.identity) == wanted), None)
    asked = job.arguments
    if not isinstance(asked, Evaluation):
        return None
    wanted = asked.benchmark, asked.view, asked.precision
    return next(
        (run for run in readable if (run.benchmark, run.view, run.precision) == wanted and asked.model in _names(run)),
        None,
    )


def _names(run: store.Run) -> tuple[str, str, str]:
    source = run.source
    return run.model, source, source.removeprefix("hf-hub:")


@st.cache_data(ttl=_PARTIAL_S, max_entries=64, show_spinner=False)
def _overall(folder: str, benchmark: str, n_done: int) -> dict:
    """Empty for a run that is too large to be read again and again; read anew when it has grown."""
    del n_done
    run = store.open_run(Path(folder), benchmark)
    if run is None or not 0 < run.n_done <= _PARTIAL_MOST:
        return {}
    return report.build(run, tables=())["overall"]


def show_ended(job: Job, *, open_log: bool = False) -> None:
    """A job that has ended: its result or its reason, and how to go on."""
    with st.container(border=True, key=f"job-{job.id}"):
        _head(job)
        if job.message:
            (st.error if job.state == "failed" else st.warning)(escaped(job.message[:1].upper() + job.message[1:]))
        _result(job)
        st.caption(_summary(job))
        if job.state == "failed" or open_log:
            _log("Last lines of the log", tail(job.log), expanded=open_log)


def _log(title: str, lines: str, *, expanded: bool = False) -> None:
    # A log says where things are on this machine, which is no visitor's matter.
    if lines and not paths.read_only():
        with st.expander(title, expanded=expanded):
            st.code(lines, language=None, wrap_lines=True)


def _summary(job: Job) -> str:
    parts = [f"job {escaped(job.id)}"]
    if job.ended:
        parts.append(f"ended {_ago(job.ended)}")
    run = _stored_run(job) if isinstance(job.arguments, Evaluation) else None
    if run is not None:
        parts.append(f"{run.n_done:,} of {count(run.n_samples, 'image')} stored")
    if job.state == "done" and job.started and job.ended:
        parts.append(f"took {duration(job.ended - job.started)}")
    return " · ".join(parts)


def _ago(moment: float) -> str:
    seconds = max(0.0, time.time() - moment)
    return "just now" if seconds < 60 else f"{duration(seconds)} ago"


def _act(change: Callable[[str], Job], job: Job) -> None:
    try:
        change(job.id)
    except OffcenterError as error:
        text.problem(error)
        return
    st.rerun(scope="app")
