"""Snow: fields, firs, villages and mountains in winter."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from core.diorama.places import grounds, props
from core.diorama.scenery import Ground, Lamp, Place, Sky
from core.diorama.solids import Colour


class Style(NamedTuple):
    """What differs between snowy places."""

    horizon: float
    firs: int = 0
    bare: int = 0
    peaks: bool = False
    houses: tuple[tuple[Colour, Colour], ...] = ()
    snowman: bool = False
    lights: bool = False
    ice: bool = False
    fence: bool = False
    stones: int = 2


PINE: Colour = (0.025, 0.15, 0.08)
RED_HUT: tuple[Colour, Colour] = ((0.50, 0.06, 0.04), props.SNOW)
YELLOW_HUT: tuple[Colour, Colour] = ((0.75, 0.48, 0.10), props.SNOW)

STYLES = (
    Style(0.38, firs=12),
    Style(0.35, peaks=True, firs=4, stones=5),
    Style(0.42, firs=4, houses=(RED_HUT, YELLOW_HUT), snowman=True, lights=True),
    Style(0.33, bare=8, fence=True),
    Style(0.46, firs=6, ice=True, peaks=True),
    Style(0.40, houses=(((0.12, 0.28, 0.42), props.SNOW),), bare=3, firs=3, lights=True, fence=True),
)


def draw(rng: np.random.Generator, style: Style) -> Place:
    """A snowy place."""
    seed = float(rng.uniform(0, 50))
    paint = grounds.mottled((0.78, 0.83, 0.92), (0.90, 0.92, 0.96), scale=0.3, grain=0.08, seed=seed)
    if style.ice:
        ice = grounds.mottled((0.38, 0.62, 0.74), (0.55, 0.74, 0.83), scale=0.8, grain=0.1, seed=seed)
        paint = grounds.band(ice, paint, axis=2, centre=-9.5, half=3.6, soft=0.25)
    sky = Sky(day=((0.74, 0.83, 0.92), (0.20, 0.42, 0.74)), haze=70.0, seed=seed, moon=(0.2, 0.28))
    ground = Ground(paint, 0.45, 0.7, stretch=1.6, seed=seed)
    place = Place(ground, sky=sky, horizon=style.horizon)
    if style.peaks:
        for x in (-21, -8, 5, 18):
            peak = props.mountain(rng, (0.34, 0.38, 0.46), rng.uniform(7, 12))
            place.add(peak, x + rng.uniform(-3, 3), -rng.uniform(40, 52), casts=False)
    for x, z in ((-14, -34), (3, -42), (17, -32)):
        place.add(props.hill(props.SNOW, (rng.uniform(9, 14), rng.uniform(1, 2.6), 6.0)), x, z)
    for x, z in props.scatter(rng, style.firs, 8.0, 24.0, clear=0.2, apart=2.2):
        lit = style.lights and z > -15
        place.add(props.fir(rng, PINE, snowy=True, lights=lit), x, z, scale=rng.uniform(0.8, 1.4))
    for x, z in props.scatter(rng, style.bare, 7.5, 20.0, clear=0.2, apart=2.0):
        place.add(props.bare_tree(rng, (0.12, 0.08, 0.06)), x, z, scale=rng.uniform(0.9, 1.5))
    for x, z in props.scatter(rng, style.stones, 5.0, 12.0, clear=0.28, apart=1.5):
        place.add(props.rock(rng, (0.28, 0.29, 0.33), snowy=True), x, z, scale=rng.uniform(0.4, 0.9))
    _built(rng, style, place)
    return place


def _built(rng: np.random.Generator, style: Style, place: Place) -> None:
    for number, colours in enumerate(style.houses):
        x, z = (-4.6, 4.9)[number % 2], -17.0 - 2 * number
        place.add(props.house(rng, *colours, snowy=True), x, z, scale=1.35, turn_deg=(18, -18)[number % 2])
        place.lamps.append(Lamp((x * 0.9, 1.1, z + 2.0), strength=3.0, halo=0.0))
    if style.snowman:
        place.add(props.snowman(), 2.9, -8.2, turn_deg=-15)
    if style.fence:
        for x in props.row(-9, 9, 6.0):
            place.add(props.fence((0.30, 0.17, 0.09), 4.6), x, -13.5)
