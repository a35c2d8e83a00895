"""Accuracy by the factors of a benchmark: maps, curves, rings, rows and pairs; and the difference of two models."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from itertools import combinations
from typing import Any

from core import store
from core.answers import factor_sentences, protocols, questions
from core.answers.cards import card_of
from core.figures.exhibits import factor_pairs, factor_panels, factor_words
from core.figures.exhibits.base import Exhibit, Offer, Pick, Subject, picked
from core.figures.exhibits.factor_panels import Drawn, measure_of
from core.types import CardTable, Factor

#: The map of image coordinates.
LOCATION = ("x", "y")
_BY, _DIFFERENCE, _RING, _MAP = "by_", "difference_", "_ring", "location"


def offers(subject: Subject) -> Iterator[Offer]:
    """A figure for each factor, or pair of two, that a benchmark reports by and that varies in these results."""
    factors = varied(subject.run)
    shown = [(factor,) for factor in factors]
    if {factor.name for factor in factors} >= set(LOCATION):
        shown = [_location(subject.run), *(each for each in shown if each[0].name not in LOCATION)]
    pairs = _reported_pairs(subject.run, factors)
    for each in (*shown, *pairs):
        yield from _of(subject, each)
    if len(subject.runs) > 1:
        for each in (*shown, *pairs):
            yield _difference_offer(subject, each)


def requested(subject: Subject, name: str) -> Iterator[Offer]:
    """The figures of a name by any one or two factors of these results, whether or not they are offered.

    Args:
        subject: Whose.
        name: ``by_FACTOR``, ``by_FACTOR1_FACTOR2``, ``difference_FACTOR`` and so on; none comes of another.
    """
    if subject.run.n_views > 1 and is_apart(subject.run):
        return
    start = next((each for each in (_BY, _DIFFERENCE) if name.startswith(each)), "")
    factors = named(subject.run, name.removeprefix(start).removesuffix(_RING)) if start else ()
    factors = factors or (named(subject.run, name.removeprefix(start)) if start else ())
    if not factors or not all(questions.levels(subject.run, factor) for factor in factors):
        return
    there: Iterable[Offer] = _of(subject, factors)
    if start == _DIFFERENCE:
        there = [_difference_offer(subject, factors)] if len(subject.runs) > 1 else ()
    yield from (offer for offer in there if offer.name == name)


def named(run: store.Run, name: str) -> tuple[Factor, ...]:
    """The factor, or two with an underscore between them, of a name; none where there are none."""
    known = questions.factors_of(run)
    if name == _MAP and set(LOCATION) <= set(known):
        return _location(run)
    if name in known:
        return (known[name],)
    cuts = (at for at, sign in enumerate(name) if sign == "_")
    pairs = ((name[:at], name[at + 1 :]) for at in cuts)
    pair = next((each for each in pairs if set(each) <= set(known) and each[0] != each[1]), ())
    return tuple(known[each] for each in pair)


def varied(run: store.Run) -> list[Factor]:
    """Factors that a figure is offered by: reported, and with more than one value in a result.

    Those that only tables of another kind are by, as of settings, are left out but for what is in an image. A family
    of views has its own factors first; one whose factors only mean something together has figures of its own.
    """
    if run.n_views > 1 and is_apart(run):
        return []
    own = {factor.name for factor in run.views.factors} if run.n_views > 1 else set()
    reported = {
        name for table in _tables(run) for name in table.by if not table.computed or name in questions.SAYS_WHAT
    }
    known = questions.factors_of(run).values()
    return [factor for factor in known if factor.name in reported | own and len(questions.levels(run, factor)) > 1]


def is_apart(run: store.Run) -> bool:
    """Whether a family's factors only mean something together, so that it has figures of its own."""
    return any(bool(table.computed) or len(table.by) > 1 for table in run.views.tables)


def _tables(run: store.Run) -> tuple[CardTable, ...]:
    return (*run.views.tables, *card_of(run).tables)


def _location(run: store.Run) -> tuple[Factor, ...]:
    return tuple(questions.factor_of(run, name) for name in LOCATION)


def _reported_pairs(run: store.Run, factors: list[Factor]) -> list[tuple[Factor, ...]]:
    by_name = {factor.name: factor for factor in factors}
    found = {}
    for table in _tables(run):
        if not table.computed and len(table.by) > 1:
            for pair in combinations(table.by, 2):
                if set(pair) <= set(by_name) and set(pair) != set(LOCATION):
                    found[pair] = tuple(by_name[name] for name in pair)
    return list(found.values())


def _of(subject: Subject, factors: tuple[Factor, ...]) -> Iterator[Offer]:
    """What is offered by one or two factors."""
    name = _BY + _name(subject, factors)
    if tuple(factor.name for factor in factors) == LOCATION:
        for label in subject.runs:
            yield _offer(subject, name, "Accuracy by location", partial(_map, subject, label), label)
    elif len(factors) == 2:
        title = f"Accuracy by {factor_pairs.names_of((factors[0], factors[1]))}"
        for label in subject.runs:
            yield _offer(subject, name, title, partial(_pair, subject, factors, label), label)
    else:
        (factor,) = factors
        title = f"Accuracy by {factor_words.title_of(factor)}"
        yield _offer(subject, name, title, partial(_curve if factor.is_number else _rows, subject, factor))
        if factor.kind == "circular":
            yield _offer(subject, name + _RING, f"{title}, as a ring", partial(_ring, subject, factor))


def _name(subject: Subject, factors: tuple[Factor, ...]) -> str:
    names = tuple(factor.name for factor in factors)
    # A factor of that name keeps it.
    is_map = names == LOCATION and _MAP not in questions.factors_of(subject.run)
    return _MAP if is_map else "_".join(names)


def _offer(subject: Subject, name: str, title: str, make: Any, model: str = "") -> Offer:
    return Offer(name, title, subject.run.benchmark, subject.run.view, make, model)


def _difference_offer(subject: Subject, factors: tuple[Factor, ...]) -> Offer:
    is_map = tuple(factor.name for factor in factors) == LOCATION
    along = "location" if is_map else " and ".join(factor_words.title_of(factor) for factor in factors)
    make = partial(_pair_difference if len(factors) == 2 and not is_map else _difference, subject, factors)
    return _offer(subject, _DIFFERENCE + _name(subject, factors), f"Difference by {along}", make)


def _finding(subject: Subject, runs: Mapping[str, store.Run], factors: tuple[Factor, ...]) -> str:
    """The sentence on top of the page, of what a figure shows."""
    protocol = protocols.protocol_of(subject.run.benchmark)
    if subject.run.n_views == 1 and protocol and protocols.PROTOCOLS[protocol] == tuple(each.name for each in factors):
        if len(runs) > 1:
            return protocols.sentence_of_two(protocol, runs, subject.question())
        (label, run), *_ = runs.items()
        return protocols.sentence(protocol, label, run, subject.question())
    label, run = next(iter(runs.items()))
    return factor_sentences.of_factors(label, run, factors, subject.question())


def _map(subject: Subject, label: str) -> Exhibit:
    run = subject.runs[label]
    tables = factor_words.answered({label: run}, subject.question(*LOCATION))
    shown = factor_panels.location_of(label, run, tables[label], measure_of(subject.question()))

    def pick(custom: list[Any]) -> Pick:
        return picked(run, dict(zip(LOCATION, map(float, custom), strict=True)), subject.policy)

    finding = _finding(subject, {label: run}, _location(run))
    return Exhibit(shown, tables, {label: run}, finding, pick=pick)


def _curve(subject: Subject, factor: Factor) -> Exhibit:
    tables = factor_words.answered(subject.runs, subject.question(factor.name))
    measure = measure_of(subject.question())
    shown = factor_panels.along(subject.runs, factor, tables, measure, subject.colours, of=_of_views(subject, factor),
                                log=True)  # fmt: skip
    finding = _finding(subject, subject.runs, (factor,))
    return Exhibit(shown, tables, subject.runs, finding, pick=partial(_picked, subject, factor))


def _of_views(subject: Subject, factor: Factor) -> str:
    """What a figure is by that is along a factor of views; empty for others."""
    own = subject.run.n_views > 1 and factor.name in {each.name for each in subject.run.views.factors}
    return f"{factor.label.lower()} · {subject.run.benchmark}" if own else ""


def _ring(subject: Subject, factor: Factor) -> Exhibit:
    tables = factor_words.answered(subject.runs, subject.question(factor.name))
    measure = measure_of(subject.question())
    shown, rings, _ = factor_panels.around(subject.runs, factor, tables, measure, subject.colours)
    finding = _finding(subject, subject.runs, (factor,))
    return Exhibit(shown, rings, subject.runs, finding, pick=partial(_picked, subject, factor))


def _rows(subject: Subject, factor: Factor) -> Exhibit:
    of_views = _of_views(subject, factor)
    # Views are in the order of their family.
    drawn = factor_panels.rows(
        subject.runs, factor, subject.question(), subject.colours, of=of_views, sort=not of_views
    )
    finding = _finding(subject, subject.runs, (factor,))
    return _exhibit(drawn, subject.runs, finding, partial(_picked, subject, factor))


def _picked(subject: Subject, factor: Factor, custom: list[Any]) -> Pick:
    return picked(subject.runs[custom[0]], {factor.name: custom[1]}, subject.policy)


def _pair(subject: Subject, factors: tuple[Factor, ...], label: str) -> Exhibit:
    pair, run, question = (factors[0], factors[1]), subject.runs[label], subject.question()
    tables = factor_pairs.tables_of({label: run}, pair, question)
    axes, said = factor_pairs.axes_of(run, pair, question, tables[label])
    shown = factor_pairs.cells(label, run, pair, axes, tables[label], measure_of(question))

    def pick(custom: list[Any]) -> Pick | None:
        at = factor_pairs.values_at(pair, axes, custom)
        return picked(run, at, subject.policy) if at else None

    return _exhibit(Drawn(shown, tables, said), {label: run}, _finding(subject, {label: run}, pair), pick)


def _two(subject: Subject) -> dict[str, store.Run]:
    return dict(list(subject.runs.items())[:2])


def _difference(subject: Subject, axis: tuple[Factor, ...]) -> Exhibit:
    runs = _two(subject)
    one, other = runs.values()
    drawn = factor_panels.difference(runs, axis, subject.question(), subject.colours, log=True)

    def pick(custom: list[Any]) -> Pick:
        if len(axis) == 2:
            return picked(other, dict(zip(LOCATION, map(float, custom), strict=True)), subject.policy, one)
        # A curve's points are of the difference, a dumbbell's of either model.
        run = runs.get(custom[0], other)
        return picked(run, {axis[0].name: custom[1]}, subject.policy, one if run is other else other)

    return _exhibit(drawn, runs, factor_sentences.difference(runs, subject.question()), pick)


def _pair_difference(subject: Subject, factors: tuple[Factor, ...]) -> Exhibit:
    runs, pair, question = _two(subject), (factors[0], factors[1]), subject.question()
    one, other = runs.values()
    tables = factor_pairs.tables_of(runs, pair, question, compare=True)
    table = next(iter(tables.values()))
    axes, said = factor_pairs.axes_of(one, pair, question, table)
    shown = factor_pairs.difference(runs, pair, axes, table, question)

    def pick(custom: list[Any]) -> Pick | None:
        at = factor_pairs.values_at(pair, axes, custom)
        return picked(other, at, subject.policy, one) if at else None

    return _exhibit(Drawn(shown, tables, said), runs, factor_sentences.difference(runs, question), pick)


def _exhibit(drawn: Drawn, runs: Mapping[str, store.Run], finding: str, pick: Any) -> Exhibit:
    return Exhibit(drawn.figure, drawn.tables, runs, finding, (drawn.said,) if drawn.said else (), pick)
