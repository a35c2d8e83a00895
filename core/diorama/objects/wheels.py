"""Wheels of road vehicles and of landing gear."""

from __future__ import annotations

from collections.abc import Sequence

from core.diorama.objects.vehicles import RUBBER, SILVER
from core.diorama.solids import Colour, Shape


def add_wheels(
    shape: Shape,
    axles: Sequence[float],
    *,
    radius: float,
    track: float,
    width: float = 0.1,
    rim: Colour = SILVER,
    height: float | None = None,
) -> None:
    """A pair of wheels on each axle, with rims and hub caps.

    Args:
        shape: Gets the parts.
        axles: x of each axle.
        radius: Of the tyres.
        track: z of the tyres' outer faces.
        width: Half the breadth of a tyre.
        rim: Colour of the rims.
        height: y of the axles; on the ground if left out.
    """
    y = radius if height is None else height
    tyres = shape.part(RUBBER, mirror=True, gloss=0.15)
    rims = shape.part(rim, mirror=True, gloss=0.6)
    for x in axles:
        tyres.cylinder((x, y, track - width), radius, width, axis=2, rounding=0.3 * radius)
        rims.cylinder((x, y, track - 0.02), 0.56 * radius, 0.035, axis=2, rounding=0.015)
        rims.ellipsoid((x, y, track + 0.012), (0.2 * radius, 0.2 * radius, 0.03))
