"""THE inference loop over a benchmark: every stored prediction comes from here. No torch until a model is needed.

Images are taken in a random order that depends only on the data, so that a partial result is a fair sample
of the whole. Each is decoded once for all models and views.
"""

from __future__ import annotations

import contextlib
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from core import benchmarks, models, store
from core.benchmarks.base import Benchmark
from core.errors import OffcenterError, StorageError, StoreError, UsageError
from core.evaluate.backends import Backend, get_backend
from core.evaluate.plan import Plan
from core.evaluate.task import Task, new_manifest, require_logits, with_notes
from core.evaluate.tracker import Tracker
from core.evaluate.work import IMAGE, WANTED, Asked, Delivery, Report, Work, accepted_column, versions_for
from core.models.zero_shot import fitted
from core.types import Model, Precision, ProgressCallback

#: Finished predictions that are stored together where no batch size is asked for; a kill loses fewer than these.
COMMIT_VIEWS = 64
#: The same on a GPU, whose batches are larger.
COMMIT_VIEWS_GPU = 512
_COMMIT_EVERY_S = 5.0
_LOG = logging.getLogger(__name__)
#: Models are bits of one integer in the table of ids.
_AT_ONCE = 62


class InterruptedRunError(OffcenterError):
    """Ctrl-C: what was finished is stored."""


@dataclass(frozen=True)
class Outcome:
    """How the evaluation of one of several models ended.

    Attributes:
        model: As it was asked for.
        run: What is stored, or None.
        error: Why it is not complete, or None.
    """

    model: str
    run: store.Run | None = None
    error: Exception | None = None


def evaluate(model: Model | str, benchmark: Benchmark | str, **settings: object) -> store.Run:
    """Run a classifier over a benchmark and store what it said; see ``evaluate_all`` for the settings.

    Args:
        model: A name (see ``core.models``), or a model; a loaded one keeps its device.
        benchmark: A key with remembered data, or a benchmark.
        settings: As in ``evaluate_all``.

    Returns:
        The stored run.

    Raises:
        UsageError: If a name or option is wrong.
        LabelSpaceError: If the model's classes do not fit the benchmark.
        ModelError, DataError, StoreError: If the model, the data or the disk fails; finished batches are kept.
        InterruptedRunError: On Ctrl-C, after storing what was finished.
    """
    (outcome,) = evaluate_all([model], benchmark, **settings)  # type: ignore[arg-type]
    if outcome.error is not None:
        raise outcome.error
    assert outcome.run is not None
    return outcome.run


def evaluate_all(
    asked: Sequence[Model | str],
    benchmark: Benchmark | str,
    *,
    view: str = "clean",
    device: str = "auto",
    precision: Precision = "fp32",
    batch_size: int | None = None,
    workers: int | None = None,
    limit: int | None = None,
    fresh: bool = False,
    keep_logits: bool = False,
    reuse_embedded: bool = True,
    backend: Backend | None = None,
    progress: ProgressCallback | None = None,
) -> list[Outcome]:
    """Run classifiers over a benchmark, each image decoded once, and store what they said.

    A finished result is there at once, without loading the model; an interrupted one goes on where it stopped. If
    another process is at one of the results, this one waits for it. A model that fails does not stop the others.

    Args:
        asked: Names (see ``core.models``), or models; loaded ones keep their device.
        benchmark: A key with remembered data, or a benchmark.
        view: Family of views that each image is shown as; see ``core.images.views``.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        precision: ``fp32``, ``bf16`` or ``fp16``.
        batch_size: Images a forward pass, and stored together; chosen by device by default.
        workers: Threads; by default one a core.
        limit: Stop when this many images are stored. The result is partial: a random sample.
        fresh: Start again; the earlier result is renamed, not deleted.
        keep_logits: Also store float16 logits.
        reuse_embedded: Whether a complete result that comes with the project counts as finished.
        backend: Where to predict; in this process by default.
        progress: Called whenever images were stored.

    Returns:
        One outcome a model, in the order asked for.

    Raises:
        UsageError, DataError, StoreError: If nothing can be done for any model; finished batches are kept.
        InterruptedRunError: On Ctrl-C, after storing what was finished.
    """
    if isinstance(benchmark, str):
        benchmark = benchmarks.open_benchmark(benchmark)
    tasks = [Task(each if isinstance(each, str) else each.source) for each in asked]
    for task, each in zip(tasks, asked, strict=True):
        with task.failing():
            task.model = models.describe(fitted(each, benchmark.label_spaces)) if isinstance(each, str) else each
            task.plan = Plan.of(task.model, benchmark, view, precision)
            task.prepare(fresh=fresh, keep_logits=keep_logits, limit=limit, reuse_embedded=reuse_embedded)
    _refuse_twice(tasks)
    waiting = [task for task in tasks if task.waits]
    if len(waiting) > _AT_ONCE:
        raise UsageError(f"{len(waiting)} models are too many at once: give {_AT_ONCE} at most.")
    if waiting:
        work = Work(benchmark, view, (), precision, device, batch_size, workers)
        _Loop(waiting, work, backend or get_backend("local"), progress).run()
    return [Outcome(task.name, task.run, task.error) for task in tasks]


class _Loop:
    """Some tasks, done together."""

    def __init__(self, tasks: list[Task], work: Work, backend: Backend, progress: ProgressCallback | None) -> None:
        self.tasks = tasks
        self._work = work
        self._backend = backend
        self._progress = Tracker(progress, max(task.total for task in tasks))
        self._report: Report | None = None
        self._commit_views = work.batch_size or COMMIT_VIEWS
        self._last = time.monotonic()

    def run(self) -> None:
        """Do what is missing; each task's run or error is set."""
        begun = time.perf_counter()
        with contextlib.ExitStack() as held:
            # In one order everywhere, so that two processes never wait for each other.
            for task in sorted(self.tasks, key=lambda task: str(task.folder)):
                with task.failing():
                    self._open(task, held)
            tasks = [task for task in self.tasks if task.error is None and len(task.missing)]
            if tasks:
                self._do(tasks, begun)
        for task in self.tasks:
            if task.error is None:
                task.run = store.open_run(task.folder, task.plan.benchmark.key)
                if task.run is not None and len(task.missing):
                    _warn_of_other_bytes(task.run)

    def _open(self, task: Task, held: contextlib.ExitStack) -> None:
        manifest = new_manifest(task.model, task.plan, task.keep_logits)
        task.writer = held.enter_context(store.open_writer(task.folder, manifest, self._wait))
        # Again: another process may have begun the run since, without them.
        require_logits(task.keep_logits, task.writer.manifest)
        task.missing = task.plan.missing(task.writer.done(), task.total)
        task.tracker = Tracker(None, task.total)
        if not len(task.missing):
            # Another process has done it in the meantime.
            self._settle(task, task.total)

    def _wait(self) -> None:
        self._progress.stage("waiting for another process")

    def _do(self, tasks: list[Task], begun: float) -> None:
        ids = _ids(tasks)
        asked = tuple(
            Asked(
                task.model.source,
                task.model.fingerprint,
                task.model.label_space,
                task.writer.manifest.keep_logits,
                task.plan.classes_within(task.model.num_classes),
                task.model if task.model.module is not None else None,
            )
            for task in tasks
        )
        work = replace(self._work, models=asked, n_images=ids.num_rows)
        status = "failed"

        def ready(report: Report) -> None:
            self._report = report
            startup_s = time.perf_counter() - begun
            self._progress.begin(min(task.total - len(task.missing) for task in tasks), startup_s)
            for task in tasks:
                task.tracker.begin(task.total - len(task.missing), startup_s)
                if not self._is_at_work(task):
                    continue
                model = with_notes(task.writer.manifest.model, report.notes[self._at(task)])
                task.writer.write_manifest(
                    status="running", versions=versions_for(report.versions, task.model.source), model=model
                )
            if report.device != "cpu" and self._work.batch_size is None:
                self._commit_views = COMMIT_VIEWS_GPU

        try:
            self._progress.stage("loading the model" if len(tasks) == 1 else f"loading {len(tasks)} models")
            self._backend.run(work, ids, lambda delivery: self._take(tasks[delivery.model], delivery), ready)
            for task in tasks:
                task.judge(self._work.precision)
            self._commit(tasks)
            status = "done"
        except KeyboardInterrupt:
            status = "partial"
            for task in tasks:
                task.commit()
                # The interrupt may have come between the storing of a batch and its being counted.
                stored = len(task.writer.done() & set(task.plan.images))
                task.tracker.advance(stored - task.tracker.done, 0)
            # Whoever is told may be who interrupts.
            with contextlib.suppress(KeyboardInterrupt):
                self._tell()
            raise _stopped(min(task.tracker.done for task in tasks), self._progress.total) from None
        except StoreError:
            raise
        except Exception as error:
            self._commit(tasks)
            if len(tasks) > 1 or not isinstance(error, OffcenterError):
                raise
            tasks[0].error = error
        finally:
            for task in tasks:
                self._close(task, status)

    def _take(self, task: Task, delivery: Delivery) -> None:
        """Keep what was delivered; enough of it is stored."""
        if delivery.failure is not None:
            task.error = delivery.failure
            return
        task.unread.update(delivery.unread)
        if delivery.unfinite is not None:
            task.unfinite.append(delivery.unfinite)
        if delivery.rows is not None:
            task.pending.append(delivery.rows)
            held = len(task.plan.views.names) * sum(rows.n_images for rows in task.pending)
            late = time.monotonic() - self._last > _COMMIT_EVERY_S
            if late:
                self._commit([each for each in self.tasks if each.pending])
            elif held >= self._commit_views:
                self._commit([task])

    def _commit(self, tasks: Sequence[Task]) -> None:
        for task in tasks:
            task.commit()
        self._last = time.monotonic()
        self._tell()

    def _tell(self) -> None:
        """Progress is that of the slowest task."""
        at_work = [task.tracker for task in self.tasks if task.tracker is not None and task.error is None]
        if at_work:
            slowest = min(at_work, key=lambda tracker: tracker.done / max(tracker.total, 1))
            failed = max(tracker.failed for tracker in at_work)
            self._progress.advance_to(slowest.done, failed)

    def _close(self, task: Task, status: str) -> None:
        """Write a task's manifest, closed if it is complete; say which images could not be read."""
        is_failed = status == "failed" or task.error is not None
        # After a failure the manifest may fail as well; the first error is the one to show.
        with contextlib.suppress(*([StoreError] if is_failed else [])):
            if is_failed or status == "partial":
                self._write(task, "failed" if is_failed else status)
            else:
                self._settle(task, task.tracker.done)
        if task.unread and task.error is None:
            first = next(iter(task.unread.values()))
            task.error = StorageError(
                f"{len(task.unread):,} of {task.total:,} images could not be read; the first: {first}. All others are "
                "stored; the same command tries these again."
            )

    def _settle(self, task: Task, n_done: int) -> None:
        """Write the manifest of a task that has ended as it should; closed if all images are there."""
        if n_done >= len(task.plan.samples):
            task.writer.finish()
            self._write(task, "complete")
        else:
            self._write(task, "partial")

    def _write(self, task: Task, status: str) -> None:
        # A run of which nothing was begun leaves no trace.
        if self._is_at_work(task) or task.writer.has_rows:
            task.writer.write_manifest(status=status, session=self._session(task))

    def _session(self, task: Task) -> store.Session | None:
        """What this session did, for the manifest."""
        report, tracker = self._report, task.tracker
        if report is None or not len(task.missing):
            return task.writer.manifest.session
        return store.Session(
            images=tracker.done - tracker.done_before,
            failed=tracker.failed,
            startup_s=round(tracker.startup_s, 3),
            inference_s=round(tracker.seconds, 3),
            images_per_s=round(tracker.rate, 2),
            device=report.device,
            form=report.forms[self._at(task)] if self._is_at_work(task) else "",
            workers=report.workers,
            batch_size=report.batch_size,
        )

    def _is_at_work(self, task: Task) -> bool:
        """Whether its model was loaded; of several, others may have been."""
        report, at = self._report, self._at(task) if len(task.missing) else 0
        return report is not None and at < len(report.forms) and bool(report.forms[at])

    def _at(self, task: Task) -> int:
        return [each for each in self.tasks if each.writer is not None and len(each.missing)].index(task)


def _ids(tasks: Sequence[Task]) -> pa.Table:
    """The images that some task wants: a row each, in the order of evaluation; see ``Crew.run``."""
    # All plans are of one benchmark on one pool, so the order of one is that of all.
    first = tasks[0].plan
    index = pd.Index(first.images)
    wanted = np.zeros(len(index), dtype=np.int64)
    accepted: dict[str, pa.Array] = {}
    for number, task in enumerate(tasks):
        rows = index.get_indexer(task.plan.images) if task is not tasks[0] else np.arange(len(index))
        wanted[rows[task.missing]] |= 1 << number
        if task.plan.label_space not in accepted:
            column = np.empty(len(index), dtype=object)
            column[rows] = task.plan.samples["accepted"].to_numpy()
            accepted[task.plan.label_space] = pa.array(column, pa.list_(pa.int32()))
    order = first.order()
    chosen = pa.array(order[wanted[order] > 0])
    columns = {IMAGE: pa.array(index, pa.string()), WANTED: pa.array(wanted)}
    columns |= {accepted_column(space): column for space, column in accepted.items()}
    return pa.table(columns).take(chosen)


def _warn_of_other_bytes(run: store.Run) -> None:
    """Say which images have changed since another model saw them; a run reads them anyway."""
    # What cannot be compared is no fault of this run.
    with contextlib.suppress(StoreError):
        changed, other = store.other_bytes(run)
        if changed:
            _LOG.warning(
                "%s of the images that %s was evaluated on have other bytes than when %s was: %s. 'python -m core "
                "verify --benchmark %s' names all.",
                *(f"{len(changed):,}", run.model, other.model, ", ".join(changed[:3]), run.benchmark),
            )


def _refuse_twice(tasks: Sequence[Task]) -> None:
    """Two names of one model are one result: the second takes the first one's."""
    seen: dict[Path, Task] = {}
    for task in tasks:
        if task.waits and task.folder in seen:
            raise UsageError(f"'{task.name}' and '{seen[task.folder].name}' are the same model; give it once.")
        if task.waits:
            seen[task.folder] = task


def _stopped(done: int, total: int) -> InterruptedRunError:
    return InterruptedRunError(f"stopped: {done:,} of {total:,} images are stored; the same command goes on from here.")
