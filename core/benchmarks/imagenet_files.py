"""Images of the user's ImageNet, found by their names wherever a copy keeps them."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from core.benchmarks import listing
from core.benchmarks.imagenet import has_classes, holds_validation
from core.benchmarks.imagenet_annotations import validation_name

Split = Literal["val", "train"]

#: Where Kaggle's copy of ImageNet has ``val`` and ``train``.
_KAGGLE = ("ILSVRC/Data/CLS-LOC", "Data/CLS-LOC")


@dataclass(frozen=True)
class File:
    """A file; its name is relative to the folder, its size in bytes."""

    folder: Path
    name: str
    size: int

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.folder / self.name


class Images:
    """ImageNet's files by name; each folder is listed once, when one of its files is first looked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = listing.unwrapped(folder, _images_in)
        self._sizes: dict[Path, dict[str, int]] = {}
        self._spellings: dict[Path, dict[str, list[str]]] = {}

    def find(self, split: Split, wnid: str, file: str) -> File | None:
        """An image: in the split's folder or in the one given, in its class folder or flat."""
        places = [(base, inner) for base in self._bases(split) for inner in (wnid, "")]
        for base, inner in places:
            size = self._in(base / inner).get(file)
            if size is not None:
                return File(base, f"{inner}/{file}" if inner else file, size)
        for base, inner in places:
            # Copies of ImageNet differ in suffixes, and some have the WordNet id in the names of validation images.
            spelt = self._spelt(base / inner).get(_spelling(file), [])
            if len(spelt) == 1:
                name = spelt[0]
                return File(base, f"{inner}/{name}" if inner else name, self._in(base / inner)[name])
        return None

    def _bases(self, split: Split) -> Iterator[Path]:
        yield self._folder / split
        yield self._folder
        if self._folder.name in ("val", "train"):
            yield self._folder.parent / split

    def _spelt(self, folder: Path) -> dict[str, list[str]]:
        if folder not in self._spellings:
            found: dict[str, list[str]] = defaultdict(list)
            for name in self._in(folder):
                if os.path.splitext(name)[1].lower() in listing.IMAGE_SUFFIXES:
                    found[_spelling(name)].append(name)
            self._spellings[folder] = found
        return self._spellings[folder]

    def _in(self, folder: Path) -> dict[str, int]:
        if folder not in self._sizes:
            found = listing.entries(folder) if folder.is_dir() else ()
            self._sizes[folder] = {each.name: each.size for each in found if each.size is not None}
        return self._sizes[folder]


def _images_in(folder: Path) -> Path | None:
    """Where in a folder ImageNet's ``val`` and ``train`` are, its class folders or its images, or None."""
    inner = next((folder / name for name in _KAGGLE if (folder / name).is_dir()), None)
    if inner is not None:
        return inner
    is_here = (folder / "val").is_dir() or (folder / "train").is_dir()
    return folder if is_here or has_classes(folder) or holds_validation(folder) else None


def _spelling(file: str) -> str:
    """What an image is called in all copies of ImageNet: no suffix, nothing after a validation image's number."""
    return os.path.splitext(validation_name(file) or file)[0].lower()
