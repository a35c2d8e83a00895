"""Predictions that another framework wrote: a file, what it is understood to say, and the ways to what came of it."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from pathlib import Path

import streamlit as st

from core import jobs, paths
from core.answers import catalogue
from core.benchmarks import benchmark_class, find_data, known_benchmarks, open_benchmark
from core.errors import OffcenterError, StoreError
from core.evaluate.imported.columns import READERS
from core.evaluate.imported.predictions import import_predictions, require_name
from core.evaluate.imported.reading import FIRST_CLASSES, Read, read
from core.jobs.kinds import Predictions
from core.jobs.table import ENDED, Job
from core.wording import count, escaped, percent
from pages.shared.data import evaluating, given
from pages.shared.page import address, cached, frame
from pages.shared.runs import following

#: Name in the URL of the result that was imported.
IMPORTED = "imported"
_FILE, _BENCHMARK, _NAME = "predictions-file", "predictions-benchmark", "predictions-name"
_SPACE, _FIRST, _PARTIAL, _MODEL = "predictions-space", "predictions-first", "predictions-partial", "predictions-model"
#: What this session has queued, and what it has stored.
_JOB, _DONE = "predictions-job", "predictions-done"
#: Images up to which a file is stored at once; more, or a model that is asked, is work for the queue.
_AT_ONCE = 20_000
#: Seconds for which what was understood may be old, unless the file or the data change.
_FRESH_S = 300
_FILE_HELP = (
    "A row an image: `file, top1[, prob]`; or `file, top1, top2, …`; or `file` and a list (`topk`, `logits`); or "
    "`file` and a column for each class. Classes by index, WordNet id or name. CSV, TSV, Parquet, JSON lines, or NPZ."
)
_MODEL_HELP = (
    "The model that made them, as on the Runs page, to be asked where it looks; it is compared with the file on a few "
    "images. Without one there is no Grad-CAM."
)


@dataclass(frozen=True)
class _Asked:
    """What stands in the form."""

    file: str
    benchmark: str
    name: str
    space: str = ""
    first_class: int = 0
    partial: bool = False
    model: str = ""

    @property
    def job(self) -> Predictions:
        """As work for the queue."""
        return Predictions(
            self.file,
            self.name,
            self.benchmark,
            model=self.model or None,
            label_space=self.space or None,
            first_class=self.first_class,
            partial=self.partial,
        )


def show() -> None:
    """Draw the form, what was understood, and what came of it; nothing in a demo."""
    if paths.read_only():
        return
    here = [key for key in known_benchmarks() if find_data(key) is not None]
    if not here:
        st.caption("Predictions are of the images of a benchmark, and none has its data here yet: add or fetch some.")
        return
    try:
        asked = _fields(sorted(here, key=lambda key: not catalogue.is_own(key)))
        if asked is not None:
            _understood(asked)
    except OffcenterError as error:
        given.problem(error)
    _came_of_it()


def _fields(here: list[str]) -> _Asked | None:
    """The fields; None where no file is named."""
    left, right = st.columns(2, gap="medium")
    with left:
        file = given.file("File of predictions", _FILE, READERS, "/path/to/predictions.csv", _FILE_HELP)
    given.propose(_NAME, paths.slug(Path(file).stem) if file else "")
    with right:
        benchmark = st.selectbox("Benchmark", here, key=_BENCHMARK, help="Whose images they are about.") or here[0]
    left, right = st.columns(2, gap="medium", vertical_alignment="bottom")
    with left:
        name = st.text_input(
            "Name", key=_NAME, max_chars=100, help="What the model is called on all pages, marked as imported."
        )
    with right, st.popover("More", icon=":material/tune:"):
        space, first, partial, model = _details(benchmark)
    if not file:
        return None
    return _Asked(file, benchmark, name.strip() or paths.slug(Path(file).stem), space, first, partial, model)


def _details(benchmark: str) -> tuple[str, int, bool, str]:
    """Label space, index of the first class, whether images may be left out, and the model."""
    spaces = ["", *benchmark_class(benchmark).label_spaces]
    if st.session_state.get(_SPACE) not in spaces:
        st.session_state[_SPACE] = ""
    space = st.selectbox(
        "Label space", spaces, key=_SPACE, format_func=lambda key: key or "the one in which they make sense",
        help="That the file's classes are of.",
    )  # fmt: skip
    first = st.segmented_control(
        "Index of the first class", list(FIRST_CLASSES), key=_FIRST, default=FIRST_CLASSES[0], required=True,
        help="1 where the file counts from 1, or has a background class before the others.",
    )  # fmt: skip
    partial = st.toggle("Some images may have no prediction", key=_PARTIAL, help="The result is then a partial one.")
    model = st.text_input("Model", key=_MODEL, placeholder="none", help=_MODEL_HELP, max_chars=1000)
    return space or "", int(first or 0), partial, given.path_of(model)


def _understood(asked: _Asked) -> None:
    """What the file says of the benchmark's images, and the button that keeps it."""
    name = require_name(asked.name)
    opened = open_benchmark(asked.benchmark)
    versions = given.version(asked.file), given.version(str(opened.root))
    found = _read(asked.file, asked.benchmark, str(opened.root), asked.space, asked.first_class, versions)
    missing = len(found.samples) - found.n
    given.tiles(
        [
            ("Rows", f"{len(found.content):,}", Path(asked.file).name),
            ("Images with a prediction", f"{found.n:,}", f"{missing:,} without" if missing else "all of them"),
            ("Right", percent(found.accuracy), f"by guessing {percent(found.chance)}"),
        ]
    )
    st.caption("  \n".join(f":material/info: {escaped(text)}" for text in found.said[:-1]))
    if not found.makes_sense:
        st.warning(
            "No more are right than by guessing: are the classes in another order, or the rows about other images?",
            icon=":material/rule:",
        )
    needs_partial = missing > 0 and not asked.partial
    if needs_partial:
        st.warning(
            f"{count(missing, 'image')} of {len(found.samples):,} have no prediction. To keep the others as a partial "
            "result, switch on “Some images may have no prediction” under More.",
            icon=":material/rule:",
        )
    if st.session_state.get(_DONE) == astuple(asked):
        return
    label = escaped(f"Import as {name} on {asked.benchmark}")
    if st.button(label, key="predictions-import", type="primary", icon=":material/download:", disabled=needs_partial):
        _import(asked, found)


@st.cache_resource(ttl=_FRESH_S, max_entries=4, show_spinner="Reading the predictions …")
def _read(
    file: str, benchmark: str, root: str, space: str, first_class: int, versions: tuple[given.Version, ...]
) -> Read:
    del root, versions
    return read(paths.place(file), open_benchmark(benchmark), space=space or None, first_class=first_class)


def _import(asked: _Asked, found: Read) -> None:
    """Store a small file now; a large one, or one with a model to be asked, is queued."""
    st.session_state.pop(_JOB, None)
    if asked.model or len(found.samples) > _AT_ONCE:
        st.session_state[_JOB] = jobs.submit(asked.job.checked()).id
        address.put(**{IMPORTED: ""})
        st.rerun()
    with st.spinner("Storing …"):
        stored = import_predictions(
            found.path,
            asked.name,
            found.benchmark,
            space=asked.space or None,
            first_class=asked.first_class,
            partial=asked.partial,
        )
    cached.forget_runs()
    st.session_state[_DONE] = astuple(asked)
    address.put(**{IMPORTED: stored.run.identity})
    st.rerun()


def _came_of_it() -> None:
    """How far the import is, or the ways to its result."""
    identity, job = next(iter(address.asked(IMPORTED)), ""), _job()
    if job is not None and job.state not in ENDED:
        following.watch(job.id)
        return
    if job is not None and job.state == "done":
        identity = str((job.result or {}).get("identity", ""))
    elif job is not None and job.message:
        st.error(escaped(given.in_form(job.message[:1].upper() + job.message[1:])), icon=":material/error:")
        frame.link("See its log", frame.RUNS_PAGE, {"job": job.id})
    if not identity:
        return
    runs = cached.runs(str(paths.data_home()))
    if identity not in {run.identity for run in runs}:
        cached.forget_runs()
        runs = cached.runs(str(paths.data_home()))
    run = next((run for run in runs if run.identity == identity), None)
    if run is not None:
        st.markdown(f":material/check: Imported: identity {escaped(identity)}.")
        evaluating.links(run)


def _job() -> Job | None:
    """The import that this session has queued."""
    try:
        return jobs.find_job(st.session_state[_JOB]) if _JOB in st.session_state else None
    except (OffcenterError, StoreError):
        return None
