"""THE inference loop over a benchmark: every stored prediction comes from here.

Images are taken in a random order that depends only on the data, so that a partial result is a fair sample
of the whole.
"""

from __future__ import annotations

import contextlib
import platform
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL
import pyarrow as pa
import timm
import torch
import torchvision

from core import __version__, benchmarks, models, store
from core.benchmarks.base import Benchmark
from core.errors import DataError, ImageError, OffcenterError, StorageError, StoreError, UsageError
from core.evaluate.plan import PROTOCOL, Plan
from core.evaluate.tracker import Tracker
from core.models.engine import Engine, Predicted
from core.types import Model, Precision, ProgressCallback

TOP_K = 10
#: Finished images that are stored together where no batch size is asked for; a kill loses fewer than these.
COMMIT_IMAGES = {"cpu": 64, "cuda": 512}
_COMMIT_EVERY_S = 5.0


class InterruptedRunError(OffcenterError):
    """Ctrl-C: what was finished is stored."""


def evaluate(
    model: Model | str,
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
    progress: ProgressCallback | None = None,
) -> store.Run:
    """Run a classifier over a benchmark and store what it said.

    A finished result is returned at once, without loading the model; an interrupted one goes on where it stopped. If
    another process is at the same result, this one waits for it.

    Args:
        model: A name (see ``core.models``), or a model; a loaded one keeps its device.
        benchmark: A key with remembered data, or a benchmark.
        view: What is done to images first; see ``core.images.views``.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        precision: ``fp32``, ``bf16`` or ``fp16``.
        batch_size: Images a forward pass, and stored together; chosen by device by default.
        workers: Threads; by default one a core.
        limit: Stop when this many images are stored. The result is partial: a random sample.
        fresh: Start again; the earlier result is renamed, not deleted.
        keep_logits: Also store float16 logits.
        reuse_embedded: Whether a complete result that comes with the project counts as finished.
        progress: Called whenever images were stored.

    Returns:
        The stored run.

    Raises:
        UsageError: If a name or option is wrong.
        LabelSpaceError: If the model's classes do not fit the benchmark.
        ModelError, DataError, StoreError: If the model, the data or the disk fails; finished batches are kept.
        InterruptedRunError: On Ctrl-C, after storing what was finished.
    """
    device = models.resolve_device(device)
    described = models.describe(model) if isinstance(model, str) else model
    if isinstance(benchmark, str):
        benchmark = benchmarks.open_benchmark(benchmark)
    plan = Plan.of(described, benchmark, view, precision)
    folder = store.run_folder(benchmark.key, described.name, plan.identity(described))
    samples_path = store.samples_file(benchmark.key, plan.content, described.label_space)
    if reuse_embedded and not (fresh or keep_logits or limit) and _stored(folder) is None:
        embedded = store.embedded_run(benchmark.key, described.name, plan.identity(described))
        if embedded is not None and embedded.complete:
            store.write_samples(samples_path, plan.samples, store.samples_of(embedded))
            return embedded
    store.write_samples(samples_path, plan.samples)
    if fresh:
        store.set_aside(folder)
    total = min(limit or len(plan.samples), len(plan.samples))
    stored = _stored(folder)
    if stored is not None:
        if stored.n_done:
            _require_logits(keep_logits, stored.manifest)
        if stored.n_done >= total:
            return _described(stored, plan)
    tracker = Tracker(progress, total)
    manifest = _manifest(described, plan, samples_path, keep_logits)
    with store.open_writer(folder, manifest, lambda: tracker.stage("waiting for another process")) as writer:
        # Again: another process may have begun the run since, without them.
        _require_logits(keep_logits, writer.manifest)
        missing = plan.missing(writer.done(), total)
        if len(missing):
            begun = time.perf_counter()
            try:
                tracker.stage("loading the model")
                loaded = models.load(described.source, device) if described.module is None else described
                engine = Engine(loaded, precision, batch_size, workers)
                engine.prepare(len(missing))
            except KeyboardInterrupt:
                raise _stopped(total - len(missing), total) from None
            tracker.begin(total - len(missing), startup_s=time.perf_counter() - begun)
            _run(engine, plan, missing, writer, tracker, batch_size or COMMIT_IMAGES[engine.device])
    run = store.open_run(folder)
    assert run is not None
    return run


def _require_logits(wanted: bool, manifest: store.Manifest) -> None:
    if wanted and not manifest.keep_logits:
        raise UsageError(
            f"the stored result {manifest.identity} has no logits: add --fresh to make it again with them."
        )


def _stored(folder: Path) -> store.Run | None:
    """The run in a folder; None if there is none, or if its manifest is damaged and has to be written again."""
    with contextlib.suppress(StoreError):
        return store.open_run(folder)
    return None


def _run(
    engine: Engine, plan: Plan, rows: np.ndarray, writer: store.RunWriter, tracker: Tracker, commit_images: int
) -> None:
    """Evaluate rows and store them, ``commit_images`` at a time; whatever ends it, finished slices are stored first."""
    ids = plan.samples["sample_id"].tolist()
    writer.write_manifest(status="running")
    waiting: list[Predicted] = []

    unread: dict[int, StorageError] = {}

    def look(row: int) -> np.ndarray | str:
        try:
            return pixels_of(engine, plan, ids[row])
        except StorageError as error:
            unread[row] = error
            return str(error)

    def commit() -> None:
        # Taken out first: an interrupt while they are written must not lead to their being written twice.
        parts = [part.without(unread) for part in waiting]
        waiting.clear()
        if errors := [error for part in parts for error in part.errors]:
            tables = [_table(part, plan, ids) for part in parts]
            logits = [_logits(part, ids) for part in parts] if writer.manifest.keep_logits else []
            writer.append(pa.concat_tables(tables), pa.concat_tables(logits) if logits else None)
            tracker.advance(len(errors), sum(error is not None for error in errors))

    status = "failed"
    stream = engine.stream(rows, look)
    last = time.monotonic()
    try:
        for part in stream:
            waiting.append(part)
            held = sum(len(part.numbers) for part in waiting)
            if held >= commit_images or time.monotonic() - last > _COMMIT_EVERY_S:
                commit()
                last = time.monotonic()
        commit()
        status = "complete" if tracker.done >= len(ids) else "partial"
        if status == "complete":
            writer.finish()
        if unread:
            first = next(iter(unread.values()))
            raise StorageError(
                f"{len(unread):,} of {tracker.total:,} images could not be read; the first: {first}. All others are "
                "stored; the same command tries these again."
            )
    except KeyboardInterrupt:
        status = "partial"
        commit()
        # The interrupt may have come between the storing of a batch and its being counted.
        if uncounted := len(writer.done()) - tracker.done:
            tracker.advance(uncounted, 0)
        raise _stopped(tracker.done, tracker.total) from None
    except StoreError:
        raise
    except Exception:
        commit()
        raise
    finally:
        stream.close()
        # After a failure the manifest may fail as well; the first error is the one to show.
        with contextlib.suppress(*([StoreError] if status == "failed" else [])):
            writer.write_manifest(status=status, session=_session(engine, tracker))


def _stopped(done: int, total: int) -> InterruptedRunError:
    return InterruptedRunError(f"stopped: {done:,} of {total:,} images are stored; the same command goes on from here.")


def pixels_of(engine: Engine, plan: Plan, sample_id: str) -> np.ndarray | str:
    """An image's pixels under the plan's view, or why it has none; that is a fact about it and is stored.

    Raises:
        StorageError: If the system does not give its bytes now, which is no fact about it.
        DataError: If the data folder has gone away.
    """
    benchmark = plan.benchmark
    try:
        return benchmark.seen(sample_id, engine.preprocess, plan.view, masked=plan.view.needs_mask).pixels
    except StorageError as error:
        if not benchmark.root.exists():
            raise DataError(
                f"the data folder {benchmark.root} has gone away; once it is back the same command goes on."
            ) from error
        raise
    except ImageError as error:
        return str(error)
    except DataError as error:
        return f"{type(error).__name__}: {error}"


def _table(part: Predicted, plan: Plan, ids: Sequence[str]) -> pa.Table:
    """A slice as rows of ``store.PREDICTIONS_SCHEMA``."""
    top = part.top(TOP_K)
    top_prob = np.take_along_axis(part.prob, top, axis=1)
    accepted = plan.samples["accepted"]
    good = iter(range(len(top)))
    rows = [
        (int(number), None if error is not None else next(good))
        for number, error in zip(part.numbers, part.errors, strict=True)
    ]
    return pa.table(
        {
            "sample_id": [ids[number] for number, _ in rows],
            "view": [plan.view.name] * len(rows),
            "top10": [None if at is None else top[at] for _, at in rows],
            "top10_prob": [None if at is None else top_prob[at] for _, at in rows],
            "p_accepted": [None if at is None else part.prob[at, accepted.iat[number]].sum() for number, at in rows],
            "error": part.errors,
        },
        schema=store.PREDICTIONS_SCHEMA,
    )


def _logits(part: Predicted, ids: Sequence[str]) -> pa.Table:
    """A slice's logits as rows of ``store.LOGITS_SCHEMA``; images with an error have none."""
    names = [ids[number] for number, error in zip(part.numbers, part.errors, strict=True) if error is None]
    return pa.table({"sample_id": names, "logits": list(part.logits.astype(np.float16))}, schema=store.LOGITS_SCHEMA)


def _manifest(model: Model, plan: Plan, samples_path: Path, keep_logits: bool) -> store.Manifest:
    return store.Manifest(
        identity=plan.identity(model),
        model=store.ModelEntry(
            name=model.name,
            source=model.source,
            architecture=model.architecture,
            label_space=model.label_space,
            num_classes=model.num_classes,
            fingerprint=model.fingerprint,
        ),
        benchmark=plan.entry,
        view=plan.view.name,
        precision=plan.precision,
        preprocessing=dict(model.transform),
        samples=store.relative(samples_path),
        keep_logits=keep_logits,
        protocol=PROTOCOL,
        created=time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        versions={
            "offcenter": __version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
            "timm": timm.__version__,
            "pillow": PIL.__version__,
        },
    )


def _described(run: store.Run, plan: Plan) -> store.Run:
    """A finished run that says what its benchmark is today, and where its data are if it did not or they are gone."""
    entry, root = plan.entry, benchmarks.root_of(run)
    if run.manifest.benchmark.root and root is not None and root.is_dir():
        entry = replace(entry, root=run.manifest.benchmark.root)
    if entry == run.manifest.benchmark:
        return run
    # A result that cannot be written to, or is being written, is a result all the same.
    with contextlib.suppress(StoreError):
        return store.amend(run, benchmark=entry)
    return run


def _session(engine: Engine, tracker: Tracker) -> store.Session:
    """What this session did, for the manifest."""
    device = engine.model.device
    return store.Session(
        images=tracker.done - tracker.done_before,
        failed=tracker.failed,
        startup_s=round(tracker.startup_s, 3),
        inference_s=round(tracker.seconds, 3),
        images_per_s=round(tracker.rate, 2),
        device=torch.cuda.get_device_name(device) if engine.device == "cuda" else device,
        form=engine.forward.form,
        workers=engine.workers,
        batch_size=engine.batch_size,
    )
