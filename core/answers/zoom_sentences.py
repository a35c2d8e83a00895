"""What looking closer, farther or elsewhere brings a model, in words."""

from __future__ import annotations

import pandas as pd

from core.answers.sentences import looked_at
from core.metrics import zoom
from core.types import is_thin
from core.wording import anchor_name, escaped, interval, percent, points


def row_of(table: pd.DataFrame, beginning: str, mark: str | None = None) -> pd.Series | None:
    """The first row of a ``bound`` table whose name begins so and whose mark is this; None where there is no number."""
    rows = table[table["bound"].str.startswith(beginning) & (table["n"] > 0)]
    if mark is not None:
        rows = rows[rows["mark"] == mark]
    return rows.iloc[0] if len(rows) else None


def every(table: pd.DataFrame) -> pd.Series | None:
    """The row of any of all views, in a table of ``bound`` or ``luck``."""
    rows = table[table["bound"].str.fullmatch(r"any of \d+") & (table["n"] > 0)]
    return rows.iloc[0] if len(rows) else None


def finding(
    model: str, bound: pd.DataFrame, luck: pd.DataFrame, at_object: pd.DataFrame | None = None, unit: str = "image"
) -> str:
    """One crop, what looking elsewhere gains, and what any of all zooms is worth beside luck; Markdown.

    Args:
        model: Name.
        bound: Of ``core.metrics.zoom.bound``.
        luck: Of ``core.metrics.zoom.luck``.
        at_object: Of ``core.metrics.zoom.at_object``, where it is known where objects are.
        unit: What images share; see ``cards.unit_of``.
    """
    one = row_of(bound, zoom.ONE_CROP)
    name = escaped(model)
    if one is None:
        return f"**{name}** has no answer to the usual crop."
    if is_thin(one["n"], one["n_clusters"]):
        few = looked_at(one["n"], one["n_clusters"], unit)
        return f"**{name}** has answers to {few} at each zoom: too few for a claim."
    said = [
        f"In the usual crop **{name}** is right on **{percent(one['top1'], 0)}** "
        f"{interval(one['low'], one['high'], 0)} of images."
    ]
    parts = (_single(bound), "" if at_object is None else _closer(at_object), _augmented(bound), _any(bound, luck))
    return " ".join(filter(None, (*said, *parts)))


def _single(bound: pd.DataFrame) -> str:
    """What one other zoom for all images gains, as measured on images that it was not chosen on."""
    chosen = row_of(bound, zoom.BEST, zoom.CHOSEN)
    fair = row_of(bound, zoom.BEST, zoom.CROSS_FITTED)
    if chosen is None or fair is None or pd.isna(fair["gain"]):
        return ""
    if (chosen["size"], chosen["row"], chosen["col"]) == (zoom.ONE_CROP_SIZE, 1, 1) and fair["gain_low"] <= 0:
        return "No other single zoom is better for all of them."
    around = f"**{points(fair['gain'])}** {interval(fair['gain_low'], fair['gain_high'], 0)}"
    where = f"size {int(chosen['size'])}, {anchor_name(int(chosen['row']), int(chosen['col']))}, on all of them"
    if fair["gain_low"] > 0:
        return f"Looking {_how(chosen)}, with one zoom chosen on the other half of them ({where}), gains {around}."
    if fair["gain_high"] < 0:
        return "No single zoom is better for all of them."
    return f"No single zoom is clearly better: the best of the other half ({where}) changes it by {around}."


def _closer(at_object: pd.DataFrame) -> str:
    """What looking at the object gains, at the size that is best on images that it is not measured on."""
    fair, chosen = at_object[at_object["size"].isna()], at_object[at_object["chosen"]]
    if fair.empty or chosen.empty or is_thin(fair.iloc[0]["n"], fair.iloc[0]["n_clusters"]):
        return ""
    row, size = fair.iloc[0], int(chosen.iloc[0]["size"])
    around = f"**{points(row['gain'])}** {interval(row['gain_low'], row['gain_high'], 0)}"
    what = f"Looking at where the object is (the nearest of nine anchors, size chosen on the other half, {size} on all)"
    if row["gain_low"] > 0:
        return f"{what} gains {around}."
    return (
        f"{what} loses: {around}." if row["gain_high"] < 0 else f"{what} changes nothing that could be told: {around}."
    )


def _how(chosen: pd.Series) -> str:
    if chosen["size"] == zoom.ONE_CROP_SIZE:
        return "elsewhere"
    return "closer" if chosen["size"] > zoom.ONE_CROP_SIZE else "from farther away"


def _augmented(bound: pd.DataFrame) -> str:
    """What the mean of random crops gains, where those were evaluated: the best of several is none to be claimed."""
    rows = bound[bound["bound"].str.startswith("TTA mean, tta") & (bound["n"] > 0)]
    if len(rows) != 1:
        return ""
    row = rows.iloc[0]
    around = f"{points(row['gain'])} {interval(row['gain_low'], row['gain_high'], 0)}"
    what = f"The mean of {row['passes']:,} random crops"
    if row["gain_low"] > 0:
        return f"{what} gains {around}."
    return f"{what} loses: {around}." if row["gain_high"] < 0 else f"{what} gains nothing that could be told: {around}."


def _any(bound: pd.DataFrame, luck: pd.DataFrame) -> str:
    """The oracle, and what of it is luck."""
    best, dealt = every(bound), every(luck)
    if best is None:
        return ""
    said = f"At least one of {best['passes']:,} zooms is right on {percent(best['top1'], 0)}"
    if dealt is None or pd.isna(dealt["value"]):
        return f"{said}: an oracle, since only the label says which."
    return (
        f"{said}: an oracle, since only the label says which, and with labels dealt anew it would still be "
        f"{percent(dealt['value'], 0)}."
    )
