"""Cars: hatchback, saloon, beetle and convertible."""

from __future__ import annotations

import numpy as np

from core.diorama.objects import vehicles as v
from core.diorama.objects.wheels import add_wheels
from core.diorama.solids import Colour, Part, Pattern, Shape

#: Paint, second colour (roof or stripes) and rims.
PAINTS: tuple[tuple[Colour, Colour, Colour], ...] = (
    (v.RED, v.WHITE, v.SILVER),
    (v.BLUE, v.WHITE, v.SILVER),
    (v.YELLOW, v.CHARCOAL, v.SILVER),
    (v.MINT, v.CREAM, v.CREAM),
    (v.SKY, v.CREAM, v.WHITE),
    (v.ORANGE, v.WHITE, v.SILVER),
    (v.GREEN, v.YELLOW, v.SILVER),
    (v.PINK, v.CREAM, v.WHITE),
    (v.CREAM, v.RED, v.RED),
    (v.VIOLET, v.SILVER, v.SILVER),
    (v.SILVER, v.RED, v.CHARCOAL),
    (v.LIME, v.CHARCOAL, v.WHITE),
)
LEATHERS: tuple[Colour, ...] = (v.CREAM, (0.40, 0.12, 0.04), v.CHARCOAL)

WHEEL = 0.2
SILL = 0.17
WAIST = 0.52
HALF = 0.42


def _stripes(colour: Colour) -> Pattern:
    """A racing stripe along the middle."""
    return Pattern("band", colour, scale=0.0, axis=2, amount=0.1)


def _body(shape: Shape, colour: Colour, outline: list[tuple[float, float]], pattern: Pattern | None) -> Part:
    body = shape.part(colour, gloss=0.6, pattern=pattern)
    return body.prism(outline, HALF, rounding=0.07)


def _running_gear(shape: Shape, axles: tuple[float, float], rim: Colour) -> None:
    """Wheels in dark arches."""
    arches = shape.part(v.CHARCOAL, mirror=True, gloss=0.1)
    for x in axles:
        arches.cylinder((x, WHEEL, HALF - 0.05), WHEEL + 0.045, 0.065, axis=2).cut((0, -1, 0), -SILL + 0.05)
    add_wheels(shape, axles, radius=WHEEL, track=HALF + 0.05, width=0.09, rim=rim)


def _trim(shape: Shape, nose: float, tail: float, lamp_y: float) -> None:
    """Bumpers, grille, lamps, plates and mirrors."""
    bumpers = shape.part(v.SILVER, gloss=0.7)
    bumpers.box((nose, SILL + 0.04, 0), (0.05, 0.045, HALF)).box((tail, SILL + 0.04, 0), (0.05, 0.045, HALF))
    shape.part(v.CHARCOAL).box((nose - 0.01, lamp_y - 0.02, 0), (0.035, 0.05, 0.17), rounding=0.02)
    shape.part(v.WHITE).box((tail - 0.02, lamp_y, 0), (0.02, 0.045, 0.11), rounding=0.01)
    v.add_lamps(shape, (nose - 0.01, lamp_y, 0.29), (tail - 0.005, lamp_y, 0.33), 0.075)


def hatchback(rng: np.random.Generator) -> Shape:
    """A short, tall hatchback."""
    colour, second, rim = v.pick(rng, PAINTS)
    roof = rng.uniform(0.92, 1.0)
    two_tone = rng.random() < 0.6
    shape = Shape()
    outline = [(-0.78, 0.24), (0.78, 0.24), (0.8, 0.36), (0.72, 0.44), (0.42, 0.49), (-0.76, 0.49)]
    _body(shape, colour, outline, None if two_tone else _stripes(second))
    cabin = v.Cabin(WAIST, roof, 0.5, 0.2, -0.62, -0.82, HALF - 0.02, 0.22)
    v.add_cabin(
        shape, cabin, second if two_tone else colour, pillar=-0.2, pattern=None if two_tone else _stripes(second)
    )
    _running_gear(shape, (0.52, -0.52), rim)
    _trim(shape, 0.86, -0.85, 0.38)
    return shape


def saloon(rng: np.random.Generator) -> Shape:
    """A long saloon with a boot; some are taxis."""
    colour, second, rim = v.pick(rng, PAINTS)
    roof = rng.uniform(0.86, 0.92)
    taxi = rng.random() < 0.35
    shape = Shape()
    waist_band = Pattern("band", second, scale=0.42, axis=1, amount=0.035)
    outline = [(-0.92, 0.24), (0.92, 0.24), (0.93, 0.36), (0.86, 0.42), (0.4, 0.48), (-0.5, 0.49), (-0.92, 0.45)]
    _body(shape, colour, outline, waist_band)
    cabin = v.Cabin(WAIST, roof, 0.46, 0.16, -0.34, -0.6, HALF - 0.02, 0.25)
    v.add_cabin(shape, cabin, colour, pillar=-0.1)
    _running_gear(shape, (0.6, -0.58), rim)
    _trim(shape, 0.99, -0.98, 0.37)
    if taxi:
        sign = shape.part(v.HEADLAMP, glow=1.0)
        sign.box((-0.08, roof + 0.05, 0), (0.06, 0.06, 0.16), taper=(0.7, 0.9))
    return shape


def beetle(rng: np.random.Generator) -> Shape:
    """A round little car with separate wings."""
    colour, second, rim = v.pick(rng, PAINTS)
    dome = rng.uniform(0.4, 0.46)
    shape = Shape()
    body = shape.part(colour, blend=0.06, gloss=0.7, pattern=_stripes(second) if rng.random() < 0.4 else None)
    body.ellipsoid((0.42, 0.38, 0), (0.46, 0.24, 0.33)).ellipsoid((-0.46, 0.38, 0), (0.42, 0.24, 0.33))
    body.ellipsoid((-0.1, 0.52, 0), (0.56, dome, 0.34))
    wings = shape.part(colour, blend=0.06, mirror=True, gloss=0.7)
    for x in (0.54, -0.54):
        wings.ellipsoid((x, 0.28, 0.32), (0.3, 0.19, 0.13))
    wings.box((0, 0.2, 0.36), (0.36, 0.04, 0.07))
    glass = shape.part(v.GLASS, mirror=True, gloss=0.9, glow=0.3)
    for front, rear, half in ((0.16, -0.34, 1.0), (1.0, 0.22, 0.22), (-0.42, -1.0, 0.2)):
        glass.ellipsoid((-0.1, 0.52, 0), (0.575, dome + 0.015, 0.357))
        glass.cut((0, -1, 0), -0.68).cut((0, 1, 0), 0.46 + dome)
        glass.cut((1, 0, 0), front).cut((-1, 0, 0), -rear).cut((0, 0, 1), half)
    add_wheels(shape, (0.54, -0.54), radius=0.19, track=HALF + 0.05, width=0.08, rim=rim)
    trim = shape.part(v.SILVER, gloss=0.7)
    trim.capsule((0.92, 0.24, -0.32), (0.92, 0.24, 0.32), 0.04).capsule((-0.92, 0.24, -0.32), (-0.92, 0.24, 0.32), 0.04)
    v.add_lamps(shape, (0.79, 0.36, 0.33), (-0.82, 0.32, 0.34), 0.085)
    return shape


def convertible(rng: np.random.Generator) -> Shape:
    """An open two-seater."""
    colour, second, rim = v.pick(rng, PAINTS)
    leather = v.pick(rng, LEATHERS)
    shape = Shape()
    outline = [(-0.88, 0.24), (0.94, 0.24), (0.95, 0.33), (0.8, 0.43), (0.34, 0.49), (-0.5, 0.5), (-0.88, 0.44)]
    _body(shape, colour, outline, _stripes(second) if rng.random() < 0.7 else None)
    shape.part(v.CHARCOAL, gloss=0.1).box((-0.08, 0.54, 0), (0.36, 0.03, HALF - 0.07))
    seats = shape.part(leather, mirror=True, blend=0.05, gloss=0.3)
    seats.box((-0.3, 0.66, 0.19), (0.07, 0.17, 0.14), rounding=0.06, turn=(0, 0, 12))
    seats.box((-0.1, 0.57, 0.19), (0.16, 0.05, 0.14), rounding=0.05)
    screen = shape.part(v.GLASS, gloss=0.9, glow=0.2)
    screen.box((0.27, 0.68, 0), (0.018, 0.15, HALF - 0.06), rounding=0.018, turn=(0, 0, 28))
    frame = shape.part(v.SILVER, gloss=0.7)
    frame.capsule((0.2, 0.82, -HALF + 0.06), (0.2, 0.82, HALF - 0.06), 0.022)
    shape.part(v.CHARCOAL).torus((0.14, 0.64, -0.19), 0.08, 0.018, axis=0, turn=(0, 0, 25))
    hood = shape.part(leather, gloss=0.1)
    hood.capsule((-0.5, 0.57, -0.3), (-0.5, 0.57, 0.3), 0.09)
    _running_gear(shape, (0.6, -0.56), rim)
    _trim(shape, 1.01, -0.94, 0.36)
    return shape


PLANS = (hatchback, saloon, beetle, convertible)
