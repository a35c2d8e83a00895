"""One SQLite file that several browser tabs and processes use at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from core.errors import StoreError

#: Seconds to wait for another writer; each write takes milliseconds.
_WAIT_S = 10.0


@contextmanager
def connected(path: Path, schema: str, what: str) -> Iterator[sqlite3.Connection]:
    """A connection for one transaction: committed at the end, rolled back on an error, and always closed.

    What is read to decide what is written begins with ``BEGIN IMMEDIATE``.

    Args:
        path: The file; made with its folder if it is not there.
        schema: ``CREATE TABLE IF NOT EXISTS ...``.
        what: What it holds, for the error: ``the reviews``.

    Raises:
        StoreError: If it cannot be read or written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=_WAIT_S)
        try:
            _write_ahead(connection, path)
            # A write that was reported outlives a crash of the machine.
            connection.execute("PRAGMA synchronous=FULL")
            with connection:
                connection.execute(schema)
                yield connection
        finally:
            connection.close()
    except (sqlite3.Error, OSError) as error:
        raise StoreError(
            f"{what} in {path} cannot be read or written ({error}). Set OFFCENTER_DATA to a folder you may write "
            "to; if the file is damaged, move it away."
        ) from error


def _write_ahead(connection: sqlite3.Connection, path: Path) -> None:
    """See to it that readers do not wait for a writer."""
    if connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
        return
    # Two that switch a new file at once do not wait for each other: SQLite refuses one of them on the spot.
    with FileLock(path.with_name(f".{path.name}.lock")):
        connection.execute("PRAGMA journal_mode=WAL")
