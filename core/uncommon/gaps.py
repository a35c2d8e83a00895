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

from typing import Literal

import numpy as np
import pandas as pd

from core.errors import UsageError, nearest
from core.metrics.differences import difference
from core.types import is_thin
from core.uncommon.rules import ATTRIBUTES, CATEGORIES, NONE, VALUES, location_pairs

Definition = Literal["paper-code", "image-level"]
DEFINITIONS: tuple[Definition, ...] = ("paper-code", "image-level")
COMMON, UNCOMMON = "common", "uncommon"
_GAP = ("value", "low", "high", "n", "n_clusters", "n_common", "n_uncommon")


def gaps(joined: pd.DataFrame, cluster: str | None = None) -> pd.DataFrame:
    """The gap of each attribute by each definition (Equation 1, Table 3).

    Returns:
        ``attribute, definition, value`` (the gap), ``low, high, n, n_clusters, n_common, n_uncommon``; n counts pairs
        for ``paper-code`` locations. NaN where a side is empty.
    """
    rows = [(*each, *_gap(sides(joined, *each), cluster)) for each in _each()]
    return pd.DataFrame(rows, columns=["attribute", "definition", *_GAP])


def adjusted_gaps(joined: pd.DataFrame, cluster: str | None = None) -> pd.DataFrame:
    """``gaps`` with the same class mix on both sides; n counts the classes that have images on both."""
    rows = [(*each, *_adjusted_gap(sides(joined, *each), cluster)) for each in _each()]
    return pd.DataFrame(rows, columns=["attribute", "definition", *_GAP])


def as_change(table: pd.DataFrame) -> pd.DataFrame:
    """A table of gaps as what a screen shows: uncommon less common, so that a loss is negative.

    Args:
        table: With ``value``, ``low`` and ``high``, common less uncommon, as every function here gives it.

    Returns:
        The same rows with the three turned round: ``value`` and ends negated, ends swapped.
    """
    return table.assign(value=0.0 - table["value"], low=0.0 - table["high"], high=0.0 - table["low"])


def category_gaps(joined: pd.DataFrame, cluster: str | None = None) -> pd.DataFrame:
    """The gap of each category (Appendix E, last column): ``category`` and the columns of ``gaps``."""
    rows = []
    for each in _each():
        long = sides(joined, *each)
        rows += [(name, *each, *_gap(long[long["category"] == name], cluster)) for name in CATEGORIES]
    return pd.DataFrame(rows, columns=["category", "attribute", "definition", *_GAP])


def costs(joined: pd.DataFrame, cluster: str | None = None) -> pd.DataFrame:
    """What each uncommon value costs: the class-mix-adjusted ``paper-code`` gap with only its own images on one side.

    Returns:
        ``attribute, setting`` and, as in ``gaps``, ``value, low, high, n, n_clusters, n_common, n_uncommon``, then
        ``thin``: too few uncommon images, or objects in them (``core.types.is_thin``). The costliest first; values that
        are nowhere uncommon in the data are left out.
    """
    rows, thin = [], []
    for attribute in ATTRIBUTES:
        long = sides(joined, attribute)
        uncommon = long["side"] == UNCOMMON
        for setting in VALUES[attribute]:
            own = uncommon & (long["setting"] == setting)
            if own.any():
                rows.append((attribute, setting, *_adjusted_gap(long[~uncommon | own], cluster)))
                thin.append(bool(is_thin(rows[-1][-1], long.loc[own, cluster or "row"].nunique())))
    table = pd.DataFrame(rows, columns=["attribute", "setting", *_GAP])
    return table.assign(thin=np.array(thin, dtype=bool)).sort_values("value", ascending=False, ignore_index=True)


def _each() -> list[tuple[str, Definition]]:
    return [(attribute, definition) for definition in DEFINITIONS for attribute in ATTRIBUTES]


def sides(joined: pd.DataFrame, attribute: str, definition: Definition = "paper-code") -> pd.DataFrame:
    """What is compared: one row per image, or per (image, location) pair, with the side it is on.

    Args:
        joined: See the module.
        attribute: ``time``, ``weather`` or ``locations``.
        definition: See the module.

    Returns:
        ``category, correct, cluster`` of ``joined`` with ``row`` (position of the image in ``joined``), ``setting``
        (the value of the attribute; empty for locations at image level) and ``side`` (``common`` or ``uncommon``).
        Images without a prediction, and categories without rules, are left out.

    Raises:
        UsageError: If the definition is unknown.
    """
    if definition not in DEFINITIONS:
        raise UsageError(f"unknown definition '{definition}'.{nearest(definition, DEFINITIONS)}")
    used = [column for column in ("category", "correct", "cluster") if column in joined]
    if definition == "paper-code" and attribute == "locations":
        pairs = location_pairs(joined)
        row, setting, uncommon = pairs["row"].to_numpy(), pairs["setting"].to_numpy(), pairs["uncommon"].to_numpy()
    else:
        row, uncommon = np.arange(len(joined)), joined[f"uncommon_{attribute}"].to_numpy()
        setting = "" if attribute == "locations" else joined[attribute].to_numpy()
    long = joined[used].iloc[row].reset_index(drop=True)
    long = long.assign(row=row, setting=setting, side=np.where(uncommon, UNCOMMON, COMMON))
    known = long["correct"].notna() & long["category"].isin(CATEGORIES)
    if definition == "paper-code":
        known &= long["setting"] != NONE
    return long[known].reset_index(drop=True)


def _gap(
    long: pd.DataFrame, cluster: str | None, weights: pd.Series | None = None
) -> tuple[float, float, float, int, int, int, int]:
    """Common less uncommon of rows of ``sides``: the columns of ``_GAP``.

    Args:
        long: Rows of ``sides``; of the categories in ``weights`` only, where those are given.
        cluster: See the module.
        weights: By category; sides are compared within each.
    """
    codes = None if cluster is None else pd.factorize(long[cluster], sort=True)[0]
    found = difference(
        long["correct"].to_numpy(dtype=float),
        (long["side"] == COMMON).to_numpy(),
        clusters=codes,
        images=long["row"].to_numpy(),
        strata=None if weights is None else weights.index.get_indexer(long["category"]),
        weights=None if weights is None else weights.to_numpy(),
    )
    return found.value, found.low, found.high, found.n, found.n_clusters, found.n_second, found.n_first


def _adjusted_gap(long: pd.DataFrame, cluster: str | None) -> tuple[float, float, float, int, int, int, int]:
    """The gap with the uncommon side's class mix on both sides, over classes with images on both."""
    n = pd.crosstab(long["category"], long["side"]).reindex(columns=[COMMON, UNCOMMON], fill_value=0)
    n = n[(n > 0).all(axis=1)]
    return _gap(long[long["category"].isin(n.index)], cluster, n[UNCOMMON] / max(n[UNCOMMON].sum(), 1))
