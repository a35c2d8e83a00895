"""Files of known addresses, fetched, checked, unpacked and put in their place."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout

from core import paths
from core.errors import DataError, StorageError, UsageError, cannot_write, nearest
from core.getting import digests
from core.getting.addresses import Address, Entry, File, shown
from core.getting.download import Patience, download, size_at
from core.getting.meter import Meter, size
from core.getting.plans import UNPACKED, Fetched, Nothing, Plan, remember, require_room
from core.getting.receiving import Part
from core.getting.unpack import marker, unpack
from core.types import ProgressCallback


@dataclass(frozen=True)
class Item:
    """A file on its way.

    Attributes:
        key: Of its entry.
        file: Which.
        target: What it becomes: a file, or the folder that it is unpacked to.
        given: A copy that a user has.
        address: An address that a user named instead of the known ones.
    """

    key: str
    file: File
    target: Path
    given: Path | None = None
    address: str = ""

    @property
    def addresses(self) -> tuple[Address, ...]:
        """To be tried in turn."""
        return (Address(self.address, "named by you"),) if self.address else self.file.addresses

    def is_there(self) -> bool:
        """Whether it is there, whole.

        Raises:
            UsageError: If something else is there.
        """
        if self.file.unpacked:
            if marker(self.target):
                return True
            if self.target.exists() and (not self.target.is_dir() or any(self.target.iterdir())):
                raise UsageError(
                    f"{self.target} is there, and was not fetched: give it to the next command with --data, or move it "
                    "away."
                )
            return False
        if not self.target.is_file():
            return False
        sha256 = digests.of_file(self.target) if self.file.digests else ""
        if not sha256 or sha256 in self.file.digests or digests.is_known(self.by_hand, sha256):
            return True
        raise UsageError(
            f"{self.target} is there, and is not the published file (its SHA-256 is {sha256[:16]}…): move it away to "
            f"fetch that one, or keep it with: python -m core data fetch {self.key} --file {self.target} --accept-other"
        )

    @property
    def by_hand(self) -> str:
        """What a copy that a user gave is remembered by."""
        return f"given:{self.key}/{self.file.name}"


@dataclass(frozen=True)
class FilesPlan(Plan):
    """Files of known addresses.

    Attributes:
        entry: What they are of.
        items: Those that are missing.
        patience: With servers.
    """

    entry: Entry = field(default_factory=lambda: Entry("", "", ""))
    items: tuple[Item, ...] = ()
    patience: Patience = field(default_factory=Patience)

    def fetch(self, progress: ProgressCallback | None = None, *, accept_other: bool = False) -> Fetched:
        """See ``Plan.fetch``; a file that came whole stays if the next one fails."""
        paths.require_writable(self.folder)
        said: list[str] = []
        with _alone(self.key):
            for item in self.items:
                # Another process may have brought it meanwhile.
                if item.given is not None or not item.is_there():
                    said += self._item(item, progress, accept_other)
        root = self.folder
        if self.entry.benchmark:
            root, more = remember(self.entry.benchmark, self.folder, self.entry.holds)
            said += more
        return Fetched(root, tuple(said), _command(self.entry))

    def _item(self, item: Item, progress: ProgressCallback | None, accept_other: bool) -> list[str]:
        if item.given is not None:
            path, n, name, source = item.given, item.given.stat().st_size, item.by_hand, f"{item.given}, given by hand"
            sha256, why = self._given(item, item.given, progress, accept_other)
            came = self._placed(item, path, sha256, source, progress)
        else:
            part = Part(_partial(self.key) / item.file.name)
            address, sha256, why = self._downloaded(item, part, progress, accept_other)
            n, name = part.size, address.url
            try:
                came = self._placed(item, part.path, sha256, shown(address.url), progress)
            except DataError:
                # What is no archive will not become one; next time it comes anew.
                part.discard()
                raise
            part.discard()
        if sha256 not in item.file.digests:
            digests.keep(name, sha256, n)
        return [came, f"SHA-256 {sha256}: {why}."]

    def _given(self, item: Item, given: Path, progress: ProgressCallback | None, accept_other: bool) -> tuple[str, str]:
        """A digest of a user's own copy, and how it is known."""
        n, known = given.stat().st_size, item.file.digests
        sha256 = digests.of_file(given, progress)
        if sha256 in known:
            return sha256, "as published"
        if known and not accept_other:
            raise DataError(
                f"{given} is not the published {item.file.name}: its SHA-256 is {sha256[:16]}…, with {n:,} bytes, and "
                f"the published one's {' or '.join(f'{each[:16]}…' for each in sorted(known))}. If it is meant to be "
                "another, add --accept-other."
            )
        why = digests.require_known(item.by_hand, sha256, accept_other=accept_other)
        return sha256, "not the published one's, accepted as it is" if known else why

    def _downloaded(
        self, item: Item, part: Part, progress: ProgressCallback | None, accept_other: bool
    ) -> tuple[Address, str, str]:
        """The first address that gives the file, its digest, and how that is known."""
        reasons, may_pass = [], False
        try:
            part.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise cannot_write(part.path, error) from error
        for address in item.addresses:
            meter = Meter(progress, f"fetching {item.file.name}", total=address.size or 0)
            try:
                download(address, part, meter, room=partial(self._room, item, part), patience=self.patience)
                return address, *self._checked(item, address, part, progress, accept_other)
            except DataError as error:
                reasons.append(str(error))
                may_pass = may_pass or isinstance(error, StorageError)
        kind = StorageError if may_pass else DataError
        raise kind(f"{item.file.name} was not fetched. {' '.join(reasons)} {self._by_hand(item)}")

    def _by_hand(self, item: Item) -> str:
        where = self.entry.by_hand or (shown(item.file.addresses[0].url) if item.file.addresses else "")
        note = f"{self.note} " if self.entry.by_hand and self.note else ""
        return (
            f"{note}If you get the file otherwise, for example with a browser from {where}, type: python -m core data "
            f"fetch {self.key} --file {item.file.name}"
        )

    def _room(self, item: Item, part: Part, n: int) -> None:
        unpacked = UNPACKED * (part.size + n) if item.file.unpacked and n else 0
        require_room(int(n + unpacked), self.folder, item.file.name)

    def _checked(
        self, item: Item, address: Address, part: Part, progress: ProgressCallback | None, accept_other: bool
    ) -> tuple[str, str]:
        """The digest of what came, and how it is known."""
        sha256, known = digests.of_file(part.path, progress), item.file.digests
        if address.sha256 is not None:
            if sha256 != address.sha256:
                part.discard()
                raise DataError(
                    f"{shown(address.url)}: what came has the SHA-256 {sha256[:16]}…, and the published file "
                    f"{address.sha256[:16]}…: it was thrown away."
                )
            return sha256, f"as published ({address.source})"
        if sha256 in known:
            return sha256, "as published"
        if item.address and known and not accept_other:
            raise DataError(
                f"{shown(address.url)}: this is not the published {item.file.name}: its SHA-256 is {sha256[:16]}…. If "
                "it is meant to be another, add --accept-other."
            )
        return sha256, digests.require_known(address.url, sha256, accept_other=accept_other)

    def _placed(self, item: Item, path: Path, sha256: str, source: str, progress: ProgressCallback | None) -> str:
        """Give a whole file its place; returns what came, in words."""
        if item.file.unpacked:
            done = unpack(path, item.target, sha256, source=source, progress=progress)
            return f"{item.file.name} from {source}: {done.files:,} files, {size(done.size)}, in {done.folder}."
        n = path.stat().st_size
        try:
            item.target.parent.mkdir(parents=True, exist_ok=True)
            if item.given is None:
                try:
                    paths.put_in_place(path, item.target)
                except OSError as error:
                    # The folder may be a link to another disk.
                    if error.errno != errno.EXDEV:
                        raise
                    _copy(path, item.target)
            elif not item.target.exists() or not path.samefile(item.target):
                _copy(path, item.target)
        except OSError as error:
            raise cannot_write(item.target, error) from error
        return f"{item.file.name} from {source}: {size(n)}, as {item.target}."


def _copy(path: Path, target: Path) -> None:
    with open(path, "rb") as source, paths.writing(target) as stream:
        shutil.copyfileobj(source, stream, 1 << 20)


def plan(entry: Entry, given: Sequence[Path] = (), address: str = "", patience: Patience | None = None) -> Plan:
    """What fetching an entry's files would do.

    Args:
        entry: Which.
        given: Copies of its files that a user has.
        address: Where a user says that its file is.
        patience: With servers.

    Raises:
        UsageError: If what was given does not fit the entry, or something else is where it should go.
    """
    patience = patience or Patience()
    folder = paths.data_home() / "downloads" / entry.place
    copies = _matched(entry, given)
    if address and len([file for file in entry.files if not file.optional]) != 1:
        names = ", ".join(file.name for file in entry.files) or "no single files"
        raise UsageError(f"--address is for one file, and '{entry.key}' consists of {names}.")
    items = []
    for file in entry.files:
        target = folder / file.into if file.unpacked else folder / file.into / file.name
        items.append(Item(entry.key, file, target, copies.get(file.name), address if not file.optional else ""))
    # What a user gives takes the place of a file, never of a folder.
    missing = [item for item in items if (item.given and not item.file.unpacked) or not item.is_there()]
    # Nobody can fetch what has no address.
    absent = [item for item in missing if item.given is None and not item.addresses]
    base = {"title": entry.title, "licence": entry.licence, "folder": folder, "note": entry.note}
    if any(not item.file.optional for item in absent) or not entry.files:
        return Nothing(entry.key, **base, steps=entry.terms)
    missing = [item for item in missing if item not in absent]
    sizes = [_size(item, patience) for item in missing]
    known = None if None in sizes else sum(each for each in sizes if each)
    needs = [_needs(item, n) for item, n in zip(missing, sizes, strict=True)]
    return FilesPlan(
        entry.key,
        **base,
        sources=tuple(line for item in missing for line in _sources(item)),
        size=known,
        needs=None if known is None else sum(needs),
        is_there=not missing,
        entry=entry,
        items=tuple(missing),
        patience=patience,
    )


def _matched(entry: Entry, given: Sequence[Path]) -> dict[str, Path]:
    """A user's copies by the name of the file that each is; a single one may be called anything."""
    names = [file.name for file in entry.files]
    found: dict[str, Path] = {}
    for path in given:
        path = paths.place(path)
        if paths.is_folder(path):
            raise UsageError(f"--file {path} is a folder: give a folder to the next command, with --data.")
        if not path.is_file():
            raise UsageError(f"--file {path} is not a file on this machine.")
        name = path.name if path.name in names or len(names) != 1 else names[0]
        if name not in names:
            known = ", ".join(names) or "none: it takes a folder, with --data"
            raise UsageError(
                f"--file {path.name} is no file of '{entry.key}'.{nearest(path.name, names)} Known: {known}."
            )
        if name in found:
            raise UsageError(f"--file names {name} twice: {found[name]} and {path}.")
        found[name] = path
    return found


def _size(item: Item, patience: Patience) -> int | None:
    if item.given is not None:
        return item.given.stat().st_size
    known = None if item.address else item.file.known_size
    quick = replace(patience, connect=min(5.0, patience.connect), read=min(10.0, patience.read))
    return known or next((n for address in item.addresses if (n := size_at(address, quick))), None)


def _needs(item: Item, n: int | None) -> int:
    copied = 0 if item.given is not None and item.file.unpacked else 1
    return int((n or 0) * (copied + (UNPACKED if item.file.unpacked else 0)))


def _sources(item: Item) -> list[str]:
    if item.given is not None:
        return [f"{item.given} (given by hand)"]
    lines = []
    for address in item.addresses:
        known = "SHA-256 known" if address.sha256 or item.file.digests else "no SHA-256 known"
        lines.append(f"{shown(address.url)} ({address.source}; {known})")
    return lines


def _partial(key: str) -> Path:
    return paths.data_home() / "downloads" / ".partial" / paths.slug(key)


@contextmanager
def _alone(key: str) -> Iterator[None]:
    """One process at a time fetches an entry."""
    folder = _partial(key)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / ".lock", timeout=0)
        lock.acquire()
    except Timeout:
        raise UsageError(f"'{key}' is being fetched by another process: wait for it, or stop it.") from None
    except OSError as error:
        raise cannot_write(folder, error) from error
    try:
        yield
    finally:
        lock.release()


def _command(entry: Entry) -> str:
    return f"python -m core evaluate --model MODEL --benchmark {entry.benchmark}" if entry.benchmark else ""
