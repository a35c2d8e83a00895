"""List the image files of a data set without opening them, and digest what was listed."""

from __future__ import annotations

import errno
import hashlib
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import numpy as np

from core.errors import StorageError
from core.paths import is_remote

IMAGE_SUFFIXES = frozenset({".jpeg", ".jpg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".gif", ".ppm"})
#: What systems and their archives leave beside data, in small letters: of macOS, of Windows, of network storage.
JUNK = frozenset(
    {"__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "system volume information", "@eadir"}
)
_SPOT_CHECKS = 64
#: Names that a note gives as examples.
_SHOWN = 3

#: Why an entry of a folder is no image.
LeftOut = Literal["suffix", "link", "special", "name", "folder"]
#: The words of a note, for one and for several.
_REASONS: dict[LeftOut, tuple[str, str]] = {
    "suffix": ("file that is no image by its suffix", "files that are no images by their suffix"),
    "link": ("link that leads nowhere or in a circle", "links that lead nowhere or in a circle"),
    "special": ("pipe, socket or device", "pipes, sockets or devices"),
    "name": ("name that is not UTF-8", "names that are not UTF-8"),
    "folder": ("folder where an image is expected", "folders where images are expected"),
}


@dataclass(frozen=True)
class Listing:
    """Image files below a folder, one level of class folders deep.

    Attributes:
        root: The folder.
        ids: POSIX paths relative to the root, sorted.
        sizes: File sizes in bytes, in the same order.
        folders: Names of the class folders that hold at least one image.
        left_out: What is there and no image: its path relative to the root, and why.
    """

    root: Path
    ids: list[str]
    sizes: list[int]
    folders: list[str] = field(default_factory=list)
    left_out: tuple[tuple[str, LeftOut], ...] = ()

    def notes(self) -> list[str]:
        """What was left out, by reason: how many, and examples."""
        found = []
        for reason, n in Counter(reason for _, reason in self.left_out).items():
            names = [shown(name) for name, why in self.left_out if why == reason][:_SHOWN]
            more = f" and {n - _SHOWN:,} more" if n > _SHOWN else ""
            found.append(f"left out: {n:,} {_REASONS[reason][n > 1]} ({', '.join(names)}{more})")
        return found


def is_junk(name: str) -> bool:
    """Whether an entry of a folder is none of a data set's: hidden (``._x``, ``.DS_Store``), or one of ``JUNK``."""
    return name.startswith(".") or name.lower() in JUNK


def unwrapped(root: Path, find: Callable[[Path], Path | None], *, is_sole: bool = True) -> Path:
    """The folder in which a data set lies: the one given, or one that an archive or a download wrapped around it.

    Args:
        root: As a user gave it; need not be there.
        find: Of a folder, where in it the data are (the folder itself, or its ``val``), or None if they are not.
        is_sole: Whether a wrapping folder must have no other folder inside, as for data that are told by little: of
            ``imagenet`` and ``imagenet-a`` side by side, a user has to choose. Otherwise only one may hold the data.

    Returns:
        What ``find`` gives for the root, else for the one folder directly in it; the root itself where there is none.
    """
    try:
        found = find(root)
        if found is not None or not root.is_dir():
            return found or root
        inside = [root / name for name in subfolders(root)]
        if is_sole and len(inside) > 1:
            return root
        within = [place for place in map(find, inside) if place is not None]
    except (OSError, StorageError):
        # Whoever reads the data says so.
        return root
    return within[0] if len(within) == 1 else root


def list_class_folders(root: Path, folders: Iterable[str] | None = None) -> Listing:
    """List ``<root>/<folder>/<image>`` with sizes; junk is left out.

    Args:
        root: Data folder.
        folders: The class folders to look into; all sub-folders by default.
    """
    left_out = []
    if folders is None:
        found = list(entries(root))
        folders = [each.name for each in found if each.is_folder]
        # Beside class folders lie other files; what could be a class folder or an image is told of.
        left_out += [(each.name, each.problem) for each in found if each.problem]
    ids: list[str] = []
    sizes: list[int] = []
    used: list[str] = []
    for name in sorted(folders):
        inside = sorted(entries(root / name), key=lambda each: each.name)
        images = [each for each in inside if each.is_image]
        left_out += [(f"{name}/{each.name}", each.no_image) for each in inside if not each.is_image]
        if images:
            used.append(name)
        ids.extend(f"{name}/{each.name}" for each in images)
        sizes.extend(each.size for each in images)
    return Listing(root, ids, sizes, used, tuple(left_out))


def flat_images(root: Path) -> Listing:
    """List ``<root>/<image>`` with sizes; junk is left out."""
    found = sorted(entries(root), key=lambda each: each.name)
    images = [each for each in found if each.is_image]
    # Beside the images lie annotations and class folders; only what can be neither is told of.
    left_out = tuple((each.name, each.problem) for each in found if each.problem)
    return Listing(root, [each.name for each in images], [each.size for each in images], [], left_out)


def together(*listings: Listing) -> Listing:
    """Several listings below one folder as one."""
    pairs = sorted(pair for each in listings for pair in zip(each.ids, each.sizes, strict=True))
    folders = sorted({name for each in listings for name in each.folders})
    left_out = tuple(pair for each in listings for pair in each.left_out)
    return Listing(listings[0].root, [name for name, _ in pairs], [size for _, size in pairs], folders, left_out)


def subfolders(root: Path) -> Iterator[str]:
    """Names of the folders directly below a folder, junk left out.

    Raises:
        StorageError: If the folder cannot be read now.
    """
    return (each.name for each in entries(root, sizes=False) if each.is_folder)


@dataclass(frozen=True)
class Entry:
    """What stands in a folder.

    Attributes:
        name: Its name.
        size: Bytes of a file, -1 where a web server does not tell or nobody asked; None for anything else.
        is_folder: Whether it is a folder.
        problem: Why it is neither a file nor a folder that can be used, or None.
    """

    name: str
    size: int | None = None
    is_folder: bool = False
    problem: LeftOut | None = None

    @property
    def is_image(self) -> bool:
        """Whether it is a file with the suffix of an image."""
        return self.size is not None and os.path.splitext(self.name)[1].lower() in IMAGE_SUFFIXES

    @property
    def no_image(self) -> LeftOut:
        """Why it is none."""
        return self.problem or ("folder" if self.is_folder else "suffix")


def entries(folder: Path, *, sizes: bool = True) -> Iterator[Entry]:
    """What stands in a folder, junk left out; see ``is_junk``.

    One look into the folder gives all, on a disk and in an object store.

    Args:
        folder: The folder.
        sizes: Whether sizes of files are wanted; a disk has to look at each file for it.

    Raises:
        StorageError: If the folder cannot be read now.
    """
    try:
        yield from _remote_entries(folder) if is_remote(folder) else _local_entries(folder, sizes)
    except OSError as error:
        raise StorageError(f"the folder {folder} cannot be read now: {error.strerror or error}.") from error


def _remote_entries(folder: Path) -> Iterator[Entry]:
    for entry in folder.fs.ls(folder.path, detail=True):
        name = str(entry["name"]).rstrip("/").rpartition("/")[2]
        if name and not is_junk(name):
            is_folder, size = entry["type"] == "directory", entry.get("size")
            yield Entry(name, None if is_folder else -1 if size is None else int(size), is_folder)


def _local_entries(folder: Path, sizes: bool) -> Iterator[Entry]:
    with os.scandir(folder) as found:
        for entry in found:
            if not is_junk(entry.name):
                yield _entry(entry, sizes)


def _entry(entry: os.DirEntry[str], sizes: bool) -> Entry:
    try:
        entry.name.encode()
    except UnicodeEncodeError:
        return Entry(entry.name, problem="name")
    try:
        if entry.is_dir():
            return Entry(entry.name, is_folder=True)
        if entry.is_file():
            return Entry(entry.name, entry.stat().st_size if sizes else -1)
    except OSError as error:
        if error.errno != errno.ELOOP:
            raise
        return Entry(entry.name, problem="link")
    return Entry(entry.name, problem="link" if entry.is_symlink() else "special")


def shown(name: str) -> str:
    """A file's name as text, bytes that are no UTF-8 escaped."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def digest(listing: Listing) -> str:
    """SHA-256 (hex) of a pool of images as it can be had without reading all of it.

    Covers the names and sizes of all files, and the bytes of up to 64 spread evenly over the list. Hashing every image
    of SI-Score would read some 50 GB.

    Raises:
        StorageError: If one of these cannot be read now: without it the digest would be another pool's.
    """
    total = hashlib.sha256()
    total.update("\n".join(listing.ids).encode())
    total.update(np.asarray(listing.sizes, dtype="<i8").tobytes())
    picks = np.unique(np.linspace(0, len(listing.ids) - 1, _SPOT_CHECKS).astype(int)) if listing.ids else []
    for path in (listing.root / listing.ids[pick] for pick in picks):
        try:
            total.update(hashlib.sha256(path.read_bytes()).digest())
        except Exception as error:
            if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM):
                # Refused for good: recorded when it is evaluated; it must not stop the listing.
                total.update(b"unreadable")
            elif isinstance(error, OSError) or is_remote(path):
                said = getattr(error, "strerror", None) or error
                raise StorageError(f"{path} cannot be read now: {said}; the same command goes on later.") from error
            else:
                raise
    return total.hexdigest()
