"""The one writer of a run, and what else changes a stored one: its manifest amended, its folder set aside."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from filelock import FileLock, Timeout

from core.errors import StoreError, cannot_write
from core.paths import require_writable
from core.store import accepted
from core.store.closing import bytes_digest
from core.store.manifest import BenchmarkEntry, Manifest, now, read_manifest, write_manifest
from core.store.parts import Parts
from core.store.runs import REPLACED, Run, logits_of, parts_of, predictions_of
from core.store.within import within_of

_LOCK = ".lock"


class RunWriter:
    """Appends batches to a run; only one process at a time has it (see ``open_writer``).

    Attributes:
        folder: Of the run.
        manifest: The stored one, or a new one where there are no predictions yet.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self._predictions = parts_of(folder, manifest.views.dense)
        self._logits = logits_of(folder)
        self._entry = manifest.benchmarks[0]
        self._side = accepted.side_of(folder, self._entry.samples_digest)
        self._within = within_of(folder)
        self._next = max(table.next_batch for table in self._tables)
        n_rows = self._predictions.num_rows
        stored = _readable_manifest(folder) if n_rows else None
        # The benchmark's entry says where the data are now and what the benchmark is today.
        self.manifest = stored.with_entry(self._entry) if stored else manifest
        if n_rows and stored is None:
            # Lost, for example in a power cut; what it said follows from the identity, and the rest from the parts.
            self.manifest = replace(manifest, keep_logits=self._logits.num_rows > 0)
            self.write_manifest(status="partial")
        for table in self._tables:
            table.sweep()

    @property
    def _tables(self) -> tuple[Parts, ...]:
        """What grows; predictions last, since an image counts as done once they are there."""
        return self._logits, self._side, self._within, self._predictions

    @property
    def run(self) -> Run:
        """The run as it stands."""
        return Run(self.folder, self.manifest, self._entry)

    @property
    def has_rows(self) -> bool:
        """Whether anything is stored."""
        return self._predictions.num_rows > 0

    def done(self) -> set[str]:
        """The pool's names of the images that are stored, each with all its views."""
        return set(pc.unique(self._predictions.read(["sample_id"])["sample_id"]).to_pylist())

    def append(
        self,
        batch: pa.Table,
        side: pa.Table | None = None,
        logits: pa.Table | None = None,
        within: pa.Table | None = None,
    ) -> None:
        """Store one batch of images with all their views; when this returns, a kill no longer loses it.

        Args:
            batch: ``PREDICTIONS_SCHEMA``, or ``dense.SCHEMA`` where the family of views is dense.
            side: ``accepted.SCHEMA``, of the rows whose ten best classes do not tell it.
            logits: ``LOGITS_SCHEMA``, of the images that did not fail.
            within: ``within.SCHEMA``, of the rows whose ten best classes hold none of the benchmark's own.

        Raises:
            StoreError: If it cannot be written, for example because the disk is full.
        """
        # A number is never given twice, also if storing fails half-way: its logits may be there, or in a merged part.
        number = self._next
        self._next += 1
        for table, rows in zip(self._tables, (logits, side, within, batch), strict=True):
            if rows is not None and rows.num_rows:
                table.append(rows, number)

    def append_side(self, side: pa.Table) -> None:
        """Store what labels say of rows that are stored already."""
        if side.num_rows:
            self._side.append(side, self._next)
            self._next += 1

    def write_manifest(self, **updates: Any) -> None:
        """Update ``run.json``: values of ``Manifest`` by name."""
        self.manifest = replace(self.manifest, **updates, updated=now())
        write_manifest(self.folder, self.manifest)

    def finish(self) -> None:
        """Merge all parts into one, and note that all of the benchmark's images are there and what their bytes were."""
        for table in self._tables:
            table.merge_all("sample_id")
        self._entry = closed(self.run)
        self.manifest = self.manifest.with_entry(self._entry)


def closed(run: Run) -> BenchmarkEntry:
    """A benchmark's entry in a run that has all of its images."""
    return replace(run.entry, finished=predictions_of(run).num_rows, bytes_digest=bytes_digest(run))


def _readable_manifest(folder: Path) -> Manifest | None:
    """A folder's manifest; None if there is none, or a damaged one."""
    with suppress(StoreError):
        return read_manifest(folder)
    return None


@contextmanager
def open_writer(folder: Path, manifest: Manifest, on_wait: Callable[[], None] | None = None) -> Iterator[RunWriter]:
    """The one writer of a run; a second process waits here until the first has ended.

    Args:
        folder: From ``run_folder``; created if needed.
        manifest: Of a new run; that of a run which has predictions is kept, unless it is damaged, and updated.
        on_wait: Called once if another process has the run.

    Raises:
        StoreError: If the folder cannot be written to.
    """
    require_writable(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(folder / _LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            if on_wait is not None:
                on_wait()
            lock.acquire()
    except OSError as error:
        raise cannot_write(folder, error) from error
    try:
        yield RunWriter(folder, manifest)
    finally:
        lock.release()


def settled(run: Run, entry: BenchmarkEntry) -> BenchmarkEntry:
    """A benchmark's entry in a run, closed if all of its images are there.

    Args:
        run: As it was.
        entry: As the benchmark is now; its samples table is written.
    """
    if entry.samples_digest == run.entry.samples_digest and run.entry.finished:
        return replace(entry, finished=run.entry.finished, bytes_digest=run.entry.bytes_digest)
    now = replace(run, entry=entry)
    return closed(now) if now.complete else entry


def amend(run: Run, entry: BenchmarkEntry) -> Run:
    """Change what a run says of its benchmark, such as where its data are; predictions and ``updated`` stay.

    Args:
        run: Of the user's own results.
        entry: In place of the run's own.

    Raises:
        StoreError: If it cannot be written, or another process is at it.
    """
    try:
        with FileLock(run.path / _LOCK).acquire(timeout=0):
            manifest = (read_manifest(run.path) or run.manifest).with_entry(entry)
            # Whoever was killed after the last image could not say so.
            manifest = replace(manifest, status="complete" if entry.finished else manifest.status)
            write_manifest(run.path, manifest)
    except Timeout as error:
        raise StoreError(f"{run.path} is being written by another process; wait for it or stop it first.") from error
    except OSError as error:
        raise cannot_write(run.path, error) from error
    return replace(run, manifest=manifest, entry=entry)


def set_aside(folder: Path) -> Path | None:
    """Rename a run's folder so that a fresh one can take its place; nothing computed is deleted.

    Returns:
        Where it is now, or None if there was none.
    """
    if all(parts_of(folder, is_dense).next_batch == 0 for is_dense in (False, True)):
        return None
    target = folder.with_name(f"{folder.name}{REPLACED}{time.strftime('%Y%m%dT%H%M%S')}-{time.time_ns() % 10**9:09}")
    try:
        with FileLock(folder / _LOCK).acquire(timeout=0):
            folder.rename(target)
    except Timeout as error:
        raise StoreError(f"{folder} is being written by another process; wait for it or stop it first.") from error
    return target
