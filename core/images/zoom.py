"""An image seen from far to near: resized to a size, then cropped around one of nine anchors. No torch.

The shorter side is resized (bicubic) to one of 36 sizes, and a square is cut around the centre of one of the nine cells
of a 3 x 3 grid over the resized image; what lies outside of the image is black. Size 256 at the middle anchor is the
usual single crop but for rounding: whole thirds put it up to a pixel and a half before the centred one (on a side of
256 it begins at 15 and not at 16).

Source: Taesiri et al. 2023, "ImageNet-Hard: The hardest images remaining from a study of the power of zoom and spatial
biases in image classification".
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image

from core.errors import UsageError
from core.images.opening import as_rgb, reasons, require_size

#: Side of the model's input for which the study states its sizes.
SIDE = 224
#: Of the shorter side after resizing, in pixels, for an input of that side.
SIZES = (
    *(10, 16, 32, 48, 64, 96, 122, 128, 192, 224, 235, 240, 256, 288, 320, 348, 384, 448, 460, 512, 573, 576),
    *(640, 664, 672, 680, 686, 690, 700, 720, 768, 798, 832, 896, 911, 1024),
)
#: Cells of the grid: (row, col), from the top left.
ANCHORS = tuple((row, col) for row in range(3) for col in range(3))
MIDDLE = (1, 1)
_FILTER = Image.Resampling.BICUBIC


def crop(image: Image.Image, *, size: int, row: int, col: int, side: int = SIDE) -> np.ndarray:
    """One zoomed crop of an image.

    Args:
        image: Any mode that can be shown, at its own size.
        size: What its shorter side becomes, in pixels, for an input of 224: one of ``SIZES`` in the study, any other
            works alike. For another ``side`` it is scaled; see ``scaled``.
        row: Of the anchor: 0 above, 1 in the middle, 2 below.
        col: Of the anchor: 0 left, 1 in the middle, 2 right.
        side: Of the crop, pixels.

    Returns:
        uint8 (side, side, 3), before normalisation; 0 outside of the image.

    Raises:
        UsageError: If a number is none of those.
        ImageError, StorageError: If the image cannot be resized so; see ``core.images.opening.reasons``.
    """
    size, side = _positive("size", size), _positive("side", side)
    anchor = (_index("row", row), _index("col", col))
    require_size(side, side, "cropped")
    with reasons("an image"):
        image = as_rgb(image)
    return next(crops(image, scaled(size, side), (anchor,), (side, side)))


def scaled(size: int, side: int) -> int:
    """A size for an input of another side: ``size * side / 224`` to the nearest pixel, halves up, at least 1."""
    return max(1, (2 * size * side + SIDE) // (2 * SIDE))


def crops(
    image: Image.Image, shorter: int, anchors: Sequence[tuple[int, int]], shape: tuple[int, int]
) -> Iterator[np.ndarray]:
    """Crops of an image at one size, resized once for all of them.

    Where an image is enlarged, the two passes of Pillow's resize are done apart: across over the whole image, then down
    over the columns alone that some crop shows. The pixels are those of the whole resize, bit for bit; an enlarged
    panorama is never held as a whole. Where it is made smaller, which pass comes first is Pillow's choice.

    Args:
        image: RGB, or a mask's picture of one channel.
        shorter: What its shorter side becomes, pixels.
        anchors: (row, col) of each crop.
        shape: (H, W) of the crops.

    Yields:
        uint8 (H, W, 3), or (H, W) of one channel: one crop an anchor; 0 outside of the image.

    Raises:
        ImageError, StorageError: See ``core.images.opening.reasons``.
    """
    with reasons("an image"):
        require_size(image.width, image.height)
        width, height = resized_size(image.width, image.height, shorter)
        require_size(width, height, "resized")
        grows = width >= image.width and height >= image.height
        across = image.resize((width, image.height if grows else height), _FILTER)
        lefts = {col: corner(width, col, shape[1]) for col in dict.fromkeys(col for _, col in anchors)}
        seen = {col: (max(left, 0), min(left + shape[1], width)) for col, left in lefts.items()}
        hull = (min(begin for begin, _ in seen.values()), max(end for _, end in seen.values()))
        # Columns that several crops show are resampled once.
        if sum(end - begin for begin, end in seen.values()) >= hull[1] - hull[0]:
            seen = dict.fromkeys(seen, hull)
        strips = {part: _down(across, part, height) for part in dict.fromkeys(seen.values())}
        for row, col in anchors:
            strip, left = strips[seen[col]], lefts[col] - seen[col][0]
            yield _cut(strip, corner(height, row, shape[0]), left, shape)


def _down(across: Image.Image, part: tuple[int, int], height: int) -> np.ndarray:
    """Some columns of an image, resampled in height alone: uint8 (height, columns, ...)."""
    strip = across if part == (0, across.width) else across.crop((part[0], 0, part[1], across.height))
    return np.asarray(strip if strip.height == height else strip.resize((strip.width, height), _FILTER))


def _cut(pixels: np.ndarray, top: int, left: int, shape: tuple[int, int]) -> np.ndarray:
    """A part of an array, 0 where it lies outside."""
    found = np.zeros((*shape, *pixels.shape[2:]), pixels.dtype)
    inside = pixels[max(top, 0) : top + shape[0], max(left, 0) : left + shape[1]]
    top, left = max(-top, 0), max(-left, 0)
    found[top : top + inside.shape[0], left : left + inside.shape[1]] = inside
    return found


def resized_size(width: int, height: int, shorter: int) -> tuple[int, int]:
    """(width, height) once the shorter side is resized; the longer one in proportion, rounded down."""
    if width <= height:
        return shorter, int(shorter * height / width)
    return int(shorter * width / height), shorter


def corner(length: int, index: int, side: int) -> int:
    """Where a crop begins along one side of the resized image, in pixels; below 0 where it begins outside.

    All divisions are of whole numbers, rounded down: the anchor is ``index * (length // 3) + (length // 3) // 2``.

    Args:
        length: Of the resized image along that side.
        index: Of the anchor, 0 to 2.
        side: Of the crop.
    """
    third = length // 3
    return index * third + third // 2 - side // 2


def _whole(name: str, number: int) -> int:
    try:
        return operator.index(number)
    except TypeError:
        raise UsageError(f"{name} {number!r} is no whole number: give one, such as {name}=1.") from None


def _positive(name: str, number: int) -> int:
    if _whole(name, number) < 1:
        raise UsageError(f"{name} {number} leaves no pixel: give {name}=1 or more.")
    return _whole(name, number)


def _index(name: str, number: int) -> int:
    if _whole(name, number) not in range(3):
        raise UsageError(f"{name} {number} is no anchor of the 3 x 3 grid: give {name}=0, 1 or 2.")
    return _whole(name, number)
