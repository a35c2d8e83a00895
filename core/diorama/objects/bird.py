"""Birds: perched, flying, swimming and wading."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from core.diorama.objects import animals as a
from core.diorama.objects import faces
from core.diorama.solids import Colour, Part, Shape, Vec

BEAK: Colour = (0.85, 0.38, 0.02)
PALE_BEAK: Colour = (0.70, 0.55, 0.25)


@dataclass(frozen=True)
class Plumage:
    """The colours of a bird: back and head, breast, wings, tip of wings and tail, beak and legs, crown."""

    back: Colour
    breast: Colour
    wing: Colour
    tip: Colour
    beak: Colour = BEAK
    crown: Colour | None = None


SONGBIRDS: tuple[Plumage, ...] = (
    Plumage(a.BROWN, (0.80, 0.18, 0.03), a.BROWN, a.DARK_BROWN, PALE_BEAK),
    Plumage(a.SKY, a.YELLOW, a.BLUE, a.WHITE, a.CHARCOAL, a.BLUE),
    Plumage(a.RED, a.RED, (0.40, 0.02, 0.02), a.BLACK, BEAK, a.RED),
    Plumage(a.YELLOW, a.YELLOW, a.ORANGE, a.BLACK),
    Plumage(a.LIME, a.YELLOW, a.GREEN, a.BLUE, a.RED),
    Plumage(a.BLACK, a.BLACK, a.CHARCOAL, a.BLACK),
    Plumage(a.WHITE, a.WHITE, a.SILVER, a.BLACK),
    Plumage(a.TEAL, a.ORANGE, a.TEAL, a.BLUE, a.CHARCOAL),
)
DUCKS: tuple[Plumage, ...] = (
    Plumage((0.02, 0.25, 0.10), a.BROWN, a.SILVER, a.BLACK, a.YELLOW),
    Plumage(a.YELLOW, a.YELLOW, a.YELLOW, a.YELLOW),
    Plumage(a.WHITE, a.WHITE, a.WHITE, a.SILVER),
    Plumage(a.CHESTNUT, a.WHITE, a.BLUE, a.CHARCOAL, a.RED),
    Plumage(a.BROWN, a.FAWN, a.BROWN, a.SKY, PALE_BEAK),
)
WADERS: tuple[Plumage, ...] = (
    Plumage(a.PINK, a.PINK, (0.80, 0.16, 0.20), a.BLACK, BEAK),
    Plumage(a.WHITE, a.WHITE, a.WHITE, a.BLACK, (0.8, 0.1, 0.02)),
    Plumage(a.SILVER, a.WHITE, a.GREY, a.CHARCOAL, a.YELLOW, a.BLACK),
    Plumage(a.RED, a.RED, (0.60, 0.02, 0.04), a.BLACK, PALE_BEAK),
    Plumage(a.CHARCOAL, a.WHITE, a.BLACK, a.CHARCOAL, (0.8, 0.1, 0.02)),
    Plumage(a.SKY, a.SILVER, a.BLUE, a.BLACK, a.YELLOW, a.CHARCOAL),
)


def _plumage(rng: np.random.Generator, kinds: tuple[Plumage, ...]) -> Plumage:
    """The colours of one individual of one of these kinds."""
    kind = a.pick(rng, kinds)
    return replace(kind, back=a.tinted(rng, kind.back), wing=a.tinted(rng, kind.wing))


def _head(shape: Shape, colours: Plumage, at: Vec, size: float, beak: float) -> None:
    """A round head with bright eyes and a conical beak; some wear a crest."""
    x, y, _ = at
    head = shape.part(colours.back, blend=0.05).ellipsoid(at, (0.23 * size, 0.22 * size, 0.215 * size))
    if colours.crown is not None:
        head.capsule(
            (x - 0.02, y + 0.17 * size, 0),
            (x - 0.24 * size, y + 0.34 * size, 0),
            0.075 * size,
            0.02,
            colour=colours.crown,
        )
    root, tip = (x + 0.17 * size, y - 0.02 * size, 0.0), (x + 0.2 * size + beak, y - 0.06 * size, 0.0)
    shape.part(colours.beak, gloss=0.6).capsule(root, tip, 0.085 * size, 0.014)
    faces.add_eyes(
        shape, (x + 0.13 * size, y + 0.06 * size, 0.145 * size), 0.062 * size, iris=a.WHITE, outwards=48, pupil=0.72
    )


def _legs(shape: Shape, colour: Colour, hip: Vec) -> None:
    """Two thin legs with three toes ahead and one behind."""
    x, _, z = hip
    legs = shape.part(colour, mirror=True, gloss=0.4).capsule(hip, (x, 0.03, z), 0.03)
    for ahead, aside in ((0.17, 0.0), (0.13, 0.09), (0.13, -0.09), (-0.1, 0.0)):
        legs.capsule((x, 0.03, z), (x + ahead, 0.025, z + aside), 0.028, 0.022)


def _folded_wings(shape: Shape, colours: Plumage, at: Vec, length: float, lean: float) -> None:
    x, y, z = at
    wings = shape.part(colours.wing, mirror=True, blend=0.05, gloss=0.3)
    wings.ellipsoid(at, (length, 0.52 * length, 0.075), turn=(0, 6, lean))
    slope = np.tan(np.radians(lean))
    end = (x - 1.15 * length, y - 1.15 * length * slope, z - 0.08)
    wings.ellipsoid(end, (0.5 * length, 0.16 * length, 0.06), turn=(0, 6, lean), colour=colours.tip)


def _spread_wings(shape: Shape, colours: Plumage, at: Vec, span: float, lift: float) -> None:
    """Wings held out, swept back towards the tips."""
    x, y, _ = at
    wings = shape.part(colours.wing, mirror=True, blend=0.06, gloss=0.3)
    middle, end = 0.45 * span, 0.85 * span
    rise = np.tan(np.radians(lift))
    wings.ellipsoid((x, y + middle * rise, middle), (0.27, 0.05, 0.5 * span), turn=(-lift, 0, 0))
    wings.ellipsoid((x - 0.14, y + end * rise, end), (0.2, 0.04, 0.33 * span), turn=(-lift, -22, 0), colour=colours.tip)


def _tail(part: Part, colours: Plumage, at: Vec, length: float, lean: float) -> None:
    half = 0.5 * length
    x, y, _ = at
    turn = np.radians(lean)
    centre = (x - half * np.cos(turn), y - half * np.sin(turn), 0.0)
    part.box(tuple(map(float, centre)), (half, 0.035, 0.12), rounding=0.03, turn=(0, 0, lean), colour=colours.tip)


def perched(rng: np.random.Generator) -> Shape:
    """A songbird on its two legs, wings folded."""
    shape, colours = Shape(), _plumage(rng, SONGBIRDS)
    plump, size = a.vary(rng, 0.33, 0.1), a.vary(rng, 1.15, 0.08)
    body = shape.part(colours.back, blend=0.12)
    body.ellipsoid((0, 0.66, 0), (0.50, plump, 0.95 * plump), turn=(0, 0, 32))
    body.ellipsoid((0.14, 0.66, 0), (0.28, 0.30, 0.84 * plump), colour=colours.breast)
    _tail(body, colours, (-0.34, 0.47, 0), a.vary(rng, 0.48, 0.15), 30)
    _head(shape, colours, (0.34, 1.06, 0.0), size, a.vary(rng, 0.2, 0.25))
    _folded_wings(shape, colours, (-0.08, 0.66, 0.9 * plump), 0.36, 32)
    _legs(shape, colours.beak, (0.03, 0.45, 0.13))
    return shape


def flying(rng: np.random.Generator) -> Shape:
    """A bird in flight, wings spread."""
    shape, colours = Shape(), _plumage(rng, SONGBIRDS)
    body = shape.part(colours.back, blend=0.12)
    body.ellipsoid((0, 0.6, 0), (0.55, 0.24, 0.23), turn=(0, 0, 6))
    body.ellipsoid((0.1, 0.53, 0), (0.38, 0.2, 0.2), colour=colours.breast)
    _tail(body, colours, (-0.42, 0.57, 0), a.vary(rng, 0.45, 0.15), 4)
    _head(shape, colours, (0.55, 0.76, 0.0), a.vary(rng, 0.95, 0.06), a.vary(rng, 0.18, 0.25))
    _spread_wings(shape, colours, (0.06, 0.68, 0), a.vary(rng, 0.95, 0.08), float(rng.uniform(12, 38)))
    return shape


def swimming(rng: np.random.Generator) -> Shape:
    """A duck on the water."""
    shape, colours = Shape(), _plumage(rng, DUCKS)
    body = shape.part(colours.breast, blend=0.14)
    body.ellipsoid((0, 0.3, 0), (0.72, 0.33, 0.40)).cut((0, -1, 0), 0.0)
    body.capsule((-0.5, 0.38, 0), (-0.86, a.vary(rng, 0.6, 0.08), 0), 0.2, 0.05, colour=colours.tip)
    neck, top = (0.42, 0.45, 0.0), (0.54, a.vary(rng, 0.92, 0.06), 0.0)
    shape.part(colours.back).tube([neck, top], [0.19, 0.14])
    collar = tuple(n + 0.3 * (t - n) for n, t in zip(neck, top, strict=True))
    shape.part(a.WHITE).torus(collar, 0.15, 0.04, turn=(0, 0, -14))
    x, y, _ = top
    shape.part(colours.back).ellipsoid(top, (0.25, 0.22, 0.21))
    shape.part(colours.beak, blend=0.04, gloss=0.6).ellipsoid((x + 0.3, y - 0.05, 0), (0.19, 0.05, 0.125))
    faces.add_eyes(shape, (x + 0.13, y + 0.07, 0.145), 0.058, iris=a.WHITE, outwards=48, pupil=0.72)
    _folded_wings(shape, colours, (-0.1, 0.42, 0.34), 0.40, -8)
    return shape


def wading(rng: np.random.Generator) -> Shape:
    """A long-legged bird with a curved neck."""
    shape, colours = Shape(), _plumage(rng, WADERS)
    body = shape.part(colours.back, blend=0.1)
    hip = a.vary(rng, 0.82, 0.06)
    body.ellipsoid((0, hip + 0.12, 0), (0.46, 0.25, 0.25), turn=(0, 0, 12), colour=colours.breast)
    _tail(body, colours, (-0.34, hip + 0.1, 0), 0.26, 24)
    head = (0.5, hip + a.vary(rng, 0.84, 0.06), 0.0)
    body.tube([(0.34, hip + 0.2, 0), (0.58, hip + 0.4, 0), (0.36, hip + 0.62, 0), head], [0.14, 0.09, 0.075, 0.08])
    _head(shape, colours, head, 0.72, a.vary(rng, 0.34, 0.1))
    _folded_wings(shape, colours, (-0.06, hip + 0.16, 0.2), 0.32, 14)
    _legs(shape, colours.beak, (0.0, hip, 0.1))
    return shape


PLANS = (perched, flying, swimming, wading)
