"""Relative foreground sensitivity: whether noise on the object costs a model more than noise around it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from core.errors import UsageError
from core.metrics.bootstrap import ROUNDS, student_interval
from core.metrics.clusters import Freedom

if TYPE_CHECKING:
    from scipy import sparse

#: Draws held at once, 8 bytes each; bounds the memory where hardly two clusters are alike.
_MOST_DRAWS = 2**22
_EPS = 1e-12


def relative_foreground_sensitivity(acc_noisy_fg: ArrayLike, acc_noisy_bg: ArrayLike) -> float | np.ndarray:
    """RFS of accuracies: their difference, as a share of the largest one that their mean leaves room for.

    With ``m`` the mean of both, RFS is ``(acc_noisy_bg - acc_noisy_fg) / (2 min(m, 1 - m))``: 1 where the object alone
    decides, -1 where its surroundings alone do.

    Args:
        acc_noisy_fg: Accuracy with noise on the object, 0..1; a number or an array of any shape.
        acc_noisy_bg: Accuracy with noise around it; of a shape that goes with the other.

    Returns:
        float, or an array if one was given, in [-1, 1]; 0 where both accuracies are 0 or both are 1, since such means
        leave no room, and NaN where one is.

    Raises:
        UsageError: If an accuracy is outside 0..1, or the shapes do not go together.

    Source: Moayeri et al. 2022, "A Comprehensive Study of Image Classification Model Sensitivity to Foregrounds,
        Backgrounds, and Visual Attributes"; used so by "Hard ImageNet" of the same year.
    """
    noisy_fg, noisy_bg = (np.asarray(part, dtype=float) for part in (acc_noisy_fg, acc_noisy_bg))
    for name, values in (("acc_noisy_fg", noisy_fg), ("acc_noisy_bg", noisy_bg)):
        outside = values[(values < 0) | (values > 1)]
        if outside.size:
            raise UsageError(f"{name} is {outside[0]:g}: accuracies are fractions from 0 to 1; divide percent by 100.")
    try:
        mean = (noisy_fg + noisy_bg) / 2
    except ValueError:
        raise UsageError(
            f"acc_noisy_fg has the shape {noisy_fg.shape} and acc_noisy_bg {noisy_bg.shape}: give one value of each "
            "for the same cells."
        ) from None
    room = 2 * np.minimum(mean, 1 - mean)
    with np.errstate(invalid="ignore", divide="ignore"):
        found = np.where(room == 0, 0.0, np.clip((noisy_bg - noisy_fg) / room, -1, 1))
    return found if found.ndim else float(found)


@dataclass(frozen=True)
class Sensitivity:
    """How much more noise on the object costs than noise around it.

    Attributes:
        acc_noisy_fg: Class-balanced accuracy with noise on the object, 0..1; NaN without images.
        acc_noisy_bg: With noise around it.
        value: RFS of the two, in [-1, 1].
        low: Lower end of the 95 % interval; NaN with fewer than two clusters.
        high: Upper end.
        n: Images.
        n_clusters: Objects that they share, or images where those are independent.
    """

    acc_noisy_fg: float
    acc_noisy_bg: float
    value: float
    low: float
    high: float
    n: int
    n_clusters: int


def sensitivity(
    noisy_fg: np.ndarray,
    noisy_bg: np.ndarray,
    classes: np.ndarray,
    clusters: np.ndarray,
    *,
    rounds: int = ROUNDS,
    seed: int = 0,
) -> Sensitivity:
    """RFS of class-balanced accuracies, with its interval.

    Clusters are drawn with replacement from the whole set, not class by class, and each with both its accuracies, so
    that what these owe to the same images cancels. A class that a resampling has nothing of drops out of that
    resampling's means, which are over the classes that it has. Only clusters with a right answer say anything where
    most are wrong, and those with a wrong one where most are right; fewer than two of them, and nothing says on which
    side errors would fall: the interval is all of [-1, 1].

    Args:
        noisy_fg: float (N,): of each image the share of right answers with noise on the object, without NaN.
        noisy_bg: float (N,): with noise around it.
        classes: int (N,), at least 0; a class without images counts in no mean.
        clusters: int (N,), at least 0: images with the same number are drawn together.
        rounds: Bootstrap replicates.
        seed: Makes the draws repeatable.

    Source: cluster bootstrap, Davison and Hinkley 1997, Section 3.8; intervals as ``core.metrics.bootstrap``.
    """
    n = len(noisy_fg)
    if not n:
        return Sensitivity(np.nan, np.nan, np.nan, np.nan, np.nan, 0, 0)
    clusters = np.unique(clusters, return_inverse=True)[1]
    n_clusters = int(clusters.max()) + 1
    sums = _Sums.of(noisy_fg, noisy_bg, np.unique(classes, return_inverse=True)[1], clusters)
    accuracies = sums.balanced(sums.times[None].astype(float))[:, 0]
    value = relative_foreground_sensitivity(*accuracies)
    if n_clusters < 2:
        low, high = np.nan, np.nan
    else:
        low, high = -1.0, 1.0
        telling = _telling(noisy_fg + noisy_bg, clusters, float(accuracies.mean()))
        if telling.any() and clusters[telling].min() < clusters[telling].max():
            draws = relative_foreground_sensitivity(*sums.resampled(rounds, seed))
            freedom = Freedom.of_cells(np.zeros(int(telling.sum()), np.int64), clusters[telling], 1)
            ends = student_interval(draws[:, None], np.array([value]), freedom.n_clusters, freedom=freedom)
            low, high = (float(end[0]) for end in ends)
    return Sensitivity(float(accuracies[0]), float(accuracies[1]), float(value), low, high, n, n_clusters)


def _telling(answers: np.ndarray, clusters: np.ndarray, mean: float) -> np.ndarray:
    """Images of clusters that say something of RFS: bool (N,); ``answers`` are both accuracies of each, summed.

    RFS is a share of what is right, or of what is wrong where most is right: clusters that have nothing of it leave it
    as it is, however many they are.
    """
    of_it = answers if mean <= 0.5 else 2 - answers
    return (np.bincount(clusters, weights=of_it) > _EPS)[clusters]


@dataclass(frozen=True)
class _Sums:
    """Sums of kinds of clusters, by class.

    Clusters of one class with the same sums are of one kind. How often each kind is drawn is a multinomial draw over
    kinds, of which there are far fewer than clusters.

    Attributes:
        noisy_fg: (kinds, classes), sums over a cluster's images.
        noisy_bg: Likewise.
        n: Its images.
        times: int (kinds,), how many clusters are of each kind.
    """

    noisy_fg: sparse.csr_array
    noisy_bg: sparse.csr_array
    n: sparse.csr_array
    times: np.ndarray

    @classmethod
    def of(cls, noisy_fg: np.ndarray, noisy_bg: np.ndarray, classes: np.ndarray, clusters: np.ndarray) -> _Sums:
        """Sums of images; see ``sensitivity``, classes and clusters counted from 0 without a gap."""
        # Only here: it would be read with every page.
        from scipy import sparse

        n_classes = int(classes.max()) + 1
        pairs, entry = np.unique(clusters.astype(np.int64) * n_classes + classes, return_inverse=True)
        of_cluster, of_class = pairs // n_classes, pairs % n_classes
        parts = [np.bincount(entry, weights=values) for values in (noisy_fg, noisy_bg, np.ones(len(entry)))]
        # Clusters of several classes stay apart, each a kind of its own.
        own = np.where(np.bincount(of_cluster)[of_cluster] > 1, of_cluster, -1)
        rows, times = np.unique(np.column_stack([own, of_class, *parts]), axis=0, return_counts=True)
        own, of_class = rows[:, 0].astype(np.int64), rows[:, 1].astype(np.int64)
        kind = np.unique(np.where(own < 0, -1 - np.arange(len(rows)), own), return_inverse=True)[1]
        shape = (int(kind.max()) + 1, n_classes)
        sums = (sparse.csr_array((values, (kind, of_class)), shape=shape) for values in rows[:, 2:].T)
        of_kind = np.ones(shape[0], dtype=np.int64)
        of_kind[kind] = times
        return cls(*sums, of_kind)

    def balanced(self, draws: np.ndarray) -> np.ndarray:
        """Accuracies, each the mean over the classes that are there: float (2, rows), of draws (rows, kinds)."""
        n = draws @ self.n
        there = n > 0
        means = [
            np.divide(draws @ part, n, out=np.zeros_like(n), where=there) for part in (self.noisy_fg, self.noisy_bg)
        ]
        return np.stack(means).sum(axis=2) / there.sum(axis=1)

    def resampled(self, rounds: int, seed: int) -> np.ndarray:
        """Accuracies of resamplings of as many clusters as there are: float (2, rounds)."""
        rng = np.random.default_rng(seed)
        total = int(self.times.sum())
        rows = max(1, _MOST_DRAWS // len(self.times))
        sizes = [min(rows, rounds - start) for start in range(0, rounds, rows)]
        drawn = (rng.multinomial(total, self.times / total, size=size).astype(float) for size in sizes)
        return np.concatenate([self.balanced(draws) for draws in drawn], axis=1)
