"""Dogs: standing and sitting, of several breeds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.diorama.objects import animals as a
from core.diorama.objects import faces
from core.diorama.objects import quadruped as q
from core.diorama.solids import Colour, Pattern, Shape, Vec


@dataclass(frozen=True)
class Breed:
    """What tells one breed from another.

    Attributes:
        coat: Its colours.
        build: Its body.
        head: Size of the head.
        snout: Length of the snout.
        ears: ``hanging`` or ``pointed``.
        tail: ``curled``, ``raised`` or ``stub``.
    """

    coat: a.Coat
    build: q.Build
    head: float
    snout: float
    ears: str
    tail: str


_LABRADOR = q.Build(length=1.16, height=0.74, girth=0.27, leg=0.12, foot=0.085)
_DACHSHUND = q.Build(length=1.5, height=0.46, girth=0.235, leg=0.10, foot=0.085)
_HUSKY = q.Build(length=1.1, height=0.76, girth=0.29, leg=0.115, foot=0.085)
_TERRIER = q.Build(length=0.9, height=0.6, girth=0.26, leg=0.11, foot=0.09)
_CORGI = q.Build(length=1.2, height=0.50, girth=0.27, leg=0.11, foot=0.085)
_GREYHOUND = q.Build(length=1.1, height=0.88, girth=0.235, leg=0.10, foot=0.07, waist=0.7)

BREEDS: tuple[Breed, ...] = (
    Breed(a.Coat(a.CREAM, face=a.CREAM, ears=a.GOLD), _LABRADOR, 1.0, 0.34, "hanging", "raised"),
    Breed(a.Coat(a.CHESTNUT, face=a.FAWN, feet=a.FAWN, ears=a.BROWN), _DACHSHUND, 0.9, 0.40, "hanging", "raised"),
    Breed(
        a.Coat(a.GREY, Pattern("below", a.WHITE, 0.62, axis=1), a.WHITE, a.WHITE, tail=a.WHITE, eyes=a.SKY),
        _HUSKY,
        1.02,
        0.30,
        "pointed",
        "curled",
    ),
    Breed(
        a.Coat(a.WHITE, Pattern("patches", a.BROWN, 1.7, amount=0.45), a.WHITE, ears=a.BROWN, tail=a.BROWN),
        _TERRIER,
        1.05,
        0.29,
        "hanging",
        "stub",
    ),
    Breed(
        a.Coat(a.ORANGE, Pattern("below", a.WHITE, 0.38, axis=1), a.WHITE, a.WHITE),
        _CORGI,
        1.05,
        0.28,
        "pointed",
        "stub",
    ),
    Breed(
        a.Coat(a.WHITE, Pattern("spots", a.BLACK, 4.0, amount=0.55), a.WHITE, ears=a.BLACK),
        _LABRADOR,
        1.0,
        0.33,
        "hanging",
        "raised",
    ),
    Breed(a.Coat(a.CHARCOAL, face=a.FAWN, feet=a.FAWN, ears=a.BLACK), _GREYHOUND, 0.92, 0.38, "pointed", "stub"),
    Breed(a.Coat(a.BROWN, face=a.BROWN, ears=a.DARK_BROWN), _LABRADOR, 1.0, 0.34, "hanging", "raised"),
    Breed(a.Coat(a.GOLD, face=a.WHITE, feet=a.WHITE, tail=a.WHITE), _HUSKY, 1.0, 0.28, "pointed", "curled"),
)
COLLARS: tuple[Colour, ...] = (a.RED, a.BLUE, a.TEAL, a.YELLOW, a.PINK)
TONGUE: Colour = (0.80, 0.16, 0.18)


def _head(shape: Shape, breed: Breed, at: Vec, size: float) -> None:
    """A long snout with a large black nose, a tongue, and the breed's ears."""
    x, y, z = at
    coat, reach = breed.coat, (0.16 + breed.snout) * size
    skull = shape.part(coat.base, blend=0.07)
    skull.ellipsoid(at, (0.245 * size, 0.225 * size, 0.22 * size))
    snout = shape.part(coat.face, blend=0.05)
    snout.capsule((x + 0.1 * size, y - 0.06 * size, z), (x + reach, y - 0.09 * size, z), 0.145 * size, 0.1 * size)
    faces.add_nose(shape, (x + reach + 0.085 * size, y - 0.035 * size, z), 0.07 * size)
    shape.part(TONGUE, gloss=0.5).ellipsoid(
        (x + reach - 0.02, y - 0.21 * size, z), (0.06 * size, 0.1 * size, 0.055 * size), turn=(0, 0, 15)
    )
    eye = (x + 0.185 * size, y + 0.09 * size, 0.115 * size)
    faces.add_eyes(shape, eye, 0.056 * size, iris=coat.eyes, outwards=32, pupil=0.75)
    ear = coat.ears or coat.base
    if breed.ears == "hanging":
        faces.add_hanging_ears(shape, (x - 0.04, y + 0.13 * size, 0.2 * size), 0.34 * size, ear)
    else:
        low, high = (x - 0.07, y + 0.13 * size, 0.12 * size), (x - 0.08, y + 0.38 * size, 0.16 * size)
        faces.add_pointed_ears(shape, low, high, 0.09 * size, ear, a.PINK)


def _collar(shape: Shape, colour: Colour, at: Vec, radius: float, lean: float) -> None:
    """A collar with a golden tag."""
    x, y, _ = at
    shape.part(colour, gloss=0.6).torus(at, radius, 0.045, turn=(0, 0, lean))
    shape.part(a.YELLOW, gloss=0.9).ellipsoid((x + radius + 0.03, y - 0.11, 0), (0.03, 0.055, 0.055))


def _tail(shape: Shape, breed: Breed, x: float, y: float) -> None:
    coat = breed.coat
    paths = {
        "raised": ([(x, y, 0), (x - 0.22, y + 0.14, 0), (x - 0.34, y + 0.36, 0)], [0.085, 0.07, 0.04]),
        "stub": ([(x, y, 0), (x - 0.08, y + 0.08, 0), (x - 0.14, y + 0.16, 0)], [0.075, 0.07, 0.055]),
        "curled": (
            [(x, y, 0), (x - 0.16, y + 0.22, 0), (x - 0.02, y + 0.38, 0), (x + 0.14, y + 0.28, 0)],
            [0.09, 0.11, 0.11, 0.06],
        ),
    }
    q.add_tail(shape, *paths[breed.tail], coat.base, coat.tail)


def standing(rng: np.random.Generator) -> Shape:
    """A standing dog with a collar."""
    shape, breed = Shape(), a.pick(rng, BREEDS)
    coat, build = a.worn(rng, breed.coat), breed.build
    trunk = q.add_trunk(shape, build, coat)
    q.add_legs(trunk, shape, build, coat)
    head = (build.shoulder + 0.24, build.height + a.vary(rng, 0.44, 0.06), 0.0)
    trunk.capsule((build.shoulder * 0.75, build.height + 0.06, 0), head, 0.19, 0.145)
    _head(shape, breed, head, a.vary(rng, 1.08 * breed.head, 0.05))
    _collar(shape, a.pick(rng, COLLARS), (head[0] - 0.13, head[1] - 0.2, 0), 0.165, -38)
    _tail(shape, breed, -build.shoulder - 0.02, build.height + 0.12)
    return shape


def sitting(rng: np.random.Generator) -> Shape:
    """A sitting dog with a collar."""
    shape, breed = Shape(), a.pick(rng, BREEDS)
    coat = a.worn(rng, breed.coat)
    build = q.Build(length=1.04, height=0.66, girth=breed.build.girth, leg=breed.build.leg, foot=breed.build.foot)
    q.add_sitting_body(shape, build, coat)
    head = (0.16, build.height + a.vary(rng, 0.64, 0.05), 0.0)
    _head(shape, breed, head, a.vary(rng, 1.12 * breed.head, 0.05))
    _collar(shape, a.pick(rng, COLLARS), (0.07, head[1] - 0.25, 0), 0.18, -14)
    _tail(shape, breed, -0.55, 0.16)
    return shape


PLANS = (standing, sitting)
