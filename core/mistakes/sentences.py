"""Mistakes in sentences: which images are counted, which class is taken for which, which classes swallow others.

Sentences are Markdown; names of classes and models are escaped in them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from core.mistakes import frequent, summary
from core.mistakes.table import Filters
from core.wording import count, escaped

_NAMED = 3


def arrow(true: str, predicted: str, confidence: float | None = None, *, right: bool = False) -> str:
    """``deer → bird 0.98``, of a right prediction ``deer 0.98``, as plain text."""
    share = "" if confidence is None or np.isnan(confidence) else f" {confidence:.2f}"
    return f"{true if right else f'{true} → {predicted}'}{share}"


def population(n: int, filters: Filters, title: str, other: str = "") -> str:
    """Which images pass filters: ``1,102 images wrong under A and right under B, confidence 20–80 %``.

    Args:
        n: How many they are.
        filters: Those that hold; the classes they name are said with their direction.
        title: Name of the model.
        other: Name of the second model.

    Returns:
        Plain text.
    """
    kinds = {
        "wrong": f"wrong under {title}",
        "right": f"right under {title}",
        "all": f"that {title} has seen",
        "single_only": f"on which only the single label says that {title} is wrong",
        "both_wrong": f"wrong under {title} and under {other}",
        "only_this_wrong": f"wrong under {title} and right under {other}",
        "only_other_wrong": f"right under {title} and wrong under {other}",
    }
    said = [f"{count(n, 'image')} {kinds[filters.kind]}"]
    if filters.text.strip():
        said.append(f"with “{filters.text.strip()}” in a class")
    if (filters.low, filters.high) != (0.0, 1.0):
        said.append(f"confidence {100 * filters.low:.0f}–{100 * filters.high:.0f} %")
    if filters.true:
        said.append(f"of {_either(filters.true)}")
    if filters.predicted:
        said.append(f"taken for {_either(filters.predicted)}")
    if filters.pair:
        said.append(f"{filters.pair[0]} and {filters.pair[1]} confused")
    for names in (filters.categories, filters.severities):
        if names:
            said.append(_either(names))
    return ", ".join(said)


def _either(names: Sequence[str]) -> str:
    return " or ".join(names) if len(names) <= _NAMED else f"one of {len(names)} classes"


def _listed(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def confusions(table: pd.DataFrame, rows: np.ndarray) -> str:
    """The most frequent direction and the classes that swallow others, in up to two sentences; empty without mistakes.

    Args:
        table: From ``table.of_run`` or ``table.of_published``.
        rows: The mistakes.
    """
    found = summary.directions(table, rows)
    if found.empty:
        return ""
    said = [_most_frequent(found, frequent.may_be_most_frequent(table, rows, found))]
    sinks = summary.sinks(table, rows)
    if len(sinks):
        total = int(sinks["n_all"].iloc[0])
        first, *others = [(f"{int(row.n):,}", f"of **{escaped(row.predicted)}**") for row in sinks.itertuples()]
        also = [f"{n} {name}" for n, name in others]
        said.append(_listed([f"{first[0]} of {total:,} mistakes are predictions {first[1]}", *also]) + ".")
    return " ".join(said)


def _most_frequent(found: pd.DataFrame, may_be: np.ndarray) -> str:
    most = int(found["n"].iloc[0])
    if most == 1:
        return "No class is taken for the same other class more than once." if len(found) > 1 else f"{_one(found)}."
    tied = found[found["n"] == most]
    rivals = int(may_be.sum()) - len(tied)
    if len(tied) == 1:
        return f"{_one(found)}{_beside(rivals, len(found) - 1)}."
    named = [f"**{escaped(row.true)}** for **{escaped(row.predicted)}**" for row in tied.head(_NAMED).itertuples()]
    if len(tied) > _NAMED:
        return f"{len(tied)} confusions are the most frequent, {_times(most)} each: {', '.join(named)} and others."
    return f"Taken most often, {_times(most)} each: {_listed(named)}{_beside(rivals, len(found) - len(tied))}."


def _beside(rivals: int, others: int) -> str:
    """What is said of the other confusions, all of which were looked at; empty where there are none."""
    if not others:
        return ""
    if rivals:
        every = "the other" if others == 1 else f"each of {others:,} others"
        may = f"{rivals:,} of {others:,} others" if rivals < others else every
        return f"; {may} may be as frequent (95 %, all looked at)"
    return (
        f", clearly more often than {'the other' if others == 1 else f'any of {others:,} others'} (95 %, all looked at)"
    )


def _one(found: pd.DataFrame) -> str:
    true, predicted, n = found.iloc[0]
    back = found[(found["true"] == predicted) & (found["predicted"] == true)]["n"]
    other_way = _times(int(back.iloc[0])) if len(back) else "never"
    return f"**{escaped(true)}** is taken for **{escaped(predicted)}** {_times(int(n))} (the other way {other_way})"


def _times(n: int) -> str:
    return {1: "once", 2: "twice"}.get(n) or count(n, "time")


def unfinished(done: int, total: int) -> str:
    """In place of a finding while a run is under way: ``2 % done (34 of 1,764 images): no finding yet``."""
    return f"{100 * done // total if total else 0} % done ({done:,} of {count(total, 'image')}): no finding yet"
