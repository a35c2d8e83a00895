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
#: Largest difference between what an image changes in the logits of the two, as a share of the largest such change; and
#: the share of the largest logit below which a change is that of rounding.
_REACTION = {"fp32": 0.02, "bf16": 0.5, "fp16": 0.25}
_ROUNDING = {"fp32": 1e-4, "bf16": 2e-2, "fp16": 5e-3}
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
        self._is_opaque = any(getattr(part, "is_opaque", False) is True for part in model.module.modules())
        if precision != "fp32" and self._is_opaque:
            raise UsageError(
                f"precision {precision} cannot be had of '{model.name}', which torch does not compute and has its "
                "own: leave out --precision."
            )
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
        """Choose the form for a run; only the CPU has a choice, and a network that says ``is_opaque`` has none.

        Args:
            n_images: Images to come.
            batch_size: Images a call.
            workers: Threads that call at the same time, each with one core.
        """
        if self.device.type != "cpu" or n_images <= _FEW or self._is_opaque:
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
        # Others than those that the trace is made with: it would know these by heart if part of it were a constant.
        others = self._others(len(probe))
        expected = torch.cat([self(each) for each in others])
        try:
            self._module, self.form = self._frozen(eager, probe[:2]), "traced"
            found = torch.cat([self(each) for each in others])
            same = _is_same(expected, found, self.precision)
            if same and _seconds(self, probe) < _WORTH_KEEPING * eager_s:
                return
        except (ModelError, RuntimeError, TypeError, ValueError, AttributeError):
            # Models with data-dependent control flow cannot be traced; they run as they are.
            pass
        self._module, self.form = eager, "eager"

    def _others(self, n: int) -> list[torch.Tensor]:
        """Images that differ in brightness and contrast, together and a few one by one: uint8 (1 or n, H, W, 3)."""
        generator = torch.Generator().manual_seed(n)
        kinds = [(0, 40), (200, 256), (0, 256), (90, 170)]
        images = [
            torch.randint(*kinds[at % len(kinds)], (1, *self._size, 3), generator=generator).to(torch.uint8)
            for at in range(max(n, len(kinds)))
        ]
        return [torch.cat(images[:n]), *images[: len(kinds)]]

    def _frozen(self, module: Callable[[torch.Tensor], torch.Tensor], probe: torch.Tensor) -> torch.jit.ScriptModule:
        inputs = self._normalise(probe)
        self.form = "traced"
        # no_grad, not inference_mode: frozen constants must be ordinary tensors.
        with torch.no_grad(), self._autocast(), warnings.catch_warnings(record=True) as said:
            # torch.jit is deprecated in favour of torch.compile, which needs a C++ compiler and half a minute.
            warnings.simplefilter("always")
            frozen = torch.jit.freeze(torch.jit.trace(module, inputs, check_trace=False))
        if any("NumPy array" in str(warning.message) for warning in said):
            raise ValueError("what goes through numpy is lost to a trace, which keeps the numbers of one batch")
        return frozen


@contextmanager
def one_thread() -> Iterator[None]:
    """Operations of this thread on one core; the setting belongs to the calling thread."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _is_same(expected: torch.Tensor, found: torch.Tensor, precision: Precision) -> bool:
    """Whether two forms say the same of some images, (n, classes) logits each, and react alike to what these are.

    Networks whose probabilities hardly differ between images would pass by them alone, whatever they say. Of one that
    does not react to them beyond rounding nothing can be told.
    """
    if not torch.allclose(expected.softmax(-1), found.softmax(-1), rtol=0, atol=_TOLERANCE[precision]):
        return False
    changes, others = expected - expected.mean(0), found - found.mean(0)
    largest = float(changes.abs().max())
    if largest <= _ROUNDING[precision] * float(expected.abs().max()):
        return False
    return float((changes - others).abs().max()) <= _REACTION[precision] * largest


def _seconds(forward: Callable[[torch.Tensor], torch.Tensor], pixels: torch.Tensor) -> float:
    """Seconds of a call after two to warm up (the traced form optimises itself in them)."""
    for _ in range(2):
        forward(pixels)
    begun = time.perf_counter()
    forward(pixels)
    return time.perf_counter() - begun
