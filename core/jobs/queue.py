"""Evaluations that wait, run and have run: a queue of small files that outlives every page and every process.

    job = submit(Request("resnet50.a1_in1k", "si-score/size", data="/data/si-score/area"))
    find_job(job.id).progress

Pages and the command line put requests in; one worker process a device (``core.jobs.worker``) takes them out in order,
and ``submit`` starts it. Below ``data/jobs``::

    <id>/job.json       what was asked for; never changed
         status.json    how it stands; written by whoever moves it on, one at a time
         cancel         is there once somebody wants it stopped
         log.txt        what the evaluation printed

A job whose worker was killed is seen as ``interrupted``, because its lock is free; images that were finished are in the
store, and ``resume`` goes on from there.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import sys
import threading
import time
from dataclasses import replace
from pathlib import Path

from filelock import FileLock, Timeout

from core import paths
from core.errors import UsageError, nearest
from core.jobs.files import (
    ENDED,
    RESUMABLE,
    Job,
    Request,
    home,
    is_locked,
    lock_of,
    queue_lock,
    read_job,
    write_request,
    write_status,
)

#: Whoever looks whether a lock is held has it for an instant; who wants it waits longer than that.
_PATIENCE_S = 2.0
#: A worker that was just started may need this long to come up.
_START_S = 6.0


def submit(request: Request) -> Job:
    """Queue an evaluation and see to it that a worker runs; returns at once.

    A request that is already waiting or running is not queued again: its job is returned.

    Raises:
        UsageError: If the request cannot be right.
        StoreError: If it cannot be written.
    """
    request = request.checked()
    with queue_lock():
        for job in list_jobs():
            if job.request == request and job.state in ("queued", "running") and not job.cancelling:
                return job
        now = time.time()
        name = f"{time.strftime('%Y%m%d-%H%M%S', time.localtime(now))}-{secrets.token_hex(2)}"
        job = Job(name, home() / name, request, "queued", now)
        write_status(job)
        write_request(job)
        _start_worker(request.device)
    return job


def list_jobs() -> list[Job]:
    """All jobs: running ones first, then those that wait in the order in which they will run, then the latest ended."""
    folders = sorted(home().iterdir()) if home().is_dir() else []
    jobs = [job for folder in folders if (job := read_job(folder)) is not None]
    ranks = {"running": 0, "queued": 1}

    def place(job: Job) -> tuple[int, float]:
        return ranks.get(job.state, 2), -(job.ended or job.submitted) if job.state in ENDED else job.submitted

    return sorted(jobs, key=place)


def find_job(job_id: str) -> Job:
    """A job by its id.

    Raises:
        UsageError: If there is none.
    """
    # The id comes from a link: it names a folder here and nowhere else.
    job = read_job(home() / job_id) if job_id and job_id == Path(job_id).name else None
    if job is None:
        raise UsageError(f"there is no job '{job_id}'.{nearest(job_id, [job.id for job in list_jobs()])}")
    return job


def cancel(job_id: str) -> Job:
    """Stop a job, or take it out of the queue; what it finished stays stored.

    Raises:
        UsageError: If there is no such job.
    """
    with queue_lock():
        job = find_job(job_id)
        if job.state == "queued":
            write_status(replace(job, state="cancelled", ended=time.time()))
        elif job.state == "running":
            job.cancel_flag.touch()
    return find_job(job_id)


def resume(job_id: str) -> Job:
    """Queue a job again that failed, was cancelled or interrupted; it goes on from what is stored.

    Raises:
        UsageError: If there is no such job, or it has not ended.
    """
    with queue_lock():
        job = find_job(job_id)
        if job.state not in RESUMABLE:
            raise UsageError(f"job '{job_id}' is {job.state}: only one that has ended early can go on.")
        job.cancel_flag.unlink(missing_ok=True)
        write_status(replace(job, state="queued", started=None, ended=None, message=""))
        _start_worker(job.request.device)
    return find_job(job_id)


def forget(job_id: str) -> None:
    """Take an ended job off the list; its results stay.

    Raises:
        UsageError: If there is no such job, or it has not ended.
    """
    with queue_lock():
        job = find_job(job_id)
        if job.state not in ENDED:
            raise UsageError(f"job '{job_id}' is {job.state}: cancel it first.")
        shutil.rmtree(job.folder)


def is_stalled(job: Job) -> bool:
    """Whether a job waits and no worker is there to take it, because the worker was killed or could not start."""
    if job.state != "queued" or is_locked(worker_lock(job.request.device)):
        return False
    # The folder changes whenever the state is written.
    return time.time() - job.folder.stat().st_mtime > _START_S


def worker_log(device: str) -> Path:
    """What the workers of a queue printed beside the jobs' own logs."""
    return home() / f"worker-{paths.slug(device)}.log"


def start_workers() -> None:
    """Start a worker for every queue in which jobs wait and none is running."""
    with queue_lock():
        for device in {job.request.device for job in list_jobs() if job.state == "queued"}:
            _start_worker(device)


def claim(device: str, own: FileLock) -> tuple[Job, FileLock] | None:
    """For a worker: the next job of its queue, marked as running, with the lock that says so.

    Where there is none the worker's own lock is released in the same step, so that a request that comes next starts
    another worker.

    Args:
        device: The queue: jobs that asked for this device.
        own: The worker's lock, ``worker_lock(device)``.
    """
    with queue_lock():
        mine = [job for job in list_jobs() if job.request.device == device]
        for job in mine:
            if job.state == "interrupted":
                write_status(job)
        waiting = [job for job in mine if job.state == "queued"]
        if not waiting:
            own.release()
            return None
        job = replace(waiting[0], state="running", started=time.time(), progress=None, pid=os.getpid())
        lock = FileLock(lock_of(job.folder))
        lock.acquire(timeout=_PATIENCE_S)
        write_status(job)
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
    """A process of its own session, which a closed page or a stopped server does not take along."""
    if is_locked(worker_lock(device)):
        return
    environment = {**os.environ, "OFFCENTER_DATA": str(paths.data_home())}
    if folders := os.environ.get("OFFCENTER_MODELS"):
        absolute = [str(Path(part).expanduser().resolve()) for part in folders.split(os.pathsep) if part]
        environment["OFFCENTER_MODELS"] = os.pathsep.join(absolute)
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
