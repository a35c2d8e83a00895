"""Generalisation gaps: accuracy in common settings minus accuracy in uncommon ones, as fractions, with intervals.

The paper's Equation 1 leaves two things open, so there are two definitions:

* ``paper-code``, as the released code counts: images whose value is ``none`` are left out, and for locations each
  (image, location) pair counts, uncommon if that location is uncommon for the category.
* ``image-level``: every image counts once; ``none`` is common, and an image is uncommon if any of its values is.

A gap can be mere class imbalance: uncommon images are of other classes than common ones. The *class-mix-adjusted* gap
gives each class the same weight on both sides, namely its share of the uncommon side, over the classes that have both.

Every function takes the table that ``core.settings.tables`` takes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from core import stats
from core.errors import UsageError, nearest
from core.metrics import THIN, accuracy_by
from core.settings.rules import ATTRIBUTES, CATEGORIES, NONE, VALUES, location_pairs

Definition = Literal["paper-code", "image-level"]
DEFINITIONS: tuple[Definition, ...] = ("paper-code", "image-level")
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
        rows.append((attribute, definition, *found.gap([""], [1.0])))
    return pd.DataFrame(rows, columns=["attribute", "definition", *_GAP])


def adjusted_gaps(joined: pd.DataFrame, cluster: str | None = None) -> pd.DataFrame:
    """``gaps`` with the same class mix on both sides; n counts the classes that have images on both."""
    rows = []
    for attribute, definition in _each():
        rows.append((attribute, definition, *_cells(sides(joined, attribute, definition), cluster).adjusted()))
    return pd.DataFrame(rows, columns=["attribute", "definition", *_GAP])


def category_gaps(joined: pd.DataFrame, cluster: str | None = None) -> pd.DataFrame:
    """The gap of each category (Appendix E, last column): ``category`` and the columns of ``gaps``."""
    rows = []
    for attribute, definition in _each():
        found = _cells(sides(joined, attribute, definition), cluster)
        rows += [(name, attribute, definition, *found.gap([name], [1.0])) for name in CATEGORIES]
    return pd.DataFrame(rows, columns=["category", "attribute", "definition", *_GAP])


def costs(joined: pd.DataFrame, cluster: str | None = None, definition: Definition = "paper-code") -> pd.DataFrame:
    """What each uncommon value costs: the class-mix-adjusted gap between its attribute's common images and its own.

    Returns:
        ``attribute, value, gap, low, high, n_common, n_uncommon, thin``, the costliest first; values that are nowhere
        uncommon in the data are left out. ``thin``: fewer than 30 uncommon images.
    """
    rows = []
    for attribute in ATTRIBUTES:
        both = sides(joined, attribute, definition)
        per_value = sides(joined, attribute, "paper-code")
        common, uncommon = both[~both["uncommon"]], per_value[per_value["uncommon"]]
        for value in VALUES[attribute]:
            of_value = uncommon[uncommon["value"] == value]
            if len(of_value):
                found = _cells(pd.concat([common, of_value], ignore_index=True), cluster).adjusted()
                rows.append((attribute, value, *found))
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
        the attribute; empty for locations at image level) and ``uncommon`` (bool). Images without a prediction, and
        categories without rules, are left out.

    Raises:
        UsageError: If the definition is unknown.
    """
    if definition not in DEFINITIONS:
        raise UsageError(f"unknown definition '{definition}'.{nearest(definition, DEFINITIONS)}")
    used = [column for column in ("category", "correct", "cluster") if column in joined]
    if definition == "paper-code" and attribute == "locations":
        pairs = location_pairs(joined)
        long = joined[used].iloc[pairs["row"]].reset_index(drop=True)
        long = long.assign(row=pairs["row"], value=pairs["value"], uncommon=pairs["uncommon"])
    else:
        values = "" if attribute == "locations" else joined[attribute]
        long = joined[used].assign(row=np.arange(len(joined)), value=values, uncommon=joined[f"uncommon_{attribute}"])
    known = long["correct"].notna() & long["category"].isin(CATEGORIES)
    if definition == "paper-code":
        known &= long["value"] != NONE
    return long[known].reset_index(drop=True)


class _Cells:
    """Accuracies of (category, side) cells with what it takes to compare them.

    Attributes:
        table: Indexed by (category, uncommon): ``value, low, high, n``.
        overlap: By category, the correlation of its two cells, which share images where an image has several values.
    """

    def __init__(self, table: pd.DataFrame, overlap: dict[str, float]) -> None:
        self.table = table
        self.overlap = overlap

    def gap(self, categories: Sequence[str], weights: Sequence[float]) -> tuple[float, float, float, int, int]:
        """Weighted gap over categories: gap, low, high, n_common, n_uncommon."""
        common = self.table.reindex([(name, False) for name in categories])
        rare = self.table.reindex([(name, True) for name in categories])
        n_common, n_rare = (int(side["n"].fillna(0).sum()) for side in (common, rare))
        both = pd.concat([common, rare])
        signed = np.concatenate([np.asarray(weights, dtype=float), -np.asarray(weights, dtype=float)])
        k = len(categories)
        related = np.eye(2 * k)
        shared = [self.overlap.get(name, 0.0) for name in categories]
        related[np.arange(k), np.arange(k) + k] = related[np.arange(k) + k, np.arange(k)] = shared
        if not k or both["value"].isna().any():
            return np.nan, np.nan, np.nan, n_common, n_rare
        return *stats.combine(signed, both["value"], both["low"], both["high"], related), n_common, n_rare

    def adjusted(self) -> tuple[float, float, float, int, int]:
        """The gap with the uncommon side's class mix on both sides, over classes with images on both."""
        n = self.table["n"].unstack(fill_value=0).reindex(columns=[False, True], fill_value=0)
        n = n[(n > 0).all(axis=1)]
        return self.gap(list(n.index), list(n[True] / max(n[True].sum(), 1)))


def _cells(long: pd.DataFrame, cluster: str | None) -> _Cells:
    """Cells of ``sides``; with clusters the overlap is left out, which widens the interval rather than narrows it."""
    by = ["category", "uncommon"]
    if cluster is not None:
        return _Cells(accuracy_by(long, by, cluster).set_index(by), {})
    per_image = long.groupby([*by, "row"])["correct"].agg(["sum", "size"])
    counts = per_image["size"].astype(float)
    total = per_image.groupby(by).sum().rename(columns={"sum": "right", "size": "n"})
    # Pairs of one image are right or wrong together, so they weigh less than as many images (Kish's effective n).
    squares = (counts**2).groupby(by).sum()
    effective = total["n"] ** 2 / squares
    value = total["right"] / total["n"]
    low, high = stats.wilson(value * effective, effective)
    table = total.assign(value=value, low=low, high=high)
    sizes = counts.unstack("uncommon", fill_value=0).reindex(columns=[False, True], fill_value=0)
    product = (sizes[False] * sizes[True]).groupby("category").sum()
    norms = np.sqrt((sizes**2).groupby("category").sum().prod(axis=1))
    return _Cells(table, (product / norms.where(norms > 0, 1)).to_dict())
