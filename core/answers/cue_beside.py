"""What a model leans on in two sets of images, such as Hard ImageNet and RIVAL, and by how much they differ."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.metrics.intervals import combine


def changes(table: pd.DataFrame) -> pd.DataFrame:
    """A table ``ablation`` as changes: accuracy without the object less that with it.

    Args:
        table: From ``core.metrics.cues.ablation``.

    Returns:
        A row for each way of taking the object away: ``view, value, low, high`` (-1..1; a loss is negative), ``n``,
        ``n_clusters``.
    """
    rows = table[(table["view"] != "clean") & (table["n"] > 0)]
    return pd.DataFrame(
        {
            "view": rows["view"],
            "value": -rows["drop"],
            "low": -rows["drop_high"],
            "high": -rows["drop_low"],
            "n": rows["n"],
            "n_clusters": rows["n_clusters"],
        }
    ).reset_index(drop=True)


def beside(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """By how much two sets of images differ, one row a ``view`` that both have; the sets share no image.

    Args:
        first: From ``changes``.
        second: The same of other images.

    Returns:
        ``view, value`` (first less second), ``low, high`` (95 %, of two independent estimates, see
        ``core.metrics.intervals.combine``), ``n, n_clusters`` (of the smaller set), ``first, second``.
    """
    both = first.merge(second, on="view", suffixes=("", "_other"))
    weights = np.array([1.0, -1.0])
    found = [
        combine(weights, *(np.array([row[name], row[f"{name}_other"]]) for name in ("value", "low", "high")))
        for row in both.to_dict("records")
    ]
    return pd.DataFrame(
        {
            "view": both["view"],
            **{name: [each[at] for each in found] for at, name in enumerate(("value", "low", "high"))},
            **{name: both[[name, f"{name}_other"]].min(axis=1) for name in ("n", "n_clusters")},
            "first": both["value"],
            "second": both["value_other"],
        }
    )
