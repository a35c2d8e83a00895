"""Views that change the pixels which a model would get: none, left and right exchanged, noise.

They work at the model's input size, in [0, 1], before normalisation, so that the same strength means the same thing for
every model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from core.images.views.base import RandomOf, Views
from core.types import CardTable, Factor

if TYPE_CHECKING:
    from PIL import Image

    from core.images.preprocess import Preprocess

#: Pixel-noise levels of Hard ImageNet's relative foreground sensitivity (Moayeri et al. 2022, Section 4).
NOISE_SIGMAS = (0.125, 0.25, 0.375, 0.5, 0.625, 0.75)


class Clean(Views):
    """The image as the model's own preprocessing shows it."""

    name = "clean"
    title = "As it is"

    def rows(self) -> list[Mapping[str, Any]]:
        """One view."""
        return [{"view": self.name}]

    def render(
        self, image: Image.Image, mask: np.ndarray | None, preprocess: Preprocess, rng: RandomOf
    ) -> Iterator[np.ndarray]:
        """See ``Views.render``: uint8."""
        yield preprocess(image)


class Mirror(Views):
    """Left and right exchanged."""

    name = "mirror"
    title = "Mirrored"

    def rows(self) -> list[Mapping[str, Any]]:
        """One view."""
        return [{"view": self.name}]

    def render(
        self, image: Image.Image, mask: np.ndarray | None, preprocess: Preprocess, rng: RandomOf
    ) -> Iterator[np.ndarray]:
        """See ``Views.render``: uint8."""
        yield np.ascontiguousarray(preprocess(image)[:, ::-1])

    def masks(self, mask: np.ndarray, preprocess: Preprocess) -> Iterator[np.ndarray]:
        """Exchanged as well."""
        yield preprocess.mask(mask)[:, ::-1]


class Noise(Views):
    """Independent Gaussian noise on every pixel and channel, clipped to [0, 1], at several levels.

    Args:
        sigmas: Standard deviations, in units of the full range; 0 shows the image as it is.
        name: Of the family.
    """

    factors: ClassVar[tuple[Factor, ...]] = (Factor("sigma", "Noise, standard deviation", "numeric"),)
    tables: ClassVar[tuple[CardTable, ...]] = (CardTable("by_sigma", ("sigma",), "Top-1 by noise level"),)

    def __init__(self, sigmas: Sequence[float] = (0.0, *NOISE_SIGMAS), name: str = "noise") -> None:
        self.name = name
        self.title = "Pixel noise" if len(sigmas) > 1 else f"Pixel noise {sigmas[0]:g}"
        self.sigmas = tuple(sigmas)

    def rows(self) -> list[Mapping[str, Any]]:
        """One view a level."""
        return [{"view": f"noise-{sigma:g}", "sigma": float(sigma)} for sigma in self.sigmas]

    def render(
        self, image: Image.Image, mask: np.ndarray | None, preprocess: Preprocess, rng: RandomOf
    ) -> Iterator[np.ndarray]:
        """See ``Views.render``: float32."""
        pixels = preprocess(image).astype(np.float32) / 255
        for sigma, row in zip(self.sigmas, self.rows(), strict=True):
            yield gaussian_noise(pixels, rng(row["view"]), sigma) if sigma else pixels


def gaussian_noise(image: np.ndarray, rng: np.random.Generator, sigma: float) -> np.ndarray:
    """Add independent Gaussian noise to every pixel and channel, clipped to [0, 1]."""
    noise = rng.standard_normal(image.shape, dtype=np.float32)
    return np.clip(image + sigma * noise, 0.0, 1.0)


FAMILIES = (Clean(), Mirror(), Noise(), *(Noise((sigma,), f"noise-{sigma:g}") for sigma in NOISE_SIGMAS))
