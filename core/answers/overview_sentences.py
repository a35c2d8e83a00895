"""What all results say together: models against each other within a benchmark, and one against where each starts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import pandas as pd

from core import store
from core.answers import standings
from core.answers.questions import Question, StoredPolicy
from core.answers.sentences import listed
from core.answers.verdict_words import MARGIN, limits, within
from core.types import is_thin
from core.wording import code, count, escaped, interval, percent, points

Runs = Mapping[tuple[str, str], store.Run]


def said(table: pd.DataFrame, runs: Runs, policy: StoredPolicy, model: str, margin: float = MARGIN) -> str:
    """One or two sentences; Markdown.

    Args:
        table: A row for each result: ``model, benchmark, value, low, high, n, n_clusters, partial, start, start_what``.
        runs: By model and benchmark.
        policy: What counts as right.
        model: Whom sentences about one model are about.
        margin: Largest difference that does not matter, a fraction.
    """
    if table.empty:
        return "No stored result can be read."
    sure = table[~table["partial"] & ~is_thin(table["n"], table["n_clusters"])].dropna(subset="value")
    if sure.empty:
        return "No result here is complete and rests on enough images and objects for a claim yet."
    parts = [_between(sure, runs, policy, margin), _within(sure, model)]
    return " ".join(part for part in parts if part) or _alone(sure)


def _between(table: pd.DataFrame, runs: Runs, policy: StoredPolicy, margin: float) -> str:
    """Which model is best on each benchmark that several have."""
    found = {}
    for key in dict.fromkeys(table["benchmark"]):
        part = table[table["benchmark"] == key]
        values = dict(zip(part["model"], part["value"], strict=True))
        there = standings.standing({model: runs[model, key] for model in values}, Question(policy=policy), values)
        if there is not None:
            found[key] = there
    if len(found) == 1:
        (key, only), *_ = found.items()
        around = interval(only.low, only.high)
        if not only.is_clear:
            found_of = only.verdict(margin)
            is_same = found_of.kind == "equivalent"
            apart = f"are {within(found_of)}" if is_same else "cannot be told apart"
            more = f"; {limits(found_of)}" if limits(found_of) and not is_same else ""
            tied = f"**{escaped(only.best)}** and **{escaped(only.second)}** {apart}"
            return f"On {code(key)} {tied}: {points(only.value, 1)} {around}, {count(only.n, 'common image')}{more}."
        return (
            f"On {code(key)} **{escaped(only.best)}** is best, **{points(only.value, 1)}** {around} over "
            f"{escaped(only.second)} on {count(only.n, 'common image')}."
        )
    if not found:
        return ""
    clear_on = {key for key, each in found.items() if each.is_clear_among(len(found))}
    wins = Counter(found[key].best for key in found if key in clear_on)
    tied = [key for key in found if key not in clear_on]
    best = [f"**{escaped(model)}** on {n}" for model, n in wins.most_common()]
    clear = f"the best model is {listed(best)}" if best else "no model is clearly best on any"
    ties = f"; on {listed([code(key) for key in tied])} the best two cannot be told apart" if tied and best else ""
    return f"Of {count(len(found), 'benchmark')} with several models, {clear}{ties} (95 % for all at once)."


def _within(table: pd.DataFrame, model: str) -> str:
    """Where a model falls furthest below where a benchmark starts."""
    own = table[(table["model"] == model) & table["start"].notna()]
    if own.empty:
        return ""
    worst = own.loc[(own["value"] - own["start"]).idxmin()]
    if worst["value"] >= worst["start"]:
        return ""
    others = own[
        (own["benchmark"] != worst["benchmark"]) & (own["value"] - own["start"] <= worst["high"] - worst["start"])
    ]
    tied = f"; {listed([code(key) for key in others['benchmark']])} may be as far" if len(others) else ""
    return (
        f"**{escaped(model)}** falls furthest on {code(worst['benchmark'])}: {percent(worst['value'])} "
        f"{interval(worst['low'], worst['high'])} over all of it, {percent(worst['start'])} {worst['start_what']}"
        f"{tied}."
    )


def _alone(table: pd.DataFrame) -> str:
    row = table.iloc[0]
    return (
        f"**{escaped(row['model'])}** is right on **{percent(row['value'])}** {interval(row['low'], row['high'])} of "
        f"{count(int(row['n']), 'image')} of {code(row['benchmark'])}."
    )
