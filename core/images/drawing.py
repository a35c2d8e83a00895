"""What is drawn on pictures: outlines, saliency maps, thumbnails; no torch."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

_OUTLINE = (255, 221, 51)
#: Where one of two maps is larger.
_FIRST, _SECOND = (217, 119, 43), (47, 109, 181)
#: From little to much: violet, magenta, red; colours that grass, sky and sand do not have.
_HEAT = np.array([[40, 10, 110], [130, 20, 160], [205, 25, 135], [235, 40, 80], [255, 70, 40]], dtype=float)


def with_outline(image: Image.Image, mask: np.ndarray) -> Image.Image:
    """An image with the outline of an object drawn on it.

    Args:
        image: RGB.
        mask: bool (H, W), of the image's size.
    """
    inner = mask.copy()
    inner[1:] &= mask[:-1]
    inner[:-1] &= mask[1:]
    inner[:, 1:] &= mask[:, :-1]
    inner[:, :-1] &= mask[:, 1:]
    pixels = np.array(image)
    pixels[mask & ~inner] = _OUTLINE
    return Image.fromarray(pixels)


def with_heat(image: Image.Image, heat: np.ndarray, opacity: float) -> Image.Image:
    """An image under a saliency map.

    Args:
        image: RGB.
        heat: float (H, W), 0..1, of the image's size; NaN counts as 0.
        opacity: 0..1, of the hottest place; cold places stay clear.
    """
    level = np.clip(np.nan_to_num(heat), 0, 1)
    stops = np.linspace(0, 1, len(_HEAT))
    colour = np.stack([np.interp(level, stops, _HEAT[:, channel]) for channel in range(3)], axis=-1)
    weight = (opacity * np.sqrt(level))[..., None]
    return Image.fromarray((np.asarray(image) * (1 - weight) + colour * weight).round().astype(np.uint8))


def with_difference(image: Image.Image, first: np.ndarray, second: np.ndarray, opacity: float) -> Image.Image:
    """An image under the difference of two saliency maps: orange where the first is larger, blue where the second is.

    Args:
        image: RGB.
        first: float (H, W), 0..1, of the image's size; NaN counts as 0.
        second: Another.
        opacity: 0..1, of the largest difference possible.
    """
    change = np.clip(np.nan_to_num(first), 0, 1) - np.clip(np.nan_to_num(second), 0, 1)
    colour = np.where(change[..., None] > 0, np.array(_FIRST, dtype=float), np.array(_SECOND, dtype=float))
    weight = (opacity * np.sqrt(np.abs(change)))[..., None]
    return Image.fromarray((np.asarray(image) * (1 - weight) + colour * weight).round().astype(np.uint8))


def thumbnail(image: Image.Image, side: int = 128) -> bytes:
    """A square JPEG of an image: its centre at the shorter side's length."""
    image = image.convert("RGB")
    shorter = min(image.size)
    left, top = (image.width - shorter) // 2, (image.height - shorter) // 2
    square = image.crop((left, top, left + shorter, top + shorter)).resize((side, side), Image.Resampling.BILINEAR)
    stream = io.BytesIO()
    square.save(stream, "JPEG", quality=82)
    return stream.getvalue()


def png(image: Image.Image, scale: int = 1) -> bytes:
    """A PNG, enlarged without smoothing so that the model's own pixels show."""
    if scale > 1:
        image = image.resize((image.width * scale, image.height * scale), Image.Resampling.NEAREST)
    stream = io.BytesIO()
    image.save(stream, "PNG", compress_level=1)
    return stream.getvalue()
