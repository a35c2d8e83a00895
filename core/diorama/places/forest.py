"""Forests: trees to both sides and a wall of them behind a clearing or a path."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from core.diorama.places import grounds, props
from core.diorama.scenery import Ground, Lamp, Place, Sky
from core.diorama.solids import Colour, Shape


class Style(NamedTuple):
    """What differs between forests."""

    trees: str
    leaves: tuple[Colour, ...]
    floor: tuple[Colour, Colour]
    horizon: float
    path: bool = False
    dots: tuple[Colour, ...] = ()
    lantern: bool = False
    air: Colour = (0.55, 0.72, 0.74)


GREEN: Colour = (0.07, 0.26, 0.04)
PINE: Colour = (0.025, 0.16, 0.07)
SPRING: Colour = (0.20, 0.40, 0.05)
AUTUMN: tuple[Colour, ...] = ((0.62, 0.20, 0.02), (0.70, 0.38, 0.03), (0.45, 0.07, 0.02))
EARTH: Colour = (0.26, 0.15, 0.07)

STYLES = (
    Style("round", (GREEN, SPRING), ((0.10, 0.22, 0.03), (0.17, 0.28, 0.05)), 0.36, path=True),
    Style("fir", (PINE,), ((0.10, 0.13, 0.04), (0.20, 0.14, 0.06)), 0.42),
    Style("round", AUTUMN, ((0.32, 0.17, 0.05), (0.42, 0.22, 0.05)), 0.38, dots=AUTUMN, air=(0.75, 0.70, 0.60)),
    Style("birch", (SPRING, (0.35, 0.42, 0.06)), ((0.14, 0.30, 0.05), (0.22, 0.34, 0.07)), 0.34),
    Style("mixed", (GREEN, PINE), ((0.07, 0.17, 0.05), (0.11, 0.24, 0.06)), 0.44, path=True, lantern=True),
    Style("birch", AUTUMN[1:2], ((0.30, 0.24, 0.07), (0.20, 0.22, 0.06)), 0.40, path=True, dots=AUTUMN[:2]),
)


def draw(rng: np.random.Generator, style: Style) -> Place:
    """A forest."""
    seed = float(rng.uniform(0, 50))
    paint = grounds.mottled(*style.floor, scale=0.45, seed=seed)
    if style.dots:
        paint = grounds.dotted(paint, style.dots, scale=2.6, share=0.2, seed=seed)
    if style.path:
        earth = grounds.mottled(EARTH, (0.34, 0.21, 0.11), scale=0.9, seed=seed)
        paint = grounds.band(earth, paint, axis=0, centre=0.0, half=1.0, soft=0.15)
    air = Sky(day=(style.air, (0.16, 0.40, 0.66)), haze=38.0, seed=seed, moon=(float(rng.uniform(-0.3, 0.3)), 0.3))
    place = Place(Ground(paint, 0.35, 1.4, seed=seed), sky=air, horizon=style.horizon)
    for x in props.row(-14, 14, 1.9):
        place.add(
            _tree(rng, style),
            x + rng.uniform(-0.5, 0.5),
            -rng.uniform(20, 25),
            scale=rng.uniform(1.2, 1.6),
            casts=False,
        )
    for x, z in props.scatter(rng, 14, 7.0, 18.0, clear=0.24, apart=1.7):
        place.add(_tree(rng, style), x, z, scale=rng.uniform(0.95, 1.4), turn_deg=rng.uniform(0, 360))
    for x, z in props.scatter(rng, 6, 5.0, 12.0, clear=0.25, apart=1.0):
        place.add(props.bush(rng, style.leaves[0]), x, z, scale=rng.uniform(0.5, 0.9))
    _details(rng, style, place)
    return place


def _details(rng: np.random.Generator, style: Style, place: Place) -> None:
    for x, z in props.scatter(rng, 3, 4.6, 8.0, clear=0.3, apart=0.9):
        place.add(props.rock(rng, (0.25, 0.24, 0.22), moss=GREEN), x, z, scale=rng.uniform(0.3, 0.55))
    for x, z in props.scatter(rng, 4, 4.5, 7.0, clear=0.28, apart=0.6):
        place.add(props.mushroom(), x, z, scale=rng.uniform(0.6, 1.0))
    if style.lantern:
        for x, z in ((-1.7, -7.5), (1.8, -11.0)):
            place.add(props.street_lamp(), x, z, scale=0.65)
            place.lamps.append(Lamp((x, 1.85, z)))


def _tree(rng: np.random.Generator, style: Style) -> Shape:
    leaves = style.leaves[rng.integers(len(style.leaves))]
    kind = style.trees if style.trees != "mixed" else ("round", "fir")[rng.integers(2)]
    return {"round": props.round_tree, "fir": props.fir, "birch": props.birch}[kind](rng, leaves)
