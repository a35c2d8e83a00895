"""Random resized crops, as many as asked for: what test-time augmentation looks at.

A crop is drawn as training draws it (torchvision's ``RandomResizedCrop`` without a flip): the share of the area is
uniform, the logarithm of width / height too, and the place among those where the box fits.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from PIL import Image

from core.errors import UsageError
from core.images.geometry import random_crop
from core.images.opening import reasons, require_size
from core.images.views.base import RandomOf, Views
from core.images.views.pattern import Pattern
from core.types import CardTable, Factor

if TYPE_CHECKING:
    from core.images.preprocess import Preprocess

#: More crops of an image than this bring nothing: MEMO takes 64.
MAX_CROPS = 128
#: How names of these families begin.
PREFIX = "tta-rrc"
_EXAMPLE = "tta-rrc@16,0.25,1"
_NUMBER = r"\d+(?:\.\d*)?|\.\d+"
_VIEW = re.compile(rf"rrc@({_NUMBER}),({_NUMBER})-(\d+)")


class RandomCrops(Views):
    """Random resized crops of an image, resized (bicubic) to the model's input; no flip.

    A crop's name says from which shares of the area it was drawn, and its number; so the first crops of many are those
    of few. Where they lie depends on the image's id.

    Args:
        n: Crops of each image.
        scale: Least and largest share of the image's area, above 0 and up to 1.

    Raises:
        UsageError: If a parameter is out of range; names it and what it may be.
    """

    title = "Random resized crops"
    factors: ClassVar[tuple[Factor, ...]] = (Factor("draw", "Random crop, draw", "numeric"),)
    tables: ClassVar[tuple[CardTable, ...]] = ()
    dense: ClassVar[bool] = True

    def __init__(self, n: int, scale: tuple[float, float]) -> None:
        low, high = (float(share) for share in scale)
        asked = f"{PREFIX}@{n},{_text(low)},{_text(high)}"
        if not 1 <= n <= MAX_CROPS:
            raise UsageError(f"'{asked}': {n} crops of each image, but it can be 1 to {MAX_CROPS}: such as {_EXAMPLE}.")
        if not 0 < low <= high <= 1:
            raise UsageError(
                f"'{asked}': shares of the area from {_text(low)} to {_text(high)}, but they must rise, above 0 and up "
                f"to 1: such as {_EXAMPLE}."
            )
        self.name = asked
        self.n = n
        self.scale = (low, high)

    def rows(self) -> list[Mapping[str, Any]]:
        """One view a crop."""
        return [{"view": self.view(draw), "draw": float(draw)} for draw in range(1, self.n + 1)]

    def view(self, draw: int) -> str:
        """Name of a crop by its number, from 1."""
        return f"rrc@{','.join(map(_text, self.scale))}-{draw}"

    def render(
        self, image: Image.Image, mask: np.ndarray | None, preprocess: Preprocess, rng: RandomOf
    ) -> Iterator[np.ndarray]:
        """See ``Views.render``: uint8."""
        for view in self.names:
            yield np.asarray(self._crop(image, rng(view), preprocess.size))

    def masks(self, mask: np.ndarray, preprocess: Preprocess) -> Iterator[np.ndarray]:
        """Not to be had of the mask alone, since the crops depend on the image's id; ``one`` gives them.

        Raises:
            UsageError: Always.
        """
        raise UsageError(f"where the object lies in '{self.name}' depends on the image: ask for one view of it.")

    def one(
        self, view: str, image: Image.Image, mask: np.ndarray | None, preprocess: Preprocess, rng: RandomOf
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """One crop, and the object in it; see ``Views.one``."""
        pixels = np.asarray(self._crop(image, rng(view), preprocess.size))
        if mask is None:
            return pixels, None
        picture = self._crop(preprocess.mask_picture(mask), rng(view), preprocess.size)
        return pixels, preprocess.is_object(picture)

    def _crop(self, image: Image.Image, rng: np.random.Generator, shape: tuple[int, int]) -> Image.Image:
        with reasons("an image"):
            require_size(image.width, image.height)
            top, left, height, width = random_crop((image.height, image.width), rng, self.scale)
            # Cut first, as training does: nothing outside of the box is mixed into its border.
            box = image.crop((left, top, left + width, top + height))
            return box.resize(shape[::-1], Image.Resampling.BICUBIC)


def _text(share: float) -> str:
    """The shortest way of writing a share that reads back as the same number."""
    return f"{int(share)}" if math.isfinite(share) and share == int(share) else repr(share)


def _family(name: str) -> RandomCrops | None:
    """``tta-rrc@N,lo,hi`` to its family."""
    begin, _, parameters = name.partition("@")
    if begin != PREFIX:
        return None
    parts = parameters.split(",")
    if len(parts) != 3:
        raise UsageError(f"view '{name}' needs the number of crops and two shares of the area: such as {_EXAMPLE}.")
    if not re.fullmatch(r"\d{1,9}", parts[0]):
        raise UsageError(f"view '{name}': '{parts[0][:40]}' is no number of crops: such as {_EXAMPLE}.")
    for part in parts[1:]:
        if not re.fullmatch(_NUMBER, part):
            raise UsageError(f"view '{name}': '{part[:40]}' is no share of the area, 0 to 1: such as {_EXAMPLE}.")
    return RandomCrops(int(parts[0]), (float(parts[1]), float(parts[2])))


def _family_of(view: str) -> RandomCrops | None:
    """The smallest family that has a crop of this name."""
    found = _VIEW.fullmatch(view)
    if found is None or not 1 <= len(found[3]) <= len(str(MAX_CROPS)):
        return None
    views = RandomCrops(int(found[3]), (float(found[1]), float(found[2])))
    return views if view in views.names else None


PATTERNS = (Pattern(f"{PREFIX}@N,lo,hi", _family, _family_of),)
