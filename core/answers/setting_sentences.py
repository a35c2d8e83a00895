"""What uncommon settings cost a model, in a sentence: attributes first, then the values of the costliest one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from core.answers.sentences import listed, resting, size
from core.answers.verdict_words import MARGIN, limits, verdict, within
from core.wording import escaped, interval, points

#: Attributes in words.
LABELS = {"time": "time of day", "weather": "weather", "locations": "location"}
#: What is measured.
MEASURE = "accuracy in common less uncommon settings, same class mix on both sides"


def settings(
    model: str, attributes: pd.DataFrame, values: pd.DataFrame, definition: str, margin: float = MARGIN
) -> str:
    """Which attribute costs a model most, and which of its values.

    Ties are named as ties; what rests on too few images or objects carries no claim.

    Args:
        model: Its name.
        attributes: From ``core.uncommon.ranking.attribute_changes``.
        values: From ``core.uncommon.ranking.value_changes``.
        definition: Of ``core.uncommon.gaps.DEFINITIONS``.
        margin: Largest difference that does not matter, a fraction.
    """
    model = escaped(model)
    known = _of(attributes, definition)
    firm = [row for row in known if not row["thin"]]
    if not firm:
        few = f": {LABELS[known[0]['attribute']]} rests on {_few(known[0])}, too few to claim its cost" if known else ""
        return f"**{model}** has no finding on uncommon settings{few}."
    worst, *others = firm
    if worst["high"] >= 0:
        return (
            f"No attribute clearly costs **{model}** accuracy: at worst, with {LABELS[worst['attribute']]}, it changes "
            f"by {_change(worst)} ({MEASURE.replace('common less uncommon', 'uncommon less common')})"
            f"{_verdict(worst, margin)}."
        )
    inside = _inside(worst["attribute"], values, definition)
    ties = [row for row in others if row["tied"]]
    rest = listed([_lesser(row) for row in others if not row["tied"]]) if len(ties) < len(others) else ""
    rest = f"; {rest}" if rest else ""
    if ties:
        named = listed([f"**{LABELS[row['attribute']]}** ({_cost(row)})" for row in (worst, *ties)])
        return f"**{model}** loses most with {named}, which cannot be told apart{rest}. Measured: {MEASURE}.{inside}"
    first = LABELS[worst["attribute"]].capitalize()
    return (
        f"**{first}** costs **{model}** most, **{size(worst['value'], 1)}** {_around(worst)} ({MEASURE}){rest}.{inside}"
    )


def in_short(model: str, attributes: pd.DataFrame, definition: str, margin: float = MARGIN) -> str:
    """The same of a second model, by the same measure, without its values."""
    model = escaped(model)
    firm = [row for row in _of(attributes, definition) if not row["thin"]]
    if not firm:
        return f"**{model}** rests on too few images or objects to say."
    worst, *others = firm
    if worst["high"] >= 0:
        cost = f"{LABELS[worst['attribute']]}: {_change(worst)}"
        return f"No attribute clearly costs **{model}** accuracy ({cost}){_verdict(worst, margin)}."
    ties = [row for row in others if row["tied"]]
    named = listed([f"**{LABELS[row['attribute']]}** ({_cost(row)})" for row in (worst, *ties)])
    apart = ", which cannot be told apart" if ties else ""
    return f"By the same measure **{model}** loses most with {named}{apart}."


def _verdict(row: dict[str, Any], margin: float) -> str:
    """What an unclear change allows one to say all the same."""
    found = verdict(*(float(row[name]) for name in ("value", "low", "high")), row["n"], row["n_clusters"], d=margin)
    if found.kind == "equivalent":
        return f", a change {within(found).removeprefix('equivalent ')}"
    return f"; {limits(found)}" if limits(found) else ""


def _inside(attribute: str, values: pd.DataFrame, definition: str) -> str:
    """The costliest value of an attribute, with n beside each value that is named."""
    known = [row for row in _of(values, definition) if row["attribute"] == attribute]
    firm = [row for row in known if not row["thin"]]
    if not firm:
        return ""
    worst, *others = firm
    name = f"**{escaped(worst['setting'])}** (n = {worst['n_uncommon']:,})"
    few = [row for row in known if row["thin"] and row["value"] < worst["value"]]
    left_out = "".join(f"; {escaped(row['setting'])} rests on {_few(row)}, too few to claim" for row in few)
    within = f"Within {LABELS[attribute]}"
    if len(known) == 1:
        return f" {within}, the one uncommon value is {name}."
    if worst["high"] >= 0:
        return (
            f" None of its values clearly costs by itself: the largest change, {name}, is {_change(worst)}{left_out}."
        )
    ties = [f"{escaped(row['setting'])} (n = {row['n_uncommon']:,})" for row in others if row["tied"]]
    tied = f", and {listed(ties)} may cost as much" if ties else ""
    return f" {within}, {name} costs most, {_cost(worst)}{tied}{left_out}."


def _of(table: pd.DataFrame, definition: str) -> list[dict[str, Any]]:
    """Rows of a definition whose change is known, the largest loss first."""
    part = table[(table["definition"] == definition) & table["value"].notna()].sort_values("value")
    return [{str(name): content for name, content in row.items()} for row in part.to_dict("records")]


def _lesser(row: Mapping[str, Any]) -> str:
    label = LABELS[row["attribute"]]
    if row["low"] > 0:
        return f"{label} costs nothing, {_change(row)}"
    if row["high"] >= 0:
        return f"{label} shows no clear effect, {_change(row)}"
    return f"{label} costs {size(row['value'], 1).removesuffix('points').strip()} {_around(row)}"


def _cost(row: Mapping[str, Any]) -> str:
    return f"{size(row['value'], 1)} {_around(row)}"


def _around(row: Mapping[str, Any]) -> str:
    """The interval of a loss, as the loss is said: without its sign."""
    return interval(-row["high"], -row["low"])


def _change(row: Mapping[str, Any]) -> str:
    return f"{points(row['value'], 1)} {interval(row['low'], row['high'])}"


def _few(row: Mapping[str, Any]) -> str:
    return resting(min(row["n_common"], row["n_uncommon"]), row["n_clusters"])
