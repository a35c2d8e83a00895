"""After a set of one's own was added: evaluate a model on it, see how far that is, and go to where it breaks."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from core import jobs, paths, store
from core.answers import catalogue
from core.answers.catalogue import KnownModel
from core.answers.questions import Question
from core.errors import OffcenterError, StoreError
from core.images.views import CLEAN
from core.jobs.kinds import Evaluation
from core.jobs.table import ENDED, Job
from core.own import entries
from core.store import weights
from core.types import Factor
from core.wording import count, escaped, interval, percent
from pages.shared.data import given
from pages.shared.models.checked import why_refused
from pages.shared.page import cached, frame
from pages.shared.page.pickers import BENCHMARK, MODELS
from pages.shared.runs import following

_FACTORS_PAGE, _OVERVIEW_PAGE, _MISTAKES_PAGE = (
    "pages/size_location_rotation.py",
    "pages/overview.py",
    "pages/mistakes.py",
)
_MODEL = "own-model"
_MODEL_HELP = (
    "Models on this machine whose classes may fit, or any other: `resnet50.a1_in1k`, `local-dir:/path/to/folder`, "
    "`open-clip:ViT-B-32/openai`, whose texts name the classes of this set, `onnx:net.onnx`, … Weights that are not "
    "here are downloaded."
)


def show(name: str) -> None:
    """Draw what comes after a set was added.

    Args:
        name: Of the set, as a link may name it.
    """
    if name not in entries.names():
        st.caption(f"The link names {escaped(name)}, which is not among your own data.")
        return
    try:
        entry = entries.entry(name)
    except OffcenterError as error:
        given.problem(error)
        return
    factors = [factor.label for factor in entry.factors if factor.name != "class"]
    by = f", by {escaped(_listed(factors))}" if factors else ""
    st.markdown(f":material/check: **{escaped(name)}** is a benchmark now: {count(entry.n, 'image')}{by}.")
    job = _latest(name)
    run = _newest(name, job)
    if job is not None and job.state not in ENDED:
        following.watch(job.id)
    else:
        if job is not None and job.state != "done" and job.message:
            said = f"{escaped(job.arguments.title)}: {escaped(job.message)}"
            (st.error if job.state == "failed" else st.warning)(said, icon=":material/error:")
            frame.link("See its log", frame.RUNS_PAGE, {"job": job.id})
        if run is not None:
            links(run)
        _evaluate(entry, is_first=run is None)


def _listed(names: list[str], most: int = 4) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def _latest(name: str) -> Job | None:
    """The evaluation on a set that was asked for last."""
    try:
        every = jobs.list_jobs()
    except StoreError:
        # The Runs page says what is wrong with the list, and mends it.
        return None
    about = [job for job in every if isinstance(job.arguments, Evaluation) and job.arguments.benchmark == name]
    return max(about, key=lambda job: job.queued, default=None)


def _newest(name: str, job: Job | None) -> store.Run | None:
    """The result of a job if it has one, else the newest on the set."""
    identity = (job.result or {}).get("identity") if job is not None and job.state == "done" else None
    found = _runs_on(name)
    if identity and identity not in {run.identity for run in found}:
        # It has just ended, and lists of results may be seconds old.
        cached.forget_runs()
        found = _runs_on(name)
    own = [run for run in found if run.identity == identity]
    return max(own or found, key=lambda run: (run.complete, run.manifest.updated), default=None)


def _runs_on(name: str) -> list[store.Run]:
    return [run for run in cached.runs(str(paths.data_home())) if (run.benchmark, run.view) == (name, CLEAN)]


def _evaluate(entry: entries.Entry, *, is_first: bool) -> None:
    """A model, and the button that queues its evaluation."""
    known = catalogue.known_models(cached.runs(str(paths.data_home())))
    spaces = catalogue.benchmark_class(entry.name).label_spaces
    fitting = {weights.spec_of(each.source): each for each in known.values() if catalogue.may_fit(each, spaces)}
    options = list(fitting)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        model = st.selectbox(
            "Model", options, key=_MODEL, accept_new_options=True, width=360, help=_MODEL_HELP,
            index=options.index(_first(fitting)) if options else None, placeholder="Choose, or type a name",
        )  # fmt: skip
        label = f"Evaluate {entry.name} with {model.strip()[:60]}" if model else f"Evaluate {entry.name}"
        pressed = st.button(
            escaped(label), key="own-evaluate", type="primary" if is_first else "secondary", disabled=not model,
            icon=":material/play_arrow:",
        )  # fmt: skip
        along = {"benchmark": entry.name, **({"model": model} if model else {})}
        frame.link("Views, precision, limits", frame.RUNS_PAGE, along)
    refused = why_refused(model) if model else ""
    if refused:
        st.warning(escaped(refused), icon=":material/block:")
    elif pressed and model:
        try:
            jobs.submit(Evaluation(model, entry.name).checked())
        except OffcenterError as error:
            given.problem(error)
            return
        st.rerun()


def _first(fitting: Mapping[str, KnownModel]) -> str:
    """A model whose weights are here, one that was evaluated before first."""
    return min(fitting, key=lambda spec: (fitting[spec].megabytes is None, not fitting[spec].benchmarks))


def links(run: store.Run) -> None:
    """What came of a model on a benchmark in a sentence, and the ways to the pages that show it."""
    row = cached.answer(run, Question()).iloc[0]
    n = count(int(row["n"]), "image")
    over = n if run.complete else f"{n}, of {run.n_samples:,} that there are"
    st.markdown(
        f"**{escaped(run.label)}** is right on **{percent(row['value'])}** {interval(row['low'], row['high'])} of "
        f"{over}."
    )
    query = {BENCHMARK: run.benchmark, MODELS: run.label}
    with st.container(horizontal=True, gap="small"):
        if _factors(run):
            frame.link("See where it breaks", _FACTORS_PAGE, query)
        frame.link("Its mistakes", _MISTAKES_PAGE, query)
        frame.link("Beside others", _OVERVIEW_PAGE, {"only": catalogue.family_of(run.benchmark), MODELS: run.label})


def _factors(run: store.Run) -> tuple[Factor, ...]:
    return catalogue.benchmark_class(run.benchmark).factors
