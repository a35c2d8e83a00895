"""The process that runs queued evaluations of one device, one after the other: ``python -m core jobs work``.

It belongs to no page and no terminal. It ends when its queue is empty; ``core.jobs.submit`` starts the next.
"""

from __future__ import annotations

import contextlib
import gc
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

from core import jobs, paths, store
from core.benchmarks import open_and_remember
from core.errors import OffcenterError, StoreError
from core.jobs import cost
from core.jobs.files import Job, State, home, is_locked, write_status
from core.types import Progress

#: How often progress is written and a wish to cancel is looked for.
_EVERY_S = 0.5
#: A wish to cancel that has no effect is repeated.
_REPEAT_S = 10.0
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
        """Evaluate; whatever happens, the job's last state is written."""
        try:
            with _log_to(self._job.log):
                try:
                    run = self._evaluated()
                except Exception:
                    traceback.print_exc()
                    raise
            self._finish("done", result={"model": run.model, "benchmark": run.benchmark, "identity": run.identity})
        except KeyboardInterrupt:
            if self._job.cancel_flag.exists():
                self._finish("cancelled")
            else:
                self._finish("interrupted", message="its process was asked to end. Finished images are kept.")
        except OffcenterError as error:
            self._finish("failed", message=str(error))
        except MemoryError:
            self._finish("failed", message="this machine has too little memory for it: try a smaller batch size.")
        except Exception as error:
            self._finish("failed", message=f"an unexpected error, {type(error).__name__}: {error}")
        return self._job

    def _evaluated(self) -> store.Run:
        self._show(Progress(0, 0, stage="starting"))
        # Imported only now, because a worker that finds nothing to do should be gone at once; and before anybody can
        # interrupt, because an import that is cut off cannot be repeated.
        from core.evaluate.loop import InterruptedRunError, evaluate
        from core.models.sources import resolve_device

        request = self._job.request
        print(f"{time.strftime('%Y-%m-%d %H:%M:%S')} {request}", flush=True)
        device = resolve_device(request.device)
        with _cancellable(self._job), self._alone_on(device):
            begun = time.monotonic()
            self._show(Progress(0, 0, stage="listing the images"))
            benchmark = open_and_remember(request.benchmark, request.data)
            try:
                run = evaluate(
                    request.model,
                    benchmark,
                    view=request.view,
                    device=device,
                    precision=request.precision,
                    batch_size=request.batch_size,
                    limit=request.limit,
                    progress=self._show,
                )
            except InterruptedRunError as error:
                print(error, flush=True)
                raise KeyboardInterrupt from None
            self._measured(run, time.monotonic() - begun)
        return run

    def _measured(self, run: store.Run, seconds: float) -> None:
        session, last = run.manifest.session, self._job.progress
        total = min(self._job.request.limit or run.n_samples, run.n_samples)
        if last is None or not last.rate:
            # Everything was stored already.
            self._show(Progress(total, total, stage="already stored"))
            return
        startup_s = max(0.0, seconds - session.inference_s)
        with contextlib.suppress(StoreError):
            cost.record_rate(self._job.request, images=session.images, images_per_s=last.rate, startup_s=startup_s)

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
            # Progress that cannot be written must not end an evaluation that can.
            with contextlib.suppress(StoreError):
                write_status(self._job)

    def _finish(self, state: State, message: str = "", result: dict[str, str] | None = None) -> None:
        self._job = replace(self._job, state=state, ended=time.time(), message=message, result=result)
        write_status(self._job)
        self._job.cancel_flag.unlink(missing_ok=True)


@contextlib.contextmanager
def _cancellable(job: Job) -> Iterator[None]:
    """While inside, somebody's wish to cancel the job arrives in the main thread as Ctrl-C would."""
    over, turn = threading.Event(), threading.Lock()
    main = threading.get_ident()
    # A server started in the background has Ctrl-C ignored, and so have the processes that it starts.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)

    def watch() -> None:
        pause = _EVERY_S
        while not over.wait(pause):
            if job.cancel_flag.exists():
                with turn:
                    if not over.is_set():
                        signal.pthread_kill(main, signal.SIGINT)
                pause = _REPEAT_S

    threading.Thread(target=watch, name="offcenter-cancel", daemon=True).start()
    try:
        yield
    finally:
        with turn:
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
