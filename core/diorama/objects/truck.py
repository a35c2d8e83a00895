"""Trucks: box truck, pickup, tanker and tipper."""

from __future__ import annotations

import numpy as np

from core.diorama.objects import vehicles as v
from core.diorama.objects.wheels import add_wheels
from core.diorama.solids import Colour, Pattern, Shape

#: Colour of the cab, of what it carries or pulls, and of the rims.
LIVERIES: tuple[tuple[Colour, Colour, Colour], ...] = (
    (v.WHITE, v.RED, v.SILVER),
    (v.YELLOW, v.BLUE, v.SILVER),
    (v.RED, v.CREAM, v.YELLOW),
    (v.BLUE, v.WHITE, v.RED),
    (v.GREEN, v.CREAM, v.SILVER),
    (v.ORANGE, v.TEAL, v.WHITE),
    (v.TEAL, v.ORANGE, v.CREAM),
    (v.VIOLET, v.YELLOW, v.SILVER),
    (v.CREAM, v.GREEN, v.RED),
    (v.SKY, v.SILVER, v.WHITE),
)
EARTHS: tuple[Colour, ...] = ((0.22, 0.10, 0.04), (0.45, 0.33, 0.16), (0.18, 0.18, 0.19))
STRAW: Colour = (0.62, 0.42, 0.08)

WHEEL = 0.2
CAB_HALF = 0.38
CHASSIS_TOP = 0.36
CAB_BACK = 0.46
NOSE = 0.98


def _chassis(shape: Shape, rim: Colour, axles: tuple[float, ...]) -> None:
    frame = shape.part(v.CHARCOAL)
    frame.box((-0.05, 0.29, 0), (0.92, 0.07, 0.24))
    add_wheels(shape, axles, radius=WHEEL, track=0.42, width=0.1, rim=rim)


def _cab(shape: Shape, colour: Colour, roof: float) -> None:
    """A cab over the engine, with grille, bumper, mirrors and marker lamps on its roof."""
    waist = 0.7
    body = shape.part(colour, gloss=0.5)
    body.box(((CAB_BACK + NOSE) / 2, 0.5, 0), ((NOSE - CAB_BACK) / 2, 0.22, CAB_HALF), rounding=0.05)
    v.add_cabin(shape, v.Cabin(waist - 0.03, roof, NOSE - 0.01, NOSE - 0.1, CAB_BACK, CAB_BACK, CAB_HALF, 0.08), colour)
    trim = shape.part(v.SILVER, gloss=0.6)
    trim.box((NOSE, 0.3, 0), (0.06, 0.06, CAB_HALF + 0.02))
    dark = shape.part(v.CHARCOAL, pattern=Pattern("planks", v.SILVER, scale=18, axis=1, amount=1.0))
    dark.box((NOSE, 0.5, 0), (0.02, 0.1, 0.2), rounding=0.02)
    mirrors = shape.part(v.CHARCOAL, mirror=True)
    mirrors.box((NOSE - 0.07, waist + 0.16, CAB_HALF + 0.06), (0.02, 0.09, 0.04), rounding=0.02)
    v.add_lamps(shape, (NOSE + 0.01, 0.46, 0.29), (-0.98, 0.33, 0.25), 0.06)
    markers = shape.part(v.BEACON, mirror=True, glow=1.0)
    markers.ellipsoid((NOSE - 0.16, roof + 0.005, 0.22), (0.04, 0.03, 0.05))


def box_truck(rng: np.random.Generator) -> Shape:
    """A box truck."""
    cab, load, rim = v.pick(rng, LIVERIES)
    top = rng.uniform(1.18, 1.42)
    stripe = rng.uniform(0.03, 0.09)
    shape = Shape()
    _chassis(shape, rim, (0.66, -0.42, -0.76) if rng.random() < 0.5 else (0.66, -0.6))
    _cab(shape, cab, roof=rng.uniform(1.0, 1.12))
    middle = (top + CHASSIS_TOP) / 2
    box = shape.part(load, gloss=0.3, pattern=Pattern("band", cab, scale=middle, axis=1, amount=stripe))
    box.box((-0.29, middle, 0), (0.71, (top - CHASSIS_TOP) / 2, 0.44), rounding=0.05)
    doors = shape.part(v.STEEL, mirror=True)
    doors.box((-1.0, middle, 0.03), (0.012, (top - CHASSIS_TOP) / 2 - 0.06, 0.012), rounding=0.01)
    doors.box((-1.0, middle, 0.22), (0.012, (top - CHASSIS_TOP) / 2 - 0.06, 0.012), rounding=0.01)
    return shape


def _bed_load(shape: Shape, kind: str, floor: float) -> None:
    """What stands in a pickup's bed, higher than its walls."""
    if kind == "crates":
        crates = shape.part(v.WOOD, gloss=0.05, pattern=Pattern("planks", v.DARK_WOOD, scale=9, axis=1, amount=0.8))
        crates.box((-0.75, floor + 0.2, 0.02), (0.17, 0.2, 0.22)).box((-0.36, floor + 0.16, -0.05), (0.15, 0.16, 0.2))
    elif kind == "hay":
        hay = shape.part(STRAW, gloss=0.0, pattern=Pattern("grain", STRAW, scale=22, amount=0.9))
        hay.cylinder((-0.75, floor + 0.21, 0), 0.21, 0.26, axis=2, rounding=0.04)
        hay.cylinder((-0.32, floor + 0.21, 0), 0.21, 0.26, axis=2, rounding=0.04)
    elif kind == "logs":
        logs = shape.part(v.WOOD, gloss=0.05, pattern=Pattern("grain", v.WOOD, scale=14, amount=0.8))
        for y, z in ((0.11, -0.16), (0.11, 0.12), (0.31, -0.02)):
            logs.cylinder((-0.55, floor + y, z), 0.13, 0.52, axis=0, rounding=0.02)
    else:
        fruit = shape.part(v.ORANGE, gloss=0.4)
        for x, z, r in ((-0.8, 0.12, 0.2), (-0.5, -0.12, 0.22), (-0.3, 0.14, 0.17), (-0.82, -0.18, 0.16)):
            fruit.ellipsoid((x, floor + 0.18, z), (r, 0.85 * r, r))


def pickup(rng: np.random.Generator) -> Shape:
    """A pickup on high wheels, its long bed loaded."""
    colour, second, rim = v.pick(rng, LIVERIES)
    wheel = rng.uniform(0.26, 0.3)
    load = v.pick(rng, ("crates", "hay", "logs", "pumpkins"))
    two_tone = rng.random() < 0.5
    shape = Shape()
    sill, waist, half = wheel + 0.14, wheel + 0.48, 0.4
    paint = Pattern("below", second, scale=sill + 0.14, axis=1) if two_tone else None
    body = shape.part(colour, gloss=0.5, pattern=paint)
    nose = [(-0.14, sill), (0.93, sill), (0.95, waist - 0.1), (0.88, waist - 0.03), (0.4, waist), (-0.14, waist)]
    body.prism(nose, half, rounding=0.05)
    walls = shape.part(colour, mirror=True, gloss=0.5, pattern=paint)
    walls.box((-0.58, (sill + waist) / 2, half - 0.02), (0.46, (waist - sill) / 2 + 0.04, 0.06))
    walls.box((-1.0, (sill + waist) / 2, 0), (0.045, (waist - sill) / 2 + 0.02, half))
    floor = sill + 0.2
    shape.part(v.CHARCOAL).box((-0.55, sill + 0.03, 0), (0.46, 0.08, half))
    cabin = v.Cabin(waist, waist + 0.42, 0.46, 0.26, -0.08, -0.12, half - 0.01, 0.16)
    v.add_cabin(shape, cabin, second if two_tone else colour)
    _bed_load(shape, load, floor)
    bar = shape.part(v.SILVER, gloss=0.6)
    bar.tube(
        [(-0.2, waist, -0.36), (-0.2, waist + 0.5, -0.3), (-0.2, waist + 0.5, 0.3), (-0.2, waist, 0.36)], [0.035] * 4
    )
    spots = shape.part(v.HEADLAMP, mirror=True, gloss=0.8, glow=1.0)
    spots.ellipsoid((-0.17, waist + 0.52, 0.2), (0.04, 0.06, 0.06)).ellipsoid(
        (-0.17, waist + 0.52, 0.07), (0.04, 0.06, 0.06)
    )
    add_wheels(shape, (0.62, -0.58), radius=wheel, track=half + 0.09, width=0.13, rim=rim)
    trim = shape.part(v.SILVER, gloss=0.6)
    trim.box((1.0, sill, 0), (0.05, 0.06, half)).box((-1.06, sill, 0), (0.04, 0.05, half - 0.04))
    shape.part(v.CHARCOAL).box((0.99, sill + 0.18, 0), (0.02, 0.06, 0.2), rounding=0.02)
    v.add_lamps(shape, (0.98, sill + 0.19, 0.3), (-1.045, sill + 0.22, 0.33), 0.07)
    return shape


def tanker(rng: np.random.Generator) -> Shape:
    """A tanker with a round tank."""
    cab, tank_colour, rim = v.pick(rng, LIVERIES)
    radius = rng.uniform(0.34, 0.42)
    shape = Shape()
    _chassis(shape, rim, (0.66, -0.42, -0.78))
    _cab(shape, cab, roof=rng.uniform(1.0, 1.1))
    y, half = CHASSIS_TOP + radius + 0.03, 0.69
    tank = shape.part(tank_colour, gloss=0.8, pattern=Pattern("band", cab, scale=y, axis=1, amount=0.07))
    tank.cylinder((-0.3, y, 0), radius, half, axis=0, rounding=0.14)
    hoops = shape.part(v.SILVER, gloss=0.7)
    for x in (-0.7, -0.3, 0.1):
        hoops.cylinder((x, y, 0), radius + 0.015, 0.025, axis=0, rounding=0.01)
    hoops.cylinder((-0.5, y + radius, 0), 0.12, 0.06).cylinder((-0.1, y + radius, 0), 0.12, 0.06)
    return shape


def tipper(rng: np.random.Generator) -> Shape:
    """A tipper with a heap of earth."""
    cab, hopper_colour, rim = v.pick(rng, LIVERIES)
    earth = v.pick(rng, EARTHS)
    tilt = rng.uniform(0, 14)
    shape = Shape()
    _chassis(shape, rim, (0.66, -0.38, -0.76))
    _cab(shape, cab, roof=rng.uniform(1.0, 1.08))
    y = 0.68 + 0.005 * tilt
    hopper = shape.part(hopper_colour, gloss=0.4)
    hopper.box((-0.3, y, 0), (0.6, 0.28, 0.34), taper=(1.16, 1.3), turn=(0, 0, -tilt))
    ribs = shape.part(hopper_colour, gloss=0.4)
    for x in (-0.66, -0.3, 0.06):
        ribs.box((x, y + 0.005 * tilt * (-0.3 - x), 0), (0.035, 0.27, 0.38), taper=(1, 1.28), turn=(0, 0, -tilt))
    heap = shape.part(earth, blend=0.1, gloss=0.0, pattern=Pattern("grain", earth, scale=16, amount=0.9))
    heap.ellipsoid((-0.32, y + 0.26, 0), (0.56, 0.22, 0.36)).ellipsoid((-0.5, y + 0.36, 0.05), (0.26, 0.18, 0.24))
    return shape


PLANS = (box_truck, pickup, tanker, tipper)
