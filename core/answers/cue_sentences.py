"""What a model's answers hang on, in words: what is left of accuracy without the object, and which noise costs more."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from core.answers.compare import Contrast
from core.answers.sentences import looked_at
from core.answers.verdict_words import MARGIN, limits, within
from core.types import is_thin
from core.wording import escaped, interval, percent, points

#: The ablation that headlines are about: the object's outline stays, so it takes the least away.
MAIN = "gray"
IN_WORDS = {
    "none": "as it is",
    "gray": "grayed out",
    "gray-box": "gray box",
    "tile": "tiled over",
    "mean-colour": "mean colour",
}


def signed(value: float) -> str:
    """``-0.05`` as ``−0.05``; a third digit where two would hide on which side of zero it is."""
    digits = 3 if value and abs(value) < 0.005 else 2
    return f"{value:+.{digits}f}".replace("-", "−")


def row_of(table: pd.DataFrame, view: str) -> pd.Series | None:
    """The row of a view in an ``ablation`` table; None where it has no answer."""
    rows = table[(table["view"] == view) & (table["n"] > 0)]
    return rows.iloc[0] if len(rows) else None


def without_object(model: str, table: pd.DataFrame, chance: float, unit: str = "object") -> str:
    """How much of a model's accuracy is left when the object is gone; Markdown.

    Args:
        model: Name.
        table: ``ablation`` of ``core.metrics.cues``.
        chance: Accuracy of guessing, 0..1; said where it is not small.
        unit: What images share; see ``cards.unit_of``.
    """
    clean, gone = row_of(table, "clean"), row_of(table, MAIN)
    if clean is None or gone is None:
        return f"**{escaped(model)}** has no answer to images without their object yet."
    if is_thin(gone["n"], gone["n_clusters"]):
        few = looked_at(gone["n"], gone["n_clusters"], unit)
        return f"**{escaped(model)}** has answers to {few} without their object: too few for a claim."
    others = table[~table["view"].isin(["clean", MAIN]) & (table["n"] > 0)]["value"]
    spread = f", {percent(others.min(), 0)} to {percent(others.max(), 0)} under the other ways" if len(others) else ""
    guess = f"; guessing gives {percent(chance, 0)}" if chance >= 0.02 else ""
    return (
        f"**{escaped(model)}** is right on **{percent(gone['value'], 0)}** "
        f"{interval(gone['low'], gone['high'], 0)} of images whose object is grayed out{spread}, of "
        f"{percent(clean['value'], 0)} with it{guess}."
    )


def most_without(values: Mapping[str, float], contrast: Contrast, margin: float = MARGIN) -> str:
    """Which of several models is right most often without the object; Markdown.

    Args:
        values: Accuracy with the object grayed out, by model.
        contrast: That of the best less that of the second on common images.
        margin: Largest difference that does not matter, a fraction.
    """
    (best, value), (second, other), *_ = sorted(values.items(), key=lambda each: -each[1])
    around = f"{points(contrast.value)} {interval(contrast.low, contrast.high, 0)}"
    if contrast.is_thin or not contrast.low > 0:
        found = contrast.verdict(margin)
        apart = f"are {within(found)}" if found.kind == "equivalent" else "cannot be told apart"
        more = f"; {limits(found)}" if limits(found) and found.kind == "unclear" and not contrast.is_thin else ""
        return (
            f"Without the object **{escaped(best)}** ({percent(value, 0)}) and **{escaped(second)}** "
            f"({percent(other, 0)}) are right most often; they {apart}: {around}{more}."
        )
    return (
        f"Of {len(values)} models **{escaped(best)}** is right most often without the object, {around} more often "
        f"than **{escaped(second)}**."
    )


def sensitivity(model: str, row: pd.Series) -> str:
    """Which noise costs a model more; Markdown.

    Args:
        model: Name.
        row: Of ``rfs``, all strengths pooled.
    """
    rfs = f"RFS {signed(row['value'])} [{signed(row['low'])}, {signed(row['high'])}]"
    name = escaped(model)
    if is_thin(row["n"], row["n_clusters"]):
        return f"Its answers to noise rest on too few images for a claim ({rfs})."
    if row["low"] > 0:
        return f"Noise on the object costs **{name}** more than noise elsewhere ({rfs})."
    if row["high"] < 0:
        return f"Noise *around* the object costs **{name}** more than noise on it ({rfs})."
    return f"Noise on the object and elsewhere cost **{name}** alike, as far as can be told ({rfs})."
