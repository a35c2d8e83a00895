"""One crop, the best view, votes of many, any of many: each number of the ladder, image by image."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from core.errors import DataError
from core.metrics.zoom.cover import FIRST, greedy, pack
from core.metrics.zoom.grid import Grid, n_independent
from core.metrics.zoom.voting import Ensemble, hits

ONE_CROP = "1-crop"
BEST = "best single view"
#: What is chosen on the images that it is measured on looks better than it is.
CHOSEN = "chosen on these images"
CROSS_FITTED = "chosen on the other half"
#: Some view is right, and only the label says which: no classifier reaches it.
ORACLE = "oracle"


@dataclass(frozen=True)
class Rung:
    """One number of the ladder.

    Attributes:
        bound: What is counted.
        hits: float (n,), of the images of the grid: 1.0, 0.0, or NaN without an answer.
        passes: Forward passes an image.
        oracle: Whether the label is needed to pick the right view.
        chosen: ``CHOSEN``, ``CROSS_FITTED`` or empty.
        looks: Candidates among which the number was picked, so that its interval holds for all of them at once.
        view: The view that is chosen, if it is one.
    """

    bound: str
    hits: np.ndarray
    passes: int
    oracle: bool = False
    chosen: str = ""
    looks: int = 1
    view: int | None = None

    @property
    def name(self) -> str:
        """``bound``, told apart from the same number that is chosen on these images."""
        return f"{self.bound}, cross-fitted" if self.chosen == CROSS_FITTED else self.bound

    @property
    def mark(self) -> str:
        """What must be said beside the number; empty for a plain classifier."""
        return ", ".join(part for part in (ORACLE if self.oracle else "", self.chosen) if part)


def ladder(
    grid: Grid,
    *,
    accepted: Sequence[Sequence[int]] | None = None,
    ensembles: Sequence[Ensemble] = (),
    first: int = FIRST,
    seed: int = 0,
) -> list[Rung]:
    """Every number of ``bound``, image by image; one crop is the first."""
    if ensembles and accepted is None:
        raise DataError("test-time augmentation is scored by its answer: give the accepted classes of each image")
    one = grid.one_crop
    unknown = np.full(len(grid), np.nan)
    rungs = [Rung(ONE_CROP, unknown if one is None else grid.right[:, one].astype(float), 1, view=one)]
    rungs += list(_voted(grid, accepted, ensembles))
    rungs += _best(grid, seed)
    rungs += _first_of_cover(grid, first, seed)
    anywhere = grid.right.any(axis=1).astype(float)
    return [*rungs, Rung(f"any of {grid.n_views}", anywhere, grid.n_views, oracle=True)]


def _voted(grid: Grid, accepted: Sequence[Sequence[int]] | None, ensembles: Sequence[Ensemble]) -> Iterator[Rung]:
    for ensemble in ensembles:
        if len(ensemble.top) != grid.n_images:
            raise DataError(f"'{ensemble.label}' has {len(ensemble.top)} images, and the views {grid.n_images}")
        for way, right in hits(ensemble, accepted if accepted is not None else ()).items():
            yield Rung(f"TTA {way}, {ensemble.label}", right[grid.images], ensemble.passes)


def _best(grid: Grid, seed: int) -> list[Rung]:
    """The view that is right most often, the first of equals; on these images, and cross-fitted."""
    if not len(grid):
        return [Rung(BEST, np.empty(0), 1, chosen=mark) for mark in (CHOSEN, CROSS_FITTED)]
    best = int(grid.right.sum(axis=0).argmax())
    chosen = Rung(BEST, grid.right[:, best].astype(float), 1, chosen=CHOSEN, looks=grid.n_views, view=best)
    found = np.full(len(grid), np.nan)
    for there, here in halves(grid.clusters, len(grid), seed):
        found[here] = grid.right[here, int(grid.right[there].sum(axis=0).argmax())]
    return [chosen, Rung(BEST, found, 1, chosen=CROSS_FITTED)]


def _first_of_cover(grid: Grid, first: int, seed: int) -> list[Rung]:
    """Any of the greedy cover's first views; on these images, and cross-fitted."""
    views = greedy(pack(grid.right), first)[0]
    name = f"any of the cover's first {first}"
    found, passes = np.full(len(grid), np.nan), len(views)
    for there, here in halves(grid.clusters, len(grid), seed):
        others = greedy(pack(grid.right[there]), first)[0]
        found[here] = grid.right[np.ix_(here, others)].any(axis=1)
        passes = max(passes, len(others))
    chosen = grid.right[:, views].any(axis=1).astype(float)
    return [
        Rung(name, chosen, len(views), oracle=True, chosen=CHOSEN),
        Rung(name, found, passes, oracle=True, chosen=CROSS_FITTED),
    ]


def halves(clusters: np.ndarray | None, n_images: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Images to choose on and images to count, twice; clusters stay whole. None where there is one cluster or none.

    Args:
        clusters: int (n,) from 0, or None.
        n_images: How many there are.
        seed: Of the split.
    """
    codes = np.arange(n_images) if clusters is None else clusters
    n = n_independent(clusters, n_images)
    if n < 2:
        return []
    of_first = np.zeros(n, dtype=bool)
    of_first[np.random.default_rng(seed).permutation(n)[: n // 2]] = True
    first = of_first[codes]
    return [(np.flatnonzero(first), np.flatnonzero(~first)), (np.flatnonzero(~first), np.flatnonzero(first))]
