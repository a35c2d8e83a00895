"""Tables of settings of a stored run, kept on disk, for pages that read no more than they show."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from core import store, uncommon
from core.answers import joined
from core.answers.questions import is_clustered
from core.errors import UsageError
from core.types import Table
from core.uncommon import ATTRIBUTES, ranking

#: By name: those that are reported, and the details of pages.
TABLES: dict[str, Table] = {table.name: table for table in (*uncommon.TABLES, *uncommon.DETAILS)}
_COLUMNS = (
    *("category", *ATTRIBUTES, *(f"uncommon_{attribute}" for attribute in ATTRIBUTES)),
    *("n_uncommon", "partition", "correct", "cluster"),
)


def answer(run: store.Run, name: str) -> pd.DataFrame:
    """A table of settings; from disk if it was asked for before.

    Args:
        run: Of a benchmark whose samples passed through ``annotate``.
        name: Key of ``TABLES``; its function says which columns come.
    """
    return joined.remembered(run, ["settings", name], lambda: _answer(run, name))


def _answer(run: store.Run, name: str) -> pd.DataFrame:
    return TABLES[name].compute(_read(run), cluster="cluster" if is_clustered(run) else None)


def _read(run: store.Run, also: Sequence[str] = ()) -> pd.DataFrame:
    table = joined.read(run, [*_COLUMNS, *also])
    for column in ("category", "time", "weather", "partition"):
        table[column] = table[column].astype(str).astype(object)
    return table


def worst_against_worst(first: store.Run, second: store.Run, attribute: str) -> pd.DataFrame:
    """What an attribute's costliest value costs the second model less what its own costs the first, on common images.

    Args:
        first: A run.
        second: A run of the same benchmark.
        attribute: ``time``, ``weather`` or ``locations``.

    Returns:
        See ``core.uncommon.ranking.worst_against_worst``; values count by ``paper-code``.

    Raises:
        UsageError: If the runs are of different benchmarks.
    """
    if first.benchmark != second.benchmark:
        raise UsageError(f"runs of '{first.benchmark}' and '{second.benchmark}' have no samples in common")
    key = ["settings", "worst_against_worst", attribute, second.identity, joined.version(second)]
    return joined.remembered(first, key, lambda: _worst_against_worst(first, second, attribute))


def _worst_against_worst(first: store.Run, second: store.Run, attribute: str) -> pd.DataFrame:
    on = "position" if first.entry.samples == second.entry.samples else "sample_id"
    other = joined.read(second, [on, "correct"]).rename(columns={"correct": "other"})
    both = _read(first, [on]).merge(other, on=on, validate="one_to_one")
    both = both.dropna(subset=["correct", "other"]).reset_index(drop=True)
    return ranking.worst_against_worst(both, attribute, cluster="cluster" if is_clustered(first) else None)
