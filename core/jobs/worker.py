"""The process that runs queued jobs of one device, one after the other: ``python -m core jobs work``.

It belongs to no page and no terminal. It ends when its queue is empty; ``core.jobs.submit`` starts the next.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import multiprocessing
import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from filelock import FileLock

from core import jobs, paths
from core.errors import OffcenterError, StoreError
from core.jobs import queue, table
from core.jobs.kinds import Result
from core.jobs.table import Job, State, home, is_locked, opened
from core.types import Progress

#: How often progress is written and a wish to cancel is looked for.
_EVERY_S = 0.5
#: A wish to cancel that has no effect is repeated, and at last the process ends with all that it started.
_REPEAT_S = 10.0
_REPEATS = 3
_NICENESS = 5


def serve(device: str = "auto") -> int:
    """``work``, as a process that has nothing else to do."""
    # Whoever ends the process politely gets what was finished stored, as with Ctrl-C.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    # A page that is being looked at goes before.
    os.nice(_NICENESS)
    return work(device)


def work(device: str = "auto") -> int:
    """Run jobs of a queue until there are none.

    Args:
        device: The queue: jobs that asked for this device.

    Returns:
        How many were run; 0 also if another worker has the queue.
    """
    lock = jobs.acquire_worker(device)
    if lock is None:
        return 0
    n = 0
    while (claimed := jobs.claim(device, lock)) is not None:
        job, running = claimed
        n += 1
        try:
            ended = _Execution(job).run()
        finally:
            running.release()
        if ended.state == "interrupted":
            lock.release()
            break
        _tidy()
    return n


class _Execution:
    """One job being run in this process."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._written = 0.0

    def run(self) -> Job:
        """Do it; whatever happens, the job's last state is written."""
        try:
            with _log_to(self._job.log):
                try:
                    result = self._result()
                except Exception:
                    traceback.print_exc()
                    raise
            self._finish("done", result=result)
        except KeyboardInterrupt:
            if _is_unwanted(self._job):
                _end_children()
                self._finish("cancelled")
            else:
                self._finish("interrupted", message="its process was asked to end. What it finished is kept.")
        except OffcenterError as error:
            self._finish("failed", message=str(error))
        except MemoryError:
            self._finish("failed", message="this machine has too little memory for it: try a smaller batch size.")
        except Exception as error:
            self._finish("failed", message=f"an unexpected error, {type(error).__name__}: {error}")
        return self._job

    def _result(self) -> Result:
        arguments = self._job.arguments
        self._show(Progress(0, 0, stage="starting"))
        # Imported only now, because a worker that finds nothing to do should be gone at once; and before anybody can
        # interrupt, because an import that is cut off cannot be repeated.
        for module in arguments.modules:
            importlib.import_module(module)
        print(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {arguments}", flush=True)
        device = _resolved(arguments.device)
        with _cancellable(self._job), self._alone_on(device):
            return arguments.run(self._show)

    @contextlib.contextmanager
    def _alone_on(self, device: str) -> Iterator[None]:
        """One job at a time on a device, whatever name it was asked for by."""
        lock = FileLock(home() / f".device-{paths.slug(device if device != 'cuda' else 'cuda:0')}.lock")
        if is_locked(Path(lock.lock_file)):
            self._show(Progress(0, 0, stage="waiting for the device"))
        with lock:
            yield

    def _show(self, progress: Progress) -> None:
        """Keep how far the job is, not more often than anybody would look."""
        known = self._job.progress
        self._job = replace(self._job, progress=progress)
        due = time.monotonic() - self._written > _EVERY_S or progress.done >= progress.total
        if due or known is None or known.stage != progress.stage:
            self._written = time.monotonic()
            # Progress that cannot be written must not end work that can.
            with contextlib.suppress(StoreError), opened(to_change=True) as rows:
                table.update_progress(rows, self._job)

    def _finish(self, state: State, message: str = "", result: Result | None = None) -> None:
        ended = {"ended": time.time(), "message": message, "result": result, "cancelling": False}
        self._job = replace(self._job, state=state, **ended)
        with opened(to_change=True) as rows:
            table.update(rows, self._job)


def _end_by_force(job: Job) -> None:
    """End a job that does not listen, with this process and all that it started; another worker takes the queue."""
    said = "it did not stop when asked, so its process was ended. What it finished is kept."
    with contextlib.suppress(OffcenterError), opened(to_change=True) as rows:
        table.update(rows, replace(job, state="cancelled", ended=time.time(), message=said, cancelling=False))
    with contextlib.suppress(OffcenterError, OSError):
        queue.spawn_worker(job.arguments.device)
    _end_children()
    if os.getpgrp() == os.getpid():
        os.killpg(os.getpgrp(), signal.SIGKILL)
    os._exit(1)


def _end_children() -> None:
    """End processes that a job started and left."""
    for child in multiprocessing.active_children():
        child.terminate()


def _is_unwanted(job: Job) -> bool:
    """Whether somebody asked to stop it."""
    with contextlib.suppress(OffcenterError):
        return jobs.find_job(job.id).cancelling
    return False


def _resolved(device: str) -> str:
    """What this machine has for ``auto``; asked without torch where that is no question."""
    if device == "cpu":
        return device
    from core.models.sources import resolve_device

    return resolve_device(device)


@contextlib.contextmanager
def _cancellable(job: Job) -> Iterator[None]:
    """While inside, somebody's wish to cancel the job arrives in the main thread as Ctrl-C would."""
    over, turn = threading.Event(), threading.Lock()
    main = threading.get_ident()
    # A server started in the background has Ctrl-C ignored, and so have the processes that it starts.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def watch() -> None:
        pause, asked = _EVERY_S, 0
        while not over.wait(pause):
            if _is_unwanted(job):
                asked += 1
                if asked > _REPEATS:
                    _end_by_force(job)
                with turn:
                    if not over.is_set():
                        signal.pthread_kill(main, signal.SIGINT)
                pause = _REPEAT_S

    threading.Thread(target=watch, name="offcenter-cancel", daemon=True).start()
    try:
        yield
    finally:
        # The wish may arrive in this very line; a watcher that went on would stop the next job.
        while not over.is_set():
            with contextlib.suppress(KeyboardInterrupt), turn:
                over.set()


@contextlib.contextmanager
def _log_to(path: Path) -> Iterator[None]:
    """What this process prints goes to a file, that of libraries below Python too."""
    kept = [os.dup(number) for number in (1, 2)]
    try:
        with (
            open(path, "a", buffering=1, encoding="utf-8") as log,
            contextlib.redirect_stdout(log),
            contextlib.redirect_stderr(log),
        ):
            for number in (1, 2):
                os.dup2(log.fileno(), number)
            yield
    finally:
        for number, descriptor in zip((1, 2), kept, strict=True):
            os.dup2(descriptor, number)
            os.close(descriptor)


def _tidy() -> None:
    """Give the last model's memory back before the next is loaded."""
    gc.collect()
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_available():
        torch.cuda.empty_cache()
