"""One model's part in an evaluation: what it will see, what is stored, what is missing. No torch."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from core import benchmarks, paths, store
from core.errors import StoreError, UsageError
from core.evaluate.plan import PROTOCOL, Plan
from core.evaluate.rows import Rows
from core.evaluate.tracker import Tracker
from core.types import Model, Precision


@dataclass
class Task:
    """One model's part in an evaluation.

    Attributes:
        name: As it was asked for.
        model: Described or loaded; None until it is known.
        plan: What it will see.
        run: Its result, once that is there.
        error: Why there will be none in this session.
        keep_logits: Whether its logits are wanted.
        total: Images to be stored at the end.
        writer: Of its result, while it is open.
        missing: int, rows of the plan's samples that are to be predicted.
        pending: Rows that are not stored yet.
        unfinite: Rows of images without a finite output; see ``judge``.
        unread: Why images could not be read now, by name.
        tracker: Counts what is stored.
    """

    name: str
    model: Model | None = None
    plan: Plan | None = None
    run: store.Run | None = None
    error: Exception | None = None
    keep_logits: bool = False
    total: int = 0
    writer: store.RunWriter | None = None
    missing: np.ndarray = field(default_factory=lambda: np.empty(0, np.int64))
    pending: list[Rows] = field(default_factory=list)
    unfinite: list[Rows] = field(default_factory=list)
    unread: dict[str, str] = field(default_factory=dict)
    tracker: Tracker | None = None

    @contextlib.contextmanager
    def failing(self) -> Iterator[None]:
        """Within this context an error is the task's own and ends nothing else."""
        try:
            yield
        except Exception as error:
            self.error = error

    @property
    def waits(self) -> bool:
        """Whether there is anything to do."""
        return self.run is None and self.error is None

    @property
    def folder(self) -> Path:
        """Where its result is, or will be."""
        return store.run_folder(self.plan.pool.key, self.model.name, self.plan.identity(self.model))

    def prepare(self, *, fresh: bool, keep_logits: bool, limit: int | None, reuse_embedded: bool) -> None:
        """Find what is stored; a result that is finished is the run."""
        plan, key = self.plan, self.plan.benchmark.key
        samples_path = store.samples_file(key, plan.pool.digest, plan.label_space)
        stored = _stored(self.folder)
        if reuse_embedded and not (fresh or keep_logits or limit) and stored is None:
            embedded = store.embedded_run(plan.pool.key, self.model.name, plan.identity(self.model), key)
            if embedded is not None and embedded.complete:
                store.write_samples(samples_path, plan.samples, store.samples_of(embedded))
                self.run = embedded
                return
        store.write_samples(samples_path, plan.samples)
        if fresh and store.set_aside(self.folder) is not None:
            stored = None
        self.keep_logits = keep_logits
        self.total = min(limit or len(plan.samples), len(plan.samples))
        if stored is None:
            return
        if store.predictions_of(stored).num_rows:
            require_logits(keep_logits, stored.manifest)
        run = _noted(replace(stored, entry=plan.entry), stored.manifest.entry(key))
        if run.n_done >= self.total:
            self.run = run

    def append(self, rows: Rows) -> None:
        """Store rows, and count them."""
        self.writer.append(rows.predictions, rows.side, rows.logits, rows.within)
        self.tracker.advance(rows.n_images, rows.n_failed)

    def judge(self, precision: Precision) -> None:
        """Images without finite numbers are stored as such if they are few; many are the model's fault, and none is."""
        n_unfinite = sum(rows.n_images for rows in self.unfinite)
        if n_unfinite and self.error is None:
            from core.models.outputs import MANY, not_finite

            seen = self.tracker.done + n_unfinite + sum(rows.n_images for rows in self.pending)
            if n_unfinite > MANY * seen:
                self.error = not_finite(self.model.name, precision, n_unfinite, seen)
            else:
                self.pending += self.unfinite

    def commit(self) -> None:
        """Store what is pending; taken out first, so that an interrupt while it is written cannot write it twice."""
        parts, self.pending = self.pending, []
        if parts:
            self.append(Rows.together(parts))


def require_logits(wanted: bool, manifest: store.Manifest) -> None:
    """Refuse to add logits to a result that was begun without them.

    Raises:
        UsageError: If they are wanted; says how to get them.
    """
    if wanted and not manifest.keep_logits:
        raise UsageError(
            f"the stored result {manifest.identity} has no logits: add --fresh to make it again with them."
        )


def _stored(folder: Path) -> store.Run | None:
    """The stored run, or None if there is none, or if its manifest is damaged and has to be written again."""
    with contextlib.suppress(StoreError):
        return store.open_run(folder)
    return None


def _noted(run: store.Run, before: store.BenchmarkEntry | None) -> store.Run:
    """A stored run whose manifest says what its benchmark is today, and closes if all of its images are there.

    Args:
        run: With the benchmark's entry as it is now.
        before: What the manifest says, or None if this benchmark was not evaluated on these predictions.
    """
    entry = run.entry
    if before is not None:
        entry = store.settled(replace(run, entry=before), entry)
        root = benchmarks.root_of(replace(run, entry=before))
        # Data that are still where they were: a second copy that says the same is none to follow.
        if before.samples_digest == entry.samples_digest and paths.is_there(root):
            entry = replace(entry, root=before.root, stamp=before.stamp)
    elif run.complete:
        entry = store.closed(run)
    run = replace(run, entry=entry)
    if run.entry == before:
        return run
    if before is None and not run.complete:
        return run
    # A result that cannot be written to, or is being written, is a result all the same.
    with contextlib.suppress(StoreError):
        return store.amend(run, run.entry)
    return run


def with_notes(model: store.ModelEntry, notes: Sequence[str]) -> store.ModelEntry:
    """A model's entry with what only its weights told."""
    return replace(model, notes=tuple(dict.fromkeys((*model.notes, *notes))))


def new_manifest(model: Model, plan: Plan, keep_logits: bool) -> store.Manifest:
    """The manifest of a run that begins."""
    return store.Manifest(
        identity=plan.identity(model),
        model=store.ModelEntry(
            name=model.name,
            source=model.source,
            architecture=model.architecture,
            label_space=model.label_space,
            num_classes=model.num_classes,
            fingerprint=model.fingerprint,
            notes=model.notes,
            head=model.head,
        ),
        pool=plan.pool,
        views=plan.views.card(),
        precision=plan.precision,
        preprocessing=dict(model.transform),
        benchmarks=(plan.entry,),
        keep_logits=keep_logits,
        protocol=PROTOCOL,
        created=store.now(),
    )
