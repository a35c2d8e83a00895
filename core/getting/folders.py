"""How much is in a folder: its images and its bytes, counted within a time and remembered.

A folder is counted again only where it has changed since: each of its folders is remembered by its time of change. What
is overwritten in place at another size is not noticed; nothing but a number on a page depends on it.
"""

from __future__ import annotations

import contextlib
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import paths
from core.benchmarks import listing
from core.errors import StoreError

#: Seconds that counting may take, and entries between two looks at the clock.
LIMIT_S = 1.0
_BETWEEN = 256
#: Folders that are remembered at most, in all.
_REMEMBERED = 20_000
#: Of a folder with at least so many files, where counting was cut short is remembered too, until all is asked for.
_LARGE = 20_000
#: A folder that changed so recently may change again within the resolution of its time of change.
_SETTLED_S = 2.0


@dataclass(frozen=True)
class Size:
    """How much is in a folder.

    Attributes:
        n_images: Files with the suffix of an image.
        n_files: All files.
        n_bytes: Of all files, as ``ls`` gives them.
        whole: Whether all of it was counted; else these are lower bounds.
    """

    n_images: int = 0
    n_files: int = 0
    n_bytes: int = 0
    whole: bool = True

    def __add__(self, other: Size) -> Size:
        return Size(
            self.n_images + other.n_images,
            self.n_files + other.n_files,
            self.n_bytes + other.n_bytes,
            self.whole and other.whole,
        )


class Counter:
    """Counts folders within one time for all of them, and remembers what it counted.

    Args:
        limit_s: Seconds for all that is counted with it; None for no limit.
    """

    def __init__(self, limit_s: float | None = LIMIT_S) -> None:
        self._until = None if limit_s is None else time.monotonic() + limit_s
        self._memory: dict[str, Any] = paths.read_json(_file())
        self._news: dict[str, Any] = {}

    def __enter__(self) -> Counter:
        return self

    def __exit__(self, *_: object) -> None:
        """Keep what was counted; a demo and a full disk count again."""
        if self._news:
            with contextlib.suppress(StoreError):
                paths.update_json(_file(), self._keep, keep_damaged=False)

    def _keep(self, memory: dict[str, Any]) -> None:
        memory.update(self._news)
        for name in list(memory)[: max(0, len(memory) - _REMEMBERED)]:
            del memory[name]

    def size(self, folder: Path) -> Size:
        """How much is in a folder; links in it to other folders are followed once each.

        What lies in an object store is not counted, nor what cannot be read.
        """
        if paths.is_remote(folder):
            return Size(whole=False)
        total, waiting, seen = Size(), [folder.resolve()], set[tuple[int, int]]()
        while waiting:
            if self._is_over():
                return total + Size(whole=False)
            place = waiting.pop()
            try:
                status = place.stat()
                if (status.st_dev, status.st_ino) in seen:
                    continue
                seen.add((status.st_dev, status.st_ino))
                found, inside = self._one(place, status.st_mtime_ns)
            except OSError:
                total += Size(whole=False)
                continue
            total += found
            waiting += [place / name for name in inside]
        return total

    def _one(self, folder: Path, changed_ns: int) -> tuple[Size, list[str]]:
        """What lies right in a folder, and the folders in it."""
        known = _remembered(self._memory.get(str(folder)), changed_ns)
        if known is not None and (known[0].whole or self._until is not None):
            return known
        n_images = n_files = n_bytes = 0
        inside: list[str] = []
        whole = True
        with os.scandir(folder) as found:
            for at, entry in enumerate(found):
                if at % _BETWEEN == 0 and self._is_over():
                    whole = False
                    break
                if entry.is_dir():
                    inside.append(entry.name)
                elif entry.is_file():
                    n_files += 1
                    n_bytes += entry.stat().st_size
                    n_images += _is_image(entry.name)
        size = Size(n_images, n_files, n_bytes, whole)
        if (
            (whole or n_files >= _LARGE)
            and time.time() - changed_ns / 1e9 > _SETTLED_S
            and all(map(paths.is_text, (str(folder), *inside)))
        ):
            self._news[str(folder)] = [changed_ns, n_images, n_files, n_bytes, whole, inside]
        return size, inside

    def _is_over(self) -> bool:
        return self._until is not None and time.monotonic() > self._until


def size_of(path: Path, limit_s: float | None = None) -> Size:
    """How much a file or folder is; see ``Counter``."""
    if path.is_file():
        return Size(int(_is_image(path.name)), 1, path.stat().st_size)
    with Counter(limit_s) as counter:
        return counter.size(path)


def _file() -> Path:
    return paths.data_home() / "cache" / "folder-sizes.json"


def _is_image(name: str) -> bool:
    return not listing.is_junk(name) and os.path.splitext(name)[1].lower() in listing.IMAGE_SUFFIXES


def _remembered(entry: object, changed_ns: int) -> tuple[Size, list[str]] | None:
    """What is remembered of a folder, if it has not changed since; anything may stand in the file."""
    if not (isinstance(entry, list) and len(entry) == 6 and entry[0] == changed_ns):
        return None
    *numbers, whole, inside = entry[1:]
    if not all(isinstance(each, int) and each >= 0 for each in numbers) or not isinstance(inside, list):
        return None
    return Size(*numbers, whole=whole is True), [str(name) for name in inside]
