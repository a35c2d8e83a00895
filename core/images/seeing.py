"""An image as a model sees it: resized, cropped, under a view, with its object's mask; one function for all who ask."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from core.errors import UsageError
from core.images.opening import as_rgb, reasons
from core.images.preprocess import Preprocess
from core.images.views import get_view, sample_rng, seen_mask
from core.types import View


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
    view: View | str = "clean",
    sample_id: str = "",
    mask: np.ndarray | None = None,
) -> Seen:
    """An image as a model sees it.

    Args:
        image: As published, any mode.
        preprocess: The model's.
        view: What is done to the pixels; see ``core.images.views``.
        sample_id: Seeds what is random in the view, so that an image is always changed alike.
        mask: bool (H, W), the object at the image's own size; None if there is none.

    Raises:
        ImageError: If the image cannot become RGB at the model's input size.
        StorageError: If the system has no room for it now.
        UsageError: If the view is unknown, or needs a mask and there is none.
    """
    view = get_view(view) if isinstance(view, str) else view
    # A fault of the view is none of the image's: it is not given reasons, and ends the work.
    with reasons(f"the image '{sample_id}'" if sample_id else "an image"):
        pixels = preprocess(as_rgb(image))
        seen = None if mask is None else preprocess.mask(mask)
    if view.apply is None:
        return Seen(pixels, seen)
    if view.needs_mask and seen is None:
        raise UsageError(f"view '{view.name}' needs object masks, which this benchmark does not have")
    changed = view.apply(pixels.astype(np.float32) / 255, seen, sample_rng(sample_id, view.name))
    return Seen(np.ascontiguousarray(changed), seen_mask(view, seen))
