"""An image as a model sees it: resized, cropped, under a view, with its object's mask; one function for all who ask."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from core.errors import UsageError
from core.images.opening import as_rgb, reasons
from core.images.preprocess import Preprocess
from core.images.views import views_with
from core.images.views.base import random_of


@dataclass(frozen=True)
class Seen:
    """What a model gets of an image.

    Attributes:
        pixels: (H, W, 3) at the model's input size: uint8, or float32 0..1 under a view that changes them.
        mask: bool (H, W), the object in it; None where there is none, or nobody asked.
    """

    pixels: np.ndarray = field(repr=False)
    mask: np.ndarray | None = field(default=None, repr=False)

    @property
    def picture(self) -> np.ndarray:
        """The pixels as a picture: uint8 (H, W, 3)."""
        return self.pixels if self.pixels.dtype == np.uint8 else np.round(self.pixels * 255).astype(np.uint8)


def see(
    image: Image.Image,
    preprocess: Preprocess,
    view: str = "clean",
    sample_id: str = "",
    mask: np.ndarray | None = None,
) -> Seen:
    """An image as a model sees it.

    Args:
        image: As published, any mode.
        preprocess: The model's.
        view: Name of one view of a family; see ``core.images.views``.
        sample_id: Seeds what is random in the view, so that an image is always changed alike.
        mask: bool (H, W), the object at the image's own size; None if there is none.

    Raises:
        ImageError: If the image cannot become RGB at the model's input size.
        StorageError: If the system has no room for it now.
        UsageError: If the view is unknown, or needs a mask and there is none.
    """
    views = views_with(view)
    if views.needs_mask and mask is None:
        raise UsageError(f"view '{view}' needs object masks, which this benchmark does not have")
    with reasons(f"the image '{sample_id}'" if sample_id else "an image"):
        image = as_rgb(image)
    return Seen(*views.one(view, image, mask, preprocess, random_of(sample_id)))
