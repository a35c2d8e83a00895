"""What a model's numbers say, in one sentence each; Markdown, with the interval, computed every time.

Names are given as they are; the sentences escape them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from core.answers.compare import Contrast
from core.types import THIN
from core.wording import count, escaped, interval, percent, points


def drop(model: str, contrast: Contrast, change: str) -> str:
    """A loss or gain of accuracy between two settings.

    Args:
        model: Its name.
        contrast: From ``compare``.
        change: Completes "when", such as ``the object moves from the centre to a corner``.
    """
    model = escaped(model)
    if math.isnan(contrast.value):
        return f"**{model}** has too few images to say what happens when {change}."
    ends = f"({percent(contrast.before, 0)} to {percent(contrast.after, 0)})"
    if not contrast.low <= 0 <= contrast.high:
        verb = "loses" if contrast.value < 0 else "gains"
        size = points(abs(contrast.value)).removeprefix("+").replace("pts", "points")
        low, high = sorted((abs(contrast.low), abs(contrast.high)))
        return f"**{model}** {verb} **{size}** {interval(low, high, 0)} when {change} {ends}."
    shown = points(contrast.value).replace("pts", "points")
    around = interval(contrast.low, contrast.high, 0)
    return f"**{model}** shows no clear effect, **{shown}** {around}, when {change} {ends}."


def half(model: str, contrast: Contrast) -> str:
    """The area below which half of the accuracy is gone; ``It`` for a model that the sentence before has named."""
    name = model if model == "It" else f"**{escaped(model)}**"
    if math.isnan(contrast.value):
        return f"{name} has too few images to say how small an object may be."
    if contrast.bound == "below":
        return f"{name} keeps more than half of its accuracy down to **{percent(contrast.value, 0)}** of the image."
    around = interval(contrast.low, contrast.high)
    return (
        f"{name} loses half of its best accuracy ({percent(contrast.before, 0)}) when the object is smaller than "
        f"**{percent(contrast.value)}** {around} of the image."
    )


def overall(model: str, value: float, low: float, high: float, n: int) -> str:
    """Accuracy over all images."""
    return f"**{escaped(model)}** is right on **{percent(value)}** {interval(low, high)} of {n:,} images."


def difference(first: str, second: str, contrast: Contrast) -> str:
    """The paired difference of two models over all common images."""
    first, second = escaped(first), escaped(second)
    if math.isnan(contrast.value):
        return f"**{first}** and **{second}** have no images in common."
    size = points(abs(contrast.value), 1).removeprefix("+").replace("pts", "points")
    around = interval(contrast.low, contrast.high)
    if contrast.low <= 0 <= contrast.high:
        return f"**{second}** and **{first}** cannot be told apart: {size} {around} on {contrast.n:,} common images."
    better, worse = (second, first) if contrast.value > 0 else (first, second)
    low, high = sorted((abs(contrast.low), abs(contrast.high)))
    around = interval(low, high)
    return f"**{better}** is **{size}** {around} better than **{worse}** on {contrast.n:,} common images."


def costliest(model: str, costs: pd.DataFrame) -> str:
    """The uncommon setting that costs most, of those with enough images, and which others may cost as much.

    Args:
        model: Its name.
        costs: From ``core.uncommon.gaps.costs``.
    """
    model = escaped(model)
    known = costs[costs["value"].notna() & ~costs["thin"].astype(bool)]
    if known.empty:
        return f"**{model}** has fewer than {THIN} images in each uncommon setting, too few to say which costs it most."
    names = [_setting_name(row) for row in known.to_dict("records")]
    worst, setting = known.iloc[0], names[0]
    as_much = [name for name, high in zip(names, known["high"], strict=True) if high >= worst["value"]][1:]
    among = f"of {count(len(known), 'uncommon setting')} with at least {THIN} images, the same class mix on both sides"
    around = interval(worst["low"], worst["high"])
    if worst["n_clusters"] < min(THIN, worst["n"]):
        around += f" (only {count(int(worst['n_clusters']), 'object')})"
    size = points(abs(worst["value"]), 1).removeprefix("+").replace("pts", "points")
    if worst["low"] <= 0:
        return (
            f"No uncommon setting clearly costs **{model}** accuracy: the most is {size} {around}, {setting}; {among}."
        )
    tied = f" {_listed(as_much).capitalize()} may cost as much." if as_much else ""
    setting = setting[:1].upper() + setting[1:]
    return f"**{setting}** costs **{model}** most: **{size}** of accuracy {around}; {among}.{tied}"


def _setting_name(row: Mapping[str, Any]) -> str:
    setting = escaped(row["setting"])
    return setting if row["attribute"] != "locations" else f"{setting} (location)"


def _listed(names: Sequence[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last
