"""Streets: roads between houses, lamps, trees and walls."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from core.diorama.places import grounds, props
from core.diorama.scenery import Ground, Lamp, Paint, Place, Sky
from core.diorama.solids import Colour, Shape


class Style(NamedTuple):
    """What differs between streets.

    ``across`` roads run along the picture, the others away from the camera.
    """

    across: bool
    road: Colour
    pavement: tuple[Colour, Colour]
    walls: tuple[Colour, ...]
    roof: Colour
    horizon: float
    floors: tuple[int, int] = (2, 4)
    flat: bool = False
    cobbles: bool = False
    trees: bool = False
    dry: bool = True


ASPHALT: Colour = (0.085, 0.085, 0.095)
LINE: Colour = (0.80, 0.78, 0.70)
STONE = ((0.42, 0.40, 0.38), (0.48, 0.46, 0.43))
BRICK: tuple[Colour, ...] = ((0.48, 0.15, 0.09), (0.55, 0.28, 0.16), (0.62, 0.50, 0.36))
PASTEL: tuple[Colour, ...] = ((0.80, 0.48, 0.36), (0.82, 0.70, 0.38), (0.42, 0.62, 0.66), (0.62, 0.70, 0.48))
CITY: tuple[Colour, ...] = ((0.42, 0.46, 0.52), (0.55, 0.52, 0.48), (0.26, 0.32, 0.40))

STYLES = (
    Style(False, ASPHALT, STONE, BRICK, (0.22, 0.08, 0.05), 0.40),
    Style(True, ASPHALT, STONE, PASTEL, (0.45, 0.14, 0.07), 0.36, (1, 3), trees=True),
    Style(
        False, (0.12, 0.12, 0.12), ((0.36, 0.36, 0.38), (0.40, 0.40, 0.42)), CITY, (0.2, 0.2, 0.22), 0.44, (4, 7), True
    ),
    Style(
        False,
        (0.34, 0.29, 0.24),
        ((0.46, 0.40, 0.33), (0.40, 0.34, 0.28)),
        PASTEL,
        (0.4, 0.13, 0.07),
        0.34,
        (2, 3),
        cobbles=True,
    ),
    Style(True, (0.10, 0.10, 0.11), ((0.44, 0.38, 0.32), (0.38, 0.33, 0.28)), BRICK, (0.14, 0.10, 0.10), 0.45, (2, 4)),
    Style(
        False,
        ASPHALT,
        ((0.20, 0.36, 0.08), (0.26, 0.42, 0.10)),
        ((0.82, 0.80, 0.74), *PASTEL[:2]),
        (0.30, 0.08, 0.05),
        0.38,
        (1, 2),
        trees=True,
    ),
)


def draw(rng: np.random.Generator, style: Style) -> Place:
    """A street."""
    seed = float(rng.uniform(0, 50))
    place = Place(Ground(_paint(style, seed), 0.12, 3.0, seed=seed), horizon=style.horizon)
    place.sky = Sky(haze=65.0, seed=seed, moon=(float(rng.uniform(-0.15, 0.15)), 0.30))
    (_houses_across if style.across else _houses_along)(rng, style, place)
    return place


def _paint(style: Style, seed: float) -> Paint:
    road = grounds.mottled(style.road, tuple(1.2 * c for c in style.road), scale=0.5, grain=0.3, seed=seed)
    if style.cobbles:
        road = grounds.tiles(style.road, tuple(0.8 * c for c in style.road), (0.12, 0.10, 0.09), side=0.3, length=0.42)
    side = grounds.tiles(*style.pavement, (0.22, 0.21, 0.20), side=0.6)
    if style.trees and not style.across:
        side = grounds.mottled(*style.pavement, seed=seed)
    kerb = grounds.mottled((0.55, 0.54, 0.52), (0.50, 0.49, 0.47), grain=0.1)
    axis, centre, half = (2, -6.3, 2.5) if style.across else (0, 0.0, 2.4)
    paint = grounds.band(kerb, side, axis=axis, centre=centre, half=half + 0.16, soft=0.02)
    paint = grounds.band(road, paint, axis=axis, centre=centre, half=half, soft=0.02)
    if style.cobbles:
        return paint
    return grounds.dashes(paint, LINE, axis=axis, centre=centre, half=0.07, period=2.2)


def _houses_along(rng: np.random.Generator, style: Style, place: Place) -> None:
    for side in (-1, 1):
        for number, z in enumerate(np.arange(-9.5, -40, -3.6)):
            wall = props.shaded(rng, style.walls[rng.integers(len(style.walls))], 0.1)
            shape = _house(rng, style, wall)
            place.add(shape, side * 5.6, float(z), scale=1.35, turn_deg=-90.0 * side, casts=z > -24)
            if number % 2 == 0:
                x, front = side * 3.0, float(z) + 1.2
                place.add(props.street_lamp(), x, front, casts=z > -24)
                place.lamps.append(Lamp((x, 2.85, front)))
            elif style.trees:
                place.add(props.round_tree(rng, (0.08, 0.28, 0.04)), side * 3.4, float(z) + 1.0, scale=0.75)
    place.add(_house(rng, style, style.walls[0]), float(rng.uniform(-2, 2)), -44.0, scale=2.0, casts=False)


def _houses_across(rng: np.random.Generator, style: Style, place: Place) -> None:
    for x in props.row(-12, 12, 3.5):
        wall = props.shaded(rng, style.walls[rng.integers(len(style.walls))], 0.1)
        place.add(_house(rng, style, wall), x, -15.0 - rng.uniform(0, 0.5), scale=1.42)
    for x in (-4.4, 0.6, 5.4):
        place.add(props.street_lamp(), x, -9.7)
        place.lamps.append(Lamp((x, 2.85, -9.7)))
    for x in (-6.4, -2.0, 3.1) if style.trees else ():
        place.add(props.round_tree(rng, (0.08, 0.28, 0.04)), x, -10.6, scale=0.75)
    if not style.trees:
        for x in (-2.3, 3.2):
            place.add(props.box((0.30, 0.14, 0.06), (0.7, 0.2, 0.25)), x, -10.2)
            place.add(props.bush(rng, (0.08, 0.26, 0.05), (0.8, 0.1, 0.1)), x + 1.3, -10.3, scale=0.8)


def _house(rng: np.random.Generator, style: Style, wall: Colour) -> Shape:
    floors = int(rng.integers(style.floors[0], style.floors[1] + 1))
    return props.house(rng, wall, style.roof, floors=floors, flat=style.flat)
