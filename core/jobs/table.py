"""The table of jobs: what was asked for, how it stands, and whether anybody is at it.

``core.jobs.queue`` and ``core.jobs.worker`` move jobs on; here they are only written and read. Below ``data/jobs``::

    jobs.sqlite     a row for each job
    <id>/log.txt    what it printed
         .lock      held while it runs; a killed process holds it no longer
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, Literal, get_args

from filelock import FileLock

from core import paths
from core.errors import StoreError
from core.jobs.kinds import Arguments, Evaluation, Result, Unknown, read_arguments
from core.store import database
from core.store.database import connected, reading
from core.types import Progress

State = Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]
#: Of these nothing more will come by itself.
ENDED: tuple[State, ...] = ("done", "failed", "cancelled", "interrupted")
#: These can go on from what is stored.
RESUMABLE: tuple[State, ...] = ("failed", "cancelled", "interrupted")

_FILE = "jobs.sqlite"
_WHAT = "the list of jobs"
#: Where the files of the queue before there was a table are kept.
_OLD = "old"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, device TEXT NOT NULL, arguments TEXT NOT NULL, state TEXT NOT NULL,
    submitted REAL NOT NULL, queued REAL NOT NULL, started REAL, ended REAL, progress TEXT,
    message TEXT NOT NULL DEFAULT '', result TEXT, pid INTEGER, cancelling INTEGER NOT NULL DEFAULT 0
)
"""
_COLUMNS = (
    *("id", "kind", "device", "arguments", "state", "submitted", "queued", "started", "ended"),
    *("progress", "message", "result", "pid", "cancelling"),
)
_INTERRUPTED = (
    "the process that ran it has ended: it was killed, ran out of memory, or the machine was restarted. What it "
    "finished is kept."
)


@dataclass(frozen=True)
class Job:
    """What was asked for and how it stands.

    Attributes:
        id: Names it in links and on the command line.
        arguments: What to do.
        state: See ``State``.
        submitted: Time of the request, seconds since 1970; the queue's order.
        queued: When it last began to wait.
        started: When it last began to run, or None.
        ended: When it last ended, or None.
        progress: How far it is, or None while nothing is known.
        message: Why it failed or was interrupted, in a sentence; else empty.
        result: See ``Result``; None until it is done.
        pid: Process that runs it or ran it last, or None.
        cancelling: Whether it is running and was asked to stop.
    """

    id: str
    arguments: Arguments
    state: State
    submitted: float
    queued: float = 0.0
    started: float | None = None
    ended: float | None = None
    progress: Progress | None = None
    message: str = ""
    result: Result | None = None
    pid: int | None = None
    cancelling: bool = False

    @property
    def runnable(self) -> bool:
        """Whether this version can do it."""
        return not isinstance(self.arguments, Unknown)

    @property
    def folder(self) -> Path:
        """Where its files are."""
        # Whoever wrote the row: a name, and no way out of the folder.
        return home() / paths.slug(self.id)

    @property
    def log(self) -> Path:
        """What it printed."""
        return self.folder / "log.txt"

    @property
    def lock(self) -> Path:
        """The lock that is held while it runs."""
        return self.folder / ".lock"


def home() -> Path:
    """Folder of all jobs."""
    return paths.data_home() / "jobs"


def tail(path: Path, n: int = 12) -> str:
    """The last lines of a log; empty if there is none."""
    try:
        with open(path, "rb") as stream:
            stream.seek(max(0, path.stat().st_size - 400 * n))
            text = stream.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-n:])


def is_locked(path: Path) -> bool:
    """Whether a living process holds a lock; a killed one no longer does.

    A look shares the lock, so that any number may look at once and none takes another for the holder.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


@contextmanager
def opened(*, to_change: bool = False) -> Iterator[sqlite3.Connection]:
    """The table, for one look or one change.

    Args:
        to_change: One change of the queue at a time, whichever process makes it.

    Raises:
        StoreError: If it cannot be read or written.
    """
    path = home() / _FILE
    if not to_change and _has_old_files():
        # Where nothing can be written, they are for another time.
        with contextlib.suppress(StoreError), _writing(path):
            pass
    with _writing(path) if to_change else reading(path, _SCHEMA, _WHAT) as table:
        table.row_factory = sqlite3.Row
        if to_change:
            table.execute("BEGIN IMMEDIATE")
        yield table


@contextmanager
def _writing(path: Path) -> Iterator[sqlite3.Connection]:
    with connected(path, _SCHEMA, _WHAT) as table:
        table.row_factory = sqlite3.Row
        _take_over_files(table)
        yield table


def _has_old_files() -> bool:
    """Whether the queue of small files left something that is not taken over yet."""
    return next(home().glob("*/job.json"), None) is not None


def set_aside() -> Path:
    """Rename a damaged table; a new one is begun. What jobs have finished is in the store.

    Raises:
        StoreError: If it cannot be renamed.
    """
    return database.set_aside(home() / _FILE)


def read(table: sqlite3.Connection, where: str = "TRUE", *values: object) -> list[Job]:
    """Jobs in the order in which they were submitted; one that nobody is at any more is ``interrupted``.

    Args:
        table: From ``opened``.
        where: A condition on the columns.
        values: Of its question marks.
    """
    query = f"SELECT {', '.join(_COLUMNS)} FROM jobs WHERE {where} ORDER BY submitted, id"
    return [_seen(table, _from_row(row)) for row in table.execute(query, values).fetchall()]


def _seen(table: sqlite3.Connection, job: Job) -> Job:
    if job.state != "running" or is_locked(job.lock):
        return job
    # It may have ended between the two looks: its last word is written before its lock is free.
    row = table.execute(f"SELECT {', '.join(_COLUMNS)} FROM jobs WHERE id = ?", (job.id,)).fetchone()
    again = _from_row(row) if row is not None else job
    return again if again != job else replace(job, state="interrupted", message=_INTERRUPTED, cancelling=False)


def add(table: sqlite3.Connection, job: Job) -> None:
    """Make a job known."""
    marks = ", ".join("?" * len(_COLUMNS))
    table.execute(f"INSERT INTO jobs ({', '.join(_COLUMNS)}) VALUES ({marks})", _to_row(job))


def update(table: sqlite3.Connection, job: Job) -> None:
    """Keep how a job stands; what was asked for never changes."""
    standing = dict(zip(_COLUMNS, _to_row(job), strict=True))
    for name in ("id", "kind", "device", "arguments"):
        del standing[name]
    changes = ", ".join(f"{name} = ?" for name in standing)
    table.execute(f"UPDATE jobs SET {changes} WHERE id = ?", (*standing.values(), job.id))


def remove(table: sqlite3.Connection, job: Job) -> None:
    """Take a job out."""
    table.execute("DELETE FROM jobs WHERE id = ?", (job.id,))


def update_progress(table: sqlite3.Connection, job: Job) -> None:
    """Keep how far a job is, and nothing else: somebody may just have asked it to stop."""
    table.execute("UPDATE jobs SET progress = ? WHERE id = ?", (_progress_text(job), job.id))


def written(arguments: Arguments) -> str:
    """Arguments as the table holds them; equal ones are equal text."""
    return json.dumps(asdict(arguments), sort_keys=True)  # type: ignore[call-overload]


def _to_row(job: Job) -> tuple[object, ...]:
    values = {field.name: getattr(job, field.name) for field in fields(job)} | {
        "kind": job.arguments.kind,
        "device": job.arguments.device,
        "arguments": written(job.arguments),
        "progress": _progress_text(job),
        "result": json.dumps(dict(job.result)) if job.result else None,
    }
    return tuple(values[name] for name in _COLUMNS)


def _progress_text(job: Job) -> str | None:
    return json.dumps(asdict(job.progress)) if job.progress else None


def _from_row(row: sqlite3.Row) -> Job:
    """A job as far as this version can read it: a newer version may have written the row, or a faulty disk."""
    values = dict(row)
    kind, device = str(values.pop("kind")), str(values.pop("device"))
    known = values["state"] in get_args(State)
    return Job(
        **values
        | {
            "arguments": read_arguments(kind, device, _json(values["arguments"])) if known else Unknown(kind, device),
            "state": values["state"] if known else "failed",
            "message": values["message"] if known else f"its state '{values['state']}' is not known to this version.",
            "progress": _progress(_json(values["progress"])),
            "result": _json(values["result"]) or None,
            "cancelling": bool(values["cancelling"]),
            "submitted": _number(values["submitted"]) or 0.0,
            "queued": _number(values["queued"]) or 0.0,
            **{name: _number(values[name]) for name in ("started", "ended", "pid")},
        }
    )


def _number(content: object) -> Any:
    """A number, or None for what a faulty disk left in its place."""
    return content if isinstance(content, int | float) else None


def _json(text: str | None) -> Mapping[str, Any]:
    """An object; an empty one where there is none that can be read."""
    try:
        content = json.loads(text or "{}")
    except (TypeError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _progress(content: Mapping[str, Any]) -> Progress | None:
    try:
        return Progress(**content)
    except TypeError:
        return None


def _take_over_files(table: sqlite3.Connection) -> None:
    """Take in, once, the jobs of the queue of small files that was before the table; the files are moved aside."""
    if table.execute("PRAGMA user_version").fetchone()[0]:
        return
    # The lock under which that queue was changed.
    with FileLock(home() / ".queue.lock"):
        folders = sorted(path.parent for path in home().glob("*/job.json"))
        # One that an older version is still at is taken over once it has ended.
        running = [folder for folder in folders if is_locked(folder / ".lock")]
        for folder in folders:
            if folder in running:
                continue
            job = _from_files(folder)
            if job is not None and not read(table, "id = ?", job.id):
                with table:
                    add(table, job)
            kept = home() / _OLD / folder.name
            kept.mkdir(parents=True, exist_ok=True)
            for path in (folder / "job.json", folder / "status.json"):
                if path.is_file():
                    path.replace(kept / path.name)
        if not running:
            table.execute("PRAGMA user_version = 1")


def _from_files(folder: Path) -> Job | None:
    """The job in a folder of the old queue, or None if its files are damaged."""
    asked, status = paths.read_json(folder / "job.json"), paths.read_json(folder / "status.json")
    try:
        was_running = status["state"] == "running"
        state: State = "interrupted" if was_running else status["state"]
        if state not in get_args(State):
            return None
        return Job(
            id=folder.name,
            arguments=Evaluation(**asked["request"]),
            state=state,
            submitted=float(asked["submitted"]),
            queued=float(asked["submitted"]),
            message=_INTERRUPTED if was_running else str(status["message"]),
            progress=_progress(status["progress"] or {}),
            **{name: status[name] for name in ("started", "ended", "result", "pid")},
        )
    except (KeyError, TypeError, ValueError):
        return None
