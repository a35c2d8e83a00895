"""The pages' figures by name, without a session: for files, bundles and notebooks.

A module of this package has ``offers(subject) -> Iterator[Offer]`` for the figures of one benchmark and one family of
views, or ``offers_across(runs, policy) -> Iterator[Offer]`` for those over several benchmarks; it is listed here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

from core import store
from core.answers import catalogue
from core.answers.questions import StoredPolicy
from core.errors import UsageError, nearest
from core.figures.exhibits import by_factors, cues, flips, mistakes, overview, profile, uncommon, zoom
from core.figures.exhibits.base import Exhibit, Offer, Pick, Subject

__all__ = ["Exhibit", "Offer", "Pick", "Subject", "exhibit", "offered", "offered_across"]

#: Of one benchmark and one family of views, in the order in which they are shown.
_OF_ONE: tuple[Any, ...] = (by_factors, uncommon, cues, flips, zoom, mistakes)
#: Those that draw by any factor that is named.
_NAMED: tuple[Any, ...] = (by_factors, flips)
#: Over several benchmarks; they come first.
_ACROSS: tuple[Any, ...] = (profile, overview)


def offered(runs: Sequence[store.Run], policy: StoredPolicy = "top1") -> tuple[Offer, ...]:
    """All figures that can be drawn of some results.

    Args:
        runs: Of any models, benchmarks and views; the first model is the one sentences are about, and differences are
            of the second less the first. Labels are told apart here.
        policy: What counts as right.
    """
    return tuple(_told_apart(_offers(catalogue.told_apart(runs), policy)))


def offered_across(runs: Sequence[store.Run], policy: StoredPolicy = "top1") -> tuple[Offer, ...]:
    """Those of ``offered`` that are over several benchmarks: quickly found."""
    return tuple(_across(catalogue.told_apart(runs), policy))


def _across(runs: Sequence[store.Run], policy: StoredPolicy) -> Iterator[Offer]:
    for module in _ACROSS:
        yield from module.offers_across(runs, policy)


def _offers(runs: Sequence[store.Run], policy: StoredPolicy) -> Iterator[Offer]:
    yield from _across(runs, policy)
    for subject in _subjects(runs, policy):
        for module in _OF_ONE:
            yield from module.offers(subject)


def _subjects(runs: Sequence[store.Run], policy: StoredPolicy) -> Iterator[Subject]:
    """What is compared: the results of each benchmark and view, by label; of those with a prediction."""
    runs = [run for run in runs if run.n_done]
    models = tuple(dict.fromkeys(run.label for run in runs))
    for benchmark, view in dict.fromkeys((run.benchmark, run.view) for run in runs):
        there = {run.label: run for run in runs if (run.benchmark, run.view) == (benchmark, view)}
        yield Subject({label: there[label] for label in models if label in there}, policy, models, tuple(runs))


def _told_apart(offers: Iterable[Offer]) -> Iterator[Offer]:
    """Factors may be called like a figure that there is: the later one's name gets a number."""
    seen: set[tuple[str, str, str, str]] = set()
    for offer in offers:
        name, number = offer.name, 2
        while (name, offer.benchmark, offer.view, offer.model) in seen:
            name, number = f"{offer.name}_{number}", number + 1
        seen.add((name, offer.benchmark, offer.view, offer.model))
        yield offer if name == offer.name else replace(offer, name=name)


def exhibit(runs: store.Run | Sequence[store.Run], name: str, policy: StoredPolicy = "top1") -> Exhibit:
    """One figure by its name.

    Args:
        runs: A result, or several of one benchmark that are compared.
        name: Such as ``by_location``; ``by_FACTOR``, ``by_FACTOR1_FACTOR2``, ``difference_FACTOR``, ``flips_FACTOR``:
            of any factors of these results, whether or not they are among those offered.
        policy: What counts as right.

    Raises:
        UsageError: If these results have no such figure; names the nearest.
    """
    runs = [runs] if isinstance(runs, store.Run) else list(runs)
    if not runs:
        raise UsageError(f"the figure '{name}' is of stored results, and none is given: name one or more.")
    runs, known = catalogue.told_apart(runs), []
    # Most names are found before all that there is was looked at.
    for offer in _told_apart(_offers(runs, policy)):
        if offer.name == name:
            return offer.make()
        known.append(offer.name)
    asked = (module.requested(subject, name) for subject in _subjects(runs, policy) for module in _NAMED)
    chosen = next((offer for offers in asked for offer in offers), None)
    if chosen is None:
        known = list(dict.fromkeys(known))
        said = f"There are: {', '.join(known)}." if known else "There is none: they have no factor that varies."
        raise UsageError(f"there is no figure '{name}' of these results.{nearest(name, known)} {said}")
    return chosen.make()
