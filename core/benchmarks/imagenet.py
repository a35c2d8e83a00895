"""``imagenet``: any folder of images in sub-folders named by WordNet id, such as ImageNet's validation set."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import ClassVar

import pandas as pd

from core import paths
from core.benchmarks import imagenet_annotations, imagenet_ground_truth, listing
from core.benchmarks.base import Benchmark
from core.errors import DataError, LabelSpaceError
from core.labels import IMAGENET_1K, label_space
from core.types import Factor, Table

#: Where copies keep validation images below the folder that was given: torchvision's, the archive's name, Kaggle's.
INNER = ("val", "validation", "ILSVRC2012_img_val", "ILSVRC/Data/CLS-LOC/val", "Data/CLS-LOC/val")
_SHOWN = 3

#: The pool of all benchmarks over ImageNet's validation images.
POOL = "imagenet"


class ImageNet(Benchmark):
    """Single-label ImageNet-1k accuracy on folders named by WordNet id, or on flat validation images."""

    key: ClassVar[str] = "imagenet"
    pool: ClassVar[str] = POOL
    title: ClassVar[str] = "ImageNet folders"
    paper: ClassVar[str] = "Russakovsky et al. 2015, ImageNet Large Scale Visual Recognition Challenge"
    licence: ClassVar[str] = "ImageNet's terms of access; images belong to their owners"
    how_to_get: ClassVar[str] = (
        "Any folder with sub-folders named by WordNet id (n01440764/...): ImageNet's validation set from "
        "https://image-net.org sorted by class, or your own images. Validation images may lie flat where a val.txt, "
        "LOC_val_solution.csv or the development kit (ground truth and meta.mat) beside them gives their classes."
    )
    factors: ClassVar[tuple[Factor, ...]] = (
        Factor("class", "Class", "category"),
        Factor("wnid", "WordNet id", "category"),
    )
    tables: ClassVar[tuple[Table, ...]] = (Table("by_class", ("class",), "Top-1 by class"),)

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.root = listing.unwrapped(root, _where)

    @property
    def _indices(self) -> dict[str, int]:
        return label_space(IMAGENET_1K).index_of_wnid

    @cached_property
    def _listing(self) -> listing.Listing:
        folders = list(listing.subfolders(self.root))
        known = [name for name in folders if name in self._indices]
        unknown = sorted(set(folders) - set(known))
        if not known and self._flat.ids:
            return self._flat
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

    @cached_property
    def _flat(self) -> listing.Listing:
        """The validation images right in the folder whose class is known; used where there are no class folders.

        Raises:
            DataError: If nothing says their classes; names what was looked for, and where.
        """
        found = listing.flat_images(self.root)
        images = [pair for pair in zip(found.ids, found.sizes, strict=True) if _is_validation(pair[0])]
        labelled = [pair for pair in images if self._flat_class(pair[0]) is not None]
        if images and not labelled:
            raise DataError(_no_labels(self.root, len(images)))
        if len(labelled) < len(images):
            left_out = [name for name, _ in images if self._flat_class(name) is None]
            more = ", …" if len(left_out) > _SHOWN else ""
            self.note(
                f"{len(left_out):,} of {len(images):,} validation images have no class in "
                f"{self._label_names}; left out: {', '.join(left_out[:_SHOWN])}{more}"
            )
        for text in found.notes() if labelled else ():
            self.note(text)
        return listing.Listing(self.root, [name for name, _ in labelled], [size for _, size in labelled])

    def _flat_class(self, name: str) -> int | None:
        """Class index of a flat validation image: of the WordNet id in its name, else as a file beside says."""
        wnid = imagenet_annotations.wnid_in_name(name)
        if wnid in self._indices:
            return self._indices[wnid]
        return self._original.get(imagenet_annotations.validation_name(name) or "")

    @cached_property
    def _original(self) -> dict[str, int]:
        return imagenet_annotations.original_classes(self.root)

    @property
    def _label_names(self) -> str:
        return " and ".join(path.name for path in imagenet_annotations.label_files(self.root))

    def _index(self, sample_id: str) -> int:
        folder, slash, _ = sample_id.partition("/")
        # A flat image is listed only if its class is known.
        return self._indices[folder] if slash else int(self._flat_class(sample_id) or 0)

    def label_files(self) -> list[Path]:
        """See ``Benchmark.label_files``; of flat images also the files that give their classes, wherever they lie."""
        beside = super().label_files()
        if paths.is_remote(self.root) or not self.root.is_dir() or has_classes(self.root):
            return beside
        return list(dict.fromkeys([*beside, *imagenet_annotations.label_files(self.root)]))

    def samples(self, label_space: str = IMAGENET_1K) -> pd.DataFrame:
        """One row per image, with ``class`` and ``wnid``; see ``Benchmark.samples``."""
        require_imagenet(self, label_space)
        ids = self._listing.ids
        index = [self._index(sample_id) for sample_id in ids]
        wnid, names = wnids(index), class_names(index)
        return pd.DataFrame(
            {"sample_id": ids, "accepted": [[i] for i in index], "cluster": ids, "class": names, "wnid": wnid}
        )

    def pool_digest(self) -> str:
        """See ``pool_listing``."""
        return listing.digest(pool_listing(self.root))


def _where(folder: Path) -> Path | None:
    """Where in a folder the images are: right there, in one of ``INNER``, or None."""
    if has_classes(folder):
        return folder
    if (folder / INNER[0]).is_dir():
        return folder / INNER[0]
    if holds_validation(folder):
        return folder
    return next((folder / name for name in INNER if (folder / name).is_dir()), None)


def has_classes(folder: Path) -> bool:
    """Whether folders named by an ImageNet-1k WordNet id lie right in a folder."""
    return any(name in label_space(IMAGENET_1K).index_of_wnid for name in listing.subfolders(folder))


def holds_validation(folder: Path) -> bool:
    """Whether validation images lie right in a folder."""
    return any(each.is_image and _is_validation(each.name) for each in listing.entries(folder, sizes=False))


def _is_validation(name: str) -> bool:
    return imagenet_annotations.validation_name(name) is not None


def _no_labels(root: Path, n: int) -> str:
    names = ", ".join(imagenet_annotations.LABEL_FILES)
    synsets = ", ".join(imagenet_ground_truth.SYNSET_FILES)
    folders = ", ".join(map(str, imagenet_annotations.label_folders(root)[:2]))
    return (
        f"{root} holds {n:,} validation images flat, and nothing says their classes. Looked for were {names}, and "
        f"{imagenet_ground_truth.FILE} with one of {synsets} in ILSVRC's order, in {folders} and the folders of a "
        "development kit beside them. Put one there, or sort the images into folders named by WordNet id."
    )


def pool_listing(root: Path) -> listing.Listing:
    """All images of a validation set: flat, and in folders named by WordNet id.

    Every benchmark over ImageNet's validation images takes them from here, so that one inference serves all.
    """
    known = label_space(IMAGENET_1K).index_of_wnid
    inside = listing.list_class_folders(root, [name for name in listing.subfolders(root) if name in known])
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


def wnids(indices: list[int]) -> list[str]:
    """WordNet ids of class indices."""
    known = label_space(IMAGENET_1K).wnids
    return [known[i] for i in indices]


def class_names(indices: list[int]) -> list[str]:
    """ImageNet-1k names of class indices."""
    names = label_space(IMAGENET_1K).names
    return [names[i] for i in indices]


BENCHMARKS = (ImageNet,)
