"""Where an object lies in its image, how large it is, and how much of it a crop keeps; of masks alone, no torch."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from PIL import Image

from core.errors import DataError
from core.images.preprocess import Preprocess

#: (H, W) of a mean mask.
MEAN_SIZE = (64, 64)
#: Of a random resized crop: share of the image's area, width / height, and draws before the fallback.
_SCALE, _RATIO, _ATTEMPTS = (0.08, 1.0), (3 / 4, 4 / 3), 10


@dataclass(frozen=True)
class Geometry:
    """An object in its image, before any crop.

    Attributes:
        object_area: Share of the pixels that belong to the object, 0..1.
        centre_distance: From the object's centre of mass to the image's centre, in halves of the diagonal: 0 at the
            centre, 1 in a corner. NaN for an empty mask.
    """

    object_area: float
    centre_distance: float


def of(mask: np.ndarray) -> Geometry:
    """How large an object is and how far from the centre.

    Args:
        mask: bool (H, W), at the image's own size.

    Raises:
        DataError: If it is no mask.

    Source: Moayeri et al. 2022, "Hard ImageNet", which compares data sets by both.
    """
    height, width = _checked(mask).shape
    n = int(np.count_nonzero(mask))
    if not n:
        return Geometry(0.0, math.nan)
    # Centres of pixels, so that one that fills its image lies at the centre.
    y = (mask.sum(axis=1) @ (np.arange(height) + 0.5)) / n
    x = (mask.sum(axis=0) @ (np.arange(width) + 0.5)) / n
    distance = math.hypot(x - width / 2, y - height / 2) / (math.hypot(width, height) / 2)
    return Geometry(n / mask.size, distance)


def kept_by(mask: np.ndarray, preprocess: Preprocess) -> float:
    """The share of an object that survives a model's own resize and crop.

    Args:
        mask: bool (H, W), at the image's own size.
        preprocess: The model's.

    Returns:
        0..1; by area, also of pixels that the resize leaves partly covered. 0 for an object too thin to leave a trace
        in the resized image, NaN for an empty mask.

    Raises:
        DataError: If it is no mask.
    """
    if not _checked(mask).any():
        return math.nan
    resized = preprocess.resized(preprocess.mask_picture(mask))
    whole, kept = (int(np.asarray(part, np.int64).sum()) for part in (resized, preprocess.cropped(resized)))
    return kept / whole if whole else 0.0


def random_crops(mask: np.ndarray, rng: np.random.Generator, n: int = 10) -> float:
    """The mean share of an object that training's random resized crops keep.

    Args:
        mask: bool (H, W), at the image's own size.
        rng: Decides the crops.
        n: How many.

    Returns:
        0..1; NaN for an empty mask.

    Raises:
        DataError: If it is no mask.
    """
    total = int(np.count_nonzero(_checked(mask)))
    if not total:
        return math.nan
    crops = (random_crop(mask.shape, rng) for _ in range(n))
    kept = [np.count_nonzero(mask[top : top + height, left : left + width]) for top, left, height, width in crops]
    return float(np.mean(kept)) / total


def random_crop(
    size: tuple[int, ...], rng: np.random.Generator, scale: tuple[float, float] = _SCALE
) -> tuple[int, int, int, int]:
    """A box as torchvision's ``RandomResizedCrop`` draws it; by default with its default shares.

    The area is uniform, the logarithm of width / height too, and the place among those where the box fits. A box that
    does not fit is drawn again; after ten of them the largest central one of an allowed shape is taken.

    Args:
        size: (H, W) of the image.
        rng: Decides it.
        scale: Least and largest share of the image's area.

    Returns:
        ``(top, left, height, width)``, in pixels.
    """
    height, width = size
    for _ in range(_ATTEMPTS):
        area = height * width * rng.uniform(*scale)
        ratio = math.exp(rng.uniform(math.log(_RATIO[0]), math.log(_RATIO[1])))
        tall, wide = round(math.sqrt(area / ratio)), round(math.sqrt(area * ratio))
        if 0 < tall <= height and 0 < wide <= width:
            top, left = rng.integers(0, [height - tall + 1, width - wide + 1]).tolist()
            return top, left, tall, wide
    tall, wide = min(height, round(width / _RATIO[0])), min(width, round(height * _RATIO[1]))
    return (height - tall) // 2, (width - wide) // 2, tall, wide


def mean_mask(masks: Iterable[np.ndarray]) -> np.ndarray:
    """Where objects usually lie: the mean of masks, each stretched over the same square.

    Args:
        masks: bool (H, W) each, of any size.

    Returns:
        float32 (64, 64): the share of masks that cover each place, 0..1; NaN without masks.

    Raises:
        DataError: If one is no mask.
    """
    total, n = np.zeros(MEAN_SIZE), 0
    for mask in masks:
        picture = Image.fromarray(_checked(mask).astype(np.float32))
        # A box filter gives exact shares of area.
        total += np.asarray(picture.resize(MEAN_SIZE[::-1], Image.Resampling.BOX))
        n += 1
    return (total / n if n else np.full(MEAN_SIZE, np.nan)).astype(np.float32)


def _checked(mask: np.ndarray) -> np.ndarray:
    if mask.dtype != bool or mask.ndim != 2 or not mask.size:
        raise DataError(f"a mask is {mask.dtype} {mask.shape}, but must be bool (H, W) with pixels.")
    return mask
