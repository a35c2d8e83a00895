"""Worker threads around forward passes: images in any order in, predictions of many models out as they finish.

Each worker takes the next image, gets its pixels under all views, and runs the forward passes whenever a batch is full,
across images and views. Models with equal preprocessing share the pixels. On the CPU every worker has one core to
itself and does everything for its images, so none waits for another; on a GPU the workers keep decoding while one of
them has the device.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import torch

from core.errors import ModelError
from core.images.preprocess import Preprocess
from core.models.cores import available_cores
from core.models.forward import Forward, one_thread
from core.models.outputs import NOT_FINITE, is_hopeless, not_finite
from core.types import Model, Precision

#: Images a forward pass. On the CPU few: activations stay near the caches, and small enough that the allocator keeps
#: their memory instead of asking the system for new pages at every layer. A GPU needs many to be busy.
SLICE = {"cpu": 4, "cuda": 64}


@dataclass(frozen=True)
class Look:
    """An image, looked at.

    Attributes:
        rendered: For each preprocessing its views, in order, one at a time: (H, W, 3), uint8 0..255 or float32 0..1.
            They may end in an ``UnseenError``.
        wanted: Numbers of the engines that are to see it.
    """

    rendered: Sequence[Iterator[np.ndarray]] = field(repr=False)
    wanted: frozenset[int]


class UnseenError(Exception):
    """An image that turns out not to be usable while its views are rendered; says why."""


#: An image by its number, looked at; or why it cannot be, and which engines wanted it.
LookAt = Callable[[int], Look | tuple[str, frozenset[int]]]


@dataclass(frozen=True)
class Predicted:
    """What one engine said of some images.

    Attributes:
        engine: Its number.
        numbers: int (n,), the images.
        errors: Why an image has no prediction, or None; length n.
        prob: float32 (m * views, classes), softmax, of the m images without error, in order, all views of one together.
        logits: float32 (m * views, classes).
        failure: Why the engine can say nothing any more; then there are no images.
    """

    engine: int
    numbers: np.ndarray
    errors: list[str | None]
    prob: np.ndarray
    logits: np.ndarray
    failure: Exception | None = None

    def top(self, k: int) -> np.ndarray:
        """The best k classes, best first: int (m * views, min(k, classes))."""
        return torch.from_numpy(self.prob).topk(min(k, self.prob.shape[1]), dim=1).indices.numpy()


class Engine:
    """A loaded model with everything needed to run it over many images.

    Args:
        model: Loaded.
        precision: ``fp32``, ``bf16`` or ``fp16``.
        batch_size: Images a forward pass; chosen by device by default.
        workers: Threads; by default one a core this process may use.

    Raises:
        UsageError, ModelError: See ``Forward`` and ``Preprocess``.
    """

    def __init__(
        self, model: Model, precision: Precision = "fp32", batch_size: int | None = None, workers: int | None = None
    ) -> None:
        self.model = model
        self.device = torch.device(model.device).type
        self.batch_size = batch_size or SLICE[self.device]
        self.workers = workers or available_cores()
        self.preprocess = Preprocess(model.transform)
        self.forward = Forward(model, precision)
        # One forward pass at a time on a GPU: two would need twice the memory and be no faster.
        self._device_lock = threading.Lock()

    def prepare(self, n_images: int) -> float:
        """Get ready for a number of images; returns the seconds it took (see ``Forward.prepare``)."""
        self.forward.prepare(n_images, self.batch_size, self.workers)
        return self.forward.prepare_s

    def predict(self, pixels: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
        """Probabilities and logits, float32 (n, classes) each, of pixels (n, H, W, 3).

        Raises:
            ModelError: If the GPU's memory is too small for the batch.
        """
        if not len(pixels):
            empty = np.empty((0, self.model.num_classes), dtype=np.float32)
            return empty, empty
        try:
            if self.device == "cpu":
                logits = self.forward(pixels)
            else:
                with self._device_lock:
                    logits = self.forward(pixels).cpu()
        except torch.OutOfMemoryError as error:
            fewer = max(1, len(pixels) // 2)
            raise ModelError(
                f"the GPU has too little memory for {len(pixels)} images at once: give --batch-size {fewer}"
            ) from error
        return logits.softmax(dim=1).numpy(), logits.numpy()


def stream(
    engines: Sequence[Engine], numbers: np.ndarray, look_at: LookAt, n_views: int = 1, workers: int | None = None
) -> Iterator[Predicted]:
    """Predictions of many images by some engines, in the order in which they finish; each image with all its views.

    An engine that fails says so once, and the others go on. Closing the iterator stops the workers after the image that
    each is at.

    Args:
        engines: With equal batch sizes; those of one ``group_of`` number share pixels.
        numbers: int (N,), the images in the order in which to start them.
        look_at: Called in the workers; gives the views once for each group of engines, in the order of ``groups_of``.
        n_views: Views of each image.
        workers: Threads; by default as the first engine has it.

    Raises:
        Exception: Whatever ``look_at`` or a view raises; an image that cannot be used is a returned reason instead.
    """
    run = _Run(engines, numbers, look_at, n_views, workers or engines[0].workers)
    try:
        yield from run.results()
    finally:
        run.stop()


def groups_of(engines: Sequence[Engine]) -> list[list[int]]:
    """Numbers of the engines that show images alike, so that one preprocessing serves them."""
    found: dict[Preprocess, list[int]] = {}
    for number, engine in enumerate(engines):
        found.setdefault(engine.preprocess, []).append(number)
    return list(found.values())


class _Run:
    """The threads of one ``stream``."""

    def __init__(
        self, engines: Sequence[Engine], numbers: np.ndarray, look_at: LookAt, n_views: int, workers: int
    ) -> None:
        self.engines = engines
        self.look_at = look_at
        self.n_views = n_views
        self.groups = groups_of(engines)
        self.failed: set[int] = set()
        self.stopped = threading.Event()
        #: Images so far of each engine, and those of them without a finite output.
        self._counts = np.zeros((len(engines), 2), np.int64)
        self._numbers = iter(numbers.tolist())
        self._turn = threading.Lock()
        # Bounded, so that memory stays flat when results are taken slowly.
        self._finished: queue.Queue[Predicted | BaseException | None] = queue.Queue(maxsize=4 * workers)
        self._threads = [
            threading.Thread(target=self._work, name=f"offcenter-{number}", daemon=True)
            for number in range(max(1, min(workers, len(numbers))))
        ]
        for thread in self._threads:
            thread.start()

    def results(self) -> Iterator[Predicted]:
        running = len(self._threads)
        while running:
            result = self._finished.get()
            if isinstance(result, BaseException):
                raise result
            if result is None:
                running -= 1
            else:
                yield result

    def stop(self) -> None:
        self.stopped.set()
        while any(thread.is_alive() for thread in self._threads):
            try:
                self._finished.get(timeout=0.05)
            except queue.Empty:
                continue

    def next_number(self) -> int | None:
        """The next image to look at; None once there is none, or nobody to look."""
        if self.stopped.is_set() or len(self.failed) == len(self.engines):
            return None
        with self._turn:
            return next(self._numbers, None)

    def give(self, predicted: Predicted) -> None:
        self._finished.put(predicted)

    def count(self, engine: int, n: int, n_unfinite: int) -> None:
        """An engine that gives no numbers for most images is out."""
        with self._turn:
            self._counts[engine] += n, n_unfinite
            seen, bad = self._counts[engine].tolist()
        if is_hopeless(bad, seen):
            failed = self.engines[engine]
            self.fail(engine, not_finite(failed.model.name, failed.forward.precision, bad, seen))

    def fail(self, engine: int, error: Exception) -> None:
        """An engine is out; the first of the workers that sees it says so."""
        with self._turn:
            if engine in self.failed:
                return
            self.failed.add(engine)
        nothing = np.empty((0, self.engines[engine].model.num_classes), np.float32)
        self.give(Predicted(engine, np.empty(0, np.int64), [], nothing, nothing, error))

    def _work(self) -> None:
        try:
            with one_thread():
                batches = [_Batch(self, members) for members in self.groups]
                while (number := self.next_number()) is not None:
                    look = self.look_at(number)
                    if isinstance(look, tuple):
                        self._refuse(number, *look)
                        continue
                    for batch, rendered in zip(batches, look.rendered, strict=True):
                        wanted = [engine for engine in batch.members if engine in look.wanted]
                        try:
                            batch.add(number, rendered, wanted)
                        except UnseenError as error:
                            batch.drop(number)
                            self._refuse(number, str(error), frozenset(wanted))
                for batch in batches:
                    batch.flush()
            self._finished.put(None)
        except BaseException as error:
            self._finished.put(error)

    def _refuse(self, number: int, reason: str, wanted: frozenset[int]) -> None:
        for engine in sorted(wanted - self.failed):
            nothing = np.empty((0, self.engines[engine].model.num_classes), np.float32)
            self.give(Predicted(engine, np.array([number]), [reason], nothing, nothing))


class _Batch:
    """One worker's pixels for the engines of one preprocessing: filled across images and views."""

    def __init__(self, run: _Run, members: list[int]) -> None:
        self.members = members
        self._run = run
        self._size = run.engines[members[0]].batch_size
        self._buffer: torch.Tensor | None = None
        #: Of each row of the buffer: its image, and who wants it.
        self._rows: list[tuple[int, list[int]]] = []
        #: Outputs of images under way, and of finished ones that wait to be given, by engine and image.
        self._said: dict[int, dict[int, list[tuple[np.ndarray, np.ndarray]]]] = {number: {} for number in members}

    def add(self, number: int, rendered: Iterator[np.ndarray], wanted: list[int]) -> None:
        for pixels in rendered if wanted else ():
            if self._run.stopped.is_set():
                return
            if self._buffer is None:
                self._buffer = self._new_buffer(pixels)
            self._buffer.numpy()[len(self._rows)] = pixels
            self._rows.append((number, wanted))
            if len(self._rows) == self._size:
                self.flush()

    def drop(self, number: int) -> None:
        """Forget an image, of which views are missing."""
        self._rows = [(row, [] if row == number else wanted) for row, wanted in self._rows]
        for said in self._said.values():
            said.pop(number, None)

    def flush(self) -> None:
        """Run the engines on what is there, and give the images that are finished."""
        rows, self._rows = self._rows, []
        if self._buffer is None or not rows:
            return
        for engine in self.members:
            chosen = [at for at, (_, wanted) in enumerate(rows) if engine in wanted]
            if chosen and engine not in self._run.failed:
                pixels = self._buffer[: len(rows)] if len(chosen) == len(rows) else self._buffer[chosen]
                try:
                    prob, logits = self._run.engines[engine].predict(pixels)
                except Exception as error:
                    self._run.fail(engine, error)
                    continue
                said = self._said[engine]
                for at, row in enumerate(chosen):
                    said.setdefault(rows[row][0], []).append((prob[at], logits[at]))
                self._give(engine)

    def _give(self, engine: int) -> None:
        said, n_views = self._said[engine], self._run.n_views
        finished = [number for number, parts in said.items() if len(parts) == n_views]
        if finished:
            parts = [part for number in finished for part in said.pop(number)]
            prob, logits = (np.stack([part[which] for part in parts]) for which in (0, 1))
            is_finite = np.isfinite(logits).all(axis=1)
            is_good = is_finite.reshape(len(finished), n_views).all(axis=1)
            if not is_good.all():
                prob, logits = (each[np.repeat(is_good, n_views)] for each in (prob, logits))
            errors = [None if good else NOT_FINITE for good in is_good]
            self._run.give(Predicted(engine, np.array(finished), errors, prob, logits))
            self._run.count(engine, len(finished), int((~is_good).sum()))

    def _new_buffer(self, pixels: np.ndarray) -> torch.Tensor:
        dtype = torch.from_numpy(np.empty(0, pixels.dtype)).dtype
        pinned = self._run.engines[self.members[0]].device == "cuda"
        return torch.empty((self._size, *pixels.shape), dtype=dtype, pin_memory=pinned)
