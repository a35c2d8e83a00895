"""Rooms: a floor, walls, a window and furniture."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from core.diorama.places import grounds, props
from core.diorama.render import LIGHTS, Light
from core.diorama.scenery import Ground, Lamp, Place, Prop, Sky
from core.diorama.solids import Colour, Pattern, Shape


class Style(NamedTuple):
    """What differs between rooms."""

    floor: str
    boards: tuple[Colour, Colour]
    wall: Colour
    horizon: float
    furniture: tuple[str, ...]
    paper: Pattern | None = None
    rug: Colour | None = None
    fabric: Colour = (0.10, 0.28, 0.42)
    window: float = -1.5


OAK = ((0.42, 0.22, 0.09), (0.50, 0.28, 0.12))
CREAM: Colour = (0.78, 0.68, 0.52)

STYLES = (
    Style("boards", OAK, CREAM, 0.40, ("sofa", "lamp", "picture", "plant"), rug=(0.55, 0.10, 0.08)),
    Style(
        "tiles",
        ((0.75, 0.74, 0.70), (0.15, 0.20, 0.24)),
        (0.45, 0.66, 0.62),
        0.36,
        ("table", "shelf", "lamp"),
        Pattern("bricks", (0.75, 0.80, 0.76), 2.0, amount=0.7),
        window=1.6,
    ),
    Style(
        "boards",
        ((0.22, 0.11, 0.05), (0.27, 0.14, 0.06)),
        (0.16, 0.28, 0.22),
        0.43,
        ("shelf", "armchair", "lamp", "picture"),
        rug=(0.70, 0.52, 0.25),
        fabric=(0.55, 0.24, 0.06),
        window=1.4,
    ),
    Style(
        "carpet",
        ((0.40, 0.46, 0.60), (0.34, 0.40, 0.54)),
        (0.84, 0.62, 0.60),
        0.34,
        ("bed", "shelf", "lamp", "blocks"),
        Pattern("stripes", (0.90, 0.78, 0.74), 1.5, amount=0.5),
        fabric=(0.30, 0.45, 0.70),
        window=0.6,
    ),
    Style(
        "boards",
        ((0.60, 0.46, 0.30), (0.66, 0.52, 0.35)),
        (0.36, 0.48, 0.66),
        0.45,
        ("table", "plant", "picture", "lamp"),
        rug=(0.85, 0.80, 0.70),
        window=-1.7,
    ),
    Style(
        "tiles",
        ((0.55, 0.24, 0.14), (0.60, 0.29, 0.17)),
        (0.82, 0.72, 0.36),
        0.38,
        ("sofa", "plant", "shelf", "lamp"),
        fabric=(0.14, 0.34, 0.22),
        rug=None,
        window=1.8,
    ),
)

#: The walls' distances: the back, and to each side.
BACK, SIDE, HEIGHT = 9.6, 4.6, 4.6
#: Lamps light a room at night: its ambient is warmer and brighter than outdoors.
DAY: Light = LIGHTS["day"]
NIGHT = Light((0.2, 0.9, 0.5), (0.22, 0.16, 0.09), (0.10, 0.08, 0.07), (0.05, 0.04, 0.035), glow=1.0)


def draw(rng: np.random.Generator, style: Style) -> Place:
    """A room."""
    first, second = style.boards
    joint = tuple(0.45 * c for c in first)
    paint = {
        "boards": grounds.tiles(first, second, joint, side=0.42, length=2.6),
        "tiles": grounds.tiles(first, second, joint, side=0.8),
        "carpet": grounds.mottled(first, second, scale=1.5, grain=0.35),
    }[style.floor]
    air = ((0.7, 0.66, 0.6),) * 2
    place = Place(Ground(paint), sky=Sky(day=air, haze=400.0), horizon=style.horizon, lights=(DAY, NIGHT))
    place.props.append(_still(_walls(style), 0.0, 0.0, 0.0))
    place.props.append(_still(_window(), style.window, 2.5, -BACK + 0.16))
    place.lamps.append(Lamp((style.window, 2.4, -BACK + 1.4), (0.25, 0.35, 0.7), strength=0.5, halo=0.0))
    if style.rug:
        place.add(_rug(style.rug), 0.0, -6.6)
    left = style.window > 0
    for number, name in enumerate(style.furniture):
        sign = (-1 if left else 1) * (1 if number % 2 == 0 else -1)
        _FURNITURE[name](rng, style, place, sign)
    return place


def _still(shape: Shape, x: float, y: float, z: float) -> Prop:
    return Prop(shape, (x, y, z), casts=False)


def _walls(style: Style) -> Shape:
    shape = Shape()
    wall = shape.part(style.wall, gloss=0.03, pattern=style.paper)
    wall.box((0, HEIGHT / 2, -BACK), (SIDE + 0.1, HEIGHT / 2, 0.1), rounding=0.01)
    for x in (-SIDE, SIDE):
        wall.box((x, HEIGHT / 2, -BACK / 2), (0.1, HEIGHT / 2, BACK / 2), rounding=0.01)
    skirting = shape.part((0.80, 0.77, 0.70))
    skirting.box((0, 0.14, -BACK + 0.1), (SIDE, 0.14, 0.05), rounding=0.01)
    for x in (-SIDE + 0.1, SIDE - 0.1):
        skirting.box((x, 0.14, -BACK / 2), (0.05, 0.14, BACK / 2), rounding=0.01)
    shape.part((0.82, 0.80, 0.76)).box((0, HEIGHT, -BACK / 2), (SIDE, 0.1, BACK / 2), rounding=0.01)
    return shape


def _window() -> Shape:
    shape = Shape()
    shape.part((0.24, 0.48, 0.76), gloss=0.7).box((0, 0, 0), (0.95, 0.85, 0.03), rounding=0.01)
    frame = shape.part((0.85, 0.83, 0.78))
    for x in (-0.98, 0.0, 0.98):
        frame.box((x, 0, 0.04), (0.06, 0.92, 0.05), rounding=0.02)
    for y in (-0.88, 0.0, 0.88):
        frame.box((0, y, 0.04), (1.04, 0.06, 0.05), rounding=0.02)
    return shape


def _rug(colour: Colour) -> Shape:
    shape = Shape()
    rings = shape.part(colour, gloss=0.02)
    rings.cylinder((0, 0.012, 0), 1.7, 0.012, rounding=0.01)
    rings.cylinder((0, 0.016, 0), 1.3, 0.014, rounding=0.01, colour=tuple(min(1.0, 1.5 * c + 0.1) for c in colour))
    return shape


def _sofa(rng: np.random.Generator, style: Style, place: Place, sign: int) -> None:
    place.add(_seat(style.fabric, 1.25), 2.3 * sign, -BACK + 1.0)


def _armchair(rng: np.random.Generator, style: Style, place: Place, sign: int) -> None:
    place.add(_seat(style.fabric, 0.6), 2.9 * sign, -BACK + 1.6, turn_deg=-35.0 * sign)


def _seat(fabric: Colour, half: float) -> Shape:
    shape = Shape()
    soft = shape.part(fabric, gloss=0.05)
    soft.box((0, 0.35, 0), (half, 0.25, 0.55), rounding=0.12).box((0, 0.85, -0.42), (half, 0.5, 0.18), rounding=0.14)
    for x in (-half, half):
        soft.box((x, 0.5, 0.02), (0.2, 0.42, 0.58), rounding=0.14)
    shape.part((0.85, 0.60, 0.18)).box((-0.5 * half, 0.78, -0.1), (0.26, 0.24, 0.1), rounding=0.09, turn=(-20, 0, 12))
    return shape


def _table(rng: np.random.Generator, style: Style, place: Place, sign: int) -> None:
    shape = Shape()
    wood = shape.part((0.40, 0.20, 0.08), gloss=0.3)
    wood.box((0, 1.1, 0), (1.1, 0.06, 0.6), rounding=0.03)
    for x in (-0.95, 0.95):
        for z in (-0.45, 0.45):
            wood.capsule((x, 0, z), (x, 1.1, z), 0.06)
    shape.part((0.80, 0.25, 0.12), gloss=0.6).cylinder((0.1, 1.32, 0), 0.17, 0.18, top=1.3)
    fruit = shape.part((0.85, 0.45, 0.03), gloss=0.4)
    for x in (0.02, 0.2):
        fruit.ellipsoid((x, 1.55, 0), (0.11, 0.11, 0.11))
    place.add(shape, 2.5 * sign, -BACK + 1.2)


def _shelf(rng: np.random.Generator, style: Style, place: Place, sign: int) -> None:
    shape = Shape()
    wood = shape.part((0.34, 0.17, 0.07))
    for y in (0.1, 0.9, 1.7, 2.5):
        wood.box((0, y, 0), (0.8, 0.04, 0.28), rounding=0.01)
    for x in (-0.8, 0.8):
        wood.box((x, 1.3, 0), (0.04, 1.3, 0.28), rounding=0.01)
    wood.box((0, 1.3, -0.26), (0.8, 1.3, 0.02), rounding=0.01)
    books = shape.part((0.5, 0.1, 0.1))
    palette = ((0.55, 0.08, 0.06), (0.08, 0.22, 0.45), (0.75, 0.50, 0.08), (0.10, 0.32, 0.16), (0.80, 0.76, 0.66))
    for number in range(12):
        level, slot = divmod(number, 4)
        tall = rng.uniform(0.2, 0.31)
        at = (-0.6 + 0.32 * slot + rng.uniform(-0.04, 0.04), 0.14 + 0.8 * level + tall, 0.02)
        books.box(at, (0.12, tall, 0.2), rounding=0.01, colour=palette[rng.integers(len(palette))])
    place.add(shape, 3.5 * sign, -BACK + 0.5)


def _bed(rng: np.random.Generator, style: Style, place: Place, sign: int) -> None:
    shape = Shape()
    shape.part((0.42, 0.22, 0.10)).box((0, 0.75, -1.4), (0.95, 0.75, 0.08)).box((0, 0.25, 0), (0.95, 0.2, 1.4))
    shape.part(style.fabric, gloss=0.03).box((0, 0.5, 0.3), (0.98, 0.18, 1.12), rounding=0.12)
    shape.part((0.86, 0.84, 0.80), gloss=0.03).box((0, 0.68, -1.0), (0.6, 0.13, 0.28), rounding=0.12)
    place.add(shape, 3.2 * sign, -BACK + 1.7)


def _lamp(rng: np.random.Generator, style: Style, place: Place, sign: int) -> None:
    shape = Shape()
    shape.part(props.METAL, gloss=0.6).capsule((0, 0, 0), (0, 1.9, 0), 0.035).cylinder((0, 0.04, 0), 0.28, 0.04)
    shade = shape.part((0.95, 0.80, 0.55), glow=1.0, gloss=0.05)
    shade.cylinder((0, 2.1, 0), 0.42, 0.28, top=0.6)
    x, z = 3.7 * sign, -BACK + 2.4
    place.add(shape, x, z)
    place.lamps.append(Lamp((x, 2.1, z), (1.0, 0.66, 0.32), strength=4.5, halo=0.9))


def _plant(rng: np.random.Generator, style: Style, place: Place, sign: int) -> None:
    shape = Shape()
    shape.part((0.60, 0.24, 0.12)).cylinder((0, 0.3, 0), 0.3, 0.3, top=1.25)
    leaves = shape.part((0.06, 0.30, 0.08), gloss=0.3)
    for number in range(7):
        turn = 0.9 * number
        x, z, up = 0.5 * float(np.cos(turn)), 0.5 * float(np.sin(turn)), 1.1 + 0.12 * (number % 4)
        leaves.tube([(0, 0.5, 0), (0.5 * x, up, 0.5 * z), (x, up + 0.15, z)], [0.03, 0.13, 0.03])
    place.add(shape, 3.4 * sign, -BACK + 3.0, scale=1.1)


def _picture(rng: np.random.Generator, style: Style, place: Place, sign: int) -> None:
    shape = Shape()
    shape.part((0.60, 0.40, 0.12), gloss=0.5).box((0, 0, 0), (0.72, 0.55, 0.05), rounding=0.03)
    art = Pattern("below", (0.12, 0.35, 0.12), 0.0, axis=1)
    shape.part((0.55, 0.74, 0.85), pattern=art).box((0, 0, 0.05), (0.6, 0.43, 0.02), rounding=0.01)
    shape.part((0.95, 0.75, 0.2)).ellipsoid((0.25, 0.2, 0.06), (0.11, 0.11, 0.03))
    place.props.append(
        _still(shape, 1.9 * sign if abs(style.window - 1.9 * sign) > 1.8 else -1.9 * sign, 2.7, -BACK + 0.16)
    )


def _blocks(rng: np.random.Generator, style: Style, place: Place, sign: int) -> None:
    colours: tuple[Colour, ...] = ((0.75, 0.08, 0.05), (0.85, 0.58, 0.05), (0.06, 0.28, 0.60))
    for number, colour in enumerate(colours):
        x = sign * (2.2 + 0.42 * (number % 2))
        place.props.append(
            Prop(props.box(colour, (0.18, 0.18, 0.18)), (x, 0.36 * (number // 2), -5.6), turn_deg=20.0 * number)
        )


_FURNITURE = {
    "sofa": _sofa,
    "armchair": _armchair,
    "table": _table,
    "shelf": _shelf,
    "bed": _bed,
    "lamp": _lamp,
    "plant": _plant,
    "picture": _picture,
    "blocks": _blocks,
}
