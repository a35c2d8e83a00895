"""What is common among mistakes: slices of the images, by a condition or two, on which a model is worse than elsewhere.

Whoever looks through thousands of slices finds some that are worse by chance. So objects are split in two. On one half
all slices are tried, with intervals that hold for all of them at once; those that are redundant are merged; the few
that are left are tried again on the other half, which had no part in choosing them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, combinations

import numpy as np
import pandas as pd

from core.metrics.bootstrap import ROUNDS
from core.metrics.drops import Drops, Largest, Sums
from core.metrics.intervals import CONFIDENCE
from core.types import is_thin

#: Slices of two conditions that are tried at most: pairs of axes with the fewest of them come first. Which they are
#: depends on no answer of the model, so that the intervals hold.
MOST_PAIRS = 40_000
#: Clusters of a half that are resampled. More are put together at random; sums of independent clusters are independent.
MOST_GROUPS = 400
#: Slices that are looked at for what is redundant, from the worst on.
_LOOKED_AT = 200
#: From so large a share of images in common on two slices are the same, or one is a part of the other.
SAME, WITHIN = 0.8, 0.9
#: Odd numbers that mix a number's bits.
_MIX = (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB)

#: An axis and one of its conditions, both by their place.
Condition = tuple[int, int]


@dataclass(frozen=True)
class Axis:
    """A factor's values, and the conditions on it that slices are made of.

    Attributes:
        factor: Its name. Conditions on one factor are not combined with each other.
        codes: int (N,) in [0, n_cells), the cell of each image; -1 for one that has no value.
        members: bool (n_cells, k): which cells meet each condition.
        group: Of factors whose conditions are not combined with each other's either; empty for none.
    """

    factor: str
    codes: np.ndarray
    members: np.ndarray
    group: str = ""

    @classmethod
    def of_values(cls, factor: str, codes: np.ndarray, n_cells: int) -> Axis:
        """Each value is a condition of its own."""
        return cls(factor, codes, np.eye(n_cells, dtype=bool))

    def keeps(self, condition: int, images: np.ndarray) -> np.ndarray:
        """Which of some images meet a condition: bool."""
        # A last cell that meets none stands for no value.
        return np.append(self.members[:, condition], False)[self.codes[images]]


@dataclass(frozen=True)
class Found:
    """Slices on which a model is worse than elsewhere.

    Attributes:
        table: A row a slice, the largest lower bound first: ``conditions`` (a tuple of ``Condition``), ``value``,
            ``low``, ``high`` (accuracy of the rest less that of the slice, as the half that slices are sought in has
            it; of all slices tried at once), ``n``, ``n_clusters``, ``inside``, ``outside`` (accuracies);
            ``again``, ``again_low``, ``again_high`` (the same drop on the other half, of the slices found at once; NaN
            where that half has too little of one), ``n_again``, ``n_clusters_again``, ``confirmed`` (whether that
            interval lies above 0); ``also``, a tuple of the conditions of other slices of the same images.
        n_tried: Slices tried.
        n: Images of the half they were sought in, and of the other.
        n_clusters: Clusters of either.
    """

    table: pd.DataFrame
    n_tried: int
    n: tuple[int, int]
    n_clusters: tuple[int, int]


def find(
    values: np.ndarray,
    clusters: np.ndarray | None,
    axes: Sequence[Axis],
    *,
    most: int = 10,
    confidence: float = CONFIDENCE,
    rounds: int = ROUNDS,
    seed: int = 0,
) -> Found:
    """The slices of one or two conditions on which a model is worse than on the rest, each tried again.

    A slice, and its rest, have at least as many images and objects as carry a claim (``core.types.is_thin``). Half of
    the error that is allowed goes to slices of one condition, half to those of two, which are many more.

    Args:
        values: float (N,), in [0, 1], without NaN.
        clusters: int (N,), at least 0, or None if images are independent.
        axes: At most so many that each two of them fit into memory for ``MOST_GROUPS`` clusters.
        most: Slices in the table at most.
        confidence: Of all intervals of a half together, 0..1.
        rounds: Replicates.
        seed: Of the split and of the replicates.

    Source: honest estimates from another half, Athey and Imbens 2016; intervals as ``core.metrics.drops``.
    """
    values = np.asarray(values, dtype=float)
    clusters = np.arange(len(values)) if clusters is None else np.asarray(clusters)
    first, second = _halves(values, clusters, axes, seed)
    tried, n_tried = _tried(first, confidence, rounds, seed)
    chosen = _merged(first, tried, most, 1 - (1 - confidence) / max(n_tried, 1))
    table = _again(second, chosen, confidence, rounds, seed)
    return Found(table, n_tried, (first.n, second.n), (first.n_objects, second.n_objects))


@dataclass(frozen=True)
class _Half:
    """Images of one half of the clusters.

    Attributes:
        images: int (M,), their places.
        values: float (M,).
        objects: int (M,), the cluster of each.
        groups: int (M,) in [0, n_groups), what is resampled.
        axes: Of all images.
    """

    images: np.ndarray
    values: np.ndarray
    objects: np.ndarray
    groups: np.ndarray
    axes: Sequence[Axis]

    @property
    def n(self) -> int:
        return len(self.images)

    @property
    def n_objects(self) -> int:
        return len(np.unique(self.objects))

    @property
    def n_groups(self) -> int:
        return int(self.groups.max(initial=-1)) + 1

    def sums(self, cells: np.ndarray, n_cells: int) -> Sums:
        return Sums.of(self.values, self.groups, self.n_groups, cells, n_cells)

    def sums_of(self, kept: np.ndarray) -> Sums:
        """Of one slice, and of all others: the columns of what is returned."""
        return self.sums(np.where(kept, 0, 1), 2)

    def kept(self, conditions: Sequence[Condition]) -> np.ndarray:
        """Which images meet all conditions: bool (M,)."""
        (axis, which), *others = conditions
        kept = self.axes[axis].keeps(which, self.images)
        return kept & self.kept(others) if others else kept


def _halves(values: np.ndarray, clusters: np.ndarray, axes: Sequence[Axis], seed: int) -> tuple[_Half, _Half]:
    """Clusters in the order of a hash: the even ones are one half, the odd ones the other."""
    known, codes = np.unique(clusters, return_inverse=True)
    place = np.empty(len(known), dtype=np.int64)
    place[np.argsort(_hashed(known, seed), kind="stable")] = np.arange(len(known))
    place = place[codes]
    halves = []
    for half in (0, 1):
        images = np.flatnonzero(place % 2 == half)
        groups = place[images] // 2 % MOST_GROUPS
        halves.append(_Half(images, values[images], codes[images], groups, axes))
    return halves[0], halves[1]


def _hashed(numbers: np.ndarray, seed: int) -> np.ndarray:
    """Splitmix64 of numbers: uint64, Steele, Lea and Flood 2014."""
    with np.errstate(over="ignore"):
        mixed = numbers.astype(np.uint64) + np.uint64(_MIX[0] * (seed + 1) % 2**64)
        for shift, factor in ((30, _MIX[1]), (27, _MIX[2])):
            mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
        return mixed ^ (mixed >> np.uint64(31))


@dataclass(frozen=True)
class _Block:
    """Drops of slices whose conditions are on the same axes: int (m, number of axes) in ``which``."""

    axes: tuple[int, ...]
    which: np.ndarray
    drops: Drops


def _tried(half: _Half, confidence: float, rounds: int, seed: int) -> tuple[pd.DataFrame, int]:
    """Slices that are worse than the rest beyond chance, the largest lower bound first; and how many were tried."""
    whole = half.sums(np.zeros(half.n, dtype=np.int64), 1)
    parts, n_tried = [], 0
    if half.n_groups < 2:
        return _rows(parts), 0
    kinds = ((_singles, Largest(half.n_groups, rounds=rounds, seed=seed)),)
    kinds += ((_pairs, Largest(half.n_groups, rounds=rounds, seed=seed)),) if len(half.axes) > 1 else ()
    for blocks_of, largest in kinds:
        blocks = []
        for block in blocks_of(half, whole):
            largest.add(block.drops)
            blocks.append(replace(block, drops=block.drops.lightened()))
        own = largest.each(1 - (1 - confidence) / len(kinds))
        parts += [_worse(block, own) for block in blocks]
        n_tried += largest.size
    return _rows(parts), n_tried


def _worse(block: _Block, own: float) -> pd.DataFrame:
    """The slices of a block whose interval lies above 0."""
    low, high = block.drops.intervals(own)
    there = np.flatnonzero(low > 0)
    numbers = {name: getattr(block.drops, name)[there] for name in ("value", "n", "n_clusters", "inside", "outside")}
    conditions = [tuple(zip(block.axes, each, strict=True)) for each in block.which[there].tolist()]
    return pd.DataFrame({"conditions": conditions, **numbers, "low": low[there], "high": high[there]})


def _rows(parts: Sequence[pd.DataFrame]) -> pd.DataFrame:
    columns = ["conditions", "value", "low", "high", "n", "n_clusters", "inside", "outside"]
    parts = [part for part in parts if len(part)]
    table = pd.concat(parts) if parts else pd.DataFrame(columns=columns)
    return table.sort_values("low", ascending=False, kind="stable", ignore_index=True)[columns]


def _singles(half: _Half, whole: Sums) -> Iterator[_Block]:
    for at, axis in enumerate(half.axes):
        cells = half.sums(axis.codes[half.images], len(axis.members))
        members = axis.members.astype(float)
        found = Sums(cells.total @ members, cells.n @ members)
        used = _carries(found.n, whole.n)
        if used.any():
            part = found[used]
            yield _Block((at,), np.flatnonzero(used)[:, None], Drops.between(part, whole.without(part)))


def _pairs(half: _Half, whole: Sums) -> Iterator[_Block]:
    for at, other in tried_together(half.axes):
        axes = half.axes[at], half.axes[other]
        codes = [axis.codes[half.images] for axis in axes]
        sizes = [len(axis.members) for axis in axes]
        cells = np.where((codes[0] < 0) | (codes[1] < 0), -1, codes[0] * sizes[1] + codes[1])
        found = half.sums(cells, sizes[0] * sizes[1])
        ways = [axis.members.astype(float) for axis in axes]
        n = _both(found.n, *ways)
        alone = [half.sums(code, size).n.sum(axis=0) @ way for code, size, way in zip(codes, sizes, ways, strict=True)]
        count = n.sum(axis=0).reshape(len(alone[0]), len(alone[1]))
        # The same images as one of its conditions alone are no slice of their own.
        less = (count < alone[0][:, None]) & (count < alone[1])
        used = _carries(n, whole.n) & less.reshape(-1)
        if used.any():
            part = Sums(_both(found.total, *ways)[:, used], n[:, used])
            which = np.stack(np.divmod(np.flatnonzero(used), ways[1].shape[1]), axis=1)
            yield _Block((at, other), which, Drops.between(part, whole.without(part)))


def tried_together(axes: Sequence[Axis]) -> list[tuple[int, int]]:
    """Axes whose conditions are tried together, by their places: those of the fewest slices, up to ``MOST_PAIRS``."""
    kin = [axis.group or axis.factor for axis in axes]
    every = [(at, other) for at, other in combinations(range(len(axes)), 2) if kin[at] != kin[other]]
    sizes = np.array([axes[at].members.shape[1] * axes[other].members.shape[1] for at, other in every], dtype=int)
    order = np.argsort(sizes, kind="stable")
    fit = order[np.cumsum(sizes[order]) <= MOST_PAIRS]
    return [every[at] for at in sorted(fit.tolist())]


def _both(cells: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Of cells of two axes to slices of two conditions: (G, cells) to (G, slices)."""
    grid = cells.reshape(len(cells), len(first), len(second)) @ second
    return (first.T @ grid).reshape(len(cells), -1)


def _carries(n: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Which slices, float (G, m), have enough images and clusters, in them and in the rest: bool (m,)."""
    thin = [is_thin(each.sum(axis=0), (each > 0).sum(axis=0)) for each in (n, whole - n)]
    return ~(thin[0] | thin[1])


def _merged(half: _Half, tried: pd.DataFrame, most: int, own: float) -> pd.DataFrame:
    """The slices that say something of their own, at most so many; ``also`` names those of the same images.

    Args:
        half: Where they were tried.
        tried: From ``_tried``.
        most: How many at most.
        own: Confidence of an interval that holds for as many comparisons as slices were tried.
    """
    alone = {row for row in tried["conditions"] if len(row) == 1}
    rows: list[int] = []
    masks: list[np.ndarray] = []
    also: list[list[tuple[Condition, ...]]] = []
    for at, conditions in enumerate(tried["conditions"][:_LOOKED_AT]):
        taken = [tried["conditions"][row] for row in rows]
        if len(rows) == most or any(_overlap(half.axes, conditions, other) for other in taken):
            continue
        kept = half.kept(conditions)
        same = next((place for place, mask in enumerate(masks) if _jaccard(kept, mask) >= SAME), None)
        if same is not None:
            if not _repeats(half.axes, conditions, [taken[same], *also[same]]):
                also[same].append(conditions)
            continue
        parents = (half.kept([each]) for each in conditions if len(conditions) > 1 and (each,) in alone)
        if _adds(half, kept, masks, parents, own):
            rows, masks, also = [*rows, at], [*masks, kept], [*also, []]
    n_clusters = [len(np.unique(half.objects[mask])) for mask in masks]
    chosen = tried.iloc[rows].reset_index(drop=True)
    return chosen.assign(n_clusters=np.array(n_clusters, dtype=int), also=[tuple(each) for each in also])


def _adds(
    half: _Half, kept: np.ndarray, taken: Sequence[np.ndarray], parents: Iterable[np.ndarray], own: float
) -> bool:
    """Whether a slice says something that those before it do not.

    It is worse than the rest of each slice that it is a part of, and on its images that are in no other slice worse
    than on images that are in none at all.

    Args:
        half: Where slices are sought.
        kept: bool (M,), its images.
        taken: Those of the slices before it.
        parents: Those of its single conditions that were found, too; none of a slice of one condition.
        own: Confidence of each comparison.
    """
    least = WITHIN * np.count_nonzero(kept)
    common = [np.count_nonzero(kept & mask) for mask in taken]
    around = (mask for mask, n in zip(taken, common, strict=True) if n >= least)
    for mask in chain(around, parents):
        beside = mask & ~kept
        if beside.any() and not _costs(half, kept, beside, own):
            return False
    used = np.zeros(half.n, dtype=bool)
    for mask in (mask for mask, n in zip(taken, common, strict=True) if 0 < n < least):
        used |= mask
    return not used.any() or _costs(half, kept & ~used, ~(kept | used), own)


def _overlap(axes: Sequence[Axis], first: Sequence[Condition], second: Sequence[Condition]) -> bool:
    """Whether slices are by the same axes, and have cells of each in common."""
    if [axis for axis, _ in first] != [axis for axis, _ in second]:
        return False
    return all(
        (axes[axis].members[:, one] & axes[axis].members[:, other]).any()
        for (axis, one), (_, other) in zip(first, second, strict=True)
    )


def _repeats(axes: Sequence[Axis], conditions: Sequence[Condition], others: Sequence[Sequence[Condition]]) -> bool:
    """Whether a slice has a condition that another has, more or less, or more conditions than the first."""
    every = [each for other in others for each in other]
    return len(conditions) > len(others[0]) or any(
        _overlap(axes, [one], [each]) for one in conditions for each in every
    )


def _jaccard(first: np.ndarray, second: np.ndarray) -> float:
    return np.count_nonzero(first & second) / np.count_nonzero(first | second)


def _costs(half: _Half, part: np.ndarray, other: np.ndarray, own: float) -> bool:
    """Whether some images are worse than some others, which they have nothing in common with, beyond chance."""
    cells = np.where(part, 0, np.where(other, 1, -1))
    sums = half.sums(cells, 2)
    if not sums.n.sum(axis=0).all():
        return False
    return bool(Drops.between(sums[[0]], sums[[1]]).intervals(own)[0][0] > 0)


def _again(half: _Half, chosen: pd.DataFrame, confidence: float, rounds: int, seed: int) -> pd.DataFrame:
    """The chosen slices with their drops on the other half, whose intervals hold for them at once."""
    names = ("again", "again_low", "again_high")
    table = chosen.assign(**dict.fromkeys(names, np.nan), n_again=0, n_clusters_again=0, confirmed=False)
    masks = [half.kept(conditions) for conditions in chosen["conditions"]]
    table["n_again"] = np.array([mask.sum() for mask in masks], dtype=int)
    table["n_clusters_again"] = np.array([len(np.unique(half.objects[mask])) for mask in masks], dtype=int)
    found = [half.sums_of(mask) for mask in masks]
    used = [at for at, sums in enumerate(found) if _carries(sums.n[:, [0]], sums.n.sum(axis=1, keepdims=True))[0]]
    if not used:
        return table
    total, n = (np.stack([getattr(found[at], name) for at in used], axis=2) for name in ("total", "n"))
    drops = Drops.between(Sums(total[:, 0], n[:, 0]), Sums(total[:, 1], n[:, 1]))
    largest = Largest(half.n_groups, rounds=rounds, seed=seed + 1)
    largest.add(drops)
    for name, numbers in zip(names, (drops.value, *drops.intervals(largest.each(confidence))), strict=True):
        table.loc[used, name] = numbers
    return table.assign(confirmed=table["again_low"] > 0)
