"""Trunks and legs that cat, dog, horse and deer are built on."""

from __future__ import annotations

from dataclasses import dataclass

from core.diorama.objects.animals import Coat
from core.diorama.solids import Colour, Part, Shape, Vec


@dataclass(frozen=True)
class Build:
    """Proportions of a four-legged body, in units of object space.

    Attributes:
        length: From hips to shoulders.
        height: Of the trunk's axis above the ground.
        girth: Radius of the chest.
        leg: Radius of a leg at its top.
        foot: Radius of a leg at the ankle.
        waist: Radius of belly against chest.
        hoof: Height of a hoof; 0 makes paws.
    """

    length: float
    height: float
    girth: float
    leg: float
    foot: float
    waist: float = 0.9
    hoof: float = 0.0

    @property
    def shoulder(self) -> float:
        """How far ahead the forelegs stand."""
        return 0.5 * self.length

    @property
    def spread(self) -> float:
        """How far to the side the legs stand."""
        return 0.52 * self.girth


#: Strides: how far each foot is ahead of its hip and above the ground (fore left, fore right, hind left, hind right).
Stride = tuple[tuple[float, float], tuple[float, float], tuple[float, float], tuple[float, float]]
TROT: Stride = ((0.32, 0.26), (-0.20, 0.0), (-0.32, 0.10), (0.20, 0.0))
WALK: Stride = ((0.16, 0.04), (-0.14, 0.0), (-0.16, 0.03), (0.14, 0.0))


def add_trunk(shape: Shape, build: Build, coat: Coat) -> Part:
    """Chest, belly and rump along x; the part is returned: what is blended onto it stands on both sides."""
    g, x = build.girth, build.shoulder
    trunk = shape.part(coat.base, mirror=True, blend=0.13, pattern=coat.pattern)
    trunk.ellipsoid((0.62 * x, build.height, 0), (0.62 * x, g, 0.88 * g))
    trunk.ellipsoid((0, build.height, 0), (x, build.waist * g, 0.84 * build.waist * g))
    trunk.ellipsoid((-0.68 * x, build.height + 0.04 * g, 0), (0.58 * x, 0.98 * g, 0.88 * g))
    return trunk


def add_legs(trunk: Part, shape: Shape, build: Build, coat: Coat, *, paws: bool = True) -> None:
    """Four straight legs, blended onto the trunk, with paws or hooves of the coat's colour."""
    feet = coat.feet or coat.base
    ends = shape.part(feet, mirror=True, gloss=0.15 if paws else 0.6)
    for x, lean in ((build.shoulder * 0.84, 0.0), (-build.shoulder * 0.86, -0.05)):
        z = build.spread
        hip, foot = (x, build.height - 0.2 * build.girth, z), (x + lean, build.hoof or build.foot, z)
        knee = (x + 0.02 - lean, 0.5 * build.height, z)
        trunk.tube([hip, knee, foot], [build.leg * 1.15, build.leg * 0.75, build.foot])
        _foot(ends, foot, build, paws)


def add_striding_legs(shape: Shape, build: Build, coat: Coat, stride: Stride, *, paws: bool = False) -> None:
    """Four legs in motion, each its own way."""
    limbs = shape.part(coat.base, blend=0.05, pattern=coat.pattern)
    ends = shape.part(coat.feet or coat.base, gloss=0.6)
    sides = (-1, 1, -1, 1)
    for index, ((ahead, above), side) in enumerate(zip(stride, sides, strict=True)):
        fore = index < 2
        x = build.shoulder * (0.84 if fore else -0.86)
        z = side * build.spread
        hip = (x, build.height - 0.1 * build.girth, z)
        foot = (x + ahead, above + (build.hoof or build.foot), z)
        bend = 0.9 * above * (1 if fore else -1) + (0.0 if fore else 0.04)
        knee = (x + 0.55 * ahead + bend, 0.52 * build.height + 0.45 * above, z)
        limbs.tube([hip, knee, foot], [build.leg * 1.25, build.leg * 0.75, build.foot])
        _foot(ends, foot, build, paws)


def _foot(ends: Part, ankle: Vec, build: Build, paws: bool) -> None:
    x, y, z = ankle
    if paws:
        ends.ellipsoid(
            (x + 0.45 * build.foot, y - 0.12 * build.foot, z), (1.55 * build.foot, 0.9 * build.foot, 1.2 * build.foot)
        )
    else:
        ends.cylinder((x + 0.01, y - 0.5 * build.hoof, z), 1.42 * build.foot, 0.5 * build.hoof, top=0.78)


def add_sitting_body(shape: Shape, build: Build, coat: Coat) -> Part:
    """A body upright on its haunches with straight forelegs; the mirrored part is returned, its chest at x = 0.1."""
    g, feet = build.girth, coat.feet or coat.base
    body = shape.part(coat.base, mirror=True, blend=0.12, pattern=coat.pattern)
    body.ellipsoid((-0.30, 0.95 * g + 0.06, 0), (1.15 * g, g, 1.02 * g))
    body.ellipsoid((-0.04, build.height, 0), (0.98 * g, build.length * 0.5, 0.9 * g), turn=(0, 0, -20))
    body.tube(
        [(0.16, build.height, 0.5 * g), (0.25, 0.5 * build.height, 0.5 * g), (0.27, build.foot, 0.5 * g)],
        [build.leg * 1.1, build.leg * 0.85, build.foot],
    )
    body.ellipsoid((-0.16, 0.31, 0.9 * g), (0.30, 0.27, 0.13), turn=(0, 0, 18))
    paws = shape.part(feet, mirror=True, gloss=0.15)
    paws.ellipsoid((0.32, 0.85 * build.foot, 0.5 * g), (1.6 * build.foot, 0.9 * build.foot, 1.2 * build.foot))
    paws.ellipsoid((0.10, 0.8 * build.foot, 1.05 * g), (2.0 * build.foot, 0.85 * build.foot, 1.1 * build.foot))
    return body


def add_tail(shape: Shape, points: list[Vec], radii: list[float], colour: Colour, tip: Colour | None = None) -> Part:
    """A tail whose last stretch may have another colour; the part is returned."""
    tail = shape.part(colour, blend=0.03)
    if tip is None or tip == colour:
        return tail.tube(points, radii)
    tail.tube(points[:-1], radii[:-1])
    return tail.tube(points[-2:], radii[-2:], colour=tip)
