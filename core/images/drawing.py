"""What is drawn on pictures: outlines, saliency maps, thumbnails; no torch."""

from __future__ import annotations

import base64
import io

import numpy as np
from PIL import Image

_OUTLINE = (255, 221, 51)
#: The share of a map's maximum that is lined, and the line.
_CONTOUR, _CONTOUR_INK = 0.5, (255, 255, 255)
#: Where one of two maps is larger.
_FIRST, _SECOND = (217, 119, 43), (47, 109, 181)
#: From little to much: magenta, red, orange; colours that grass, sky and sand do not have.
HEAT = ((190, 20, 150), (225, 30, 100), (245, 60, 50), (255, 130, 30))
#: Up to this share of its maximum a map is not drawn at all.
CLEAR_TO = 0.15


def with_outline(image: Image.Image, mask: np.ndarray) -> Image.Image:
    """An image with the outline of an object drawn on it.

    Args:
        image: RGB.
        mask: bool (H, W), of the image's size.
    """
    pixels = np.array(image)
    pixels[_edge(mask)] = _OUTLINE
    return Image.fromarray(pixels)


def _edge(mask: np.ndarray) -> np.ndarray:
    """The pixels of an area that touch what is outside of it: bool (H, W)."""
    inner = mask.copy()
    inner[1:] &= mask[:-1]
    inner[:-1] &= mask[1:]
    inner[:, 1:] &= mask[:, :-1]
    inner[:, :-1] &= mask[:, 1:]
    return mask & ~inner


def with_heat(image: Image.Image, heat: np.ndarray, opacity: float) -> Image.Image:
    """An image under a saliency map, with a line around what is over half of its maximum.

    Args:
        image: RGB.
        heat: float (H, W), 0..1, of the image's size; NaN counts as 0.
        opacity: 0..1, of the hottest place; places under ``CLEAR_TO`` show the image as it is.
    """
    level = np.clip(np.nan_to_num(heat), 0, 1)
    stops, colours = np.linspace(CLEAR_TO, 1, len(HEAT)), np.array(HEAT, dtype=float)
    colour = np.stack([np.interp(level, stops, colours[:, channel]) for channel in range(3)], axis=-1)
    weight = (opacity * np.clip((level - CLEAR_TO) / (1 - CLEAR_TO), 0, 1))[..., None]
    pixels = (np.asarray(image) * (1 - weight) + colour * weight).round().astype(np.uint8)
    pixels[_edge(level >= _CONTOUR)] = _CONTOUR_INK
    return Image.fromarray(pixels)


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


def data_uri(encoded: bytes, kind: str = "png") -> str:
    """A picture's bytes as an address that a page carries itself; ``kind`` is png, jpeg or webp."""
    return f"data:image/{kind};base64,{base64.b64encode(encoded).decode()}"
