"""What an update breaks: images that the first of two models has right and the second wrong, and those that it fixes.

The headline is the negative flip rate, a share of *all* common images (Yan et al. 2021, "Positive-Congruent Training",
Section 3). As a share of the images that the first has right, which is said beside it, it is larger: 2 % of all images
are 2.5 % of those that a model of 80 % accuracy has right. Two models of the same accuracy break as much as they fix.

Which images flip is decided on pairs: the same image, under the same view, by both models. Of several views of an image
that are counted as a share, each flips by itself, so that a view that is lost does not cancel one that is gained.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Literal, get_args

import numpy as np
import pandas as pd

from core import metrics, store
from core.answers import joined, tolerance, worst
from core.answers.cards import unit_of
from core.answers.compare import Contrast, paired_difference
from core.answers.questions import (
    VALUE,
    Question,
    factor_of,
    grouped,
    is_clustered,
    knows_top5,
    plain,
    read,
    select,
)
from core.answers.worst import Worst
from core.errors import UsageError
from core.metrics import bands
from core.types import Reduce, is_thin

#: Right before and wrong after, or the other way round.
Kind = Literal["broken", "fixed"]
KINDS: tuple[Kind, ...] = get_args(Kind)
#: Columns of pairs; no factor's name has a colon.
_BEFORE, _AFTER, _KEPT = "pair:before", "pair:after", "pair:kept"
_FLIPPED: dict[Kind, str] = {"broken": "pair:broken", "fixed": "pair:fixed"}
_EPS = 1e-9


def flipped(before: np.ndarray | pd.Series, after: np.ndarray | pd.Series) -> np.ndarray:
    """By how much each image goes from right to wrong; the one rule of all negative flips.

    Args:
        before: float (N,): 1.0 where the first model is right, 0.0 where it is wrong, NaN where that is not known; or
            the share of an image's views that are right.
        after: float (N,), the same of the second.

    Returns:
        float (N,), in [0, 1]; 0.0 where nothing is lost, NaN where either is not known.
    """
    return np.clip(np.asarray(before, dtype=float) - np.asarray(after, dtype=float), 0.0, None)


@dataclass(frozen=True)
class Direction:
    """How many images go from right to wrong in one direction.

    Attributes:
        value: Their share of all common images, 0..1: the negative flip rate.
        low: Lower end of its 95 % interval.
        high: Upper end.
        count: How many they are; of shares of views their sum.
        of_right: The same as a share of the images that are right at first, 0..1; NaN if none is.
        of_right_low: Lower end of its 95 % interval.
        of_right_high: Upper end.
        n_right: Images that are right at first; those with a view that is.
    """

    value: float
    low: float
    high: float
    count: float
    of_right: float
    of_right_low: float
    of_right_high: float
    n_right: int


@dataclass(frozen=True)
class Flips:
    """What a second model breaks and fixes, compared with a first.

    Attributes:
        broken: Right under the first and wrong under the second.
        fixed: Wrong under the first and right under the second: what the first would break, compared with the second.
        change: Accuracy of the second less that of the first, paired.
        n: Common images.
        n_clusters: Objects that they show, or images where those are independent.
        n_only: Images that were evaluated with the first alone, and with the second alone; they count nowhere.
        unit: What the clusters are; see ``cards.unit_of``.
    """

    broken: Direction
    fixed: Direction
    change: Contrast
    n: int
    n_clusters: int
    n_only: tuple[int, int]
    unit: str = "object"

    @property
    def is_thin(self) -> bool:
        """Whether it rests on too little to carry a claim."""
        return bool(is_thin(self.n, self.n_clusters))

    @property
    def better(self) -> Literal["first", "second"] | None:
        """Which model is better, as their paired difference decides; None where that cannot be said."""
        if self.is_thin or not (self.change.low > 0 or self.change.high < 0):
            return None
        return "second" if self.change.low > 0 else "first"

    def flips_of(self, kind: Kind) -> Direction:
        """The flips of a kind."""
        return self.broken if kind == "broken" else self.fixed


def why_not(first: store.Run, second: store.Run, question: Question) -> str:
    """Why two results cannot be compared image by image, in a sentence; empty where they can."""
    if first.benchmark != second.benchmark:
        return f"results on '{first.benchmark}' and on '{second.benchmark}' have no images in common."
    if first.identity == second.identity:
        return f"both are the same result ({first.identity} of {first.label}), which flips nothing: name two."
    if first.views.names != second.views.names:
        return f"views of '{first.view}' and of '{second.view}' show other things: no image flips between them."
    for run in (first, second):
        if question.policy == "top5" and not knows_top5(run):
            return f"of {run.label} top-5 is not known: fewer than five classes of each image are stored. Choose top1."
    return ""


def _require_pair(first: store.Run, second: store.Run, question: Question) -> None:
    if reason := why_not(first, second, question):
        raise UsageError(reason)


def summary(first: store.Run, second: store.Run, question: Question) -> Flips:
    """What the second model breaks and fixes over all common images.

    Args:
        first: The model before; complete or partial.
        second: The model after, on the same benchmark and views.
        question: ``policy``, ``where`` (of the first's factors) and ``reduce``; ``by`` plays no part.

    Raises:
        UsageError: If they are one result, of different benchmarks or views, or do not tell what is asked.
    """
    _require_pair(first, second, question)
    question = replace(question, by=())
    table = joined.remembered(
        first,
        _key("flips", second, question),
        lambda: summary_of(Pairs.of(first, second, question), clustered=is_clustered(first)),
    )
    broken, fixed = (
        Direction(*(float(row[name]) for name in _NUMBERS), n_right=int(row["n_right"]))
        for row in table.to_dict("records")
    )
    row = table.iloc[0]
    n_only = int(row["n_first_only"]), int(row["n_second_only"])
    change = _change(first, second, question)
    return Flips(broken, fixed, change, int(row["n"]), int(row["n_clusters"]), n_only, change.unit)


_NUMBERS = ("value", "low", "high", "count", "of_right", "of_right_low", "of_right_high")


def _key(name: str, second: store.Run, question: Question, *more: str) -> list[object]:
    return [name, *more, second.identity, joined.version(second), asdict(question)]


def _change(first: store.Run, second: store.Run, question: Question) -> Contrast:
    row = paired_difference(first, second, question).iloc[0]
    numbers = (float(row[name]) for name in ("value", "low", "high", "first", "second"))
    return Contrast(*numbers, n=int(row["n"]), n_clusters=int(row["n_clusters"]), unit=unit_of(first))


def answer(first: store.Run, second: store.Run, question: Question) -> pd.DataFrame:
    """What the second model breaks and fixes, by some factors; from disk if it was asked before.

    Returns:
        The ``by`` columns; ``value``, ``low``, ``high``: the share of the row's images that are broken, with its own
        95 % interval; ``n`` common images, ``n_clusters``, ``n_broken``; ``fixed_value, fixed_low, fixed_high,
        n_fixed``: the same of those that are fixed; ``accuracy_before, accuracy_after``. With ``by`` also ``band_low,
        band_high, fixed_band_low, fixed_band_high``: intervals that hold for all rows and both directions at once.

    Raises:
        UsageError: See ``summary``; if the first has no such factor.
    """
    _require_pair(first, second, question)
    return joined.remembered(first, _key("flips_by", second, question), lambda: _answer(first, second, question))


def most(first: store.Run, second: store.Run, by: Sequence[str], question: Question, kind: Kind = "broken") -> Worst:
    """At which setting of one or two factors most images flip.

    Args:
        first: See ``summary``.
        second: See ``summary``.
        by: Names of factors.
        question: ``policy``, ``where`` and ``reduce``.
        kind: Which flips.

    Returns:
        Of shares that do *not* flip: the worst setting is the one at which most images do, and ``change`` is how many
        fewer are kept there than at the best, with an interval that allows for having picked both of all.

    Raises:
        UsageError: See ``answer``.
    """
    _require_pair(first, second, question)
    question = replace(question, by=tuple(by))
    key = _key("flips_most", second, question, kind)
    levels = joined.remembered(first, key, lambda: _levels(first, second, question, kind))
    return worst.worst_of(first, [factor_of(first, name) for name in by], plain(levels, question.by))


def images(first: store.Run, second: store.Run, question: Question, kind: Kind) -> tuple[str, ...]:
    """Sample ids of the images that flip, in the order of the first's samples; of several views, any that does.

    Args:
        first: See ``summary``.
        second: See ``summary``.
        question: ``policy``, ``where`` and ``reduce``; ``by`` plays no part.
        kind: Which flips.

    Raises:
        UsageError: See ``summary``.
    """
    _require_pair(first, second, question)
    table = Pairs.of(first, second, replace(question, by=())).images
    return tuple(table["sample_id"][table[_FLIPPED[kind]] > 0].tolist())


@dataclass(frozen=True)
class Pairs:
    """What two models said of the same images.

    Attributes:
        views: One row for each image and view that both have.
        images: One row for each image, and value of its views' factors that ``by`` tells apart.
        how: How views became images.
        n_only: See ``Flips``.
    """

    views: pd.DataFrame
    images: pd.DataFrame
    how: Reduce
    n_only: tuple[int, int]

    @classmethod
    def of(cls, first: store.Run, second: store.Run, question: Question) -> Pairs:
        """The pairs that a question is about."""
        value, how = VALUE[question.policy], question.reduce or first.views.reduce
        on = "position" if first.entry.samples == second.entry.samples else "sample_id"
        keys = [on, "view"] if first.n_views > 1 else [on]
        left = select(first, read(first, question, ["sample_id", "cluster", *keys]), question.where)
        right = joined.read(second, [*keys, value]).rename(columns={value: _AFTER})
        if question.where:
            # Conditions are of the first's samples: of what the second alone has, nobody knows whether it meets them.
            right = right[right[on].isin(left[on])]
        left, right = left[left[value].notna()], right[right[_AFTER].notna()]
        both = left.rename(columns={value: _BEFORE}).merge(right, on=keys, how="inner", validate="one_to_one")
        common = both[on].nunique()
        n_only = left[on].nunique() - common, right[on].nunique() - common
        both = with_flips(both)
        if first.n_views == 1:
            return cls(both, both, how, n_only)
        apart = [name for name in question.by if name in {factor.name for factor in first.views.factors}]
        reduced = metrics.reduce_views(both, [on, *apart], how, [_BEFORE, _AFTER, *_FLIPPED.values()])
        return cls(both, reduced if how == "mean" else with_flips(reduced), how, n_only)


def with_flips(table: pd.DataFrame) -> pd.DataFrame:
    """Pairs with whether each is broken, and whether it is fixed."""
    before, after = (table[name].to_numpy(float) for name in (_BEFORE, _AFTER))
    return table.assign(**{_FLIPPED["broken"]: flipped(before, after), _FLIPPED["fixed"]: flipped(after, before)})


def summary_of(pairs: Pairs, *, clustered: bool) -> pd.DataFrame:
    """The numbers of ``Direction`` in a row for each of ``KINDS``, with ``n`` and ``n_clusters`` of all images."""
    cluster = "cluster" if clustered else None
    # What a share of views that are right at first loses is seen in the views alone.
    each = pairs.views if pairs.how == "mean" else pairs.images
    rows = []
    for kind, right in zip(KINDS, (_BEFORE, _AFTER), strict=True):
        column, there = _FLIPPED[kind], each[each[right] > _EPS]
        of_all = metrics.accuracy_by(pairs.images, (), cluster, value=column).iloc[0]
        of_right = metrics.accuracy_by(there, (), cluster, value=column).iloc[0]
        row = {name: of_all[name] for name in ("value", "low", "high", "n", "n_clusters")}
        row |= {"of_right": of_right["value"], "of_right_low": of_right["low"], "of_right_high": of_right["high"]}
        row |= {"count": pairs.images[column].sum(), "n_right": there["sample_id"].nunique()}
        rows.append(row | dict(zip(("n_first_only", "n_second_only"), pairs.n_only, strict=True)))
    return pd.DataFrame(rows)


def _answer(first: store.Run, second: store.Run, question: Question) -> pd.DataFrame:
    by = list(question.by)
    table = grouped(first, Pairs.of(first, second, question).images, by).reset_index(drop=True)
    cluster = "cluster" if is_clustered(first) else None
    broken, fixed = (metrics.accuracy_by(table, by, cluster, value=_FLIPPED[kind]) for kind in KINDS)
    cells = metrics.group_codes(table, by)[1]
    sums = {
        name: np.bincount(cells, weights=table[column].to_numpy(float), minlength=len(broken))
        for name, column in (("before", _BEFORE), ("after", _AFTER), *_FLIPPED.items())
    }
    with np.errstate(invalid="ignore", divide="ignore"):
        accuracy = {f"accuracy_{side}": sums[side] / broken["n"].to_numpy() for side in ("before", "after")}
    found = broken.assign(
        n_broken=sums["broken"],
        **{f"fixed_{name}": fixed[name] for name in ("value", "low", "high")},
        n_fixed=sums["fixed"],
        **accuracy,
    )
    if by:
        clusters = table["cluster"].to_numpy() if cluster else None
        found = found.assign(**_bands(table, cells, clusters, len(broken)))
    return plain(found, by)


def _bands(table: pd.DataFrame, cells: np.ndarray, clusters: np.ndarray | None, n_cells: int) -> dict[str, np.ndarray]:
    """Intervals of all cells that hold at once, in both directions."""
    values = np.concatenate([table[_FLIPPED[kind]].to_numpy(float) for kind in KINDS])
    twice = None if clusters is None else np.tile(clusters, 2)
    low, high, _ = bands.accuracy_band(values, np.concatenate([cells, cells + n_cells]), twice, 2 * n_cells)
    return {
        **{"band_low": low[:n_cells], "band_high": high[:n_cells]},
        **{"fixed_band_low": low[n_cells:], "fixed_band_high": high[n_cells:]},
    }


def _levels(first: store.Run, second: store.Run, question: Question, kind: Kind) -> pd.DataFrame:
    """Settings as ``tolerance.levels_of`` has them, of shares that do not flip."""
    table = grouped(first, Pairs.of(first, second, question).images, question.by)
    table = table.dropna(subset=list(question.by)).reset_index(drop=True)
    table = table.assign(**{_KEPT: 1.0 - table[_FLIPPED[kind]]})
    return tolerance.compared(table, question.by, _KEPT, clustered=is_clustered(first))


def of_kind(table: pd.DataFrame, kind: Kind) -> pd.DataFrame:
    """The metric table of one kind of flips: ``value, low, high, band_low, band_high`` and ``n_flipped``.

    Args:
        table: From ``answer``.
        kind: Which flips.
    """
    if kind == "broken":
        return table.assign(n_flipped=table["n_broken"])
    own = {name: table[f"fixed_{name}"] for name in ("value", "low", "high", "band_low", "band_high") if name in table}
    return table.assign(**own, n_flipped=table["n_fixed"])
