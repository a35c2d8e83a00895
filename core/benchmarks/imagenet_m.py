"""``imagenet-multilabel`` and ``imagenet-m``: ImageNet's validation set under multi-label annotations.

Vasudevan et al. 2022, "When does dough become a bagel? Analyzing the remaining mistakes on ImageNet". An image accepts
the classes that annotators found correct or unclear; problematic images are left out. Images lie flat or in folders
named by WordNet id. Predictions made elsewhere can be imported without the images (``core.evaluate.imports``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import pandas as pd

from core.benchmarks import imagenet_annotations, imagenet_scores, listing
from core.benchmarks.base import Benchmark
from core.benchmarks.imagenet import INNER, POOL, pool_listing, require_imagenet
from core.benchmarks.imagenet_annotations import Annotations
from core.errors import DataError
from core.labels import IMAGENET_1K, label_space
from core.types import Factor, Table

_UNKNOWN = "unknown"
_HOW = (
    f"Put {imagenet_annotations.FILE} "
    f"(https://storage.googleapis.com/brain-car-datasets/imagenet-mistakes/{imagenet_annotations.FILE}) "
    "into the folder of ImageNet's validation images, ILSVRC2012_val_*.JPEG flat or in folders named by WordNet id, "
    "and give that folder with --data DIR. For flat images a val.txt (file name and class a line) gives the original "
    "classes."
)


class ImageNetMultilabel(Benchmark):
    """Multi-label accuracy: a prediction is right if annotators accept it; the mean over original classes."""

    key: ClassVar[str] = "imagenet-multilabel"
    pool: ClassVar[str] = POOL
    title: ClassVar[str] = "ImageNet, multi-label"
    paper: ClassVar[str] = "Shankar et al. 2020; Vasudevan et al. 2022, When does dough become a bagel?"
    licence: ClassVar[str] = "ImageNet's terms of access for images; annotations Apache-2.0"
    how_to_get: ClassVar[str] = _HOW
    factors: ClassVar[tuple[Factor, ...]] = (
        Factor("class", "Original class", "category"),
        Factor("wnid", "WordNet id", "category"),
        Factor("n_accepted", "Accepted classes", "numeric"),
    )
    tables: ClassVar[tuple[Table, ...]] = (
        Table(
            "scores",
            ("measure",),
            "Multi-label accuracy and plain top-1",
            imagenet_scores.multi_label,
            published=imagenet_scores.PUBLISHED,
        ),
        Table("by_n_accepted", ("n_accepted",), "Accepted predictions by number of accepted classes"),
        Table("by_class", ("class",), "Accepted predictions by original class"),
    )

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.root = listing.unwrapped(root, _where)

    @cached_property
    def annotations(self) -> Annotations:
        """The annotations beside the images, or where they were last found.

        Raises:
            DataError: If there are none.
        """
        path = imagenet_annotations.find([imagenet_annotations.FILE], imagenet_annotations.folders_of(self.root))
        if path is None:
            raise DataError(f"{imagenet_annotations.FILE} is neither in {self.root} nor above it. {self.how_to_get}")
        return imagenet_annotations.read_annotations(path)

    @cached_property
    def files(self) -> dict[str, str]:
        """Path of each validation image relative to the root, by file name; empty without images."""
        for text in pool_listing(self.root).notes() if self.root.is_dir() else ():
            self.note(text)
        return _images(self.root)

    @cached_property
    def original(self) -> dict[str, int]:
        """Original class index by file name, of the images for which it is known."""
        known = imagenet_annotations.original_classes(self.root)
        indices = label_space(IMAGENET_1K).index_of_wnid
        for name, path in self.files.items():
            wnid = imagenet_annotations.wnid_in_name(path) or path.partition("/")[0]
            if wnid in indices:
                known[name] = indices[wnid]
        return known

    def names(self) -> list[str]:
        """File names of the benchmark's images, whether or not they are on this machine."""
        return list(self.annotations.usable)

    def samples(self, label_space: str = IMAGENET_1K) -> pd.DataFrame:
        """One row per annotated image on this machine; see ``Benchmark.samples``.

        Returns:
            Besides the factors ``original``, the class index in ImageNet's own labels, -1 if it is not known.

        Raises:
            DataError: If images or annotations are missing.
        """
        names = self.names()
        if not self.files:
            raise DataError(f"{self.root} has no image named like ILSVRC2012_val_00000001.JPEG. {self.how_to_get}")
        there = [name for name in names if name in self.files]
        if not there:
            raise DataError(f"none of the {len(self.files):,} validation images in {self.root} is one of '{self.key}'.")
        if len(there) < len(names):
            self.note(f"{len(names) - len(there):,} of {len(names):,} annotated images are not here; left out.")
        return self.rows(there, label_space)

    def rows(self, names: Iterable[str], label_space: str = IMAGENET_1K) -> pd.DataFrame:
        """The samples table of some images, without looking for their files; see ``samples``."""
        require_imagenet(self, label_space)
        names = list(names)
        original = [self.original.get(name, imagenet_scores.UNKNOWN) for name in names]
        accepted = [list(self.annotations.usable[name].accepted) for name in names]
        return pd.DataFrame(
            {
                "sample_id": names,
                "accepted": accepted,
                "cluster": names,
                "class": [_label(index, "names") for index in original],
                "wnid": [_label(index, "wnids") for index in original],
                "n_accepted": [len(classes) for classes in accepted],
                "original": original,
            }
        )

    def location(self, sample_id: str) -> str:
        """Where the image lies; where it would be if there is none."""
        return self.files.get(sample_id, sample_id)

    def image_ids(self, sample_ids: Sequence[str]) -> list[str]:
        """Paths, by which ImageNet's folders know the same images."""
        return [self.location(sample_id) for sample_id in sample_ids]

    def label_files(self) -> list[Path]:
        """The annotations, and the list of original classes if there is one."""
        path = imagenet_annotations.find([imagenet_annotations.FILE], imagenet_annotations.folders_of(self.root))
        return [*([path] if path else []), *imagenet_annotations.label_files(self.root)]

    def pool_digest(self) -> str:
        """See ``imagenet.pool_listing``."""
        return listing.digest(pool_listing(self.root))


class ImageNetM(ImageNetMultilabel):
    """ImageNet-M: 68 images that nearly all good models get wrong, and that they should not."""

    key: ClassVar[str] = "imagenet-m"
    title: ClassVar[str] = "ImageNet-M"
    tables: ClassVar[tuple[Table, ...]] = (
        Table(
            "scores",
            ("measure",),
            "ImageNet-M and plain top-1",
            imagenet_scores.imagenet_m,
            published=imagenet_scores.PUBLISHED,
        ),
        Table("by_class", ("class",), "Accepted predictions by original class"),
    )

    def names(self) -> list[str]:
        """The major mistakes, those without annotations left out."""
        return [name for name in self.annotations.imagenet_m if name in self.annotations.usable]


def _label(index: int, kind: str) -> str:
    return getattr(label_space(IMAGENET_1K), kind)[index] if index >= 0 else _UNKNOWN


def _where(folder: Path) -> Path | None:
    """Where in a folder validation images are, or None."""
    return next((place for place in (folder, *(folder / name for name in INNER)) if _images(place)), None)


def _images(root: Path) -> dict[str, str]:
    """Validation images in a folder and in its sub-folders named by WordNet id; path by file name."""
    if not root.is_dir():
        return {}
    found = {imagenet_annotations.validation_name(path): path for path in pool_listing(root).ids}
    return {name: path for name, path in found.items() if name is not None}


BENCHMARKS = (ImageNetMultilabel, ImageNetM)
