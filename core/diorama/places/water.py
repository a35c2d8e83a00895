"""Water: lakes, seas and harbours."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from core.diorama.places import grounds, props
from core.diorama.scenery import Ground, Lamp, Place, Prop, Sky
from core.diorama.solids import Colour, Pattern, Shape


class Style(NamedTuple):
    """What differs between waters."""

    deep: tuple[Colour, Colour]
    horizon: float
    waves: float = 0.5
    shore: str = ""
    islands: int = 0
    stones: int = 0
    reeds: int = 0
    lilies: bool = False
    lighthouse: bool = False
    buoys: int = 0


BLUE = ((0.015, 0.14, 0.30), (0.03, 0.22, 0.40))
TURQUOISE = ((0.02, 0.36, 0.42), (0.05, 0.48, 0.50))
GREEN = ((0.04, 0.16, 0.10), (0.06, 0.22, 0.14))

STYLES = (
    Style(BLUE, 0.38, waves=0.75, buoys=2),
    Style(GREEN, 0.42, waves=0.25, shore="forest", reeds=12, lilies=True),
    Style(TURQUOISE, 0.34, waves=0.5, islands=3),
    Style(((0.02, 0.12, 0.20), (0.04, 0.18, 0.27)), 0.40, waves=0.35, shore="peaks", stones=6),
    Style(((0.02, 0.18, 0.24), (0.04, 0.26, 0.31)), 0.45, waves=0.8, stones=4, lighthouse=True),
    Style(BLUE, 0.36, waves=0.3, shore="town", buoys=3),
)


def draw(rng: np.random.Generator, style: Style) -> Place:
    """A lake or a sea."""
    seed = float(rng.uniform(0, 50))
    paint = grounds.mottled(*style.deep, scale=0.35, grain=0.05, seed=seed)
    ground = Ground(paint, style.waves, 1.5, mirror=0.06, stretch=2.4, seed=seed)
    sky = Sky(haze=75.0, seed=seed, moon=(float(rng.uniform(-0.25, 0.25)), 0.26))
    place = Place(ground, sky=sky, horizon=style.horizon)
    if style.shore:
        _SHORES[style.shore](rng, place)
    for x, z in props.scatter(rng, style.islands, 17.0, 30.0, clear=0.15, apart=6.0):
        place.add(props.hill((0.72, 0.58, 0.36), (3.2, 0.5, 2.0), (0.16, 0.34, 0.08)), x, z)
        place.props.append(_raised(props.palm(rng), x - 0.4, 0.4, z))
        place.props.append(_raised(props.palm(rng), x + 0.7, 0.35, z + 0.3))
    for x, z in props.scatter(rng, style.stones, 6.0, 16.0, clear=0.26, apart=1.6):
        place.add(props.rock(rng, (0.20, 0.20, 0.22)), x, z, scale=rng.uniform(0.5, 1.1))
    for x, z in props.scatter(rng, style.reeds, 5.0, 11.0, clear=0.27, apart=0.6):
        place.add(props.tuft(rng, (0.20, 0.36, 0.07)), x, z, scale=rng.uniform(0.9, 1.5))
    if style.lilies:
        for x, z in props.scatter(rng, 9, 4.2, 9.0, clear=0.2, apart=0.8):
            place.add(_lily(rng), x, z, turn_deg=rng.uniform(0, 360))
    for x, z in props.scatter(rng, style.buoys, 7.0, 13.0, clear=0.26, apart=3.0):
        place.add(_buoy(), x, z)
        place.lamps.append(Lamp((x, 1.12, z), (1.0, 0.2, 0.1), strength=0.7, halo=0.15))
    if style.lighthouse:
        place.add(props.rock(rng, (0.20, 0.20, 0.22)), -5.2, -19.0, scale=3.0)
        place.props.append(_raised(_lighthouse(), -5.2, 1.6, -19.0))
        place.lamps.append(Lamp((-5.2, 5.55, -18.4), strength=5.0, halo=0.9))
    return place


def _raised(shape: Shape, x: float, y: float, z: float) -> Prop:
    return Prop(shape, (x, y, z))


def _forest_shore(rng: np.random.Generator, place: Place) -> None:
    place.add(props.hill((0.12, 0.26, 0.06), (40.0, 1.0, 6.0)), 0.0, -34.0)
    for x in props.row(-15, 15, 1.8):
        shape = props.fir(rng, (0.03, 0.18, 0.07)) if rng.uniform() < 0.5 else props.round_tree(rng, (0.10, 0.30, 0.05))
        place.props.append(_raised(shape, x + rng.uniform(-0.5, 0.5), 0.6, -rng.uniform(30, 34)))


def _peak_shore(rng: np.random.Generator, place: Place) -> None:
    for x in (-21, -8, 5, 18):
        peak = props.mountain(rng, (0.22, 0.27, 0.33), rng.uniform(7, 12))
        place.add(peak, x + rng.uniform(-3, 3), -rng.uniform(40, 50), casts=False)


def _town_shore(rng: np.random.Generator, place: Place) -> None:
    place.add(props.box((0.34, 0.32, 0.30), (30.0, 0.35, 4.0)), 0.0, -31.0)
    walls = ((0.75, 0.30, 0.16), (0.80, 0.62, 0.25), (0.30, 0.50, 0.62), (0.80, 0.74, 0.62), (0.55, 0.14, 0.12))
    for number, x in enumerate(props.row(-12.5, 12.5, 3.1)):
        shape = props.house(rng, walls[number % len(walls)], (0.40, 0.12, 0.06), floors=int(rng.integers(1, 4)))
        place.props.append(_raised(shape, x, 0.6, -30.0))
    for x in (-8, -2, 4, 10):
        place.lamps.append(Lamp((x, 1.6, -27.5), strength=3.0, halo=0.5))


_SHORES = {"forest": _forest_shore, "peaks": _peak_shore, "town": _town_shore}


def _lily(rng: np.random.Generator) -> Shape:
    shape = Shape()
    shape.part((0.08, 0.33, 0.08)).cylinder((0, 0.02, 0), rng.uniform(0.25, 0.4), 0.02, rounding=0.015)
    if rng.uniform() < 0.5:
        shape.part((0.85, 0.40, 0.55)).ellipsoid((0.08, 0.1, 0), (0.11, 0.09, 0.11))
    return shape


def _buoy() -> Shape:
    shape = Shape()
    shape.part((0.75, 0.06, 0.04), gloss=0.5).cylinder((0, 0.2, 0), 0.32, 0.22, rounding=0.08)
    shape.part((0.85, 0.82, 0.78)).cylinder((0, 0.66, 0), 0.14, 0.32, top=0.5)
    shape.part((1.0, 0.25, 0.12), glow=1.0).ellipsoid((0, 1.08, 0), (0.1, 0.12, 0.1))
    return shape


def _lighthouse() -> Shape:
    shape, bands = Shape(), Pattern("stripes", (0.70, 0.05, 0.04), 0.55, axis=1, amount=0.5)
    shape.part((0.85, 0.83, 0.78), pattern=bands).cylinder((0, 1.7, 0), 0.75, 1.8, top=0.62)
    shape.part((1.0, 0.85, 0.5), glow=1.0, gloss=0.7).cylinder((0, 3.9, 0), 0.36, 0.4)
    top = shape.part((0.60, 0.05, 0.04))
    top.cylinder((0, 4.5, 0), 0.5, 0.25, top=0.1).cylinder((0, 3.5, 0), 0.6, 0.06)
    return shape
