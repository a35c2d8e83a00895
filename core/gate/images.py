"""The images that a check is about: what counts as right, conditions, and what two runs have in common."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np
import pandas as pd

from core import metrics, store
from core.answers import policies
from core.answers.cards import card_of, samples_of, unit_of
from core.answers.flips import flipped
from core.answers.joined import with_view_factors
from core.answers.questions import Where, factor_of, typed
from core.errors import UsageError, nearest
from core.gate.reading import Node
from core.gate.verdicts import Estimate
from core.metrics.intervals import CONFIDENCE
from core.store import lists
from core.types import Factor, FactorValue, Policy

#: Column of negative flips; no factor's name has a colon.
BROKEN = "pair:broken"


@dataclass(frozen=True)
class Images:
    """One row an image.

    Attributes:
        run: The model's.
        table: Factors, ``sample_id, cluster, correct`` (1.0 or 0.0); with a baseline ``other``, the same of that, and
            ``BROKEN``, whether the baseline is right and the model wrong (``answers.flips.flipped``).
        is_clustered: Whether images share what ``cluster`` says.
        is_share: Whether ``correct`` may be a share of an image's views.
        n_only: Images of the model alone, and of the baseline alone; they are left out.
        notes: What a reader must know.
    """

    run: store.Run
    table: pd.DataFrame
    is_clustered: bool
    is_share: bool
    n_only: tuple[int, int] = (0, 0)
    notes: tuple[str, ...] = ()

    @property
    def unit(self) -> str:
        """What is independent."""
        return unit_of(self.run) if self.is_clustered else "image"

    @property
    def clusters(self) -> np.ndarray | None:
        """Int (N,), from 0, or None where images are independent."""
        return self.codes_of(self.table)

    def estimate(
        self,
        value: float,
        n: int,
        n_clusters: int,
        ends: Callable[[float], tuple[float, float]],
        *,
        notes: tuple[str, ...] = (),
        **sides: float,
    ) -> Estimate:
        """A number of these images, with what is to be said of them; see ``Estimate``."""
        notes = (*self.notes, *notes)
        counts = {"unit": self.unit, "n_only": self.n_only}
        return Estimate(float(value), int(n), int(n_clusters), cache(ends), notes=notes, **counts, **sides)

    def share(self, column: str, **sides: float) -> Estimate:
        """The mean of a column, with the interval of ``metrics.accuracy_by``."""
        # A share of an image's views is no success or failure: images are drawn.
        cluster = "cluster" if self.is_clustered else "sample_id" if self.is_share else None

        def row(confidence: float) -> pd.Series:
            return metrics.accuracy_by(self.table, (), cluster, value=column, confidence=confidence).iloc[0]

        def ends(confidence: float) -> tuple[float, float]:
            found = row(confidence)
            return float(found["low"]), float(found["high"])

        first = row(CONFIDENCE)
        return self.estimate(first["value"], first["n"], first["n_clusters"], ends, **sides)

    def codes_of(self, table: pd.DataFrame) -> np.ndarray | None:
        """The clusters of rows of the table, in which an image may count several times."""
        return pd.factorize(table["cluster"], sort=True)[0] if self.is_clustered else None


#: Tables of runs by identity, benchmark and policy.
Memo = dict[tuple[str, str, Policy | None], tuple[pd.DataFrame, tuple[str, ...]]]
#: Tables that are remembered: those of a model and its baseline, whose checks mostly stand together.
_MOST_KEPT = 2


def images_of(
    run: store.Run,
    policy: Policy | None,
    where: Mapping[str, Node],
    baseline: store.Run | None,
    memo: Memo | None = None,
) -> Images:
    """The images of a run that meet conditions, or those that it has in common with a baseline.

    Args:
        run: The model's.
        policy: What counts as right; by default as the benchmark is scored.
        where: Value, values or range, by factor.
        baseline: Of the same benchmark and views.
        memo: What was read for the checks before.

    Raises:
        UsageError: If a factor or value is unknown, a policy needs what was not kept, or nothing is in common.
    """
    memo = {} if memo is None else memo
    table, notes = _scored(run, policy, where, memo)
    is_share = run.n_views > 1 and run.views.reduce == "mean"
    is_clustered = card_of(run).cluster_unit is not None
    if baseline is None:
        return Images(run, table, is_clustered, is_share, notes=notes)
    if baseline.views.names != run.views.names:
        raise UsageError(f"views of '{run.view}' and '{baseline.view}' show other things: they cannot be paired.")
    # Which views are meant holds for both; of its images the baseline says no more than what is right.
    of_views = {factor.name for factor in run.views.factors}
    views = {name: node for name, node in where.items() if name in of_views}
    others, more = _scored(baseline, policy, views, memo)
    if policies_differ := [note for note in more if note not in notes]:
        notes = (*notes, *(f"baseline: {note}" for note in policies_differ))
    if where:
        # Conditions are of an image, so of the model's run: what the baseline has of others does not count.
        every = _scored(run, policy, {}, memo)[0]["sample_id"]
        others = others[others["sample_id"].isin(table["sample_id"]) | ~others["sample_id"].isin(every)]
    both = table.merge(others[["sample_id", "correct"]].rename(columns={"correct": "other"}), on="sample_id")
    if both.empty:
        raise UsageError(
            f"{run.model} ({len(table):,} images) and {baseline.model} ({len(others):,}) have no image in common on "
            f"'{run.benchmark}': evaluate both on the same folder."
        )
    if is_share:
        seen = (_of_views(run, policy, where, memo)[0], _of_views(baseline, policy, views, memo)[0])
        both = both.assign(**{BROKEN: both["sample_id"].map(_broken(*seen))})
    else:
        both = both.assign(**{BROKEN: flipped(both["other"], both["correct"])})
    n_only = (len(table) - len(both), 0 if where else len(others) - len(both))
    return Images(run, both, is_clustered, is_share, n_only, notes)


def _broken(seen: pd.DataFrame, before: pd.DataFrame) -> pd.Series:
    """By sample id, the share of an image's views that the baseline has right and the model wrong."""
    keys = ["sample_id", "view"]
    both = seen[[*keys, "correct"]].merge(before[[*keys, "correct"]], on=keys, suffixes=("", "_before"))
    return both.assign(**{BROKEN: flipped(both["correct_before"], both["correct"])}).groupby("sample_id")[BROKEN].mean()


def _scored(
    run: store.Run, policy: Policy | None, where: Mapping[str, Node], memo: Memo
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """One row an image that was evaluated and meets the conditions; and what a reader must know."""
    kept, notes = _of_views(run, policy, where, memo)
    if run.n_views > 1:
        kept = metrics.reduce_views(kept, ["sample_id"], run.views.reduce, ["correct"])
    return kept[kept["correct"].notna()].reset_index(drop=True), notes


def _of_views(
    run: store.Run, policy: Policy | None, where: Mapping[str, Node], memo: Memo
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """One row an image and view that meet the conditions; and what a reader must know."""
    key = (run.identity, run.benchmark, policy)
    # What is asked for again becomes the newest.
    table, notes = memo[key] = memo.pop(key) if key in memo else _counted(run, policy)
    while len(memo) > _MOST_KEPT:
        del memo[next(iter(memo))]
    return (table[meets(run, table, where)] if where else table), notes


def _counted(run: store.Run, policy: Policy | None) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """One row an image and view, with what counts as right."""
    card, samples = card_of(run), samples_of(run)
    classes = sorted(set(lists.list_offsets(samples["accepted"])[1].tolist()))
    said = store.read(run, ["sample_id", "view", "top10", "error"])
    table = metrics.join(samples, said, run.manifest.model.num_classes)
    counted = policies.counted(run, card, table, policy, classes)
    return with_view_factors(run, counted.table), counted.warnings


def meets(run: store.Run, table: pd.DataFrame, where: Mapping[str, Node]) -> np.ndarray:
    """Which rows meet all conditions: bool (N,).

    Raises:
        UsageError: If a factor or value is unknown, or no row meets them.
    """
    kept = np.ones(len(table), dtype=bool)
    for name, node in where.items():
        with node.placed():
            factor = factor_of(run, name)
            there = _condition(table, factor, node).keeps(table, factor)
            if len(table) and not there.any():
                raise UsageError(f"no image of '{run.benchmark}' has {name} {node.text or 'in this range'}.")
        kept &= there
    if where and len(table) and not kept.any():
        raise next(iter(where.values())).error("no image meets all of these conditions.")
    return kept


def _condition(table: pd.DataFrame, factor: Factor, node: Node) -> Where:
    """A value, a list of values, or a range ``{min: 0.1, max: 0.3}`` of a number."""
    if isinstance(node.value, dict):
        ends = {}
        for name, end in node.value.items():
            if name not in ("min", "max"):
                raise UsageError(f"a range has min and max, not '{name}'.")
            ends[name] = factor.parse(end.text)
        if not ends or not factor.is_number:
            raise UsageError(f"the factor '{factor.name}' takes a value{' or a range' if factor.is_number else ''}.")
        return Where(factor.name, ends.get("min", -np.inf), ends.get("max", np.inf))
    parts = node.value if isinstance(node.value, list) else [node]
    if not parts or any(isinstance(part.value, dict | list) for part in parts):
        raise UsageError(f"the factor '{factor.name}' takes a value or a list of values.")
    return Where(factor.name, values=tuple(_value(table, factor, part.text) for part in parts))


def _value(table: pd.DataFrame, factor: Factor, text: str) -> FactorValue:
    found = factor.parse(text)
    if factor.kind in ("category", "set"):
        column = lists.explode(table[[factor.name]], factor.name) if factor.kind == "set" else table
        known = [str(each) for each in typed(column[factor.name], factor).dropna().unique()]
        if str(found) not in known:
            shown = ", ".join(sorted(known)[:12]) + (", …" if len(known) > 12 else "")
            raise UsageError(f"no {factor.name} '{text}'.{nearest(text, known)} There are: {shown}.")
    return found
