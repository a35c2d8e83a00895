"""An image as a model sees it, without torch: resize and crop of ``images.preprocess``, and what is drawn on top.

Pages show stored results without torch; a test holds this to be pixel for pixel what the engine feeds.
"""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

_RESAMPLING = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "box": Image.Resampling.BOX,
    "hamming": Image.Resampling.HAMMING,
    "lanczos": Image.Resampling.LANCZOS,
}
_OUTLINE = (255, 221, 51)
#: Where one of two maps is larger.
_FIRST, _SECOND = (217, 119, 43), (47, 109, 181)
#: From little to much: violet, magenta, red; colours that grass, sky and sand do not have.
_HEAT = np.array([[40, 10, 110], [130, 20, 160], [205, 25, 135], [235, 40, 80], [255, 70, 40]], dtype=float)


def as_seen(image: Image.Image, transform: Mapping[str, Any]) -> Image.Image:
    """Resize and crop an image as the model's evaluation preprocessing does.

    Args:
        image: Any mode; converted to RGB.
        transform: timm's resolved data config, as a run's manifest holds it.

    Returns:
        RGB at the model's input size.
    """
    image = image.convert("RGB")
    height, width = (int(side) for side in transform["input_size"][1:])
    scaled = math.floor(height / transform["crop_pct"]), math.floor(width / transform["crop_pct"])
    size = _size(image.size[::-1], scaled, transform["crop_mode"])
    resized = image.resize(size[::-1], _RESAMPLING[transform["interpolation"]])
    top, left = round((size[0] - height) / 2.0), round((size[1] - width) / 2.0)
    if transform["crop_mode"] == "border":
        canvas = Image.new("RGB", (width, height), tuple(round(255 * level) for level in transform["mean"]))
        canvas.paste(
            resized, (-left if left > 0 else (width - size[1]) // 2, -top if top > 0 else (height - size[0]) // 2)
        )
        return canvas
    return resized.crop((left, top, left + width, top + height))


def _size(image: tuple[int, int], scaled: tuple[int, int], mode: str) -> tuple[int, int]:
    """(height, width) that an image of a size is resized to before the crop."""
    height, width = image
    if mode == "squash":
        return scaled
    if mode == "border":
        ratio = max(height / scaled[0], width / scaled[1])
        return round(height / ratio), round(width / ratio)
    if scaled[0] == scaled[1]:
        shorter = scaled[0]
        return (shorter, int(shorter * width / height)) if height <= width else (int(shorter * height / width), shorter)
    ratio = min(height / scaled[0], width / scaled[1])
    return round(height / ratio), round(width / ratio)


def is_object(seen: Image.Image) -> np.ndarray:
    """A mask that went through ``as_seen`` as a white-on-black image: bool (H, W), at least half of a pixel."""
    return np.asarray(seen.convert("L")) >= 128


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
