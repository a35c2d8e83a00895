"""THE inference loop: every stored prediction comes from here.

Each worker thread takes the next slice of images, decodes and preprocesses it and runs the forward pass on it; on the
CPU with one core a thread, so that no thread waits for another. The calling thread stores finished slices, a batch at a
time. Images are taken in a random order that depends only on the data, so that a partial result is a fair sample.
"""

from __future__ import annotations

import hashlib
import os
import platform
import queue
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import PIL
import pyarrow as pa
import timm
import torch
import torchvision
from PIL import Image

from core import __version__, models, store
from core.benchmarks import open_benchmark
from core.errors import DataError, ModelError, OffcenterError, UsageError
from core.forward import Forward, one_thread
from core.loading import Preprocess, as_rgb, open_rgb
from core.metrics import list_offsets
from core.types import Benchmark, Model, Precision, Progress, ProgressCallback, View
from core.views import get_view, sample_rng

#: Part of every identity; raised when the engine itself would give other numbers.
PROTOCOL = 1
TOP_K = 10
#: Images a forward pass. Small slices keep activations near the CPU's caches; a GPU needs more to be busy.
SLICE = {"cpu": 16, "cuda": 64}
#: Images that are stored together, at least; a kill loses less than this.
COMMIT_IMAGES = {"cpu": 64, "cuda": 512}
_COMMIT_EVERY_S = 5.0


class Interrupted(OffcenterError):
    """Ctrl-C: what was finished is stored."""


@dataclass(frozen=True)
class Plan:
    """A benchmark as one model will see it: which images, in what order, and what the result is called."""

    benchmark: Benchmark
    view: View
    precision: Precision
    samples: pd.DataFrame = field(repr=False)
    content: str

    @classmethod
    def of(cls, model: Model, benchmark: Benchmark, view: str = "clean", precision: Precision = "fp32") -> Plan:
        """Plan a run.

        Raises:
            LabelSpaceError: If the model's classes do not fit the benchmark.
            DataError: If the benchmark's data cannot be read.
        """
        samples = benchmark.samples(model.label_space)
        if samples.empty:
            raise DataError(f"'{benchmark.key}' has no images in {benchmark.root}.")
        return cls(benchmark, get_view(view), precision, samples, _content(benchmark, samples))

    def identity(self, model: Model) -> str:
        """Identity of the result; see ``store.identity``."""
        return store.identity(
            {
                "protocol": PROTOCOL,
                "weights": model.fingerprint,
                "architecture": model.architecture,
                "label_space": model.label_space,
                "preprocessing": dict(model.transform),
                "precision": self.precision,
                "benchmark": self.benchmark.key,
                "content": self.content,
                "view": self.view.name,
            }
        )

    @cached_property
    def order(self) -> np.ndarray:
        """Rows of ``samples`` in the order of evaluation: int (N,)."""
        return np.random.default_rng(int(self.content[:16], 16)).permutation(len(self.samples))


def _content(benchmark: Benchmark, samples: pd.DataFrame) -> str:
    """Digest of the data and of what counts as right on them."""
    offsets, flat = list_offsets(samples["accepted"])
    total = hashlib.sha256(benchmark.content_digest().encode())
    total.update("\n".join(samples["sample_id"]).encode())
    total.update(offsets.astype("<i8").tobytes() + flat.astype("<i8").tobytes())
    return total.hexdigest()


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
    progress: ProgressCallback | None = None,
) -> store.Run:
    """Run a classifier over a benchmark and store what it said.

    A finished result is returned at once, without loading the model; an interrupted one goes on where it stopped.

    Args:
        model: A name (see ``core.models``), or a model; a loaded one keeps its device.
        benchmark: A key with remembered data, or a benchmark.
        view: What is done to images first.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        precision: ``fp32``, ``bf16`` or ``fp16``.
        batch_size: Images a forward pass; chosen by device by default.
        workers: Threads; by default one a core.
        limit: Stop when this many images are stored. The result is partial, of a random sample.
        fresh: Start again; the earlier result is renamed, not deleted.
        keep_logits: Also store float16 logits.
        progress: Called after each slice.

    Returns:
        The stored run.

    Raises:
        UsageError: If a name or option is wrong.
        LabelSpaceError: If the model's classes do not fit the benchmark.
        ModelError, DataError, StoreError: If the model, the data or the disk fails; finished batches are kept.
        Interrupted: On Ctrl-C, after storing what was finished.
    """
    device = models.resolve_device(device) if not isinstance(model, Model) or model.module is None else model.device
    described = models.describe(model) if isinstance(model, str) else model
    if isinstance(benchmark, str):
        benchmark = open_benchmark(benchmark)
    plan = Plan.of(described, benchmark, view, precision)
    if plan.view.needs_mask and benchmark.mask(plan.samples["sample_id"].iloc[0]) is None:
        raise UsageError(f"view '{view}' needs object masks, which '{benchmark.key}' does not have")
    folder = store.run_folder(benchmark.key, described.name, plan.identity(described))
    samples_path = store.samples_file(benchmark.key, plan.content, described.label_space)
    store.write_samples(samples_path, plan.samples)
    if fresh:
        store.set_aside(folder)
    total = min(limit or len(plan.samples), len(plan.samples))
    finished = _finished(folder, total, keep_logits)
    if finished is not None:
        return finished
    info = _manifest(described, plan, samples_path, keep_logits)
    report = _Reporter(progress, total)
    with store.open_writer(folder, info, on_wait=lambda: report.stage("waiting for another process")) as writer:
        done = writer.done()
        if len(done) < total:
            report.stage("loading the model")
            begun = time.perf_counter()
            loaded = models.load(described.source, device) if described.module is None else described
            report.load_s = time.perf_counter() - begun
            loop = _Loop(loaded, plan, writer, report, batch_size, workers, keep_logits)
            loop.run(plan.order, done, total)
        if len(writer.done()) >= len(plan.samples):
            writer.finish()
    return _stored(folder)


def _finished(folder: Path, total: int, keep_logits: bool) -> store.Run | None:
    run = _stored(folder)
    if run is None:
        return None
    if keep_logits and run.n_done and not run.info.get("keep_logits"):
        raise UsageError(f"the stored result {run.identity} was made without logits: add --fresh to make it again.")
    return run if run.n_done >= total else None


def _stored(folder: Path) -> store.Run | None:
    info = store.read_manifest(folder)
    return store.Run(folder, info) if info else None


def _manifest(model: Model, plan: Plan, samples_path: Path, keep_logits: bool) -> dict[str, Any]:
    return {
        "identity": plan.identity(model),
        "protocol": PROTOCOL,
        "status": "running",
        "model": {
            "name": model.name,
            "source": model.source,
            "architecture": model.architecture,
            "label_space": model.label_space,
            "num_classes": model.num_classes,
            "fingerprint": model.fingerprint,
        },
        "benchmark": {
            "key": plan.benchmark.key,
            "n": len(plan.samples),
            "content": plan.content,
            "notes": plan.benchmark.notes,
        },
        "view": plan.view.name,
        "precision": plan.precision,
        "preprocessing": dict(model.transform),
        "samples": store.relative(samples_path),
        "keep_logits": keep_logits,
        "versions": {
            "offcenter": __version__,
            "python": platform.python_version(),
            "torch": torch.__version__,
            "torchvision": torchvision.__version__,
            "timm": timm.__version__,
            "pillow": PIL.__version__,
        },
    }


class _Reporter:
    """Turns counts into progress: rate and time left of this session, start-up left out."""

    def __init__(self, callback: ProgressCallback | None, total: int) -> None:
        self._callback = callback
        self.total = total
        self.load_s = 0.0
        self.done = self.done_before = self.failed = 0
        self._begun = time.perf_counter()

    def stage(self, text: str) -> None:
        self._show(Progress(self.done, self.total, self.failed, stage=text))

    def begin(self, done_before: int) -> None:
        self.done = self.done_before = done_before
        self._begun = time.perf_counter()

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self._begun

    def advance(self, n: int, failed: int) -> None:
        self.done += n
        self.failed += failed
        rate = (self.done - self.done_before) / max(self.seconds, 1e-9)
        self._show(Progress(self.done, self.total, self.failed, rate, (self.total - self.done) / rate, "evaluating"))

    def _show(self, state: Progress) -> None:
        if self._callback is not None:
            self._callback(state)


@dataclass
class _Slice:
    """What one slice of images became."""

    rows: np.ndarray
    errors: list[str | None]
    top: np.ndarray
    prob: np.ndarray
    p_accepted: np.ndarray
    logits: np.ndarray | None


class _Loop:
    """Workers, their queue, and the storing of what they finish."""

    def __init__(
        self,
        model: Model,
        plan: Plan,
        writer: store.RunWriter,
        report: _Reporter,
        batch_size: int | None,
        workers: int | None,
        keep_logits: bool,
    ) -> None:
        self._model = model
        self._plan = plan
        self._writer = writer
        self._report = report
        self._keep_logits = keep_logits
        self._kind = torch.device(model.device).type
        self._slice = batch_size or SLICE[self._kind]
        self._workers = workers or available_cores()
        self._forward = Forward(model, plan.precision)
        self._preprocess = Preprocess(model.transform)
        self._ids = plan.samples["sample_id"].tolist()
        offsets, flat = list_offsets(plan.samples["accepted"])
        self._accepted = np.split(flat, offsets[1:-1])
        # On a GPU one forward pass at a time: two would need twice the memory and be no faster.
        self._device_lock = threading.Lock() if self._kind == "cuda" else None
        self._stop = threading.Event()
        self._results: queue.Queue[_Slice | BaseException] = queue.Queue(maxsize=4 * self._workers)

    def run(self, order: np.ndarray, done: set[str], total: int) -> None:
        """Evaluate what is missing, up to ``total`` stored images."""
        rows = np.array([row for row in order if self._ids[row] not in done], dtype=np.int64)[: total - len(done)]
        self._report.stage("preparing")
        self._forward.prepare(len(rows), self._slice, self._workers)
        self._report.begin(len(done))
        self._writer.write_manifest(status="running", created=self._writer.info.get("created", _now()))
        failure: BaseException | None = None
        try:
            self._consume(rows)
        except BaseException as error:
            failure = error
            raise
        finally:
            self._stop.set()
            self._writer.write_manifest(status=self._status(failure), session=self._session(), counts=self._counts())
        if self._report.done < total:
            raise Interrupted(self._interrupted())

    def _consume(self, rows: np.ndarray) -> None:
        slices = (rows[start : start + self._slice] for start in range(0, len(rows), self._slice))
        n_slices = -(-len(rows) // self._slice)
        source = _Shared(slices)
        threads = [
            threading.Thread(target=self._work, args=(source,), name=f"offcenter-worker-{i}", daemon=True)
            for i in range(min(self._workers, n_slices))
        ]
        for thread in threads:
            thread.start()
        waiting: list[_Slice] = []
        last_commit = time.monotonic()
        try:
            for _ in range(n_slices):
                result = self._results.get()
                if isinstance(result, BaseException):
                    raise result
                waiting.append(result)
                held = sum(len(part.rows) for part in waiting)
                if held >= COMMIT_IMAGES[self._kind] or time.monotonic() - last_commit > _COMMIT_EVERY_S:
                    self._commit(waiting)
                    waiting, last_commit = [], time.monotonic()
        except KeyboardInterrupt:
            # What was finished is stored below; the caller says how to go on.
            pass
        finally:
            self._stop.set()
            self._drain(threads)
        self._commit(waiting)

    def _drain(self, threads: Sequence[threading.Thread]) -> None:
        """Let blocked workers go, then wait for the slice each is at."""
        while any(thread.is_alive() for thread in threads):
            try:
                self._results.get(timeout=0.05)
            except queue.Empty:
                continue

    def _work(self, source: _Shared) -> None:
        try:
            with one_thread():
                buffer = self._buffer()
                while not self._stop.is_set():
                    rows = source.next()
                    if rows is None:
                        return
                    self._results.put(self._evaluate(rows, buffer))
        except BaseException as error:
            self._results.put(error)

    def _buffer(self) -> torch.Tensor:
        dtype = torch.uint8 if self._plan.view.apply is None else torch.float32
        shape = (self._slice, *self._preprocess.size, 3)
        return torch.empty(shape, dtype=dtype, pin_memory=self._kind == "cuda")

    def _evaluate(self, rows: np.ndarray, buffer: torch.Tensor) -> _Slice:
        errors: list[str | None] = []
        pixels = buffer.numpy()
        good = 0
        for row in rows:
            image = self._image(self._ids[row])
            if isinstance(image, str):
                errors.append(image)
                continue
            pixels[good] = self._pixels(image, self._ids[row])
            errors.append(None)
            good += 1
        kept = rows[[error is None for error in errors]]
        top, prob, logits = self._predict(buffer[:good])
        p_accepted = np.array([share[self._accepted[row]].sum() for row, share in zip(kept, prob, strict=True)])
        ranked = np.take_along_axis(prob, top, axis=1)
        return _Slice(rows, errors, top, ranked, p_accepted, logits if self._keep_logits else None)

    def _image(self, sample_id: str) -> Image.Image | str:
        """The decoded image, or why it cannot be decoded; that is a fact about the image and is stored."""
        path = self._plan.benchmark.path(sample_id)
        try:
            return open_rgb(path) if path is not None else as_rgb(self._plan.benchmark.image(sample_id))
        except (OSError, ValueError, SyntaxError, DataError, Image.DecompressionBombError) as error:
            root = self._plan.benchmark.root
            if not root.exists():
                raise DataError(f"the data folder {root} has gone away; once it is back the same command goes on") from error
            return f"{type(error).__name__}: {error}"

    def _pixels(self, image: Image.Image, sample_id: str) -> np.ndarray:
        view = self._plan.view
        pixels = self._preprocess(image)
        if view.apply is None:
            return pixels
        return view.apply(pixels.astype(np.float32) / 255, None, sample_rng(sample_id, view.name))

    def _predict(self, pixels: torch.Tensor) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Best classes (n, k), all probabilities (n, classes) and logits (n, classes)."""
        n_classes = self._model.num_classes
        if not len(pixels):
            return np.empty((0, min(TOP_K, n_classes)), int), np.empty((0, n_classes)), np.empty((0, n_classes))
        try:
            if self._device_lock is None:
                logits = self._forward(pixels)
            else:
                with self._device_lock:
                    logits = self._forward(pixels).cpu()
        except torch.OutOfMemoryError as error:
            raise ModelError(
                f"the GPU has too little memory for {len(pixels)} images at once: give --batch-size {len(pixels) // 2}"
            ) from error
        prob = logits.softmax(dim=-1)
        top = prob.topk(min(TOP_K, n_classes), dim=-1).indices
        return top.numpy(), prob.numpy(), logits.numpy()

    def _commit(self, slices: Sequence[_Slice]) -> None:
        """Store finished slices and count them."""
        if not slices:
            return
        tables = [self._table(part) for part in slices]
        logits = [self._logits(part) for part in slices] if self._keep_logits else None
        self._writer.append(pa.concat_tables(tables), pa.concat_tables(logits) if logits else None)
        n = sum(len(part.rows) for part in slices)
        self._report.advance(n, sum(error is not None for part in slices for error in part.errors))

    def _table(self, part: _Slice) -> pa.Table:
        good = np.array([error is None for error in part.errors])
        place = np.where(good, np.cumsum(good) - 1, -1)

        def lists(values: np.ndarray) -> list[np.ndarray | None]:
            return [values[at] if at >= 0 else None for at in place]

        columns = {
            "sample_id": [self._ids[row] for row in part.rows],
            "view": [self._plan.view.name] * len(part.rows),
            "top10": lists(part.top.astype(np.int32)),
            "top10_prob": lists(part.prob.astype(np.float32)),
            "p_accepted": [float(part.p_accepted[at]) if at >= 0 else None for at in place],
            "error": part.errors,
        }
        return pa.table(columns, schema=store.PREDICTIONS_SCHEMA)

    def _logits(self, part: _Slice) -> pa.Table:
        good = [row for row, error in zip(part.rows, part.errors, strict=True) if error is None]
        values = list(part.logits.astype(np.float16)) if part.logits is not None else []
        return pa.table({"sample_id": [self._ids[row] for row in good], "logits": values}, schema=store.LOGITS_SCHEMA)

    def _status(self, failure: BaseException | None) -> str:
        if failure is not None:
            return "failed"
        return "complete" if self._report.done >= len(self._ids) else "partial"

    def _counts(self) -> dict[str, int]:
        return {"done": self._report.done, "failed_in_session": self._report.failed}

    def _session(self) -> dict[str, Any]:
        n, seconds = self._report.done - self._report.done_before, self._report.seconds
        return {
            "images": n,
            "inference_s": round(seconds, 3),
            "images_per_s": round(n / seconds, 2) if seconds else 0.0,
            "startup_s": round(self._report.load_s + self._forward.prepare_s, 3),
            "device": device_name(self._model.device),
            "form": self._forward.form,
            "workers": self._workers,
            "batch_size": self._slice,
        }

    def _interrupted(self) -> str:
        return (
            f"stopped: {self._report.done:,} of {self._report.total:,} images are stored; "
            "the same command goes on from here"
        )


class _Shared:
    """An iterator that threads take turns at."""

    def __init__(self, items: Iterator[np.ndarray]) -> None:
        self._items = items
        self._lock = threading.Lock()

    def next(self) -> np.ndarray | None:
        with self._lock:
            return next(self._items, None)


def available_cores() -> int:
    """Cores this process may use; containers and schedulers may allow fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def device_name(device: str) -> str:
    """``cpu``, or a GPU's product name."""
    return torch.cuda.get_device_name(device) if device.startswith("cuda") else device


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S%z")
