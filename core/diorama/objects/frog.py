"""Frogs: sitting and leaping."""

from __future__ import annotations

import numpy as np

from core.diorama.objects import animals as a
from core.diorama.objects import faces
from core.diorama.solids import Colour, Part, Pattern, Shape, Vec

EYE_YELLOW: Colour = (0.88, 0.72, 0.10)
EYE_RED: Colour = (0.80, 0.06, 0.03)
LIGHT_GREEN: Colour = (0.55, 0.70, 0.22)

#: Skins; the ``face`` is the colour of chin and belly, ``feet`` that of the toes.
SKINS: tuple[a.Coat, ...] = (
    a.Coat(a.GREEN, None, LIGHT_GREEN, eyes=EYE_YELLOW),
    a.Coat(a.GREEN, Pattern("spots", (0.02, 0.12, 0.02), 3.4, amount=0.55), a.CREAM, eyes=EYE_YELLOW),
    a.Coat(a.LIME, None, a.WHITE, a.ORANGE, eyes=EYE_RED),
    a.Coat(a.TEAL, None, a.CREAM, eyes=EYE_YELLOW),
    a.Coat((0.20, 0.26, 0.05), Pattern("patches", (0.06, 0.07, 0.015), 2.6, amount=0.5), a.CREAM, eyes=EYE_YELLOW),
    a.Coat(a.BLUE, Pattern("spots", a.BLACK, 3.6, amount=0.6), a.SKY, eyes=a.WHITE),
    a.Coat(a.YELLOW, Pattern("patches", a.BLACK, 2.4, amount=0.42), a.YELLOW, eyes=a.WHITE),
    a.Coat(a.LIME, Pattern("stripes", (0.05, 0.22, 0.02), 2.2, axis=2, amount=0.4), a.CREAM, eyes=EYE_YELLOW),
)
MOUTH: Colour = (0.035, 0.07, 0.02)


def _toes(part: Part, at: Vec, reach: float, turn: float = 0.0) -> None:
    """Three spread toes with round tips."""
    x, y, z = at
    for aside in (-0.13, 0.03, 0.19):
        part.capsule(at, (x + reach * (1 - abs(aside)), y + turn, z + aside), 0.05, 0.042)


def _head(shape: Shape, body: Part, skin: a.Coat, at: Vec, width: float) -> None:
    """A broad head with bulging eyes on top and a wide mouth."""
    x, y, _ = at
    body.ellipsoid(at, (0.36, 0.24, width))
    body.ellipsoid((x + 0.02, y + 0.2, 0.6 * width), (0.155, 0.15, 0.15))
    shape.part(skin.face, gloss=0.4).ellipsoid((x + 0.015, y - 0.085, 0), (0.36, 0.17, 0.97 * width))
    mouth = shape.part(MOUTH).ellipsoid((x + 0.015, y - 0.04, 0), (0.372, 0.026, width * 1.025))
    mouth.cut((-1, 0, 0), -x - 0.03)
    faces.add_eyes(
        shape, (x + 0.085, y + 0.225, 0.72 * width), 0.125, iris=skin.eyes, outwards=38, pupil=0.6, shine=0.3
    )


def sitting(rng: np.random.Generator) -> Shape:
    """A frog squatting on the ground."""
    shape, skin = Shape(), a.worn(rng, a.pick(rng, SKINS))
    width, tall = a.vary(rng, 0.42, 0.1), a.vary(rng, 1.0, 0.1)
    body = shape.part(skin.base, mirror=True, blend=0.12, gloss=0.5, pattern=skin.pattern)
    body.ellipsoid((-0.18, 0.40 * tall, 0), (0.60, 0.32, width), turn=(0, 0, 16))
    _head(shape, body, skin, (0.36, 0.58 * tall, 0.0), 0.92 * width)
    body.tube(
        [(0.26, 0.42 * tall, 0.8 * width), (0.34, 0.22, width + 0.16), (0.42, 0.06, width + 0.1)], [0.12, 0.085, 0.065]
    )
    thighs = shape.part(skin.base, mirror=True, blend=0.06, gloss=0.5, pattern=skin.pattern)
    thighs.ellipsoid((-0.38, 0.29, width + 0.1), (0.38, 0.22, 0.16), turn=(0, -18, 22))
    thighs.tube([(-0.62, 0.12, width + 0.1), (-0.2, 0.08, width + 0.28)], [0.1, 0.075])
    toes = shape.part(skin.feet or skin.base, mirror=True, blend=0.04, gloss=0.5)
    _toes(toes, (0.44, 0.045, width + 0.12), 0.2)
    _toes(toes, (-0.2, 0.045, width + 0.3), 0.28)
    return shape


def leaping(rng: np.random.Generator) -> Shape:
    """A frog in the middle of a leap."""
    shape, skin = Shape(), a.worn(rng, a.pick(rng, SKINS))
    width, rise = a.vary(rng, 0.36, 0.08), a.vary(rng, 0.34, 0.15)
    body = shape.part(skin.base, mirror=True, blend=0.12, gloss=0.5, pattern=skin.pattern)
    body.ellipsoid((0.0, 0.78, 0), (0.58, 0.27, width), turn=(0, 0, 30))
    _head(shape, body, skin, (0.46, 0.80 + rise, 0.0), 0.95 * width)
    body.tube([(0.34, 0.86, 0.75 * width), (0.5, 0.66, width + 0.1), (0.78, 0.62, width + 0.08)], [0.11, 0.08, 0.06])
    legs = shape.part(skin.base, mirror=True, blend=0.06, gloss=0.5, pattern=skin.pattern)
    legs.tube([(-0.36, 0.6, 0.7 * width), (-0.62, 0.62, width + 0.16)], [0.17, 0.12])
    legs.tube(
        [(-0.62, 0.62, width + 0.16), (-0.98, 0.3, width + 0.06), (-1.2, 0.16, width + 0.1)], [0.12, 0.075, 0.055]
    )
    toes = shape.part(skin.feet or skin.base, mirror=True, blend=0.04, gloss=0.5)
    _toes(toes, (0.8, 0.62, width + 0.08), 0.18, 0.03)
    _toes(toes, (-1.18, 0.17, width + 0.08), -0.24, -0.1)
    return shape


PLANS = (sitting, leaping)
