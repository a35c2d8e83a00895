"""One picture of Diorama, composed from a row: an object in a place, at a time of day, in some weather."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image

from core.diorama import assets, weather
from core.diorama.depth import encode
from core.images import compositing

#: Part of every benchmark's content; raised when the same row and pictures would give other pixels.
COMPOSITION = 1
#: Distance of the object, in the units of the places: in front of most, with a little weather before it.
OBJECT_DISTANCE = 5.0
_OBJECT_DEPTH = encode(np.array(OBJECT_DISTANCE))


@dataclass(frozen=True)
class Row:
    """What decides a picture to the pixel.

    Attributes:
        sample_id: Names the picture, and seeds what the weather draws by chance.
        category: Of the object.
        instance: Of the category.
        yaw_deg: Where the object faces: 0 towards the camera, 90 to the picture's right, 180 away.
        cut_out: File of the object, relative to the assets' folder.
        place: One of the eight.
        variant: Of the place.
        time: ``day`` or ``night``.
        weather: One of FOCUS's; ``none`` indoors.
        x: Centre of the object as a fraction of the width.
        y: Centre as a fraction of the height, downwards.
        area: Area of the object's box before rotation, as a fraction of the image's.
        angle_deg: Rotation, counter-clockwise.
    """

    sample_id: str
    category: str
    instance: int
    yaw_deg: float
    cut_out: str
    place: str
    variant: int
    time: str
    weather: str
    x: float
    y: float
    area: float
    angle_deg: float


def compose(row: Row, folder: Path = assets.FOLDER) -> compositing.Composite:
    """The picture of a row, with the object's mask.

    Raises:
        DataError: If a picture that it needs is missing.
    """
    box = _box(folder, row.cut_out, row.area, row.angle_deg)
    background = assets.background(folder, row.place, row.variant, row.time)
    pasted = compositing.compose_prepared(box, background, x=row.x, y=row.y)
    if row.weather == "none":
        return pasted
    depth = np.where(pasted.mask, _OBJECT_DEPTH, assets.depth(folder, row.place, row.variant))
    pixels = np.asarray(pasted.image, dtype=np.float32) / 255
    weathered = weather.apply(pixels, depth, row.weather, row.time, _generator(row))
    image = Image.fromarray((weathered * 255 + 0.5).clip(0, 255).astype(np.uint8))
    return compositing.Composite(image, pasted.mask, pasted.inside_fraction)


def _generator(row: Row) -> np.random.Generator:
    name = hashlib.sha256(row.sample_id.encode()).digest()
    return np.random.default_rng(int.from_bytes(name[:8], "little"))


@lru_cache(maxsize=512)
def _box(folder: Path, file: str, area: float, angle_deg: float) -> Image.Image:
    """A cut-out scaled and turned; one of them serves all places in a location map."""
    resolution = (assets.RESOLUTION, assets.RESOLUTION)
    return compositing.scale_and_rotate(
        assets.cut_out(folder, file), area=area, angle_deg=angle_deg, resolution=resolution
    )
