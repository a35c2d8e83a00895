"""Tables that say more of a run than its benchmark and its views name: from masks, a ranking, or what was computed.

Whether there is something to say depends on the run; where there is not, a report says why and what would change it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from core import store
from core.answers.cards import card_of, own_card_of
from core.errors import DataError, ModelError, UsageError
from core.images.views import CLEAN
from core.types import CardTable, Policy, ProgressCallback


@dataclass(frozen=True)
class Asked:
    """What a table is made of.

    Attributes:
        run: Complete or partial.
        said: One row per image and view, classes that are left out without: factors, ``cluster``, ``correct`` by the
            policy.
        policy: What counts as right.
        cluster: Column of what is not independent between images, if there is one.
        progress: Called while files are read.
    """

    run: store.Run
    said: pd.DataFrame
    policy: Policy = "top1"
    cluster: str | None = None
    progress: ProgressCallback | None = None

    @property
    def shown(self) -> str:
        """Name of the accuracy in a report."""
        return "top5" if self.policy == "top5" else "top1"


@dataclass(frozen=True)
class Made:
    """A table's rows, with the columns of a report; and sentences without which they would be misread."""

    table: pd.DataFrame
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class RunTable:
    """A table that not every run of a benchmark has.

    Attributes:
        named: Its name, the columns that name a row, its title.
        make: Raises ``UsageError``, ``DataError`` or ``ModelError``, which says why there is none and what to do.
        can_ask: Whether it may be asked for by name, of a run.
        unasked: Whether a report has it where no table is named; as ``can_ask`` by default.
        printed: Columns that a terminal shows, and what it calls them; all, under their own names, by default.
    """

    named: CardTable
    make: Callable[[Asked], Made]
    can_ask: Callable[[store.Run], bool]
    unasked: Callable[[store.Run], bool] | None = None
    printed: Mapping[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What to type to get it."""
        return self.named.name

    def is_unasked(self, run: store.Run) -> bool:
        """Whether a report of a run has it where no table is named."""
        return (self.unasked or self.can_ask)(run)


def has_factor(run: store.Run, name: str) -> bool:
    """Whether a run's benchmark has a factor."""
    return card_of(run).factor(name) is not None


def has_own_factor(run: store.Run, name: str) -> bool:
    """Whether a run's benchmark has a factor that was not computed from its images."""
    return own_card_of(run).factor(name) is not None


def shows_clean(run: store.Run) -> bool:
    """Whether a run's images were also seen as they are."""
    return CLEAN in run.views.names


def make(tables: Sequence[RunTable], asked: Asked) -> tuple[dict[str, Made], list[str]]:
    """Tables by name, and a line for each that is left out."""
    found: dict[str, Made] = {}
    reasons = []
    for each in tables:
        try:
            found[each.name] = each.make(asked)
        except (UsageError, DataError, ModelError) as error:
            reasons.append(f"the table '{each.name}' is left out: {error}")
    return found, reasons


def values_of(table: pd.DataFrame, shown: str) -> dict[str, Any]:
    """The metric columns of a table under the names of a report; assigned to what names its rows."""
    return {shown: table["value"], **{name: table[name] for name in ("low", "high", "n", "n_clusters")}}
