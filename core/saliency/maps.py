"""Saliency maps, what they explain, and whether there is anything to see in them; numpy only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.errors import UsageError, nearest

Method = Literal["grad-cam", "grad-cam++", "layer-cam", "eigen-cam", "score-cam", "guided-grad-cam", "input-gradients"]
State = Literal["map", "no-evidence", "undefined"]

#: Every method and what a reader sees; the first is the default.
METHODS: dict[str, str] = {
    "grad-cam": "Grad-CAM",
    "grad-cam++": "Grad-CAM++",
    "layer-cam": "LayerCAM",
    "eigen-cam": "Eigen-CAM",
    "score-cam": "Score-CAM",
    "guided-grad-cam": "Guided Grad-CAM",
    "input-gradients": "Input gradients",
}
#: What to show in place of a picture.
STATE_TEXT: dict[str, str] = {
    "map": "",
    "no-evidence": "no positive evidence for this class",
    "undefined": "the map is undefined: the model's numbers overflow on this image",
}


def check_method(method: str) -> None:
    """Refuse an unknown method.

    Raises:
        UsageError: Names the known methods.
    """
    if method not in METHODS:
        raise UsageError(f"unknown saliency method '{method}'.{nearest(method, METHODS)} Known: {', '.join(METHODS)}.")


@dataclass(frozen=True)
class Target:
    """Which score of the model's output is explained, for each image.

    Make one with ``predicted``, ``of_class``, ``best_of`` or ``difference``.

    Attributes:
        candidates: For each image (or one entry for all) the classes of which the best-scoring one is explained; None
            for all classes.
        against: For each image (or one entry for all) a class whose score is subtracted; None for none.
    """

    candidates: tuple[tuple[int, ...], ...] | None = None
    against: tuple[int, ...] | None = None

    @classmethod
    def predicted(cls) -> Target:
        """The class with the highest score."""
        return cls()

    @classmethod
    def of_class(cls, index: int | Sequence[int] | np.ndarray) -> Target:
        """One class for all images, or one for each."""
        return cls(tuple((value,) for value in _integers(index)))

    @classmethod
    def best_of(cls, accepted: Sequence[Sequence[int]]) -> Target:
        """The best-scoring of each image's accepted classes.

        Raises:
            UsageError: If an image has none.
        """
        sets = tuple(_integers(classes) for classes in accepted)
        for number, classes in enumerate(sets):
            if not classes:
                raise UsageError(f"image {number} has no accepted class: leave it out or explain the predicted class")
        return cls(sets)

    @classmethod
    def difference(
        cls, index: int | Sequence[int] | np.ndarray | None, against: int | Sequence[int] | np.ndarray
    ) -> Target:
        """The score of one class less that of another: why ``index`` (None: the prediction) rather than ``against``."""
        candidates = None if index is None else tuple((value,) for value in _integers(index))
        return cls(candidates, _integers(against))

    def resolve(self, logits: np.ndarray, start: int = 0, n: int | None = None) -> tuple[np.ndarray, np.ndarray]:
        """The classes to explain.

        Args:
            logits: float (m, classes), of images ``start`` to ``start + m``.
            start: Number of the first image.
            n: Images in all; ``start + m`` by default.

        Returns:
            int (m,) explained class and int (m,) subtracted class, -1 for none.

        Raises:
            UsageError: If there is not one entry for each image, a class does not exist, or a class is compared with
                itself.
        """
        m, num_classes = logits.shape
        numbers = range(start, start + m)
        n = start + m if n is None else n
        chosen = logits.argmax(axis=1).astype(np.int64)
        if self.candidates is not None:
            sets = _for_each(self.candidates, n)
            for row, number in enumerate(numbers):
                classes = np.array([_checked(index, num_classes) for index in sets[number]])
                chosen[row] = classes[logits[row, classes].argmax()]
        against = np.full(m, -1, dtype=np.int64)
        if self.against is not None:
            others = _for_each(self.against, n)
            against[:] = [_checked(others[number], num_classes) for number in numbers]
            if (same := np.flatnonzero(against == chosen)).size:
                raise UsageError(
                    f"image {numbers[same[0]]}: class {chosen[same[0]]} cannot be compared with itself: name another"
                )
        return chosen, against


def _integers(values: int | Sequence[int] | np.ndarray) -> tuple[int, ...]:
    return tuple(int(value) for value in np.atleast_1d(np.asarray(values, dtype=np.int64)))


def _for_each(values: tuple, n: int) -> tuple:
    if len(values) not in (1, n):
        raise UsageError(f"the target names classes for {len(values)} images, but there are {n}: give one, or {n}")
    return values * n if len(values) == 1 else values


def _checked(index: int, num_classes: int) -> int:
    if not 0 <= index < num_classes:
        raise UsageError(f"class {index} does not exist: the model has classes 0 to {num_classes - 1}")
    return index


@dataclass(frozen=True)
class Saliency:
    """Maps of some images.

    Attributes:
        method: Key of ``METHODS``.
        layer: Name of the layer whose map it is; empty for ``input-gradients``.
        grid: float32 (N, h, w), raw and signed, as the layer gives it; below 0 counts against the class. At the size
            of the input for the methods that explain pixels.
        values: float32 (N, H, W), raw, the positive part of ``grid`` at the model's input size: bilinear, each cell at
            the centre of what it looks at (``core.saliency.placement``).
        classes: int (N,), the explained class.
        against: int (N,), the class whose score was subtracted, or -1.
        scores: float32 (N,), the explained score: a logit, or a difference of two.
        colour: float32 (N, H, W, 3), signed, for ``guided-grad-cam`` and ``input-gradients``; None for others.
    """

    method: str
    layer: str
    grid: np.ndarray
    values: np.ndarray
    classes: np.ndarray
    against: np.ndarray
    scores: np.ndarray
    colour: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.values)

    @property
    def magnitude(self) -> np.ndarray:
        """The largest value of each grid, or 0: float32 (N,); comparable between images of one model and method.

        Score-CAM weighs channels by a softmax, so its magnitude says how strongly the layer responds, not how much
        evidence there is. NaN where the map is undefined.
        """
        return np.maximum(self.grid, 0).max(axis=(1, 2), initial=0)

    @property
    def states(self) -> list[State]:
        """For each image whether there is a map to show."""
        finite = np.isfinite(self.grid).all(axis=(1, 2)) & np.isfinite(self.values).all(axis=(1, 2))
        seen = (self.values > 0).any(axis=(1, 2))
        return [
            "undefined" if not ok else "map" if some else "no-evidence" for ok, some in zip(finite, seen, strict=True)
        ]

    def scaled(self) -> np.ndarray:
        """Each map divided by its own maximum: float32 (N, H, W) in [0, 1]; NaN where there is no map to show."""
        there = np.array([state == "map" for state in self.states], dtype=bool)
        scaled = np.full_like(self.values, np.nan)
        scaled[there] = self.values[there] / self.values[there].max(axis=(1, 2), keepdims=True)
        return scaled
