"""Deer: a stag with antlers, a doe, a fawn with spots."""

from __future__ import annotations

import numpy as np

from core.diorama.objects import animals as a
from core.diorama.objects import faces
from core.diorama.objects import quadruped as q
from core.diorama.solids import Colour, Part, Pattern, Shape, Vec

HOOF: Colour = (0.03, 0.025, 0.02)
ANTLER: Colour = (0.50, 0.36, 0.20)
HIDES: tuple[Colour, ...] = (
    (0.50, 0.19, 0.05),
    (0.42, 0.21, 0.09),
    (0.30, 0.14, 0.06),
    (0.36, 0.27, 0.19),
    (0.58, 0.30, 0.10),
)


def _coat(rng: np.random.Generator, height: float, spotted: bool) -> a.Coat:
    """Brown with white spots, or with a light belly."""
    hide = a.pick(rng, HIDES)
    spots = Pattern("spots", a.WHITE, 5.0, amount=0.42)
    belly = Pattern("below", a.CREAM, height, axis=1)
    return a.worn(rng, a.Coat(hide, spots if spotted else belly, a.WHITE, HOOF, ears=hide))


def _head(shape: Shape, trunk: Part, build: q.Build, coat: a.Coat, size: float, rise: float) -> Vec:
    """A slender neck, a small pointed face, ears held to the sides; returns the crown."""
    root = (build.shoulder * 0.84, build.height + 0.08, 0.0)
    x, y = build.shoulder + 0.26, build.height + rise
    trunk.tube([root, (x - 0.08, y - 0.3 * rise, 0), (x, y, 0)], [0.155, 0.105, 0.095])
    skull = shape.part(coat.base, blend=0.08)
    skull.ellipsoid((x + 0.02, y + 0.05, 0), (0.175 * size, 0.155 * size, 0.145 * size))
    skull.capsule((x + 0.08, y + 0.01, 0), (x + 0.32 * size, y - 0.10 * size, 0), 0.1 * size, 0.062 * size)
    shape.part(a.WHITE, blend=0.04).ellipsoid(
        (x + 0.30 * size, y - 0.125 * size, 0), (0.085 * size, 0.055 * size, 0.07 * size)
    )
    faces.add_nose(shape, (x + 0.375 * size, y - 0.085 * size, 0), 0.05 * size)
    faces.add_eyes(
        shape, (x + 0.10 * size, y + 0.075 * size, 0.115 * size), 0.05 * size, iris=coat.eyes, outwards=55, pupil=0.82
    )
    faces.add_leaf_ears(shape, (x - 0.06, y + 0.13 * size, 0.08 * size), 0.34 * size, coat.base, a.CREAM, lift=28)
    shape.part(a.WHITE, gloss=0.1).ellipsoid((x - 0.02, y - 0.17, 0), (0.085, 0.13, 0.07), turn=(0, 0, -25))
    return (x - 0.02, y + 0.18 * size, 0.0)


def _rear(shape: Shape, build: q.Build, coat: a.Coat) -> None:
    """A white patch and a short tail, brown above and white below."""
    x, y, g = -build.shoulder, build.height, build.girth
    shape.part(a.WHITE, gloss=0.1).ellipsoid((x - 0.09, y + 0.02, 0), (0.12, 0.8 * g, 0.62 * g))
    tail = shape.part(a.WHITE, gloss=0.1, blend=0.02)
    tail.ellipsoid((x - 0.19, y + 0.17, 0), (0.055, 0.15, 0.075), turn=(0, 0, 30))
    shape.part(coat.base).ellipsoid((x - 0.155, y + 0.2, 0), (0.05, 0.15, 0.062), turn=(0, 0, 30))


def _antlers(shape: Shape, rng: np.random.Generator, crown: Vec, size: float) -> None:
    """Two antlers with two or three tines each."""
    x, y, _ = crown
    beam = [
        (x, y - 0.05, 0.07),
        (x - 0.12, y + 0.22 * size, 0.24),
        (x - 0.06, y + 0.48 * size, 0.38),
        (x + 0.1, y + 0.7 * size, 0.34),
    ]
    antlers = shape.part(ANTLER, mirror=True, blend=0.03, gloss=0.4)
    antlers.tube(beam, [0.052, 0.045, 0.038, 0.022])
    tines = int(rng.integers(2, 4))
    for (bx, by, bz), reach in list(zip(beam[1:3], (0.24, 0.22), strict=True))[:tines]:
        antlers.capsule((bx, by, bz), (bx + reach, by + 0.16 * size, bz + 0.03), 0.038, 0.02)
    if tines == 3:
        antlers.capsule(beam[2], (beam[2][0] - 0.16, beam[2][1] + 0.2 * size, beam[2][2] + 0.08), 0.036, 0.02)


def _build(rng: np.random.Generator) -> q.Build:
    return q.Build(
        length=a.vary(rng, 1.04, 0.06),
        height=a.vary(rng, 0.90, 0.05),
        girth=a.vary(rng, 0.225, 0.06),
        leg=0.082,
        foot=0.046,
        waist=0.85,
        hoof=0.085,
    )


def stag(rng: np.random.Generator) -> Shape:
    """A stag with antlers."""
    shape, build = Shape(), _build(rng)
    coat = _coat(rng, build.height - 0.13, spotted=False)
    trunk = q.add_trunk(shape, build, coat)
    q.add_legs(trunk, shape, build, coat, paws=False)
    crown = _head(shape, trunk, build, coat, 1.08, a.vary(rng, 0.58, 0.06))
    _antlers(shape, rng, crown, a.vary(rng, 0.95))
    _rear(shape, build, coat)
    return shape


def doe(rng: np.random.Generator) -> Shape:
    """A walking doe, spotted or plain."""
    shape, build = Shape(), _build(rng)
    coat = _coat(rng, build.height - 0.12, spotted=bool(rng.integers(2)))
    trunk = q.add_trunk(shape, build, coat)
    q.add_striding_legs(shape, build, coat, q.WALK)
    _head(shape, trunk, build, coat, 1.12, a.vary(rng, 0.60, 0.06))
    _rear(shape, build, coat)
    return shape


def fawn(rng: np.random.Generator) -> Shape:
    """A fawn: long legs, a large head and white spots."""
    shape = Shape()
    build = q.Build(
        length=a.vary(rng, 0.74, 0.06), height=a.vary(rng, 0.76, 0.05), girth=0.205, leg=0.075, foot=0.048, hoof=0.085
    )
    coat = _coat(rng, 0.0, spotted=True)
    trunk = q.add_trunk(shape, build, coat)
    q.add_legs(trunk, shape, build, coat, paws=False)
    _head(shape, trunk, build, coat, a.vary(rng, 1.32, 0.04), a.vary(rng, 0.48, 0.06))
    _rear(shape, build, coat)
    return shape


PLANS = (stag, doe, fawn)
