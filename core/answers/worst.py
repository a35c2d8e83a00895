"""The worst of the values of any factors, or of the pairs of two: where, by how much, and in a sentence.

The worst and the best are picked after looking at all, so their difference has an interval that holds for all pairs at
once (``core.answers.tolerance``); of very many settings that of their simultaneous bands, which is wider.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from core import store
from core.answers import spans
from core.answers.cards import unit_of
from core.answers.questions import Question, factor_of
from core.answers.sentences import listed, resting, size
from core.answers.tolerance import levels_of
from core.types import FEW_OBJECTS, THIN, Factor, FactorValue
from core.wording import clusters, count, escaped, interval, percent, points, short_label, value

#: Shares that differ by less are the same.
_SAME = 1e-12
#: Settings of the same value that are named; of more, their number is said.
_NAMED = 2


@dataclass(frozen=True)
class Setting:
    """A value of each factor, and the accuracy there.

    Attributes:
        at: The values; of numbers in bins, the bin's centre.
        said: The same as a reader sees it: ``weather fog, age 20 to 30``.
        value: Accuracy, 0..1.
        low: Lower end of its own 95 % interval.
        high: Upper end.
        n: Images.
        n_clusters: Objects, or images where those are independent.
    """

    at: tuple[FactorValue, ...]
    said: str
    value: float
    low: float
    high: float
    n: int
    n_clusters: int


@dataclass(frozen=True)
class Worst:
    """The worst and the best of some settings; only those that are not thin take part.

    Attributes:
        worst: The setting with the lowest accuracy, the first of several; None if fewer than two take part.
        best: That with the highest.
        change: Accuracy at the worst less that at the best, at most 0.
        low: Lower end of its simultaneous 95 % interval.
        high: Upper end; below 0 where the worst is clearly worse than the best.
        tied: How many others may as well be the worst.
        levels: Settings that take part.
        thin_levels: Settings that do not.
        n: Images of all settings.
        n_clusters: Objects, or images where those are independent.
        unit: What the clusters are; see ``cards.unit_of``.
        equal: Of those that are tied, the ones of exactly the same value, as a reader sees them.
    """

    worst: Setting | None
    best: Setting | None
    change: float
    low: float
    high: float
    tied: int
    levels: int
    thin_levels: int
    n: int
    n_clusters: int
    unit: str = "object"
    equal: tuple[str, ...] = ()

    @property
    def is_clear(self) -> bool:
        """Whether the worst setting is worse than the best, whichever settings they are."""
        return self.high < 0


def worst(run: store.Run, by: Sequence[str], question: Question) -> Worst:
    """The worst setting of one or two factors.

    Args:
        run: Complete or partial.
        by: Names of factors.
        question: ``policy``, ``where`` and ``reduce``.

    Raises:
        UsageError: If the run has no such factor.
    """
    factors = [factor_of(run, name) for name in by]
    return worst_of(run, factors, levels_of(run, replace(question, by=tuple(by))))


def worst_of(run: store.Run, factors: Sequence[Factor], levels: pd.DataFrame) -> Worst:
    """The worst of some settings.

    Args:
        run: Whose factors they are of.
        factors: What names a setting.
        levels: From ``tolerance.levels_of``.
    """
    part = levels[levels["used"].astype(bool)].reset_index(drop=True)
    objects = int(levels["objects"].max()) if len(levels) else 0
    sizes = (len(part), len(levels) - len(part), int(levels["n"].sum()), objects, unit_of(run))
    if len(part) < 2:
        return Worst(None, None, np.nan, np.nan, np.nan, 0, *sizes)
    values = part["value"].to_numpy(float)
    lowest, highest = int(values.argmin()), int(values.argmax())
    change, reach = float(values[lowest] - values[highest]), float(part["reach"].to_numpy(float)[highest])
    ends = max(change - reach, -1.0), min(change + reach, 1.0)
    is_tied = part["tied"].to_numpy(bool)
    equal = np.flatnonzero(is_tied & (np.abs(values - values[lowest]) < _SAME))
    names = tuple(_setting(run, factors, part.iloc[row]).said for row in equal if row != lowest)
    tied = int(is_tied.sum()) - 1
    found = (_setting(run, factors, part.iloc[row]) for row in (lowest, highest))
    return Worst(*found, change, *ends, tied, *sizes, equal=names)


def _setting(run: store.Run, factors: Sequence[Factor], row: pd.Series) -> Setting:
    at = tuple(factor.parse(row[factor.name]) for factor in factors)
    numbers = (float(row[name]) for name in ("value", "low", "high"))
    return Setting(at, setting_name(run, factors, at), *numbers, int(row["n"]), int(row["n_clusters"]))


def setting_name(run: store.Run, factors: Sequence[Factor], at: Sequence[FactorValue]) -> str:
    """``weather fog, age 20 to 30``: values as ``questions.answer`` has them, as a reader sees them."""
    return ", ".join(
        f"{short_label(factor)} {level_name(run, factor, content)}" for factor, content in zip(factors, at, strict=True)
    )


def level_name(run: store.Run, factor: Factor, content: object) -> str:
    """A value as ``questions.answer`` has it, as a reader sees it; a bin's centre by the edges of the bin."""
    binned = spans.binned(run, factor) if factor.is_number else None
    if binned is None or not isinstance(content, float) or content not in binned.centres:
        return value(factor, content)
    return binned.name_of(factor, content)


def sentence(model: str, found: Worst, factors: Sequence[Factor], *, markdown: bool = True) -> str:
    """Where a model is worst, and how far below its best.

    Args:
        model: Its name; ``It`` for one that the sentence before has named.
        found: From ``worst``.
        factors: What it is by.
        markdown: Whether it is Markdown; plain text otherwise.
    """

    def said(words: object) -> str:
        return escaped(words) if markdown else str(words)

    def strong(words: str) -> str:
        return f"**{words}**" if markdown else words

    name = model if model == "It" else strong(said(model))
    what = said(" and ".join(short_label(factor) for factor in factors))
    if found.worst is None or found.best is None:
        return f"{name} {_too_little(found)} to claim at which {what} it is worst."
    among = f"{count(found.levels, 'value')} of {what}" if len(factors) == 1 else f"{found.levels:,} pairs of {what}"
    lowest, highest = (said(each.said) for each in (found.worst, found.best))
    if not found.is_clear:
        return (
            f"Of {among}, {'it' if model == 'It' else name} is clearly worse than its best at none: {lowest} less "
            f"{highest} is "
            f"{points(found.change)} {interval(found.low, found.high, 0)}."
        )
    ties = said(tied_in_words(found))
    return (
        f"Of {among}, {'it' if model == 'It' else name} is worst at {strong(lowest)}: "
        f"{strong(percent(found.worst.value, 0))} of {count(found.worst.n, 'image')}, {size(found.change)} "
        f"{interval(-found.high, -found.low, 0)} below its best ({percent(found.best.value, 0)} at {highest}){ties}."
    )


def tied_in_words(found: Worst) -> str:
    """Which settings may as well be the worst, those of the same value by name; plain text, begins with a semicolon."""
    rest = found.tied - len(found.equal)
    others = f"{count(rest, 'other')} cannot be told from it" if rest else ""
    if not found.equal:
        return f"; {others}" if others else ""
    same = listed(found.equal) if len(found.equal) <= _NAMED else count(len(found.equal), "other")
    return f"; the same at {same}{f', and {others}' if others else ''}"


def _too_little(found: Worst) -> str:
    if found.n_clusters < FEW_OBJECTS or found.n < THIN:
        return f"rests on {resting(found.n, found.n_clusters, found.unit)}, too few"
    if found.levels + found.thin_levels < 2:
        return "has too few values"
    total = found.levels + found.thin_levels
    return f"has enough images ({enough(found)}) at {found.levels} of {total:,} values, too few"


def enough(found: Worst) -> str:
    """How many images carry a claim: ``30``; ``30, of 10 objects``."""
    return str(THIN) if found.n_clusters >= found.n else f"{THIN}, of {clusters(FEW_OBJECTS, found.unit)}"
