"""The places of Diorama: for each of the eight of FOCUS, styles that differ in layout, colours and props.

A place is one file with ``STYLES`` and ``draw(rng, style)``. Variant ``n`` follows style ``n % len(STYLES)``; what the
style leaves open is drawn from a generator of its own.
"""

from __future__ import annotations

import importlib

import numpy as np

from core.diorama.assets import PLACES
from core.diorama.scenery import Place, render

__all__ = ["Place", "make", "render"]


def make(place: str, variant: int) -> Place:
    """A place, ready for ``render``.

    Args:
        place: One of the eight (``core.diorama.assets``).
        variant: From 0 on; the first six differ in style, later ones in detail.
    """
    if place not in PLACES:
        raise ValueError(f"there is no place {place!r}; choose one of {', '.join(PLACES)}")
    module = importlib.import_module(f"{__name__}.{place}")
    rng = np.random.default_rng([PLACES.index(place), variant])
    return module.draw(rng, module.STYLES[variant % len(module.STYLES)])
