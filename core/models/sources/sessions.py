"""onnxruntime as a network: sessions by device, a module around them, and what a graph does with images."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from core.errors import ModelError
from core.models.checkpoints import first_line
from core.models.cores import available_cores
from core.models.normalise import Normalise
from core.models.onnx.settings import NCHW
from core.models.onnx.signature import Signature

_CPU, _CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
#: Only what ends the process: whatever else happens is an exception, too.
_SILENT = 4
_SMALLEST = float(np.finfo(np.float32).tiny)
#: Share of the largest score by which two that should be equal may differ: sums in another order, by type of the input.
_SAME = {"float16": 2e-2}
_SAME_OTHERWISE = 1e-3
#: Rows of probabilities add up to 1 as nearly as half precision says.
_SUM_WITHIN = 5e-3


class Sessions:
    """A graph as onnxruntime opens it, once for each device that it is asked for on.

    On the CPU a call has one core: the engine's workers call at the same time. For a GPU that onnxruntime does not see,
    where there is one call at a time, all of them.

    Args:
        path: The file.
        opset: Of it, for errors.
    """

    def __init__(self, path: Path, opset: int = 0) -> None:
        import onnxruntime

        self.path = path
        self._opset = opset
        self.has_cuda = _CUDA in onnxruntime.get_available_providers()
        self._open: dict[str, Any] = {}
        self._turn = threading.Lock()

    def on_cpu(self) -> Any:
        """The session for the CPU.

        Raises:
            ModelError: If onnxruntime cannot open the graph.
        """
        return self.on(torch.device("cpu"))

    def on(self, device: torch.device) -> Any:
        """The session for a device; see ``on_cpu``."""
        with self._turn:
            if str(device) not in self._open:
                self._open[str(device)] = self._opened(device)
            return self._open[str(device)]

    def _opened(self, device: torch.device) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.log_severity_level = _SILENT
        options.inter_op_num_threads = 1
        options.intra_op_num_threads = 1 if device.type == "cpu" else available_cores()
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        providers: list[Any] = [_CPU]
        if device.type == "cuda" and self.has_cuda:
            # fp32 means fp32, as in core.models.forward.
            providers.insert(0, (_CUDA, {"device_id": device.index or 0, "use_tf32": 0}))
        try:
            return onnxruntime.InferenceSession(str(self.path), options, providers=providers)
        except Exception as error:
            raise ModelError(
                f"{self.path} cannot be opened by onnxruntime {onnxruntime.__version__} ({said_by(error)}). Its "
                f"operators are of opset {self._opset}: if that is too new, update onnxruntime or export it with an "
                "earlier opset_version."
            ) from error


def said_by(error: Exception) -> str:
    """What an error of onnxruntime says, without its place in its source."""
    parts = first_line(error).split(" : ")
    return parts[-1] if "ONNXRuntimeError" in parts[0] else first_line(error)


class Graph(torch.nn.Module):
    """An ONNX graph as a network: float32 (N, 3, H, W), as ``Normalise`` gives it, to float32 (N, outputs).

    What it computes is unseen by torch: it has no layers, no gradients, and a trace of it would hold the answer of one
    batch. It may be called from several threads at once.

    Attributes:
        is_opaque: It is neither traced nor cast by autocast.
        no_gradients: Why nothing can be derived by its inputs or weights; whoever needs gradients says this.

    Args:
        sessions: Of the graph.
        signature: How it is called.
        batch: Images that it takes at once; None where any number goes.
        is_probability: Whether it gives probabilities: their logarithms are returned, of which softmax makes the same
            probabilities again.
    """

    is_opaque = True
    no_gradients = "an ONNX graph has no gradients"

    def __init__(
        self, sessions: Sessions, signature: Signature, batch: int | None = None, *, is_probability: bool = False
    ) -> None:
        super().__init__()
        self._sessions = sessions
        self._signature = signature
        self._batch = batch
        self._is_probability = is_probability

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Logits (N, outputs), on the inputs' device."""
        session = self._sessions.on(inputs.device)
        given = self._given(inputs)
        size = self._batch or max(len(given), 1)
        parts = [self._said(session, given[begin : begin + size]) for begin in range(0, len(given), size)]
        scores = torch.from_numpy(np.concatenate(parts)).to(inputs.device)
        return scores.clamp_min(_SMALLEST).log() if self._is_probability else scores

    def _given(self, inputs: torch.Tensor) -> np.ndarray:
        """The images in the graph's own layout, order of channels and type."""
        inputs = inputs.detach()
        if self._signature.is_bgr:
            inputs = inputs.flip(1)
        if self._signature.layout != NCHW:
            inputs = inputs.permute(0, 2, 3, 1)
        values = inputs.float().contiguous().cpu().numpy()
        if self._signature.is_bytes:
            values = values.round().clip(0, 255)
        return values.astype(self._signature.dtype, copy=False)

    def _said(self, session: Any, images: np.ndarray) -> np.ndarray:
        """Scores of at most as many images as go at once: float32 (n, outputs)."""
        n = len(images)
        if self._batch is not None and n < self._batch:
            images = np.concatenate([images, np.repeat(images[-1:], self._batch - n, axis=0)])
        try:
            (scores,) = session.run([self._signature.output], {self._signature.input: images})
        except Exception as error:
            raise ModelError(
                f"{self._sessions.path} cannot be run on images of shape {tuple(images.shape)}: {said_by(error)}."
            ) from error
        return _rows(scores, len(images), self._sessions.path)[:n]


def _rows(scores: Any, n: int, path: Path) -> np.ndarray:
    """Scores as float32 (n, outputs); axes of one place are left out."""
    shape = tuple(np.shape(scores))
    sides = [side for side in shape[1:] if side != 1]
    if not isinstance(scores, np.ndarray) or shape[:1] != (n,) or len(shape) < 2 or len(sides) > 1:
        raise ModelError(
            f"{path}: the output has the shape {shape} for {n} images; a classifier's is ({n}, classes). If the graph "
            'has another output with the scores, say "output".'
        )
    return scores.reshape(n, -1).astype(np.float32, copy=False)


@dataclass(frozen=True)
class Behaviour:
    """What a graph does with images.

    Attributes:
        n_outputs: How many scores an image.
        batch: Images that it is given at once; None where any number goes.
        is_probability: Whether the scores are probabilities.
        notes: What a reader should know of it.
    """

    n_outputs: int
    batch: int | None
    is_probability: bool
    notes: tuple[str, ...] = ()


def behaviour_of(
    sessions: Sessions, signature: Signature, transform: Mapping[str, Any], is_probability: bool | None, path: Path
) -> Behaviour:
    """What a graph does with images, found by showing it two of noise, one by one and together.

    Args:
        sessions: Of the graph.
        signature: How it is called.
        transform: Its preprocessing.
        is_probability: Whether it gives probabilities; None where nothing says so.
        path: Of the file, for errors.

    Raises:
        ModelError: If it cannot be run, gives no scores, or other ones for the same image.
    """
    noise = torch.randint(0, 256, (2, *signature.size, 3), generator=torch.Generator().manual_seed(0))
    images = Normalise(transform)(noise.to(torch.uint8))
    one_by_one = Graph(sessions, signature, signature.batch or 1)
    alone, again = one_by_one(images), one_by_one(images)
    if not _same(alone, again, signature):
        raise ModelError(
            f"{path} gives other scores for the same image each time: was it exported in training mode? Call "
            "model.eval() before the export."
        )
    notes = []
    batch = signature.batch
    if batch is None and not _goes_together(Graph(sessions, signature), images, alone, signature):
        batch = 1
        notes.append(
            "what the graph says of an image depends on the others of its batch, or it takes one only, whatever its "
            "input says: images are given one by one."
        )
    is_distribution = _is_distribution(alone)
    if is_probability and not is_distribution:
        sums = alone.sum(dim=1).tolist()
        raise ModelError(
            f"{path}: its output is said to be probabilities, but those of an image add up to {sums[0]:.4g}: say "
            '"output_is": "logits".'
        )
    if is_probability is None and is_distribution:
        notes.append("its scores lie from 0 to 1 and add up to 1: they are taken for probabilities.")
    found = is_distribution if is_probability is None else is_probability
    return Behaviour(alone.shape[1], batch, found, tuple(notes))


def _goes_together(graph: Graph, images: torch.Tensor, alone: torch.Tensor, signature: Signature) -> bool:
    try:
        return _same(graph(images), alone, signature)
    except ModelError:
        return False


def _same(one: torch.Tensor, other: torch.Tensor, signature: Signature) -> bool:
    within = _SAME.get(signature.dtype, _SAME_OTHERWISE)
    if one.shape != other.shape:
        return False
    return torch.allclose(one, other, rtol=0, atol=within * float(other.nan_to_num().abs().max()), equal_nan=True)


def _is_distribution(scores: torch.Tensor) -> bool:
    """Whether rows can be nothing but probabilities of classes that exclude each other."""
    if scores.shape[1] < 2 or not torch.isfinite(scores).all() or scores.min() < 0:
        return False
    return bool((scores.sum(dim=1) - 1).abs().max() <= _SUM_WITHIN)
