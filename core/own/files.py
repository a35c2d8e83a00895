"""The image files below a folder, and which of them the name in a table means."""

from __future__ import annotations

import os
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Literal
from urllib.parse import unquote

from PIL import Image

from core import paths
from core.errors import DataError, StorageError
from core.images.opening import FORMATS
from core.paths import is_remote

#: Files that a folder may hold; more are no set of images, but perhaps a whole disk.
_MOST_FILES = 5_000_000

#: How a name was resolved that is not to the letter that of a file: how a note goes on.
How = Literal["spelling", "suffix", "folder", "address"]
SAID: dict[How, str] = {
    "spelling": "found by a name that differs in case or Unicode form",
    "suffix": "found with another ending (.jpg, .JPEG, .png)",
    "folder": "found with other folders before the name",
    "address": "found by a name without what addresses have (%20, ?size=2)",
}
#: Why a name means no file.
Fault = Literal["missing", "several", "outside", "empty"]
FAULTS: dict[Fault, str] = {
    "missing": "are not in the folder",
    "several": "could be several files, or one file that another row names too",
    "outside": "lead out of the folder ('..', or no name of a file)",
    "empty": "are empty",
}


@cache
def image_suffixes() -> frozenset[str]:
    """Endings of the files that can be opened, in small letters, with the point."""
    return frozenset(ending for ending, name in Image.registered_extensions().items() if name in FORMATS)


def find_images(root: Path) -> dict[str, int]:
    """Every image file below a folder, by its ending; hidden files and folders are left out.

    Args:
        root: A folder, or one in an object store; links to files are followed, links to folders too unless they lead
            back.

    Returns:
        Size in bytes by path relative to the root, with forward slashes, in order.

    Raises:
        StorageError: If a folder cannot be read now.
        DataError: If there are more files than any set of images has.
    """
    found: dict[str, int] = {}
    try:
        for name, size in _remote_files(root) if is_remote(root) else _local_files(root):
            if os.path.splitext(name)[1].lower() in image_suffixes():
                found[name] = size
            if len(found) > _MOST_FILES:
                raise DataError(f"{root} holds more than {_MOST_FILES:,} images: give the folder of the set alone.")
    except OSError as error:
        raise StorageError(f"the folder {root} cannot be read now: {error.strerror or error}.") from error
    return dict(sorted(found.items()))


def _remote_files(root: Path) -> Iterator[tuple[str, int]]:
    start = root.path.rstrip("/") + "/"
    for path, known in root.fs.find(root.path, detail=True).items():
        name = path.removeprefix(start)
        if not any(part.startswith(".") for part in name.split("/")):
            yield name, int(known.get("size") or 0)


def _local_files(root: Path) -> Iterator[tuple[str, int]]:
    waiting, seen = [("", str(root))], set()
    while waiting:
        prefix, folder = waiting.pop()
        real = os.path.realpath(folder)
        if real in seen:
            continue
        seen.add(real)
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith(".") or not paths.is_text(entry.name):
                    continue
                try:
                    if entry.is_dir():
                        waiting.append((f"{prefix}{entry.name}/", entry.path))
                    elif entry.is_file():
                        yield f"{prefix}{entry.name}", entry.stat().st_size
                except OSError:
                    # A link in a circle is no file.
                    continue


@dataclass
class Found:
    """What the names in a column mean.

    Attributes:
        ids: For each name the file, or None.
        how: Numbers of names that were resolved otherwise than to the letter.
        faults: For each kind of fault the rows (from 0).
    """

    ids: list[str | None]
    how: Counter[How] = field(default_factory=Counter)
    faults: dict[Fault, list[int]] = field(default_factory=lambda: defaultdict(list))


class Finder:
    """Finds files by the names that tables have for them."""

    def __init__(self, root: Path, files: Iterable[str]) -> None:
        self._root = str(root).rstrip("/") + "/"
        self._files = frozenset(files)

    def without(self, files: Iterable[str | None]) -> Finder:
        """The same without some files."""
        return Finder(Path(self._root), self._files.difference(files))

    def to_the_letter(self, names: Iterable[object]) -> set[str]:
        """The files that names are to the letter."""
        return {clean for clean in map(self._clean, names) if clean in self._files}

    def find(self, names: Sequence[object], *, is_one_each: bool = True) -> Found:
        """The file of each name.

        A name that is not to the letter that of a file means the only one that differs in case or Unicode form, else in
        its ending, else in the folders before it, else in what an address adds. Where several fit, or another row means
        the same file, it means none.

        Args:
            names: Of a column; None and the empty text are nothing.
            is_one_each: Whether no two names may be resolved to one file; to the letter they may, which is the
                caller's to tell.
        """
        found = Found([None] * len(names))
        claims: dict[str, list[int]] = defaultdict(list)
        exact: set[str] = set()
        hows: dict[int, How] = {}
        for row, name in enumerate(names):
            clean = self._clean(name)
            if clean in self._files:
                found.ids[row] = clean
                exact.add(clean)
            elif clean is None or not clean:
                found.faults["outside" if clean is None else "empty"].append(row)
            else:
                how, fitting = self._near(clean)
                if len(fitting) == 1:
                    claims[fitting[0]].append(row)
                    hows[row] = how
                else:
                    found.faults["several" if fitting else "missing"].append(row)
        for file, rows in claims.items():
            if is_one_each and (len(rows) > 1 or file in exact):
                found.faults["several"] += rows
                continue
            for row in rows:
                found.ids[row] = file
                found.how[hows[row]] += 1
        return found

    def _clean(self, name: object) -> str | None:
        """A name as a path below the root; empty for none, None for one that leads elsewhere."""
        if name is None or name != name or not str(name).strip():
            return ""
        text = str(name).strip()
        if text in self._files:
            return text
        text = text.removeprefix(self._root).replace("\\", "/")
        path = PurePosixPath(text.removeprefix("file://"))
        if "\0" in text or ".." in path.parts:
            return None
        drive = PureWindowsPath(text).anchor.replace("\\", "/")
        text = path.as_posix().removeprefix(drive).lstrip("/") if drive else path.as_posix().lstrip("/")
        return None if text in ("", ".") else text

    def _near(self, name: str) -> tuple[How, list[str]]:
        """The files that a name may mean, and by what."""
        ways: tuple[tuple[How, Mapping[str, list[str]], Callable[[str], str]], ...] = (
            ("spelling", self._by_spelling, folded),
            ("suffix", self._by_stem, _stem),
        )
        for how, files, key in ways:
            fitting = files.get(key(name))
            if fitting:
                return how, fitting
        fitting = self._with_other_folders(name)
        plain = unquote(name.partition("?")[0])
        if fitting or plain == name:
            return "folder", fitting
        return "address", [plain] if plain in self._files else self._near(plain)[1]

    def _with_other_folders(self, name: str) -> list[str]:
        """Files of which the one path is the end of the other's; with the same ending, or a mask could be an image."""
        wanted = folded(name)
        return [
            file
            for file in self._by_name.get(wanted.rpartition("/")[2], ())
            if f"/{folded(file)}".endswith(f"/{wanted}") or f"/{wanted}".endswith(f"/{folded(file)}")
        ]

    @cached_property
    def _by_spelling(self) -> dict[str, list[str]]:
        return _grouped(self._files, folded)

    @cached_property
    def _by_stem(self) -> dict[str, list[str]]:
        return _grouped(self._files, _stem)

    @cached_property
    def _by_name(self) -> dict[str, list[str]]:
        return _grouped(self._files, lambda file: folded(file).rpartition("/")[2])


def folded(name: str) -> str:
    """A name without what systems change in passing: case and Unicode form."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _stem(name: str) -> str:
    stem, suffix = os.path.splitext(folded(name))
    return stem if suffix in image_suffixes() else f"{stem}{suffix}"


def _grouped(files: Iterable[str], key: Callable[[str], str]) -> dict[str, list[str]]:
    groups: dict[str, list[str]] = defaultdict(list)
    for file in sorted(files):
        groups[key(file)].append(file)
    return groups
