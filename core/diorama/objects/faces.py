"""Eyes, noses and ears: what gives an animal its look."""

from __future__ import annotations

import math

from core.diorama.objects.animals import BLACK, WHITE
from core.diorama.solids import Colour, Part, Shape, Vec


def add_eyes(
    shape: Shape,
    at: Vec,
    radius: float,
    *,
    iris: Colour,
    outwards: float = 35.0,
    pupil: float = 0.62,
    shine: float = 0.0,
) -> None:
    """A pair of eyes: an iris, a pupil on it and a highlight.

    Args:
        shape: Gets them.
        at: Centre of the right eye.
        radius: Of the eyeball.
        iris: Colour of the eyeball.
        outwards: Degrees from straight ahead that an eye looks to the side.
        pupil: Size of the pupil against the eyeball.
        shine: How much the iris shines at night.
    """
    ahead, aside = math.cos(math.radians(outwards)), math.sin(math.radians(outwards))
    x, y, z = at
    shape.part(iris, mirror=True, gloss=0.9, glow=shine).ellipsoid(at, (radius,) * 3)
    step = radius * (1.12 - pupil)
    shape.part(BLACK, mirror=True, gloss=1.0).ellipsoid((x + step * ahead, y, z + step * aside), (radius * pupil,) * 3)
    height, step = 0.38 * radius, 0.86 * radius
    shape.part(WHITE, mirror=True, glow=0.25).ellipsoid(
        (x + step * ahead, y + height, z + step * aside - 0.2 * radius), (radius * 0.27,) * 3
    )


def add_nose(shape: Shape, at: Vec, radius: float, colour: Colour = BLACK) -> None:
    """A nose, wider than high."""
    shape.part(colour, gloss=0.8).ellipsoid(at, (radius * 0.8, radius * 0.8, radius))


def add_pointed_ears(shape: Shape, base: Vec, tip: Vec, radius: float, colour: Colour, inner: Colour) -> Part:
    """A pair of upright ears, lighter inside; the part is returned."""
    ears = shape.part(colour, mirror=True, blend=0.02).capsule(base, tip, radius, 0.018)
    ahead = 0.42 * radius
    low, high = (tuple(b + share * (t - b) for b, t in zip(base, tip, strict=True)) for share in (0.25, 0.8))
    shape.part(inner, mirror=True, gloss=0.1).capsule(
        (low[0] + ahead, *low[1:]), (high[0] + 0.4 * ahead, *high[1:]), 0.62 * radius, 0.015
    )
    return ears


def add_hanging_ears(shape: Shape, base: Vec, length: float, colour: Colour) -> Part:
    """A pair of ears that hang beside the head; the part is returned."""
    x, y, z = base
    ears = shape.part(colour, mirror=True, gloss=0.15)
    return ears.ellipsoid((x, y - 0.55 * length, z + 0.03), (0.115, 0.62 * length, 0.05), turn=(-12, 0, 8))


def add_leaf_ears(shape: Shape, base: Vec, length: float, colour: Colour, inner: Colour, lift: float = 35.0) -> Part:
    """A pair of long ears that stand off to the sides, ``lift`` degrees above the horizon; the part is returned."""
    up, out = math.sin(math.radians(lift)), math.cos(math.radians(lift))
    x, y, z = base
    centre = (x, y + 0.5 * length * up, z + 0.5 * length * out)
    ears = shape.part(colour, mirror=True, gloss=0.15)
    ears.ellipsoid(centre, (0.05, 0.3 * length, 0.62 * length), turn=(-lift, 0, 0))
    inside = (centre[0] + 0.025, *centre[1:])
    shape.part(inner, mirror=True, gloss=0.1).ellipsoid(
        inside, (0.04, 0.19 * length, 0.46 * length), turn=(-lift, 0, 0)
    )
    return ears
