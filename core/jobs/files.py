"""One evaluation of the queue as files: what was asked for, how it stands, and whether anybody is at it.

``core.jobs`` moves jobs on; here they are only written and read.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from filelock import FileLock, Timeout

from core import paths
from core.benchmarks import benchmark_class, find_data
from core.errors import UsageError, cannot_write, nearest
from core.images.views import get_view
from core.types import Precision, Progress

State = Literal["queued", "running", "done", "failed", "cancelled", "interrupted"]
#: Of these nothing more will come by itself.
ENDED: tuple[State, ...] = ("done", "failed", "cancelled", "interrupted")
#: These can go on from what is stored.
RESUMABLE: tuple[State, ...] = ("failed", "cancelled", "interrupted")
PRECISIONS: tuple[Precision, ...] = ("fp32", "bf16", "fp16")

_INTERRUPTED = (
    "the process that ran it has ended: it was killed, ran out of memory, or the machine was restarted. Finished "
    "images are kept."
)


@dataclass(frozen=True)
class Request:
    """What to evaluate; see ``core.evaluate.evaluate``.

    Attributes:
        model: A model's name.
        benchmark: Key.
        data: Folder of its data; the one last used if None.
        view: What is done to images first.
        precision: ``fp32``, ``bf16`` or ``fp16``.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``; jobs of one device run one after the other.
        batch_size: Images a forward pass; chosen by device if None.
        limit: Stop when this many images are stored; all of them if None.
    """

    model: str
    benchmark: str
    data: str | None = None
    view: str = "clean"
    precision: Precision = "fp32"
    device: str = "auto"
    batch_size: int | None = None
    limit: int | None = None

    def checked(self) -> Request:
        """The same with absolute folders.

        Raises:
            UsageError: If a value cannot be right; says which and what would be.
        """
        if not self.model.strip():
            raise UsageError("no model is named: give a timm name, hf-hub:owner/name or local-dir:PATH.")
        benchmark = benchmark_class(self.benchmark)
        root = find_data(self.benchmark, self.data or None)
        if root is None:
            raise UsageError(f"no data folder is given for '{self.benchmark}'. {benchmark.how_to_get}")
        if not root.is_dir():
            raise UsageError(f"'{root}' is not a folder on this machine. {benchmark.how_to_get}")
        get_view(self.view)
        if self.precision not in PRECISIONS:
            raise UsageError(
                f"precision '{self.precision}' is unknown.{nearest(self.precision, PRECISIONS)} "
                f"Known: {', '.join(PRECISIONS)}."
            )
        kind, _, index = self.device.partition(":")
        if kind not in ("auto", "cpu", "cuda") or (index and (kind != "cuda" or not index.isdigit())):
            raise UsageError(f"unknown device '{self.device}'. Known: auto, cpu, cuda, cuda:0, ….")
        for name in ("batch_size", "limit"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise UsageError(f"{name} is {value}, but must be at least 1.")
        return replace(self, model=_canonical(self.model.strip()), data=str(root))


def _canonical(model: str) -> str:
    """A folder by its absolute path; one that can be named by its name alone, by that."""
    prefix = "local-dir:"
    if not model.startswith(prefix):
        return model
    folder = Path(model.removeprefix(prefix)).expanduser().resolve()
    named = (parent / folder.name for parent in paths.model_folders())
    found = next((path for path in named if (path / "config.json").is_file()), None)
    return folder.name if found == folder else f"{prefix}{folder}"


@dataclass(frozen=True)
class Job:
    """A request and how it stands.

    Attributes:
        id: Names it in links and on the command line.
        folder: Where its files are.
        request: What was asked for.
        state: See ``State``.
        submitted: Time of the request, seconds since 1970; the queue's order.
        started: When it last began to run, or None.
        ended: When it last ended, or None.
        progress: How far it is, or None while nothing is known.
        message: Why it failed or was interrupted, in a sentence; else empty.
        result: ``model``, ``benchmark`` and ``identity`` of the stored run, once there is one.
        pid: Process that runs it or ran it last, or None.
    """

    id: str
    folder: Path = field(repr=False)
    request: Request
    state: State
    submitted: float
    started: float | None = None
    ended: float | None = None
    progress: Progress | None = None
    message: str = ""
    result: Mapping[str, str] | None = None
    pid: int | None = None

    @property
    def cancelling(self) -> bool:
        """Whether it is running and was asked to stop."""
        return self.state == "running" and self.cancel_flag.exists()

    @property
    def cancel_flag(self) -> Path:
        """The file that asks a running job to stop."""
        return self.folder / "cancel"

    @property
    def log(self) -> Path:
        """What the evaluation printed."""
        return self.folder / "log.txt"


def tail(path: Path, n: int = 12) -> str:
    """The last lines of a log; empty if there is none."""
    try:
        with open(path, "rb") as stream:
            stream.seek(max(0, path.stat().st_size - 400 * n))
            text = stream.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-n:])


def home() -> Path:
    """Folder of all jobs."""
    return paths.data_home() / "jobs"


def write_request(job: Job) -> None:
    """Make a job known; written after its status, because a folder without a request is no job yet.

    Raises:
        StoreError: If it cannot be written.
    """
    content = {"id": job.id, "submitted": job.submitted, "request": asdict(job.request)}
    paths.write_atomically(job.folder / "job.json", json.dumps(content, indent=1) + "\n")


def write_status(job: Job) -> None:
    """Keep how a job stands.

    Raises:
        StoreError: If it cannot be written.
    """
    status: dict[str, Any] = {
        "state": job.state,
        "started": job.started,
        "ended": job.ended,
        "progress": asdict(job.progress) if job.progress else None,
        "message": job.message,
        "result": dict(job.result) if job.result else None,
        "pid": job.pid,
    }
    paths.write_atomically(job.folder / "status.json", json.dumps(status, indent=1) + "\n")


def read_job(folder: Path) -> Job | None:
    """The job in a folder, or None if there is none; one that nobody is at any more is ``interrupted``."""
    asked, status = paths.read_json(folder / "job.json"), paths.read_json(folder / "status.json")
    if not asked or not status:
        return None
    if status["state"] == "running" and not is_locked(lock_of(folder)):
        # It may have ended between the two looks: its last word is written before its lock is free.
        status = paths.read_json(folder / "status.json")
        if status["state"] == "running":
            status |= {"state": "interrupted", "message": _INTERRUPTED}
    progress = Progress(**status["progress"]) if status["progress"] else None
    return Job(
        id=asked["id"],
        folder=folder,
        request=Request(**asked["request"]),
        submitted=asked["submitted"],
        progress=progress,
        **{name: status[name] for name in ("state", "started", "ended", "message", "result", "pid")},
    )


def lock_of(folder: Path) -> Path:
    """The lock that is held while a job runs."""
    return folder / ".lock"


def is_locked(path: Path) -> bool:
    """Whether a living process holds a lock; a killed one no longer does."""
    if not path.is_file():
        return False
    try:
        with FileLock(path).acquire(timeout=0):
            return False
    except Timeout:
        return True


@contextmanager
def queue_lock() -> Iterator[None]:
    """One change of the queue at a time, whichever process makes it."""
    try:
        home().mkdir(parents=True, exist_ok=True)
        lock = FileLock(home() / ".queue.lock")
        lock.acquire()
    except OSError as error:
        raise cannot_write(home(), error) from error
    try:
        yield
    finally:
        lock.release()
