"""One image from far to near: sizes times anchors of the study of zoom, all cut from one decoding of it.

Source: Taesiri et al. 2023, "ImageNet-Hard: The hardest images remaining from a study of the power of zoom and spatial
biases in image classification"; see ``core.images.zoom`` for how a crop is made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from PIL import Image

from core.images.views.base import RandomOf, Views
from core.images.zoom import ANCHORS, MIDDLE, SIZES, crops, scaled
from core.types import CardTable, Factor, Reduce

if TYPE_CHECKING:
    from core.images.preprocess import Preprocess

#: The size of the usual single crop.
USUAL = 256

SIZE = Factor("size", "Size of the shorter side", "numeric", "px")
ROW = Factor("row", "Anchor, row", "numeric")
COL = Factor("col", "Anchor, column", "numeric")
BY_ZOOM = CardTable("by_zoom", ("size", "row", "col"), "Top-1 by size and anchor")


class Zoom(Views):
    """An image at some sizes, around some anchors.

    The usual single crop, size 256 at the middle anchor, is the first view, which is what ``first`` means among ways of
    reducing; the other anchors of that size follow, then the other sizes from small to large. Where the model's input
    is not square, sizes scale with its shorter side.

    Args:
        name: Of the family.
        title: What a reader sees.
        sizes: Of the shorter side, for an input of 224; 256 is among them.
        anchors: (row, col); the middle one is among them.
    """

    factors: ClassVar[tuple[Factor, ...]] = (SIZE, ROW, COL)
    tables: ClassVar[tuple[CardTable, ...]] = (BY_ZOOM,)
    dense: ClassVar[bool] = True
    # One crop is what others report; the mean over zooms from 10 pixels on is no accuracy of anything.
    reduce: ClassVar[Reduce] = "first"

    def __init__(self, name: str, title: str, sizes: Sequence[int], anchors: Sequence[tuple[int, int]]) -> None:
        self.name = name
        self.title = title
        self.sizes = tuple(sorted(sizes, key=lambda size: (size != USUAL, size)))
        self.anchors = tuple(sorted(anchors, key=lambda anchor: (anchor != MIDDLE, anchor)))

    def rows(self) -> list[Mapping[str, Any]]:
        """By size, then by anchor."""
        return [
            {"view": f"zoom@{size},{row},{col}", "size": float(size), "row": float(row), "col": float(col)}
            for size in self.sizes
            for row, col in self.anchors
        ]

    def render(
        self, image: Image.Image, mask: np.ndarray | None, preprocess: Preprocess, rng: RandomOf
    ) -> Iterator[np.ndarray]:
        """See ``Views.render``: uint8."""
        for size in self.sizes:
            yield from self._crops(image, size, self.anchors, preprocess)

    def masks(self, mask: np.ndarray, preprocess: Preprocess) -> Iterator[np.ndarray]:
        """Zoomed alike; what lies outside of the image belongs to no object."""
        picture = preprocess.mask_picture(mask)
        for size in self.sizes:
            for seen in self._crops(picture, size, self.anchors, preprocess):
                yield preprocess.is_object(Image.fromarray(seen))

    def one(
        self, view: str, image: Image.Image, mask: np.ndarray | None, preprocess: Preprocess, rng: RandomOf
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """One view alone, so that a single step of zoom costs a single resize; see ``Views.one``."""
        size, *anchor = (int(number) for number in view.partition("@")[2].split(","))
        shown = [image] if mask is None else [image, preprocess.mask_picture(mask)]
        cut = [next(self._crops(each, size, (tuple(anchor),), preprocess)) for each in shown]
        return cut[0], None if mask is None else preprocess.is_object(Image.fromarray(cut[1]))

    @staticmethod
    def _crops(
        image: Image.Image, size: int, anchors: Sequence[tuple[int, int]], preprocess: Preprocess
    ) -> Iterator[np.ndarray]:
        return crops(image, scaled(size, min(preprocess.size)), anchors, preprocess.size)


FAMILIES = (
    Zoom("zoom-9", "Zoom: nine anchors at the usual size", (USUAL,), ANCHORS),
    Zoom("zoom-36", "Zoom: 36 sizes around the middle", SIZES, (MIDDLE,)),
    Zoom("zoom-324", "Zoom: 36 sizes around nine anchors", SIZES, ANCHORS),
)
