"""The forward pass of a loaded model in the form that is fastest here and still right.

On the CPU a model can run eagerly or traced and frozen (batch norm folded into convolutions, Python left out). Tracing
costs a second or two, so it is tried only for runs that are long enough to win that back, and kept only if it gives the
same probabilities and is measurably faster.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch

from core.errors import ModelError, UsageError
from core.models.normalise import Normalise
from core.models.outputs import logits_of, refusing
from core.types import Model, Precision

DTYPES: dict[str, torch.dtype] = {"fp32": torch.float32, "bf16": torch.bfloat16, "fp16": torch.float16}
#: Largest difference in probability between the traced and the eager model, by precision.
_TOLERANCE = {"fp32": 1e-4, "bf16": 3e-2, "fp16": 1e-2}
#: A run with less eager work left than this is not worth tracing for.
_WORTH_TRACING_S = 4.0
_WORTH_KEEPING = 0.95
#: So few images are not worth measuring for either.
_FEW = 32


class Forward:
    """Pixels in, logits out; may be called from several threads at once.

    Args:
        model: Loaded.
        precision: ``fp32``, or ``bf16`` or ``fp16`` by autocast.

    Attributes:
        form: ``eager`` or ``traced``, for the record.
        prepare_s: Seconds spent by ``prepare``.

    Raises:
        UsageError: If the device cannot do the precision.
        ModelError: If the model is not loaded; when called, if its output is no logits.
    """

    def __init__(self, model: Model, precision: Precision = "fp32") -> None:
        if model.module is None:
            raise ModelError(f"'{model.name}' is described, not loaded: use core.models.load")
        self._model = model
        self.device = torch.device(model.device)
        if precision == "fp16" and self.device.type == "cpu":
            raise UsageError("precision fp16 needs a GPU; on the CPU use bf16 or fp32")
        if precision == "bf16" and self.device.type == "cuda" and not torch.cuda.is_bf16_supported():
            raise UsageError("this GPU has no bf16; use fp16 or fp32")
        self.precision = precision
        self.form = "eager"
        self.prepare_s = 0.0
        self._normalise = Normalise(model.transform, model.device)
        self._size = tuple(model.transform["input_size"][1:])
        self._module: Callable[[torch.Tensor], torch.Tensor] = model.module.to(memory_format=torch.channels_last)
        if self.device.type == "cuda":
            # fp32 means fp32: TF32 would change the fourth digit of a probability.
            torch.backends.cuda.matmul.allow_tf32 = False
            torch.backends.cudnn.allow_tf32 = False

    def __call__(self, pixels: torch.Tensor) -> torch.Tensor:
        """Logits of a batch.

        Args:
            pixels: uint8 0..255 or float 0..1, (N, H, W, 3), on the CPU (pinned for a GPU).

        Returns:
            float32 (N, classes), on the device.
        """
        with torch.inference_mode(), self._autocast():
            inputs = self._normalise(pixels.to(self.device, non_blocking=True))
            with refusing(self._model):
                return logits_of(self._module(inputs), len(pixels), self._model)

    def _autocast(self) -> torch.autocast:
        enabled = self.precision != "fp32"
        dtype = DTYPES[self.precision] if enabled else torch.bfloat16
        # The cache of converted weights does not outlive a trace.
        return torch.autocast(self.device.type, dtype=dtype, enabled=enabled, cache_enabled=self.form == "eager")

    def prepare(self, n_images: int, batch_size: int, workers: int = 1) -> None:
        """Choose the form for a run; only the CPU has a choice.

        Args:
            n_images: Images to come.
            batch_size: Images a call.
            workers: Threads that call at the same time, each with one core.
        """
        if self.device.type != "cpu" or n_images <= _FEW:
            return
        begun = time.perf_counter()
        with one_thread():
            probe = torch.randint(0, 256, (batch_size, *self._size, 3), dtype=torch.uint8)
            eager_s = _seconds(self, probe)
            if eager_s * n_images / (batch_size * workers) > _WORTH_TRACING_S:
                self._trace(probe, eager_s)
        self.prepare_s = time.perf_counter() - begun

    def _trace(self, probe: torch.Tensor, eager_s: float) -> None:
        eager = self._module
        expected = [self(probe[:n]).softmax(-1) for n in (len(probe), 1)]
        try:
            self._module, self.form = self._frozen(eager, probe[:2]), "traced"
            found = [self(probe[:n]).softmax(-1) for n in (len(probe), 1)]
            same = all(
                torch.allclose(a, b, rtol=0, atol=_TOLERANCE[self.precision])
                for a, b in zip(expected, found, strict=True)
            )
            if same and _seconds(self, probe) < _WORTH_KEEPING * eager_s:
                return
        except (ModelError, RuntimeError, TypeError, ValueError, AttributeError):
            # Models with data-dependent control flow cannot be traced; they run as they are.
            pass
        self._module, self.form = eager, "eager"

    def _frozen(self, module: Callable[[torch.Tensor], torch.Tensor], probe: torch.Tensor) -> torch.jit.ScriptModule:
        inputs = self._normalise(probe)
        self.form = "traced"
        # no_grad, not inference_mode: frozen constants must be ordinary tensors.
        with torch.no_grad(), self._autocast(), warnings.catch_warnings():
            # torch.jit is deprecated in favour of torch.compile, which needs a C++ compiler and half a minute.
            warnings.simplefilter("ignore")
            return torch.jit.freeze(torch.jit.trace(module, inputs, check_trace=False))


@contextmanager
def one_thread() -> Iterator[None]:
    """Operations of this thread on one core; the setting belongs to the calling thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _seconds(forward: Callable[[torch.Tensor], torch.Tensor], pixels: torch.Tensor) -> float:
    """Seconds of a call after two to warm up (the traced form optimises itself in them)."""
    for _ in range(2):
        forward(pixels)
    begun = time.perf_counter()
    forward(pixels)
    return time.perf_counter() - begun
