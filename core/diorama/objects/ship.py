"""Ships: steamer, sailing ship, cargo ship and tug."""

from __future__ import annotations

import numpy as np

from core.diorama.objects import vehicles as v
from core.diorama.solids import Colour, Pattern, Shape

#: Hull, bottom below the waterline, and accents (funnels, containers).
LIVERIES: tuple[tuple[Colour, Colour, Colour], ...] = (
    (v.NAVY, v.RED, v.RED),
    (v.RED, v.CHARCOAL, v.YELLOW),
    (v.CHARCOAL, v.RED, v.ORANGE),
    (v.GREEN, v.RED, v.CREAM),
    (v.TEAL, v.CREAM, v.ORANGE),
    (v.WHITE, v.BLUE, v.SKY),
    (v.SKY, v.WHITE, v.RED),
    (v.ORANGE, v.NAVY, v.NAVY),
    (v.BLUE, v.ORANGE, v.YELLOW),
    (v.VIOLET, v.SILVER, v.PINK),
)
#: Hull, its wale, and stripes of the sails.
SAILERS: tuple[tuple[Colour, Colour, Colour], ...] = (
    (v.WOOD, v.YELLOW, v.RED),
    (v.DARK_WOOD, v.RED, v.CREAM),
    (v.NAVY, v.WHITE, v.SKY),
    (v.GREEN, v.YELLOW, v.ORANGE),
    (v.RED, v.CREAM, v.BLUE),
    (v.CREAM, v.TEAL, v.TEAL),
)
CANVAS: Colour = (0.86, 0.80, 0.66)


def _hull(
    shape: Shape, colour: Colour, bottom: Colour, *, length: float, beam: float, depth: float, sheer: float
) -> None:
    """A hull with a painted bottom, and a deck just inside its rim."""
    hull = shape.part(colour, gloss=0.5, pattern=Pattern("below", bottom, scale=0.38 * depth, axis=1))
    hull.hull((0, 0, 0), length, beam, depth, sheer=sheer)
    deck = shape.part(v.CREAM, gloss=0.1, pattern=Pattern("planks", v.WOOD, scale=14, axis=2, amount=0.5))
    deck.hull((0, 0.012, 0), 0.94 * length, 0.86 * beam, depth, sheer=sheer)


def _portholes(shape: Shape, xs: list[float], y: float, z: float, radius: float) -> None:
    holes = shape.part(v.LIT_WINDOW, mirror=True, gloss=0.7, glow=1.0)
    for x in xs:
        holes.ellipsoid((x, y, z), (radius, radius, 0.018))


def _funnel(shape: Shape, x: float, y: float, radius: float, height: float, colour: Colour, rake: float) -> None:
    funnel = shape.part(colour, gloss=0.4, pattern=Pattern("above", v.CHARCOAL, scale=y + 0.72 * height, axis=1))
    funnel.cylinder((x, y + height / 2, 0), radius, height / 2, turn=(0, 0, rake))


def _row(first: float, last: float, count: int) -> list[float]:
    return [float(x) for x in np.linspace(first, last, count)]


def steamer(rng: np.random.Generator) -> Shape:
    """A passenger steamer with raked funnels."""
    hull, bottom, accent = v.pick(rng, LIVERIES)
    funnels = int(rng.integers(1, 4))
    depth = rng.uniform(0.36, 0.44)
    shape = Shape()
    _hull(shape, hull, bottom, length=1.0, beam=0.29, depth=depth, sheer=0.16)
    house = shape.part(v.WHITE, gloss=0.3)
    house.box((-0.08, depth + 0.1, 0), (0.6, 0.12, 0.2)).box((-0.04, depth + 0.3, 0), (0.44, 0.09, 0.16))
    house.box((0.34, depth + 0.42, 0), (0.09, 0.08, 0.2))
    _portholes(shape, _row(-0.56, 0.4, 5), depth + 0.12, 0.2, 0.045)
    _portholes(shape, _row(-0.4, 0.3, 4), depth + 0.31, 0.16, 0.035)
    bridge = shape.part(v.GLASS, gloss=0.8, glow=0.6)
    bridge.box((0.35, depth + 0.44, 0), (0.09, 0.03, 0.18), rounding=0.01)
    for x in _row(-0.1 - 0.12 * (funnels - 1), -0.1 + 0.14 * (funnels - 1), funnels):
        _funnel(shape, x, depth + 0.36, 0.1 if funnels < 3 else 0.085, 0.36, accent, 8)
    spars = shape.part(v.WOOD)
    spars.capsule((0.66, depth, 0), (0.64, depth + 0.6, 0), 0.022).capsule(
        (-0.8, depth, 0), (-0.82, depth + 0.5, 0), 0.02
    )
    return shape


def _square_sail(shape: Shape, x: float, low: float, high: float, half: float, stripe: Pattern) -> None:
    """A square sail that the wind fills from behind."""
    sail = shape.part(CANVAS, gloss=0.05, pattern=stripe)
    middle, tall = (low + high) / 2, (high - low) / 2
    sail.ellipsoid((x - 0.1, middle, 0), (0.3, 1.5 * tall, 1.5 * half)).cut((-1, 0, 0), -(x + 0.01))
    sail.cut((0, 0, 1), half).cut((0, 0, -1), half).cut((0, 1, 0), high).cut((0, -1, 0), -low)
    yard = shape.part(v.DARK_WOOD)
    yard.capsule((x, high, -half - 0.04), (x, high, half + 0.04), 0.022)


def sailing_ship(rng: np.random.Generator) -> Shape:
    """A square-rigged sailing ship."""
    hull, wale, dye = v.pick(rng, SAILERS)
    half = rng.uniform(0.36, 0.46)
    kind = v.pick(rng, ("stripes", "band", "plain"))
    stripe = {
        "stripes": Pattern("stripes", dye, scale=4.5, axis=2, amount=0.45, seed=0.5),
        "band": Pattern("band", dye, scale=0.0, axis=2, amount=0.1),
        "plain": Pattern("grain", dye, scale=8, amount=0.15),
    }[kind]
    shape, depth = Shape(), 0.36
    body = shape.part(hull, gloss=0.3, pattern=Pattern("band", wale, scale=0.27, axis=1, amount=0.035))
    body.hull((0, 0, 0), 0.92, 0.29, depth, sheer=0.14)
    castle = shape.part(hull, gloss=0.3, pattern=Pattern("above", wale, scale=depth + 0.22, axis=1))
    castle.box((-0.66, depth + 0.12, 0), (0.22, 0.16, 0.24))
    spars = shape.part(v.DARK_WOOD)
    for x, top in ((0.34, 1.5), (-0.3, 1.66)):
        spars.capsule((x, 0.3, 0), (x, top, 0), 0.035, 0.02)
    spars.capsule((0.78, depth + 0.08, 0), (1.16, depth + 0.3, 0), 0.03, 0.015)
    _square_sail(shape, 0.36, 0.62, 1.05, half, stripe)
    _square_sail(shape, 0.36, 1.1, 1.42, 0.72 * half, stripe)
    _square_sail(shape, -0.28, 0.68, 1.14, 1.1 * half, stripe)
    _square_sail(shape, -0.28, 1.2, 1.56, 0.8 * half, stripe)
    jib = shape.part(CANVAS, gloss=0.05)
    jib.prism([(0.52, 0.62), (1.08, depth + 0.3), (0.5, 1.2)], 0.02, rounding=0.018)
    spanker = shape.part(CANVAS, gloss=0.05, pattern=stripe)
    spanker.prism([(-0.42, 0.72), (-0.98, 0.66), (-0.9, 1.16), (-0.42, 1.4)], 0.02, rounding=0.018)
    flag = shape.part(dye)
    flag.prism([(-0.3, 1.66), (-0.3, 1.78), (-0.54, 1.72)], 0.015, rounding=0.014)
    _portholes(shape, [-0.76, -0.58], depth + 0.12, 0.24, 0.045)
    return shape


def cargo_ship(rng: np.random.Generator) -> Shape:
    """A container ship with its bridge at the stern."""
    hull, bottom, accent = v.pick(rng, LIVERIES)
    colours = [v.pick(rng, (v.RED, v.BLUE, v.YELLOW, v.GREEN, v.ORANGE, v.SKY, v.WHITE)) for _ in range(6)]
    upper = [bool(rng.random() < 0.7) for _ in range(3)]
    shape, depth = Shape(), 0.34
    _hull(shape, hull, bottom, length=1.05, beam=0.28, depth=depth, sheer=0.1)
    load = shape.part(v.RED, gloss=0.2)
    for i, x in enumerate((-0.22, 0.14, 0.5)):
        load.box((x, depth + 0.1, 0), (0.165, 0.12, 0.2), rounding=0.02, colour=colours[i])
        if upper[i]:
            load.box((x, depth + 0.33, 0), (0.165, 0.105, 0.2), rounding=0.02, colour=colours[3 + i])
    house = shape.part(v.WHITE, gloss=0.3)
    house.box((-0.66, depth + 0.28, 0), (0.17, 0.3, 0.21)).box((-0.62, depth + 0.56, 0), (0.1, 0.05, 0.28))
    windows = shape.part(v.GLASS, gloss=0.8, glow=0.7)
    windows.box((-0.6, depth + 0.47, 0), (0.12, 0.035, 0.19), rounding=0.01)
    _portholes(shape, [-0.74, -0.6], depth + 0.18, 0.21, 0.035)
    _portholes(shape, [-0.74, -0.6], depth + 0.33, 0.21, 0.035)
    _funnel(shape, -0.86, depth + 0.1, 0.09, 0.62, accent, 0)
    shape.part(v.STEEL).capsule((0.84, depth, 0), (0.84, depth + 0.42, 0), 0.022)
    return shape


def tug(rng: np.random.Generator) -> Shape:
    """A stout tug with one big funnel and tyres along its sides."""
    hull, bottom, accent = v.pick(rng, LIVERIES)
    beam = rng.uniform(0.36, 0.42)
    house_colour = v.pick(rng, (v.WHITE, v.CREAM, v.YELLOW))
    shape, depth = Shape(), 0.44
    _hull(shape, hull, bottom, length=0.86, beam=beam, depth=depth, sheer=0.2)
    house = shape.part(house_colour, gloss=0.3)
    house.box((0.02, depth + 0.14, 0), (0.38, 0.16, 0.23)).box((0.2, depth + 0.46, 0), (0.17, 0.2, 0.19))
    roof = shape.part(accent, gloss=0.4)
    roof.box((0.2, depth + 0.67, 0), (0.22, 0.035, 0.23))
    windows = shape.part(v.GLASS, gloss=0.8, glow=0.7)
    windows.box((0.2, depth + 0.52, 0), (0.18, 0.065, 0.15), rounding=0.01)
    windows.box((0.2, depth + 0.52, 0), (0.12, 0.065, 0.2), rounding=0.01)
    _portholes(shape, [-0.22, 0.0, 0.22], depth + 0.16, 0.23, 0.05)
    _funnel(shape, -0.18, depth + 0.28, 0.14, 0.5, accent, 5)
    fenders = shape.part(v.RUBBER, mirror=True)
    for x in (-0.5, -0.12, 0.26):
        fenders.torus((x, 0.3, beam * (0.99 if x < 0.2 else 0.92)), 0.085, 0.04, axis=2)
    shape.part(v.HEADLAMP, glow=1.0).ellipsoid((0.36, depth + 0.74, 0), (0.06, 0.06, 0.06))
    return shape


PLANS = (steamer, sailing_ship, cargo_ship, tug)
