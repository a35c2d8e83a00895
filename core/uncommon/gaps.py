"""Generalisation gaps: accuracy in common settings minus accuracy in uncommon ones, as fractions, with intervals.

The paper's Equation 1 leaves two things open, so there are two definitions:

* ``paper-code``, as the released code counts: images whose value is ``none`` are left out, and for locations each
  (image, location) pair counts, uncommon if that location is uncommon for the category.
* ``image-level``: every image counts once; ``none`` is common, and an image is uncommon if any of its values is.

A gap can be mere class imbalance: uncommon images are of other classes than common ones. The *class-mix-adjusted* gap
gives each class the same weight on both sides, namely its share of the uncommon side, over the classes that have both.

Every function takes the table that ``core.uncommon.tables`` takes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from core.errors import UsageError, nearest
from core.metrics import intervals
from core.metrics.accuracy import THIN, accuracy_by
from core.uncommon.rules import ATTRIBUTES, CATEGORIES, NONE, VALUES, location_pairs

Definition = Literal["paper-code", "image-level"]
DEFINITIONS: tuple[Definition, ...] = ("paper-code", "image-level")
COMMON, UNCOMMON = "common", "uncommon"
_GAP = ("gap", "low", "high", "n_common", "n_uncommon")


def gaps(joined: pd.DataFrame, cluster: str | None = None) -> pd.DataFrame:
    """The gap of each attribute by each definition (Equation 1, Table 3).

    Returns:
        ``attribute, definition, gap, low, high, n_common, n_uncommon``; n counts pairs for ``paper-code`` locations.
        NaN where a side is empty.
    """
    rows = []
    for attribute, definition in _each():
        found = _cells(sides(joined, attribute, definition).assign(category=""), cluster)
        rows.append((attribute, definition, *found.gap({"": 1.0})))
    return pd.DataFrame(rows, columns=["attribute", "definition", *_GAP])


def adjusted_gaps(joined: pd.DataFrame, cluster: str | None = None) -> pd.DataFrame:
    """``gaps`` with the same class mix on both sides; n counts the classes that have images on both."""
    rows = []
    for attribute, definition in _each():
        rows.append((attribute, definition, *_cells(sides(joined, attribute, definition), cluster).adjusted_gap()))
    return pd.DataFrame(rows, columns=["attribute", "definition", *_GAP])


def category_gaps(joined: pd.DataFrame, cluster: str | None = None) -> pd.DataFrame:
    """The gap of each category (Appendix E, last column): ``category`` and the columns of ``gaps``."""
    rows = []
    for attribute, definition in _each():
        found = _cells(sides(joined, attribute, definition), cluster)
        rows += [(name, attribute, definition, *found.gap({name: 1.0})) for name in CATEGORIES]
    return pd.DataFrame(rows, columns=["category", "attribute", "definition", *_GAP])


def costs(joined: pd.DataFrame, cluster: str | None = None) -> pd.DataFrame:
    """What each uncommon value costs: the class-mix-adjusted ``paper-code`` gap with only its own images on one side.

    Returns:
        ``attribute, value, gap, low, high, n_common, n_uncommon, thin``, the costliest first; values that are nowhere
        uncommon in the data are left out. ``thin``: fewer than 30 uncommon images.
    """
    rows = []
    for attribute in ATTRIBUTES:
        long = sides(joined, attribute)
        found = _cells(long.assign(side=long["value"].where(long["side"] == UNCOMMON, COMMON)), cluster)
        for value in VALUES[attribute]:
            if value in found.sides:
                rows.append((attribute, value, *found.adjusted_gap(value)))
    table = pd.DataFrame(rows, columns=["attribute", "value", *_GAP])
    return table.assign(thin=table["n_uncommon"] < THIN).sort_values("gap", ascending=False, ignore_index=True)


def _each() -> list[tuple[str, Definition]]:
    return [(attribute, definition) for definition in DEFINITIONS for attribute in ATTRIBUTES]


def sides(joined: pd.DataFrame, attribute: str, definition: Definition = "paper-code") -> pd.DataFrame:
    """What is compared: one row per image, or per (image, location) pair, with the side it is on.

    Args:
        joined: See the module.
        attribute: ``time``, ``weather`` or ``locations``.
        definition: See the module.

    Returns:
        ``category, correct, cluster`` of ``joined`` with ``row`` (position of the image in ``joined``), ``value`` (of
        the attribute; empty for locations at image level) and ``side`` (``common`` or ``uncommon``). Images without a
        prediction, and categories without rules, are left out.

    Raises:
        UsageError: If the definition is unknown.
    """
    if definition not in DEFINITIONS:
        raise UsageError(f"unknown definition '{definition}'.{nearest(definition, DEFINITIONS)}")
    used = [column for column in ("category", "correct", "cluster") if column in joined]
    if definition == "paper-code" and attribute == "locations":
        pairs = location_pairs(joined)
        row, value, uncommon = pairs["row"].to_numpy(), pairs["value"].to_numpy(), pairs["uncommon"].to_numpy()
    else:
        row, uncommon = np.arange(len(joined)), joined[f"uncommon_{attribute}"].to_numpy()
        value = "" if attribute == "locations" else joined[attribute].to_numpy()
    long = joined[used].iloc[row].reset_index(drop=True)
    long = long.assign(row=row, value=value, side=np.where(uncommon, UNCOMMON, COMMON))
    known = long["correct"].notna() & long["category"].isin(CATEGORIES)
    if definition == "paper-code":
        known &= long["value"] != NONE
    return long[known].reset_index(drop=True)


@dataclass(frozen=True)
class _Cells:
    """Accuracies of (category, side) cells with what it takes to compare them.

    Attributes:
        table: Indexed by (category, side): ``value, low, high, n``.
        overlap: By category and side, the correlation with the category's common cell: an image with several values
            stands on both sides.
    """

    table: pd.DataFrame
    overlap: pd.Series

    @property
    def sides(self) -> set[str]:
        """Sides that occur."""
        return set(self.table.index.get_level_values("side"))

    def gap(self, weights: Mapping[str, float], side: str = UNCOMMON) -> tuple[float, float, float, int, int]:
        """Weighted gap over categories: gap, low, high, n_common, n_uncommon."""
        common, rare = (self.table.reindex([(name, each) for name in weights]) for each in (COMMON, side))
        n_common, n_rare = (int(part["n"].fillna(0).sum()) for part in (common, rare))
        both = pd.concat([common, rare])
        if not weights or both["value"].isna().any():
            return np.nan, np.nan, np.nan, n_common, n_rare
        k = len(weights)
        signed = np.array(list(weights.values()))
        related = np.eye(2 * k)
        first, second = np.arange(k), np.arange(k) + k
        shared = self.overlap.reindex([(name, side) for name in weights]).fillna(0.0)
        related[first, second] = related[second, first] = shared
        total = intervals.combine(np.append(signed, -signed), both["value"], both["low"], both["high"], related)
        return *total, n_common, n_rare

    def adjusted_gap(self, side: str = UNCOMMON) -> tuple[float, float, float, int, int]:
        """The gap with the uncommon side's class mix on both sides, over classes with images on both."""
        n = self.table["n"].unstack("side", fill_value=0).reindex(columns=[COMMON, side], fill_value=0)
        n = n[(n > 0).all(axis=1)]
        return self.gap((n[side] / max(n[side].sum(), 1)).to_dict(), side)


def _cells(long: pd.DataFrame, cluster: str | None) -> _Cells:
    """Cells of ``sides``; with clusters the overlap is left out, which widens the interval rather than narrows it."""
    by = ["category", "side"]
    if cluster is not None:
        return _Cells(accuracy_by(long, by, cluster).set_index(by), pd.Series(dtype=float))
    per_image = long.groupby([*by, "row"])["correct"].agg(["sum", "size"])
    counts = per_image["size"].astype(float)
    total = per_image.groupby(by).sum()
    norms = (counts**2).groupby(by).sum()
    # Values of one image are right or wrong together, so they weigh less than as many images (Kish's effective n).
    effective = total["size"] ** 2 / norms
    value = total["sum"] / total["size"]
    low, high = intervals.wilson(value * effective, effective)
    common = counts.xs(COMMON, level="side") if COMMON in counts.index.unique("side") else counts.iloc[:0]
    both = counts.reset_index("side").join(common.rename("common"), how="inner")
    product = (both["size"] * both["common"]).groupby([both.index.get_level_values("category"), both["side"]]).sum()
    of_common = norms.reindex(pd.MultiIndex.from_product([norms.index.unique("category"), [COMMON]], names=by))
    lengths = np.sqrt(norms * of_common.droplevel("side").reindex(norms.index.get_level_values("category")).to_numpy())
    return _Cells(total.rename(columns={"size": "n"}).assign(value=value, low=low, high=high), product / lengths)
