"""What clusters say of each cell: their sums and sizes, and how many equal ones they are worth.

A cell's clusters are rarely of one size. What an estimate of variance from them is worth is told by their effective
number, ``n^2 / sum(m^2)`` for clusters of ``m`` images: as many clusters of one size would vary as much.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: Pairs of cell and cluster that are counted in a table of all of them, 8 bytes each; more are sorted instead.
_MOST_PAIRS = 2**24


@dataclass(frozen=True)
class Pairs:
    """Each cluster's part of each cell that has some of it, ordered by cell, then cluster.

    Attributes:
        cell: int (P,).
        cluster: int (P,).
        total: float (P,), sum of the values.
        n: float (P,), how many values.
        n_cells: Number of cells, those without values too.
    """

    cell: np.ndarray
    cluster: np.ndarray
    total: np.ndarray
    n: np.ndarray
    n_cells: int

    @classmethod
    def of(cls, values: np.ndarray, cells: np.ndarray, clusters: np.ndarray, n_cells: int) -> Pairs:
        """Pairs of values float (N,) without NaN, cells int (N,) in [0, n_cells), and clusters int (N,) from 0."""
        width = max(int(clusters.max(initial=-1)) + 1, 1)
        code = cells.astype(np.int64) * width + clusters
        if width * n_cells <= max(_MOST_PAIRS, len(code)):
            every = np.bincount(code, minlength=width * n_cells)
            pairs = np.flatnonzero(every)
            total = np.bincount(code, weights=values, minlength=width * n_cells)[pairs]
            n = every[pairs]
        else:
            pairs, inverse = np.unique(code, return_inverse=True)
            total = np.bincount(inverse, weights=values, minlength=len(pairs))
            n = np.bincount(inverse, minlength=len(pairs))
        return cls(pairs // width, pairs % width, total, n.astype(float), n_cells)

    def by_cell(self, part: np.ndarray | None = None) -> np.ndarray:
        """Sum over each cell's pairs of a number of each, or how many pairs: float or int (n_cells,)."""
        return np.bincount(self.cell, weights=part, minlength=self.n_cells)

    def effective(self) -> np.ndarray:
        """Effective number of clusters of each cell: float (n_cells,), NaN without values."""
        with np.errstate(invalid="ignore", divide="ignore"):
            return self.by_cell(self.n) ** 2 / self.by_cell(self.n**2)


@dataclass(frozen=True)
class Freedom:
    """What an estimated variance rests on.

    Attributes:
        n_clusters: int (k,), the fewest clusters of a cell that is used.
        degrees: float (k,), degrees of freedom, at least 1.
        inflation: float (k,), by what the variance of replicates must be multiplied: they vary around a mean of the
            same clusters, and so too little. Infinite for one cluster.
    """

    n_clusters: np.ndarray
    degrees: np.ndarray
    inflation: np.ndarray

    @classmethod
    def of_trials(cls, n_trials: np.ndarray) -> Freedom:
        """Of means over as many trials of one size: int (k,)."""
        n_trials = np.asarray(n_trials)
        with np.errstate(divide="ignore", invalid="ignore"):
            inflation = np.where(n_trials > 1, n_trials / (n_trials - 1.0), np.inf)
        return cls(n_trials, np.maximum(n_trials - 1.0, 1.0), inflation)

    @classmethod
    def of_cells(cls, cells: np.ndarray, clusters: np.ndarray | None, n_cells: int) -> Freedom:
        """Of each cell's mean by itself.

        Args:
            cells: int (N,).
            clusters: int (N,), from 0, or None if images are independent.
            n_cells: Number of cells.
        """
        if clusters is None:
            return cls.of_trials(np.bincount(cells, minlength=n_cells))
        pairs = Pairs.of(np.zeros(len(cells)), cells, clusters, n_cells)
        found = cls.of_trials(pairs.by_cell())
        degrees = np.maximum(np.nan_to_num(pairs.effective(), nan=0.0) - 1.0, 1.0)
        return cls(found.n_clusters, degrees, found.inflation)

    @classmethod
    def of_sum(cls, cells: np.ndarray, clusters: np.ndarray, weights: np.ndarray) -> Freedom:
        """Of a weighted sum of cells' means that may share clusters.

        Each cell adds to the variance in proportion to the square of its weight and to the inverse of its effective
        number of clusters. Two groups of other objects have the degrees of Welch's test for equal variances of their
        values, two of the same objects those of a paired one.

        Args:
            cells: int (N,).
            clusters: int (N,), from 0.
            weights: float (n_cells,), not all 0; a cell of weight 0 plays no part, each other one has values.

        Returns:
            Arrays of one element.

        Source: Satterthwaite 1946; Welch 1947; effective numbers of clusters as Carter, Schnepel and Steigerwald 2017.
        """
        pairs = Pairs.of(np.zeros(len(cells)), cells, clusters, len(weights))
        used = np.flatnonzero(weights)
        n_clusters, effective = pairs.by_cell(), pairs.effective()
        by_cell = np.zeros(len(weights))
        by_cell[used] = weights[used] ** 2 / effective[used]
        share = pairs.n / pairs.by_cell(pairs.n)[pairs.cell]
        part = np.bincount(pairs.cluster, weights=by_cell[pairs.cell] * share)
        own = cls.of_trials(n_clusters[used])
        inflation = float(by_cell[used] @ own.inflation / by_cell.sum())
        degrees = float(part.sum() ** 2 / (inflation * (part**2).sum()))
        return cls(np.array([n_clusters[used].min()]), np.array([max(degrees, 1.0)]), np.array([inflation]))
