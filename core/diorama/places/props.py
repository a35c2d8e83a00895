"""Things that stand in places; each function draws one about its own origin, on the ground y = 0."""

from __future__ import annotations

import numpy as np

from core.diorama.solids import Colour, Pattern, Shape

BARK: Colour = (0.16, 0.075, 0.03)
SNOW: Colour = (0.86, 0.90, 0.97)
GLOW: Colour = (1.0, 0.72, 0.30)
METAL: Colour = (0.05, 0.06, 0.07)


def shaded(rng: np.random.Generator, colour: Colour, spread: float = 0.2) -> Colour:
    """A colour a little lighter or darker."""
    return tuple(float(c) for c in np.clip(np.array(colour) * rng.uniform(1 - spread, 1 + spread), 0, 1))


def round_tree(rng: np.random.Generator, leaves: Colour, bark: Colour = BARK) -> Shape:
    """A broad-leaved tree, about three units high."""
    shape, height = Shape(), rng.uniform(1.1, 1.6)
    shape.part(bark, gloss=0.05).capsule((0, 0, 0), (0, height, 0), 0.17, 0.12)
    crown = shape.part(shaded(rng, leaves), blend=0.25, gloss=0.1, pattern=Pattern("grain", leaves, 5.0, amount=0.5))
    crown.ellipsoid((0, height + 0.55, 0), (0.9, 0.8, 0.9))
    for turn in rng.uniform(0, 6.28) + np.arange(3) * 2.09:
        at = (0.55 * float(np.cos(turn)), height + rng.uniform(0.2, 0.9), 0.55 * float(np.sin(turn)))
        r = rng.uniform(0.42, 0.6)
        crown.ellipsoid(at, (r, r, r))
    return shape


def fir(rng: np.random.Generator, needles: Colour, *, snowy: bool = False, lights: bool = False) -> Shape:
    """A fir of three tiers, about three and a half units high; with snow on its tiers, or with lights."""
    shape, own = Shape(), shaded(rng, needles)
    shape.part(BARK, gloss=0.05).cylinder((0, 0.25, 0), 0.14, 0.3)
    tiers = shape.part(own, gloss=0.08, pattern=Pattern("grain", own, 6.0, amount=0.5))
    caps = shape.part(SNOW, gloss=0.15)
    for base, radius, half in ((1.0, 1.0, 0.62), (1.85, 0.78, 0.55), (2.6, 0.55, 0.55)):
        tiers.cylinder((0, base, 0), radius, half, top=0.05, rounding=0.06)
        if snowy:
            caps.cylinder((0, base + 0.27, 0), 0.68 * radius, 0.42 * half + 0.12, top=0.1, rounding=0.08)
    if lights:
        bulbs = shape.part(GLOW, glow=1.0)
        for number in range(9):
            level, turn = 0.6 + 0.26 * number, 2.4 * number
            out = 0.9 * (1.1 - level / 3.6)
            bulbs.ellipsoid((out * float(np.cos(turn)), level, out * float(np.sin(turn))), (0.07, 0.07, 0.07))
    return shape


def birch(rng: np.random.Generator, leaves: Colour) -> Shape:
    """A slender tree with a white, dark-banded trunk."""
    shape = Shape()
    bands = Pattern("stripes", (0.03, 0.03, 0.03), 3.0, axis=1, amount=0.18, seed=float(rng.uniform()))
    shape.part((0.75, 0.72, 0.66), gloss=0.1, pattern=bands).capsule((0, 0, 0), (0.05, 2.6, 0), 0.13, 0.08)
    crown = shape.part(shaded(rng, leaves), blend=0.25, gloss=0.1, pattern=Pattern("grain", leaves, 5.0, amount=0.5))
    crown.ellipsoid((0, 2.7, 0), (0.6, 0.95, 0.6)).ellipsoid((0.25, 2.1, 0.15), (0.45, 0.5, 0.45))
    return shape


def bare_tree(rng: np.random.Generator, bark: Colour) -> Shape:
    """A leafless tree."""
    shape = Shape()
    wood = shape.part(bark, blend=0.06, gloss=0.05)
    wood.capsule((0, 0, 0), (0.08, 2.4, 0), 0.16, 0.06)
    for level in (0.9, 1.3, 1.7, 2.0):
        turn, reach = rng.uniform(0, 6.28), rng.uniform(0.5, 0.9)
        end = (reach * float(np.cos(turn)), level + 0.6, reach * float(np.sin(turn)))
        wood.capsule((0.04, level, 0), end, 0.07, 0.025)
    return shape


def palm(rng: np.random.Generator) -> Shape:
    """A palm with a bent trunk and seven fronds."""
    shape, lean = Shape(), rng.uniform(-0.7, 0.7)
    top = (lean, 2.7, 0.0)
    rings = Pattern("stripes", (0.10, 0.05, 0.02), 4.0, axis=1, amount=0.3)
    trunk = shape.part((0.36, 0.21, 0.10), gloss=0.05, pattern=rings)
    trunk.tube([(0, 0, 0), (0.35 * lean, 1.4, 0), top], [0.17, 0.13, 0.10])
    fronds = shape.part((0.06, 0.30, 0.07), gloss=0.2)
    for number in range(7):
        turn = 51.4 * number + rng.uniform(-10, 10)
        x, z = float(np.cos(np.radians(turn))), float(np.sin(np.radians(turn)))
        mid, end = (top[0] + 0.6 * x, 3.0, 0.6 * z), (top[0] + 1.15 * x, 2.5, 1.15 * z)
        fronds.tube([top, mid, end], [0.09, 0.12, 0.03])
    nuts = shape.part((0.18, 0.08, 0.03))
    nuts.ellipsoid((lean + 0.12, 2.6, 0.1), (0.11, 0.11, 0.11)).ellipsoid((lean - 0.1, 2.58, 0.1), (0.11, 0.11, 0.11))
    return shape


def cactus(rng: np.random.Generator) -> Shape:
    """A cactus with two arms."""
    shape, height = Shape(), rng.uniform(1.5, 2.2)
    ribs = Pattern("stripes", (0.03, 0.14, 0.05), 7.0, axis=0, amount=0.3)
    body = shape.part((0.10, 0.34, 0.12), blend=0.06, pattern=ribs)
    body.capsule((0, 0, 0), (0, height, 0), 0.24, 0.21)
    for side, level in ((1, 0.75), (-1, 1.0)):
        out = 0.55 * side
        body.tube([(0, level, 0), (out, level, 0), (out, level + 0.6, 0)], [0.14, 0.14, 0.13])
    shape.part((0.85, 0.15, 0.35)).ellipsoid((0, height + 0.22, 0), (0.09, 0.08, 0.09))
    return shape


def bush(rng: np.random.Generator, leaves: Colour, dots: Colour | None = None) -> Shape:
    """A bush, with flowers or berries where ``dots`` names their colour."""
    shape = Shape()
    pattern = Pattern("spots", dots, 5.0, amount=0.4) if dots else Pattern("grain", leaves, 6.0, amount=0.5)
    own = shape.part(shaded(rng, leaves), blend=0.2, gloss=0.1, pattern=pattern)
    own.ellipsoid((0, 0.32, 0), (0.5, 0.45, 0.45))
    own.ellipsoid((0.42, 0.24, 0.05), (0.35, 0.32, 0.35)).ellipsoid((-0.4, 0.22, 0.08), (0.33, 0.3, 0.33))
    return shape


def tuft(rng: np.random.Generator, colour: Colour) -> Shape:
    """A tuft of grass or reed."""
    shape = Shape()
    blades = shape.part(shaded(rng, colour), gloss=0.1)
    for number in range(5):
        turn = 1.26 * number + rng.uniform(-0.4, 0.4)
        x, z = float(np.cos(turn)), float(np.sin(turn))
        blades.capsule((0.05 * x, 0, 0.05 * z), (0.28 * x, rng.uniform(0.45, 0.8), 0.28 * z), 0.05, 0.012)
    return shape


def rock(rng: np.random.Generator, colour: Colour, *, snowy: bool = False, moss: Colour | None = None) -> Shape:
    """A boulder, about one unit high; its top under snow or moss."""
    shape = Shape()
    top = SNOW if snowy else moss
    pattern = Pattern("grain", colour, 3.0, amount=0.6, seed=float(rng.uniform(0, 9)))
    if top:
        pattern = Pattern("above", top, 0.62, axis=1)
    body = shape.part(shaded(rng, colour), blend=0.12, gloss=0.08, pattern=pattern)
    for _ in range(3):
        at = (rng.uniform(-0.35, 0.35), rng.uniform(0.2, 0.4), rng.uniform(-0.25, 0.25))
        half = (rng.uniform(0.3, 0.55), rng.uniform(0.3, 0.5), rng.uniform(0.3, 0.5))
        turn = tuple(float(a) for a in rng.uniform(-25, 25, 3))
        body.box(at, half, rounding=0.14, taper=(0.7, 0.7), turn=turn)
    return shape


def spire(rng: np.random.Generator, colour: Colour, band: Colour) -> Shape:
    """A pillar of banded rock, about three units high."""
    shape = Shape()
    layers = Pattern("stripes", band, 1.6, axis=1, amount=0.45, seed=float(rng.uniform()))
    body = shape.part(shaded(rng, colour), blend=0.15, gloss=0.05, pattern=layers)
    for _ in range(3):
        height = rng.uniform(0.8, 1.7)
        at = (rng.uniform(-0.6, 0.6), height, rng.uniform(-0.4, 0.4))
        body.box(at, (rng.uniform(0.35, 0.6), height, rng.uniform(0.35, 0.6)), rounding=0.16, taper=(0.75, 0.75))
    return shape


def hill(colour: Colour, radii: tuple[float, float, float], second: Colour | None = None) -> Shape:
    """A rounded hill or dune."""
    pattern = Pattern("patches", second, 0.35, amount=0.5) if second else Pattern("grain", colour, 2.0, amount=0.25)
    shape = Shape()
    shape.part(colour, gloss=0.05, pattern=pattern).ellipsoid((0, 0, 0), radii)
    return shape


def mountain(rng: np.random.Generator, colour: Colour, height: float, cap: Colour | None = SNOW) -> Shape:
    """A pointed mountain; the highest third wears ``cap``."""
    shape = Shape()
    pattern = Pattern("above", cap, 0.62 * height, axis=1) if cap else Pattern("grain", colour, 0.6, amount=0.5)
    body = shape.part(colour, gloss=0.03, blend=0.5, pattern=pattern)
    body.cylinder((0, height / 2, 0), 0.95 * height, height / 2, top=0.04, rounding=0.3)
    side = rng.uniform(0.5, 0.8) * height
    body.cylinder((side, 0.3 * height, 0.3), 0.7 * height, 0.3 * height, top=0.05, rounding=0.3)
    return shape


def house(
    rng: np.random.Generator, walls: Colour, roof: Colour, *, floors: int = 1, flat: bool = False, snowy: bool = False
) -> Shape:
    """A house two and a half units wide with windows that glow at night; ``flat`` leaves out the gable."""
    shape, top = Shape(), 1.3 * floors + 0.1
    shape.part(walls, gloss=0.08).box((0, top / 2, 0), (1.2, top / 2, 0.9), rounding=0.03)
    cover = shape.part(SNOW if snowy else roof, gloss=0.15)
    if flat:
        cover.box((0, top + 0.06, 0), (1.28, 0.1, 0.98), rounding=0.03)
    else:
        cover.prism([(-1.4, top - 0.05), (1.4, top - 0.05), (0, top + 1.0)], 1.05, rounding=0.04)
        shape.part((0.35, 0.12, 0.08)).box((0.6, top + 0.75, -0.2), (0.15, 0.4, 0.15))
    frames, panes = shape.part((0.85, 0.83, 0.78)), shape.part(GLOW_PANE, gloss=0.8, glow=0.9)
    frames.box((-0.75, 0.78, 0.9), (0.26, 0.34, 0.03), rounding=0.02)
    panes.box((-0.75, 0.78, 0.92), (0.20, 0.28, 0.03), rounding=0.01)
    for windows in (frames, panes):
        windows.repeat(0, 0.75, 3).repeat(1, 1.3, floors)
    # The door stands before the lowest window of the middle.
    shape.part(shaded(rng, (0.35, 0.10, 0.05), 0.5)).box((0, 0.58, 0.92), (0.3, 0.58, 0.06), rounding=0.02)
    return shape


#: A pane looks blue by day; at night its own light is warm because the glow is that of this colour.
GLOW_PANE: Colour = (0.62, 0.52, 0.30)


def street_lamp(colour: Colour = METAL) -> Shape:
    """A lamp post three units high; its lamp is at (0, 2.85, 0)."""
    shape = Shape()
    post = shape.part(colour, gloss=0.5)
    post.capsule((0, 0, 0), (0, 2.6, 0), 0.06, 0.045).cylinder((0, 0.1, 0), 0.14, 0.1).cylinder(
        (0, 3.08, 0), 0.2, 0.07, top=0.3
    )
    shape.part((1.0, 0.85, 0.55), glow=1.0, gloss=0.6).ellipsoid((0, 2.85, 0), (0.16, 0.19, 0.16))
    return shape


def fence(colour: Colour, length: float) -> Shape:
    """A picket fence along x."""
    shape = Shape()
    wood = shape.part(colour, gloss=0.1)
    for level in (0.3, 0.62):
        wood.box((0, level, 0), (length / 2, 0.05, 0.03), rounding=0.02)
    gaps = max(1, round(length / 0.55))
    wood.box((-length / 2, 0.42, 0.02), (0.08, 0.42, 0.035), rounding=0.03).repeat(0, length / gaps, gaps + 1)
    return shape


def snowman() -> Shape:
    """Three balls, a carrot, a hat and a scarf."""
    shape = Shape()
    body = shape.part(SNOW, gloss=0.15)
    for level, r in ((0.45, 0.5), (1.15, 0.37), (1.68, 0.26)):
        body.ellipsoid((0, level, 0), (r, r, r))
    shape.part((0.9, 0.3, 0.04)).capsule((0, 1.68, 0.22), (0, 1.65, 0.5), 0.06, 0.015)
    dark = shape.part((0.02, 0.02, 0.025))
    dark.cylinder((0, 1.92, 0), 0.3, 0.03).cylinder((0, 2.1, 0), 0.19, 0.18)
    for x in (-0.1, 0.1):
        dark.ellipsoid((x, 1.78, 0.22), (0.035, 0.035, 0.035))
    shape.part((0.7, 0.04, 0.05)).torus((0, 1.46, 0), 0.24, 0.07)
    return shape


def mushroom() -> Shape:
    """A red toadstool."""
    shape = Shape()
    shape.part((0.80, 0.75, 0.65)).capsule((0, 0, 0), (0, 0.22, 0), 0.07, 0.06)
    cap = shape.part((0.70, 0.05, 0.03), gloss=0.5, pattern=Pattern("spots", (0.88, 0.85, 0.8), 9.0, amount=0.45))
    cap.ellipsoid((0, 0.26, 0), (0.2, 0.13, 0.2))
    return shape


def parasol(first: Colour, second: Colour) -> Shape:
    """A beach parasol."""
    shape = Shape()
    shape.part((0.8, 0.78, 0.72)).capsule((0, 0, 0), (0, 2.0, 0), 0.04)
    cover = shape.part(first, pattern=Pattern("stripes", second, 1.6, amount=0.5))
    cover.cylinder((0, 1.95, 0), 1.15, 0.25, top=0.08, rounding=0.04)
    return shape


def box(colour: Colour, half: tuple[float, float, float], **material: object) -> Shape:
    """A block that stands on the ground: a wall, a bench, a stone."""
    shape = Shape()
    shape.part(colour, **material).box((0, half[1], 0), half, rounding=0.03)
    return shape


def scatter(
    rng: np.random.Generator, count: int, near: float, far: float, *, clear: float = 0.25, apart: float = 1.2
) -> list[tuple[float, float]]:
    """Positions (x, z) to both sides of the view, between two distances and at least ``apart``.

    Args:
        rng: Drawn from in a fixed order.
        count: At most so many; fewer where they do not find room.
        near: Least distance.
        far: Greatest distance.
        clear: Half the width, as a share of the distance, that stays free in the middle; the picture's is 0.4.
        apart: Least distance of two.
    """
    found: list[tuple[float, float]] = []
    for number in range(6 * count):
        z = near + (far - near) * rng.uniform() ** 1.3
        x = (1 if number % 2 else -1) * z * rng.uniform(clear, 0.5)
        if all((x - a) ** 2 + (z + b) ** 2 > apart**2 for a, b in found):
            found.append((float(x), float(-z)))
        if len(found) == count:
            break
    return found


def row(left: float, right: float, step: float) -> list[float]:
    """Positions along x at equal steps."""
    return [float(x) for x in np.arange(left, right + 1e-6, step)]
