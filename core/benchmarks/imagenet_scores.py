"""Multi-label accuracy, ImageNet-M and the plain top-1 beside them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.metrics import intervals
from core.store.lists import list_matrix

#: Original class of an image whose class is not known.
UNKNOWN = -1
MULTI_LABEL, IMAGES, SINGLE = "multi-label accuracy", "accepted, mean over images", "plain top-1"
RIGHT = "right of ImageNet-M"
#: Column names in a report; see ``Table.published``.
PUBLISHED = {
    "measure": "measure",
    "value": "{policy}",
    "low": "{policy}_low",
    "high": "{policy}_high",
    "n": "n",
    "n_classes": "n_classes",
    "n_right": "n_right",
}


def multi_label(joined: pd.DataFrame, cluster: str | None = None) -> pd.DataFrame:
    """Multi-label accuracy beside the plain top-1 on the same images.

    Multi-label accuracy is the mean over the original classes of each class's accuracy (Shankar et al. 2020). Its
    interval joins the classes' Wilson intervals (``intervals.combine``), so that a class of few images counts for as
    much uncertainty as it has.

    Args:
        joined: From ``metrics.join``, with ``original``: the class index in ImageNet's own labels, or -1.
        cluster: Images are independent; only for the signature of computed tables.

    Returns:
        ``measure, value, low, high`` (fractions; NaN where original classes are not known), ``n`` (images),
        ``n_clusters`` (the same) and ``n_classes``.
    """
    del cluster
    scored = joined[joined["correct"].notna()]
    known = scored[scored["original"] >= 0]
    right = scored["correct"].to_numpy(dtype=float)
    return _table(
        (MULTI_LABEL, *_class_mean(known), len(known), known["original"].nunique()),
        (IMAGES, *_share(right), len(scored), known["original"].nunique()),
        (SINGLE, *_share(plain_correct(known)), len(known), known["original"].nunique()),
    )


def imagenet_m(joined: pd.DataFrame, cluster: str | None = None) -> pd.DataFrame:
    """How many images of ImageNet-M are right, beside the plain top-1 on them; see ``multi_label``.

    Returns:
        Besides the columns of ``multi_label``, ``n_right``: the number the paper reports, of 68.
    """
    del cluster
    scored = joined[joined["correct"].notna()]
    known = scored[scored["original"] >= 0]
    right, plain = scored["correct"].to_numpy(dtype=float), plain_correct(known)
    classes = known["original"].nunique()
    table = _table((RIGHT, *_share(right), len(scored), classes), (SINGLE, *_share(plain), len(known), classes))
    return table.assign(n_right=[int(right.sum()), int(plain.sum())])


def plain_correct(joined: pd.DataFrame) -> np.ndarray:
    """Whether the best class is the image's original one: float (N,), 1.0 or 0.0."""
    if not len(joined):
        return np.zeros(0)
    best = list_matrix(joined["top10"])[:, 0]
    return (best == joined["original"].to_numpy()).astype(float)


def _class_mean(known: pd.DataFrame) -> tuple[float, float, float]:
    if known.empty:
        return np.nan, np.nan, np.nan
    codes = pd.factorize(known["original"], sort=True)[0]
    n = np.bincount(codes)
    right = np.bincount(codes, weights=known["correct"].to_numpy(dtype=float))
    low, high = intervals.wilson(right, n)
    return intervals.combine(np.full(len(n), 1 / len(n)), right / n, low, high)


def _share(right: np.ndarray) -> tuple[float, float, float]:
    if not len(right):
        return np.nan, np.nan, np.nan
    low, high = intervals.wilson(right.sum(), len(right))
    return float(right.mean()), float(low), float(high)


def _table(*rows: tuple[str, float, float, float, int, int]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["measure", "value", "low", "high", "n", "n_classes"])
    table.insert(5, "n_clusters", table["n"])
    return table
