"""Tables of settings of a stored run, kept on disk, for pages that read no more than they show."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pandas as pd

from core import store
from core.answers import joined
from core.answers.questions import is_clustered
from core.uncommon.gaps import adjusted_gaps, category_gaps, costs, gaps
from core.uncommon.rules import ATTRIBUTES
from core.uncommon.tables import by_category_partition, heatmap, partitions, totals

#: By name; ``<attribute>`` stands for time, weather and locations.
QUESTIONS: dict[str, Callable[..., pd.DataFrame]] = {
    "partitions": partitions,
    "by_category_partition": by_category_partition,
    "gaps": gaps,
    "adjusted_gaps": adjusted_gaps,
    "category_gaps": category_gaps,
    "costs": costs,
    **{f"heatmap_{attribute}": partial(heatmap, attribute=attribute) for attribute in ATTRIBUTES},
    **{f"totals_{attribute}": partial(totals, attribute=attribute) for attribute in ATTRIBUTES},
}
_COLUMNS = (
    *("category", *ATTRIBUTES, *(f"uncommon_{attribute}" for attribute in ATTRIBUTES)),
    *("n_uncommon", "partition", "correct", "cluster"),
)


def answer(run: store.Run, question: str) -> pd.DataFrame:
    """A table of settings; from disk if it was asked for before.

    Args:
        run: Of a benchmark whose samples passed through ``annotate``.
        question: Key of ``QUESTIONS``; the function says which columns come.
    """
    return joined.remembered(run, ["settings", question], lambda: _answer(run, question))


def _answer(run: store.Run, question: str) -> pd.DataFrame:
    table = joined.read(run, _COLUMNS)
    for column in ("category", "time", "weather", "partition"):
        table[column] = table[column].astype(str).astype(object)
    return QUESTIONS[question](table, cluster="cluster" if is_clustered(run) else None)
