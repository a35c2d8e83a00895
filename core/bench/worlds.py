"""Worlds whose truth is known, and small studies drawn from them.

A world has objects, each seen on the same kinds of images, and two models to compare. A study is what a benchmark of a
few of its objects would have found. Diorama's population is a world (``core.embedded.population``); so is one in which
each object has a logit of its own, and chance decides image by image.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import Protocol

import numpy as np
import pandas as pd
from scipy import special

from core.embedded import population
from core.embedded.population import MAP, MIXED, PLACE, SIZE, Population
from core.errors import UsageError

#: Of the logits' variance between objects, what two models share: an object that is hard is mostly hard for both.
SHARED = 0.8
#: How much better the second model is, in logits.
BETTER = 0.5
#: Logits that an uncommon place, halving the object's area, and the way from the centre to a corner cost.
UNCOMMON, HALVED, CORNER = 1.0, 1.0, 2.0
#: Classes of simulated objects, which are all alike.
CLASSES = 5
_NODES = 80


@dataclass(frozen=True)
class Studies:
    """What small studies found, and the truth.

    Attributes:
        images: ``setting, area, x, y``, one row an image of every object.
        first: bool (studies, objects, images): whether the first model knows each image.
        second: The same of the second model.
        uncommon: bool (studies, objects, images): whether the place is uncommon for the object.
        classes: int (studies, objects): the class of each object.
        truth_first: float (studies, images): the first model's accuracy on each image over all objects of the world.
        truth_second: Of the second.
        truth_gap: float (studies,): the first model's accuracy in uncommon places less that in common ones.
        truth_gap_by_class: float (studies, classes): the same within each class.
    """

    images: pd.DataFrame
    first: np.ndarray
    second: np.ndarray
    uncommon: np.ndarray
    classes: np.ndarray
    truth_first: np.ndarray
    truth_second: np.ndarray
    truth_gap: np.ndarray
    truth_gap_by_class: np.ndarray

    def of(self, setting: str) -> np.ndarray:
        """Places of a setting's images: int (m,)."""
        return np.flatnonzero((self.images["setting"] == setting).to_numpy())


class World(Protocol):
    """Where studies are drawn from.

    Attributes:
        name: In tables.
    """

    name: str

    def draw(self, rng: np.random.Generator, n_studies: int, n_objects: int, *, equal: bool = False) -> Studies:
        """Studies of so many objects each, drawn with replacement.

        Args:
            rng: Where chance comes from.
            n_studies: How many.
            n_objects: Of each.
            equal: Whether the two models are equally good in truth.
        """
        ...


class Rendered:
    """Diorama's population. Each study is of two of the models, all pairs in turn.

    Models are made equal by a coin for each object that says which of the two answers as the first: what they say
    stays as it was, and neither is better.

    Args:
        found: The population.
        name: In tables.

    Raises:
        UsageError: If there are fewer than two models to compare.
    """

    def __init__(self, found: Population, name: str = "Diorama") -> None:
        if len(found.models) < 2:
            raise UsageError(f"a population of {len(found.models)} model has none to compare; it needs two.")
        self.name = name
        self._found = found
        self._pairs = np.array(list(combinations(range(len(found.models)), 2)))
        self._truth = found.correct.mean(axis=0).T
        self._classes, names = pd.factorize(found.objects["category"], sort=True)
        every = np.ones(len(self._classes), dtype=bool)
        self._gap = self._gap_among(every)
        self._gap_by_class = np.stack([self._gap_among(self._classes == number) for number in range(len(names))])

    def _gap_among(self, objects: np.ndarray) -> np.ndarray:
        """Accuracy in uncommon places less that in common ones, of some objects: float (models,)."""
        place = (self._found.images["setting"] == PLACE).to_numpy() & objects[:, None]
        sides = [self._found.correct[place & side] for side in (self._found.uncommon, ~self._found.uncommon)]
        return sides[0].mean(axis=0) - sides[1].mean(axis=0)

    def draw(self, rng: np.random.Generator, n_studies: int, n_objects: int, *, equal: bool = False) -> Studies:
        """See ``World.draw``."""
        correct = self._found.correct
        which = self._pairs[np.arange(n_studies) % len(self._pairs)]
        drawn = rng.integers(len(correct), size=(n_studies, n_objects))
        sides = [np.repeat(which[:, [side]], n_objects, axis=1) for side in (0, 1)]
        truth, gap = [self._truth[which[:, side]] for side in (0, 1)], self._gap[which[:, 0]]
        by_class = self._gap_by_class.T[which].mean(axis=1) if equal else self._gap_by_class.T[which[:, 0]]
        if equal:
            swapped = rng.random(drawn.shape) < 0.5
            sides = [np.where(swapped, sides[1 - side], sides[side]) for side in (0, 1)]
            truth, gap = [(truth[0] + truth[1]) / 2] * 2, self._gap[which].mean(axis=1)
        first, second = (correct[drawn[..., None], np.arange(correct.shape[1]), side[..., None]] for side in sides)
        uncommon, classes = self._found.uncommon[drawn], self._classes[drawn]
        return Studies(self._found.images, first, second, uncommon, classes, *truth, gap, by_class)


class Simulated:
    """Objects with a logit of their own, normal around a mean, and images on which chance decides.

    Args:
        mean: Of the logits, for an image as trained.
        sd: Of the logits, between objects.
        n_mixed: Images as trained, of each object.
    """

    def __init__(self, mean: float, sd: float, n_mixed: int = population.N_MIXED) -> None:
        self.mean, self.sd = mean, sd
        self.name = f"logit {mean:g}, sd {sd:g}"
        images = [(MIXED, np.nan, np.nan, np.nan)] * n_mixed
        images += [(PLACE, population.PLACE_AREA, 0.5, 0.5)] * 8
        images += [(SIZE, area, 0.5, 0.5) for area in population.SIZES]
        images += [(MAP, population.MAP_AREA, x, y) for x in population.CENTRES for y in population.CENTRES]
        self.images = pd.DataFrame(images, columns=["setting", "area", "x", "y"])
        setting = self.images["setting"].to_numpy()
        self._uncommon = (setting == PLACE) & (np.arange(len(images)) % 2 == 1)
        area, x, y = (self.images[name].to_numpy() for name in ("area", "x", "y"))
        away = CORNER * 2 * ((x - 0.5) ** 2 + (y - 0.5) ** 2)
        smaller = HALVED * np.log2(max(population.SIZES) / area)
        cost = np.where(setting == MAP, away, np.where(setting == SIZE, smaller, 0.0))
        self._logit = mean - cost - UNCOMMON * self._uncommon

    def draw(self, rng: np.random.Generator, n_studies: int, n_objects: int, *, equal: bool = False) -> Studies:
        """See ``World.draw``."""
        shape = (n_studies, n_objects, 1)
        both = np.sqrt(SHARED) * rng.standard_normal(shape)
        known, truth = [], []
        for better in (0.0, 0.0 if equal else BETTER):
            own = both + np.sqrt(1 - SHARED) * rng.standard_normal(shape)
            chance = special.expit(self._logit + better + self.sd * own)
            known.append(rng.random(chance.shape, dtype=np.float32) < chance)
            truth.append(np.tile(logit_normal_mean(self._logit + better, self.sd), (n_studies, 1)))
        place = (self.images["setting"] == PLACE).to_numpy()
        gap = truth[0][:, self._uncommon].mean(axis=1) - truth[0][:, place & ~self._uncommon].mean(axis=1)
        uncommon = np.broadcast_to(self._uncommon, known[0].shape)
        classes = rng.integers(CLASSES, size=(n_studies, n_objects))
        by_class = np.tile(gap[:, None], CLASSES)
        return Studies(self.images, *known, uncommon, classes, *truth, gap, by_class)


def logit_normal_mean(mean: np.ndarray, sd: float) -> np.ndarray:
    """Mean of a chance whose logit is normal.

    Args:
        mean: Of the logit, any shape.
        sd: Of the logit.

    Returns:
        The same shape, by Gauss-Hermite quadrature.
    """
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    return special.expit(np.asarray(mean)[..., None] + sd * nodes) @ weights / weights.sum()
