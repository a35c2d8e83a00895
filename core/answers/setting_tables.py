"""Tables of settings of a stored run, kept on disk, for pages that read no more than they show."""

from __future__ import annotations

import pandas as pd

from core import store, uncommon
from core.answers import joined
from core.answers.questions import is_clustered
from core.types import Table
from core.uncommon import ATTRIBUTES

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
    table = joined.read(run, _COLUMNS)
    for column in ("category", "time", "weather", "partition"):
        table[column] = table[column].astype(str).astype(object)
    return TABLES[name].compute(table, cluster="cluster" if is_clustered(run) else None)
