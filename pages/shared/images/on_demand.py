"""The one place where pages ask for inference on demand; torch is imported here, when somebody asks, and not before."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import streamlit as st

from core import store
from core.errors import OffcenterError
from core.store import weights

if TYPE_CHECKING:
    import numpy as np

#: Seconds from the moment images are shown to the one when their model is loaded for them: the page comes first.
_WARM_AFTER_S = 0.8
_warmed: set[tuple[str, str, str]] = set()
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Heat:
    """A saliency map of one image, or why there is none.

    Attributes:
        values: float (H, W), 0..1, at the model's input size; None if there is none.
        message: Why there is none; empty if there is one.
        magnitude: The map's largest value before it was scaled; NaN if there is none.
    """

    values: np.ndarray | None
    message: str = ""
    magnitude: float = float("nan")


def explain(run: store.Run, root: str | None, sample_id: str, target: int, view: str = "") -> Heat:
    """Where in an image a run's model's score of a class comes from (Grad-CAM).

    Args:
        run: Its model, with the weights that it had then, its benchmark and its view.
        root: The benchmark's data folder.
        sample_id: Of its samples.
        target: Class index.
        view: Name of the view; the run's first one by default.
    """
    try:
        return _explain(*_of(run), run.benchmark, root, sample_id, target, view or run.first_view)
    except OffcenterError as error:
        return Heat(None, str(error))


@st.cache_data(max_entries=128, show_spinner=False)
def _explain(
    source: str, fingerprint: str, head: str, benchmark: str, root: str | None, sample_id: str, target: int, view: str
) -> Heat:
    engine: Any = _engine()
    found = engine.explain_sample(
        source, benchmark, root, sample_id, target, view=view, fingerprint=fingerprint, head=head
    )
    return Heat(found.map if found.state == "map" else None, found.message, found.magnitude)


@dataclass(frozen=True)
class Looked:
    """What a model says of one view of an image, and where that comes from.

    Attributes:
        picture: uint8 (H, W, 3), as the model sees it; None if it cannot be had.
        top5: (class index, probability 0..1), best first.
        heat: Of the best class.
        problem: Why there is no picture; empty if there is one.
    """

    picture: np.ndarray | None
    top5: tuple[tuple[int, float], ...] = ()
    heat: Heat = Heat(None)
    problem: str = ""


def look(run: store.Run, root: str | None, sample_id: str, view: str) -> Looked:
    """What a run's model says of one view of an image now, whatever is stored, with the Grad-CAM of its best class.

    Args:
        run: Its model, with the weights that it had then, and its benchmark.
        root: The benchmark's data folder.
        sample_id: Of its samples.
        view: Name of any view.
    """
    try:
        return _look(*_of(run), run.benchmark, root, sample_id, view)
    except OffcenterError as error:
        return Looked(None, problem=str(error))


@st.cache_data(max_entries=256, show_spinner=False)
def _look(
    source: str, fingerprint: str, head: str, benchmark: str, root: str | None, sample_id: str, view: str
) -> Looked:
    engine: Any = _engine()
    found = engine.explain_sample(source, benchmark, root, sample_id, view=view, fingerprint=fingerprint, head=head)
    heat = Heat(found.map if found.state == "map" else None, found.message, found.magnitude)
    return Looked(found.image, found.top5, heat)


@dataclass(frozen=True)
class Judged:
    """What is known of a map.

    Attributes:
        faithfulness: ``core.saliency.faithfulness.Faithfulness``; None if it cannot be had.
        message: Why it cannot; empty if it can.
        said: Whether such maps depend on what the model has learnt, in a sentence; empty if that was not tested.
    """

    faithfulness: Any
    message: str = ""
    said: str = ""


def judge(run: store.Run, root: str | None, sample_id: str, target: int, view: str = "") -> Judged | str:
    """Whether the Grad-CAM of one image is faithful; see ``core.explain.faithful.judge_sample``.

    Args:
        run: Its model, with the weights that it had then, its benchmark and its view.
        root: The benchmark's data folder.
        sample_id: Of its samples.
        target: Class index.
        view: Name of the view; the run's first one by default.

    Returns:
        What is known, or why nothing is, as text.
    """
    try:
        return _judge(*_of(run), run.benchmark, root, sample_id, target, view or run.first_view)
    except OffcenterError as error:
        return str(error)


@st.cache_data(max_entries=64, show_spinner="Revealing and removing pixels …")
def _judge(
    source: str, fingerprint: str, head: str, benchmark: str, root: str | None, sample_id: str, target: int, view: str
) -> Judged:
    import core.explain.faithful
    from core.saliency import sanity

    found = core.explain.faithful.judge_sample(
        source, benchmark, root, sample_id, target, view=view, fingerprint=fingerprint, head=head
    )
    return Judged(found.faithfulness, found.message, "" if found.badge is None else sanity.sentence(found.badge))


def prompt_scores(run: store.Run, root: str | None, sample_id: str, classes: tuple[int, ...], view: str = "") -> Any:
    """How near an image is to the prompts of some classes; see ``core.explain.prompts.prompts_of_sample``.

    Args:
        run: Of a zero-shot model.
        root: The benchmark's data folder.
        sample_id: Of its samples.
        classes: Indices, none twice.
        view: Name of the view; the run's first one by default.

    Returns:
        A table, or why there is none, as text.
    """
    try:
        return _prompt_scores(*_of(run), run.benchmark, root, sample_id, classes, view or run.first_view)
    except OffcenterError as error:
        return str(error)


@st.cache_data(max_entries=128, show_spinner="Reading the prompts …")
def _prompt_scores(
    source: str,
    fingerprint: str,
    head: str,
    benchmark: str,
    root: str | None,
    sample_id: str,
    classes: tuple[int, ...],
    view: str,
) -> Any:
    import core.explain.prompts

    return core.explain.prompts.prompts_of_sample(
        source, benchmark, root, sample_id, classes, view=view, fingerprint=fingerprint, head=head
    )


def adapt(run: store.Run, root: str | None, sample_id: str) -> Any:
    """What a run's model says of an image once it has adapted to it; see ``core.explain.one_image.adapt_sample``.

    Returns:
        ``Adaptation``, or why there is none, as text.
    """
    try:
        return _adapt(*_of(run), run.benchmark, root, sample_id)
    except OffcenterError as error:
        return str(error)


@st.cache_data(max_entries=64, show_spinner="Adapting to this image …")
def _adapt(source: str, fingerprint: str, head: str, benchmark: str, root: str | None, sample_id: str) -> Any:
    return _engine().adapt_sample(source, benchmark, root, sample_id, fingerprint=fingerprint, head=head)


def warm_soon(run: store.Run) -> None:
    """Load a run's model ahead, in the background, so that the first map of it need not wait for that.

    Once a process and model, and only of weights that are on this machine: looking at images downloads nothing.
    """
    key = _of(run)
    if key in _warmed or not run.preprocessing or weights.folder_of(run.source) is None:
        return
    _warmed.add(key)
    timer = threading.Timer(_WARM_AFTER_S, _warm, key)
    timer.daemon = True
    timer.start()


def _warm(source: str, fingerprint: str, head: str) -> None:
    try:
        _engine().warm(source, fingerprint, head=head)
    except Exception as error:
        # Whoever asks for a map is told what is wrong; this only came before.
        _log.info("'%s' could not be loaded ahead: %s", source, error)


def _of(run: store.Run) -> tuple[str, str, str]:
    """A run's model: its name, its weights then, and what was made of its outputs."""
    return run.source, run.fingerprint, run.manifest.model.head


def _engine() -> Any:
    import core.explain.one_image

    return core.explain.one_image
