"""Many different numbers as a few values that a curve, a heatmap and a link can name."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from core.errors import DataError, UsageError

#: How far from its quantile an edge may move to be a readable number, as a share of a bin's images.
_SLACK = 0.2
#: Which of a bin's values its centre lies between.
_MIDDLE = (0.4, 0.6)
#: Decimal digits that a double can tell apart.
_DIGITS = 17
#: Power of ten below which a step is no number any more.
_LEAST_EXPONENT = -323


class Bins(NamedTuple):
    """Numbers in bins: bin ``k`` holds those from ``edges[k]`` on and below ``edges[k + 1]``; the last, its end too.

    Attributes:
        edges: float (K + 1,), ascending; the last two are equal where the last bin holds one number alone. None for no
            bin.
        centres: float (K,), ascending: the number that stands for each bin, which lies in it.
        index: int (N,), the bin of each value, -1 for one that is missing.
    """

    edges: np.ndarray
    centres: np.ndarray
    index: np.ndarray

    @property
    def values(self) -> np.ndarray:
        """What stands for each value: float (N,), NaN for one that is missing."""
        return np.append(self.centres, np.nan)[self.index]


def bins(values: Iterable[float], most: int = 10) -> Bins:
    """Numbers in at most ``most`` bins of about as many each.

    Up to ``most`` different values stay themselves. More are cut at quantiles, each moved by up to a fifth of a bin to
    the roundest number near, so that equal numbers are never parted, and bins between which nothing lies are one. A
    bin's centre is the roundest number near its median.

    Args:
        values: (N,) numbers; NaN and None are missing, and so are the infinities.
        most: How many bins at most.

    Raises:
        UsageError: If ``most`` is no whole number above 0.
        DataError: If a value is no number.
    """
    if isinstance(most, bool) or not isinstance(most, int | np.integer) or most < 1:
        raise UsageError(f"there cannot be {most!r} bins at most: give a whole number above 0.")
    numbers = _as_numbers(values)
    there = np.isfinite(numbers)
    known = np.sort(numbers[there])
    distinct = np.unique(known)
    edges, centres = _as_they_are(distinct) if len(distinct) <= most else _cut(known, distinct, int(most))
    index = np.full(len(numbers), -1, dtype=np.int64)
    if len(centres):
        index[there] = np.searchsorted(edges[1:-1], numbers[there], side="right")
    return Bins(edges, centres, index)


def _as_numbers(values: Iterable[float]) -> np.ndarray:
    listed = values.to_numpy(dtype=object, na_value=None) if hasattr(values, "to_numpy") else values
    found = np.asarray(listed if isinstance(listed, np.ndarray) else list(listed))
    try:
        if found.ndim != 1 or found.dtype.kind in "mMcSUV":
            raise TypeError
        # Texts are refused, also such as read like numbers: they are of another kind of factor.
        if found.dtype == object and any(isinstance(each, str | bytes | complex) for each in found):
            raise TypeError
        return found.astype(float)
    except (TypeError, ValueError, OverflowError) as error:
        shown = next((repr(each) for each in found.ravel() if not isinstance(each, int | float)), "a value")
        raise DataError(f"bins are of a list of numbers, and {shown[:60]} is none.") from error


def _as_they_are(distinct: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Edges and centres of values that stay themselves: half-way between neighbours."""
    if not len(distinct):
        return np.empty(0), np.empty(0)
    # Halved before they are added: the sum may be more than a double holds.
    half_way = np.minimum(distinct[:-1] / 2 + distinct[1:] / 2, distinct[1:])
    # Between neighbouring doubles nothing lies half-way.
    half_way = np.where(half_way > distinct[:-1], half_way, distinct[1:])
    return np.concatenate([distinct[:1], half_way, distinct[-1:]]), distinct


def _cut(known: np.ndarray, distinct: np.ndarray, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Edges and centres of quantile bins.

    Args:
        known: float (N,), sorted.
        distinct: Its different values, sorted.
        most: How many bins at most, fewer than there are different values.
    """
    inner = np.unique(list(_inner(known, distinct, most)))
    # A bin that holds nothing joins the one below it; the lowest holds the least value at the least.
    inner = inner[np.bincount(np.searchsorted(inner, known, side="right"), minlength=len(inner) + 1)[1:] > 0]
    at = np.searchsorted(inner, known, side="right")
    low = _end(known[0], inner[0] if len(inner) else known[-1], -1)
    high = _end(known[-1], inner[-1] if len(inner) else known[0], 1)
    centres = [_centre(known[at == each]) for each in range(len(inner) + 1)]
    return np.array([low, *inner, high]), np.array(centres)


def _inner(known: np.ndarray, distinct: np.ndarray, most: int) -> Iterator[float]:
    for step in range(1, most):
        low, at, high = (
            float(known[min(int((step + by) / most * len(known)), len(known) - 1)]) for by in (-_SLACK, 0.0, _SLACK)
        )
        if low == high:
            # An edge anywhere above the value before parts the same values as one at the value itself.
            before = distinct[distinct < low]
            if not len(before):
                continue
            low = float(before[-1])
        yield _roundest(low, high, at)


def _end(value: float, inner: float, sign: int) -> float:
    """A readable number at a value or a little further out."""
    room = _SLACK * abs(float(value) - float(inner))
    # The window's lower end is left out, so both directions are asked as if they were upwards.
    low = np.nextafter(sign * float(value), -np.inf)
    high = sign * float(value) + room
    return sign * _roundest(float(low), high, sign * float(value)) + 0.0 if math.isfinite(high) else float(value)


def _centre(within: np.ndarray) -> float:
    """A readable number near the median of a bin's values (sorted)."""
    low, middle, high = (float(each) for each in np.quantile(within, [_MIDDLE[0], 0.5, _MIDDLE[1]], method="lower"))
    return _roundest(float(np.nextafter(low, -np.inf)), high, middle)


def _roundest(low: float, high: float, near: float) -> float:
    """Of the numbers above ``low`` up to ``high``, one with the fewest digits, the nearest to ``near`` among those."""
    if low < 0 <= high:
        return 0.0
    power = math.floor(math.log10(max(abs(low), abs(high)))) + 1
    for exponent in range(power, power - _DIGITS, -1):
        for step in (5, 2, 1):
            # As text, so that three tenths are 0.3 and not three times a tenth.
            times = near / float(f"{step}e{exponent}") if exponent > _LEAST_EXPONENT else math.inf
            if not math.isfinite(times):
                return high
            found = [float(f"{step * whole}e{exponent}") for whole in _around(times)]
            fitting = [each for each in found if low < each <= high]
            if fitting:
                return min(fitting, key=lambda each: abs(each - near))
    return high


def _around(times: float) -> range:
    return range(math.floor(times) - 1, math.floor(times) + 3)
