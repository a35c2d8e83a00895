"""What a benchmark that varies one thing at a time says of a model, in a sentence: location, size, rotation, pose."""

from __future__ import annotations

from collections.abc import Mapping

from core import store
from core.answers import catalogue, sentences, tolerance_sentences
from core.answers.asking import DIRECT, Answers
from core.answers.questions import Question, factor_of
from core.answers.verdict_words import MARGIN
from core.types import Factor

#: What a protocol varies, by the name of the protocol; the first factor decides which benchmark it is.
PROTOCOLS: dict[str, tuple[str, ...]] = {
    "location": ("x", "y"),
    "size": ("area",),
    "rotation": ("angle_deg",),
    "pose": ("yaw_deg",),
}
#: The first factor of each protocol's benchmark.
FIRST = tuple(factors[0] for factors in PROTOCOLS.values())


def of_family(family: str) -> dict[str, str]:
    """Benchmark key by protocol, of a family, in the order of ``PROTOCOLS``."""
    keys = [key for key in catalogue.known_benchmarks() if catalogue.family_of(key) == family]
    found = {}
    for name, factors in PROTOCOLS.items():
        key = next((key for key in keys if factors[0] in catalogue.varied(catalogue.benchmark_class(key))[:1]), None)
        if key:
            found[name] = key
    return found


def protocol_of(benchmark: str) -> str:
    """The protocol whose benchmark this is; empty if it is none's."""
    known = of_family(catalogue.family_of(benchmark))
    return next((name for name, key in known.items() if key == benchmark), "")


def sentence(
    protocol: str, model: str, run: store.Run, question: Question, margin: float = MARGIN, ask: Answers = DIRECT
) -> str:
    """What one model's result on one protocol says; a partial result says nothing yet.

    Args:
        protocol: ``location``, ``size``, ``rotation`` or ``pose``.
        model: Its name; ``It`` for one that the sentence before has named.
        run: Its result.
        question: ``policy`` and ``where``.
        margin: Largest difference that does not matter, a fraction.
        ask: Who answers.
    """
    if early := sentences.unfinished((run,)):
        return early
    names = PROTOCOLS[protocol]
    found = ask.tolerance(run, names, question)
    if protocol == "location" and found.worst is None and not found.few_objects:
        # Places that are thin each may be enough together.
        corner = ask.centre_to(run, "corner", question)
        return sentences.drop(model, corner, "the object moves from the centre to a corner", margin)
    half = ask.half_area(run, question) if protocol == "size" else None
    return tolerance_sentences.tolerance(model, found, _factors(run, protocol), half)


def sentence_of_two(
    protocol: str, runs: Mapping[str, store.Run], question: Question, margin: float = MARGIN, ask: Answers = DIRECT
) -> str:
    """What the first two models' results on one protocol say, by the same measure.

    Args:
        protocol: As for ``sentence``.
        runs: By label, two or more.
        question: ``policy`` and ``where``.
        margin: Largest difference that does not matter, a fraction.
        ask: Who answers.
    """
    (first, one), (second, other) = list(runs.items())[:2]
    if early := sentences.unfinished((one, other)):
        return early
    names = PROTOCOLS[protocol]
    found = tuple(ask.tolerance(run, names, question) for run in (one, other))
    between = ask.worst_against_worst(one, other, names, question)
    factors = _factors(one, protocol)
    return tolerance_sentences.both((first, second), (found[0], found[1]), factors, between, margin)


def _factors(run: store.Run, protocol: str) -> tuple[Factor, ...]:
    return tuple(factor_of(run, name) for name in PROTOCOLS[protocol])
