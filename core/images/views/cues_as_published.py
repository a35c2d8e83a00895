"""The views that show what an answer hangs on, with images and masks resized as the published code does.

Only that differs from ``core.images.views.cues``, so that the difference to the product's own numbers is what squashing
and grown masks make: boxes are whole, tiles lie as they lay, and noise is that of the views without the suffix.

Source: Moayeri, Singla and Feizi 2022, "Hard ImageNet: Segmentations for objects with strong spurious cues", and the
code released with it; see ``core.images.published``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import UsageError
from core.images.published import PublishedPreprocess
from core.images.views.base import RandomOf
from core.images.views.cues import Ablations, AllCues, Cues, NormNoise, PixelNoise

if TYPE_CHECKING:
    from PIL import Image

    from core.images.preprocess import Preprocess

#: What the names of these families and of their views end in.
SUFFIX = "-as-published"


class AsPublished(Cues):
    """A family of cues for which the model's own resize and crop are replaced by the published ones."""

    def rows(self) -> list[Mapping[str, Any]]:
        """See ``Cues.rows``: the same factors under other names."""
        return [{**row, "view": f"{row['view']}{SUFFIX}"} for row in super().rows()]

    def render(
        self, image: Image.Image, mask: np.ndarray | None, preprocess: Preprocess, rng: RandomOf
    ) -> Iterator[np.ndarray]:
        """See ``Cues.render``; of the model's preprocessing only the size of its input counts."""
        yield from super().render(image, mask, PublishedPreprocess(preprocess.size), rng)

    def masks(self, mask: np.ndarray, preprocess: Preprocess) -> Iterator[np.ndarray]:
        """See ``Views.masks``."""
        yield from super().masks(mask, PublishedPreprocess(preprocess.size))


class AblationsAsPublished(AsPublished, Ablations):
    """Without the object."""

    name = f"{Ablations.name}{SUFFIX}"
    title = f"{Ablations.title}, resized as published"


class PixelNoiseAsPublished(AsPublished, PixelNoise):
    """Noise on either side of the outline, by its standard deviation in each pixel."""

    name = f"{PixelNoise.name}{SUFFIX}"
    title = f"{PixelNoise.title}, resized as published"


class NormNoiseAsPublished(AsPublished, NormNoise):
    """Noise on either side of the outline, by its l2 norm over that side."""

    name = f"{NormNoise.name}{SUFFIX}"
    title = f"{NormNoise.title}, resized as published"


class AllCuesAsPublished(AsPublished, AllCues):
    """Without the object, and with noise by its standard deviation."""

    name = f"{AllCues.name}{SUFFIX}"
    title = f"{AllCues.title}, resized as published"


FAMILIES = (AblationsAsPublished(), PixelNoiseAsPublished(), NormNoiseAsPublished(), AllCuesAsPublished())


def as_published(name: str) -> str:
    """The family that shows what another does, resized as published; of one of these itself, its own name.

    Args:
        name: Of a family, such as ``ablations``.

    Raises:
        UsageError: If there is none.
    """
    own = [views.name.removesuffix(SUFFIX) for views in FAMILIES]
    if name.removesuffix(SUFFIX) not in own:
        raise UsageError(f"the views '{name}' have no published way: give --view {', '.join(own[:-1])} or {own[-1]}.")
    return f"{name.removesuffix(SUFFIX)}{SUFFIX}"
