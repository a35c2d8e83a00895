"""From an opened image to the pixels a model gets: timm's evaluation resize and crop, exactly, without torch.

Pixels are uint8 (H, W, 3); they are normalised a batch at a time, on the device (``core.models.normalise``). Pages and
engine use the same class, so that what is shown is what was fed; tests hold it to be timm's own, pixel for pixel.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image

from core.errors import ModelError, nearest
from core.images.opening import open_rgb, reasons, require_size

__all__ = ["Preprocess", "open_rgb"]

_RESAMPLING = {
    "nearest": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "box": Image.Resampling.BOX,
    "hamming": Image.Resampling.HAMMING,
    "lanczos": Image.Resampling.LANCZOS,
}
#: Of timm; two that halve an odd margin downwards, as transformers does, where timm rounds to the even half; and one
#: whose border is black, as open_clip's, where timm's is of the mean colour.
_CROP_MODES = ("center", "squash", "border", "center-floor", "squash-floor", "border-black")


class Preprocess:
    """timm's evaluation transform, up to the pixels.

    Args:
        transform: timm's resolved data config: ``input_size``, ``interpolation``, ``mean``, ``crop_pct`` and
            ``crop_mode`` count.

    Two are equal if they make the same pixels of every image, whatever is done to those later.

    Attributes:
        size: (H, W) of the result.

    Raises:
        ModelError: If the model does not take three channels, or its preprocessing is none that is known here.
    """

    def __init__(self, transform: Mapping[str, Any]) -> None:
        channels, *size = transform["input_size"]
        if channels != 3:
            raise ModelError(f"the model takes {channels} channels; only RGB classifiers can be evaluated")
        for name, known in (("interpolation", _RESAMPLING), ("crop_mode", _CROP_MODES)):
            if transform[name] not in known:
                raise ModelError(
                    f"the model's {name} '{transform[name]}' is unknown.{nearest(str(transform[name]), known)} "
                    f"Known: {', '.join(known)}."
                )
        self.size = (int(size[0]), int(size[1]))
        self._resampling = _RESAMPLING[transform["interpolation"]]
        self._crop_mode, _, variant = transform["crop_mode"].partition("-")
        self._floors = variant == "floor"
        self._scaled = tuple(math.floor(side / transform["crop_pct"]) for side in self.size)
        self._fill = (0, 0, 0) if variant == "black" else tuple(round(255 * level) for level in transform["mean"])

    @property
    def _key(self) -> tuple[object, ...]:
        fill = self._fill if self._crop_mode == "border" else None
        return self.size, self._resampling, self._crop_mode, self._floors, self._scaled, fill

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Preprocess) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    def __call__(self, image: Image.Image) -> np.ndarray:
        """Resize and crop an RGB image: uint8 (H, W, 3)."""
        return np.asarray(self.picture(image))

    def picture(self, image: Image.Image) -> Image.Image:
        """Resize and crop an RGB image, or a mask's picture."""
        return self.cropped(self.resized(image))

    def resized(self, image: Image.Image) -> Image.Image:
        """An RGB image, or a mask's picture, as it is before the crop.

        Raises:
            ImageError, StorageError: See ``core.images.opening.reasons``.
        """
        with reasons("an image"):
            require_size(image.width, image.height)
            height, width = self._resized_size(image.height, image.width)
            require_size(width, height, "resized")
            return image.resize((width, height), self._resampling)

    def cropped(self, resized: Image.Image, down: int = 1, across: int = 1) -> Image.Image:
        """The part of a resized image that the model gets; what lies outside of it is padded as timm does.

        Args:
            resized: From ``resized``.
            down: Where the part lies, in halves of the room that there is: 0 at the top, 1 centred, 2 at the bottom.
            across: The same from left to right.
        """
        height, width = self.size
        begin = _begin_floored if self._floors else _begin
        top, left = begin(resized.height, height, down), begin(resized.width, width, across)
        with reasons("an image"):
            if self._crop_mode == "border":
                # What is padded belongs to no object, whatever the mean colour is.
                fill = self._fill if resized.mode == "RGB" else 0
                canvas = Image.new(resized.mode, (width, height), fill)
                canvas.paste(resized, (-left, -top))
                return canvas
            return resized.crop((left, top, left + width, top + height))

    def _resized_size(self, height: int, width: int) -> tuple[int, int]:
        """(height, width) before the crop."""
        scaled = self._scaled
        if self._crop_mode == "squash":
            return scaled
        if self._crop_mode == "border":
            ratio = max(height / scaled[0], width / scaled[1])
            return round(height / ratio), round(width / ratio)
        if scaled[0] == scaled[1]:
            shorter = scaled[0]
            if height <= width:
                return shorter, int(shorter * width / height)
            return int(shorter * height / width), shorter
        ratio = min(height / scaled[0], width / scaled[1])
        return round(height / ratio), round(width / ratio)

    def mask(self, mask: np.ndarray) -> np.ndarray:
        """Resize and crop an object's mask exactly as the image.

        It goes through the same steps as a white-on-black image, so that resampling and cropping cannot differ; a pixel
        belongs to the object if at least half of it does. What is padded never does.

        Args:
            mask: bool (H, W) at the image's own size.

        Returns:
            bool (H, W) at the model's input size.
        """
        return self.is_object(self.picture(self.mask_picture(mask)))

    @staticmethod
    def mask_picture(mask: np.ndarray) -> Image.Image:
        """A mask, bool (H, W), as a white-on-black image of one channel."""
        return Image.fromarray(mask.view(np.uint8) * np.uint8(255))

    @staticmethod
    def is_object(picture: Image.Image) -> np.ndarray:
        """A white-on-black image as a mask: bool (H, W)."""
        return np.asarray(picture) >= 128


def _begin(there: int, wanted: int, halves: int = 1) -> int:
    """Where a crop of a side begins; below zero where the side is too short and is padded on both sides."""
    if there <= wanted:
        return -((wanted - there) // 2)
    return round((there - wanted) * halves / 2.0)


def _begin_floored(there: int, wanted: int, halves: int = 1) -> int:
    """The same by transformers' rule: what is odd is halved downwards, also where the side is padded."""
    return (there - wanted) * (halves if there > wanted else 1) // 2
