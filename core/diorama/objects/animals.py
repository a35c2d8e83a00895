"""What the animals share: named colours, coats, and draws from a generator."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from core.diorama.solids import Colour, Pattern

WHITE: Colour = (0.84, 0.82, 0.77)
CREAM: Colour = (0.78, 0.62, 0.40)
BLACK: Colour = (0.025, 0.025, 0.03)
CHARCOAL: Colour = (0.09, 0.09, 0.105)
GREY: Colour = (0.27, 0.28, 0.31)
SILVER: Colour = (0.52, 0.54, 0.58)
ORANGE: Colour = (0.78, 0.30, 0.05)
GOLD: Colour = (0.72, 0.42, 0.10)
CHESTNUT: Colour = (0.36, 0.10, 0.03)
BROWN: Colour = (0.20, 0.085, 0.035)
DARK_BROWN: Colour = (0.075, 0.032, 0.018)
FAWN: Colour = (0.52, 0.24, 0.085)
RED: Colour = (0.75, 0.04, 0.03)
BLUE: Colour = (0.05, 0.22, 0.68)
TEAL: Colour = (0.02, 0.36, 0.34)
GREEN: Colour = (0.10, 0.42, 0.05)
LIME: Colour = (0.42, 0.62, 0.06)
YELLOW: Colour = (0.85, 0.58, 0.04)
PINK: Colour = (0.85, 0.30, 0.32)
SKY: Colour = (0.22, 0.52, 0.80)

Option = TypeVar("Option")


@dataclass(frozen=True)
class Coat:
    """The colours of an animal.

    Attributes:
        base: Of trunk and head.
        pattern: On trunk and legs.
        face: Of the muzzle.
        feet: Of the feet.
        ears: Of the ears.
        tail: Of the tail's tip.
        eyes: Of the iris.
    """

    base: Colour
    pattern: Pattern | None = None
    face: Colour = WHITE
    feet: Colour | None = None
    ears: Colour | None = None
    tail: Colour | None = None
    eyes: Colour = (0.30, 0.12, 0.03)


def pick(rng: np.random.Generator, options: Sequence[Option]) -> Option:
    """One of several, all equally likely."""
    return options[int(rng.integers(len(options)))]


def vary(rng: np.random.Generator, value: float, share: float = 0.1) -> float:
    """A value within this share of the given one."""
    return value * float(rng.uniform(1 - share, 1 + share))


def tinted(rng: np.random.Generator, colour: Colour) -> Colour:
    """A colour of one individual: a little lighter or darker, a little warmer or cooler."""
    brightness, warmth = vary(rng, 1.0, 0.18), float(rng.uniform(-0.1, 0.1))
    return tuple(min(c * brightness * (1 + k * warmth), 0.9) for c, k in zip(colour, (1, 0, -1), strict=True))


def worn(rng: np.random.Generator, coat: Coat) -> Coat:
    """A coat with the tint and the pattern of one individual."""
    seed = float(rng.uniform(0, 50))
    pattern = coat.pattern and replace(coat.pattern, seed=seed)
    return replace(coat, base=tinted(rng, coat.base), pattern=pattern)
