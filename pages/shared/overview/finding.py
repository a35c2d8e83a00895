"""What the overview says: models against each other within a benchmark, and a model against where benchmarks start."""

from __future__ import annotations

from collections import Counter

import pandas as pd
import streamlit as st

from core import paths, store
from core.answers import catalogue, standings
from core.answers.questions import Question
from core.answers.sentences import listed
from core.answers.standings import Standing
from core.answers.verdict_words import limits, within
from core.types import is_thin
from core.wording import code, count, escaped, interval, percent, points
from pages.shared.cues.results import has_masks
from pages.shared.page import cached, margin
from pages.shared.page.frame import Choice
from pages.shared.page.pickers import BENCHMARK

FACTOR_PAGE = "pages/size_location_rotation.py"
Runs = dict[tuple[str, str], store.Run]


def said(table: pd.DataFrame, runs: Runs, policy: str, choice: Choice) -> str:
    """One or two sentences; Markdown.

    Args:
        table: A row for each result: ``model, benchmark, value, n, n_clusters, partial, start, start_what``.
        runs: By model and benchmark.
        policy: Of ``explore.POLICIES``.
        choice: Of the sidebar; sentences about one model are about the first.
    """
    return _said(cached.keys_of(runs), policy, choice.models[0] if choice.models else "", table, runs)


@st.cache_data(max_entries=64, show_spinner=False)
def _said(keys: tuple, policy: str, model: str, _table: pd.DataFrame, _runs: Runs) -> str:
    del keys
    table, runs = _table, _runs
    if table.empty:
        return "No stored result can be read."
    sure = table[~table["partial"] & ~is_thin(table["n"], table["n_clusters"])].dropna(subset="value")
    if sure.empty:
        return "No result here is complete and rests on enough images and objects for a claim yet."
    parts = [_between(sure, runs, policy), _within(sure, model)]
    return " ".join(part for part in parts if part) or _alone(sure)


def _between(table: pd.DataFrame, runs: Runs, policy: str) -> str:
    """Which model is best on each benchmark that several have."""
    found = {}
    for key in dict.fromkeys(table["benchmark"]):
        part = table[table["benchmark"] == key]
        values = dict(zip(part["model"], part["value"], strict=True))
        there = _standing({model: runs[model, key] for model in values}, policy, values)
        if there is not None:
            found[key] = there
    if len(found) == 1:
        (key, only), *_ = found.items()
        around = interval(only.low, only.high)
        if not only.is_clear:
            found_of = only.verdict(margin.chosen())
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


def _standing(runs: dict[str, store.Run], policy: str, values: dict[str, float]) -> Standing | None:
    keys = {model: cached.key_of(run) for model, run in runs.items()}
    return _cached_standing(tuple(sorted(keys.items())), policy, values, runs)


@st.cache_data(max_entries=256, show_spinner=False)
def _cached_standing(
    keys: tuple[tuple[str, cached.Key], ...], policy: str, values: dict[str, float], _runs: dict[str, store.Run]
) -> Standing | None:
    del keys
    return standings.standing(_runs, Question(policy=policy), values)  # type: ignore[arg-type]


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


def where_to_look(key: str) -> tuple[str, str, str]:
    """The page that looks closest at a benchmark, with the name and the content of its picker."""
    if key in catalogue.benchmarks_varying("area", "x", "angle_deg", "yaw_deg"):
        return FACTOR_PAGE, BENCHMARK, catalogue.family_of(key)
    if catalogue.is_own(key):
        return FACTOR_PAGE, BENCHMARK, key
    has_settings = any(factor.name == "locations" for factor in catalogue.benchmark_class(key).factors)
    if has_settings and (paths.REPO / "pages/uncommon_settings.py").is_file():
        return "pages/uncommon_settings.py", BENCHMARK, key
    if not has_settings and has_masks(catalogue.benchmark_class(key)):
        return "pages/cues.py", BENCHMARK, key
    if catalogue.benchmark_class(key).factors and catalogue.family_of(key) == key:
        return FACTOR_PAGE, BENCHMARK, key
    return "pages/overview.py", "only", catalogue.family_of(key)
