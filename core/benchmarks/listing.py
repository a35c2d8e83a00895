"""List the image files of a data set without opening them, and digest what was listed."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from core.paths import is_remote

IMAGE_SUFFIXES = frozenset({".jpeg", ".jpg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".ppm"})
_SPOT_CHECKS = 64


@dataclass(frozen=True)
class Listing:
    """Image files below a folder, one level of class folders deep.

    Attributes:
        root: The folder.
        ids: POSIX paths relative to the root, sorted.
        sizes: File sizes in bytes, in the same order.
        folders: Names of the class folders that hold at least one image.
        ignored: Files in the class folders that are not images by their suffix.
    """

    root: Path
    ids: list[str]
    sizes: list[int]
    folders: list[str]
    ignored: int


def list_class_folders(root: Path, folders: Iterable[str] | None = None) -> Listing:
    """List ``<root>/<folder>/<image>`` with sizes; hidden files are left out.

    Args:
        root: Data folder.
        folders: The class folders to look into; all sub-folders by default.
    """
    names = sorted(folders) if folders is not None else sorted(subfolders(root))
    ids: list[str] = []
    sizes: list[int] = []
    used: list[str] = []
    ignored = 0
    for name in names:
        entries = sorted(_files(root / name))
        images = [(file, size) for file, size in entries if os.path.splitext(file)[1].lower() in IMAGE_SUFFIXES]
        ignored += len(entries) - len(images)
        if images:
            used.append(name)
        ids.extend(f"{name}/{file}" for file, _ in images)
        sizes.extend(size for _, size in images)
    return Listing(root, ids, sizes, used, ignored)


def flat_images(root: Path) -> Listing:
    """List ``<root>/<image>`` with sizes; hidden files are left out."""
    found = sorted(entry for entry in _files(root) if os.path.splitext(entry[0])[1].lower() in IMAGE_SUFFIXES)
    return Listing(root, [name for name, _ in found], [size for _, size in found], [], 0)


def together(*listings: Listing) -> Listing:
    """Several listings below one folder as one."""
    pairs = sorted(pair for each in listings for pair in zip(each.ids, each.sizes, strict=True))
    folders = sorted({name for each in listings for name in each.folders})
    ignored = sum(each.ignored for each in listings)
    return Listing(listings[0].root, [name for name, _ in pairs], [size for _, size in pairs], folders, ignored)


def subfolders(root: Path) -> Iterator[str]:
    """Names of the folders directly below a folder, hidden ones left out."""
    for name, size in entries(root):
        if size is None:
            yield name


def _files(folder: Path) -> Iterator[tuple[str, int]]:
    for name, size in entries(folder):
        if size is not None:
            yield name, size


def entries(folder: Path) -> Iterator[tuple[str, int | None]]:
    """Names in a folder, hidden ones left out, with the size of each file; None for a folder.

    One look into the folder gives all, on a disk and in an object store. Web servers do not tell sizes; those are -1.

    Raises:
        OSError: If the folder cannot be read.
    """
    if is_remote(folder):
        for entry in folder.fs.ls(folder.path, detail=True):
            name = str(entry["name"]).rstrip("/").rpartition("/")[2]
            if name and not name.startswith("."):
                size = entry.get("size")
                yield name, None if entry["type"] == "directory" else -1 if size is None else int(size)
        return
    with os.scandir(folder) as found:
        for entry in found:
            if not entry.name.startswith("."):
                if entry.is_dir():
                    yield entry.name, None
                elif entry.is_file():
                    yield entry.name, entry.stat().st_size


def digest(listing: Listing) -> str:
    """SHA-256 (hex) of a pool of images as it can be had without reading all of it.

    Covers the names and sizes of all files, and the bytes of up to 64 spread evenly over the list. Hashing every image
    of SI-Score would read some 50 GB.
    """
    total = hashlib.sha256()
    total.update("\n".join(listing.ids).encode())
    total.update(np.asarray(listing.sizes, dtype="<i8").tobytes())
    picks = np.unique(np.linspace(0, len(listing.ids) - 1, _SPOT_CHECKS).astype(int)) if listing.ids else []
    for path in (listing.root / listing.ids[pick] for pick in picks):
        try:
            total.update(hashlib.sha256(path.read_bytes()).digest())
        except Exception as error:
            if not (isinstance(error, OSError) or is_remote(path)):
                raise
            # An unreadable image is recorded when it is evaluated; it must not stop the listing.
            total.update(b"unreadable")
    return total.hexdigest()
