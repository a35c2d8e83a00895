"""From a file to the pixels a model gets: decode as timm's evaluation does, resize and crop with timm's own transform.

Pixels are uint8 (H, W, 3); they are normalised a batch at a time, on the device (``Normalise``).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from timm.data import create_transform

from core.errors import DataError, ModelError

#: Modes with more than 8 bits a channel. Pillow's conversion to RGB would clip them, mostly to white.
_DEEP_MODES = ("I", "F", "I;16", "I;16B", "I;16L", "I;16N")


def open_rgb(path: Path) -> Image.Image:
    """Decode an image file as RGB, as timm's datasets do.

    Grey, CMYK and palette images are converted by Pillow; of an animation the first frame counts; an EXIF rotation is
    not applied, because training did not apply it either.

    Raises:
        DataError: If Pillow would clip the image (16-bit grey or float); says so by name.
        OSError: If the file cannot be read, is no image, or is truncated.
    """
    with Image.open(path) as image:
        return as_rgb(image)


def as_rgb(image: Image.Image) -> Image.Image:
    """An opened or composed image as RGB; see ``open_rgb``."""
    if image.mode in _DEEP_MODES:
        raise DataError(f"mode {image.mode} has more than 8 bits a channel and would be clipped; save it with 8 bits")
    if image.mode == "RGB":
        image.load()
        return image
    return image.convert("RGB")


class Preprocess:
    """timm's evaluation transform, up to the pixels.

    Args:
        transform: timm's resolved data config: ``input_size``, ``interpolation``, ``crop_pct``, ``crop_mode``, ...

    Attributes:
        size: (H, W) of the result.

    Raises:
        ModelError: If the model does not take three channels.
    """

    def __init__(self, transform: Mapping[str, Any]) -> None:
        channels, *size = transform["input_size"]
        if channels != 3:
            raise ModelError(f"the model takes {channels} channels; only RGB classifiers can be evaluated")
        self.size = (int(size[0]), int(size[1]))
        steps = create_transform(
            tuple(transform["input_size"]),
            is_training=False,
            use_prefetcher=True,
            interpolation=transform["interpolation"],
            mean=tuple(transform["mean"]),
            std=tuple(transform["std"]),
            crop_pct=transform["crop_pct"],
            crop_mode=transform["crop_mode"],
        ).transforms
        # The last step would make a channels-first array; channels last is what convolutions are fastest with.
        self._steps = steps[:-1]

    def __call__(self, image: Image.Image) -> np.ndarray:
        """Resize and crop an RGB image: uint8 (H, W, 3)."""
        for step in self._steps:
            image = step(image)
        return np.asarray(image)

    def mask(self, mask: np.ndarray) -> np.ndarray:
        """Resize and crop an object's mask exactly as the image.

        It goes through the same steps as a white-on-black image, so that resampling and cropping cannot differ; a pixel
        belongs to the object if at least half of it does.

        Args:
            mask: bool (H, W) at the image's own size.

        Returns:
            bool (H, W) at the model's input size.
        """
        return self(Image.fromarray(mask).convert("RGB"))[..., 0] >= 128


class Normalise:
    """A batch of pixels to a model's input, equal to timm's ``ToTensor`` and ``Normalize``.

    Args:
        transform: With ``input_size``, ``mean`` and ``std``.
        device: Where it works.
    """

    def __init__(self, transform: Mapping[str, Any], device: str = "cpu") -> None:
        width = int(transform["input_size"][2])
        # A whole row of (mean, std) triples: the innermost loop then runs over W * 3 values instead of 3.
        self._mean = torch.tensor(transform["mean"], device=device).repeat(width)
        self._std = torch.tensor(transform["std"], device=device).repeat(width)

    def __call__(self, pixels: torch.Tensor) -> torch.Tensor:
        """Normalise.

        Args:
            pixels: uint8 0..255 or float 0..1, (N, H, W, 3), contiguous, on the device.

        Returns:
            float32 (N, 3, H, W), channels_last in memory.
        """
        n, height, width, channels = pixels.shape
        rows = pixels.reshape(n, height, width * channels)
        rows = rows.float().div_(255) if pixels.dtype == torch.uint8 else rows.clone()
        rows = rows.sub_(self._mean).div_(self._std)
        return rows.view(n, height, width, channels).permute(0, 3, 1, 2)
