"""``imagenet-real``: ImageNet's validation set under labels collected anew.

Beyer et al. 2020, "Are we done with ImageNet?". An image accepts every label that annotators found in it; images in
which they found none are left out.
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

from core import paths
from core.benchmarks import imagenet_annotations
from core.benchmarks.imagenet_annotations import Annotations, Labels
from core.benchmarks.imagenet_m import ImageNetMultilabel
from core.errors import DataError
from core.labels import IMAGENET_1K, label_space
from core.types import Table

FILE = "real.json"


class ImageNetReal(ImageNetMultilabel):
    """ImageNet's validation set, where every label that is in an image is right (ReaL)."""

    key: ClassVar[str] = "imagenet-real"
    title: ClassVar[str] = "ImageNet ReaL"
    paper: ClassVar[str] = "Beyer et al. 2020, Are we done with ImageNet? (arXiv 2006.07159)"
    licence: ClassVar[str] = "ImageNet's terms of access for images; labels Apache-2.0"
    how_to_get: ClassVar[str] = (
        f"Put {FILE} of https://github.com/google-research/reassessed-imagenet into the folder of ImageNet's "
        "validation images, ILSVRC2012_val_*.JPEG flat or in folders named by WordNet id, and give that folder with "
        "--data DIR."
    )
    tables: ClassVar[tuple[Table, ...]] = (
        Table("by_n_accepted", ("n_accepted",), "Accepted predictions by number of accepted classes"),
        Table("by_class", ("class",), "Accepted predictions by original class"),
    )

    @cached_property
    def annotations(self) -> Annotations:
        """The labels beside the images, or where annotations were last found.

        Raises:
            DataError: If there are none, or they are of something else.
        """
        path = self._file
        if path is None:
            raise DataError(f"{FILE} is neither in {self.root} nor above it. {self.how_to_get}")
        labels = read_labels(path)
        n_bare = sum(not each.accepted for each in labels.values())
        if n_bare:
            self.note(f"{n_bare:,} of {len(labels):,} validation images have no label in {FILE} and were left out.")
        return Annotations(path, labels, frozenset(), ())

    @property
    def _file(self) -> Path | None:
        return imagenet_annotations.find([FILE], imagenet_annotations.folders_of(self.root))

    def label_files(self) -> list[Path]:
        """The labels, and the list of original classes if there is one."""
        path = self._file
        return [*([path] if path else []), *imagenet_annotations.label_files(self.root)]


def read_labels(path: Path) -> dict[str, Labels]:
    """Labels by validation file name, from the list of lists that is published.

    Raises:
        DataError: If it is something else; names the place and the value.
    """
    try:
        content = paths.load_json(path)
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be read as JSON: {error}.") from error
    n = imagenet_annotations.N_VALIDATION
    if not isinstance(content, list) or len(content) != n:
        seen = f"{len(content):,} entries" if isinstance(content, list) else f"a {type(content).__name__}"
        raise DataError(f"{path} holds {seen}; a list of {n:,}, one for each validation image in order, is needed.")
    wrong = [(at, each) for at, each in enumerate(content, 1) if not _are_classes(each)]
    if wrong:
        raise DataError(
            f"{path}: {len(wrong):,} entries are no lists of class indices from 0 to 999, the first is number "
            f"{wrong[0][0]:,}: {str(wrong[0][1])[:60]}. Download the file again."
        )
    return {
        f"ILSVRC2012_val_{number:08}.JPEG": Labels(correct=tuple(dict.fromkeys(each)))
        for number, each in enumerate(content, 1)
    }


def _are_classes(entry: Any) -> bool:
    n = len(label_space(IMAGENET_1K))
    # JSON's true would count as 1.
    return isinstance(entry, list) and all(type(each) is int and 0 <= each < n for each in entry)


BENCHMARKS = (ImageNetReal,)
