"""Views that take the object away, or put noise on it or on all else: which of both an answer hangs on.

They work at the model's input size, in [0, 1], before normalisation, with image and mask cropped together. What a view
is called says what it shows, in every family here.

Source: Moayeri, Singla and Feizi 2022, "Hard ImageNet: Segmentations for objects with strong spurious cues": ablations
and relative foreground sensitivity.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from core.errors import DataError, ImageError
from core.images.ablation import KINDS, ablate
from core.images.views.base import RandomOf, Views
from core.images.views.pixelwise import NOISE_SIGMAS
from core.types import CardTable, Factor

if TYPE_CHECKING:
    from PIL import Image

    from core.images.preprocess import Preprocess

#: Norms over the region's pixels and channels, in units of the full range, to which noise is scaled in the other form.
NOISE_NORMS = (30.0, 60.0, 90.0, 120.0, 150.0, 180.0)
#: Independent draws of noise for each image.
DRAWS = (1, 2, 3)
#: Where noise lies: within the mask, or outside of it.
REGIONS = ("fg", "bg")

ABLATION = Factor("ablation", "What is taken away", "category")
REGION = Factor("region", "Where the noise is", "category")
SIGMA = Factor("sigma", "Noise, standard deviation", "numeric")
L2 = Factor("l2", "Noise, l2 norm", "numeric")
DRAW = Factor("draw", "Noise, draw", "numeric")

BY_ABLATION = CardTable("ablation", ("view",), "Accuracy when the object is taken away", True)
BY_NOISE = (
    CardTable("rfs", ("norm", "sigma"), "Relative foreground sensitivity", True),
    CardTable("rfs_by_class", ("norm", "class"), "Relative foreground sensitivity by class", True),
)


@dataclass(frozen=True)
class Strengths:
    """How strong noise is, and what that means.

    Attributes:
        factor: Its name.
        values: From weak to strong.
        is_norm: Whether the noise of a region is scaled to that l2 norm, before it is clipped; otherwise it is the
            standard deviation in each pixel and channel, which the released code calls linf.
    """

    factor: str
    values: tuple[float, ...]
    is_norm: bool = False

    def view(self, region: str, value: float, draw: int) -> str:
        """Name of a view."""
        return f"noise-{region}{'-l2' if self.is_norm else ''}@{value:g}-{draw}"

    def scale(self, within: np.ndarray) -> float:
        """What a value is multiplied with to be the factor of a region's field.

        Args:
            within: float32 (H, W, 3), standard-normal in the region and 0 outside of it.
        """
        if not self.is_norm:
            return 1.0
        norm = math.sqrt(np.square(within, dtype=np.float64).sum())
        return 1 / norm if norm else 0.0


PER_PIXEL = Strengths("sigma", NOISE_SIGMAS)
BY_NORM = Strengths("l2", NOISE_NORMS, is_norm=True)


class Cues(Views):
    """An image as it is, then without its object and with noise on either side of its outline.

    One standard-normal field for each draw of an image serves all strengths and both sides: what differs between them
    differs by nothing else. Where the object fills the crop, the side without pixels stays as it is.

    Attributes:
        kinds: How the object is taken away.
        noise: How strong noise is; None for no noise.
    """

    needs_mask: ClassVar[bool] = True
    kinds: ClassVar[tuple[str, ...]] = ()
    noise: ClassVar[Strengths | None] = None

    def rows(self) -> list[Mapping[str, Any]]:
        """The image as it is, one view an ablation, then by draw, region and strength."""
        found: list[dict[str, Any]] = [{"view": "clean"}, *({"view": kind, "ablation": kind} for kind in self.kinds)]
        if self.noise is not None:
            found += [
                {
                    "view": self.noise.view(region, value, draw),
                    "region": region,
                    self.noise.factor: value,
                    "draw": float(draw),
                }
                for draw in DRAWS
                for region in REGIONS
                for value in self.noise.values
            ]
        nothing = {each.name: 0.0 if each.is_number else "none" for each in self.factors}
        return [{"view": row["view"], **nothing, **row} for row in found]

    def render(
        self, image: Image.Image, mask: np.ndarray | None, preprocess: Preprocess, rng: RandomOf
    ) -> Iterator[np.ndarray]:
        """See ``Views.render``: float32.

        Raises:
            DataError: If there is no mask, or it is not of the image's size.
            ImageError: If the model sees nothing of the object: such images are left out, and counted as failed, since
                they would count as answers without the object that nothing changed.
        """
        if mask is None:
            raise DataError(f"there is no mask of the object, which the views '{self.name}' need")
        if mask.shape != (image.height, image.width):
            raise DataError(
                f"the mask is {' x '.join(map(str, mask.shape[::-1]))} pixels and the image {image.width} x "
                f"{image.height}: a mask must have its image's size"
            )
        # Without a second array of that size, which takes longer to come by than to fill.
        pixels = np.divide(preprocess(image), np.float32(255))
        seen = preprocess.mask(mask)
        if not seen.any():
            what = "lies outside of the model's crop" if mask.any() else "has no pixel in its mask"
            raise ImageError(f"the object {what}: nothing can be taken away or covered with noise")
        yield pixels
        for kind in self.kinds:
            yield ablate(pixels, seen, kind)
        if self.noise is not None:
            yield from noisy(pixels, seen, self.noise, rng)


def noisy(pixels: np.ndarray, mask: np.ndarray, noise: Strengths, rng: RandomOf) -> Iterator[np.ndarray]:
    """An image with Gaussian noise on the object only and on all else only, clipped to [0, 1].

    Args:
        pixels: float32 (H, W, 3) in [0, 1].
        mask: bool (H, W), the object.
        noise: Its strengths.
        rng: Gives the random generator of this image for a draw.

    Yields:
        float32 (H, W, 3): by draw, region and strength.
    """
    inside = np.repeat(mask, pixels.shape[2], axis=1).reshape(pixels.shape)
    for draw in DRAWS:
        field = rng(f"noise-{draw}").standard_normal(pixels.shape, dtype=np.float32)
        for region in REGIONS:
            # Adding 0 changes no bit of a pixel, so the other side stays exactly as it is.
            within = field * (inside if region == "fg" else ~inside)
            scale = noise.scale(within)
            for value in noise.values:
                found = within * np.float32(value * scale)
                found += pixels
                yield np.clip(found, 0.0, 1.0, out=found)


class Ablations(Cues):
    """Without the object."""

    name = "ablations"
    title = "Without the object"
    factors: ClassVar[tuple[Factor, ...]] = (ABLATION,)
    tables: ClassVar[tuple[CardTable, ...]] = (BY_ABLATION,)
    kinds: ClassVar[tuple[str, ...]] = tuple(KINDS)


class PixelNoise(Cues):
    """Noise on either side of the outline, by its standard deviation in each pixel."""

    name = "rfs"
    title = "Noise on the object or around it"
    factors: ClassVar[tuple[Factor, ...]] = (REGION, SIGMA, DRAW)
    tables: ClassVar[tuple[CardTable, ...]] = BY_NOISE
    noise: ClassVar[Strengths | None] = PER_PIXEL


class NormNoise(Cues):
    """Noise on either side of the outline, by its l2 norm over that side."""

    name = "rfs-l2"
    title = "Noise on the object or around it, by l2 norm"
    factors: ClassVar[tuple[Factor, ...]] = (REGION, L2, DRAW)
    tables: ClassVar[tuple[CardTable, ...]] = BY_NOISE
    noise: ClassVar[Strengths | None] = BY_NORM


class AllCues(Cues):
    """Without the object, and with noise by its standard deviation."""

    name = "all-cues"
    title = "Without the object, and noise on it or around it"
    factors: ClassVar[tuple[Factor, ...]] = (ABLATION, REGION, SIGMA, DRAW)
    tables: ClassVar[tuple[CardTable, ...]] = (BY_ABLATION, *BY_NOISE)
    kinds: ClassVar[tuple[str, ...]] = tuple(KINDS)
    noise: ClassVar[Strengths | None] = PER_PIXEL


FAMILIES = (Ablations(), PixelNoise(), NormNoise(), AllCues())
