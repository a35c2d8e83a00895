"""What a benchmark is: the base class of every file in this folder."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import TYPE_CHECKING, ClassVar

from PIL import Image

from core.benchmarks.listing import IMAGE_SUFFIXES, is_junk
from core.errors import DataError
from core.images.opening import Decoded, decode_composed, decode_file, reasons
from core.images.preprocess import Preprocess
from core.images.seeing import Seen, see
from core.paths import is_remote
from core.types import Card, CardTable, Factor, Policy, Table

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


class Benchmark(ABC):
    """Which images exist, which classes each accepts, which factors describe it, which tables its paper reports.

    A subclass is one file in ``core/benchmarks``. It is constructed with the folder of its data and lists that folder
    when first asked; it never opens an image to do so.

    Attributes:
        root: Data folder.
        notes: What a user should know about this copy of the data (ignored folders, rows without an image).
    """

    key: ClassVar[str]
    title: ClassVar[str]
    paper: ClassVar[str]
    licence: ClassVar[str]
    how_to_get: ClassVar[str]
    factors: ClassVar[tuple[Factor, ...]]
    tables: ClassVar[tuple[Table, ...]]
    #: What is not independent between images ("cut-out"); None if every image is its own.
    cluster_unit: ClassVar[str | None] = None
    label_spaces: ClassVar[tuple[str, ...]] = ("imagenet-1k",)
    #: How answers count unless a user says otherwise: ``restricted`` where the set has fewer classes than ImageNet.
    default_policy: ClassVar[Policy] = "top1"
    #: Data folder that comes with the project, or None.
    embedded: ClassVar[Path | None] = None
    #: What its images are a part of: benchmarks of one pool on one folder share predictions. Its own key by default.
    pool: ClassVar[str] = ""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.notes: list[str] = []

    @classmethod
    def card(cls) -> Card:
        """What the benchmark is, as data."""
        return Card(
            key=cls.key,
            title=cls.title,
            about=" ".join((cls.__doc__ or "").split()),
            paper=cls.paper,
            licence=cls.licence,
            how_to_get=cls.how_to_get,
            factors=cls.factors,
            tables=tuple(CardTable(each.name, each.by, each.title, each.compute is not None) for each in cls.tables),
            cluster_unit=cls.cluster_unit,
            label_spaces=cls.label_spaces,
            default_policy=cls.default_policy,
        )

    def note(self, text: str) -> None:
        """Tell the user something about this copy of the data; once, however often the data are read."""
        if text not in self.notes:
            self.notes.append(text)

    @abstractmethod
    def samples(self, label_space: str = "imagenet-1k") -> pd.DataFrame:
        """One row per image.

        Args:
            label_space: The model's label space, in whose indices ``accepted`` is given.

        Returns:
            Columns ``sample_id`` (str, unique), ``accepted`` (list of int, not empty), ``cluster`` (str) and one per
            factor.

        Raises:
            DataError: If the data cannot be read as this benchmark.
            LabelSpaceError: If accepted classes cannot be expressed in ``label_space``.
        """

    @abstractmethod
    def pool_digest(self) -> str:
        """SHA-256 (hex) that changes when the pool's images change; what is said of them plays no part.

        Names and sizes of all files and the bytes of some are enough: the bytes of each image are digested as it is
        decoded.
        """

    def image_ids(self, sample_ids: Sequence[str]) -> list[str]:
        """The pool's name of each sample's image; the samples' own ids unless overridden. No two may be the same."""
        return list(sample_ids)

    def label_files(self) -> list[Path]:
        """The files that labels and factors are read from: those beside the images unless overridden."""
        return beside_images(self.root)

    def __reduce__(self) -> tuple[type[Benchmark], tuple[Path]]:
        """Another process lists the folder itself if it must; paths and ids travel, nothing else."""
        return type(self), (self.root,)

    def path(self, sample_id: str) -> Path | None:
        """The image's file, inside the data folder; None for a benchmark that composes its images.

        Ids come from annotations, links and job arguments, which anybody may have written: a benchmark that finds its
        files otherwise overrides ``location``, so that none escapes this check.

        Raises:
            DataError: If the id names nothing inside the data folder.
        """
        return self._inside(self.location(sample_id), sample_id)

    def _inside(self, location: str, sample_id: str = "") -> Path:
        if not is_inside(location):
            raise DataError(f"{sample_id or location!r} names no image inside the data folder of '{self.key}'.")
        return self.root / location

    def location(self, sample_id: str) -> str:
        """Path of an image relative to the data folder, with forward slashes; the id itself unless overridden."""
        return sample_id

    def image(self, sample_id: str) -> Image.Image:
        """The image as published, before any preprocessing; RGB or what the file holds.

        Raises:
            ImageError: If the file's bytes are no image.
            StorageError: If the system does not give them now.
            DataError: If the id names nothing inside the data folder.
        """
        path = self.path(sample_id)
        if path is None:
            raise NotImplementedError(f"{type(self).__name__} must override image()")
        return decode_file(path, f"the image '{sample_id}'").image

    def decoded(self, image_id: str) -> Decoded:
        """An image of the pool, read once, with a digest of its bytes.

        Args:
            image_id: See ``image_ids``.

        Raises:
            ImageError: If the bytes are no image; carries their digest.
            StorageError: If the system does not give them now.
            DataError: If the id names nothing inside the data folder.
        """
        what = f"the image '{image_id}'"
        if type(self).image is not Benchmark.image:
            with reasons(what):
                return decode_composed(lambda: self.image(image_id))
        return decode_file(self._inside(image_id), what)

    def seen(self, sample_id: str, preprocess: Preprocess, view: str = "clean", *, masked: bool = True) -> Seen:
        """The image as a model sees it.

        Args:
            sample_id: Of the samples table.
            preprocess: The model's.
            view: Name of one view; see ``core.images.views``.
            masked: Whether the object's mask is wanted, where the benchmark has one.

        Raises:
            ImageError: If the image cannot become pixels, a fact about it.
            StorageError: If the system does not give it now.
            DataError: If there is no such image.
        """
        with reasons(f"the image '{sample_id}'"):
            mask = self.mask(sample_id) if masked else None
            image = self.image(sample_id)
        # What is random in a view belongs to the pool's image.
        return see(image, preprocess, view, self.image_ids([sample_id])[0], mask)

    def mask(self, sample_id: str) -> np.ndarray | None:
        """Object mask, bool (H, W) at the image's own size, or None where the benchmark has none."""
        return None


def beside_images(root: Path) -> list[Path]:
    """The files in a folder that are no images and no junk, sorted; none of an object store: listing takes long."""
    if is_remote(root):
        return []
    try:
        return [root / name for name in _beside_images(root, root.stat().st_mtime_ns)]
    except OSError:
        return []


@lru_cache(maxsize=64)
def _beside_images(root: Path, changed_ns: int) -> list[str]:
    """Names of the files in a folder that are no images, sorted; the folder changes whenever one comes or goes.

    A validation set may lie there as 50,000 files, which pages cannot list at every look.
    """
    del changed_ns
    with os.scandir(root) as entries:
        named = [entry for entry in entries if not is_junk(entry.name)]
        others = [entry for entry in named if os.path.splitext(entry.name)[1].lower() not in IMAGE_SUFFIXES]
    return sorted(entry.name for entry in others if entry.is_file())


def is_inside(location: str) -> bool:
    """Whether a path with forward slashes lies inside the folder that it is relative to; symbolic links may lead out.

    Published sets are often trees of links, so links are the user's own doing; what an id says is not.
    """
    windows = PureWindowsPath(location)
    climbs = ".." in windows.parts or location.startswith("/") or bool(windows.anchor)
    return bool(PurePosixPath(location).parts) and not climbs and "\0" not in location
