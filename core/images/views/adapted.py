"""An image before and after a model has adapted to it: the pixels are the same, the model is another.

What adapts is ``core.zoom.memo``, at its own settings, which the version stands for; ``core.evaluate.adapt`` runs it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from core.images.views.base import RandomOf, Views
from core.types import CardTable, Factor

if TYPE_CHECKING:
    from PIL import Image

    from core.images.preprocess import Preprocess

#: Name of the family, and of its view after adapting.
MEMO = "memo"


class Adapted(Views):
    """The image as the model's own preprocessing shows it, twice: to the model as it is, and once it has adapted."""

    name = MEMO
    title = "Before and after adapting to the image (MEMO; slow)"
    factors: ClassVar[tuple[Factor, ...]] = (Factor("adapted", "Adapted to the image", "boolean"),)
    tables: ClassVar[tuple[CardTable, ...]] = (
        CardTable("by_adapted", ("adapted",), "Top-1 before and after adapting to each image"),
    )

    def rows(self) -> list[Mapping[str, Any]]:
        """Before, which is the clean view, and after."""
        return [{"view": "clean", "adapted": False}, {"view": MEMO, "adapted": True}]

    @property
    def passes(self) -> int:
        """Before and after, and 64 crops forward and back, which is three passes, and forward again."""
        return 2 + 64 * 4

    def render(
        self, image: Image.Image, mask: np.ndarray | None, preprocess: Preprocess, rng: RandomOf
    ) -> Iterator[np.ndarray]:
        """See ``Views.render``: uint8."""
        pixels = preprocess(image)
        for _ in self.rows():
            yield pixels.copy()


FAMILIES = (Adapted(),)
