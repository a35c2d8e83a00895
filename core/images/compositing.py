"""Compose one object on one background: the SI-Score recipe, with the mask that comes with it.

Source: Yung et al. 2021, "SI-Score: An image dataset for fine-grained analysis of robustness to object location,
rotation and size", and the released generation code, whose output this reproduces pixel for pixel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from PIL import Image

from core.errors import DataError, UsageError
from core.images.opening import as_rgb

_OPAQUE = 128


@dataclass(frozen=True)
class Composite:
    """A composed image.

    Attributes:
        image: RGB.
        mask: bool (H, W), True where the object is at least half opaque.
        inside_fraction: Share of the rotated bounding box that lies inside the image, 0..1.
    """

    image: Image.Image
    mask: np.ndarray
    inside_fraction: float


@dataclass(frozen=True)
class Placement:
    """Where the rotated box of an object lands; pixels, (left, top) may be negative."""

    left: int
    top: int
    width: int
    height: int
    inside_fraction: float


def square_background(background: Image.Image, resolution: tuple[int, int]) -> Image.Image:
    """Crop a background to its top-left square and resize it (bilinear).

    Args:
        background: Any mode; converted to RGB.
        resolution: Target (width, height) in pixels.

    Raises:
        ImageError: If its mode is one that would be clipped; see ``core.images.opening.as_rgb``.
    """
    side = min(background.size)
    square = as_rgb(background).crop((0, 0, side, side))
    return square.resize(resolution, Image.Resampling.BILINEAR)


def scale_and_rotate(
    foreground: Image.Image, *, area: float, angle_deg: float, resolution: tuple[int, int]
) -> Image.Image:
    """Resize a cut-out (bilinear) to an area, then rotate it (bicubic, canvas expanded).

    Args:
        foreground: Cut-out with transparency; converted to RGBA.
        area: Area of its bounding box as a fraction of the background's, above 0.
        angle_deg: Counter-clockwise.
        resolution: (width, height) of the background in pixels.

    Returns:
        RGBA image of the rotated box.

    Raises:
        UsageError: If ``area`` is not above 0 or leaves less than one pixel.
    """
    foreground = foreground.convert("RGBA")
    resized = foreground.resize(scaled_size(foreground.size, area, resolution), Image.Resampling.BILINEAR)
    return resized.rotate(angle_deg, resample=Image.Resampling.BICUBIC, expand=True)


def scaled_size(size: tuple[int, int], area: float, resolution: tuple[int, int]) -> tuple[int, int]:
    """(width, height) in pixels of a cut-out once it is scaled to an area; see ``scale_and_rotate``.

    Raises:
        UsageError: If ``area`` is not above 0 or leaves less than one pixel.
    """
    if not area > 0:
        raise UsageError(f"area must be above 0, got {area}")
    width, height = size
    scale = math.sqrt(area * resolution[0] * resolution[1] / (width * height))
    scaled = int(width * scale), int(height * scale)
    if min(scaled) < 1:
        raise UsageError(
            f"area {area} makes a {width}x{height} cut-out {scaled[0]}x{scaled[1]} pixels; "
            "use a larger area or resolution"
        )
    return scaled


def box_size(size: tuple[int, int], area: float, angle_deg: float, resolution: tuple[int, int]) -> tuple[int, int]:
    """(width, height) in pixels of what ``scale_and_rotate`` makes of a cut-out of a size, without its picture."""
    blank = Image.new("1", scaled_size(size, area, resolution))
    return blank.rotate(angle_deg, expand=True).size


def place(box: tuple[int, int], *, x: float, y: float, resolution: tuple[int, int]) -> Placement:
    """Where a box of a size lands when its centre is put at a point.

    Args:
        box: (width, height) of the rotated box in pixels.
        x: Centre as a fraction of the image's width, 0 is left.
        y: Centre as a fraction of the image's height, 0 is the top.
        resolution: (width, height) of the image in pixels.
    """
    width, height = box
    left = int(int(x * resolution[0]) - width / 2)
    top = int(int(y * resolution[1]) - height / 2)
    inside_w = max(0, min(left + width, resolution[0]) - max(left, 0))
    inside_h = max(0, min(top + height, resolution[1]) - max(top, 0))
    return Placement(left, top, width, height, inside_w * inside_h / (width * height))


def compose(
    foreground: Image.Image,
    background: Image.Image,
    *,
    area: float,
    x: float,
    y: float,
    angle_deg: float,
    resolution: int | tuple[int, int],
) -> Composite:
    """Put one object on one background.

    Args:
        foreground: Cut-out with transparency.
        background: Any size and mode; its top-left square is used.
        area: Area of the object's bounding box before rotation, as a fraction of the image's, above 0.
        x: Centre of the object's rotated box as a fraction of the width.
        y: Centre as a fraction of the height, downwards.
        angle_deg: Rotation, counter-clockwise.
        resolution: Side of the image in pixels, or (width, height).

    Returns:
        The image, the object's mask and the share of its box that is inside.

    Raises:
        UsageError: If ``area`` is out of range.
        DataError: If the foreground has no transparency, so that it cannot be a cut-out.
        ImageError: If the background's mode is one that would be clipped.
    """
    size = (resolution, resolution) if isinstance(resolution, int) else (int(resolution[0]), int(resolution[1]))
    if not has_transparency(foreground):
        raise DataError(f"a foreground must be a cut-out with transparency (RGBA), got mode {foreground.mode}")
    box = scale_and_rotate(foreground, area=area, angle_deg=angle_deg, resolution=size)
    return compose_prepared(box, square_background(background, size), x=x, y=y)


def compose_prepared(box: Image.Image, background: Image.Image, *, x: float, y: float) -> Composite:
    """Paste an already scaled and rotated cut-out on an already squared background; see ``compose``."""
    where = place(box.size, x=x, y=y, resolution=background.size)
    image = background.copy()
    image.paste(box, (where.left, where.top), box)
    alpha = Image.new("L", background.size, 0)
    alpha.paste(box.getchannel("A"), (where.left, where.top))
    return Composite(image, np.asarray(alpha) >= _OPAQUE, where.inside_fraction)


def has_transparency(image: Image.Image) -> bool:
    """Whether an image has an alpha channel or a transparent colour."""
    return "A" in image.getbands() or "transparency" in image.info


def cutout_fault(image: Image.Image) -> str:
    """Why an image is no cut-out of an object, to follow its name; empty if it is one."""
    if not has_transparency(image):
        return "has no transparency; save it as PNG with an alpha channel"
    low, high = image.convert("RGBA").getchannel("A").getextrema()
    if high < _OPAQUE:
        return "is transparent everywhere: there is no object in it"
    if low >= _OPAQUE:
        return "is opaque everywhere: its background was never removed"
    return ""
