"""Names in archives: where each entry goes to, or why the archive is refused."""

from __future__ import annotations

import os
import re
import unicodedata
from pathlib import Path

from core.errors import DataError

_DRIVE = re.compile(r"[A-Za-z]:")
#: Names of devices on Windows, whatever suffix they have.
_RESERVED = frozenset(
    ("con", "prn", "aux", "nul", "conin$", "conout$", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10)))
)
#: What file systems allow: bytes of a name, bytes of a path, and a depth that no data set has.
_NAME, _PATH, _DEPTH = 255, 2048, 40
_SHOWN = 120


def shown(name: str) -> str:
    """A name of an archive for an error: one line, not too long, all of it printable."""
    text = name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    text = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def inside(name: str) -> tuple[str, ...]:
    """The folders and the name that an entry's path consists of; empty for the archive's own top.

    Args:
        name: As it stands in the archive; Windows' separators count as such.

    Raises:
        DataError: If it leads out of the folder that is unpacked to, or cannot be a file's name everywhere.
    """
    try:
        name.encode()
    except UnicodeEncodeError:
        raise _refusal(name, "is not UTF-8") from None
    if any(ord(sign) < 32 or ord(sign) == 127 for sign in name):
        raise _refusal(name, "has control characters")
    path = name.replace("\\", "/")
    if path.startswith("/") or _DRIVE.match(path):
        raise _refusal(name, "is an absolute path")
    parts = tuple(part for part in path.split("/") if part not in ("", "."))
    if ".." in parts:
        raise _refusal(name, "leads out of its folder")
    for part in parts:
        if part.partition(".")[0].rstrip().lower() in _RESERVED:
            raise _refusal(name, "is a device's name on some systems")
        if len(part.encode()) > _NAME:
            raise _refusal(name, f"is longer than the {_NAME} bytes that a file's name may have")
    if len(path.encode()) > _PATH or len(parts) > _DEPTH:
        raise _refusal(name, f"lies deeper than {_DEPTH} folders or is longer than {_PATH:,} bytes")
    return parts


def _refusal(name: str, why: str) -> DataError:
    return DataError(f"an entry named '{shown(name)}' {why}")


class Taken:
    """Names that are taken, so that no entry overwrites another.

    Args:
        folder: An empty folder on the disk in question; what the disk takes for one name is tried there.
    """

    def __init__(self, folder: Path) -> None:
        self._folds = _folds(folder)
        self._files: dict[str, str] = {}
        self._folders: dict[str, str] = {}

    def take_folder(self, parts: tuple[str, ...]) -> None:
        """A folder and those that it lies in; each may come again.

        Raises:
            DataError: If one of them is a file.
        """
        for depth in range(len(parts), 0, -1):
            path = "/".join(parts[:depth])
            key = self._key(path)
            if self._folders.get(key) == path:
                return
            if key in self._files:
                raise DataError(f"'{shown(self._files[key])}' is a file and a folder")
            if key in self._folders:
                raise self._clash(self._folders[key], path)
            self._folders[key] = path

    def take_file(self, parts: tuple[str, ...]) -> None:
        """A file, which comes once.

        Raises:
            DataError: If it was there before, or as a folder.
        """
        self.take_folder(parts[:-1])
        path = "/".join(parts)
        key = self._key(path)
        if key in self._folders:
            raise DataError(f"'{shown(path)}' is a file and a folder")
        if key in self._files:
            if self._files[key] == path:
                raise DataError(f"'{shown(path)}' is there twice")
            raise self._clash(self._files[key], path)
        self._files[key] = path

    def _key(self, path: str) -> str:
        return unicodedata.normalize("NFC", path).casefold() if self._folds else path

    @staticmethod
    def _clash(one: str, other: str) -> DataError:
        return DataError(f"'{shown(one)}' and '{shown(other)}' are one name to this disk")


def _folds(folder: Path) -> bool:
    """Whether the disk takes names that differ in case, or in how an accent is written, for the same."""
    probe = folder / ".Probe-É"
    probe.touch()
    try:
        others = (probe.with_name(".probe-é"), probe.with_name(unicodedata.normalize("NFD", probe.name)))
        return any(os.path.lexists(other) for other in others)
    finally:
        probe.unlink()
