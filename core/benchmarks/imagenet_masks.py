"""What benchmarks share whose masks lie in one folder and whose images in the user's ImageNet."""

from __future__ import annotations

import hashlib
import os
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import pyarrow as pa

from core import paths
from core.benchmarks import listing, object_masks
from core.benchmarks.base import Benchmark
from core.benchmarks.imagenet import class_names, require_imagenet
from core.benchmarks.imagenet_files import File, Images, Split
from core.errors import DataError, StorageError, StoreError
from core.labels import IMAGENET_1K, label_space
from core.store.parts import write_parquet
from core.types import Factor, Table

#: Folders of masks, the one that is used first where there are several.
SPLITS = ("val", "test", "train")

_NAME = re.compile(r"(n\d{8})_(.+)")
_TRAINING = re.compile(r"n\d{8}_\d+\.")
_VALIDATION = "ILSVRC2012_val"
#: Part of the name of what is kept of masks; changes with what ``object_masks`` measures.
_MEASURES = 1
_MEASURED = ("sample_id", "object_area", "centre_distance", "fault")
_SHOWN = 3


@dataclass(frozen=True)
class Pair:
    """A mask and its image; ``split`` is ImageNet's."""

    wnid: str
    split: Split
    mask: File
    image: File


@dataclass
class Pairs:
    """Masks with their images, by the samples' ids; and the names of what is amiss."""

    found: dict[str, Pair] = field(default_factory=dict)
    missing: list[str] = field(default_factory=list)
    unnamed: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)


class ImageNetMasks(Benchmark):
    """Masks in one folder, images in the user's ImageNet.

    A sample's id is ``<wnid>/<file>``, wherever ImageNet keeps the file. The pool is the benchmark's own: that of
    ImageNet's validation set covers all of its images and no mask.

    Attributes:
        mask_folder: Where masks lie below ``val``, ``test`` or ``train``; empty for right there.
    """

    mask_folder: ClassVar[str] = ""
    #: Whether ``val`` and ``train`` of the masks are ImageNet's.
    splits_are_imagenets: ClassVar[bool] = True
    factors: ClassVar[tuple[Factor, ...]] = (
        Factor("class", "Class", "category"),
        Factor("wnid", "WordNet id", "category"),
        Factor("object_area", "Object area / image area", "numeric"),
        Factor("centre_distance", "Distance of the object from the centre (1 is a corner)", "numeric"),
    )
    tables: ClassVar[tuple[Table, ...]] = (Table("by_class", ("class",), "Top-1 by class"),)

    def __init__(self, root: Path, images: Path | None = None) -> None:
        """A benchmark on its masks and images.

        Args:
            root: Folder that holds ``val``, ``test`` or ``train`` with masks, or one of these.
            images: ImageNet's folder: of ``val`` and ``train``, of class folders, or of flat validation images. By
                default the one that was remembered for the masks, else that of the benchmark ``imagenet``.
        """
        super().__init__(root)
        self.root = listing.unwrapped(root, self._where)
        self._given = images
        self._unseen: frozenset[str] = frozenset()

    def __reduce__(self) -> tuple[type[Benchmark], tuple[Path, Path | None]]:  # type: ignore[override]
        """Another process gets both folders; what is remembered there plays no part."""
        return type(self), (self.root, self.images_folder)

    @property
    def _splits(self) -> dict[str, Path]:
        return self._splits_in(self.root)

    def _splits_in(self, folder: Path) -> dict[str, Path]:
        found = {split: folder / split / self.mask_folder for split in SPLITS}
        return {split: inside for split, inside in found.items() if inside.is_dir()}

    def _where(self, folder: Path) -> Path | None:
        """The folder itself if masks are in it, else None; see ``listing.unwrapped``."""
        is_split = folder == self.root and folder.name in SPLITS and (folder / self.mask_folder).is_dir()
        return folder if is_split or self._splits_in(folder) else None

    @property
    def top(self) -> Path:
        """The folder of all masks, for which the images are remembered."""
        return self.root if self._splits or self.root.name not in SPLITS else self.root.parent

    @property
    def _memory(self) -> str:
        return f"images of {self.top}"

    @property
    def images_folder(self) -> Path | None:
        """ImageNet's folder; looked for again until a user has told of one."""
        downloads = paths.data_home() / "downloads" / "imagenet"
        remembered = paths.remembered_data(self._memory) or paths.remembered_data("imagenet")
        return self._given or remembered or (downloads if downloads.is_dir() else None)

    def remember_images(self) -> None:
        """Keep the folder of images that was given, for later commands and pages.

        Raises:
            StoreError: If it cannot be written.
        """
        if self._given is not None:
            paths.remember_data(self._memory, self._given)

    def mask_folders(self) -> dict[str, Path]:
        """The folders of masks that are used, by their split.

        Raises:
            DataError: If there are none.
        """
        splits = self._splits
        if not splits and self.root.name in SPLITS and (self.root / self.mask_folder).is_dir():
            return {self.root.name: self.root / self.mask_folder}
        if not splits:
            wanted = " or ".join("/".join(filter(None, (split, self.mask_folder))) for split in SPLITS)
            raise DataError(f"{self.root} has no folder {wanted}. {self.how_to_get}")
        return self.chosen(splits)

    def chosen(self, splits: Mapping[str, Path]) -> dict[str, Path]:
        """Of the folders of masks that a folder has, those that are used: validation images if there are some."""
        split = next(iter(splits))
        if split == "train":
            self.note("the masks are of ImageNet's training images, which most models have seen: there is no val here.")
        return {split: splits[split]}

    def usable(self, pairs: dict[str, Pair]) -> dict[str, Pair]:
        """The pairs that are samples; all unless overridden."""
        return pairs

    @property
    def classes(self) -> Mapping[str, int]:
        """ImageNet index of each WordNet id that the benchmark may have."""
        return label_space(IMAGENET_1K).index_of_wnid

    @cached_property
    def pairs(self) -> dict[str, Pair]:
        """Masks that have an image, by the sample's id.

        Raises:
            DataError: If there is none, or no folder of images is known.
            StorageError: If the folder is not there, or has none of the images; a network folder may be back later.
        """
        folders, images = self.mask_folders(), self.require_images()
        pairs = self._paired(folders, images)
        self._unseen = frozenset(name.partition("/")[2] for name in pairs.missing)
        if not pairs.found:
            self._refuse(pairs, images)
        for names, what in (
            (pairs.unnamed, "files are not named <wnid>_<file> and were left out"),
            (pairs.foreign, f"masks are of classes that '{self.key}' does not have and were left out"),
            (pairs.missing, f"masks have no image in {images} and were left out (--images gives another folder)"),
            (pairs.twice, "masks are there twice; the first was used"),
            (pairs.moved, "masks are, by their names, of ImageNet's other split than their folder; move or rename it"),
        ):
            self._note(names, what)
        return self.usable(dict(sorted(pairs.found.items())))

    def _paired(self, folders: Mapping[str, Path], images: Path) -> Pairs:
        pairs, finder = Pairs(), Images(images)
        for folder_split, folder in folders.items():
            masks = listing.flat_images(folder)
            for text in masks.notes():
                self.note(text)
            for name, size in zip(masks.ids, masks.sizes, strict=True):
                matched = _NAME.fullmatch(name)
                if matched is None:
                    pairs.unnamed.append(name)
                elif matched[1] not in self.classes:
                    pairs.foreign.append(name)
                else:
                    self._add(pairs, finder, folder_split, matched, File(folder, name, size))
        return pairs

    def _add(self, pairs: Pairs, finder: Images, folder_split: str, matched: re.Match[str], mask: File) -> None:
        wnid, file = matched.groups()
        sample_id, split = f"{wnid}/{file}", _split_of(file, folder_split)
        image = finder.find(split, wnid, file)
        if image is None:
            pairs.missing.append(f"{split}/{sample_id}")
        elif sample_id in pairs.found:
            pairs.twice.append(mask.name)
        else:
            pairs.found[sample_id] = Pair(wnid, split, mask, image)
            if self.splits_are_imagenets and (split == "train") != (folder_split == "train"):
                pairs.moved.append(mask.name)

    def require_images(self) -> Path:
        """The folder of images; a ``DataError`` where none is known, a ``StorageError`` where it is not there."""
        folder = self.images_folder
        if folder is None or not paths.is_folder(folder):
            seen = "no folder of ImageNet's images is known" if folder is None else f"{folder} is not a folder"
            raise (DataError if folder is None else StorageError)(
                f"{seen}, and {self.top} holds masks alone: give ImageNet's folder once, with python -m core evaluate "
                f"--model MODEL --benchmark {self.key} --data {self.root} --images IMAGENET"
            )
        return folder

    def _refuse(self, pairs: Pairs, images: Path) -> None:
        if pairs.missing:
            raise StorageError(
                f"none of the {len(pairs.missing):,} masks in {self.root} has its image in {images}, for example "
                f"{pairs.missing[0]}: give ImageNet's folder, which holds val/<wnid>/ or train/<wnid>/, with --images."
            )
        seen = "".join(f", but for example {name}" for name in [*pairs.foreign, *pairs.unnamed][:1])
        raise DataError(
            f"{self.root} has no mask named <wnid>_<file> of a class that '{self.key}' has{seen}. {self.how_to_get}"
        )

    def _note(self, names: list[str], what: str) -> None:
        if names:
            more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
            self.note(f"{len(names):,} {what}: {', '.join(map(listing.shown, names[:_SHOWN]))}{more}.")

    @cached_property
    def _digest(self) -> str:
        total = hashlib.sha256()
        for files in ([each.image for each in self.pairs.values()], [each.mask for each in self.pairs.values()]):
            total.update("".join(listing.digest(each) for each in _listings(files)).encode())
        return total.hexdigest()

    def pool_digest(self) -> str:
        """Of the images that have a mask, and of the masks, wherever they lie; see ``listing.digest``."""
        return self._digest

    @cached_property
    def measures(self) -> pd.DataFrame:
        """What masks say of their objects: ``sample_id``, ``object_area``, ``centre_distance`` and ``fault``.

        Each mask is read whole, and the header of its image, when they are first listed, some 1.3 s for 1,000 masks on
        two cores; what they say is kept under the digest of both.

        Raises:
            DataError: If most are photographs.
            StorageError: If one cannot be read now.
        """
        path = paths.data_home() / "cache" / f"masks-{_MEASURES}-{self._digest[:32]}.parquet"
        found = _kept(path)
        if found is None or found["sample_id"].tolist() != list(self.pairs):
            with ThreadPoolExecutor(os.cpu_count()) as pool:
                files = ((each.mask.path, each.image.path) for each in self.pairs.values())
                rows = list(pool.map(lambda pair: object_masks.measure_file(*pair), files))
            found = pd.DataFrame(rows, columns=_MEASURED[1:])
            found.insert(0, _MEASURED[0], list(self.pairs))
            # A demo, and a full disk, measure again.
            with suppress(StoreError):
                write_parquet(path, pa.Table.from_pandas(found, preserve_index=False))
        self._note_faults(found)
        return found

    def _note_faults(self, found: pd.DataFrame) -> None:
        ids = {fault: found.loc[found["fault"] == fault, "sample_id"].tolist() for fault in object_masks.FAULTS}
        photos = ids["photo"]
        if 2 * len(photos) > len(found):
            raise DataError(
                f"{len(photos):,} of {len(found):,} files in {self.root} are photographs where masks belong, such as "
                f"{self.pairs[photos[0]].mask.path}: most of its pixels are neither black nor white. Give masks with "
                "--data, and ImageNet's photographs with --images."
            )
        for fault, what in object_masks.FAULTS.items():
            self._note([self.pairs[each].mask.name for each in ids[fault]], f"masks {what}")

    def samples(self, label_space: str = IMAGENET_1K) -> pd.DataFrame:
        """One row per mask that has an image; see ``Benchmark.samples``.

        ``object_area`` and ``centre_distance`` are those of ``object_masks.measure``, of the mask as it is stored; NaN
        where it counts as none, the distance also where it is empty.
        """
        require_imagenet(self, label_space)
        ids, wnid = list(self.pairs), [each.wnid for each in self.pairs.values()]
        return pd.DataFrame(
            {
                "sample_id": ids,
                "accepted": [self.accepted(each) for each in wnid],
                "cluster": ids,
                "class": [self.class_name(each) for each in wnid],
                "wnid": wnid,
                "object_area": self.measures["object_area"].to_numpy(dtype=float),
                "centre_distance": self.measures["centre_distance"].to_numpy(dtype=float),
            }
        )

    def accepted(self, wnid: str) -> list[int]:
        """ImageNet indices that are right for an image of a class."""
        return [self.classes[wnid]]

    def class_name(self, wnid: str) -> str:
        """Name of a class."""
        return class_names([self.classes[wnid]])[0]

    def _inside(self, location: str, sample_id: str = "") -> Path:
        super()._inside(location, sample_id)
        return self._pair(location).image.path

    def _pair(self, sample_id: str) -> Pair:
        """A sample's files; another process, which lists them anew, may not see an image that is there."""
        if sample_id in self.pairs:
            return self.pairs[sample_id]
        if sample_id in self._unseen:
            raise StorageError(f"the image '{sample_id}' is not in {self.images_folder} now.")
        raise DataError(f"{sample_id!r} names no image inside the data folder of '{self.key}'.")

    def mask(self, sample_id: str) -> np.ndarray | None:
        """See ``Benchmark.mask`` and ``object_masks.read_mask``."""
        pair = self._pair(sample_id)
        return object_masks.read_mask(pair.mask.path, pair.image.path)


def _split_of(file: str, folder_split: str) -> Split:
    """ImageNet's split of an image: by its name, else by the folder of its mask."""
    if _VALIDATION in file:
        return "val"
    return "train" if _TRAINING.match(file) or folder_split == "train" else "val"


def _listings(files: Iterable[File]) -> Iterator[listing.Listing]:
    """Files as listings of one folder each, in an order that does not depend on where the folders lie."""
    by_folder = defaultdict(list)
    for each in files:
        by_folder[each.folder].append((each.name, each.size))
    for folder, found in sorted(by_folder.items(), key=lambda item: sorted(item[1])):
        names, sizes = zip(*sorted(found), strict=True)
        yield listing.Listing(folder, list(names), list(sizes))


def _kept(path: Path) -> pd.DataFrame | None:
    try:
        found = pd.read_parquet(path)
        return found if tuple(found.columns) == _MEASURED else None
    except (OSError, ValueError, pa.ArrowException):
        return None
