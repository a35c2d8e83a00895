"""What a fetch would do, told before anything is done; and what it has done."""

from __future__ import annotations

import shutil
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from core import benchmarks, paths
from core.errors import DataError, StoreError
from core.getting.meter import size
from core.getting.unpack import RESERVE
from core.types import ProgressCallback

#: Bytes that an archive becomes for each of its own; images are packed already.
UNPACKED = 1.1


@dataclass(frozen=True)
class Fetched:
    """What has been fetched.

    Attributes:
        folder: Where it is; of a benchmark, the folder that is its data folder now.
        said: What a reader should know of it, a sentence each: what came, and each digest with where it is known from.
        command: What to type next; empty where nothing follows.
    """

    folder: Path
    said: tuple[str, ...]
    command: str = ""


@dataclass(frozen=True)
class Plan(ABC):
    """What a fetch would do.

    Attributes:
        key: What was asked for.
        title: What it is.
        licence: Under which it is given.
        folder: Where it goes to.
        sources: Where it comes from, one line each.
        size: Bytes to come; None if nobody says.
        needs: Bytes of disk for that and what is unpacked of it; None if nobody says.
        is_there: Whether it is there already, whole.
        note: What a reader should know before.
    """

    key: str
    title: str
    licence: str
    folder: Path
    sources: tuple[str, ...] = ()
    size: int | None = None
    needs: int | None = None
    is_there: bool = False
    note: str = ""

    @property
    def free(self) -> int:
        """Bytes that are free where it goes to."""
        return free(self.folder)

    def require_room(self) -> None:
        """Refuse what there is no room for, as far as sizes are known.

        Raises:
            StoreError: Says how much is needed and how much there is.
        """
        require_room(self.needs or 0, self.folder, self.key)

    @abstractmethod
    def fetch(self, progress: ProgressCallback | None = None, *, accept_other: bool = False) -> Fetched:
        """Do it; called again after an interruption it goes on from what has come.

        Args:
            progress: Told in megabytes.
            accept_other: Whether a file may be another than the one fetched before, or, of files and addresses that a
                user names, than the published one.

        Raises:
            DataError: If it cannot be had, or is not what it should be; nothing of it is used.
            StoreError: If the disk is full or refuses.
        """


def free(folder: Path) -> int:
    """Bytes that are free on the disk of a folder that need not be there yet."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    return shutil.disk_usage(folder).free


def require_room(n: int, folder: Path, what: str) -> None:
    """Refuse to write bytes that there is no room for.

    Raises:
        StoreError: Says how much is needed and how much there is.
    """
    there = free(folder)
    if n + RESERVE > there:
        raise StoreError(
            f"{what} needs {size(n + RESERVE)} of disk, and {size(there)} are free at {folder}: free space, or set "
            "OFFCENTER_DATA to a folder on another disk."
        )


def remember(benchmark: str, folder: Path, holds: str = "") -> tuple[Path, tuple[str, ...]]:
    """Make a folder a benchmark's data folder.

    Args:
        benchmark: Its key.
        folder: What was fetched.
        holds: A name that the benchmark's own folder holds, which may lie one or two folders deeper.

    Returns:
        The folder, and what to tell of it.

    Raises:
        DataError: If no folder holds it.
    """
    root = _own_folder(folder, holds)
    before = benchmarks.find_data(benchmark)
    if before == root:
        return root, ()
    paths.remember_data(benchmark, root)
    instead = f" instead of {before}" if before is not None else ""
    return root, (f"{root} is the data folder of '{benchmark}' now{instead}.",)


def _own_folder(folder: Path, holds: str) -> Path:
    level = [folder]
    for _ in range(3):
        found = next((each for each in level if (each / holds).exists()), None)
        if found is not None:
            return found
        level = [inner for each in level for inner in _folders(each)]
    raise DataError(
        f"{folder} was fetched, but neither it nor a folder in it holds '{holds}': if the release has changed its "
        "layout, give the right folder to the next command with --data DIR."
    )


def _folders(folder: Path) -> Sequence[Path]:
    return sorted(each for each in folder.iterdir() if each.is_dir() and not each.name.startswith("."))


@dataclass(frozen=True)
class Nothing(Plan):
    """What only a person can get: the steps.

    Attributes:
        steps: In order.
    """

    steps: tuple[str, ...] = field(default=())

    def fetch(self, progress: ProgressCallback | None = None, *, accept_other: bool = False) -> Fetched:
        """Never done.

        Raises:
            DataError: Always; says the steps.
        """
        del progress, accept_other
        steps = " ".join(f"{n}. {step}" for n, step in enumerate(self.steps, 1))
        raise DataError(f"'{self.key}' cannot be fetched for you, because a person must accept its terms. {steps}")
