"""What so many tries would solve by luck: the same numbers with the labels dealt out anew among the images.

With 324 tries even a classifier that knows nothing of an image is right now and then, the more so the more different
classes it names. So each image is given the labels of another one, all labels of an image together, and counted again.
An image that is dealt labels which share a class with its own is not counted in that deal: solving it would be skill.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.errors import DataError
from core.metrics import intervals
from core.metrics.zoom.cover import FIRST, greedy, pack
from core.metrics.zoom.grid import Grid, changes, cluster_codes, n_independent
from core.metrics.zoom.ladder import ONE_CROP
from core.store.lists import list_offsets

ROUNDS = 200


def luck(
    top: np.ndarray,
    accepted: Sequence[Sequence[int]],
    views: pd.DataFrame,
    num_classes: int,
    clusters: Sequence | None = None,
    *,
    first: int = FIRST,
    rounds: int = ROUNDS,
    confidence: float = intervals.CONFIDENCE,
    seed: int = 0,
) -> pd.DataFrame:
    """How much of one crop, of the cover's first views and of any of all views luck alone would give.

    Args:
        top: int (N, V), the predicted class of each view; negative in an image that failed, which is left out.
        accepted: N lists of class indices.
        views: V rows; see ``Grid.of``.
        num_classes: Among how many classes the model chooses: 1,000, or those of the benchmark where it is restricted.
        clusters: (N,), what is not independent between images; for the intervals of ``excess``.
        first: Views of the greedy cover that count; the cover is chosen anew in each deal, as it is on the real labels.
        rounds: Deals.
        confidence: Two-sided, 0..1.
        seed: Of the deals and the bootstrap.

    Returns:
        A row each for one crop, the cover's first views and any of all views: ``bound, observed`` (with the real
        labels), ``value, low, high`` (mean over the deals and the range of the middle 95 % of them; not an interval of
        the mean), ``excess, excess_low, excess_high`` (observed less by luck, paired over the images), ``uniform``
        (what independent guesses among ``num_classes`` would give; missing for the cover, where it is chosen),
        ``mean_distinct`` (different classes that an image is called in the views that count; missing for the cover),
        ``passes, rounds, n, n_clusters, n_failed``. NaN where every deal gives an image a class of its own.

    Raises:
        DataError: If shapes do not agree, or an image has no labels.
    """
    dealer = _Dealer.of(top, accepted, views, num_classes, first)
    real = dealer.solved(*dealer.own)[0]
    rng = np.random.default_rng(seed)
    total, deals = np.zeros(real.shape), np.zeros(len(real))
    means = np.full((rounds, real.shape[1]), np.nan)
    for number in range(rounds if len(real) else 0):
        right, counted = dealer.solved(*dealer.deal(rng.permutation(len(real))), leave_out=True)
        total += right
        deals += counted
        if counted.any():
            means[number] = right.sum(axis=0) / counted.sum()
    known = deals > 0
    by_luck = total[known] / deals[known][:, None]
    codes = cluster_codes(clusters, dealer.grid.images[known])
    excess = changes(real[known] - by_luck, codes, seed=seed)
    found = pd.DataFrame({"bound": dealer.names, "observed": _mean(real)})
    found[["value", "low", "high"]] = _range(means, confidence)
    for name, column in (("excess", "value"), ("excess_low", "low"), ("excess_high", "high")):
        found[name] = excess[column]
    found["uniform"], found["mean_distinct"] = dealer.uniform(), dealer.mean_distinct()
    if dealer.grid.one_crop is None:
        found.iloc[0, 1:] = np.nan
    n = len(real)
    counts = {"n": n, "n_clusters": n_independent(cluster_codes(clusters, dealer.grid.images), n)}
    return found.assign(passes=dealer.passes, rounds=rounds, **counts, n_failed=dealer.grid.n_failed)


def _mean(values: np.ndarray) -> np.ndarray:
    return values.mean(axis=0) if len(values) else np.full(values.shape[1], np.nan)


def _range(means: np.ndarray, confidence: float) -> np.ndarray:
    """Mean and middle range of the deals in which an image counted: float (k, 3)."""
    there = means[~np.isnan(means).any(axis=1)]
    if not len(there):
        return np.full((means.shape[1], 3), np.nan)
    tails = np.quantile(there, [(1 - confidence) / 2, (1 + confidence) / 2], axis=0)
    return np.stack([there.mean(axis=0), *tails], axis=1)


def _by_image(image: np.ndarray, right: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rows of the same image, which are neighbours, as one: the images, and whether any of their rows is right."""
    which, starts, times = np.unique(image, return_index=True, return_counts=True)
    found = right[starts]
    # Few images are hit by more than one of their labels.
    for further in range(1, int(times.max(initial=1))):
        more = np.flatnonzero(times > further)
        found[more] |= right[starts[more] + further]
    return which, found


@dataclass(frozen=True)
class _Dealer:
    """Predictions as sets of classes, and label lists that can be dealt out among the images.

    Attributes:
        grid: With the real labels.
        top: int (n, V), of the images of the grid.
        named: bool (n, C), whether some view says so.
        accepts: bool (n, C).
        offsets: int (n + 1,), where each image's labels start in ``labels``.
        labels: int (L,).
        num_classes: Among how many a guess would choose.
        first: Views of the cover that count.
    """

    grid: Grid
    top: np.ndarray
    named: np.ndarray
    accepts: np.ndarray
    offsets: np.ndarray
    labels: np.ndarray
    num_classes: int
    first: int

    @classmethod
    def of(
        cls,
        top: np.ndarray,
        accepted: Sequence[Sequence[int]],
        views: pd.DataFrame,
        num_classes: int,
        first: int,
    ) -> _Dealer:
        top, accepted = np.asarray(top), list(accepted)
        if top.ndim != 2 or len(accepted) != len(top):
            raise DataError(f"luck needs classes of shape (images, views) and their labels, not {top.shape}")
        if num_classes < 1:
            raise DataError(f"a model chooses among at least one class, not {num_classes}")
        images = np.flatnonzero((top >= 0).all(axis=1))
        offsets, labels = list_offsets(pd.Series([accepted[image] for image in images], dtype=object))
        if len(images) and not np.diff(offsets).all():
            raise DataError(f"image {images[int(np.argmin(np.diff(offsets)))]} has no accepted class: leave it out")
        kept, labels = top[images].astype(np.int32), labels.astype(np.int32)
        owner = np.repeat(np.arange(len(images)), np.diff(offsets))
        n_classes = 1 + int(max(kept.max(initial=0), labels.max(initial=0)))
        named, accepts = (np.zeros((len(images), n_classes), dtype=bool) for _ in range(2))
        named[np.arange(len(images))[:, None], kept] = True
        accepts[owner, labels] = True
        correct = np.full(top.shape, np.nan)
        correct[images] = np.take_along_axis(accepts, kept, axis=1)
        return cls(Grid.of(correct, views), kept, named, accepts, offsets, labels, num_classes, first)

    @property
    def names(self) -> list[str]:
        return [ONE_CROP, f"any of the cover's first {self.first}", f"any of {self.grid.n_views}"]

    @property
    def passes(self) -> list[int]:
        return [1, len(greedy(pack(self.grid.right), self.first)[0]), self.grid.n_views]

    @property
    def own(self) -> tuple[np.ndarray, np.ndarray]:
        """The real labels; see ``deal``."""
        return self.deal(np.arange(len(self.top)))

    def deal(self, order: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Each image the labels of another: image and class of each label, int (L,) each, images ascending."""
        lengths = np.diff(self.offsets)[order]
        image = np.repeat(np.arange(len(order)), lengths)
        within = np.arange(len(image)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        return image, self.labels[self.offsets[order][image] + within]

    def solved(self, image: np.ndarray, label: np.ndarray, *, leave_out: bool = False) -> tuple[np.ndarray, np.ndarray]:
        """What is solved with these labels.

        Returns:
            float (n, 3), for the bounds in order, 0.0 for an image that does not count; bool (n,), whether it counts.
        """
        counted = np.ones(len(self.top), dtype=bool)
        if leave_out:
            counted[image[self.accepts[image, label]]] = False
        hit = self.named[image, label] & counted[image]
        image, label = image[hit], label[hit]
        found = np.zeros((len(self.top), 3))
        if not len(image):
            return found, counted
        # Only images that some view solves can tell one view from another, and they are few in a deal.
        which, right = _by_image(image, self.top[image] == label[:, None])
        cover = greedy(pack(right), self.first)[0]
        found[which, 1] = right[:, cover].any(axis=1)
        found[which, 2] = 1.0
        if self.grid.one_crop is not None:
            found[which, 0] = right[:, self.grid.one_crop]
        return found, counted

    def uniform(self) -> list[float]:
        """Expected share of images that independent guesses, each class as likely, would solve."""
        if not len(self.top):
            return [np.nan] * 3
        miss = 1 - np.minimum(self.accepts.sum(axis=1) / self.num_classes, 1.0)
        return [float((1 - miss).mean()), np.nan, float((1 - miss**self.grid.n_views).mean())]

    def mean_distinct(self) -> list[float]:
        if not len(self.top):
            return [np.nan] * 3
        return [1.0, np.nan, float(self.named.sum(axis=1).mean())]
