"""How much less often many slices of the images are right than the rest of them, with intervals that hold at once.

A slice is any part of the images, so slices overlap, and one lies within another. What decides each drop is the sum
and the count of every cluster's images on either side; clusters are resampled once for all slices.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from scipy import special

from core.metrics import intervals
from core.metrics.bootstrap import ROUNDS, student_interval
from core.metrics.clusters import Freedom

_EPS = 1e-12
#: Slices whose replicates are held at once, 4 bytes each and as many as there are rounds; bounds the memory.
_CHUNK = 2048


@dataclass(frozen=True)
class Sums:
    """What each cluster has in each slice.

    Attributes:
        total: float (G, m), sum of the values.
        n: float (G, m), how many.
    """

    total: np.ndarray
    n: np.ndarray

    @classmethod
    def of(cls, values: np.ndarray, clusters: np.ndarray, n_clusters: int, cells: np.ndarray, n_cells: int) -> Sums:
        """Of cells that share no image.

        Args:
            values: float (N,), in [0, 1].
            clusters: int (N,) in [0, n_clusters).
            n_clusters: Number of clusters.
            cells: int (N,) in [0, n_cells), or -1 for an image that is in none.
            n_cells: Number of cells.
        """
        there = np.flatnonzero(cells >= 0)
        flat = clusters[there] * n_cells + cells[there]
        shape, size = (n_clusters, n_cells), n_clusters * n_cells
        total = np.bincount(flat, weights=values[there], minlength=size).reshape(shape)
        return cls(total, np.bincount(flat, minlength=size).reshape(shape).astype(float))

    def __getitem__(self, slices: np.ndarray) -> Sums:
        """Of some slices."""
        return Sums(self.total[:, slices], self.n[:, slices])

    def without(self, part: Sums) -> Sums:
        """Of the images that are not in a part of them."""
        # What is summed up in another order may leave a trace where nothing is left.
        n = self.n - part.n
        return Sums(np.where(n > 0, np.clip(self.total - part.total, 0.0, n), 0.0), n)


@dataclass(frozen=True)
class Drops:
    """Accuracy of the rest less that of the slice.

    Attributes:
        value: float (m,), in [-1, 1]: above 0 where the slice is worse.
        inside: float (m,), accuracy of the slice, 0..1.
        outside: float (m,), of the rest.
        n: int (m,), images of the slice.
        n_clusters: int (m,), clusters that have some of them.
        spread: float (m,), standard error, that of resampling clusters at the least.
        freedom: What the spread rests on.
        influence: float (G, m): by how much a cluster that counts twice moves the drop.
    """

    value: np.ndarray
    inside: np.ndarray
    outside: np.ndarray
    n: np.ndarray
    n_clusters: np.ndarray
    spread: np.ndarray
    freedom: Freedom
    influence: np.ndarray

    @classmethod
    def between(cls, part: Sums, rest: Sums) -> Drops:
        """Between slices and what each is compared with; both have images.

        Each side's variance is at least what it would be were the two equally good: few images that are all wrong, of
        a model that is mostly wrong, would seem to vary hardly at all.

        Source: influence of a ratio's clusters, Davison and Hinkley 1997, Section 2.7.2; the variance under no
            difference, as score intervals have it, Miettinen and Nurminen 1985; degrees of freedom as
            ``clusters.Freedom.of_sum``.
        """
        first, second = _Side.of(part), _Side.of(rest)
        alike = (first.right + second.right) / (first.n + second.n)
        n_clusters, freedom = _freedom(first, second)
        influence = second.influence - first.influence
        return cls(
            second.mean - first.mean,
            first.mean,
            second.mean,
            first.n.astype(int),
            n_clusters,
            np.sqrt(np.maximum(_variance(first, second, alike * (1 - alike)), (influence**2).sum(axis=0))),
            freedom,
            influence,
        )

    def lightened(self) -> Drops:
        """Without what only a family of drops needs, which is large."""
        return replace(self, influence=self.influence[:, :0])

    def intervals(self, confidence: float) -> tuple[np.ndarray, np.ndarray]:
        """``(low, high)``, each (m,), in [-1, 1].

        Args:
            confidence: Two-sided, of each, 0..1.
        """
        # Two replicates at the standard error stand for all.
        draws = self.value + np.stack([self.spread, -self.spread])
        return student_interval(draws, self.value, self.freedom.n_clusters, confidence, freedom=self.freedom)


@dataclass(frozen=True)
class _Side:
    """Means of slices.

    Attributes:
        share: float (G, m), part of each cluster in the images.
        n: float (m,), images.
        right: float (m,), sum of their values.
        mean: float (m,).
        worth: float (m,), effective number of clusters.
        influence: float (G, m), of each cluster on the mean.
    """

    share: np.ndarray
    n: np.ndarray
    right: np.ndarray
    mean: np.ndarray
    worth: np.ndarray
    influence: np.ndarray

    @classmethod
    def of(cls, sums: Sums) -> _Side:
        n, right = sums.n.sum(axis=0), sums.total.sum(axis=0)
        share = sums.n / n
        return cls(share, n, right, right / n, 1 / (share**2).sum(axis=0), (sums.total - right / n * sums.n) / n)

    @property
    def n_clusters(self) -> np.ndarray:
        return (self.share > 0).sum(axis=0)

    @property
    def seen(self) -> np.ndarray:
        """Variance of the mean that clusters show: float (m,)."""
        return (self.influence**2).sum(axis=0)

    def variance(self, least: np.ndarray) -> np.ndarray:
        """The same, but at least as large as for so many values of a variance ``least``, float (m,)."""
        own = self.mean * (1 - self.mean)
        size = np.divide(own, self.seen, out=self.worth.copy(), where=self.seen > _EPS)
        return np.maximum(own, least) / np.clip(size, np.minimum(self.worth, self.n), self.n)


def _variance(first: _Side, second: _Side, least: np.ndarray) -> np.ndarray:
    """Of the difference of two means; what they owe to the same clusters cancels."""
    shared = (first.influence * second.influence).sum(axis=0)
    scale = np.sqrt(first.seen * second.seen)
    related = np.clip(np.divide(shared, scale, out=np.zeros_like(shared), where=scale > _EPS), -1.0, 1.0)
    own, other = first.variance(least), second.variance(least)
    return own + other - 2 * related * np.sqrt(own * other)


def _freedom(first: _Side, second: _Side) -> tuple[np.ndarray, Freedom]:
    """Clusters of each slice, and what the spread of each drop rests on; see ``Freedom.of_sum``."""
    sides = first, second
    part = sum(side.share / side.worth for side in sides)
    own, other = (Freedom.of_trials(side.n_clusters).inflation for side in sides)
    inflation = (own / first.worth + other / second.worth) / (1 / first.worth + 1 / second.worth)
    with np.errstate(invalid="ignore"):
        degrees = part.sum(axis=0) ** 2 / (inflation * (part**2).sum(axis=0))
    fewest = np.minimum(first.n_clusters, second.n_clusters)
    return first.n_clusters, Freedom(fewest, np.maximum(np.nan_to_num(degrees, nan=1.0), 1.0), inflation)


class Largest:
    """The largest deviation of a family of drops, as it is met in resamplings of the clusters that they share."""

    def __init__(self, n_clusters: int, *, rounds: int = ROUNDS, seed: int = 0) -> None:
        """Draw the resamplings.

        Args:
            n_clusters: Clusters in all.
            rounds: Replicates.
            seed: Makes the draws repeatable.
        """
        rng = np.random.default_rng(seed)
        drawn = rng.integers(max(n_clusters, 1), size=(rounds, n_clusters)) + n_clusters * np.arange(rounds)[:, None]
        times = np.bincount(drawn.reshape(-1), minlength=rounds * n_clusters).reshape(rounds, n_clusters)
        self._more = (times - 1).astype(np.float32)
        self._largest = np.zeros(rounds, dtype=np.float32)
        self.size = 0

    def add(self, drops: Drops) -> None:
        """Count more drops to the family."""
        for moved in _chunks(drops.influence):
            spread = np.sqrt((moved**2).sum(axis=0))
            scaled = np.divide(moved, spread, out=np.zeros_like(moved), where=spread > _EPS).astype(np.float32)
            np.maximum(self._largest, np.abs(self._more @ scaled).max(axis=1), out=self._largest)
        self.size += len(drops.value)

    def each(self, confidence: float = intervals.CONFIDENCE) -> float:
        """Confidence of each interval with which all hold at once, never more than independent drops need.

        Args:
            confidence: Of all together, 0..1.

        Source: critical values of the largest deviation, Westfall and Young 1993, Section 2.2; as in ``bands``.
        """
        if not self.size:
            return confidence
        limit = float(np.quantile(self._largest, confidence))
        return float(np.clip(1 - 2 * special.ndtr(-limit), confidence, 1 - (1 - confidence) / self.size))


def _chunks(influence: np.ndarray) -> Iterator[np.ndarray]:
    for start in range(0, influence.shape[1], _CHUNK):
        yield influence[:, start : start + _CHUNK]
