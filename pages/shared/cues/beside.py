"""The same numbers on another set of images beside: in the paper Hard ImageNet against RIVAL."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st

from core.answers import cue_beside
from core.answers.cue_sentences import IN_WORDS, MAIN
from core.figures import cues
from core.figures.style import Words
from core.types import is_thin
from core.wording import code, interval, points
from pages.shared.cues import results
from pages.shared.cues.results import Cues
from pages.shared.page import address, cached, figure, later, text
from pages.shared.page.frame import Choice

_NONE = "none"
#: Beside a benchmark where it is there, as in its paper.
_PAIRS = {"hard-imagenet": "rival10", "rival10": "hard-imagenet"}


def pick(choice: Choice, found: Cues) -> Cues | None:
    """Another benchmark on which the first chosen model with a result here has one too; None for none."""
    model = next((model for model in choice.models if model in found.ablations), "")
    titles = {
        key: title
        for key, title in results.offered().items()
        if key != found.benchmark and results.found(choice, key).of((model,)).ablations
    }
    if not titles:
        return None
    pair = _PAIRS.get(found.benchmark, "")
    key = st.selectbox(
        "Beside", [_NONE, *titles], format_func=lambda each: titles.get(each, "Beside: nothing"),
        label_visibility="collapsed", width=260,
        **address.one("beside", [_NONE, *titles], pair if pair in titles else _NONE),
    )  # fmt: skip
    return results.found(choice, key).of(tuple(found.ablations)) if key in titles else None


def said(chosen: Cues, other: Cues | None) -> str:
    """By how much the change without the object differs; of the first chosen model, Markdown."""
    if other is None:
        return ""
    for model, run in list(chosen.ablations.items())[:1]:
        there = other.ablations.get(model)
        if there is None or not (run.complete and there.complete):
            return ""
        row = _difference(chosen, other, model)
        if row is None or is_thin(row["n"], row["n_clusters"]):
            return ""
        names = f"{code(chosen.benchmark)} and {code(other.benchmark)}"
        around = f"{points(row['value'])} {interval(row['low'], row['high'], 0)}"
        if row["low"] <= 0 <= row["high"]:
            return f"What that costs on {names} cannot be told apart: {around}."
        less = "less" if row["value"] > 0 else "more"
        size = f"**{points(abs(row['value'])).lstrip('+')}** {interval(*_positive(row), 0)}"
        return f"That costs it {size} {less} on {code(chosen.benchmark)} than on {code(other.benchmark)}."
    return ""


def _positive(row: pd.Series) -> tuple[float, float]:
    low, high = float(row["low"]), float(row["high"])
    return (low, high) if row["value"] > 0 else (-high, -low)


def _difference(chosen: Cues, other: Cues, model: str) -> pd.Series | None:
    tables = [cue_beside.changes(cached.cues(each.ablations[model], "ablation")) for each in (chosen, other)]
    rows = cue_beside.beside(*tables)
    rows = rows[rows["view"] == MAIN]
    return rows.iloc[0] if len(rows) else None


def show(chosen: Cues, other: Cues | None, choice: Choice) -> None:
    """The changes on both benchmarks, with the difference of each."""
    if other is None or not set(chosen.ablations) & set(other.ablations):
        return
    with st.container(key="oc-figures-wide-beside"):
        later.draw(partial(_figure, chosen, other, choice))
        later.draw(partial(_table, chosen, other))


def _figure(chosen: Cues, other: Cues, choice: Choice) -> None:
    tables, colours, hollow, identities = {}, {}, [], {}
    for each in (chosen, other):
        for model, run in each.ablations.items():
            name = f"{model} · {each.benchmark}"
            tables[name] = cue_beside.changes(cached.cues(run, "ablation"))
            colours[name] = choice.colours.get(model, "#6B7785")
            identities[name] = run.identity
            if each is other:
                hollow.append(name)
    words = Words(
        "What the object is worth",
        f"full: {chosen.benchmark}, hollow: {other.benchmark} · paired with the same image · 95 % interval",
        text.short_identity([*chosen.ablations.values(), *other.ablations.values()]),
    )
    order = {view: said_ for view, said_ in IN_WORDS.items() if view != "none"}
    figure.show(cues.changes(tables, order, colours, words, hollow=hollow), "changes", tables, identities)


def _table(chosen: Cues, other: Cues) -> None:
    rows = []
    for model in chosen.ablations:
        if model in other.ablations:
            tables = [cue_beside.changes(cached.cues(each.ablations[model], "ablation")) for each in (chosen, other)]
            rows.append(cue_beside.beside(*tables).assign(model=model))
    table = pd.concat(rows)
    table["view"] = table["view"].map(IN_WORDS)
    for column in ("first", "second", "value", "low", "high"):
        table[column] = 100 * table[column]
    number = partial(st.column_config.NumberColumn, format="%.1f")
    st.dataframe(
        table[["model", "view", "first", "second", "value", "low", "high", "n"]],
        hide_index=True,
        width="stretch",
        column_config={
            "model": "Model", "view": "Object", "first": number(chosen.benchmark), "second": number(other.benchmark),
            "value": number("Difference", help="Independent images; 95 % interval beside it (MOVER)."),
            "low": number("from"), "high": number("to"),
            "n": st.column_config.NumberColumn("n", format="localized", help="Images of the smaller set."),
        },
    )  # fmt: skip
    st.caption("Change of accuracy without the object, points; a loss is negative.")
