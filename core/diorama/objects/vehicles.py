"""What trucks, cars, planes and ships share: colours, cabins with windows, lamps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from core.diorama.solids import Colour, Part, Pattern, Shape

# Linear RGB of enamel paints.
RED: Colour = (0.66, 0.035, 0.03)
ORANGE: Colour = (0.80, 0.23, 0.02)
YELLOW: Colour = (0.86, 0.52, 0.03)
LIME: Colour = (0.36, 0.55, 0.05)
GREEN: Colour = (0.03, 0.28, 0.08)
MINT: Colour = (0.30, 0.68, 0.48)
TEAL: Colour = (0.02, 0.33, 0.35)
SKY: Colour = (0.16, 0.48, 0.82)
BLUE: Colour = (0.025, 0.12, 0.55)
NAVY: Colour = (0.015, 0.045, 0.18)
VIOLET: Colour = (0.22, 0.08, 0.45)
PINK: Colour = (0.82, 0.22, 0.32)
CREAM: Colour = (0.86, 0.75, 0.52)
WHITE: Colour = (0.84, 0.84, 0.82)
SILVER: Colour = (0.48, 0.50, 0.54)
STEEL: Colour = (0.20, 0.22, 0.26)
CHARCOAL: Colour = (0.045, 0.048, 0.055)
RUBBER: Colour = (0.018, 0.018, 0.022)
WOOD: Colour = (0.36, 0.16, 0.05)
DARK_WOOD: Colour = (0.13, 0.05, 0.02)

GLASS: Colour = (0.22, 0.47, 0.62)
DARK_GLASS: Colour = (0.03, 0.07, 0.11)
LIT_WINDOW: Colour = (0.95, 0.68, 0.22)
HEADLAMP: Colour = (0.98, 0.88, 0.55)
TAIL_LAMP: Colour = (0.85, 0.02, 0.015)
BEACON: Colour = (1.0, 0.36, 0.02)

T = TypeVar("T")


def pick(rng: np.random.Generator, choices: Sequence[T]) -> T:
    """One of the choices, each as likely."""
    return choices[int(rng.integers(len(choices)))]


@dataclass(frozen=True)
class Cabin:
    """The part of a vehicle above its waist: a trapezium seen from the side, whose sides lean inwards.

    Attributes:
        base: Height of the waist.
        roof: Height of the roof.
        front: x of the windscreen's foot.
        roof_front: x of its upper edge.
        roof_rear: x of the rear screen's upper edge.
        rear: x of its foot.
        half: Half its breadth at the waist.
        lean: How far a side leans inwards for each unit of height.
    """

    base: float
    roof: float
    front: float
    roof_front: float
    roof_rear: float
    rear: float
    half: float
    lean: float = 0.2

    def front_at(self, y: float) -> float:
        """Where the windscreen is at a height, along x."""
        return self.front + (self.roof_front - self.front) * (y - self.base) / (self.roof - self.base)

    def rear_at(self, y: float) -> float:
        """Where the rear screen is at a height, along x."""
        return self.rear + (self.roof_rear - self.rear) * (y - self.base) / (self.roof - self.base)

    def outline(self, low: float, high: float, grow: float) -> list[tuple[float, float]]:
        """The trapezium between two heights, longer by ``grow`` at either end."""
        return [
            (self.front_at(low) + grow, low),
            (self.front_at(high) + grow, high),
            (self.rear_at(high) - grow, high),
            (self.rear_at(low) - grow, low),
        ]

    def lean_cut(self, part: Part, grow: float) -> None:
        """Cut the part's last primitive along the leaning side, moved outwards by ``grow``."""
        part.cut((0, self.lean, 1), self.half + grow + self.lean * self.base)


def add_cabin(
    shape: Shape,
    cabin: Cabin,
    colour: Colour,
    *,
    pillar: float | None = None,
    glass: Colour = GLASS,
    pattern: Pattern | None = None,
) -> None:
    """A cabin with a windscreen, a rear screen and side windows.

    Args:
        shape: Gets the parts.
        cabin: Measures.
        colour: Of roof and pillars.
        pillar: x of the pillar between two side windows; without it there is one.
        glass: Colour of the windows.
        pattern: On roof and pillars.
    """
    rounding, frame, proud = 0.035, 0.075, 0.012
    shell = shape.part(colour, mirror=True, gloss=0.5, pattern=pattern)
    shell.prism(cabin.outline(cabin.base, cabin.roof - rounding, -rounding), cabin.half, rounding=rounding)
    cabin.lean_cut(shell, 0)
    low, high, edge = cabin.base + 0.045, cabin.roof - 0.075, 0.015
    windows = shape.part(glass, mirror=True, gloss=0.9, glow=0.3)
    windows.prism(cabin.outline(low, high, proud - edge), cabin.half, rounding=edge)
    cabin.lean_cut(windows, -frame)
    corners = cabin.outline(low, high, -frame)
    halves = [corners] if pillar is None else _split(corners, pillar, 0.5 * frame)
    for outline in halves:
        windows.prism(outline, cabin.half + 0.05, rounding=edge)
        cabin.lean_cut(windows, proud)


def _split(corners: list[tuple[float, float]], x: float, gap: float) -> list[list[tuple[float, float]]]:
    front_low, front_high, rear_high, rear_low = corners
    return [
        [front_low, front_high, (x + gap, front_high[1]), (x + gap, front_low[1])],
        [(x - gap, rear_low[1]), (x - gap, rear_high[1]), rear_high, rear_low],
    ]


def add_lamps(shape: Shape, front: tuple[float, float, float], rear: tuple[float, float, float], radius: float) -> None:
    """A pair of headlamps and a pair of tail lamps, given the right one of each."""
    shape.part(HEADLAMP, mirror=True, gloss=0.8, glow=1.0).ellipsoid(front, (0.5 * radius, radius, radius))
    shape.part(TAIL_LAMP, mirror=True, gloss=0.6, glow=0.7).box(rear, (0.02, radius, 0.7 * radius), rounding=0.015)
