"""Accuracy at both ends of a ranking within classes, and their difference."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.metrics import cues
from core.metrics.accuracy import accuracy_by
from core.metrics.bootstrap import replicates, student_interval
from core.metrics.clusters import Freedom
from core.metrics.differences import difference, weighted
from core.types import THIN

RANK = "spurious_rank"
#: Of a class's ranking, at each end; both ends included.
QUARTER = 0.25
FIRST, LAST, CHANGE = "first quarter", "last quarter", "last less first"
PARTS = (FIRST, LAST, CHANGE)
COLUMNS = ("view", "part", "value", "low", "high", "drop", "drop_low", "drop_high", "n", "n_clusters", "n_classes")
_KEPT = ("sample_id", "view", "correct", "ablation", "class", RANK)


def by_rank(joined: pd.DataFrame, cluster: str | None = None) -> pd.DataFrame:
    """Accuracy of the first and the last quarter of each class's ranking, and the difference within classes.

    A quarter is one of the whole ranking, of which a run may have a part. A class counts where images of both quarters
    have an answer. The difference is that within each class, weighted by the class's images; accuracies are of all
    images together.

    Args:
        joined: ``sample_id, view, correct, class``, ``spurious_rank`` (0 first in its class, 1 last; NaN where an image
            is not ranked) and, where the object was taken away, ``ablation`` (``core.metrics.cues``). Views with noise
            on them play no part; without ``ablation`` all views are clean ones.
        cluster: Column of what is not independent between images.

    Returns:
        For each view, the clean one first, a row for each of ``PARTS``: ``view, part, value, low, high``, then ``drop,
        drop_low, drop_high`` from the clean view of the same images (NaN for the clean one itself), ``n, n_clusters,
        n_classes``. Of ``CHANGE``, value and drop are those of the last quarter less those of the first, in [-1, 1] and
        [-2, 2], and ``n`` counts both. A view without a class that counts has no rows.

    Source: Moayeri et al. 2022, "Hard ImageNet", which compares images of high and low rank within a class.
    """
    columns = [*(name for name in _KEPT if name in joined), *([cluster] if cluster else [])]
    table = joined.loc[_without_noise(joined), columns].reset_index(drop=True)
    table["cluster"] = table[cluster or "sample_id"]
    table = table[table["correct"].notna() & ((table[RANK] <= QUARTER) | (table[RANK] >= 1 - QUARTER))]
    table["last"] = table[RANK] >= 1 - QUARTER
    is_clean = _is_clean(table)
    clean = table[is_clean].set_index("sample_id")["correct"]
    names = pd.unique(table["view"].astype(str))
    first = set(table.loc[is_clean, "view"].astype(str))
    rows = []
    for name in sorted(names, key=lambda view: view not in first):
        shown = table[table["view"].astype(str) == name]
        if name not in first:
            shown = shown.assign(change=shown["sample_id"].map(clean) - shown["correct"]).dropna(subset="change")
        rows += _rows(_with_both(shown), name, cluster is not None)
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _without_noise(joined: pd.DataFrame) -> np.ndarray:
    if "region" not in joined:
        return np.ones(len(joined), dtype=bool)
    return (joined["region"].isna() | (joined["region"] == cues.NONE)).to_numpy(dtype=bool)


def _is_clean(table: pd.DataFrame) -> np.ndarray:
    if "ablation" not in table:
        return np.ones(len(table), dtype=bool)
    return (table["ablation"].isna() | (table["ablation"] == cues.NONE)).to_numpy(dtype=bool)


def _with_both(shown: pd.DataFrame) -> pd.DataFrame:
    """The images of classes that have some of both quarters."""
    return shown[shown.groupby("class", observed=True)["last"].transform("nunique") == 2]


def _rows(shown: pd.DataFrame, view: str, clustered: bool) -> list[dict[str, object]]:
    if shown.empty:
        return []
    strata, names = pd.factorize(shown["class"].astype(object), sort=True)
    weights = np.bincount(strata) / len(shown)
    clusters = pd.factorize(shown["cluster"])[0] if clustered else None
    second = shown["last"].to_numpy(dtype=bool)
    found = accuracy_by(shown, "last", "cluster" if clustered else None).to_dict("records")
    change = difference(shown["correct"].to_numpy(float), second, clusters=clusters, strata=strata, weights=weights)
    both = {"value": change.value, "low": change.low, "high": change.high, "n": change.n}
    rows = [*found, {**both, "n_clusters": change.n_clusters}]
    drops = [(np.nan,) * 3] * len(PARTS)
    if "change" in shown:
        drops = _drops(shown["change"].to_numpy(float), second, clusters, strata, weights)
    return [
        {
            **{"view": view, "part": part, "n_classes": len(names), **row},
            **dict(zip(("drop", "drop_low", "drop_high"), drop, strict=True)),
        }
        for part, row, drop in zip(PARTS, rows, drops, strict=True)
    ]


def _drops(
    change: np.ndarray, second: np.ndarray, clusters: np.ndarray | None, strata: np.ndarray, weights: np.ndarray
) -> list[tuple[float, float, float]]:
    """Of the first quarter, of the last, and of the last less the first: the mean drop and its interval."""
    side = second.astype(np.int64)
    ends = _measured(change, side, clusters, 2)
    cells = side + 2 * strata
    n = np.bincount(cells, minlength=2 * len(weights))
    means = np.bincount(cells, weights=change, minlength=len(n)) / n
    value = np.array([weights @ (means[1::2] - means[::2])])
    # Where cells are small, images are resampled once for all: one alone in its cell would not vary by itself.
    own = np.arange(len(cells)) if clusters is None and n.min() < THIN else clusters
    draws = weighted(replicates(change, cells, own, len(n)), weights)[:, None]
    signed = np.stack([-weights, weights], axis=1).reshape(-1)
    freedom = Freedom.of_sum(cells, np.arange(len(cells)) if clusters is None else clusters, signed)
    trials = np.array([Freedom.of_cells(side, clusters, 2).n_clusters.min()])
    low, high = student_interval(draws, value, trials, freedom=freedom, bounds=(-2.0, 2.0))
    return [*ends, (float(value[0]), float(low[0]), float(high[0]))]


def _measured(
    change: np.ndarray, cells: np.ndarray, clusters: np.ndarray | None, n_cells: int
) -> list[tuple[float, float, float]]:
    means = np.bincount(cells, weights=change, minlength=n_cells) / np.bincount(cells, minlength=n_cells)
    draws = replicates(change, cells, clusters, n_cells)
    freedom = Freedom.of_cells(cells, clusters, n_cells)
    low, high = student_interval(draws, means, freedom.n_clusters, freedom=freedom)
    return [(float(each), float(least), float(most)) for each, least, most in zip(means, low, high, strict=True)]
