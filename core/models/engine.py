"""Worker threads around a forward pass: images in any order in, predictions out as they finish.

Each worker takes the next slice of images, gets their pixels and runs the forward pass on them. On the CPU every worker
has one core to itself and does everything for its slice, so none waits for another; on a GPU the workers keep decoding
while one of them has the device.
"""

from __future__ import annotations

import os
import queue
import threading
from collections.abc import Callable, Container, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch

from core.errors import ModelError
from core.images.preprocess import Preprocess
from core.models.forward import Forward, one_thread
from core.types import Model, Precision

#: Images a forward pass. On the CPU few, so that activations stay near the caches; a GPU needs many to be busy.
SLICE = {"cpu": 8, "cuda": 64}

#: The pixels of an image, by its number: (H, W, 3), uint8 0..255 or float32 0..1; or why there are none.
PixelsOf = Callable[[int], np.ndarray | str]


@dataclass(frozen=True)
class Predicted:
    """What a model said of one slice of images.

    Attributes:
        numbers: int (n,), the images.
        errors: Why an image has no prediction, or None; length n.
        prob: float32 (m, classes), softmax, of the m images without error, in order.
        logits: float32 (m, classes).
    """

    numbers: np.ndarray
    errors: list[str | None]
    prob: np.ndarray
    logits: np.ndarray

    def without(self, numbers: Container[int]) -> Predicted:
        """The slice less some of the images that have an error."""
        keep = np.array([int(number) not in numbers for number in self.numbers], dtype=bool)
        errors = [error for error, kept in zip(self.errors, keep, strict=True) if kept]
        return replace(self, numbers=self.numbers[keep], errors=errors)

    def top(self, k: int) -> np.ndarray:
        """The best k classes, best first: int (m, min(k, classes))."""
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

    def stream(self, numbers: np.ndarray, pixels_of: PixelsOf) -> Iterator[Predicted]:
        """Predictions of many images, a slice at a time, in the order in which they finish.

        Closing the iterator stops the workers after the slice each is at.

        Args:
            numbers: int (N,), the images in the order in which to start them.
            pixels_of: Called in the workers, at the model's input size.

        Raises:
            Exception: Whatever ``pixels_of`` raises; an image that cannot be used is a returned string instead.
        """
        run = _Run(self, numbers, pixels_of)
        try:
            yield from run.results()
        finally:
            run.stop()


class _Run:
    """The threads of one ``Engine.stream``."""

    def __init__(self, engine: Engine, numbers: np.ndarray, pixels_of: PixelsOf) -> None:
        self._engine = engine
        self._pixels_of = pixels_of
        size = engine.batch_size
        self._slices = iter([numbers[start : start + size] for start in range(0, len(numbers), size)])
        self._n_slices = -(-len(numbers) // size)
        self._turn = threading.Lock()
        self._stopped = threading.Event()
        # Bounded, so that memory stays flat when results are taken slowly.
        self._finished: queue.Queue[Predicted | BaseException] = queue.Queue(maxsize=4 * engine.workers)
        self._threads = [
            threading.Thread(target=self._work, name=f"offcenter-{number}", daemon=True)
            for number in range(min(engine.workers, self._n_slices))
        ]
        for thread in self._threads:
            thread.start()

    def results(self) -> Iterator[Predicted]:
        for _ in range(self._n_slices):
            result = self._finished.get()
            if isinstance(result, BaseException):
                raise result
            yield result

    def stop(self) -> None:
        self._stopped.set()
        while any(thread.is_alive() for thread in self._threads):
            try:
                self._finished.get(timeout=0.05)
            except queue.Empty:
                continue

    def _work(self) -> None:
        try:
            with one_thread():
                buffer = None
                while not self._stopped.is_set():
                    with self._turn:
                        numbers = next(self._slices, None)
                    if numbers is None:
                        return
                    buffer, predicted = self._one(numbers, buffer)
                    self._finished.put(predicted)
        except BaseException as error:
            self._finished.put(error)

    def _one(self, numbers: np.ndarray, buffer: torch.Tensor | None) -> tuple[torch.Tensor | None, Predicted]:
        errors: list[str | None] = []
        good = 0
        for number in numbers:
            pixels = self._pixels_of(int(number))
            if isinstance(pixels, str):
                errors.append(pixels)
                continue
            if buffer is None:
                buffer = self._buffer(pixels)
            buffer.numpy()[good] = pixels
            errors.append(None)
            good += 1
        prob, logits = self._engine.predict(buffer[:good] if buffer is not None else torch.empty(0))
        return buffer, Predicted(numbers, errors, prob, logits)

    def _buffer(self, pixels: np.ndarray) -> torch.Tensor:
        dtype = torch.from_numpy(np.empty(0, pixels.dtype)).dtype
        shape = (self._engine.batch_size, *pixels.shape)
        return torch.empty(shape, dtype=dtype, pin_memory=self._engine.device == "cuda")


def available_cores() -> int:
    """Cores this process may use; containers and schedulers may allow fewer than the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
