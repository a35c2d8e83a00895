"""Questions a page asks of a stored run, answered by metric tables that are kept on disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from core import metrics, store
from core.answers import joined
from core.answers.cards import card_of
from core.store import lists
from core.types import Factor

StoredPolicy = Literal["top1", "top5"]
VALUE: dict[StoredPolicy, str] = {"top1": "correct", "top5": "correct_top5"}
#: Grid values are rounded to four digits when they are read; half of the last one.
_SAME = 5e-5


@dataclass(frozen=True)
class Where:
    """A condition on one factor: a range of numbers, ends included, or a set of values.

    Attributes:
        column: Factor.
        low: Smallest number kept.
        high: Largest number kept.
        values: Values kept, for a category, or for a set with any of them; empty for a range.
    """

    column: str
    low: float = -np.inf
    high: float = np.inf
    values: tuple[str, ...] = ()

    @classmethod
    def equals(cls, column: str, content: object) -> Where:
        """One value of a factor, a number or a text."""
        if isinstance(content, int | float) and not isinstance(content, bool):
            return cls(column, float(content), float(content))
        return cls(column, values=(str(content),))

    def keeps(self, table: pd.DataFrame) -> np.ndarray:
        """Which rows it keeps: bool (N,)."""
        if self.values and is_lists(table[self.column]):
            offsets, members = lists.list_offsets(table[self.column])
            row = np.repeat(np.arange(len(table)), np.diff(offsets))
            return np.bincount(row[np.isin(members, self.values)], minlength=len(table)) > 0
        if self.values:
            return table[self.column].isin(self.values).to_numpy()
        numbers = table[self.column].to_numpy(dtype=float)
        return (numbers >= self.low - _SAME) & (numbers <= self.high + _SAME)


@dataclass(frozen=True)
class Question:
    """Accuracy by some factors, over some of the images.

    Attributes:
        by: Factors that the table has a row for each combination of; none gives one row.
        policy: What counts as right.
        where: Conditions that an image must meet, all of them.
    """

    by: tuple[str, ...] = ()
    policy: StoredPolicy = "top1"
    where: tuple[Where, ...] = ()

    def within(self, *conditions: Where) -> Question:
        """The same question over fewer images."""
        return replace(self, where=(*self.where, *conditions))

    @property
    def columns(self) -> list[str]:
        """Columns of the compact table that its answer needs."""
        return list(dict.fromkeys([*self.by, *(part.column for part in self.where), VALUE[self.policy]]))


def select(table: pd.DataFrame, where: Sequence[Where]) -> pd.DataFrame:
    """The rows that meet all conditions."""
    if not where:
        return table
    return table[kept_by(table, where)]


def kept_by(table: pd.DataFrame, where: Sequence[Where]) -> np.ndarray:
    """Which rows meet all conditions: bool (N,)."""
    return np.logical_and.reduce([np.ones(len(table), dtype=bool), *(part.keeps(table) for part in where)])


def is_clustered(run: store.Run) -> bool:
    """Whether images of the run's benchmark share objects, so that intervals come from resampling those."""
    return card_of(run).cluster_unit is not None


def is_lists(column: pd.Series) -> bool:
    """Whether a factor's column holds sets, as lists."""
    return column.dtype == object and len(column) > 0 and not isinstance(column.iloc[0], str)


def answer(run: store.Run, question: Question) -> pd.DataFrame:
    """A question's metric table; from disk if it was asked before.

    Returns:
        The ``by`` columns, ``value``, ``low``, ``high`` (0..1, NaN where nothing can be said), ``n``, ``n_clusters``.
    """
    return joined.remembered(run, ["answer", asdict(question)], lambda: _answer(run, question))


def _answer(run: store.Run, question: Question) -> pd.DataFrame:
    cluster = "cluster" if is_clustered(run) else None
    table = joined.read(run, question.columns + ([cluster] if cluster else []))
    table = select(table, question.where)
    for column in question.by:
        if isinstance(table[column].dtype, pd.CategoricalDtype):
            table = table.assign(**{column: table[column].astype(str)})
    return metrics.accuracy_by(table, question.by, cluster, value=VALUE[question.policy])


def normalised(table: pd.DataFrame) -> pd.DataFrame:
    """A model's metric table with all values divided by its largest, which shows the shape of a curve."""
    top = table["value"].max()
    if not top > 0:
        return table
    return table.assign(**{column: table[column] / top for column in ("value", "low", "high")})


def by_level(table: pd.DataFrame, column: str) -> dict[Any, pd.DataFrame]:
    """One metric table for each value of a column, in ascending order."""
    return {level: part.drop(columns=column).reset_index(drop=True) for level, part in table.groupby(column, sort=True)}


def behind(run: store.Run, question: Question) -> pd.DataFrame:
    """The images a number stands for, the surest predictions first.

    Args:
        run: Complete or partial.
        question: Its ``where`` chooses the images; ``by`` plays no part.

    Returns:
        ``sample_id, right`` (1.0, 0.0 or NaN for an image that failed), ``predicted`` (class index), ``confidence``.
    """
    value = VALUE[question.policy]
    conditions = [part.column for part in question.where]
    table = joined.read(run, list(dict.fromkeys(["position", value, "confidence", "predicted", *conditions])))
    rows = np.flatnonzero(
        np.logical_and.reduce([part.keeps(table) for part in question.where] or [np.ones(len(table))])
    )
    order = np.argsort(-table["confidence"].to_numpy()[rows], kind="stable")
    rows = rows[order]
    ids = joined.read(run, ["sample_id"])["sample_id"].to_numpy()[rows]
    chosen = table.iloc[rows]
    return pd.DataFrame(
        {
            "sample_id": ids,
            "right": chosen[value].to_numpy(),
            "predicted": chosen["predicted"].to_numpy(),
            "confidence": chosen["confidence"].to_numpy(),
        }
    )


def levels(run: store.Run, factor: Factor) -> list:
    """The values of a factor that occur in a run, sorted."""
    table = joined.remembered(run, ["levels", factor.name], lambda: _levels(run, factor.name))
    return table["level"].tolist()


def _levels(run: store.Run, column: str) -> pd.DataFrame:
    values = joined.read(run, [column])[column]
    values = values.explode().dropna().unique() if is_lists(values) else values.dropna().unique()
    return pd.DataFrame({"level": sorted(values.tolist())})
