"""Questions a page asks of a stored run, answered by metric tables that are kept on disk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

import numpy as np
import pandas as pd

from core import metrics, store
from core.answers import described, joined, spans
from core.answers.cards import card_of
from core.answers.spans import Span
from core.errors import UsageError, nearest
from core.labels import class_names
from core.store import lists
from core.types import Factor, FactorValue, Reduce

StoredPolicy = Literal["top1", "top5"]
VALUE: dict[StoredPolicy, str] = {"top1": "correct", "top5": "correct_top5"}
#: Factors that say what is in an image, in the order in which they are asked.
SAYS_WHAT = ("class", "category")
#: How near a number must come to a value of the grid to mean it, as a share of the step to that value's neighbour.
_SAME = 1e-3
#: What stands for that step where a column has one value only, as a share of the value.
_LONE_STEP = 1e-3


@dataclass(frozen=True)
class Where:
    """A condition on one factor: a range of numbers, ends included, or a set of values.

    Attributes:
        column: Factor.
        low: Smallest number kept.
        high: Largest number kept.
        values: Values kept, of the factor's kind; of a set, images with any of them. Empty for a range.
    """

    column: str
    low: float = -np.inf
    high: float = np.inf
    values: tuple[FactorValue, ...] = ()

    @classmethod
    def equals(cls, column: str, content: FactorValue) -> Where:
        """One value of a factor."""
        return cls(column, values=(content,))

    @classmethod
    def within(cls, column: str, span: Span) -> Where:
        """A range of a numeric factor, such as a bin's."""
        return cls(column, span.low, span.high)

    def keeps(self, table: pd.DataFrame, factor: Factor) -> np.ndarray:
        """Which rows it keeps: bool (N,).

        A number means the value of the grid that it is, but for rounding, and else itself; of a circular factor the
        one at the same angle. A missing value meets no condition.

        Raises:
            UsageError: If a value is not of the factor's kind, or a range is asked of what has no order.
        """
        column = typed(table[self.column], factor)
        values = [factor.parse(content) for content in self.values]
        if factor.is_number:
            numbers = column.to_numpy(dtype=float)
            if values:
                return np.isin(numbers, [_on_grid(numbers, asked, factor.kind == "circular") for asked in values])
            low, high = (_on_grid(numbers, end) for end in (self.low, self.high))
            return (numbers >= low) & (numbers <= high)
        if not values:
            raise UsageError(f"the factor '{factor.name}' ({factor.label}) has no range; name the values to keep.")
        if factor.kind == "set":
            offsets, members = lists.list_offsets(column)
            row = np.repeat(np.arange(len(table)), np.diff(offsets))
            return np.bincount(row[np.isin(members, values)], minlength=len(table)) > 0
        return column.isin(values).to_numpy(dtype=bool, na_value=False)


def _on_grid(numbers: np.ndarray, asked: float, circular: bool = False) -> float:
    """The number of a column that an asked one means: itself, or the nearest within ``_SAME`` of that one's step."""
    known = numbers[~np.isnan(numbers)]
    if not np.isfinite(asked) or not len(known) or (known == asked).any():
        return asked
    away = known - asked
    away = np.abs((away + 180) % 360 - 180 if circular else away)
    nearest = known[away.argmin()]
    others = known[known != nearest]
    step = np.abs(others - nearest).min() if len(others) else _LONE_STEP * abs(nearest)
    return float(nearest) if away.min() <= _SAME * step else asked


@dataclass(frozen=True)
class Question:
    """Accuracy by some factors, over some of the images.

    An image counts in each value of a set (one with the locations street and grass in the row of either, as in FOCUS's
    heatmaps), and once in a row; one with an empty set counts in none. So rows of a set share images: their ``n`` do
    not add up to that of the whole, while within a row images are as independent as anywhere.

    Attributes:
        by: Factors that the table has a row for each combination of; none gives one row. Images whose value is missing
            have a row of their own, the last.
        policy: What counts as right.
        where: Conditions that an image must meet, all of them.
        reduce: How several views of an image become one, as their family says by default; views that ``by`` tells apart
            stay apart.
    """

    by: tuple[str, ...] = ()
    policy: StoredPolicy = "top1"
    where: tuple[Where, ...] = ()
    reduce: Reduce | None = None

    def within(self, *conditions: Where) -> Question:
        """The same question over fewer images."""
        return replace(self, where=(*self.where, *conditions))

    @property
    def columns(self) -> list[str]:
        """Columns of the compact table that its answer needs."""
        return list(dict.fromkeys([*self.by, *(part.column for part in self.where), VALUE[self.policy]]))


def factors_of(run: store.Run) -> dict[str, Factor]:
    """The factors of a run's benchmark and of its views, by name."""
    return {factor.name: factor for factor in (*run.views.factors, *card_of(run).factors)}


def factor_of(run: store.Run, name: str) -> Factor:
    """A factor of a run's benchmark.

    Raises:
        UsageError: If it has none of this name.
    """
    known = factors_of(run)
    if name not in known:
        raise UsageError(
            f"'{run.benchmark}' has no factor '{name}'.{described.why_not(run, name)}{nearest(name, known)} "
            f"It has: {', '.join(known) or 'none'}."
        )
    return known[name]


def typed(column: pd.Series, factor: Factor) -> pd.Series:
    """A factor's column in the type of its kind, as a stored table may not hold it where values are missing."""
    if factor.kind == "boolean":
        return column.astype("boolean")
    if factor.is_number and column.dtype == object:
        return column.astype(float)
    if factor.kind == "category" and not isinstance(column.dtype, pd.CategoricalDtype):
        return column.astype(str)
    return column


def read(run: store.Run, question: Question, also: Sequence[str] = ()) -> pd.DataFrame:
    """The columns of a run's compact table that a question needs, and others; all rows.

    Raises:
        UsageError: If the question names a factor that the benchmark does not have.
    """
    for name in (*question.by, *(part.column for part in question.where)):
        factor_of(run, name)
    return joined.read(run, list(dict.fromkeys([*question.columns, *also])))


def asked(run: store.Run, question: Question, also: Sequence[str] = ()) -> pd.DataFrame:
    """The rows that a question is about: one an image, and one for each value of its views' factors that ``by`` has.

    Args:
        run: Complete or partial.
        question: ``by``, ``where``, ``policy`` and ``reduce``.
        also: Columns of the compact table that are wanted too.

    Raises:
        UsageError: See ``read``.
    """
    if run.n_views == 1:
        return select(run, read(run, question, also), question.where)
    table = select(run, read(run, question, [*also, "position"]), question.where)
    apart = [name for name in question.by if name in {factor.name for factor in run.views.factors}]
    how = question.reduce or run.views.reduce
    return metrics.reduce_views(table, ["position", *apart], how, [VALUE[question.policy]])


def select(run: store.Run, table: pd.DataFrame, where: Sequence[Where]) -> pd.DataFrame:
    """The rows of a run's table that meet all conditions."""
    return table[kept_by(run, table, where)] if where else table


def kept_by(run: store.Run, table: pd.DataFrame, where: Sequence[Where]) -> np.ndarray:
    """Which rows of a run's table meet all conditions: bool (N,)."""
    kept = (part.keeps(table, factor_of(run, part.column)) for part in where)
    return np.logical_and.reduce([np.ones(len(table), dtype=bool), *kept])


def grouped(run: store.Run, table: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """A run's table with the ``by`` columns in their factors' types and a row for each value of a set.

    Of a number that hardly recurs, the centre of its bin stands for it; see ``core.answers.spans``.
    """
    for name in by:
        factor = factor_of(run, name)
        if factor.kind == "set":
            table = lists.explode(table, name)
        elif spans.binned(run, factor) is not None:
            table = spans.in_bins(run, table, [factor])
        else:
            table = table.assign(**{name: typed(table[name], factor)})
    return table


def plain(table: pd.DataFrame, by: Sequence[str]) -> pd.DataFrame:
    """A metric table whose ``by`` columns are texts, numbers, True and False, and None for a missing value."""
    for name in by:
        if isinstance(table[name].dtype, pd.CategoricalDtype):
            table = table.assign(**{name: table[name].astype(str)})
        elif isinstance(table[name].dtype, pd.BooleanDtype):
            missing = table[name].isna()
            values = table[name].astype(object).mask(missing, None)
            table = table.assign(**{name: values if missing.any() else values.astype(bool)})
    return table


def knows_top5(run: store.Run) -> bool:
    """Whether enough classes of each image are stored to say if one of the best five is right."""
    if not run.is_imported and not run.views.dense:
        return True
    known = joined.read(run, ["correct", "correct_top5"])
    return bool(known["correct_top5"].notna().any() or known["correct"].isna().all())


def is_clustered(run: store.Run) -> bool:
    """Whether rows of a run share objects, or are views of one image, so that intervals are over those."""
    return card_of(run).cluster_unit is not None or run.n_views > 1


def answer(run: store.Run, question: Question) -> pd.DataFrame:
    """A question's metric table; from disk if it was asked before.

    Returns:
        The ``by`` columns, ``value``, ``low``, ``high`` (0..1, NaN where nothing can be said), ``n``, ``n_clusters``.

    Raises:
        UsageError: If the benchmark has no such factor, or a condition does not fit its kind.
    """
    return joined.remembered(run, ["answer", asdict(question)], lambda: _answer(run, question))


def _answer(run: store.Run, question: Question) -> pd.DataFrame:
    cluster = "cluster" if is_clustered(run) else None
    table = asked(run, question, [cluster] if cluster else [])
    table = grouped(run, table, question.by)
    return plain(metrics.accuracy_by(table, question.by, cluster, value=VALUE[question.policy]), question.by)


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
        ``sample_id, view, right`` (1.0, 0.0 or NaN for an image that failed), ``predicted`` (class index),
        ``confidence``, ``p_true`` (probability of the accepted classes, NaN where it is not known), ``true`` (the
        value of the factor that says what is in the image, else the name of its first accepted class) and the numeric
        factors; a row for each view that meets the conditions.
    """
    value = VALUE[question.policy]
    known = factors_of(run)
    says = next((name for name in SAYS_WHAT if name in known), "")
    numbers = [name for name, factor in known.items() if factor.is_number]
    what = says or "accepted"
    table = read(run, replace(question, by=()), ["confidence"])
    rows = np.flatnonzero(kept_by(run, table, question.where))
    order = np.argsort(-table["confidence"].to_numpy()[rows], kind="stable")
    rows = rows[order]
    wanted = [value, "sample_id", "view", "confidence", "predicted", "p_accepted", what, *numbers]
    chosen = joined.read(run, list(dict.fromkeys(wanted)), rows)
    return pd.DataFrame(
        {
            "sample_id": chosen["sample_id"].to_numpy(),
            "view": chosen["view"].astype(str).to_numpy(),
            "right": chosen[value].to_numpy(),
            "predicted": chosen["predicted"].to_numpy(),
            "confidence": chosen["confidence"].to_numpy(),
            "p_true": chosen["p_accepted"].to_numpy(dtype=float, na_value=np.nan),
            "true": chosen[says].astype(str).to_numpy() if says else _first_names(run, chosen["accepted"]),
            **{name: chosen[name].to_numpy() for name in numbers},
        }
    )


def _first_names(run: store.Run, accepted: pd.Series) -> list[str]:
    """The name of the first accepted class of each image."""
    return [class_names(run.label_space, classes[:1])[0] if len(classes) else "" for classes in accepted]


def levels(run: store.Run, factor: Factor) -> list[FactorValue]:
    """The values of a factor that occur in a run, sorted."""
    table = joined.remembered(run, ["levels", factor.name], lambda: _levels(run, factor))
    return table["level"].tolist()


def _levels(run: store.Run, factor: Factor) -> pd.DataFrame:
    table = joined.read(run, [factor.name])
    table = lists.explode(table, factor.name) if factor.kind == "set" else table
    values = typed(table[factor.name], factor).dropna().unique()
    return pd.DataFrame({"level": sorted(values.tolist())})
