"""What a family of views is: the base class of every file in this folder."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from core.types import CardTable, Factor, Reduce, ViewsCard

if TYPE_CHECKING:
    from PIL import Image

    from core.images.preprocess import Preprocess

#: A view's name to the random generator of one image under it.
RandomOf = Callable[[str], np.random.Generator]


class Views(ABC):
    """Several ways of showing one image to a model, all made from one decoding of it.

    A subclass is one class in ``core/images/views``. Names of views are unique among all families, since they name what
    was predicted from; the family's name and version are part of a result's identity.

    Attributes:
        name: What to type to get it.
        title: What a reader sees.
        version: Raised when the same image would be shown otherwise.
        factors: By which its views differ.
        tables: Tables over its factors that a report has.
        needs_mask: Whether the benchmark must provide masks.
        reduce: How several views of an image become one where nobody says; see ``core.metrics.reduce_views``.
        dense: Whether it keeps of each view only the best class and what depends on labels: for hundreds of views.
    """

    name: str
    title: str
    version: int = 1
    factors: ClassVar[tuple[Factor, ...]] = ()
    tables: ClassVar[tuple[CardTable, ...]] = ()
    needs_mask: ClassVar[bool] = False
    dense: ClassVar[bool] = False
    reduce: ClassVar[Reduce] = "mean"

    @abstractmethod
    def rows(self) -> list[Mapping[str, Any]]:
        """One row a view, in the order in which ``render`` gives them: ``view``, its name, and a value by factor."""

    @abstractmethod
    def render(
        self, image: Image.Image, mask: np.ndarray | None, preprocess: Preprocess, rng: RandomOf
    ) -> Iterator[np.ndarray]:
        """The views of an image, one at a time, so that hundreds of them take no more memory than one.

        Args:
            image: RGB, at its own size.
            mask: bool (H, W), the object at the image's own size; None where there is none, or nobody asked.
            preprocess: The model's.
            rng: Gives the random generator of this image under a view, the same on every machine and in every order.

        Yields:
            (H, W, 3) at the model's input size, before normalisation: uint8, or float32 0..1 for all views of a family.

        Raises:
            ImageError, StorageError: If the image cannot become pixels.
        """

    def masks(self, mask: np.ndarray, preprocess: Preprocess) -> Iterator[np.ndarray]:
        """Where the object lies in each view.

        Args:
            mask: bool (H, W) at the image's own size.
            preprocess: The model's.

        Yields:
            bool (H, W) at the model's input size; where views move nothing, always the same.
        """
        seen = preprocess.mask(mask)
        for _ in self.rows():
            yield seen

    @property
    def names(self) -> list[str]:
        """Names of the views, in order."""
        return [str(row["view"]) for row in self.rows()]

    @property
    def passes(self) -> int:
        """Forward passes that an image takes, about."""
        return len(self.rows())

    def card(self) -> ViewsCard:
        """What the family is, as data."""
        what = (self.name, self.title, self.version, self.factors, self.tables)
        return ViewsCard(*what, tuple(self.rows()), self.dense, self.reduce)

    def one(
        self, view: str, image: Image.Image, mask: np.ndarray | None, preprocess: Preprocess, rng: RandomOf
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """One view of an image, and where the object lies in it; see ``render`` and ``masks``."""
        at = self.names.index(view)
        pixels = next(islice(self.render(image, mask, preprocess, rng), at, None))
        return pixels, None if mask is None else next(islice(self.masks(mask, preprocess), at, None))


def random_of(sample_id: str) -> RandomOf:
    """The random generators of one image, by view: the same on every machine and in every order."""

    def rng(view: str) -> np.random.Generator:
        digest = hashlib.sha256(f"{view}\0{sample_id}".encode()).digest()
        return np.random.default_rng(int.from_bytes(digest[:8], "little"))

    return rng
