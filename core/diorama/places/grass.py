"""Meadows, lawns and pastures under an open sky."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from core.diorama.places import grounds, props
from core.diorama.scenery import Ground, Lamp, Place, Sky
from core.diorama.solids import Colour


class Style(NamedTuple):
    """What differs between meadows."""

    blades: tuple[Colour, Colour]
    horizon: float
    mown: bool = False
    flowers: tuple[Colour, ...] = ()
    fence: Colour | None = None
    house: tuple[Colour, Colour] | None = None
    hills: Colour | None = (0.16, 0.33, 0.07)
    trees: int = 4
    bushes: int = 3


WHITE: Colour = (0.85, 0.85, 0.80)
YELLOW: Colour = (0.90, 0.62, 0.04)
RED: Colour = (0.75, 0.05, 0.04)
VIOLET: Colour = (0.35, 0.12, 0.60)
LEAVES: Colour = (0.08, 0.28, 0.04)

STYLES = (
    Style(((0.16, 0.38, 0.05), (0.25, 0.46, 0.07)), 0.38, flowers=(WHITE, YELLOW)),
    Style(((0.13, 0.35, 0.05), (0.20, 0.45, 0.07)), 0.34, mown=True, fence=WHITE, house=(WHITE, RED), hills=None),
    Style(((0.22, 0.36, 0.06), (0.36, 0.42, 0.09)), 0.44, flowers=(RED,), trees=2, bushes=5),
    Style(((0.48, 0.40, 0.10), (0.36, 0.38, 0.08)), 0.32, trees=1, bushes=2, fence=(0.28, 0.15, 0.07)),
    Style(((0.10, 0.32, 0.08), (0.17, 0.40, 0.10)), 0.47, flowers=(VIOLET, WHITE), trees=3, hills=(0.10, 0.28, 0.12)),
    Style(((0.20, 0.42, 0.05), (0.14, 0.34, 0.05)), 0.36, mown=True, trees=7, bushes=6, hills=None),
)


def draw(rng: np.random.Generator, style: Style) -> Place:
    """A meadow."""
    seed = float(rng.uniform(0, 50))
    paint = grounds.mottled(*style.blades, scale=0.35, seed=seed)
    if style.mown:
        paint = grounds.striped(*style.blades, width=0.9, seed=seed)
    if style.flowers:
        paint = grounds.dotted(paint, style.flowers, scale=1.7, share=0.11, seed=seed)
    sky = Sky(haze=80.0, seed=seed, moon=(float(rng.uniform(-0.3, 0.3)), 0.26))
    place = Place(Ground(paint, 0.5, 2.0, seed=seed), sky=sky, horizon=style.horizon)
    if style.hills:
        for x, z in ((-22, -52), (4, -64), (26, -50)):
            radii = (rng.uniform(16, 24), rng.uniform(3, 6), 10.0)
            place.add(props.hill(props.shaded(rng, style.hills), radii), x + rng.uniform(-4, 4), z, casts=False)
    for x, z in props.scatter(rng, style.trees, 12.0, 26.0, clear=0.16, apart=3.0):
        place.add(props.round_tree(rng, LEAVES), x, z, scale=rng.uniform(1.0, 1.5))
    for x, z in props.scatter(rng, style.bushes, 7.0, 16.0, clear=0.2, apart=1.5):
        place.add(props.bush(rng, LEAVES, style.flowers[0] if style.flowers else None), x, z)
    if not style.mown:
        for x, z in props.scatter(rng, 12, 4.4, 10.0, clear=0.2, apart=0.7):
            place.add(props.tuft(rng, style.blades[0]), x, z, scale=rng.uniform(0.6, 1.0))
    _built(rng, style, place)
    return place


def _built(rng: np.random.Generator, style: Style, place: Place) -> None:
    if style.fence:
        for x in props.row(-10, 10, 5.0):
            place.add(props.fence(style.fence, 5.0), x, -14.5)
    if style.house:
        x = -4.2 if rng.uniform() < 0.5 else 4.2
        place.add(props.house(rng, *style.house), x, -18.5, scale=1.4)
        place.lamps.append(Lamp((x, 1.2, -16.6), strength=3.0, halo=0.0))
