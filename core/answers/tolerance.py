"""What a model tolerates of a factor: its best and its worst setting, and how far from the best it keeps 90 % of it.

The worst and the best are picked after looking at all settings. So their difference has an interval that holds for all
pairs of settings at once, and the settings that may as well be the worst are named as ties: together with it they hold
the truly worst one with 95 % confidence (``core.metrics.simultaneous``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from core import metrics, store
from core.answers import joined
from core.answers.cards import unit_of
from core.answers.compare import Contrast
from core.answers.questions import VALUE, Question, asked, factor_of, grouped, is_clustered, plain
from core.errors import UsageError
from core.metrics import bands
from core.metrics.bootstrap import replicates
from core.metrics.simultaneous import hidden_variance, may_be_lowest, pair_reach
from core.types import FEW_OBJECTS, Factor, is_thin

#: The share of its best accuracy that a model must keep at a setting it tolerates.
KEPT = 0.9
_EPS = 1e-9
#: Of more settings than this, pairs are compared by the settings' simultaneous bands: to draw all pairs takes too long.
_MOST_PAIRED = 500


@dataclass(frozen=True)
class Level:
    """One setting of the factors that are varied.

    Attributes:
        at: A value for each factor.
        value: Accuracy.
        low: Lower end of its own 95 % interval, as figures show it.
        high: Upper end.
        n: Images.
        n_clusters: Objects, or images where those are independent.
    """

    at: tuple[float, ...]
    value: float
    low: float
    high: float
    n: int
    n_clusters: int


@dataclass(frozen=True)
class Tolerance:
    """The best and the worst setting of a factor, or of x and y.

    Only settings that are not thin take part.

    Attributes:
        best: The setting with the highest accuracy, the first of several; None if fewer than two settings take part.
        worst: That with the lowest.
        change: Accuracy at the worst less that at the best, at most 0.
        low: Lower end of its simultaneous 95 % interval.
        high: Upper end; below 0 where the worst is clearly worse than the best.
        kept: Ranges of neighbouring grid values at which accuracy is at least ``KEPT`` of the best, ends included, in
            order; one over 0 degrees begins below 0. Empty for x and y.
        keeps: Number of settings with at least ``KEPT`` of the best.
        tied: Settings that may as well be the worst; that one itself left out.
        tied_ranges: The same and the worst itself as ranges; empty for x and y.
        ends: The lowest and the highest value on the grid; empty for x and y.
        levels: Settings that take part.
        thin_levels: Settings that do not.
        n: Images of all settings.
        n_clusters: Objects, or images where those are independent.
        unit: What the clusters are; see ``cards.unit_of``.
    """

    best: Level | None
    worst: Level | None
    change: float
    low: float
    high: float
    kept: tuple[tuple[float, float], ...]
    keeps: int
    tied: tuple[tuple[float, ...], ...]
    tied_ranges: tuple[tuple[float, float], ...]
    ends: tuple[float, ...]
    levels: int
    thin_levels: int
    n: int
    n_clusters: int
    unit: str = "object"

    @property
    def is_clear(self) -> bool:
        """Whether the worst setting is worse than the best, whichever settings they are."""
        return self.high < 0

    @property
    def few_objects(self) -> bool:
        """Whether it is objects, not images, of which there are too few."""
        return self.n_clusters < FEW_OBJECTS


def tolerance(run: store.Run, factors: Sequence[str], question: Question) -> Tolerance:
    """What a run tolerates of a factor.

    Args:
        run: Of a benchmark that varies them.
        factors: A numeric or circular factor; or two numeric ones, ``x`` and ``y``.
        question: ``policy``, ``where`` and ``reduce``.

    Raises:
        UsageError: If a factor is unknown or its values are no numbers.
    """
    question = replace(question, by=tuple(factors))
    factor = _number(run, factors)
    return _summary(run, levels_of(run, question), factors, factor if len(factors) == 1 else None)


def levels_of(run: store.Run, question: Question) -> pd.DataFrame:
    """A row per setting of any factors: these, the metric columns, and how it compares with the others.

    Args:
        run: Complete or partial.
        question: Its ``by`` are the factors; a row is a combination of their values that occurs, none missing.

    Returns:
        Also ``used``: not thin; ``tied``: may be the worst; ``reach``: of its difference to the worst to either side,
        for all pairs at once; ``objects``: clusters of all settings, the same in each row. Thin ones are compared with
        none.
    """
    table = joined.remembered(run, ["tolerance", asdict(question)], lambda: _levels(run, question))
    return plain(table, question.by)


def _number(run: store.Run, factors: Sequence[str]) -> Factor:
    known = [factor_of(run, name) for name in factors]
    for factor in known:
        if not factor.is_number:
            raise UsageError(f"the factor '{factor.name}' ({factor.label}) has no best and worst along an axis.")
    return known[0]


def _levels(run: store.Run, question: Question) -> pd.DataFrame:
    """See ``levels_of``."""
    table = _scored(run, question, ["cluster"])
    return compared(table, question.by, VALUE[question.policy], clustered=is_clustered(run))


def compared(table: pd.DataFrame, by: Sequence[str], value: str, *, clustered: bool) -> pd.DataFrame:
    """The rows of ``levels_of``, of any table.

    Args:
        table: One row per image: the ``by`` columns and ``value``, none missing, and ``cluster``.
        by: What names a setting.
        value: Column, in [0, 1].
        clustered: Whether images share objects.
    """
    levels = metrics.accuracy_by(table, by, "cluster" if clustered else None, value=value)
    cells = metrics.group_codes(table, list(by))[1]
    used = np.flatnonzero(~is_thin(levels["n"], levels["n_clusters"]).to_numpy())
    levels = levels.assign(used=False, tied=False, reach=np.nan)
    levels["objects"] = table["cluster"].nunique() if clustered else len(table)
    if len(used) < 2:
        return levels
    place = np.full(len(levels), -1)
    place[used] = np.arange(len(used))
    inside = place[cells] >= 0
    cells, values = place[cells[inside]], table[value].to_numpy(float)[inside]
    clusters = table["cluster"].to_numpy()[inside] if clustered else None
    trials, known = levels["n_clusters"].to_numpy()[used], levels["value"].to_numpy()[used]
    if len(used) > _MOST_PAIRED:
        tied, reach = _by_bands(known, *bands.accuracy_band(values, cells, clusters, len(used))[:2])
    else:
        draws, hidden = replicates(values, cells, clusters, len(used)), hidden_variance(values, cells, trials)
        tied = may_be_lowest(known, draws, trials, hidden)
        reach = pair_reach(draws, trials, hidden)[known.argmin()]
    levels.loc[used, "used"] = True
    levels.loc[used, "tied"] = tied
    levels.loc[used, "reach"] = reach
    return levels


def _by_bands(known: np.ndarray, low: np.ndarray, high: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which settings may be the lowest, and the reach of each one's difference to it, from bands that hold at once.

    Args:
        known: float (k,), accuracies.
        low: float (k,), lower ends of their simultaneous intervals.
        high: Upper ends.
    """
    least = int(known.argmin())
    above, below = known - low + (high - known)[least], high - known + (known - low)[least]
    return low <= high[least], np.maximum(above, below)


def _scored(run: store.Run, question: Question, also: Sequence[str]) -> pd.DataFrame:
    """Images with a prediction and a value of each factor."""
    table = asked(run, question, also)
    table = grouped(run, table[table[VALUE[question.policy]].notna()], question.by)
    return table.dropna(subset=list(question.by)).reset_index(drop=True)


def _summary(run: store.Run, levels: pd.DataFrame, factors: Sequence[str], factor: Factor | None) -> Tolerance:
    part = levels[levels["used"].astype(bool)].reset_index(drop=True)
    objects = int(levels["objects"].max()) if len(levels) else 0
    sizes = (len(part), len(levels) - len(part), int(levels["n"].sum()), objects, unit_of(run))
    if len(part) < 2:
        return Tolerance(None, None, np.nan, np.nan, np.nan, (), 0, (), (), (), *sizes)
    values = part["value"].to_numpy(float)
    best, worst = int(values.argmax()), int(values.argmin())
    change, reach = values[worst] - values[best], float(part["reach"].to_numpy(float)[best])
    keeps = values >= KEPT * values[best] - _EPS
    tied = part["tied"].to_numpy(bool)
    at = [tuple(map(float, row)) for row in part[list(factors)].to_numpy(float)]
    kept, ranges, ends = (), (), ()
    if factor is not None:
        # Neighbours on the whole grid: a thin setting between two others parts them.
        grid = levels[factor.name].to_numpy(float)
        rows = np.flatnonzero(levels["used"].astype(bool))
        is_circular, ends = factor.kind == "circular", (float(grid[0]), float(grid[-1]))
        kept, ranges = (contiguous(grid, _spread(rows, flags, len(grid)), is_circular) for flags in (keeps, tied))
    return Tolerance(
        *(_level(part, row, at) for row in (best, worst)),
        float(change),
        float(max(change - reach, -1.0)),
        float(min(change + reach, 1.0)),
        kept,
        int(keeps.sum()),
        tuple(place for row, place in enumerate(at) if tied[row] and row != worst),
        ranges,
        ends,
        *sizes,
    )


def _level(part: pd.DataFrame, row: int, at: Sequence[tuple[float, ...]]) -> Level:
    content = part.iloc[row]
    numbers = (float(content[name]) for name in ("value", "low", "high"))
    return Level(at[row], *numbers, int(content["n"]), int(content["n_clusters"]))


def _spread(rows: np.ndarray, flags: np.ndarray, size: int) -> np.ndarray:
    found = np.zeros(size, dtype=bool)
    found[rows] = flags
    return found


def contiguous(grid: np.ndarray, flags: np.ndarray, is_circular: bool = False) -> tuple[tuple[float, float], ...]:
    """Ranges of neighbouring grid values that are flagged, ends included.

    Args:
        grid: float (n,), ascending; degrees in [0, 360) if circular.
        flags: bool (n,).
        is_circular: Whether the last value is a neighbour of the first.

    Returns:
        ``(first, last)`` of each, ascending; one over 0 degrees begins below 0. All of a circle is one range.
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flags.astype(int), [0]])))
    ranges = [(float(grid[start]), float(grid[end - 1])) for start, end in zip(edges[::2], edges[1::2], strict=True)]
    if is_circular and len(ranges) > 1 and flags[0] and flags[-1]:
        first, *between, last = ranges
        ranges = [(last[0] - 360, first[1]), *between]
    return tuple(ranges)


def worst_against_worst(
    first: store.Run, second: store.Run, factors: Sequence[str], question: Question
) -> tuple[Contrast, tuple[Any, ...], tuple[Any, ...]]:
    """Accuracy of the second model at its worst setting less that of the first at its own, on their common images.

    The interval holds for all pairs of a setting of one and a setting of the other at once.

    Args:
        first: A run.
        second: A run of the same benchmark.
        factors: One or two, of any kind.
        question: ``policy`` and ``where``.

    Returns:
        The difference, and the two settings, values of the factors' kinds; NaN and no settings where fewer than two
        are not thin.

    Raises:
        UsageError: If the runs are of different benchmarks.
    """
    if first.benchmark != second.benchmark:
        raise UsageError(f"runs of '{first.benchmark}' and '{second.benchmark}' have no samples in common")
    question = replace(question, by=tuple(factors))
    key = ["worst_against_worst", second.identity, joined.version(second), asdict(question)]
    row = joined.remembered(first, key, lambda: _worst_against_worst(first, second, question)).iloc[0]
    names = ("value", "low", "high", "before", "after")
    found = Contrast(*(float(row[name]) for name in names), int(row["n"]), int(row["n_clusters"]))
    if not found.n:
        return found, (), ()
    known = [factor_of(first, name) for name in factors]
    here, there = (
        tuple(factor.parse(row[f"{which}_{factor.name}"]) for factor in known) for which in ("first", "second")
    )
    return found, here, there


def _worst_against_worst(first: store.Run, second: store.Run, question: Question) -> pd.DataFrame:
    by, value = list(question.by), VALUE[question.policy]
    on = "position" if first.entry.samples == second.entry.samples else "sample_id"
    left, right = (_scored(run, question, [on, "cluster"]) for run in (first, second))
    both = left.merge(right[[on, *by, value]].rename(columns={value: "other"}), on=[on, *by], validate="one_to_one")
    groups, cells = metrics.group_codes(both, by)
    clusters = both["cluster"].to_numpy() if is_clustered(first) else None
    n = np.bincount(cells, minlength=len(groups))
    pairs = both.assign(cell=cells).groupby("cell")["cluster"].nunique().reindex(range(len(groups)), fill_value=0)
    trials = n if clusters is None else pairs.to_numpy()
    used = np.flatnonzero(~is_thin(n, trials))
    if len(used) < 2:
        nothing = dict.fromkeys(("value", "low", "high", "before", "after"), np.nan)
        places = {f"{which}_{name}": np.nan for which in ("first", "second") for name in by}
        return pd.DataFrame([{**nothing, **places, "n": 0, "n_clusters": 0}])
    place = np.full(len(groups), -1)
    place[used] = np.arange(len(used))
    inside, k = place[cells] >= 0, len(used)
    cells = np.concatenate([place[cells[inside]], place[cells[inside]] + k])
    values = np.concatenate([both[value].to_numpy(float)[inside], both["other"].to_numpy(float)[inside]])
    # Without objects, that both models saw the same images is left aside, which can only widen the interval.
    clusters = None if clusters is None else np.tile(clusters[inside], 2)
    trials = np.tile(trials[used], 2)
    means = np.bincount(cells, weights=values, minlength=2 * k) / np.bincount(cells, minlength=2 * k)
    draws = replicates(values, cells, clusters, 2 * k)
    reach = pair_reach(draws, trials, hidden_variance(values, cells, trials), sides=(range(k), range(k, 2 * k)))
    one, other = int(means[:k].argmin()), k + int(means[k:].argmin())
    change, around = means[other] - means[one], reach[one, other]
    row = {"value": change, "low": max(change - around, -1.0), "high": min(change + around, 1.0)}
    row |= {"before": means[one], "after": means[other], "n": len(values) // 2, "n_clusters": trials.min()}
    row |= {f"first_{name}": groups[name].iloc[used[one]] for name in by}
    row |= {f"second_{name}": groups[name].iloc[used[other - k]] for name in by}
    return pd.DataFrame([row])
