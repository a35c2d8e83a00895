"""What is written on figures by factors, and which values they show in which order; the same on pages and in files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from core import store
from core.answers import questions
from core.answers.asking import DIRECT, Answers
from core.answers.cards import unit_of
from core.answers.questions import Question
from core.figures.exhibits.base import short_identity
from core.figures.style import Words
from core.types import Factor, FactorValue, is_thin
from core.wording import clusters, count, row_name, short_label, value

Tables = dict[str, pd.DataFrame]
#: Letters of a model's name in a title that names two.
_LONGEST_NAME = 26
#: Bars of more values than this are not shown.
MOST_ROWS = 30


def title_of(factor: Factor) -> str:
    """What a figure is by."""
    known = {"area": "object size", "angle_deg": "rotation", "yaw_deg": "yaw"}
    return known.get(factor.name, factor.label.lower())


def short(model: str) -> str:
    """A name that leaves room for another."""
    return model if len(model) <= _LONGEST_NAME else model[: _LONGEST_NAME - 1] + "…"


def known(run: store.Run, question: Question, table: pd.DataFrame) -> pd.DataFrame:
    """A metric table without images whose number is missing: they have no place on an axis."""
    numbers = [name for name in question.by if questions.factor_of(run, name).is_number]
    return table.dropna(subset=numbers).reset_index(drop=True) if numbers else table


def answered(runs: Mapping[str, store.Run], question: Question, ask: Answers = DIRECT) -> Tables:
    """Metric table by model, of values that have a place on an axis."""
    return {model: known(run, question, ask.answer(run, question)) for model, run in runs.items()}


def words(
    title: str, runs: Mapping[str, store.Run], tables: Tables, unit: str = "a point", tail: str = "95 % interval"
) -> Words:
    """Title, n with a remark on thin cells, kind of interval, identity."""
    rows = [table for table in tables.values() if len(table)]
    smallest = min((int(table["n"].min()) for table in rows), default=0)
    largest = max((int(table["n"].max()) for table in rows), default=0)
    n = f"{smallest:,}" if smallest == largest else f"{smallest:,} to {largest:,}"
    objects = max((int(table["n_clusters"].max()) for table in rows), default=0)
    unit_of_clusters = unit_of(next(iter(runs.values()))) if runs else "object"
    few = f", {clusters(objects, unit_of_clusters)}" if objects < largest else ""
    thin = " (thin)" if rows and all(is_thin(table["n"], table["n_clusters"]).all() for table in rows) else ""
    return Words(title, f"n = {n} {unit}{few}{thin} · {tail}", short_identity(list(runs.values())), unit_of_clusters)


def of_difference(
    runs: Mapping[str, store.Run],
    along: str,
    question: Question,
    table: pd.DataFrame,
    ask: Answers = DIRECT,
    *,
    framed: bool = False,
    brief: bool = False,
) -> Words:
    """What is written on a difference: which less which, by what, on how many common images.

    Args:
        runs: Two, by label.
        along: By what.
        question: ``policy`` and ``where``.
        table: From ``compare.paired_difference`` by it.
        ask: Who answers.
        framed: Whether cells that differ at once are framed.
        brief: For a title that fits half a page.
    """
    (first, one), (second, other) = list(runs.items())[:2]
    first, second = short(first), short(second)
    policy = question.policy.replace("top", "top-")
    identity = f"identity {other.identity[:8]} less {one.identity[:8]}"
    if brief:
        said = f"{second} less {first} · paired 95 % interval"
        return Words(f"Difference in {policy} by {along}", said, identity, unit_of(one))
    # Of a set's values, an image may be in several.
    overall = ask.paired(one, other, Question((), question.policy, question.where)).iloc[0]
    n = count(int(overall["n"]), "common image")
    differ = int(((table["band_low"] > 0) | (table["band_high"] < 0)).sum())
    at_once = f"framed: {differ:,} of {len(table):,} differ at once"
    parts = [f"green: {second} better", at_once if framed else "paired 95 % interval", n]
    return Words(f"{second} less {first}: {policy} by {along}", " · ".join(parts), identity, unit_of(one))


def named(
    run: store.Run, factor: Factor, levels: Sequence[FactorValue], ask: Answers = DIRECT
) -> dict[str, FactorValue]:
    """Values, as answers have them, by what a reader sees; in full where two would read the same."""
    binned = ask.binned(run, factor) if factor.is_number else None
    said = [binned.name_of(factor, float(level)) if binned else value(factor, level) for level in levels]
    return {
        name if said.count(name) == 1 else factor.text(level): level for name, level in zip(said, levels, strict=True)
    }


def bin_names(run: store.Run, factor: Factor, tables: Tables, ask: Answers = DIRECT) -> dict[FactorValue, str]:
    """What the bins of a number are called, by their centres; empty where each value stands for itself."""
    if ask.binned(run, factor) is None:
        return {}
    centres = sorted({level for table in tables.values() for level in table[factor.name]})
    return {level: name for name, level in named(run, factor, centres, ask).items()}


def rings(tables: Tables, lines: Factor | None) -> tuple[Tables, dict[str, str]]:
    """A table for each model and value of ``lines``; and the model of each."""
    if lines is None:
        return tables, {model: model for model in tables}
    found, groups = {}, {}
    for model, table in tables.items():
        for level, part in questions.by_level(table, lines.name).items():
            prefix = f"{model}, " if len(tables) > 1 else ""
            name = f"{prefix}{short_label(lines)} {value(lines, level)}"
            found[name], groups[name] = part, model
    return found, groups


def worst_first(table: pd.DataFrame, name: str) -> list[Any]:
    """Values from the lowest accuracy up; thin ones, which are easily extreme, after the others."""
    thin = is_thin(table["n"], table["n_clusters"])
    return table.assign(thin=thin).sort_values(["thin", "value"], kind="stable")[name].tolist()


def worst_rows(tables: Tables, name: str) -> tuple[Tables, str]:
    """Tables with the first one's lowest accuracies first, no more than ``MOST_ROWS``; and what is said of the rest."""
    first = next(iter(tables.values()))
    order, said = worst_first(first, name), ""
    if len(order) > MOST_ROWS:
        thin = is_thin(first["n"], first["n_clusters"])
        after = ", thin ones after the others" if thin.any() and not thin.all() else ""
        said = f"The {MOST_ROWS} worst of {len(order):,} values{after}."
        order = order[:MOST_ROWS]
    return {model: _in_order(table, name, order) for model, table in tables.items()}, said


def _in_order(table: pd.DataFrame, name: str, order: Sequence[Any]) -> pd.DataFrame:
    """The rows of some values, in their order; a missing value is one of them."""
    rank = {row_name(level): number for number, level in enumerate(order)}
    place_of = table[name].map(lambda level: rank.get(row_name(level), -1))
    return table.assign(rank=place_of)[place_of >= 0].sort_values("rank").drop(columns="rank").reset_index(drop=True)


def most_different(table: pd.DataFrame) -> tuple[pd.DataFrame, str]:
    """Of many values those that differ most, the largest loss first; and what is said of the rest."""
    if len(table) <= MOST_ROWS:
        return table, ""
    most = table["value"].abs().sort_values(ascending=False, kind="stable").index[:MOST_ROWS]
    said = f"The {MOST_ROWS} of {len(table):,} values that differ most, the largest loss first."
    return table.loc[most].sort_values("value", kind="stable").reset_index(drop=True), said
