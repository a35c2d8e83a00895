"""The one writer of a run, and what else changes a stored one: its manifest amended, its folder set aside."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
from filelock import FileLock, Timeout

from core.errors import StoreError, cannot_write
from core.store.manifest import Manifest, read_manifest, write_manifest
from core.store.runs import REPLACED, Run, logits_of, predictions_of

_LOCK = ".lock"


class RunWriter:
    """Appends batches to a run; only one process at a time has it (see ``open_writer``).

    Attributes:
        folder: Of the run.
        manifest: The stored one, or a new one where there are no predictions yet.
    """

    def __init__(self, folder: Path, manifest: Manifest) -> None:
        self.folder = folder
        self._predictions = predictions_of(folder)
        self._logits = logits_of(folder)
        self._next = max(self._predictions.next_batch, self._logits.next_batch)
        n_done = self._predictions.num_rows
        stored = _readable_manifest(folder) if n_done else None
        # The benchmark's entry says where the data are now and what the benchmark is today.
        self.manifest = replace(stored, benchmark=manifest.benchmark) if stored else manifest
        if n_done and stored is None:
            # Lost, for example in a power cut; what it said follows from the identity, and the rest from the parts.
            self.manifest = replace(manifest, keep_logits=self._logits.num_rows > 0)
            self.write_manifest(status="complete" if n_done >= manifest.benchmark.n else "partial")
        self._predictions.sweep()
        self._logits.sweep()

    def done(self) -> set[str]:
        """Ids of the images that are stored."""
        return set(self._predictions.read(["sample_id"])["sample_id"].to_pylist())

    def append(self, batch: pa.Table, logits: pa.Table | None = None) -> None:
        """Store one batch; when this returns, a kill no longer loses it.

        Args:
            batch: ``PREDICTIONS_SCHEMA``.
            logits: ``LOGITS_SCHEMA``, of the images that did not fail.

        Raises:
            StoreError: If it cannot be written, for example because the disk is full.
        """
        # A number is never given twice, also if storing fails half-way: its logits may be there, or in a merged part.
        number = self._next
        self._next += 1
        # Logits first: an image counts as done once its prediction is there, so its logits must be there by then.
        if logits is not None and logits.num_rows:
            self._logits.append(logits, number)
        self._predictions.append(batch, number)

    def write_manifest(self, **updates: Any) -> None:
        """Update ``run.json``: values of ``Manifest`` by name."""
        self.manifest = replace(self.manifest, **updates, updated=time.strftime("%Y-%m-%dT%H:%M:%S%z"))
        write_manifest(self.folder, self.manifest)

    def finish(self) -> None:
        """Merge all parts into one."""
        self._predictions.merge_all()
        self._logits.merge_all()


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


def amend(run: Run, **updates: Any) -> Run:
    """Change what a run says of itself, such as where its data are; predictions and ``updated`` stay.

    Args:
        run: Of the user's own results.
        updates: Values of ``Manifest`` by name.

    Raises:
        StoreError: If it cannot be written, or another process is at it.
    """
    try:
        with FileLock(run.path / _LOCK).acquire(timeout=0):
            manifest = replace(read_manifest(run.path) or run.manifest, **updates)
            write_manifest(run.path, manifest)
    except Timeout as error:
        raise StoreError(f"{run.path} is being written by another process; wait for it or stop it first.") from error
    except OSError as error:
        raise cannot_write(run.path, error) from error
    return replace(run, manifest=manifest)


def set_aside(folder: Path) -> Path | None:
    """Rename a run's folder so that a fresh one can take its place; nothing computed is deleted.

    Returns:
        Where it is now, or None if there was none.
    """
    if predictions_of(folder).next_batch == 0:
        return None
    target = folder.with_name(f"{folder.name}{REPLACED}{time.strftime('%Y%m%dT%H%M%S')}-{time.time_ns() % 10**9:09}")
    try:
        with FileLock(folder / _LOCK).acquire(timeout=0):
            folder.rename(target)
    except Timeout as error:
        raise StoreError(f"{folder} is being written by another process; wait for it or stop it first.") from error
    return target
