"""Horses: standing, trotting, grazing."""

from __future__ import annotations

import numpy as np

from core.diorama.objects import animals as a
from core.diorama.objects import faces
from core.diorama.objects import quadruped as q
from core.diorama.solids import Colour, Part, Pattern, Shape, Vec

HOOF: Colour = (0.05, 0.04, 0.035)

#: Coats; the ``tail`` is the colour of mane and tail.
COATS: tuple[a.Coat, ...] = (
    a.Coat(a.CHESTNUT, None, a.CHESTNUT, HOOF, tail=(0.62, 0.36, 0.12)),
    a.Coat(a.BROWN, None, a.DARK_BROWN, HOOF, tail=a.BLACK),
    a.Coat(a.WHITE, None, a.SILVER, HOOF, tail=a.SILVER),
    a.Coat(a.BLACK, None, a.CHARCOAL, HOOF, tail=a.CHARCOAL),
    a.Coat(a.GOLD, None, a.CREAM, HOOF, tail=a.WHITE),
    a.Coat(a.WHITE, Pattern("patches", a.CHESTNUT, 1.5, amount=0.55), a.WHITE, HOOF, tail=a.CHESTNUT),
    a.Coat(a.WHITE, Pattern("patches", a.BLACK, 1.4, amount=0.55), a.WHITE, HOOF, tail=a.BLACK),
    a.Coat(a.GREY, Pattern("spots", a.SILVER, 4.5, amount=0.5), a.CHARCOAL, HOOF, tail=a.CHARCOAL),
)
SADDLES: tuple[Colour | None, ...] = (None, None, a.RED, a.BLUE, a.TEAL)
LEATHER: Colour = (0.16, 0.05, 0.02)


def _build(rng: np.random.Generator) -> q.Build:
    return q.Build(
        length=a.vary(rng, 1.2, 0.06),
        height=a.vary(rng, 0.98, 0.05),
        girth=a.vary(rng, 0.285, 0.06),
        leg=0.115,
        foot=0.068,
        hoof=0.11,
    )


def _neck_and_head(shape: Shape, trunk: Part, build: q.Build, coat: a.Coat, poll: Vec, muzzle: Vec) -> None:
    """A strong neck up to the poll, a long face down to the muzzle, mane, ears and eyes."""
    root = (build.shoulder * 0.8, build.height + 0.08, 0.0)
    middle = tuple((r + p) / 2 for r, p in zip(root, poll, strict=True))
    trunk.tube([root, middle, poll], [0.235, 0.175, 0.135])
    shape.part(coat.base, blend=0.06, pattern=coat.pattern).tube(
        [poll, tuple(p + 0.45 * (m - p) for p, m in zip(poll, muzzle, strict=True)), muzzle], [0.145, 0.125, 0.085]
    )
    shape.part(coat.face, gloss=0.15).ellipsoid(muzzle, (0.105, 0.105, 0.11))
    along = [m - p for p, m in zip(poll, muzzle, strict=True)]
    length = (along[0] ** 2 + along[1] ** 2) ** 0.5
    ahead, down = along[0] / length, along[1] / length
    # Up from the face's ridge, at right angles to it.
    ridge = (-down, ahead)
    nostril = (muzzle[0] + 0.07 * ahead + 0.05 * ridge[0], muzzle[1] + 0.07 * down + 0.05 * ridge[1], 0.055)
    shape.part(a.BLACK, mirror=True).ellipsoid(nostril, (0.024,) * 3)
    eye = (poll[0] + 0.3 * along[0] + 0.05 * ridge[0], poll[1] + 0.3 * along[1] + 0.05 * ridge[1], 0.112)
    faces.add_eyes(shape, eye, 0.045, iris=coat.eyes, outwards=62, pupil=0.8)
    ear = (poll[0] - 0.02 * ahead + 0.08 * ridge[0], poll[1] - 0.02 * down + 0.08 * ridge[1], 0.075)
    tip = (ear[0] - 0.16 * ahead + 0.10 * ridge[0], ear[1] - 0.16 * down + 0.10 * ridge[1], 0.095)
    faces.add_pointed_ears(shape, ear, tip, 0.05, coat.base, coat.face)
    _mane(shape, coat, root, poll, ahead, down)


def _mane(shape: Shape, coat: a.Coat, root: Vec, poll: Vec, ahead: float, down: float) -> None:
    """Hair along the neck's back, and a tuft between the ears."""
    back = (root[1] - poll[1], poll[0] - root[0])
    length = (back[0] ** 2 + back[1] ** 2) ** 0.5
    bx, by = back[0] / length, back[1] / length
    hair = shape.part(coat.tail or coat.base, blend=0.06, gloss=0.15)
    steps = ((0.0, 0.20, 0.105), (0.3, 0.175, 0.115), (0.6, 0.14, 0.115), (0.9, 0.11, 0.105))
    points = [
        (root[0] + s * (poll[0] - root[0]) + off * bx, root[1] + s * (poll[1] - root[1]) + off * by, 0.0)
        for s, off, _ in steps
    ]
    hair.tube(points, [radius for *_, radius in steps])
    tuft = (poll[0] - 0.12 * down, poll[1] + 0.12 * ahead, 0.0)
    hair.capsule(tuft, (tuft[0] + 0.17 * ahead + 0.02, tuft[1] + 0.17 * down, 0.0), 0.07, 0.035)


def _tail(shape: Shape, build: q.Build, coat: a.Coat, lift: float) -> None:
    """A tail of hair that falls to the hocks; ``lift`` carries it away from the body."""
    x, y = -build.shoulder - 0.02, build.height + 0.14
    points = [(x, y, 0), (x - 0.16 - 0.1 * lift, y - 0.04 + 0.12 * lift, 0)]
    points += [(x - 0.22 - 0.3 * lift, y - 0.36 + 0.18 * lift, 0), (x - 0.2 - 0.42 * lift, 0.26 + 0.3 * lift, 0)]
    shape.part(coat.tail or coat.base, blend=0.05, gloss=0.15).tube(points, [0.06, 0.095, 0.125, 0.05])


def _saddle(shape: Shape, rng: np.random.Generator, build: q.Build) -> None:
    """A blanket and a saddle, on some."""
    colour = a.pick(rng, SADDLES)
    if colour is None:
        return
    g, y = build.girth, build.height
    blanket = shape.part(colour, gloss=0.2)
    blanket.ellipsoid((-0.02, y, 0), (0.30, 1.06 * g, 1.0 * g)).cut((0, -1, 0), 0.05 * g - y)
    seat = shape.part(LEATHER, blend=0.05, gloss=0.5)
    seat.capsule((-0.14, y + 1.08 * g, 0), (0.1, y + 1.04 * g, 0), 0.07).ellipsoid(
        (0.12, y + 1.2 * g, 0), (0.05, 0.08, 0.07)
    )


def standing(rng: np.random.Generator) -> Shape:
    """A standing horse, its head high."""
    shape, coat, build = Shape(), a.worn(rng, a.pick(rng, COATS)), _build(rng)
    trunk = q.add_trunk(shape, build, coat)
    q.add_legs(trunk, shape, build, coat, paws=False)
    poll = (build.shoulder + a.vary(rng, 0.34), build.height + a.vary(rng, 0.72, 0.05), 0.0)
    _neck_and_head(shape, trunk, build, coat, poll, (poll[0] + 0.38, poll[1] - 0.34, 0.0))
    _tail(shape, build, coat, 0.0)
    _saddle(shape, rng, build)
    return shape


def trotting(rng: np.random.Generator) -> Shape:
    """A trotting horse, its tail flying."""
    shape, coat, build = Shape(), a.worn(rng, a.pick(rng, COATS)), _build(rng)
    trunk = q.add_trunk(shape, build, coat)
    q.add_striding_legs(shape, build, coat, q.TROT)
    poll = (build.shoulder + a.vary(rng, 0.42), build.height + a.vary(rng, 0.62, 0.05), 0.0)
    _neck_and_head(shape, trunk, build, coat, poll, (poll[0] + 0.42, poll[1] - 0.27, 0.0))
    _tail(shape, build, coat, 1.0)
    _saddle(shape, rng, build)
    return shape


def grazing(rng: np.random.Generator) -> Shape:
    """A grazing horse, its head at the ground."""
    shape, coat, build = Shape(), a.worn(rng, a.pick(rng, COATS)), _build(rng)
    trunk = q.add_trunk(shape, build, coat)
    q.add_legs(trunk, shape, build, coat, paws=False)
    poll = (build.shoulder + 0.52, a.vary(rng, 0.62, 0.06), 0.0)
    _neck_and_head(shape, trunk, build, coat, poll, (poll[0] + 0.18, poll[1] - 0.46, 0.0))
    _tail(shape, build, coat, 0.1)
    return shape


PLANS = (standing, trotting, grazing)
