"""The computed sentence of each protocol; on top of its page, and on Home."""

from __future__ import annotations

from collections.abc import Mapping

from core import store
from core.answers import sentences, tolerance_sentences
from core.answers.questions import Question, factor_of
from core.types import Factor
from pages.shared.factors.explore import PROTOCOLS
from pages.shared.page import cached, margin


def sentence(protocol: str, model: str, run: store.Run, question: Question) -> str:
    """What one model's result on one protocol says; a partial result says nothing yet.

    Args:
        protocol: ``location``, ``size``, ``rotation`` or ``pose``.
        model: Its name; ``It`` for one that the sentence before has named.
        run: Its result.
        question: ``policy`` and ``where``.
    """
    if not run.complete:
        return sentences.partial(run.label, run.benchmark, run.n_done, run.n_samples)
    names = PROTOCOLS[protocol]
    found = cached.tolerance(run, names, question)
    if protocol == "location" and found.worst is None and not found.few_objects:
        # Places that are thin each may be enough together.
        corner = cached.centre_to(run, "corner", question)
        return sentences.drop(model, corner, "the object moves from the centre to a corner", margin.chosen())
    half = cached.half_area(run, question) if protocol == "size" else None
    return tolerance_sentences.tolerance(model, found, _factors(run, protocol), half)


def sentence_of_two(protocol: str, runs: Mapping[str, store.Run], question: Question) -> str:
    """What the first two models' results on one protocol say, by the same measure.

    Args:
        protocol: As for ``sentence``.
        runs: By label, two or more.
        question: ``policy`` and ``where``.
    """
    (first, one), (second, other) = list(runs.items())[:2]
    partial = [
        sentences.partial(run.label, run.benchmark, run.n_done, run.n_samples)
        for run in (one, other)
        if not run.complete
    ]
    if partial:
        return " ".join(partial)
    names = PROTOCOLS[protocol]
    found = tuple(cached.tolerance(run, names, question) for run in (one, other))
    between = cached.worst_against_worst(one, other, names, question)
    factors = _factors(one, protocol)
    return tolerance_sentences.both((first, second), (found[0], found[1]), factors, between, margin.chosen())


def _factors(run: store.Run, protocol: str) -> tuple[Factor, ...]:
    return tuple(factor_of(run, name) for name in PROTOCOLS[protocol])
