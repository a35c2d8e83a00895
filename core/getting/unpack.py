"""Zip and tar archives of strangers, unpacked whole or not at all.

Every entry's name, kind and size is looked at before a byte of it is written, and bytes are written by this module
alone: an archive's own owners, modes, times and links play no part. (Python's filter for tar files, ``data``, checks
paths, links and devices, but sets no limit to files and bytes, lets one entry overwrite another and a sparse one claim
any size, silently makes an absolute path a relative one, and ends without a word where an archive is cut between two
entries; it is not used.) Content goes into a hidden folder beside the target, which gets its name when all is there.
"""

from __future__ import annotations

import contextlib
import json
import lzma
import os
import secrets
import shutil
import stat
import struct
import tarfile
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from filelock import FileLock, Timeout

from core import paths
from core.errors import DataError, StoreError, UsageError, cannot_write
from core.getting.meter import Meter, size
from core.getting.names import Taken, inside, shown
from core.getting.streams import CHUNK, Bounded, plain
from core.types import ProgressCallback

#: In a folder that was unpacked: what from.
MARKER = ".fetched.json"
#: Bytes that stay free on a disk.
RESERVE = 256_000_000
_END_OF_TAR = bytes(tarfile.BLOCKSIZE)
#: Folder that macOS adds to a zip, of what it knows of each file.
_MAC = "__MACOSX"
#: A chain of headers without end is a ``RecursionError``.
_DAMAGED = (
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, lzma.LZMAError),
    *(EOFError, RecursionError, ValueError, struct.error),
)


@dataclass(frozen=True)
class Limits:
    """What no data set comes near.

    Attributes:
        files: Entries of any kind.
        size: Bytes of all files.
        ratio: Bytes unpacked for each packed one, once more than ``free`` bytes are.
        free: Bytes that a small archive may become, whatever its own size.
    """

    files: int = 3_000_000
    size: int = 400_000_000_000
    ratio: float = 200.0
    free: int = 200_000_000


@dataclass(frozen=True)
class Unpacked:
    """What came of an archive.

    Attributes:
        folder: Where it is.
        files: How many files there are.
        size: Bytes of them.
    """

    folder: Path
    files: int
    size: int


def marker(folder: Path) -> dict[str, Any]:
    """What a folder was unpacked from: ``archive, sha256, files, bytes, source, when``; empty if it was not."""
    return paths.read_json(folder / MARKER)


def unpack(
    archive: Path,
    folder: Path,
    sha256: str,
    *,
    source: str = "",
    limits: Limits | None = None,
    progress: ProgressCallback | None = None,
) -> Unpacked:
    """Unpack an archive into a folder of its own.

    Args:
        archive: A zip, or a tar that is plain or packed with gzip, bzip2 or xz; told by its content.
        folder: New, or empty.
        sha256: Of the archive; kept in the folder.
        source: Where it came from; kept too.
        limits: What to refuse beyond.
        progress: Told in megabytes.

    Raises:
        UsageError: If the archive is not there; if the folder holds something, or is being unpacked to.
        DataError: If the archive is damaged, hostile or none; nothing of it is left.
        StoreError: If the disk is full or refuses.
    """
    paths.require_writable(folder)
    if not archive.is_file():
        raise UsageError(f"{archive} is not a file on this machine.")
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} is there already: move it away, or delete it, to unpack {archive.name} anew.")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder.with_name(f".{folder.name}.unpacking.lock"), timeout=0)
        with lock, _temporary(folder) as within:
            n, written = _Unpacking(archive, within, limits or Limits(), progress).run()
            kept = {"archive": archive.name, "sha256": sha256, "files": n, "bytes": written, "source": source}
            kept["when"] = time.strftime("%Y-%m-%d")
            paths.write_atomically(within / MARKER, json.dumps(kept, indent=2) + "\n")
            # A power cut must not leave the folder's name with files that have nothing in them.
            os.sync()
            # An empty folder of that name gives way.
            os.replace(within, folder)
    except Timeout:
        raise UsageError(f"{folder} is being unpacked to by another process: wait for it.") from None
    except OSError as error:
        raise cannot_write(folder, error) from error
    return Unpacked(folder, n, written)


@contextlib.contextmanager
def _temporary(folder: Path) -> Iterator[Path]:
    """A hidden folder beside another, gone afterwards unless it was renamed; those of killed processes go too."""
    for left in folder.parent.glob(f".{folder.name}.*.unpacking"):
        shutil.rmtree(left, ignore_errors=True)
    within = folder.with_name(f".{folder.name}.{secrets.token_hex(8)}.unpacking")
    within.mkdir()
    try:
        yield within
    finally:
        shutil.rmtree(within, ignore_errors=True)


class _Unpacking:
    """One archive on its way into a folder."""

    def __init__(self, archive: Path, folder: Path, limits: Limits, progress: ProgressCallback | None) -> None:
        self._archive, self._folder, self._limits = archive, folder, limits
        self._packed = archive.stat().st_size
        self._meter = Meter(progress, "unpacking")
        self._taken = Taken(folder)
        self._links: list[tuple[tuple[str, ...], tuple[str, ...]]] = []
        self._entries, self._files, self._size, self._claimed = 0, 0, 0, 0
        self._is_zip = False

    def run(self) -> tuple[int, int]:
        """Unpack; returns files and bytes."""
        try:
            with open(self._archive, "rb") as stream:
                # The end, where zipfile looks, may be that of a zip within a tar.
                self._is_zip = stream.read(2) == b"PK"
            (self._zip if self._is_zip else self._tar)()
            self._follow_links()
        except DataError as error:
            raise DataError(f"{self._archive}: {error}. Nothing was unpacked.") from error
        except (OSError, *_DAMAGED) as error:
            # A disk's error has a number, one of gzip or bzip2 has none.
            if isinstance(error, OSError) and error.errno is not None:
                raise
            why = str(error) or type(error).__name__
            raise DataError(f"{self._archive} is damaged or cut off ({why}). Nothing was unpacked.") from error
        except NotImplementedError as error:
            raise DataError(f"{self._archive}: {error}. Unpack it yourself and give the folder with --data.") from error
        if not self._files:
            raise DataError(f"{self._archive}: it holds no files. Nothing was unpacked.")
        self._meter.finish()
        return self._files, self._size

    def _zip(self) -> None:
        with zipfile.ZipFile(self._archive) as content:
            entries = content.infolist()
            self._meter.begin(0, sum(entry.file_size for entry in entries))
            for entry in entries:
                # All that is claimed is looked at before anything is written.
                self._admit(entry.file_size)
            self._require_room(self._claimed)
            for entry in entries:
                self._zip_entry(content, entry)

    def _zip_entry(self, content: zipfile.ZipFile, entry: zipfile.ZipInfo) -> None:
        parts = inside(_zip_name(entry))
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if parts[:1] == (_MAC,):
            return
        if entry.is_dir() or kind == stat.S_IFDIR:
            self._make(parts)
            return
        if kind not in (0, stat.S_IFREG, stat.S_IFLNK):
            raise DataError(f"'{shown(entry.filename)}' is a device or a pipe")
        if entry.flag_bits & 1:
            raise DataError("it is locked with a password: unpack it yourself and give the folder with --data")
        with content.open(entry) as stream:
            if kind == stat.S_IFLNK:
                self._link(parts, stream.read(4096).decode(), beside=True)
            else:
                self._write(parts, stream, entry.file_size)

    def _tar(self) -> None:
        self._meter.begin(0, self._packed)
        with open(self._archive, "rb") as packed, plain(packed) as stream:
            bounded = Bounded(stream, lambda: self._require_ratio(stream.tell()))
            try:
                content = tarfile.TarFile(fileobj=bounded, errorlevel=2)
            except tarfile.ReadError as error:
                raise DataError(f"it is neither a zip nor a tar file ({error})") from error
            with content:
                while (entry := content.next()) is not None:
                    self._tar_entry(content, entry)
                    # Half a million of them are half a gigabyte.
                    content.members.clear()
                    self._meter.add(packed.tell() - self._meter.done)
            if bounded.last != _END_OF_TAR:
                raise tarfile.ReadError("its end is missing")
            # The checksum of what is packed stands at its very end.
            bounded.drain()

    def _tar_entry(self, content: tarfile.TarFile, entry: tarfile.TarInfo) -> None:
        parts = inside(entry.name)
        self._admit(entry.size)
        if entry.isdir():
            self._make(parts)
        elif entry.issym() or entry.islnk():
            self._link(parts, entry.linkname, beside=entry.issym())
        elif entry.issparse():
            raise DataError(f"'{shown(entry.name)}' claims bytes that the archive does not hold")
        elif entry.isfile():
            stream = content.extractfile(entry)
            assert stream is not None
            if entry.size > CHUNK:
                self._require_room(entry.size)
            self._write(parts, stream, entry.size)
        else:
            raise DataError(f"'{shown(entry.name)}' is a device, a pipe or of an unknown kind")

    def _admit(self, claimed: int) -> None:
        """Count an entry and the bytes that it claims, within the limits."""
        self._entries, self._claimed = self._entries + 1, self._claimed + claimed
        if self._entries > self._limits.files:
            raise DataError(f"it holds more than {self._limits.files:,} files")
        if claimed < 0 or self._claimed > self._limits.size:
            raise DataError(f"it would become more than {size(self._limits.size)}")
        self._require_ratio(self._claimed)

    def _require_ratio(self, unpacked: int) -> None:
        if unpacked > self._limits.free and unpacked > self._limits.ratio * self._packed:
            raise DataError(f"its {size(self._packed)} would become more than {size(unpacked)}, as no data set's do")

    def _require_room(self, n: int) -> None:
        free = shutil.disk_usage(self._folder).free
        if n + RESERVE > free:
            raise StoreError(
                f"{self._archive.name} needs {size(n)} unpacked, and {self._folder.parent} has {size(free)} free: free "
                "space, or set OFFCENTER_DATA to a folder on another disk."
            )

    def _make(self, parts: tuple[str, ...]) -> None:
        self._taken.take_folder(parts)
        self._folder.joinpath(*parts).mkdir(parents=True, exist_ok=True)

    def _write(self, parts: tuple[str, ...], stream: IO[bytes], claimed: int) -> None:
        """A file's bytes, as many as were claimed."""
        path = self._new(parts)
        left = claimed
        with _writing(path) as write:
            while chunk := stream.read(CHUNK):
                left -= len(chunk)
                if left < 0:
                    raise DataError(f"'{shown('/'.join(parts))}' holds more than the {claimed:,} bytes that it claims")
                write(chunk)
                self._counted(len(chunk))
        if left:
            raise DataError(f"'{shown('/'.join(parts))}' holds fewer than the {claimed:,} bytes that it claims")
        self._files += 1

    def _new(self, parts: tuple[str, ...]) -> Path:
        if not parts:
            raise DataError("an entry has no name")
        self._taken.take_file(parts)
        path = self._folder.joinpath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def _counted(self, n: int) -> None:
        every = RESERVE // 4
        if (self._size + n) // every != self._size // every:
            self._require_room(0)
        self._size += n
        if self._is_zip:
            self._meter.add(n)

    def _link(self, parts: tuple[str, ...], target: str, *, beside: bool) -> None:
        """A link to a file of the archive, which becomes that file; one that leads elsewhere is refused.

        Args:
            parts: The link.
            target: As it stands in the archive.
            beside: Whether it counts from the link's own folder, as of symbolic ones, rather than from the top.
        """
        name = "/".join(parts)
        steps = list(parts[:-1]) if beside else []
        for step in target.replace("\\", "/").split("/"):
            if step == "..":
                if not steps:
                    raise DataError(f"'{shown(name)}' is a link out of the folder, to '{shown(target)}'")
                steps.pop()
            elif step not in ("", "."):
                steps.append(step)
        if target.startswith(("/", "\\")):
            raise DataError(f"'{shown(name)}' is a link out of the folder, to '{shown(target)}'")
        self._new(parts)
        self._links.append((parts, inside("/".join(steps))))

    def _follow_links(self) -> None:
        """Give each link the file that it means, when all files are there; a link may mean another link."""
        waiting = self._links
        while waiting:
            left = []
            for parts, target in waiting:
                path, file = self._folder.joinpath(*parts), self._folder.joinpath(*target)
                if not file.is_file():
                    left.append((parts, target))
                    continue
                try:
                    os.link(file, path)
                except OSError:
                    self._require_room(file.stat().st_size)
                    self._counted(file.stat().st_size)
                    shutil.copyfile(file, path)
                self._files += 1
            if len(left) == len(waiting):
                raise DataError(f"'{shown('/'.join(left[0][0]))}' is a link to no file of the archive")
            waiting = left


@contextlib.contextmanager
def _writing(path: Path) -> Iterator[Callable[[bytes], object]]:
    """A new file; an error of the disk is told as one, and never taken for damage of the archive."""
    try:
        stream = open(path, "xb")  # noqa: SIM115 - closed below, where its errors are told
    except OSError as error:
        raise cannot_write(path, error) from error

    def write(chunk: bytes) -> None:
        try:
            stream.write(chunk)
        except OSError as error:
            raise cannot_write(path, error) from error

    try:
        yield write
    finally:
        try:
            stream.close()
        except OSError as error:
            raise cannot_write(path, error) from error


def _zip_name(entry: zipfile.ZipInfo) -> str:
    """An entry's name; one without the mark for UTF-8 often is UTF-8 all the same."""
    if "\0" in entry.orig_filename:
        raise DataError(f"an entry named '{shown(entry.orig_filename)}' has control characters")
    if entry.flag_bits & 0x800 or entry.filename.isascii():
        return entry.filename
    try:
        return entry.filename.encode("cp437").decode()
    except UnicodeError:
        raise DataError(f"an entry named '{shown(entry.filename)}' is not UTF-8") from None
