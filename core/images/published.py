"""How the published code of Hard ImageNet resizes images and masks; only views that compare with the paper do so.

Source: the code released with Moayeri, Singla and Feizi 2022, "Hard ImageNet: Segmentations for objects with strong
spurious cues": images and masks squashed to 256 x 256 and cropped to 224 x 224, masks counted where above 0.
"""

from __future__ import annotations

import numpy as np
from PIL import Image

from core.images.preprocess import Preprocess

#: Sides before and after the crop; the first is scaled for models of another input size.
SQUASHED, CROPPED = 256, 224


class PublishedPreprocess(Preprocess):
    """Every image squashed to a square, whatever its shape and the model's own preprocessing, and its middle cropped.

    A mask is squashed likewise, and a pixel belongs to the object if any of it does: outlines grow by up to a pixel of
    the original or of the result, whichever is larger.

    Args:
        size: (H, W) of the result, pixels.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        super().__init__(
            {
                "input_size": (3, *size),
                "interpolation": "bilinear",
                "crop_mode": "squash",
                "crop_pct": CROPPED / SQUASHED,
                # Nothing is padded.
                "mean": (0.5, 0.5, 0.5),
            }
        )

    @staticmethod
    def is_object(picture: Image.Image) -> np.ndarray:
        """An interpolated white-on-black image as a mask, where it is not black: bool (H, W)."""
        return np.asarray(picture) > 0
