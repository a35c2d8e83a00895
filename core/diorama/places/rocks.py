"""Rocky land: boulders, pillars and mountains."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from core.diorama.places import grounds, props
from core.diorama.scenery import Ground, Place, Sky
from core.diorama.solids import Colour


class Style(NamedTuple):
    """What differs between rocky places."""

    stone: Colour
    floor: tuple[Colour, Colour]
    horizon: float
    pillars: Colour | None = None
    peaks: Colour | None = None
    cap: Colour | None = props.SNOW
    moss: Colour | None = None
    firs: int = 0
    pebbles: bool = True


GREY: Colour = (0.30, 0.30, 0.31)
RED: Colour = (0.50, 0.18, 0.07)
MOSS: Colour = (0.16, 0.28, 0.05)

STYLES = (
    Style(GREY, ((0.33, 0.31, 0.29), (0.24, 0.23, 0.22)), 0.40, peaks=(0.26, 0.28, 0.33)),
    Style(RED, ((0.50, 0.24, 0.11), (0.60, 0.32, 0.16)), 0.36, pillars=(0.66, 0.36, 0.18), cap=None),
    Style((0.20, 0.21, 0.20), ((0.22, 0.23, 0.19), (0.16, 0.24, 0.08)), 0.43, moss=MOSS, firs=7),
    Style((0.52, 0.45, 0.34), ((0.50, 0.43, 0.32), (0.42, 0.36, 0.27)), 0.33, peaks=(0.50, 0.40, 0.30), cap=None),
    Style((0.12, 0.11, 0.12), ((0.10, 0.09, 0.10), (0.17, 0.15, 0.15)), 0.38, peaks=(0.14, 0.11, 0.12), cap=RED),
    Style((0.40, 0.42, 0.46), ((0.30, 0.33, 0.30), (0.40, 0.41, 0.42)), 0.46, peaks=(0.34, 0.38, 0.46), firs=4),
)


def draw(rng: np.random.Generator, style: Style) -> Place:
    """A rocky place."""
    seed = float(rng.uniform(0, 50))
    paint = grounds.mottled(*style.floor, scale=0.6, grain=0.6, seed=seed)
    if style.pebbles:
        paint = grounds.dotted(paint, (props.shaded(rng, style.stone, 0.4),), scale=3.0, share=0.28, seed=seed)
    sky = Sky(haze=60.0, seed=seed, moon=(float(rng.uniform(-0.3, 0.3)), 0.27))
    place = Place(Ground(paint, 0.9, 1.8, seed=seed), sky=sky, horizon=style.horizon)
    if style.peaks:
        for x in (-20, -7, 6, 19):
            peak = props.mountain(rng, props.shaded(rng, style.peaks), rng.uniform(7, 12), style.cap)
            place.add(peak, x + rng.uniform(-3, 3), -rng.uniform(38, 50), casts=False)
    if style.pillars:
        for x, z in props.scatter(rng, 9, 13.0, 32.0, clear=0.13, apart=3.0):
            place.add(props.spire(rng, style.stone, style.pillars), x, z, scale=rng.uniform(1.2, 2.2))
    for x, z in props.scatter(rng, style.firs, 12.0, 24.0, clear=0.15, apart=2.0):
        place.add(props.fir(rng, (0.03, 0.17, 0.08)), x, z, scale=rng.uniform(0.9, 1.4))
    for near, far, count, least, most in ((9, 22, 9, 1.2, 2.4), (5, 9, 7, 0.5, 1.0), (4.2, 7, 6, 0.2, 0.4)):
        for x, z in props.scatter(rng, count, near, far, clear=0.25, apart=1.3 * least + 0.3):
            stone = props.rock(rng, style.stone, moss=style.moss)
            place.add(stone, x, z, scale=rng.uniform(least, most), turn_deg=rng.uniform(0, 360))
    return place
