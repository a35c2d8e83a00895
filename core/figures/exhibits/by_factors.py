"""Accuracy by the factors of a benchmark: maps, curves, rings and rows; and the difference of two models."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import pandas as pd

from core import store
from core.answers import questions, spans, worst
from core.answers.cards import card_of, unit_of
from core.answers.questions import Where
from core.figures import bars, curve, location
from core.figures.exhibits.base import Exhibit, Offer, Pick, Subject
from core.figures.style import Words
from core.types import Factor

#: The map of image coordinates.
LOCATION = ("x", "y")


def offers(subject: Subject) -> Iterator[Offer]:
    """A figure for each factor that a benchmark reports by and that varies in these results."""
    run = subject.run
    factors = varied(run)
    by_name = {factor.name: factor for factor in factors}
    if by_name.keys() >= set(LOCATION):
        for label in subject.runs:
            yield _offer(subject, "by_location", "Accuracy by location", partial(_map, subject, label), label)
    for factor in factors:
        if factor.name in LOCATION and by_name.keys() >= set(LOCATION):
            continue
        draw = partial(_curve if factor.is_number else _rows, subject, factor)
        yield _offer(subject, f"by_{factor.name}", f"Accuracy by {title_of(factor)}", draw)


def _offer(subject: Subject, name: str, title: str, make: Any, model: str = "") -> Offer:
    return Offer(name, title, subject.run.benchmark, subject.run.view, make, model)


def varied(run: store.Run) -> list[Factor]:
    """Factors that the benchmark or its views report by and that have more than one value in a result."""
    tables = (*run.views.tables, *card_of(run).tables)
    reported = {name for table in tables for name in table.by}
    known = questions.factors_of(run).values()
    return [factor for factor in known if factor.name in reported and len(questions.levels(run, factor)) > 1]


def title_of(factor: Factor) -> str:
    """What a figure is by."""
    known = {"area": "object size", "angle_deg": "rotation", "yaw_deg": "yaw"}
    return known.get(factor.name, factor.label.lower())


def _tables(subject: Subject, *by: str) -> dict[str, pd.DataFrame]:
    return {label: _answered(run, subject, by) for label, run in subject.runs.items()}


def _answered(run: store.Run, subject: Subject, by: tuple[str, ...]) -> pd.DataFrame:
    """A metric table without images whose number is missing: they have no place on an axis."""
    table = questions.answer(run, subject.question(*by))
    numbers = [name for name in by if questions.factor_of(run, name).is_number]
    return table.dropna(subset=numbers).reset_index(drop=True) if numbers else table


def _map(subject: Subject, label: str) -> Exhibit:
    run = subject.runs[label]
    table = _answered(run, subject, LOCATION)
    said = _words("Top-1 by location", {label: run}, {label: table}, "a cell", label)

    def pick(custom: list[Any]) -> Pick:
        at = {"x": float(custom[0]), "y": float(custom[1])}
        return _pick(subject, run, at)

    return Exhibit(location.location_map(table, said), {label: table}, {label: run}, pick=pick)


def _curve(subject: Subject, factor: Factor) -> Exhibit:
    tables = _tables(subject, factor.name)
    said = _words(f"Top-1 by {title_of(factor)}", subject.runs, tables, "a point")
    names = {
        level: worst.level_name(subject.run, factor, level) for table in tables.values() for level in table[factor.name]
    }
    shown = curve.curve(tables, factor, subject.colours, said, log=factor.name == "area", names=names)
    return Exhibit(shown, tables, subject.runs, pick=partial(_picked, subject, factor))


def _rows(subject: Subject, factor: Factor) -> Exhibit:
    tables = _tables(subject, factor.name)
    said = _words(f"Top-1 by {title_of(factor)}", subject.runs, tables, f"a {title_of(factor)}")
    shown = bars.bars(tables, factor.name, subject.colours, said, x_title="top-1")
    return Exhibit(shown, tables, subject.runs, pick=partial(_picked, subject, factor))


def _picked(subject: Subject, factor: Factor, custom: list[Any]) -> Pick:
    return _pick(subject, subject.runs[custom[0]], {factor.name: custom[1]})


def _pick(subject: Subject, run: store.Run, at: Mapping[str, Any]) -> Pick:
    """The images at a value of each factor, as answers have it: of a number in bins those in its bin."""
    factors = [questions.factor_of(run, name) for name in at]
    where = []
    for factor in factors:
        level, binned = factor.parse(at[factor.name]), spans.binned(run, factor) if factor.is_number else None
        span = binned.span_of(float(level)) if binned else None
        where.append(Where.equals(factor.name, level) if span is None else Where.within(factor.name, span))
    said = worst.setting_name(run, factors, [factor.parse(at[factor.name]) for factor in factors])
    return Pick(run, said, tuple(where), subject.policy)


def _words(
    title: str,
    runs: Mapping[str, store.Run],
    tables: Mapping[str, pd.DataFrame],
    unit: str,
    tail: str = "95 % interval",
) -> Words:
    sizes = [int(n) for table in tables.values() for n in (table["n"].min(), table["n"].max()) if len(table)]
    n = f"{min(sizes):,}" if min(sizes) == max(sizes) else f"{min(sizes):,} to {max(sizes):,}"
    caption = " · ".join(f"{label}: identity {run.identity[:8]}" for label, run in runs.items())
    return Words(title, f"n = {n} {unit} · {tail}", caption, unit_of(next(iter(runs.values()))))
