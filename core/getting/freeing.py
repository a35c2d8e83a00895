"""Room on the disk: a result or a download is moved to the trash, and only emptying the trash deletes anything.

Only what lies in the data home is ever moved: not what comes with the project, and no folder of a user's own.
"""

from __future__ import annotations

import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from core import benchmarks, paths, store
from core.errors import StoreError, UsageError, cannot_write, nearest
from core.getting import addresses
from core.getting.folders import Size, size_of

#: Characters of an identity that are enough to name it.
SHORTEST = 4
_RECORD = "freed.json"
_LOCK = ".lock"
#: Folder of downloads that were cut, and files that are about downloads.
_UNFINISHED = ".partial"
_BOOKS = ("digests.json",)
#: Names of the folders in the trash.
_MOMENT = re.compile(r"\d{8}T\d{6}-\d{9}")
#: In the names of folders that a fresh evaluation has moved out of its way.
_SET_ASIDE = ".replaced-"


@dataclass(frozen=True)
class Freeable:
    """Something that can be moved to the trash.

    Attributes:
        kind: ``result`` or ``download``.
        name: What to type: an identity, or a download's name.
        path: Where it is.
        title: What it is, in words.
    """

    kind: str
    name: str
    path: Path
    title: str

    def size(self) -> Size:
        """How much it is."""
        return size_of(self.path)


@dataclass(frozen=True)
class Trashed:
    """Something in the trash.

    Attributes:
        folder: Of the trash.
        name: What it was called: an identity, or a download's name; empty where its record is gone.
        title: What it was, in words.
        origin: Where it was.
        path: Where it is now.
        when: When it was moved, as its folder says.
    """

    folder: Path
    name: str
    title: str
    origin: Path
    path: Path
    when: str

    def size(self) -> Size:
        """How much it is."""
        return size_of(self.path)


def results() -> list[Freeable]:
    """Stored results of the user's own, those that cannot be read or were set aside included; none of the embedded."""
    home = paths.results_home()
    listing = store.list_all()
    titles: dict[Path, str] = {}
    for run in listing.runs:
        if run.path.is_relative_to(home):
            known = titles.get(run.path)
            titles[run.path] = f"{known}, {run.benchmark}" if known else f"{run.model} on {run.benchmark}"
    for path in listing.problems:
        if path.is_relative_to(home):
            titles.setdefault(path, "a result that cannot be read")
    for path in home.glob(f"*/*/*{_SET_ASIDE}*"):
        titles.setdefault(path, f"an earlier result of {path.parent.name}, set aside")
    return [Freeable("result", path.name, path, title) for path, title in titles.items()]


def downloads() -> list[Freeable]:
    """What lies in ``downloads``, by the name of a benchmark where it is one's; unfinished ones below ``.partial``."""
    home = paths.data_home() / "downloads"
    keys = [*benchmarks.known_benchmarks(), *addresses.known()]
    nested = sorted({key for key in keys if "/" in key and (home / key).exists()})
    outer = {key.partition("/")[0] for key in keys if "/" in key}
    names = [name for name in _names(home) if name not in outer and name not in _BOOKS]
    beside = [f"{name}/{inner}" for name in sorted(outer) for inner in _names(home / name)]
    whole = sorted({*names, *nested, *beside})
    cut = [f"{_UNFINISHED}/{name}" for name in _names(home / _UNFINISHED) if _names(home / _UNFINISHED / name)]
    found = [Freeable("download", name, home / name, "a download") for name in whole]
    return [*found, *(Freeable("download", name, home / name, "a download that was cut") for name in cut)]


def _names(folder: Path) -> list[str]:
    """Names in a folder, hidden ones left out; none where it is not there."""
    if not folder.is_dir():
        return []
    return sorted(each.name for each in folder.iterdir() if not each.name.startswith("."))


def find(what: str) -> Freeable:
    """What is meant by a name.

    Args:
        what: An identity, the beginning of one, or the name of a download.

    Raises:
        UsageError: If it is nothing of the user's own, or several things; names what there is.
    """
    known = [*downloads(), *results()]
    found = [each for each in known if each.name == what]
    if not found and len(what) >= SHORTEST:
        found = [each for each in known if each.kind == "result" and each.name.startswith(what)]
    if len(found) == 1:
        return _own(found[0])
    if found:
        raise UsageError(f"'{what}' is the beginning of {len(found)}: {', '.join(each.name for each in found)}.")
    if len(what) >= SHORTEST and any(run.identity.startswith(what) for run in store.list_runs()):
        raise UsageError(f"the result '{what}' comes with the project, and stays.")
    if what in benchmarks.known_benchmarks():
        folder = benchmarks.find_data(what)
        where = f"its data are in {folder}, which is not the project's to move" if folder else "it has no data here"
        raise UsageError(f"'{what}' is no download: {where}.")
    names = [each.name for each in known]
    raise UsageError(
        f"'{what}' is neither a result nor a download.{nearest(what, names)} "
        "python -m core data status lists both, by the identity and the name that this command takes."
    )


def _own(found: Freeable) -> Freeable:
    """The same, if it lies in the data home itself and not where a link leads.

    Raises:
        UsageError: If it does not.
    """
    home = (paths.results_home() if found.kind == "result" else paths.data_home() / "downloads").resolve()
    if found.path.is_symlink() or not found.path.resolve().is_relative_to(home):
        raise UsageError(
            f"{found.path} is a link to {found.path.resolve()}, which is yours and stays: remove the link itself."
        )
    return found


def free(what: Freeable | str) -> Trashed:
    """Move a result or a download to the trash; whoever asks a user first does so before.

    Args:
        what: See ``find``.

    Raises:
        UsageError: See ``find``.
        StoreError: If it cannot be moved, or a process is at work on it.
    """
    found = find(what) if isinstance(what, str) else _own(what)
    paths.require_writable(found.path)
    moment = f"{time.strftime('%Y%m%dT%H%M%S')}-{time.time_ns() % 10**9:09}"
    folder = _home() / moment
    target = folder / f"{found.kind}s" / _within(found)
    record = {"title": found.title, "name": found.name, "from": str(found.path), "is": str(target.relative_to(folder))}
    try:
        target.parent.mkdir(parents=True)
        paths.update_json(folder / _RECORD, lambda content: content.update(record))
        with _locked(found):
            found.path.rename(target)
    except Timeout as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise StoreError(f"{found.path} is being written by another process; wait for it or stop it first.") from error
    except OSError as error:
        if not target.exists():
            shutil.rmtree(folder, ignore_errors=True)
        raise cannot_write(target, error) from error
    return Trashed(folder, found.name, found.title, found.path, target, moment)


@contextmanager
def _locked(found: Freeable) -> Iterator[None]:
    """Within this context nobody else is at it, who would go on writing into the trash.

    Raises:
        Timeout: If somebody is.
    """
    folder = found.path
    if found.kind == "download" and not found.name.startswith(f"{_UNFINISHED}/"):
        # Whoever fetches has the lock of where it goes to at first.
        folder = paths.data_home() / "downloads" / _UNFINISHED / paths.slug(found.name)
    if not folder.is_dir():
        yield
        return
    with FileLock(folder / _LOCK).acquire(timeout=0):
        yield


def _within(found: Freeable) -> Path:
    home = paths.results_home() if found.kind == "result" else paths.data_home() / "downloads"
    return found.path.relative_to(home)


def trash() -> list[Trashed]:
    """What is in the trash, the oldest first."""
    home = _home()
    if not home.is_dir():
        return []
    # What somebody else has put there is not ours to delete.
    ours = [each for each in sorted(home.iterdir()) if _MOMENT.fullmatch(each.name) and not each.is_symlink()]
    return [_trashed(folder) for folder in ours if folder.is_dir()]


def _trashed(folder: Path) -> Trashed:
    record: dict[str, Any] = paths.read_json(folder / _RECORD)
    inside = Path(str(record.get("is", "")))
    is_inside = inside.parts and not inside.is_absolute() and ".." not in inside.parts
    return Trashed(
        folder,
        str(record.get("name", "")),
        f"{record.get('title', 'something')} ({record.get('name', 'its record is gone')})",
        Path(str(record.get("from", "?"))),
        folder / inside if is_inside else folder,
        folder.name,
    )


def restore(what: Trashed | str) -> Path:
    """Move something from the trash back to where it was.

    Args:
        what: From ``trash``; or a name: an identity, the beginning of one, a download's name, or the moment at which it
            was moved.

    Returns:
        Where it is now.

    Raises:
        UsageError: If the trash holds no such thing, or several; names what there is.
        StoreError: If something else is there now, its record is gone, or it cannot be moved.
    """
    found = in_trash(what) if isinstance(what, str) else what
    kind, target = _home_of(found)
    paths.require_writable(target)
    # A link that leads nowhere is something, too.
    if target.exists() or target.is_symlink():
        raise StoreError(
            f"'{found.name}' cannot be restored: {target} is there again. "
            f"Move that away first: python -m core data free {found.name}"
        )
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with _locked(Freeable(kind, found.name, found.path, found.title)):
            found.path.rename(target)
    except Timeout as error:
        raise StoreError(f"{target} is being written by another process; wait for it or stop it first.") from error
    except OSError as error:
        raise cannot_write(target, error) from error
    shutil.rmtree(found.folder, ignore_errors=True)
    return target


def in_trash(what: str) -> Trashed:
    """What is meant by a name of something in the trash; see ``restore``.

    Raises:
        UsageError: If it is nothing there, or several things.
    """
    known = trash()
    found = [each for each in known if what and what in (each.name, each.when)]
    if not found and len(what) >= SHORTEST:
        found = [each for each in known if each.name.startswith(what) or each.when.startswith(what)]
    if len(found) == 1:
        return found[0]
    if found:
        said = ", ".join(f"{each.when} ({each.title})" for each in found)
        raise UsageError(f"'{what}' is the name of {len(found)} in the trash: {said}. Name one by its moment.")
    if not known:
        raise UsageError(f"'{what}' is not in the trash, which is empty.")
    names = [each.name for each in known if each.name]
    raise UsageError(
        f"'{what}' is not in the trash.{nearest(what, names)} python -m core data status --trash lists what is."
    )


def _home_of(found: Trashed) -> tuple[str, Path]:
    """The kind of something in the trash, and where it goes back to: in the data home, wherever that is by now.

    Raises:
        StoreError: If its record does not say so, or it is gone.
    """
    first, *inner = found.path.relative_to(found.folder).parts or ("",)
    homes = {"results": paths.results_home(), "downloads": paths.data_home() / "downloads"}
    is_ours = found.path.exists() and found.path.resolve() == found.folder.resolve().joinpath(first, *inner)
    if first not in homes or not inner or not is_ours:
        raise StoreError(f"{found.folder} does not say what it was: look into it, and move it by hand.")
    target = homes[first].joinpath(*inner)
    if not target.parent.resolve().is_relative_to(homes[first].resolve()):
        raise StoreError(f"{target} is behind a link, to {target.parent.resolve()}: move {found.path} by hand.")
    return first.removesuffix("s"), target


def empty_trash() -> int:
    """Delete all that is in the trash, for good; whoever asks a user first does so before.

    Returns:
        How many things were deleted.

    Raises:
        StoreError: If something cannot be deleted; the rest stays.
    """
    found = trash()
    for each in found:
        paths.require_writable(each.folder)
        try:
            shutil.rmtree(each.folder)
        except OSError as error:
            raise StoreError(f"cannot delete {each.folder}: {error.strerror or error}. The rest stays.") from error
    return len(found)


def _home() -> Path:
    return paths.data_home() / "trash"
