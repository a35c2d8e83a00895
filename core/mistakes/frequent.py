"""Which confusions may be the most frequent of all, once every one of them has been looked at.

Whoever names the most frequent of fifty confusions has picked it because it was the most frequent here; with other
objects another might have been. So the objects are resampled, once for all confusions.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.metrics.bootstrap import ROUNDS, replicates_of_sums
from core.metrics.simultaneous import may_be_lowest

#: Confusions that are compared, the most frequent ones; a rarer one is no rival of the first.
MOST = 200


def may_be_most_frequent(table: pd.DataFrame, rows: np.ndarray, found: pd.DataFrame) -> np.ndarray:
    """Which directions may be the most frequent one: with 95 % confidence, the truly most frequent is among them.

    Args:
        table: From ``table.of_run`` or ``table.of_published``; ``cluster`` says which images share an object.
        rows: The mistakes.
        found: From ``summary.directions`` of these rows.

    Returns:
        bool (N,), of the rows of ``found``; True for those with the largest count.

    Source: multiple comparisons with the best, see ``core.metrics.simultaneous.may_be_lowest``.
    """
    may = np.array(found["n"] == found["n"].max())
    some = found.head(MOST)
    if len(some) < 2:
        return may
    known = table["right"].notna().to_numpy()
    clusters = pd.factorize(table["cluster"])[0]
    images = np.bincount(clusters, weights=known)
    part = table.iloc[rows]
    names = pd.MultiIndex.from_frame(part[["true", "predicted"]].astype(str))
    at = pd.MultiIndex.from_frame(some[["true", "predicted"]]).get_indexer(names)
    inside = (at >= 0) & (part["right"] == 0).to_numpy()
    flat = clusters[rows][inside] * len(some) + at[inside]
    sums = np.bincount(flat, minlength=len(images) * len(some)).reshape(len(images), len(some)).astype(float)
    # An object without a prediction cannot be drawn.
    sums, images = sums[images > 0], images[images > 0]
    rate = sums.sum(axis=0) / images.sum()
    trials = np.full(len(some), len(images))
    may[: len(some)] |= may_be_lowest(-rate, -_replicates(sums, images), trials, np.zeros(len(some)))
    return may


def _replicates(sums: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Rate of each direction among the images of resampled objects: float (rounds, m).

    Args:
        sums: float (G, m), images of each object that go in each direction.
        images: float (G,), all images of each object.
    """
    if images.max() > 1:
        return replicates_of_sums(sums, np.repeat(images[:, np.newaxis], sums.shape[1], axis=1))
    # Images that are objects of their own fall on directions, or on none, as balls fall into boxes.
    share = sums.sum(axis=0) / len(images)
    boxes = np.append(share, max(1 - share.sum(), 0.0))
    return np.random.default_rng(0).multinomial(len(images), boxes / boxes.sum(), size=ROUNDS)[:, :-1] / len(images)
