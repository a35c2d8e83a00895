"""The four corners and the centre of the resized image: how much an answer hangs on where the crop lies."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from core.images.views.base import RandomOf, Views
from core.types import CardTable, Factor

if TYPE_CHECKING:
    from PIL import Image

    from core.images.preprocess import Preprocess

#: Where each crop lies, in halves of the room that there is: (down, across).
CROPS = {"centre": (1, 1), "top left": (0, 0), "top right": (0, 2), "bottom left": (2, 0), "bottom right": (2, 2)}


class FiveCrop(Views):
    """Crops at the corners and at the centre, of the image resized as the model's own preprocessing does it.

    The centre is the clean view. Where the resized image is no larger than the crop, all five show the same.
    """

    name = "five-crop"
    title = "Corners and centre"
    factors: ClassVar[tuple[Factor, ...]] = (Factor("crop", "Crop", "category"),)
    tables: ClassVar[tuple[CardTable, ...]] = (CardTable("by_crop", ("crop",), "Top-1 by crop"),)

    def rows(self) -> list[Mapping[str, Any]]:
        """The centre first, which is what ``first`` means among ways of reducing."""
        return [{"view": f"crop-{crop.replace(' ', '-')}", "crop": crop} for crop in CROPS]

    def render(
        self, image: Image.Image, mask: np.ndarray | None, preprocess: Preprocess, rng: RandomOf
    ) -> Iterator[np.ndarray]:
        """See ``Views.render``: uint8."""
        resized = preprocess.resized(image)
        for halves in CROPS.values():
            yield np.asarray(preprocess.cropped(resized, *halves))

    def masks(self, mask: np.ndarray, preprocess: Preprocess) -> Iterator[np.ndarray]:
        """Where the object lies in each crop."""
        resized = preprocess.resized(preprocess.mask_picture(mask))
        for halves in CROPS.values():
            yield preprocess.is_object(preprocess.cropped(resized, *halves))


FAMILIES = (FiveCrop(),)
