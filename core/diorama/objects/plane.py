"""Planes: airliner, propeller plane and biplane."""

from __future__ import annotations

import numpy as np

from core.diorama.objects import vehicles as v
from core.diorama.objects.wheels import add_wheels
from core.diorama.solids import Colour, Pattern, Shape

#: Fuselage, wings, and accents (tail, engines, stripes).
LIVERIES: tuple[tuple[Colour, Colour, Colour], ...] = (
    (v.WHITE, v.SILVER, v.BLUE),
    (v.WHITE, v.SILVER, v.RED),
    (v.CREAM, v.CREAM, v.TEAL),
    (v.YELLOW, v.YELLOW, v.NAVY),
    (v.SKY, v.WHITE, v.YELLOW),
    (v.RED, v.WHITE, v.YELLOW),
    (v.SILVER, v.SILVER, v.ORANGE),
    (v.NAVY, v.SILVER, v.RED),
    (v.ORANGE, v.CREAM, v.BLUE),
    (v.GREEN, v.CREAM, v.YELLOW),
    (v.PINK, v.WHITE, v.VIOLET),
    (v.MINT, v.WHITE, v.RED),
)
#: Where an airliner's round nose begins.
NOSE = 0.82
PORT_LIGHT: Colour = (0.9, 0.03, 0.02)

Outline = list[tuple[float, float]]


def _swept(root_front: float, root_rear: float, tip_front: float, tip_rear: float, span: float) -> Outline:
    """A right half of a wing from above: corners (x, z)."""
    return [(root_front, 0.0), (root_rear, 0.0), (tip_rear, span), (tip_front, span)]


def _tip_lamps(shape: Shape, x: float, y: float, z: float) -> None:
    shape.part(PORT_LIGHT, mirror=True, glow=1.0).ellipsoid((x, y, z), (0.04, 0.03, 0.03))


def _livery(rng: np.random.Generator) -> tuple[Colour, Colour, Colour]:
    """Fuselage and wings of one livery, accents of any other that stands out from both."""
    body, wing, _ = v.pick(rng, LIVERIES)
    accents = list(dict.fromkeys(accent for _, _, accent in LIVERIES))
    return body, wing, v.pick(rng, [accent for accent in accents if accent not in (body, wing)])


def airliner(rng: np.random.Generator) -> Shape:
    """An airliner with jet engines under swept wings."""
    body_colour, wing_colour, accent = _livery(rng)
    radius, span = rng.uniform(0.18, 0.22), rng.uniform(0.88, 1.0)
    engines = (0.34,) if rng.random() < 0.6 else (0.28, 0.58)
    shape, y = Shape(), 0.46
    belly = Pattern("below", accent, scale=y - 0.45 * radius, axis=1)
    body = shape.part(body_colour, blend=0.06, gloss=0.6, pattern=belly)
    body.tube([(NOSE, y, 0), (-0.45, y, 0), (-0.98, y + 0.1, 0)], [radius, radius, 0.05])
    wings = shape.part(wing_colour, mirror=True, gloss=0.5)
    wings.prism(_swept(0.34, -0.22, -0.24, -0.46, span), 0.035, axis=1, centre=(0, y - 0.06, 0), turn=(-5, 0, 0))
    wings.prism(_swept(-0.7, -0.95, -0.95, -1.08, 0.36), 0.022, axis=1, centre=(0, y + 0.09, 0), rounding=0.02)
    fin = shape.part(accent, gloss=0.5)
    fin.prism([(-0.62, y + 0.1), (-0.94, y + 0.1), (-1.08, y + 0.52), (-0.94, y + 0.52)], 0.028, rounding=0.025)
    _cabin_windows(shape, y, radius)
    pods, mouths = shape.part(accent, mirror=True, gloss=0.6), shape.part(v.CHARCOAL, mirror=True)
    for z in engines:
        x = 0.2 - 0.55 * z
        pods.cylinder((x, y - 0.16, z), 0.085, 0.15, axis=0, rounding=0.04)
        mouths.cylinder((x + 0.14, y - 0.16, z), 0.06, 0.02, axis=0, rounding=0.01)
    legs = shape.part(v.SILVER, mirror=True)
    legs.capsule((-0.12, y - 0.1, 0.12), (-0.12, 0.08, 0.14), 0.022).capsule(
        (0.66, y - 0.1, 0), (0.66, 0.08, 0.02), 0.022
    )
    add_wheels(shape, (-0.12,), radius=0.085, track=0.2, width=0.04)
    add_wheels(shape, (0.66,), radius=0.07, track=0.055, width=0.028)
    _tip_lamps(shape, -0.34, y + 0.03, span)
    return shape


def _cabin_windows(shape: Shape, y: float, radius: float) -> None:
    """A row of cabin windows on either side, and the cockpit's."""
    glass = shape.part(v.DARK_GLASS, gloss=0.9)
    glass.ellipsoid((NOSE, y, 0), (radius + 0.008,) * 3).cut((-1, 0, 0), -NOSE - 0.3 * radius)
    glass.cut((0, 1, 0), y + 0.62 * radius).cut((0, -1, 0), -y - 0.2 * radius)
    windows = shape.part(v.GLASS, mirror=True, gloss=0.7, glow=1.0)
    for i in range(6):
        windows.ellipsoid((0.6 - 0.2 * i, y + 0.035, radius * 0.97), (0.032, 0.038, 0.014))


def _propeller(shape: Shape, x: float, y: float, radius: float, angle_deg: float, colour: Colour) -> None:
    blades = shape.part(v.CHARCOAL, gloss=0.4)
    blades.box((x, y, 0), (0.018, radius, 0.045), rounding=0.018, turn=(angle_deg, 0, 0))
    blades.box((x, y, 0), (0.018, 0.045, radius), rounding=0.018, turn=(angle_deg, 0, 0))
    shape.part(colour, gloss=0.6).ellipsoid((x, y, 0), (0.1, 0.07, 0.07))


def _tail(shape: Shape, y: float, wing: Colour, accent: Colour) -> None:
    planes = shape.part(wing, mirror=True, gloss=0.4)
    planes.prism(_swept(-0.68, -0.95, -0.78, -0.97, 0.36), 0.028, axis=1, centre=(0, y + 0.04, 0), rounding=0.025)
    fin = shape.part(accent, gloss=0.4)
    fin.prism([(-0.62, y), (-0.96, y), (-1.0, y + 0.32), (-0.86, y + 0.36)], 0.03, rounding=0.028)


def _gear(shape: Shape, x: float, y: float, accent: Colour) -> None:
    legs = shape.part(v.STEEL, mirror=True)
    legs.capsule((x - 0.04, y, 0.1), (x, 0.13, 0.25), 0.025)
    add_wheels(shape, (x,), radius=0.13, track=0.32, width=0.05, rim=accent)
    shape.part(v.STEEL).capsule((-0.78, y + 0.08, 0), (-0.9, y - 0.12, 0), 0.03)


def propeller_plane(rng: np.random.Generator) -> Shape:
    """A small high-winged propeller plane."""
    colour, wing, accent = _livery(rng)
    span, angle = rng.uniform(0.95, 1.1), rng.uniform(0, 90)
    shape, y = Shape(), 0.48
    body = shape.part(colour, blend=0.08, gloss=0.6, pattern=Pattern("band", accent, scale=y, axis=1, amount=0.05))
    body.tube([(0.62, y, 0), (0.05, y + 0.03, 0), (-0.92, y + 0.1, 0)], [0.22, 0.25, 0.07])
    body.ellipsoid((0.1, y + 0.16, 0), (0.38, 0.23, 0.21))
    glass = shape.part(v.GLASS, gloss=0.9, glow=0.35)
    glass.ellipsoid((0.13, y + 0.18, 0), (0.385, 0.185, 0.22)).cut((0, -1, 0), -(y + 0.14))
    wings = shape.part(wing, mirror=True, gloss=0.4)
    wings.prism(_swept(0.32, -0.12, 0.26, -0.08, span), 0.04, axis=1, centre=(0, y + 0.37, 0), rounding=0.038)
    tips = shape.part(accent, mirror=True, gloss=0.4)
    tips.box((0.1, y + 0.37, 0.86 * span), (0.235, 0.045, 0.07), rounding=0.04)
    struts = shape.part(v.SILVER, mirror=True)
    struts.capsule((0.1, y - 0.08, 0.17), (0.1, y + 0.34, 0.56), 0.022)
    _propeller(shape, 0.84, y, 0.32, angle, accent)
    _tail(shape, y + 0.08, wing, accent)
    _gear(shape, 0.32, y - 0.08, accent)
    _tip_lamps(shape, 0.1, y + 0.37, span + 0.03)
    return shape


def biplane(rng: np.random.Generator) -> Shape:
    """A biplane with an open cockpit and a pilot."""
    colour, wing, accent = _livery(rng)
    span, angle, gap = rng.uniform(0.85, 1.0), rng.uniform(0, 90), rng.uniform(0.46, 0.54)
    shape, y = Shape(), 0.44
    body = shape.part(colour, blend=0.06, gloss=0.5)
    body.tube([(0.5, y, 0), (0.0, y, 0), (-0.92, y + 0.06, 0)], [0.22, 0.24, 0.07])
    cowl = shape.part(accent, gloss=0.6)
    cowl.cylinder((0.6, y, 0), 0.25, 0.14, axis=0, rounding=0.07)
    wings = shape.part(wing, mirror=True, gloss=0.4)
    tips = _swept(0.46, 0.02, 0.42, 0.06, span)
    wings.prism(tips, 0.035, axis=1, centre=(0.06, y - 0.12 + gap, 0), rounding=0.033)
    wings.prism(tips, 0.035, axis=1, centre=(-0.04, y - 0.12, 0), rounding=0.033)
    struts = shape.part(v.WOOD, mirror=True)
    for z in (0.2, 0.8 * span):
        struts.capsule((0.36, y - 0.1, z), (0.42, y - 0.12 + gap, z), 0.02)
        struts.capsule((0.1, y - 0.1, z), (0.16, y - 0.12 + gap, z), 0.02)
    _roundels(shape, y - 0.12 + gap, 0.64 * span, accent)
    _pilot(shape, y)
    _propeller(shape, 0.8, y, 0.33, angle, accent)
    _tail(shape, y + 0.06, wing, accent)
    _gear(shape, 0.36, y - 0.08, accent)
    return shape


def _roundels(shape: Shape, y: float, z: float, accent: Colour) -> None:
    """Ringed discs on the upper wing."""
    disc = shape.part(accent, mirror=True, gloss=0.4)
    disc.cylinder((0.3, y, z), 0.14, 0.042, rounding=0.01)
    disc.cylinder((0.3, y, z), 0.085, 0.046, rounding=0.01, colour=v.WHITE)
    disc.cylinder((0.3, y, z), 0.04, 0.05, rounding=0.01, colour=v.RED)


def _pilot(shape: Shape, y: float) -> None:
    shape.part((0.55, 0.28, 0.15)).ellipsoid((-0.2, y + 0.31, 0), (0.09, 0.1, 0.09))
    cap = shape.part((0.2, 0.08, 0.03))
    cap.ellipsoid((-0.22, y + 0.34, 0), (0.1, 0.1, 0.1))
    shape.part(v.DARK_GLASS, mirror=True, gloss=0.9).ellipsoid((-0.12, y + 0.33, 0.04), (0.03, 0.035, 0.035))
    shape.part(v.GLASS, gloss=0.9).box((-0.04, y + 0.28, 0), (0.012, 0.08, 0.12), rounding=0.012, turn=(0, 0, 25))


PLANS = (airliner, propeller_plane, biplane)
