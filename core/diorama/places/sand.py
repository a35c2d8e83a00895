"""Sand: deserts and beaches."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from core.diorama.places import grounds, props
from core.diorama.scenery import Ground, Place, Sky
from core.diorama.solids import Colour


class Style(NamedTuple):
    """What differs between sandy places."""

    sand: tuple[Colour, Colour]
    horizon: float
    ripples: bool = False
    dunes: bool = True
    sea: Colour | None = None
    cacti: int = 0
    palms: int = 0
    parasols: tuple[tuple[Colour, Colour], ...] = ()
    stones: int = 3


YELLOW = ((0.66, 0.45, 0.20), (0.74, 0.53, 0.26))
WHITE: Colour = (0.85, 0.83, 0.78)
SEA: Colour = (0.03, 0.33, 0.45)

STYLES = (
    Style(YELLOW, 0.38, ripples=True),
    Style(((0.74, 0.60, 0.38), (0.80, 0.67, 0.45)), 0.33, dunes=False, sea=SEA, palms=4, stones=2),
    Style(((0.62, 0.33, 0.15), (0.70, 0.40, 0.19)), 0.42, cacti=6, stones=5),
    Style(
        ((0.78, 0.68, 0.50), (0.84, 0.75, 0.58)),
        0.36,
        dunes=False,
        sea=(0.05, 0.40, 0.50),
        parasols=((WHITE, (0.75, 0.06, 0.05)), ((0.9, 0.6, 0.06), WHITE), (WHITE, (0.04, 0.2, 0.6))),
    ),
    Style(((0.72, 0.50, 0.26), (0.66, 0.42, 0.20)), 0.46, ripples=True, palms=5, stones=1),
    Style(((0.60, 0.52, 0.40), (0.68, 0.60, 0.47)), 0.40, dunes=True, stones=8, cacti=1),
)


def draw(rng: np.random.Generator, style: Style) -> Place:
    """A desert or a beach."""
    seed = float(rng.uniform(0, 50))
    paint = grounds.mottled(*style.sand, scale=0.4, grain=0.25, seed=seed)
    if style.ripples:
        paint = grounds.striped(*style.sand, width=0.22, axis=2, soft=0.5, seed=seed)
    if style.sea:
        foam = grounds.mottled(WHITE, WHITE, grain=0.1)
        water = grounds.mottled(style.sea, tuple(0.8 * c for c in style.sea), scale=0.5, grain=0.1)
        paint = grounds.band(water, paint, axis=2, centre=-220.0, half=206.0, soft=0.2)
        paint = grounds.band(foam, paint, axis=2, centre=-14.0, half=0.35, soft=0.2)
    sky = Sky(haze=90.0, seed=seed, moon=(float(rng.uniform(-0.3, 0.3)), 0.27))
    place = Place(Ground(paint, 0.5, 1.1, stretch=3.0, seed=seed), sky=sky, horizon=style.horizon)
    if style.dunes:
        for x, z in ((-17, -38), (0, -50), (19, -36), (9, -26)):
            radii = (rng.uniform(10, 16), rng.uniform(1.6, 4.0), rng.uniform(5, 8))
            place.add(props.hill(style.sand[0], radii), x + rng.uniform(-3, 3), z)
    for x, z in props.scatter(rng, style.palms, 8.5, 13.0, clear=0.24, apart=2.0):
        place.add(props.palm(rng), x, z, scale=rng.uniform(1.0, 1.5))
    for x, z in props.scatter(rng, style.cacti, 7.0, 18.0, clear=0.24, apart=2.0):
        place.add(props.cactus(rng), x, z, turn_deg=rng.uniform(-40, 40))
    spots = props.scatter(rng, len(style.parasols), 8.0, 12.0, clear=0.25, apart=2.4)
    for (x, z), colours in zip(spots, style.parasols, strict=False):
        place.add(props.parasol(*colours), x, z, turn_deg=rng.uniform(0, 90))
        place.add(props.box(colours[1], (0.9, 0.03, 0.35)), x + 0.6, z + 0.6)
    for x, z in props.scatter(rng, style.stones, 5.0, 13.0, clear=0.27, apart=1.5):
        place.add(props.rock(rng, (0.42, 0.30, 0.20)), x, z, scale=rng.uniform(0.3, 0.9))
    return place
