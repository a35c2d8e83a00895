"""Answers of the engine, kept for the sessions of this server. Keys are paths, versions and questions, never tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from core import benchmarks, labels, paths, store
from core.answers import (
    catalogue,
    compare,
    cue_tables,
    joined,
    questions,
    report,
    setting_tables,
    spans,
    zoom_tables,
)
from core.answers import flips as flipping
from core.answers import tolerance as tolerances
from core.answers import worst as worsts
from core.answers.compare import Contrast
from core.answers.flips import Flips, Kind
from core.answers.questions import Question, StoredPolicy
from core.answers.spans import Binned
from core.answers.tolerance import Tolerance
from core.answers.worst import Worst
from core.benchmarks.base import Benchmark
from core.errors import OffcenterError
from core.evaluate.relink import refreshed
from core.explain import alignments
from core.store.runs import Snapshot
from core.types import Factor, Policy
from core.wording import code, escaped

#: Seconds for which a list of results may be old.
_FRESH_S = 3
_QUIET: dict[str, Any] = {"show_spinner": False}
#: A run's folder and benchmark, and the version of the tables computed from it.
Key = tuple[str, str, str]


@st.cache_resource(ttl=_FRESH_S, max_entries=4, **_QUIET)
def _listed(data_home: str) -> tuple[list[store.Run], list[str]]:
    del data_home
    listing = store.list_all()
    good, problems = [], [escaped(said) for said in listing.problems.values()]
    for run in catalogue.told_apart(listing.runs):
        try:
            # A label or factor that was corrected is seen at once, and costs no inference.
            run = refreshed(run)
            seen = Snapshot(run.n_samples, run.n_done, joined.version(run))
        except OffcenterError as error:
            problems.append(f"**{escaped(run.label)}** on {code(run.benchmark)}: {escaped(error)}")
        else:
            good.append(replace(run, snapshot=seen))
    return good, problems


def runs(data_home: str) -> list[store.Run]:
    """All stored results that can be read; the data folder is the key, so that it may change while the server runs."""
    return _listed(data_home)[0]


def forget_runs() -> None:
    """List the stored results anew, since one was changed."""
    _listed.clear()


def damaged(data_home: str) -> list[str]:
    """What is wrong with the stored results that cannot be read, as Markdown."""
    return _listed(data_home)[1]


def key_of(run: store.Run) -> Key:
    """What a run's tables are remembered by; see ``core.answers.joined.version``."""
    return str(run.path), run.benchmark, run.snapshot.version if run.snapshot else joined.version(run)


def keys_of(runs: Mapping[Any, store.Run]) -> tuple[tuple[Any, Key, int], ...]:
    """What all that is said of several runs is remembered by: their names, keys, and how far each is."""
    return tuple((name, key_of(run), run.n_done) for name, run in runs.items())


def _open(key: Key) -> store.Run:
    run = store.open_run(Path(key[0]), key[1])
    if run is None:
        raise FileNotFoundError(key[0])
    return run


@st.cache_data(max_entries=2048, show_spinner="Reading the predictions, once …")
def _answer(key: Key, question: Question) -> pd.DataFrame:
    return questions.answer(_open(key), question)


def answer(run: store.Run, question: Question) -> pd.DataFrame:
    """See ``questions.answer``."""
    return _answer(key_of(run), question)


@st.cache_data(max_entries=64, **_QUIET)
def _behind(key: Key, question: Question) -> pd.DataFrame:
    return questions.behind(_open(key), question)


def behind(run: store.Run, question: Question) -> pd.DataFrame:
    """See ``questions.behind``."""
    return _behind(key_of(run), question)


@st.cache_data(max_entries=1024, show_spinner="Reading the predictions, once …")
def _settings(key: Key, question: str) -> pd.DataFrame:
    return setting_tables.answer(_open(key), question)


def settings(run: store.Run, question: str) -> pd.DataFrame:
    """See ``core.answers.setting_tables.answer``."""
    return _settings(key_of(run), question)


@st.cache_data(max_entries=512, **_QUIET)
def _levels(key: Key, factor: Factor) -> list:
    return questions.levels(_open(key), factor)


def levels(run: store.Run, factor: Factor) -> list:
    """See ``questions.levels``."""
    return _levels(key_of(run), factor)


@st.cache_data(max_entries=1024, **_QUIET)
def _binned(key: Key, factor: Factor) -> Binned | None:
    return spans.binned(_open(key), factor)


def binned(run: store.Run, factor: Factor) -> Binned | None:
    """See ``core.answers.spans.binned``."""
    return _binned(key_of(run), factor)


@st.cache_data(max_entries=1024, show_spinner="Comparing all values, once …")
def _worst(key: Key, by: tuple[str, ...], question: Question) -> Worst:
    return worsts.worst(_open(key), by, question)


def worst(run: store.Run, by: tuple[str, ...], question: Question) -> Worst:
    """See ``core.answers.worst.worst``."""
    return _worst(key_of(run), by, question)


@st.cache_data(max_entries=1024, show_spinner="Comparing on the common images, once …")
def _paired(first: Key, second: Key, question: Question) -> pd.DataFrame:
    return compare.paired_difference(_open(first), _open(second), question)


def paired(first: store.Run, second: store.Run, question: Question) -> pd.DataFrame:
    """See ``compare.paired_difference``."""
    return _paired(key_of(first), key_of(second), question)


@st.cache_data(max_entries=1024, show_spinner="Comparing on the common images, once …")
def _flips(first: Key, second: Key, question: Question) -> pd.DataFrame:
    return flipping.answer(_open(first), _open(second), question)


def flips(first: store.Run, second: store.Run, question: Question) -> pd.DataFrame:
    """See ``core.answers.flips.answer``."""
    return _flips(key_of(first), key_of(second), question)


@st.cache_data(max_entries=1024, **_QUIET)
def _flips_of_all(first: Key, second: Key, question: Question) -> Flips:
    return flipping.summary(_open(first), _open(second), question)


def flips_of_all(first: store.Run, second: store.Run, question: Question) -> Flips:
    """See ``core.answers.flips.summary``."""
    return _flips_of_all(key_of(first), key_of(second), question)


@st.cache_data(max_entries=1024, show_spinner="Comparing all values, once …")
def _flips_most(first: Key, second: Key, by: tuple[str, ...], question: Question, kind: Kind) -> Worst:
    return flipping.most(_open(first), _open(second), by, question, kind)


def flips_most(first: store.Run, second: store.Run, by: tuple[str, ...], question: Question, kind: Kind) -> Worst:
    """See ``core.answers.flips.most``."""
    return _flips_most(key_of(first), key_of(second), by, question, kind)


@st.cache_data(max_entries=64, **_QUIET)
def _flipped(first: Key, second: Key, question: Question, kind: Kind) -> frozenset[str]:
    return frozenset(flipping.images(_open(first), _open(second), question, kind))


def flipped(first: store.Run, second: store.Run, question: Question, kind: Kind) -> frozenset[str]:
    """See ``core.answers.flips.images``."""
    return _flipped(key_of(first), key_of(second), question, kind)


@st.cache_data(max_entries=1024, **_QUIET)
def _contrast(key: Key, name: str, argument: str, question: Question) -> Contrast:
    run = _open(key)
    if name == "centre_to":
        return compare.centre_to(run, argument, question)
    if name == "turned":
        return compare.turned(run, argument, question)
    return compare.half_area(run, question)


def centre_to(run: store.Run, region: str, question: Question) -> Contrast:
    """See ``compare.centre_to``."""
    return _contrast(key_of(run), "centre_to", region, question)


def turned(run: store.Run, factor: str, question: Question) -> Contrast:
    """See ``compare.turned``."""
    return _contrast(key_of(run), "turned", factor, question)


def half_area(run: store.Run, question: Question) -> Contrast:
    """See ``compare.half_area``."""
    return _contrast(key_of(run), "half_area", "", question)


@st.cache_data(max_entries=256, **_QUIET)
def _sample(key: Key, sample_id: str, view: str) -> joined.Sample | None:
    return joined.sample(_open(key), sample_id, view)


def sample(run: store.Run, sample_id: str, view: str = "") -> joined.Sample | None:
    """See ``joined.sample``."""
    return _sample(key_of(run), sample_id, view)


@st.cache_data(max_entries=64, **_QUIET)
def _scores(key: Key) -> pd.DataFrame:
    return report.computed(_open(key), "scores")


def scores(run: store.Run) -> pd.DataFrame:
    """The table ``scores`` of a run's benchmark; see ``core.benchmarks.imagenet_scores``."""
    return _scores(key_of(run))


@st.cache_data(max_entries=128, show_spinner="Reading the predictions, once …")
def _cues(key: Key, name: str, policy: StoredPolicy) -> pd.DataFrame:
    return cue_tables.answer(_open(key), name, policy)


def cues(run: store.Run, name: str, policy: StoredPolicy = "top1") -> pd.DataFrame:
    """See ``core.answers.cue_tables.answer``."""
    return _cues(key_of(run), name, policy)


@st.cache_data(max_entries=256, show_spinner="Reading the predictions, once …")
def _zooms(key: Key, name: str, policy: Policy, others: tuple[str, ...]) -> pd.DataFrame:
    del others
    return zoom_tables.answer(_open(key), name, policy)


def zooms(run: store.Run, name: str, policy: Policy = "top1") -> pd.DataFrame:
    """See ``core.answers.zoom_tables.answer``; anew once there are other results that it counts too."""
    return _zooms(key_of(run), name, policy, zoom_tables.others_of(run, name))


def aligned(run: store.Run) -> pd.DataFrame:
    """See ``core.explain.alignments.summary_of``, which keeps it on disk; work on it goes on beside the page."""
    return alignments.summary_of(run)


@st.cache_resource(max_entries=16, **_QUIET)
def _benchmark(key: str, data_home: str, stamp: object) -> Benchmark | None:
    del data_home, stamp
    return catalogue.data_of(key)


def benchmark(key: str, data_home: str) -> Benchmark | None:
    """A benchmark on its data; looked for again until it is found, opened again when its annotations change."""
    stamp = benchmarks.annotation_stamp(benchmarks.find_data(key))
    found = _benchmark(key, data_home, stamp)
    if found is None:
        _benchmark.clear(key, data_home, stamp)
    return found


@st.cache_resource(max_entries=16, **_QUIET)
def _source(key: str, root: str, stamp: object) -> Benchmark:
    del stamp
    return benchmarks.open_benchmark(key, root)


def source_of(run: store.Run) -> Benchmark | None:
    """A run's benchmark on the data that its predictions were made on; None if they are not there."""
    root = benchmarks.root_of(run)
    if root is None or not paths.is_there(root):
        return None
    try:
        return _source(run.benchmark, str(root), benchmarks.annotation_stamp(root))
    except OffcenterError:
        return None


def class_name(label_space: str, index: int) -> str:
    """Name of a class; its number in a space that is not known here."""
    try:
        return labels.label_space(label_space).names[index]
    except (labels.LabelSpaceError, IndexError):
        return f"class {index}"


@st.cache_data(max_entries=1024, **_QUIET)
def _tolerance(key: Key, factors: tuple[str, ...], question: Question) -> Tolerance:
    return tolerances.tolerance(_open(key), factors, question)


def tolerance(run: store.Run, factors: tuple[str, ...], question: Question) -> Tolerance:
    """See ``core.answers.tolerance.tolerance``."""
    return _tolerance(key_of(run), factors, question)


@st.cache_data(max_entries=512, **_QUIET)
def _worst_against_worst(
    first: Key, second: Key, factors: tuple[str, ...], question: Question
) -> tuple[Contrast, tuple[float, ...], tuple[float, ...]]:
    return tolerances.worst_against_worst(_open(first), _open(second), factors, question)


def worst_against_worst(
    first: store.Run, second: store.Run, factors: tuple[str, ...], question: Question
) -> tuple[Contrast, tuple[float, ...], tuple[float, ...]]:
    """See ``core.answers.tolerance.worst_against_worst``."""
    return _worst_against_worst(key_of(first), key_of(second), factors, question)
