"""Long work that waits, runs and has run: a queue that outlives every page and every process.

    job = submit(Evaluation("resnet50.a1_in1k", "si-score/size", data="/data/si-score/area"))
    find_job(job.id).progress

Pages and the command line put work in; one worker process a device (``core.jobs.worker``) takes it out in order, and
``submit`` starts it. A job whose worker was killed is seen as ``interrupted``, because its lock is free; what it
finished is in the store, and ``resume`` goes on from there.
"""

from __future__ import annotations

import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from core import paths
from core.errors import UsageError, nearest
from core.jobs import table
from core.jobs.kinds import Arguments
from core.jobs.table import ENDED, RESUMABLE, Job, home, is_locked, opened
from core.models import permission

#: Whoever looks whether a lock is held has it for an instant; who wants it waits longer than that.
_PATIENCE_S = 2.0
#: A worker that was just started may need this long to come up.
_START_S = 6.0


def submit(arguments: Arguments) -> Job:
    """Queue work and see to it that a worker runs; returns at once.

    The same work that is already waiting or running is not queued again: its job is returned.

    Args:
        arguments: Of one of ``kinds.KINDS``.

    Raises:
        UsageError: If they cannot be right.
        StoreError: If it cannot be written.
    """
    paths.require_writable(home())
    arguments = arguments.checked()
    with opened(to_change=True) as rows:
        same = table.read(rows, "kind = ? AND arguments = ?", arguments.kind, table.written(arguments))
        job = next((job for job in same if job.state in ("queued", "running") and not job.cancelling), None)
        if job is not None:
            return job
        now = time.time()
        name = f"{time.strftime('%Y%m%d-%H%M%S', time.localtime(now))}-{secrets.token_hex(3)}"
        job = Job(name, arguments, "queued", now, now)
        table.add(rows, job)
    _start_worker(arguments.device)
    return job


def list_jobs() -> list[Job]:
    """All jobs: running ones first, then those that wait in the order in which they will run, then the latest ended.

    Raises:
        StoreError: If the list cannot be read.
    """
    with opened() as rows:
        jobs = table.read(rows)
    ranks = {"running": 0, "queued": 1}

    def place(job: Job) -> tuple[int, float]:
        return ranks.get(job.state, 2), -(job.ended or job.submitted) if job.state in ENDED else job.submitted

    return sorted(jobs, key=place)


def find_job(job_id: str) -> Job:
    """A job by its id.

    Raises:
        UsageError: If there is none.
        StoreError: If the list cannot be read.
    """
    with opened() as rows:
        return _one(rows, job_id)


def cancel(job_id: str) -> Job:
    """Stop a job, or take it out of the queue; what it finished stays stored.

    Raises:
        UsageError: If there is no such job.
        StoreError: If it cannot be written.
    """
    with opened(to_change=True) as rows:
        job = _one(rows, job_id)
        if job.state == "queued":
            job = replace(job, state="cancelled", ended=time.time())
            table.update(rows, job)
        elif job.state == "running":
            job = replace(job, cancelling=True)
            table.update(rows, job)
    return job


def resume(job_id: str) -> Job:
    """Queue a job again that failed, was cancelled or interrupted; it goes on from what is stored.

    Raises:
        UsageError: If there is no such job, it has not ended, or this version cannot do it.
        StoreError: If it cannot be written.
    """
    with opened(to_change=True) as rows:
        job = _one(rows, job_id)
        if job.state not in RESUMABLE:
            raise UsageError(f"job '{job_id}' is {job.state}: only one that has ended early can go on.")
        if not job.runnable:
            job.arguments.checked()
        job = replace(job, state="queued", queued=time.time(), started=None, ended=None, message="", cancelling=False)
        table.update(rows, job)
    _start_worker(job.arguments.device)
    return job


def forget(job_id: str) -> None:
    """Take an ended job off the list; its results stay.

    Raises:
        UsageError: If there is no such job, or it has not ended.
        StoreError: If it cannot be written.
    """
    with opened(to_change=True) as rows:
        job = _one(rows, job_id)
        if job.state not in ENDED:
            raise UsageError(f"job '{job_id}' is {job.state}: cancel it first.")
        table.remove(rows, job)
    shutil.rmtree(job.folder, ignore_errors=True)


def _one(rows: sqlite3.Connection, job_id: str) -> Job:
    found = table.read(rows, "id = ?", job_id)
    if not found:
        raise UsageError(f"there is no job '{job_id}'.{nearest(job_id, [job.id for job in table.read(rows)])}")
    return found[0]


def is_stalled(job: Job) -> bool:
    """Whether a job waits and no worker is there to take it, because the worker was killed or could not start."""
    if job.state != "queued" or not job.runnable or is_locked(worker_lock(job.arguments.device)):
        return False
    return time.time() - job.queued > _START_S


def worker_log(device: str) -> Path:
    """What the workers of a queue printed beside the jobs' own logs."""
    return home() / f"worker-{paths.slug(device)}.log"


def start_workers() -> None:
    """Start a worker for every queue in which jobs wait and none is running."""
    for device in {job.arguments.device for job in list_jobs() if job.state == "queued" and job.runnable}:
        _start_worker(device)


def claim(device: str, own: FileLock) -> tuple[Job, FileLock] | None:
    """For a worker: the next job of its queue, marked as running, with the lock that says so.

    Where there is none the worker's own lock is released in the same step, so that a request that comes next starts
    another worker.

    Args:
        device: The queue: jobs that asked for this device.
        own: The worker's lock, ``worker_lock(device)``.
    """
    with opened(to_change=True) as rows:
        mine = table.read(rows, "device = ? AND state IN ('queued', 'running')", device)
        for job in mine:
            if job.state == "interrupted":
                table.update(rows, job)
        waiting = [job for job in mine if job.state == "queued" and job.runnable]
        if not waiting:
            own.release()
            return None
        job = replace(waiting[0], state="running", started=time.time(), progress=None, pid=os.getpid())
        job.folder.mkdir(parents=True, exist_ok=True)
        lock = FileLock(job.lock)
        lock.acquire(timeout=_PATIENCE_S)
        table.update(rows, job)
    return job, lock


def worker_lock(device: str) -> Path:
    """The lock that the worker of a queue holds as long as it lives."""
    return home() / f".worker-{paths.slug(device)}.lock"


def acquire_worker(device: str) -> FileLock | None:
    """For a worker: its queue's lock, or None if another worker has it."""
    home().mkdir(parents=True, exist_ok=True)
    lock = FileLock(worker_lock(device))
    try:
        lock.acquire(timeout=_PATIENCE_S)
    except Timeout:
        return None
    return lock


def _start_worker(device: str) -> None:
    """See to it that a queue has a worker."""
    paths.require_writable(home())
    if not is_locked(worker_lock(device)):
        spawn_worker(device)


def spawn_worker(device: str) -> None:
    """Start a worker; one that finds another at the queue ends at once."""
    environment = {**os.environ, "OFFCENTER_DATA": str(paths.data_home())}
    if folders := os.environ.get("OFFCENTER_MODELS"):
        absolute = [str(Path(part).expanduser().resolve()) for part in folders.split(os.pathsep) if part]
        environment["OFFCENTER_MODELS"] = os.pathsep.join(absolute)
    # Files that are named in this environment, and none that only this process was given.
    if named := os.environ.get(permission.SETTING):
        environment[permission.SETTING] = permission.absolute(named)
    # A session of its own, which a closed page or a stopped server does not take along.
    with open(worker_log(device), "ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "core", "jobs", "work", "--device", device],
            cwd=paths.REPO,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    # Somebody has to ask for its exit code, or it stays in the process table.
    threading.Thread(target=process.wait, daemon=True).start()
