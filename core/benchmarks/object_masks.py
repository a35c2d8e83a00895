"""Masks of objects that were published as pictures: reading them, and what they say of an object's size and place.

A pixel belongs to the object if its value is at least half, since the values of a JPEG ring.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Literal

import numpy as np
from PIL import Image

from core.errors import ImageError
from core.images.opening import as_rgb, decode_file, reasons, size_of

#: What is wrong with a mask, or worth knowing of it: how a note goes on after the number of masks.
Fault = Literal["", "photo", "unreadable", "shape", "empty", "scaled"]
FAULTS: dict[Fault, str] = {
    "photo": "are photographs, not masks, and count as none: put the published masks back",
    "unreadable": "cannot be read as images and count as none: download them again",
    "shape": "have another shape than their image and count as none: draw them at their image's own size",
    "empty": "are empty; their images stay, and what is measured by masks leaves them out",
    "scaled": "are of another size than their image and of its shape; they are scaled to it",
}

_HALF = 128
#: Values from the first to below the second are neither an object's nor its surroundings'.
_GREY = (64, 192)


def read_mask(mask: Path, image: Path) -> np.ndarray:
    """The object in an image.

    Args:
        mask: Picture of the object; one of another size than the image, and of its shape, is scaled (nearest).
        image: The image's file.

    Returns:
        bool (H, W) at the image's own size, as it is stored: no EXIF rotation is applied.

    Raises:
        ImageError: If the mask is no image, a photograph, or of another shape than its image.
        StorageError: If one of the two cannot be read now.
    """
    what = f"the mask {mask}"
    picture = _picture(mask, what)
    if _is_photo(np.asarray(picture)):
        raise ImageError(f"{what} is a photograph: most of its pixels are neither black nor white")
    size = size_of(image)
    if not same_shape(picture.size, size):
        raise ImageError(
            f"{what} is {picture.width} x {picture.height} pixels and its image {size[0]} x {size[1]}: it does not "
            "show the same frame; draw it at the image's own size"
        )
    scaled = picture if picture.size == size else picture.resize(size, Image.Resampling.NEAREST)
    return np.asarray(scaled) >= _HALF


def measure_file(mask: Path, image: Path) -> tuple[float, float, Fault]:
    """``measure`` of a mask as it is stored, and what is wrong with it; of the image only the size is read.

    Returns:
        Object area, distance from the centre, and a key of ``FAULTS`` or nothing. What counts as no mask has NaN.

    Raises:
        StorageError: If one of the two cannot be read now.
    """
    nothing = float("nan")
    try:
        picture = _picture(mask, f"the mask {mask}")
    except ImageError:
        return nothing, nothing, "unreadable"
    levels = np.asarray(picture)
    if _is_photo(levels):
        return nothing, nothing, "photo"
    try:
        size = size_of(image)
    except ImageError:
        # A fact about the image, which its evaluation records.
        size = picture.size
    if not same_shape(picture.size, size):
        return nothing, nothing, "shape"
    area, distance = measure(levels >= _HALF)
    return area, distance, "empty" if area == 0 else "scaled" if picture.size != size else ""


def measure(mask: np.ndarray) -> tuple[float, float]:
    """Size and place of an object.

    Args:
        mask: bool (H, W).

    Returns:
        The share of the image's pixels that are the object's, 0..1; and how far the mean of their centres lies from the
        image's centre, in half diagonals: 0 in the centre, 1 in a corner, NaN without object. Source: Hard ImageNet
        compares both with RIVAL's.
    """
    height, width = mask.shape
    rows, columns = mask.sum(axis=1), mask.sum(axis=0)
    n = int(rows.sum())
    if n == 0:
        return 0.0, float("nan")
    y = float(rows @ (np.arange(height) + 0.5)) / n - height / 2
    x = float(columns @ (np.arange(width) + 0.5)) / n - width / 2
    return n / mask.size, 2 * math.hypot(x, y) / math.hypot(width, height)


def same_shape(size: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether one (width, height) is the other scaled, sides rounded to whole pixels."""
    large, small = max(size, other), min(size, other)
    # By the longer side, of which the shorter follows to within a pixel.
    at = int(small[1] > small[0])
    return abs(small[at] * large[1 - at] / large[at] - small[1 - at]) <= 1


def _picture(path: Path, what: str) -> Image.Image:
    try:
        image = decode_file(path, what).image
    except ImageError as error:
        # The digest that it carries is the mask's, and would be taken for the image's.
        raise ImageError(f"{what} cannot be opened: {error}") from error
    if image.mode == "L":
        return image
    with reasons(what):
        return as_rgb(image).convert("L")


def _is_photo(levels: np.ndarray) -> bool:
    return 2 * np.count_nonzero((levels >= _GREY[0]) & (levels < _GREY[1])) > levels.size
