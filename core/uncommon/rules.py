"""The vocabulary of settings, which of them are uncommon for which category, and the partitions that follow.

Source: Kattakinda and Feizi, FOCUS, Section 3 and Table 1; the rules are data in ``focus_settings.json``.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from core.errors import DataError, UsageError, nearest
from core.paths import EMBEDDED
from core.store.lists import list_offsets

_RULES: dict[str, Any] = json.loads((EMBEDDED / "labels" / "focus_settings.json").read_text(encoding="utf-8"))

#: What describes an image's setting. ``locations`` is a set, the others have one value an image.
ATTRIBUTES: tuple[str, ...] = tuple(_RULES["values"])
#: Values of each attribute in the paper's order, ``none`` last.
VALUES: dict[str, tuple[str, ...]] = {attribute: tuple(values) for attribute, values in _RULES["values"].items()}
#: Categories that have rules, in the paper's order.
CATEGORIES: tuple[str, ...] = tuple(_RULES["uncommon"])
#: The value of an attribute that cannot be told from the image; never uncommon.
NONE = "none"
#: Table 2 of the paper: by how many attributes are uncommon, then by which ones.
PARTITIONS = ("P0", "P1", "P2", "P3", "P_t", "P_w", "P_l", "P_tw", "P_wl", "P_tl", "P_twl")
#: Partition by flags: 1 for time, 2 for weather, 4 for locations.
_BY_FLAGS = np.array(["P0", "P_t", "P_w", "P_tw", "P_l", "P_tl", "P_wl", "P_twl"], dtype=object)


def is_uncommon(category: str, attribute: str, value: str) -> bool:
    """Whether a value of an attribute is uncommon for a category; False where there is no rule.

    Args:
        category: ``truck`` to ``bird``, or any other.
        attribute: ``time``, ``weather`` or ``locations``.
        value: One value, such as ``night`` or ``snow``.

    Raises:
        UsageError: If the attribute is unknown.
    """
    if attribute not in VALUES:
        raise UsageError(f"unknown attribute '{attribute}'.{nearest(attribute, ATTRIBUTES)} Known: {ATTRIBUTES}.")
    return value in _RULES["uncommon"].get(category, {}).get(attribute, ())


def uncommon(categories: pd.Series | np.ndarray, values: pd.Series | np.ndarray, attribute: str) -> np.ndarray:
    """``is_uncommon`` for many images at once.

    Args:
        categories: (N,) category names.
        values: (N,) values of the attribute, one each.
        attribute: ``time``, ``weather`` or ``locations``.

    Returns:
        bool (N,).
    """
    rows = pd.Index(CATEGORIES).get_indexer(pd.Index(categories))
    columns = pd.Index(VALUES[attribute]).get_indexer(pd.Index(values))
    # Unknown names have the index -1, which is the added row or column without rules.
    return _rule_matrix(attribute)[rows, columns]


@cache
def _rule_matrix(attribute: str) -> np.ndarray:
    matrix = np.zeros((len(CATEGORIES) + 1, len(VALUES[attribute]) + 1), dtype=bool)
    for row, category in enumerate(CATEGORIES):
        for column, value in enumerate(VALUES[attribute]):
            matrix[row, column] = is_uncommon(category, attribute, value)
    return matrix


def annotate(samples: pd.DataFrame) -> pd.DataFrame:
    """Samples with what is uncommon about them.

    Args:
        samples: One row per image: ``category``, ``time`` and ``weather`` (text), ``locations`` (lists of text).

    Returns:
        The same rows with the bool columns ``uncommon_time``, ``uncommon_weather`` and ``uncommon_locations`` (any of
        an image's locations is), ``n_uncommon`` (0 to 3) and ``partition``: ``P0``, ``P_t``, ``P_w``, ``P_l``,
        ``P_tw``, ``P_wl``, ``P_tl`` or ``P_twl``, and ``none`` for a category without rules.

    Raises:
        DataError: If a column is missing.
    """
    missing = [column for column in ("category", *ATTRIBUTES) if column not in samples]
    if missing:
        raise DataError(f"settings need a column '{missing[0]}'; there are {', '.join(map(str, samples.columns))}")
    category = samples["category"].to_numpy(dtype=object)
    pairs = location_pairs(samples)
    flags = {
        "time": uncommon(category, samples["time"], "time"),
        "weather": uncommon(category, samples["weather"], "weather"),
        "locations": np.bincount(pairs["row"][pairs["uncommon"]], minlength=len(samples)) > 0,
    }
    code = flags["time"] + 2 * flags["weather"] + 4 * flags["locations"]
    ruled = pd.Index(CATEGORIES).get_indexer(pd.Index(category)) >= 0
    return samples.assign(
        **{f"uncommon_{attribute}": flag for attribute, flag in flags.items()},
        n_uncommon=sum(flag.astype(np.int64) for flag in flags.values()),
        partition=np.where(ruled, _BY_FLAGS[code], NONE),
    )


def location_pairs(samples: pd.DataFrame) -> pd.DataFrame:
    """One row per (image, location).

    Args:
        samples: ``category`` and ``locations``.

    Returns:
        ``row`` (position of the image in ``samples``), ``category``, ``setting`` (the location) and ``uncommon``.
    """
    offsets, values = list_offsets(samples["locations"])
    row = np.repeat(np.arange(len(samples)), np.diff(offsets))
    category = samples["category"].to_numpy(dtype=object)[row]
    return pd.DataFrame(
        {"row": row, "category": category, "setting": values, "uncommon": uncommon(category, values, "locations")}
    )
