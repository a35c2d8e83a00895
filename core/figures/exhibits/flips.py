"""What the second of two models breaks and fixes: by a factor, on maps, by pairs; with what is said of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, partial
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from core import store
from core.answers import flip_sentences, protocols, questions
from core.answers import flips as flipping
from core.answers.asking import DIRECT, Answers
from core.answers.cards import unit_of
from core.answers.flips import KINDS, Kind, of_kind
from core.answers.questions import Question
from core.answers.verdict_words import MARGIN
from core.figures import factor_cells, flips, location
from core.figures.exhibits import by_factors, factor_pairs, factor_words
from core.figures.exhibits.base import Exhibit, Offer, Pick, Subject, picked
from core.figures.exhibits.factor_pairs import Axis, Pair
from core.figures.exhibits.factor_panels import HEIGHT, Drawn, by
from core.figures.exhibits.factor_words import MOST_ROWS
from core.figures.style import Words
from core.types import Factor, is_thin
from core.wording import count, escaped

#: Its name among the figures; by another factor ``flips_FACTOR``.
NAME = "flips"
_FIXED = "_fixed"
#: Letters of two names that a third of a page has room for.
_BRIEF = 30


def offers(subject: Subject) -> Iterator[Offer]:
    """What the second model breaks by the factor that a benchmark is about; on a map, what it fixes beside it."""
    factors = _main(subject.run) if _pair_of(subject) else ()
    if factors:
        yield from _of(subject, factors, NAME)


def requested(subject: Subject, name: str) -> Iterator[Offer]:
    """``flips_FACTOR`` or ``flips_FACTOR1_FACTOR2``, of pairs also with ``_fixed`` at its end; none of another name."""
    start = f"{NAME}_"
    if not name.startswith(start) or not _pair_of(subject):
        return
    rest = name.removeprefix(start)
    for each in (rest, rest.removesuffix(_FIXED)):
        if factors := by_factors.named(subject.run, each):
            yield from (offer for offer in _of(subject, factors, start + each) if offer.name == name)
            return


def _pair_of(subject: Subject) -> tuple[store.Run, store.Run] | None:
    """The first two, where they can be compared image by image."""
    if len(subject.runs) < 2:
        return None
    first, second = list(subject.runs.values())[:2]
    return None if flipping.why_not(first, second, subject.question()) else (first, second)


def _main(run: store.Run) -> tuple[Factor, ...]:
    """What the benchmark varies; else the first factor with several values, one that is reported before others.

    Those that say what is in an image come last.
    """
    known = questions.factors_of(run)
    names = protocols.PROTOCOLS.get(protocols.protocol_of(run.benchmark), ())
    if names and run.n_views == 1 and set(names) <= set(known):
        return tuple(known[name] for name in names)
    if run.n_views > 1 and by_factors.is_apart(run):
        return ()
    reported = by_factors.varied(run)
    others = [each for each in known.values() if each not in reported and len(questions.levels(run, each)) > 1]
    order = sorted([*reported, *others], key=lambda factor: factor.name in questions.SAYS_WHAT)
    return tuple(order[:1])


def _of(subject: Subject, factors: tuple[Factor, ...], name: str) -> Iterator[Offer]:
    title = f"by {along(factors)}"
    where = subject.run.benchmark, subject.run.view
    if len(factors) == 1:
        yield Offer(name, f"Broken and fixed {title}", *where, partial(_one, subject, factors[0]))
        return
    for kind, end in (("broken", ""), ("fixed", _FIXED)):
        yield Offer(name + end, f"{kind.capitalize()} {title}", *where, partial(_two, subject, factors, kind))


def along(factors: tuple[Factor, ...]) -> str:
    """By what: ``weather``, ``location``, ``weather and time of day``."""
    if tuple(factor.name for factor in factors) == by_factors.LOCATION:
        return "location"
    return " and ".join(factor_words.title_of(factor) for factor in factors)


def table_of(runs: Mapping[str, store.Run], by_: tuple[Factor, ...], question: Question, ask: Answers) -> pd.DataFrame:
    """What the second of two models breaks and fixes, of values that have a place on a figure.

    Args:
        runs: By label, two or more.
        by_: One factor or two.
        question: ``policy`` and ``where``.
        ask: Who answers.
    """
    one, other = list(runs.values())[:2]
    asked = by(question, *(factor.name for factor in by_))
    table = ask.flips(one, other, asked)
    return (
        table.dropna(subset=list(asked.by)).reset_index(drop=True)
        if len(by_) == 2
        else factor_words.known(one, asked, table)
    )


def finding(
    runs: Mapping[str, store.Run],
    factors: tuple[Factor, ...],
    question: Question,
    margin: float = MARGIN,
    ask: Answers = DIRECT,
) -> str:
    """What is said of the first two: which is better, what it breaks, and where most; Markdown.

    Args:
        runs: By label, two or more.
        factors: None, one or two: most at a value of the first, and at a pair of both; x and y together only.
        question: ``policy`` and ``where``.
        margin: Largest difference that does not matter, a fraction.
        ask: Who answers.
    """
    one, other = list(runs.values())[:2]
    if reason := flipping.why_not(one, other, question):
        return escaped(reason[:1].upper() + reason[1:])
    names = tuple(factor.name for factor in factors)
    parts = [names[:1], names] if len(names) == 2 and names != by_factors.LOCATION else [names] if names else []
    return flip_sentences.of_runs(one, other, parts, question, margin, ask)


def drawn(
    runs: Mapping[str, store.Run],
    factor: Factor,
    question: Question,
    ask: Answers = DIRECT,
    *,
    log: bool = False,
    brief: bool = False,
    chosen: tuple[Kind, Any] | None = None,
    height: int = HEIGHT,
) -> Drawn:
    """Both kinds by one factor.

    Args:
        runs: By label, two or more.
        factor: By which.
        question: ``policy`` and ``where``.
        ask: Who answers.
        log: Whether areas are on a log axis.
        brief: For a title that fits half a page.
        chosen: The kind and value that are marked.
        height: Pixels of a curve.
    """
    table, said = table_of(runs, (factor,), question, ask), ""
    words = _words(runs, f"Broken and fixed by {along((factor,))}", question, ask, brief=brief)
    tables = {_named(runs): table}
    if factor.is_number:
        names = factor_words.bin_names(next(iter(runs.values())), factor, tables, ask)
        value = float(chosen[1]) if chosen else None
        shown = flips.flip_curve(table, factor, words, log=log and factor.name == "area", chosen=value, names=names,
                                 height=height)  # fmt: skip
    else:
        table, said = _most_broken(table)
        shown = flips.flip_rows(table, factor.name, words, chosen=chosen)
    return Drawn(shown, tables, said)


def _most_broken(table: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Where most is broken first, thin ones last, no more than ``MOST_ROWS``; and what is said of the rest."""
    order = table.assign(thin=is_thin(table["n"], table["n_clusters"]), less=-table["value"], kept=-table["n_fixed"])
    order = order.sort_values(["thin", "less", "kept"], kind="stable")
    shown = table.loc[order.index[:MOST_ROWS]].reset_index(drop=True)
    said = f"The {MOST_ROWS} of {len(table):,} values at which most is broken." if len(table) > MOST_ROWS else ""
    return shown, said


def location_map(
    runs: Mapping[str, store.Run],
    kind: Kind,
    factors: tuple[Factor, ...],
    question: Question,
    ask: Answers = DIRECT,
    *,
    chosen: tuple[float, float] | None = None,
    height: int = HEIGHT,
) -> Drawn:
    """One kind by x and y; the maps of both kinds share their scale.

    Args:
        runs: By label, two or more.
        kind: Which flips.
        factors: x and y.
        question: ``policy`` and ``where``.
        ask: Who answers.
        chosen: The cell that is outlined.
        height: Pixels.
    """
    table = table_of(runs, factors, question, ask)
    words = _words(runs, f"{kind.capitalize()} by location", question, ask, banded=False)
    how = {"range_": flips.map_range(table), "scale": flips.SCALES[kind], "chosen": chosen, "height": height}
    return Drawn(location.location_map(_own(table, kind), words, **how), {_named(runs): table})


def cells(
    runs: Mapping[str, store.Run],
    kind: Kind,
    pair: Pair,
    axes: tuple[Axis, Axis],
    table: pd.DataFrame,
    question: Question,
    ask: Answers = DIRECT,
    *,
    chosen: tuple[str, str] | None = None,
) -> go.Figure:
    """One kind by any two factors.

    Args:
        runs: By label, two or more.
        kind: Which flips.
        pair: The factors.
        axes: From ``factor_pairs.axes_of``.
        table: From ``table_of`` by both.
        question: ``policy`` and ``where``.
        ask: Who answers.
        chosen: The cell that is outlined.
    """
    words = _words(runs, f"{kind.capitalize()} by {factor_pairs.names_of(pair)}", question, ask, banded=False)
    texts = factor_pairs.texts(_own(table, kind), pair, axes)
    how = {"range_": flips.map_range(table), "scale": flips.SCALES[kind], "chosen": chosen}
    return factor_cells.factor_cells(texts, factor_pairs.titles_of(pair), list(axes[0]), list(axes[1]), words, **how)


def _own(table: pd.DataFrame, kind: Kind) -> pd.DataFrame:
    """Of one kind with each cell's own interval, as its hover text says."""
    return of_kind(table, kind).drop(columns=["band_low", "band_high"], errors="ignore")


def _named(runs: Mapping[str, store.Run]) -> str:
    first, second = list(runs)[:2]
    return f"{second} after {first}"


def _words(
    runs: Mapping[str, store.Run], title: str, question: Question, ask: Answers, *, brief: bool = False,
    banded: bool = True,
) -> Words:  # fmt: skip
    """What is written: whose flips, of how many images, and that intervals hold at once where they do."""
    (first, one), (second, other) = list(runs.items())[:2]
    n = count(ask.flips_of_all(one, other, by(question)).n, "common image")
    pair = f"{factor_words.short(second)} after {factor_words.short(first)}"
    bands = ["95 % bands, all at once"] if banded else []
    # Half a page has no room for long names; the foot of a file that is saved has.
    is_long = brief and bool(bands) and len(pair) > _BRIEF
    parts = ["second model after first", *bands] if is_long else [*bands, pair, *([] if brief else [n])]
    identity = f"{second} after {first}: identity {other.identity[:8]} after {one.identity[:8]}"
    return Words(title, " · ".join(parts), identity, unit_of(one))


def _one(subject: Subject, factor: Factor) -> Exhibit:
    runs = _first_two(subject)
    shown = drawn(runs, factor, subject.question(), log=True)

    def pick(custom: list[Any]) -> Pick | None:
        return _pick(subject, ids, custom[0], {factor.name: custom[1]}) if custom[0] in KINDS else None

    ids = cache(partial(_ids, subject))
    said = finding(runs, (factor,), subject.question())
    return Exhibit(shown.figure, shown.tables, runs, said, (shown.said,) if shown.said else (), pick)


def _two(subject: Subject, factors: tuple[Factor, ...], kind: Kind) -> Exhibit:
    runs, question, ids = _first_two(subject), subject.question(), cache(partial(_ids, subject))
    said = finding(runs, factors, question)
    if tuple(factor.name for factor in factors) == by_factors.LOCATION:
        shown = location_map(runs, kind, factors, question)

        def at_place(custom: list[Any]) -> Pick | None:
            return _pick(subject, ids, kind, dict(zip(by_factors.LOCATION, map(float, custom), strict=True)))

        return Exhibit(shown.figure, shown.tables, runs, said, pick=at_place)
    pair, table = (factors[0], factors[1]), table_of(runs, factors, question, DIRECT)
    axes, left_out = factor_pairs.axes_of(subject.run, pair, question, table)
    figure = cells(runs, kind, pair, axes, table, question)

    def at_cell(custom: list[Any]) -> Pick | None:
        at = factor_pairs.values_at(pair, axes, custom)
        return _pick(subject, ids, kind, at) if at else None

    return Exhibit(figure, {_named(runs): table}, runs, said, (left_out,) if left_out else (), at_cell)


def _first_two(subject: Subject) -> dict[str, store.Run]:
    return dict(list(subject.runs.items())[:2])


def _ids(subject: Subject, kind: Kind) -> frozenset[str]:
    one, other = _first_two(subject).values()
    return frozenset(flipping.images(one, other, subject.question(), kind))


def _pick(subject: Subject, ids: Any, kind: Kind, at: Mapping[str, Any]) -> Pick:
    """The flipped images at a value of each factor, as the second model sees them."""
    one, other = _first_two(subject).values()
    there = picked(one, at, subject.policy)
    return Pick(other, f"{kind}, {there.said}", there.where, subject.policy, only=ids(kind))
