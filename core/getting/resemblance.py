"""Which benchmark a folder looks like, told by names and headers alone, so that any folder may be asked about."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from core.benchmarks import focus, listing, objectnet, si_score
from core.benchmarks.imagenet_annotations import validation_name
from core.errors import StorageError
from core.labels import IMAGENET_1K, label_space
from core.paths import is_remote

#: Entries of a folder that are looked at, class folders whose images' names are, names in each, rows of metadata.
_ENTRIES, _FOLDERS, _NAMES, _ROWS = 5000, 8, 8, 20_000
#: Sub-folders that are looked into.
_INSIDE = 40
#: Benchmarks over ImageNet's validation images.
_ON_VALIDATION = ("imagenet", "imagenet-multilabel", "imagenet-m", "imagenet-real", "imagenet-attributes")
_ARCHIVES = (".zip", ".tar", ".tar.gz", ".tgz", ".7z", ".rar", ".tar.bz2", ".tar.xz")

_TRAINING = re.compile(r"n\d{8}_\d+\.")
_MASK = re.compile(r"n\d{8}_(?:n\d{8}_|ILSVRC2012_val_)")
_ADVERSARIAL = re.compile(r"0\.\d+_.+_0\.\d+\.jpg")
_RENDITION = re.compile(
    r"(?:art|cartoon|deviantart|embroidery|graffiti|graphic|misc|origami|painting|sculpture|sketch|sticker|tattoo|toy|"
    r"videogame)_\d+\.jpg"
)
_SKETCH = re.compile(r"sketch_\d+\.JPEG")


@dataclass(frozen=True)
class Resemblance:
    """What a folder looks like.

    Attributes:
        keys: Benchmarks that it may be the data of; empty for what is none's.
        why: What was seen, in words.
        folder: Where it was seen: the folder itself, or one inside.
        is_sure: Whether other data hardly look like that.
    """

    keys: tuple[str, ...]
    why: str
    folder: Path
    is_sure: bool = True


def looks_like(folder: Path, key: str = "") -> Resemblance | None:
    """The benchmark that a folder looks like the data of, or one of the folders directly in it does; None if none.

    Only some entries are looked at, and of files only a few headers are read.

    Args:
        folder: Any folder.
        key: The benchmark that is looked for, before others, in the folders inside.
    """
    if is_remote(folder):
        return None
    here = _here(folder)
    if here is not None and here.keys:
        return here
    try:
        inside = sorted(islice(listing.subfolders(folder), _INSIDE))
    except StorageError:
        return here
    found = [each for each in (_here(folder / name) for name in inside) if each is not None and each.keys]
    wanted = [each for each in found if key in each.keys]
    return next(iter([*wanted, *(each for each in found if each.is_sure)]), here)


def archives_in(folder: Path) -> list[str]:
    """Names of the archives right in a folder, which may not have been unpacked."""
    files = islice(listing.entries(folder, sizes=False), _ENTRIES)
    return sorted(each.name for each in files if each.size is not None and each.name.lower().endswith(_ARCHIVES))


def is_archive(path: Path) -> bool:
    """Whether a file is an archive by its name."""
    return path.name.lower().endswith(_ARCHIVES)


def _here(folder: Path) -> Resemblance | None:
    try:
        found = list(islice(listing.entries(folder, sizes=False), _ENTRIES))
        seen = _Seen(
            folder,
            sorted(each.name for each in found if each.is_folder),
            sorted(each.name for each in found if each.size is not None),
        )
        return next((each for rule in _RULES if (each := rule(seen)) is not None), None)
    except (OSError, StorageError):
        return None


@dataclass(frozen=True)
class _Seen:
    folder: Path
    folders: Sequence[str]
    files: Sequence[str]

    def names(self, inside: str) -> list[str]:
        """Some names of images in a folder inside."""
        there = listing.entries(self.folder / inside, sizes=False)
        return list(islice((each.name for each in there if each.is_image), _NAMES))

    def looks(self, *keys: str, why: str, is_sure: bool = True) -> Resemblance:
        return Resemblance(keys, why, self.folder, is_sure)


def _si_score(seen: _Seen) -> Resemblance | None:
    if si_score.METADATA not in seen.files:
        return None
    path = seen.folder / si_score.METADATA
    with path.open(encoding="utf-8", errors="replace") as stream:
        if not set(si_score.METADATA_COLUMNS) <= set(stream.readline().strip().split(",")):
            return None
    varied = varied_factor(path)
    if varied is None:
        return seen.looks(*(each.key for each in si_score.BENCHMARKS), why=f"it has SI-Score's {path.name}")
    return seen.looks(f"si-score/{varied}", why=f"{path.name} varies the object's {varied}")


def varied_factor(path: Path) -> str | None:
    """What SI-Score's metadata vary, by their first rows: ``size``, ``location`` or ``rotation``; None if not told."""
    try:
        with path.open(newline="", encoding="utf-8", errors="replace") as stream:
            rows = csv.DictReader(stream)
            if not set(si_score.METADATA_COLUMNS) <= set(rows.fieldnames or ()):
                return None
            values = [(row["rotation"], row["x_coord"], row["y_coord"], row["area"]) for row in islice(rows, _ROWS)]
    except (OSError, csv.Error):
        return None
    n_angles, n_x, n_y, n_areas = (len(set(column)) for column in zip(*values, strict=True)) if values else (0,) * 4
    if n_angles > 1:
        # A set of one's own may vary several things; then it is none of the three.
        return "rotation" if n_x == n_y == 1 else None
    if max(n_x, n_y) > 1:
        return "location"
    return "size" if n_areas > 1 else None


def _focus(seen: _Seen) -> Resemblance | None:
    if focus.ANNOTATIONS not in seen.files:
        return None
    with (seen.folder / focus.ANNOTATIONS).open("rb") as stream:
        is_sqlite = stream.read(15) == b"SQLite format 3"
    return seen.looks("focus", why=f"it has {focus.ANNOTATIONS}") if is_sqlite else None


def _imagenet_hard(seen: _Seen) -> Resemblance | None:
    inner = [seen.folder / name for name in ("data", "default") if name in seen.folders]
    shards = [path for folder in (seen.folder, *inner) for path in sorted(folder.glob("*.parquet"))[:1]]
    for path in shards:
        try:
            columns = set(pq.read_schema(path).names)
        except (OSError, pa.ArrowException):
            continue
        if {"image", "label", "origin", "english_label"} <= columns:
            return seen.looks("imagenet-hard", why=f"{path.name} has the columns label, origin and english_label")
    return None


def _masks(seen: _Seen) -> Resemblance | None:
    for split in ("val", "test", "train"):
        if split not in seen.folders:
            continue
        if (seen.folder / split / "entire_object_masks").is_dir():
            return seen.looks("rival10", "rival20", why=f"it has {split}/entire_object_masks")
        names = seen.names(split)
        if names and all(map(_MASK.match, names)):
            return seen.looks("hard-imagenet", why=f"{split} holds files named <wnid>_<file>, such as {names[0]}")
    return None


def _objectnet(seen: _Seen) -> Resemblance | None:
    if any((seen.folder / place / objectnet.LABELS).is_file() for place in (objectnet.MAPPINGS, "../mappings")):
        return seen.looks("objectnet", why=f"it has {objectnet.MAPPINGS}/{objectnet.LABELS}")
    return None


def _by_index(seen: _Seen) -> Resemblance | None:
    numbers = [name for name in seen.folders if name.isdecimal() and int(name) < 1000]
    if len(numbers) < 3 or 2 * len(numbers) < len(seen.folders):
        return None
    return seen.looks("imagenet-v2", why=f"it has {len(numbers):,} folders named by a class index")


def _by_wnid(seen: _Seen) -> Resemblance | None:
    wnids = label_space(IMAGENET_1K).index_of_wnid
    known = [name for name in seen.folders if name in wnids]
    if not known:
        inner = _in_val(seen)
        return inner if inner is not None else _flat(seen)
    names = list(_names_of(seen, known))
    for pattern, key in ((_ADVERSARIAL, "imagenet-a"), (_SKETCH, "imagenet-sketch"), (_RENDITION, "imagenet-r")):
        if names and all(map(pattern.fullmatch, names)):
            return seen.looks(key, why=f"its images are named as that set's are, such as {names[0]}")
    if any(validation_name(name) for name in names):
        return seen.looks(*_ON_VALIDATION, why=f"it has validation images in class folders, such as {names[0]}")
    if any(map(_TRAINING.match, names)):
        return seen.looks("imagenet", why=f"it has ImageNet's training images, such as {names[0]}")
    return seen.looks("imagenet", why=f"it has {len(known):,} folders named by WordNet id", is_sure=False)


def _names_of(seen: _Seen, folders: Sequence[str]) -> Iterator[str]:
    step = max(1, len(folders) // _FOLDERS)
    for name in folders[::step][:_FOLDERS]:
        yield from seen.names(name)


def _in_val(seen: _Seen) -> Resemblance | None:
    if "val" not in seen.folders:
        return None
    found = _here(seen.folder / "val")
    return Resemblance(found.keys, found.why, seen.folder, found.is_sure) if found and found.keys else None


def _flat(seen: _Seen) -> Resemblance | None:
    name = next((name for name in seen.files if validation_name(name)), None)
    return seen.looks(*_ON_VALIDATION, why=f"it has flat validation images, such as {name}") if name else None


def _own(seen: _Seen) -> Resemblance | None:
    n_images = sum(os.path.splitext(name)[1].lower() in listing.IMAGE_SUFFIXES for name in seen.files)
    if n_images:
        return seen.looks(why=f"it holds {n_images:,} images that are named like no published set's")
    folders = [name for name in seen.folders[:_FOLDERS] if seen.names(name)]
    return seen.looks(why=f"it has folders of images, such as {folders[0]}") if folders else None


_RULES: tuple[Callable[[_Seen], Resemblance | None], ...] = (
    *(_si_score, _focus, _imagenet_hard, _masks, _objectnet, _by_wnid, _by_index, _own),
)
