"""What a model's numbers say, in one sentence each; Markdown, with the interval, computed every time.

Names are given as they are; the sentences escape them.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from core import store
from core.answers.compare import Contrast
from core.answers.verdict_words import MARGIN, limits, within
from core.types import THIN, Reduce
from core.wording import clusters, code, count, escaped, interval, percent, points

#: How several views of an image become one number.
_REDUCED: dict[Reduce, str] = {
    "mean": "the mean over {n:,} views of each image",
    "any": "right in any of {n:,} views of each image",
    "majority": "right in most of {n:,} views of each image",
    "first": "the first of {n:,} views of each image",
}


def drop(model: str, contrast: Contrast, change: str, margin: float = MARGIN) -> str:
    """A loss or gain of accuracy between two settings.

    Args:
        model: Its name.
        contrast: From ``compare``.
        change: Completes "when", such as ``the object moves from the centre to a corner``.
        margin: Largest difference that does not matter, a fraction.
    """
    model = escaped(model)
    if math.isnan(contrast.value):
        return f"**{model}** has too few images to say what happens when {change}."
    if contrast.is_thin:
        few = resting(contrast.n, contrast.n_clusters, contrast.unit)
        return f"**{model}** rests on {few}, too few to claim what happens when {change}."
    ends = f"({percent(contrast.before, 0)} to {percent(contrast.after, 0)})"
    if not contrast.low <= 0 <= contrast.high:
        verb = "loses" if contrast.value < 0 else "gains"
        low, high = sorted((abs(contrast.low), abs(contrast.high)))
        return f"**{model}** {verb} **{size(contrast.value)}** {interval(low, high, 0)} when {change} {ends}."
    shown = points(contrast.value).replace("pts", "points")
    around = interval(contrast.low, contrast.high, 0)
    found = contrast.verdict(margin)
    if found.kind == "equivalent":
        return f"**{model}** is {within(found)}, {shown} {around}, when {change} {ends}."
    more = f"; {limits(found)}" if limits(found) else ""
    return f"**{model}** shows no clear effect, **{shown}** {around}, when {change} {ends}{more}."


def half(model: str, contrast: Contrast) -> str:
    """The area below which half of the accuracy is gone; ``It`` for a model that the sentence before has named."""
    name = model if model == "It" else f"**{escaped(model)}**"
    if math.isnan(contrast.value):
        return f"{name} has too few images to say how small an object may be."
    if contrast.is_thin:
        few = resting(contrast.n, contrast.n_clusters, contrast.unit)
        return f"{name} rests on {few}, too few to claim how small an object may be."
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


def difference(first: str, second: str, contrast: Contrast, margin: float = MARGIN) -> str:
    """The paired difference of two models over all common images.

    Args:
        first: Name of the one that is taken away.
        second: Name of the other.
        contrast: Accuracy of the second less that of the first.
        margin: Largest difference that does not matter, a fraction.
    """
    first, second = escaped(first), escaped(second)
    if math.isnan(contrast.value):
        return f"**{first}** and **{second}** have no images in common."
    apart = size(contrast.value, 1)
    if contrast.is_thin:
        few = resting(contrast.n, contrast.n_clusters, contrast.unit)
        return f"**{second}** and **{first}** rest on {few}, too few to claim which is better."
    found = contrast.verdict(margin)
    if contrast.low <= 0 <= contrast.high:
        change = f"{points(contrast.value, 1)} {interval(contrast.low, contrast.high)}"
        is_same = found.kind == "equivalent"
        apart = f"are {within(found)}" if is_same else "cannot be told apart"
        more = f"; {limits(found)}" if limits(found) and not is_same else ""
        return (
            f"**{second}** and **{first}** {apart}: **{second}** less **{first}** is {change} on "
            f"{contrast.n:,} common images{more}."
        )
    better, worse = (second, first) if contrast.value > 0 else (first, second)
    low, high = sorted((abs(contrast.low), abs(contrast.high)))
    around = interval(low, high)
    small = f", a difference {within(found).removeprefix('equivalent ')}" if found.is_small else ""
    return f"**{better}** is **{apart}** {around} better than **{worse}** on {contrast.n:,} common images{small}."


def partial(model: str, benchmark: str, done: int, total: int, *, markdown: bool = True) -> str:
    """What is said of a run that is under way: how far it is, and no finding; plain text without ``markdown``."""
    share = min(done / max(total, 1), 0.99)
    said = percent(share, 0) if share >= 0.01 else f"less than {percent(0.01, 0)}"
    images = f"{done:,} of {count(total, 'image')}"
    name, where = (f"**{escaped(model)}**", code(benchmark)) if markdown else (model, f"'{benchmark}'")
    return f"{name} is {said} done on {where} ({images}): no finding yet."


def unfinished(runs: Iterable[store.Run]) -> str:
    """What is said of those of some results that are under way, and no finding; empty where all are complete."""
    return " ".join(partial(run.label, run.benchmark, run.n_done, run.n_samples) for run in runs if not run.complete)


def views_in_words(run: store.Run, how: Reduce | None = None) -> str:
    """How several views of an image became one number; empty of one view.

    Args:
        run: Of any family of views.
        how: As it was asked; by default as the family says.
    """
    if run.n_views == 1:
        return ""
    apart = ", with and without its object" if any(table.name == "ablation" for table in run.views.tables) else ""
    return _REDUCED[how or run.views.reduce].format(n=run.n_views) + apart


def other_classes(first: str, second: str) -> str:
    """That two models choose among different classes, which is no merit of either; empty where they are the same.

    Args:
        first: The classes of the first in words; see ``catalogue.space_in_words``.
        second: Those of the second.
    """
    return "" if first == second else f"The two choose among different classes, {first} and {second}: fewer are easier."


def listed(names: Iterable[str]) -> str:
    """``a``, ``a and b``, ``a, b and c``."""
    *most, last = names
    return f"{', '.join(most)} and {last}" if most else last


def resting(n: int, n_clusters: int, unit: str = "object") -> str:
    """What a thin number rests on: ``5 objects``; ``12 images`` where it is those that are too few."""
    return clusters(n_clusters, unit) if n >= THIN else count(n, "image")


def looked_at(n: int, n_clusters: int, unit: str = "object") -> str:
    """Images, and what they share where that is too little: ``12 images``, ``100 images of 5 objects``."""
    images = count(n, "image")
    return images if n < THIN or n_clusters >= n else f"{images} of {clusters(n_clusters, unit)}"


def size(difference: float, digits: int = 0) -> str:
    """A difference without its sign, in words: ``31 points``."""
    return points(abs(difference), digits).removeprefix("+").replace("pts", "points")
