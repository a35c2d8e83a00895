"""The intervals that pages show, each for many studies at once: what ``core.bench.certificate`` puts to the test.

Everywhere here the first axis is the study, the second the object, the third its images. Nothing is computed here:
every interval comes from the function that pages and reports get it from.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.answers import compare
from core.metrics import accuracy_by, bands
from core.metrics.bootstrap import replicates
from core.metrics.differences import difference
from core.metrics.simultaneous import hidden_variance, pair_reach

#: Low and high, float (studies,) or (studies, m) each.
Ends = tuple[np.ndarray, np.ndarray]


@dataclass(frozen=True)
class Intervals:
    """Functions that make the intervals of each kind of number.

    Attributes:
        accuracy: Of values bool (studies, objects, images); where objects have one image each, images are independent.
        paired: Of the second model's values less the first's, float (studies, objects, images); the same holds.
        difference: Of values and of whether each is of the second group, both bool (studies, objects, images).
        adjusted: The same within the classes of the objects, int (studies, objects), weighed as the second group's.
        half_area: Of values bool (studies, objects, areas) and the areas, ascending.
        pairs: Of values bool (studies, objects, cells): every pair's difference, the later cell less the earlier, in
            the order of ``np.triu_indices``, so that all hold at once.
        band: Of values bool (studies, objects, cells): every cell's interval, so that all hold at once.
        change_band: The same of the second model's values less the first's, float (studies, objects, cells).
    """

    accuracy: Callable[[np.ndarray], Ends]
    paired: Callable[[np.ndarray], Ends]
    difference: Callable[[np.ndarray, np.ndarray], Ends]
    adjusted: Callable[[np.ndarray, np.ndarray, np.ndarray], Ends]
    half_area: Callable[[np.ndarray, np.ndarray], Ends]
    pairs: Callable[[np.ndarray], Ends]
    band: Callable[[np.ndarray], Ends]
    change_band: Callable[[np.ndarray], Ends]


def accuracy(values: np.ndarray) -> Ends:
    """See ``metrics.accuracy_by``."""
    studies, objects, _ = _numbered(values.shape)
    table = pd.DataFrame({"study": studies, "object": objects, "correct": values.reshape(-1).astype(float)})
    found = accuracy_by(table, "study", "object" if values.shape[2] > 1 else None)
    return found["low"].to_numpy(), found["high"].to_numpy()


def paired(change: np.ndarray) -> Ends:
    """See ``compare.paired_interval``."""
    studies, objects, _ = _numbered(change.shape)
    clusters = objects if change.shape[2] > 1 else None
    return compare.paired_interval(change.reshape(-1).astype(float), studies, clusters, len(change))[:2]


def differences(values: np.ndarray, second: np.ndarray) -> Ends:
    """See ``metrics.differences.difference``."""
    _, objects, _ = _numbered((1, *values.shape[1:]))
    found = [
        difference(right.reshape(-1).astype(float), side.reshape(-1), clusters=objects)
        for right, side in zip(values, second, strict=True)
    ]
    return np.array([one.low for one in found]), np.array([one.high for one in found])


def adjusted(values: np.ndarray, second: np.ndarray, classes: np.ndarray) -> Ends:
    """See ``core.uncommon.gaps.adjusted_gaps``."""
    _, objects, _ = _numbered((1, *values.shape[1:]))
    found = []
    for right, side, own in zip(values, second, classes, strict=True):
        strata = np.unique(own, return_inverse=True)[1]
        n = np.bincount(strata, weights=side.sum(axis=1))
        one = difference(
            right.reshape(-1).astype(float), side.reshape(-1), clusters=objects, strata=strata[objects],
            weights=n / n.sum(),
        )  # fmt: skip
        found.append((one.low, one.high))
    low, high = np.array(found).T
    return low, high


def half_area(values: np.ndarray, areas: np.ndarray) -> Ends:
    """See ``compare.area_at_half``."""
    _, objects, cells = _numbered((1, *values.shape[1:]))
    found = [compare.area_at_half(right.reshape(-1).astype(float), areas[cells], objects) for right in values]
    return np.array([one.low for one in found]), np.array([one.high for one in found])


def pairs(values: np.ndarray) -> Ends:
    """See ``core.metrics.simultaneous.pair_reach``."""
    _, n_objects, n_cells = values.shape
    _, objects, cells = _numbered((1, n_objects, n_cells))
    first, second = np.triu_indices(n_cells, 1)
    trials, found = np.full(n_cells, n_objects), []
    for one in values:
        right, mean = one.reshape(-1).astype(float), one.mean(axis=0)
        draws = replicates(right, cells, objects, n_cells)
        reach = pair_reach(draws, trials, hidden_variance(right, cells, trials))[first, second]
        change = mean[second] - mean[first]
        found.append((change - reach, change + reach))
    low, high = np.array(found).transpose(1, 0, 2)
    return low, high


def band(values: np.ndarray) -> Ends:
    """See ``metrics.bands.accuracy_band``."""
    return _bands(bands.accuracy_band, values)


def change_band(change: np.ndarray) -> Ends:
    """See ``metrics.bands.change_band``."""
    return _bands(bands.change_band, change)


def _bands(of: Callable[..., tuple[np.ndarray, np.ndarray, np.ndarray]], values: np.ndarray) -> Ends:
    _, objects, cells = _numbered((1, *values.shape[1:]))
    found = [of(one.reshape(-1).astype(float), cells, objects, values.shape[2]) for one in values]
    return np.array([one[0] for one in found]), np.array([one[1] for one in found])


#: What pages show.
SHOWN = Intervals(accuracy, paired, differences, adjusted, half_area, pairs, band, change_band)


def _numbered(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Number of the study, the object within it and the image of each value, in the order of the flat array."""
    return tuple(part.reshape(-1) for part in np.indices(shape))
