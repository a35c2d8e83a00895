"""What benchmarks share that are a folder of images in one sub-folder a class."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import pandas as pd

from core.benchmarks import listing
from core.benchmarks.base import Benchmark
from core.benchmarks.imagenet import require_imagenet
from core.errors import DataError
from core.labels import IMAGENET_1K
from core.types import Factor, Table

_SHOWN = 5


class ClassFolders(Benchmark):
    """Images in class folders; a subclass says which folders there are, and what each accepts.

    Attributes:
        n_classes: Folders that the whole set has.
        archives: Folders that its archives unpack to, looked into where a folder above was given.
        named: How its folders are called, for errors.
    """

    n_classes: ClassVar[int]
    archives: ClassVar[tuple[str, ...]] = ()
    named: ClassVar[str]
    factors: ClassVar[tuple[Factor, ...]] = (Factor("class", "Class", "category"),)
    tables: ClassVar[tuple[Table, ...]] = (Table("by_class", ("class",), "Top-1 by class"),)

    def __init__(self, root: Path) -> None:
        super().__init__(root)
        self.root = self._unpacked(root) or listing.unwrapped(root, self.where)

    def _unpacked(self, folder: Path) -> Path | None:
        inner = [folder / name for name in self.archives if (folder / name).is_dir()]
        # Of several, a user has to choose.
        return inner[0] if len(inner) == 1 else None

    def where(self, folder: Path) -> Path | None:
        """Where in a folder the class folders are: right there, or where an archive unpacks them; None if nowhere."""
        if any(name in self.classes for name in listing.subfolders(folder)):
            return folder
        return self._unpacked(folder)

    @property
    @abstractmethod
    def classes(self) -> Mapping[str, Sequence[int]]:
        """ImageNet indices that are right for the images of a folder, by its name.

        Raises:
            DataError: If a file that says so cannot be read.
        """

    @abstractmethod
    def class_name(self, folder: str) -> str:
        """Name of a folder's class."""

    def left_out(self, folders: Sequence[str]) -> None:
        """Tell of folders that are no class folders, or refuse them; they are told of unless overridden."""
        if folders:
            self.note(f"{len(folders):,} folders are not {self.named} and were left out: {_some(folders)}.")

    @cached_property
    def found(self) -> listing.Listing:
        """The images.

        Raises:
            DataError: If there are none, or class folders of another set.
        """
        folders = list(listing.subfolders(self.root))
        known = [name for name in folders if name in self.classes]
        others = sorted(set(folders) - set(known))
        if not known:
            seen = f"it has the folders {_some(others)}" if others else "it has no sub-folders"
            raise DataError(
                f"{self.root} has no folder {self.named}; {seen}. Give the folder that holds the class folders with "
                f"--data DIR. {self.how_to_get}"
            )
        if len(known) > self.n_classes:
            raise DataError(
                f"{self.root} has {len(known):,} class folders where '{self.key}' has {self.n_classes:,}: it is "
                f"another set, perhaps 'imagenet'. {self.how_to_get}"
            )
        self.left_out(others)
        images = listing.list_class_folders(self.root, known)
        if not images.ids:
            raise DataError(f"the {len(known):,} class folders in {self.root} hold no images.")
        if len(images.folders) < self.n_classes:
            self.note(f"{len(images.folders):,} of {self.n_classes:,} classes are here.")
        for text in images.notes():
            self.note(text)
        return images

    def samples(self, label_space: str = IMAGENET_1K) -> pd.DataFrame:
        """One row per image; see ``Benchmark.samples``."""
        require_imagenet(self, label_space)
        ids = self.found.ids
        folders = [sample_id.partition("/")[0] for sample_id in ids]
        names = {folder: self.class_name(folder) for folder in self.found.folders}
        return pd.DataFrame(
            {
                "sample_id": ids,
                "accepted": [list(self.classes[folder]) for folder in folders],
                "cluster": ids,
                "class": [names[folder] for folder in folders],
            }
        )

    def pool_digest(self) -> str:
        """See ``listing.digest``."""
        return listing.digest(self.found)


def _some(names: Sequence[str]) -> str:
    return ", ".join(map(listing.shown, names[:_SHOWN])) + (", …" if len(names) > _SHOWN else "")
