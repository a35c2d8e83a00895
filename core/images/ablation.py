"""Take an object out of an image: what a classifier still says then, it says from the context.

Source: Moayeri, Singla and Feizi 2022, "Hard ImageNet: Segmentations for objects with strong spurious cues" (gray, gray
box and tile). The released code leaves the last row and column out of every box, and transposes tiles; here boxes are
whole, and tiles lie as they lay.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from core.errors import UsageError, nearest

#: The grey of no information: the middle of the range.
GREY = 0.5
#: Pixels that touch at a corner are of one component: a thin slanted object is one object, not a box a pixel.
_NEIGHBOURS = np.ones((3, 3), bool)


def ablate(image: np.ndarray, mask: np.ndarray, kind: str) -> np.ndarray:
    """An image without its object.

    Args:
        image: float32 (H, W, 3) in [0, 1].
        mask: bool (H, W), True where the object is.
        kind: What takes the object's place; one of ``KINDS``:

            ``gray``: 0.5 in each pixel of the mask.

            ``gray-box``: 0.5 in the mask's bounding box, its last row and column included.

            ``tile``: the surroundings, in the bounding box of each connected component; see ``_tiled``.

            ``mean-colour``: the mean colour of the pixels outside the mask in each of it; 0.5 if there are none.

    Returns:
        A new array, float32 (H, W, 3) in [0, 1]; equal to the image where the mask is empty.

    Raises:
        UsageError: If shapes, types or range are others, or the kind is unknown.
    """
    _require(image, mask)
    if kind not in KINDS:
        raise UsageError(f"unknown ablation '{kind}'.{nearest(str(kind), KINDS)} Known: {', '.join(KINDS)}.")
    return KINDS[kind](image, mask) if mask.any() else image.copy()


def _require(image: np.ndarray, mask: np.ndarray) -> None:
    if image.dtype != np.float32 or image.ndim != 3 or image.shape[2] != 3:
        raise UsageError(
            f"an image must be float32 (H, W, 3), got {image.dtype} {image.shape}; convert 8-bit pixels to float32 and "
            "divide them by 255"
        )
    if mask.dtype != bool or mask.shape != image.shape[:2]:
        raise UsageError(
            f"a mask must be bool {image.shape[:2]} as its image, got {mask.dtype} {mask.shape}; "
            "resize and crop both alike, and compare the mask with a threshold"
        )
    # Written so that NaN is refused too.
    if image.size and not (image.min() >= 0 and image.max() <= 1):
        raise UsageError(
            f"an image must be within [0, 1], got {image.min():g} to {image.max():g}; ablate it before it is normalised"
        )


def _gray(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return _covered(image, mask, np.full(3, GREY, np.float32))


def _gray_box(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    found = image.copy()
    found[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] = GREY
    return found


def _mean_colour(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    return _covered(image, mask, _colour_outside(image, mask))


def _covered(image: np.ndarray, mask: np.ndarray, colour: np.ndarray) -> np.ndarray:
    """A copy with one colour, float32 (3,), in each pixel of the mask."""
    found = image.copy()
    # Whole rows of W * 3 values: with the channels as an axis of their own, it takes three times as long.
    np.copyto(found.reshape(len(mask), -1), np.tile(colour, mask.shape[1]), where=np.repeat(mask, 3, axis=1))
    return found


def _tiled(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Fill the bounding box of each connected component from the side with most room.

    On each of the four sides a strip begins at the box, as high (left, right) or as wide (above, below) as the box, and
    ends before the first column or row with a pixel of any object in it, or at the image's border. The largest is the
    one with most pixels; of equal ones the first of left, right, above, below.

    The tile is what of that strip lies nearest to the box, at most as deep as the box. Of the pixels next to an object,
    which are still up to half its own, it has none unless there are no others: repeated, such an outline would show the
    object's shape. It is repeated, neither turned nor mirrored, from the edge at which it faces the box. What fills a
    box comes from as near as it can, and mirroring an image mirrors what is filled in (ties apart); repeating whole
    strips would show the far end of the image in the box of a small object.

    Strips are those of the given image, never of boxes that have been filled. Where boxes overlap, the later one in
    reading order of their components lies on top. A box without a free pixel on any side gets the mean colour of all
    pixels without an object, 0.5 if there are none.
    """
    found = image.copy()
    components, _ = ndimage.label(mask, structure=_NEIGHBOURS)
    for rows, columns in ndimage.find_objects(components):
        strip = max(_strips(mask, rows, columns), key=lambda each: each.area)
        if strip.area:
            found[rows, columns] = strip.fill(image, rows, columns)
        else:
            found[rows, columns] = _colour_outside(image, mask)
    return found


@dataclass(frozen=True)
class _Strip:
    """The object-free pixels on one side of a box.

    Attributes:
        area: Pixels.
        depth: Columns (left, right) or rows (above, below).
        is_between: Whether it ends at an object, and not at the image's border.
        axis: 1 for left and right, 0 for above and below.
        before: Whether it lies to the left or above.
    """

    area: int
    depth: int
    is_between: bool
    axis: int
    before: bool

    def fill(self, image: np.ndarray, rows: slice, columns: slice) -> np.ndarray:
        """The box, filled: (h, w, 3)."""
        box = (rows, columns)[self.axis]
        gap = 1 if self.depth > 1 else 0
        far_gap = 1 if self.is_between and self.depth > 2 else 0
        period = min(self.depth - gap - far_gap, box.stop - box.start)
        steps = np.arange(box.stop - box.start)
        if self.before:
            at = box.start - gap - period + steps % period
        else:
            at = box.stop + gap + period - 1 - steps[::-1] % period
        return image[rows, at] if self.axis == 1 else image[at, columns]


def _strips(mask: np.ndarray, rows: slice, columns: slice) -> Iterator[_Strip]:
    """The strips on the left, on the right, above and below a box."""
    height, width = rows.stop - rows.start, columns.stop - columns.start
    for axis, across in ((1, height), (0, width)):
        taken, box = (mask[rows].any(axis=0), columns) if axis == 1 else (mask[:, columns].any(axis=1), rows)
        for before, outwards in ((True, taken[: box.start][::-1]), (False, taken[box.stop :])):
            is_between = bool(outwards.any())
            depth = int(outwards.argmax()) if is_between else len(outwards)
            yield _Strip(depth * across, depth, is_between, axis, before)


def _colour_outside(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Mean colour of the pixels without an object, float32 (3,); grey if there are none."""
    n_outside = mask.size - int(mask.sum())
    if not n_outside:
        return np.full(3, GREY, np.float32)
    # Column by column first: a sum over (n, 3) would be several times as slow.
    columns = _covered(image, mask, np.zeros(3, np.float32)).sum(axis=0, dtype=np.float64)
    return (columns.sum(axis=0) / n_outside).astype(np.float32)


#: What can take an object's place, by name.
KINDS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "gray": _gray,
    "gray-box": _gray_box,
    "tile": _tiled,
    "mean-colour": _mean_colour,
}
