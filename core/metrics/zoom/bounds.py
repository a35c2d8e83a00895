"""From one crop to any of all views: what could be reached, at which cost, and by whose knowledge."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from core.errors import DataError
from core.metrics import intervals
from core.metrics.zoom.cover import FIRST
from core.metrics.zoom.grid import Grid, changes, cluster_codes, shares
from core.metrics.zoom.ladder import Rung, ladder
from core.metrics.zoom.voting import Ensemble


def bound(
    correct: np.ndarray,
    views: pd.DataFrame,
    clusters: Sequence | None = None,
    *,
    accepted: Sequence[Sequence[int]] | None = None,
    ensembles: Sequence[Ensemble] = (),
    first: int = FIRST,
    confidence: float = intervals.CONFIDENCE,
    seed: int = 0,
) -> pd.DataFrame:
    """Accuracy of one crop, of test-time augmentation, of the best view, and of any of several views.

    Args:
        correct: float or bool (N, V); see ``Grid.of``.
        views: V rows; see ``Grid.of``.
        clusters: (N,), what is not independent between images.
        accepted: N lists of class indices; needed by ``ensembles``.
        ensembles: Views whose answers are made one, of the same N images.
        first: Views of the greedy cover that count.
        confidence: Two-sided, 0..1.
        seed: Of the halves and the bootstrap.

    Returns:
        One row per number. ``bound, top1, low, high, passes`` (forward passes an image), ``n``; then ``gain, gain_low,
        gain_high``: difference from one crop over the same images, paired; ``n_clusters``; ``n_failed``: images left
        out; ``oracle``: whether the label picks the view; ``mark``: what must be said beside the number; ``size, row,
        col`` of a single view, else missing.

        The intervals of the best view, which is picked on these images, hold for all V at once (Bonferroni). Those of
        the cover's first views do not account for their choice; the cross-fitted rows beside them do: views are chosen
        on each half of the images, clusters kept whole, and counted on the other. NaN with n of 0 where a number cannot
        be had: no such view, or nothing to split.

    Raises:
        DataError: If shapes do not agree, or labels are missing.
    """
    grid = Grid.of(correct, views, clusters)
    rungs = ladder(grid, accepted=accepted, ensembles=ensembles, first=first, seed=seed)
    found = _table(rungs, grid.clusters, len(correct), confidence, seed)
    places = pd.DataFrame([{} if rung.view is None else grid.where(rung.view) for rung in rungs])
    return pd.concat([found, places.reindex(columns=["size", "row", "col"]).astype("Int64")], axis=1)


def by_origin(
    correct: np.ndarray,
    views: pd.DataFrame,
    origin: Sequence,
    clusters: Sequence | None = None,
    *,
    accepted: Sequence[Sequence[int]] | None = None,
    ensembles: Sequence[Ensemble] = (),
    first: int = FIRST,
    confidence: float = intervals.CONFIDENCE,
    seed: int = 0,
) -> pd.DataFrame:
    """The numbers of ``bound`` for the images of each origin; views are chosen on the images of all of them.

    Args:
        correct: float or bool (N, V); see ``Grid.of``.
        views: V rows; see ``Grid.of``.
        origin: (N,), where each image comes from.
        clusters: (N,), what is not independent between images.
        accepted: N lists of class indices; needed by ``ensembles``.
        ensembles: Views whose answers are made one, of the same N images.
        first: Views of the greedy cover that count.
        confidence: Two-sided, 0..1.
        seed: Of the halves and the bootstrap.

    Returns:
        ``origin`` and the columns of ``bound`` but size and anchor, origins sorted.

    Raises:
        DataError: As ``bound``.
    """
    grid = Grid.of(correct, views, clusters)
    if len(origin) != len(correct):
        raise DataError(f"{len(origin)} origins for {len(correct)} images: give one an image")
    rungs = ladder(grid, accepted=accepted, ensembles=ensembles, first=first, seed=seed)
    codes, names = pd.factorize(np.asarray(origin), sort=True)
    tables = [_table(rungs, grid.clusters, 0, confidence, seed).iloc[:0].assign(origin=None)]
    for code, name in enumerate(names):
        among = codes[grid.images] == code
        own = cluster_codes(clusters, grid.images[among])
        parts = [replace(rung, hits=rung.hits[among]) for rung in rungs]
        tables.append(_table(parts, own, int((codes == code).sum()), confidence, seed).assign(origin=name))
    found = pd.concat(tables[1:] or tables, ignore_index=True)
    return found[["origin", *found.columns.drop("origin")]]


def _table(
    rungs: Sequence[Rung], clusters: np.ndarray | None, n_images: int, confidence: float, seed: int
) -> pd.DataFrame:
    """Accuracy, cost and gain of each rung, over the images that have it; the first rung is one crop."""
    values = np.stack([rung.hits for rung in rungs], axis=1)
    known = ~np.isnan(values)
    rows: dict[int, dict] = {}
    # What is known of the same images is resampled together.
    for pattern in np.unique(known, axis=1).T:
        same = np.flatnonzero((known == pattern[:, None]).all(axis=0))
        own = None if clusters is None else clusters[pattern]
        paired = pattern & known[:, 0]
        looks = np.array([rungs[number].looks for number in same])
        share = shares(values[pattern][:, same], own, confidence=_of_each(confidence, looks))
        change = values[paired][:, same] - values[paired][:, :1]
        of_paired = None if clusters is None else clusters[paired]
        gain = changes(change, of_paired, confidence=_of_each(intervals.CONFIDENCE, looks), seed=seed)
        for place, number in enumerate(same):
            rows[number] = _row(rungs[number], share.iloc[place], gain.iloc[place])
    rows[0] |= dict.fromkeys(("gain", "gain_low", "gain_high"), np.nan)
    found = pd.DataFrame([rows[number] for number in range(len(rungs))])
    found["n_failed"] = n_images - found["n"]
    return found.assign(oracle=[rung.oracle for rung in rungs], mark=[rung.mark for rung in rungs])


def _row(rung: Rung, share: pd.Series, gain: pd.Series) -> dict:
    return {
        "bound": rung.name,
        "top1": share["value"],
        "low": share["low"],
        "high": share["high"],
        "passes": rung.passes,
        "n": int(share["n"]),
        "gain": gain["value"],
        "gain_low": gain["low"],
        "gain_high": gain["high"],
        "n_clusters": int(share["n_clusters"]),
    }


def _of_each(confidence: float, looks: np.ndarray) -> np.ndarray:
    """Confidence of each of several intervals that hold at once (Bonferroni)."""
    return 1 - (1 - confidence) / looks
