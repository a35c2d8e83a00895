"""One SQLite file that several browser tabs and processes use at once."""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

from core.errors import StoreError, cannot_write
from core.paths import require_writable

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
        StoreError: If it cannot be read or written; a ``ReadOnlyError`` in a demo.
    """
    require_writable(path)
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
        raise _cannot(path, what, error) from error


@contextmanager
def reading(path: Path, schema: str, what: str) -> Iterator[sqlite3.Connection]:
    """A connection that only reads: it makes no file, and works where none can be made; empty where there is no file.

    Args:
        path: The file.
        schema: As for ``connected``.
        what: What it holds, for the error.

    Raises:
        DamagedError: If it is no database, or one of something else.
        StoreError: If it cannot be read.
    """
    try:
        connection = _to_read(path, schema)
    except (sqlite3.Error, OSError) as error:
        raise _cannot(path, what, error) from error
    try:
        yield connection
    except sqlite3.Error as error:
        raise _cannot(path, what, error) from error
    finally:
        connection.close()


def _to_read(path: Path, schema: str) -> sqlite3.Connection:
    # A file that nothing has been written to yet is none.
    if path.is_file() and path.stat().st_size:
        # Where the folder cannot be written to, readers and writers cannot agree; then what is in the file is read.
        for mode in ("mode=ro", "immutable=1"):
            connection = sqlite3.connect(f"{path.resolve().as_uri()}?{mode}", uri=True, timeout=_WAIT_S)
            try:
                if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
                    return connection
                connection.close()
                break
            except sqlite3.OperationalError:
                connection.close()
                if mode == "immutable=1":
                    raise
            except sqlite3.Error:
                connection.close()
                raise
    empty = sqlite3.connect(":memory:")
    empty.execute(schema)
    return empty


class DamagedError(StoreError):
    """A file of the project's own holds something else; ``set_aside`` takes it out of the way.

    Attributes:
        path: The file.
    """

    def __init__(self, message: str, path: Path) -> None:
        super().__init__(message)
        self.path = path


def set_aside(path: Path) -> Path:
    """Rename a damaged file, and what belongs to it, so that the next use begins anew; nothing is deleted.

    Returns:
        Its new path.

    Raises:
        StoreError: If it cannot be renamed.
    """
    aside = path.with_name(f"{path.name}.damaged-{time.strftime('%Y%m%dT%H%M%S')}")
    try:
        path.replace(aside)
        for suffix in ("-wal", "-shm"):
            with contextlib.suppress(FileNotFoundError):
                path.with_name(path.name + suffix).replace(aside.with_name(aside.name + suffix))
    except OSError as error:
        raise cannot_write(path, error) from error
    return aside


def _cannot(path: Path, what: str, error: Exception) -> StoreError:
    # What SQLite cannot open or write to is an OperationalError; but a table of another form is damage.
    is_odd = isinstance(error, sqlite3.OperationalError) and str(error).startswith(("no such", "table jobs has"))
    if is_odd or (isinstance(error, sqlite3.DatabaseError) and not isinstance(error, sqlite3.OperationalError)):
        return DamagedError(f"{what} in {path} is damaged ({error}): move the file away, and a new one is begun.", path)
    return StoreError(
        f"{what} in {path} cannot be read or written ({error}). Set OFFCENTER_DATA to a folder you may write to."
    )


def _write_ahead(connection: sqlite3.Connection, path: Path) -> None:
    """See to it that readers do not wait for a writer."""
    if connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal":
        return
    # Two that switch a new file at once do not wait for each other: SQLite refuses one of them on the spot.
    with FileLock(path.with_name(f".{path.name}.lock")):
        connection.execute("PRAGMA journal_mode=WAL")
