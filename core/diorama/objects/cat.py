"""Cats: standing with the tail up, sitting, lying."""

from __future__ import annotations

import numpy as np

from core.diorama.objects import animals as a
from core.diorama.objects import faces
from core.diorama.objects import quadruped as q
from core.diorama.solids import Colour, Pattern, Shape, Vec

GREEN_EYES: Colour = (0.35, 0.62, 0.05)
AMBER_EYES: Colour = (0.85, 0.48, 0.02)
BLUE_EYES: Colour = (0.10, 0.40, 0.85)

COATS: tuple[a.Coat, ...] = (
    a.Coat(a.ORANGE, Pattern("stripes", (0.36, 0.10, 0.01), 3.4, amount=0.42), a.WHITE, a.WHITE, eyes=GREEN_EYES),
    a.Coat(a.GREY, Pattern("stripes", (0.05, 0.05, 0.06), 3.6, amount=0.42), a.SILVER, eyes=AMBER_EYES),
    a.Coat(a.BLACK, None, a.WHITE, a.WHITE, tail=a.WHITE, eyes=AMBER_EYES),
    a.Coat(
        a.WHITE, Pattern("patches", a.ORANGE, 1.8, amount=0.5), a.WHITE, ears=a.BLACK, tail=a.BLACK, eyes=GREEN_EYES
    ),
    a.Coat(a.CREAM, None, a.DARK_BROWN, a.DARK_BROWN, a.DARK_BROWN, a.DARK_BROWN, BLUE_EYES),
    a.Coat(a.WHITE, None, a.WHITE, eyes=BLUE_EYES),
    a.Coat(a.CHARCOAL, None, a.CHARCOAL, eyes=AMBER_EYES),
    a.Coat(a.GOLD, Pattern("spots", (0.16, 0.06, 0.01), 4.2, amount=0.55), a.CREAM, eyes=GREEN_EYES),
)
BANDS: tuple[Colour | None, ...] = (None, None, a.RED, a.BLUE, a.TEAL)


def _build(rng: np.random.Generator) -> q.Build:
    return q.Build(
        length=a.vary(rng, 1.0), height=a.vary(rng, 0.66, 0.06), girth=a.vary(rng, 0.225), leg=0.095, foot=0.07
    )


def _head(shape: Shape, coat: a.Coat, at: Vec, size: float) -> None:
    """A round, short face with large triangular ears and whiskers."""
    x, y, z = at
    shape.part(coat.base, blend=0.06).ellipsoid(at, (0.27 * size, 0.255 * size, 0.30 * size))
    ear = coat.ears or coat.base
    faces.add_pointed_ears(
        shape,
        (x - 0.03, y + 0.17 * size, z + 0.17 * size),
        (x - 0.04, y + 0.44 * size, z + 0.235 * size),
        0.105 * size,
        ear,
        a.PINK,
    )
    muzzle = shape.part(coat.face, mirror=True, blend=0.03)
    muzzle.ellipsoid((x + 0.22 * size, y - 0.09 * size, 0.055 * size), (0.085 * size, 0.07 * size, 0.08 * size))
    faces.add_nose(shape, (x + 0.305 * size, y - 0.045 * size, 0), 0.042 * size, a.PINK)
    eye = (x + 0.205 * size, y + 0.045 * size, 0.125 * size)
    faces.add_eyes(shape, eye, 0.075 * size, iris=coat.eyes, outwards=28, pupil=0.58, shine=0.5)
    whiskers = shape.part(a.WHITE, mirror=True, gloss=0.1)
    for rise in (0.03, -0.05):
        start = (x + 0.25 * size, y - 0.09 * size, 0.10 * size)
        whiskers.capsule(start, (x + 0.2 * size, y + (rise - 0.09) * size, 0.40 * size), 0.011, 0.006)


def _band(shape: Shape, rng: np.random.Generator, at: Vec, radius: float, lean: float) -> None:
    colour = a.pick(rng, BANDS)
    if colour is not None:
        shape.part(colour, gloss=0.5).torus(at, radius, 0.035, turn=(0, 0, lean))


def standing(rng: np.random.Generator) -> Shape:
    """A standing cat, its long tail upright."""
    shape, coat, build = Shape(), a.worn(rng, a.pick(rng, COATS)), _build(rng)
    trunk = q.add_trunk(shape, build, coat)
    q.add_legs(trunk, shape, build, coat)
    head = (build.shoulder + 0.12, build.height + 0.36, 0.0)
    trunk.capsule((build.shoulder * 0.7, build.height + 0.05, 0), head, 0.17, 0.14)
    _head(shape, coat, head, a.vary(rng, 1.08, 0.06))
    _band(shape, rng, (head[0] - 0.09, head[1] - 0.18, 0), 0.17, -30)
    back, y, sway = -build.shoulder, build.height + 0.06, float(rng.uniform(-0.12, 0.12))
    curl = [(back - 0.02, y, 0), (back - 0.26, y + 0.2, 0), (back - 0.28, y + 0.6, sway), (back - 0.14, y + 0.84, sway)]
    q.add_tail(shape, curl, [0.075, 0.068, 0.06, 0.055], coat.base, coat.tail)
    return shape


def sitting(rng: np.random.Generator) -> Shape:
    """A sitting cat, its tail curled up behind it."""
    shape, coat, build = Shape(), a.worn(rng, a.pick(rng, COATS)), _build(rng)
    q.add_sitting_body(shape, build, coat)
    head = (0.12, build.height + 0.60, 0.0)
    _head(shape, coat, head, a.vary(rng, 1.15, 0.06))
    _band(shape, rng, (0.07, head[1] - 0.24, 0), 0.175, -12)
    side = a.pick(rng, (-1.0, 1.0))
    curl = [(-0.45, 0.10, 0), (-0.78, 0.10, 0.1 * side), (-0.92, 0.34, 0.14 * side), (-0.84, 0.72, 0.12 * side)]
    q.add_tail(shape, curl, [0.075, 0.07, 0.064, 0.055], coat.base, coat.tail)
    return shape


def lying(rng: np.random.Generator) -> Shape:
    """A cat that lies with its paws ahead and its head up."""
    shape, coat, build = Shape(), a.worn(rng, a.pick(rng, COATS)), _build(rng)
    body = shape.part(coat.base, mirror=True, blend=0.13, pattern=coat.pattern)
    g, x = build.girth * 1.1, build.shoulder
    body.ellipsoid((-0.1, g, 0), (x + 0.1, g, 1.05 * g)).ellipsoid((0.3, 1.25 * g, 0), (0.28, 1.15 * g, 0.9 * g))
    body.ellipsoid((-0.34, 0.22, 0.95 * g), (0.27, 0.22, 0.12))
    body.capsule((0.3, 0.12, 0.6 * g), (0.66, 0.08, 0.55 * g), 0.1, 0.075)
    shape.part(coat.feet or coat.base, mirror=True).ellipsoid((0.71, 0.075, 0.55 * g), (0.12, 0.075, 0.09))
    head = (0.5, 2 * g + 0.26, 0.0)
    _head(shape, coat, head, a.vary(rng, 1.12, 0.06))
    _band(shape, rng, (0.42, head[1] - 0.21, 0), 0.17, -25)
    side = a.pick(rng, (-1.0, 1.0))
    curl = [(-0.55, 0.15, 0), (-0.92, 0.1, 0.1 * side), (-1.02, 0.3, 0.2 * side), (-0.9, 0.62, 0.2 * side)]
    q.add_tail(shape, curl, [0.08, 0.07, 0.062, 0.055], coat.base, coat.tail)
    return shape


PLANS = (standing, sitting, lying)
