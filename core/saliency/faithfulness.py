"""Is a map faithful? The class's probability as its most important pixels are revealed, and as they are removed.

Source: Petsiuk et al. 2018, "RISE: Randomized input sampling for explanation of black-box models" (arXiv 1806.07421),
section 4.2: insertion begins with a blurred image and reveals it, deletion begins with the image and removes it; of a
faithful map the area under the first curve is large and that under the second one small. No torch.

Two things are added. Areas depend on the image and the class as much as on the map, so they are compared with those of
random maps as coarse as this one and with the map that points to the centre of the image. And since most of a map may
be 0, pixels of equal importance go in the order of the first random map.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd
from scipy.ndimage import gaussian_filter

from core.errors import ModelError, NotAvailableError, UsageError
from core.saliency.placement import Placement

#: Probability of the class for pixels float32 0..1, (N, H, W, 3): (N,).
ProbabilityOf = Callable[[np.ndarray], np.ndarray]
Verdict = Literal["faithful", "no better than random", "worse than random", "undecided"]

#: The verdict where there is nothing to see in the curves.
UNDECIDED: Verdict = "undecided"
#: Share of the pixels in one step.
STEP = 0.05
#: Random maps that a map is compared with: a map that is random too beats all of them once in ``DRAWS + 1`` times.
DRAWS = 5
#: Standard deviation of the blur that insertion begins with, in shares of the image's shorter side: 5 of 224 pixels, as
#: in the paper's code, which cuts the bell off 5 pixels from its middle; here it has its tails.
BLUR = 5 / 224
#: Where the probability never moves by more than this, there is nothing to see.
MIN_RANGE = 0.01
#: Images in one call.
_BATCH = 16


@dataclass(frozen=True)
class Curves:
    """The class's probability along both walks through the pixels, in one order of importance.

    Attributes:
        insertion: float (S,), 0..1, at each share of revealed pixels.
        deletion: float (S,), 0..1, at each share of removed pixels.
    """

    insertion: np.ndarray
    deletion: np.ndarray

    @property
    def insertion_area(self) -> float:
        """Area under the insertion curve, 0..1; more is better."""
        return _area(self.insertion)

    @property
    def deletion_area(self) -> float:
        """Area under the deletion curve, 0..1; less is better."""
        return _area(self.deletion)

    @property
    def gain(self) -> float:
        """Insertion area less deletion area, -1..1."""
        return self.insertion_area - self.deletion_area


@dataclass(frozen=True)
class Faithfulness:
    """A map's curves beside those of orders that know nothing of the model.

    Attributes:
        shares: float (S,), 0..1, of the pixels that are revealed or removed.
        map: Curves in the order of the map.
        random: Curves of random maps as coarse as the map.
        centre: Curves of pixels by their distance to the centre of the image, the nearest first.
    """

    shares: np.ndarray
    map: Curves
    random: tuple[Curves, ...]
    centre: Curves

    @property
    def random_mean(self) -> Curves:
        """Mean of the random maps' curves."""
        return Curves(*(np.mean([getattr(each, name) for each in self.random], axis=0) for name in _WALKS))

    @property
    def verdict(self) -> Verdict:
        """How the map does against the random ones, by ``Curves.gain``.

        ``faithful`` is better than all of them, ``worse than random`` worse than all; ``undecided`` if the probability
        hardly moves in any order, so that no map could do well.
        """
        everything = [getattr(each, name) for each in (self.map, self.centre, *self.random) for name in _WALKS]
        if np.ptp(np.concatenate(everything)) < MIN_RANGE:
            return UNDECIDED
        gains = [each.gain for each in self.random]
        if self.map.gain > max(gains):
            return "faithful"
        return "worse than random" if self.map.gain < min(gains) else "no better than random"

    def table(self) -> pd.DataFrame:
        """All curves: ``walk``, ``order`` (``map``, ``random``, ``centre``), ``draw``, ``share``, ``probability``."""
        orders = [("map", 0, self.map), *(("random", n, each) for n, each in enumerate(self.random))]
        rows = [
            (walk, order, draw, share, probability)
            for order, draw, each in [*orders, ("centre", 0, self.centre)]
            for walk in _WALKS
            for share, probability in zip(self.shares, getattr(each, walk), strict=True)
        ]
        return pd.DataFrame(rows, columns=["walk", "order", "draw", "share", "probability"])

    @property
    def beats_centre(self) -> bool:
        """Whether the map does better than one that points to the centre of any image."""
        return self.map.gain > self.centre.gain


_WALKS = ("insertion", "deletion")


def measured(
    pixels: np.ndarray,
    values: np.ndarray,
    probability_of: ProbabilityOf,
    *,
    grid: tuple[int, int],
    baseline: Sequence[float],
    seed: int = 0,
    batch: int = _BATCH,
) -> Faithfulness:
    """Curves of one map of one image.

    Args:
        pixels: uint8 0..255 or float 0..1, (H, W, 3), as the model sees the image.
        values: float (H, W), the map at that size; a larger value is more important.
        probability_of: Of the explained class; it runs the model.
        grid: (h, w) of the map before it was drawn; random maps have the same.
        baseline: Colour of removed pixels, (3,), 0..1: the mean of the model's preprocessing, which is 0 in its input.
        seed: Of the random maps.
        batch: Images in one call of ``probability_of``.

    Raises:
        UsageError: If map and pixels do not fit, or pixels or baseline are no colours.
        NotAvailableError: If there is no map to judge: it has no number, or one value everywhere.
        ModelError: If a probability is none.
    """
    size = (pixels.shape[0], pixels.shape[1])
    if pixels.ndim != 3 or pixels.shape[2] != 3 or values.shape != size:
        raise UsageError(
            f"pixels have the shape {pixels.shape} and the map {values.shape}: they need (H, W, 3) and (H, W)"
        )
    is_in_range = pixels.dtype == np.uint8 or (pixels.dtype.kind == "f" and bool(((pixels >= 0) & (pixels <= 1)).all()))
    if not is_in_range:
        raise UsageError(f"pixels are {pixels.dtype}: they need to be uint8 of 0 to 255, or floats of 0 to 1")
    if np.shape(baseline) != (3,) or not np.isfinite(baseline).all():
        raise UsageError(f"the baseline {baseline} is no colour: it needs three numbers, such as (0.5, 0.5, 0.5)")
    if not np.isfinite(values).all() or np.ptp(values) == 0:
        raise NotAvailableError("faithfulness is not available, because the map is the same everywhere, or undefined.")
    draws = [_drawn(grid, size, np.random.default_rng((seed, number))) for number in range(DRAWS)]
    orders = {"map": _order(values, draws[0]), "centre": _order(_centred(size), draws[0])}
    orders |= {f"random {number}": _order(each, each) for number, each in enumerate(draws)}
    image = pixels.astype(np.float32) / (255 if pixels.dtype == np.uint8 else 1)
    start = {"insertion": blurred(image), "deletion": image}
    goal = {"insertion": image, "deletion": np.broadcast_to(np.asarray(baseline, np.float32), image.shape)}
    curves = _walked(orders, start, goal, _Asking(probability_of, batch))
    return Faithfulness(
        shares=np.linspace(0, 1, _steps() + 1),
        map=curves["map"],
        random=tuple(curves[f"random {number}"] for number in range(DRAWS)),
        centre=curves["centre"],
    )


def blurred(image: np.ndarray) -> np.ndarray:
    """An image (H, W, 3) as insertion begins with it."""
    spread = BLUR * min(image.shape[:2])
    return gaussian_filter(image, (spread, spread, 0), mode="nearest")


def _steps() -> int:
    return round(1 / STEP)


def _area(curve: np.ndarray) -> float:
    return float(np.trapezoid(curve, dx=1 / (len(curve) - 1)))


def _drawn(grid: tuple[int, int], size: tuple[int, int], generator: np.random.Generator) -> np.ndarray:
    """A random map with as many cells as a map has."""
    rows, columns = Placement.even(grid, size).weights(size)
    return rows @ generator.random(grid) @ columns.T


def _centred(size: tuple[int, int]) -> np.ndarray:
    """How near each pixel is to the centre, distances measured in shares of the sides."""
    rows, columns = (np.abs((np.arange(side) + 0.5) / side - 0.5) for side in size)
    return -np.hypot(rows[:, None], columns[None, :])


def _order(values: np.ndarray, ties: np.ndarray) -> np.ndarray:
    """Place of each pixel, (H, W), 0 for the most important one; of equal ones by ``ties``."""
    order = np.lexsort((-ties.ravel(), -values.ravel()))
    places = np.empty(len(order), np.int64)
    places[order] = np.arange(len(order))
    return places.reshape(values.shape)


class _Asking:
    """Probabilities of images that come one by one, asked for in batches."""

    def __init__(self, probability_of: ProbabilityOf, batch: int) -> None:
        self._probability_of, self._batch = probability_of, batch

    def __call__(self, images: Sequence[Callable[[], np.ndarray]]) -> np.ndarray:
        found = []
        for first in range(0, len(images), self._batch):
            part = np.stack([make() for make in images[first : first + self._batch]])
            found.append(np.asarray(self._probability_of(part), np.float64))
        found = np.concatenate(found)
        if found.shape != (len(images),) or not (np.isfinite(found) & (found >= -1e-6) & (found <= 1 + 1e-6)).all():
            raise ModelError("the model gives no probabilities between 0 and 1 for parts of this image.")
        return found.clip(0, 1)


def _walked(
    orders: Mapping[str, np.ndarray], start: Mapping[str, np.ndarray], goal: Mapping[str, np.ndarray], ask: _Asking
) -> dict[str, Curves]:
    """Curves by order; where all walks begin and end alike, the model is asked once."""
    steps = _steps()

    def between(walk: str, places: np.ndarray, step: int) -> np.ndarray:
        is_reached = places < round(step * places.size / steps)
        return np.where(is_reached[..., None], goal[walk], start[walk])

    blurry, whole, nothing = ask(
        [lambda: start["insertion"], lambda: start["deletion"], lambda: np.array(goal["deletion"])]
    )
    ends = {"insertion": (blurry, whole), "deletion": (whole, nothing)}
    asked = [(name, walk, step) for name in orders for walk in _WALKS for step in range(1, steps)]
    said = ask([partial(between, walk, orders[name], step) for name, walk, step in asked])
    inner = said.reshape(len(orders), len(_WALKS), steps - 1)
    return {
        name: Curves(*(np.array([ends[walk][0], *row, ends[walk][1]]) for walk, row in zip(_WALKS, rows, strict=True)))
        for name, rows in zip(orders, inner, strict=True)
    }


def sentence(found: Faithfulness, name: str) -> str:
    """What the areas say, for a reader.

    Args:
        found: Of one map.
        name: Of the explained class.
    """
    if found.verdict == UNDECIDED:
        whole = f"{100 * found.map.deletion[0]:.1f} % for the whole image"
        return f"The probability of {name}, {whole}, hardly changes whatever is shown: no map can do well here."
    mean = found.random_mean
    numbers = (
        f"insertion {found.map.insertion_area:.2f} (random {mean.insertion_area:.2f}), "
        f"deletion {found.map.deletion_area:.2f} (random {mean.deletion_area:.2f})"
    )
    if found.verdict != "faithful":
        said = "no more faithful than" if found.verdict == "no better than random" else "less faithful than any of"
        luck = "" if found.verdict == "no better than random" else _luck(found, "less faithful")
        return f"This map is {said} {len(found.random)} random maps as coarse: {numbers}.{luck}"
    centre = "also than" if found.beats_centre else "but not than"
    return (
        f"This map is more faithful than {len(found.random)} random maps as coarse, {centre} pointing to the centre: "
        f"{numbers}.{_luck(found, 'more faithful')}"
    )


def _luck(found: Faithfulness, said: str) -> str:
    """How often a random map does as well or as badly: one image is no more than that."""
    times = len(found.random) + 1
    return f" One in {times} random maps is {said} than {len(found.random)} others by luck, so look at several images."
