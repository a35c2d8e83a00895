"""``imagenet``: any folder of images in sub-folders named by WordNet id, such as ImageNet's validation set."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import ClassVar

import pandas as pd

from core.benchmarks import listing
from core.benchmarks.base import Benchmark
from core.errors import DataError, LabelSpaceError
from core.labels import IMAGENET_1K, label_space
from core.types import Factor, Table

#: The pool of all benchmarks over ImageNet's validation images.
POOL = "imagenet"


class ImageNet(Benchmark):
    """Single-label ImageNet-1k accuracy on folders named by WordNet id."""

    key: ClassVar[str] = "imagenet"
    pool: ClassVar[str] = POOL
    title: ClassVar[str] = "ImageNet folders"
    paper: ClassVar[str] = "Russakovsky et al. 2015, ImageNet Large Scale Visual Recognition Challenge"
    licence: ClassVar[str] = "ImageNet's terms of access; images belong to their owners"
    how_to_get: ClassVar[str] = (
        "Any folder with sub-folders named by WordNet id (n01440764/...): ImageNet's validation set from "
        "https://image-net.org sorted by class, or your own images."
    )
    factors: ClassVar[tuple[Factor, ...]] = (
        Factor("class", "Class", "category"),
        Factor("wnid", "WordNet id", "category"),
    )
    tables: ClassVar[tuple[Table, ...]] = (Table("by_class", ("class",), "Top-1 by class"),)

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        inner = root / "val"
        if inner.is_dir() and not any(name in self._indices for name in listing.subfolders(root)):
            self.root = inner

    @property
    def _indices(self) -> dict[str, int]:
        return label_space(IMAGENET_1K).index_of_wnid

    @cached_property
    def _listing(self) -> listing.Listing:
        folders = list(listing.subfolders(self.root))
        known = [name for name in folders if name in self._indices]
        unknown = sorted(set(folders) - set(known))
        if not known:
            seen = f"it has the folders {', '.join(unknown[:5])}" if unknown else "it has no sub-folders"
            raise DataError(
                f"{self.root} has no folder named by an ImageNet-1k WordNet id such as n01440764; {seen}. "
                "Give the folder that holds the class folders with --data DIR."
            )
        found = listing.list_class_folders(self.root, known)
        if not found.ids:
            raise DataError(f"the {len(known)} class folders in {self.root} hold no images.")
        if unknown:
            self.note(f"{len(unknown)} folders are not ImageNet-1k classes and were left out: {unknown[0]}, …")
        for text in found.notes():
            self.note(text)
        return found

    def samples(self, label_space: str = IMAGENET_1K) -> pd.DataFrame:
        """One row per image, with ``class`` and ``wnid``; see ``Benchmark.samples``."""
        require_imagenet(self, label_space)
        ids = self._listing.ids
        wnid = [sample_id.partition("/")[0] for sample_id in ids]
        index = [self._indices[name] for name in wnid]
        names = class_names(index)
        return pd.DataFrame(
            {"sample_id": ids, "accepted": [[i] for i in index], "cluster": ids, "class": names, "wnid": wnid}
        )

    def pool_digest(self) -> str:
        """See ``pool_listing``."""
        return listing.digest(pool_listing(self.root))


def pool_listing(root: Path) -> listing.Listing:
    """All images of a validation set: flat, and in folders named by WordNet id.

    Every benchmark over ImageNet's validation images takes them from here, so that one inference serves all.
    """
    wnids = label_space(IMAGENET_1K).index_of_wnid
    inside = listing.list_class_folders(root, [name for name in listing.subfolders(root) if name in wnids])
    return listing.together(listing.flat_images(root), inside)


def require_imagenet(benchmark: Benchmark, label_space: str) -> None:
    """Refuse a label space that is not ImageNet-1k.

    Raises:
        LabelSpaceError: If it is another one.
    """
    if label_space != IMAGENET_1K:
        raise LabelSpaceError(
            f"'{benchmark.key}' needs a model with the 1,000 ImageNet-1k classes in their usual order; "
            f"this one has '{label_space}'."
        )


def class_names(indices: list[int]) -> list[str]:
    """ImageNet-1k names of class indices."""
    names = label_space(IMAGENET_1K).names
    return [names[i] for i in indices]


BENCHMARKS = (ImageNet,)
