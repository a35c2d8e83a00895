"""A factor's values on the page: what they are called, which is chosen, and the images that a click on one means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core import store
from core.answers.questions import factor_of
from core.types import Factor, FactorValue
from core.wording import short_label, value
from pages.shared.page import cached, place
from pages.shared.page.place import Cell


def cell(run: store.Run, at: Mapping[str, object]) -> Cell:
    """The images at a value of each factor, as answers have it: of a number in bins those in its bin."""
    values, spans = {}, {}
    for name, content in at.items():
        factor = factor_of(run, name)
        level, binned = factor.parse(content), cached.binned(run, factor) if factor.is_number else None
        span = binned.span_of(float(level)) if binned else None
        if span is None:
            values[name] = level
        else:
            spans[name] = span
    return Cell(run.benchmark, values, spans)


def chosen(run: store.Run, factors: Sequence[Factor]) -> tuple[FactorValue, ...] | None:
    """The value of each factor in the chosen cell, as answers have it; None where it is of other factors or data."""
    there = place.chosen_cell()
    if there is None or there.benchmark != run.benchmark:
        return None
    if {*there.values, *there.spans} != {factor.name for factor in factors}:
        return None
    found = []
    for factor in factors:
        level: FactorValue | None = there.values.get(factor.name)
        if level is None:
            binned = cached.binned(run, factor)
            level = binned.centre_of(there.spans[factor.name]) if binned else None
        if level is None:
            return None
        found.append(level)
    return tuple(found)


def in_words(run: store.Run, there: Cell) -> str:
    """What is in a cell: ``weather fog, age 20 to 30``; plain text."""
    parts = []
    for name, content in there.values.items():
        factor = factor_of(run, name)
        parts.append(f"{short_label(factor)} {value(factor, content)}")
    for name, span in there.spans.items():
        factor = factor_of(run, name)
        binned = cached.binned(run, factor)
        centre = binned.centre_of(span) if binned else None
        ends = f"{value(factor, span.low)} to {value(factor, span.high)}"
        parts.append(
            f"{short_label(factor)} {binned.name_of(factor, centre) if binned and centre is not None else ends}"
        )
    return ", ".join(parts)
