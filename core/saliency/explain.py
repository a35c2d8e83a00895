"""Saliency maps of many images from a loaded classifier."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from core.errors import ModelError, UsageError
from core.models.normalise import Normalise
from core.saliency import methods
from core.saliency.guided import guided_copy
from core.saliency.layers import Layer, differentiating, find_layer, module_lock, require_gradients
from core.saliency.layout import drawn
from core.saliency.maps import Saliency, Target, check_method
from core.saliency.placement import Placement
from core.saliency.tap import tapped
from core.types import Model, Progress, ProgressCallback

#: Images in one pass; bounds the memory.
MICRO_BATCH = {"cpu": 8, "cuda": 64}

_FROM_GRADIENTS = {
    "grad-cam": methods.grad_cam,
    "grad-cam++": methods.grad_cam_plus_plus,
    "layer-cam": methods.layer_cam,
}


@dataclass
class _Part:
    """Maps of one micro-batch: ``grid`` (n, h, w), ``colour`` (n, H, W, 3) or None."""

    grid: np.ndarray
    classes: np.ndarray
    against: np.ndarray
    scores: np.ndarray
    colour: np.ndarray | None = None


class Explainer:
    """A loaded model, ready to show where its scores come from; may be used from several threads.

    One network is explained by one thread at a time, a micro-batch each (``module_lock``); Score-CAM's many passes,
    and the predictions that other threads make with the network, neither wait for it nor are disturbed.

    Args:
        model: Loaded.
        batch_size: Images in one pass; chosen by device by default.
        layer: To explain; found by ``find_layer`` at the first use by default.

    Raises:
        ModelError: If the model is not loaded.
    """

    def __init__(self, model: Model, batch_size: int | None = None, layer: Layer | None = None) -> None:
        if model.module is None:
            raise ModelError(f"'{model.name}' is described, not loaded: use core.models.load")
        self.model = model
        self.device = torch.device(model.device)
        self.batch_size = batch_size or MICRO_BATCH[self.device.type]
        self.size = (int(model.transform["input_size"][1]), int(model.transform["input_size"][2]))
        self._module: nn.Module = model.module.to(memory_format=torch.channels_last)
        self._normalise = Normalise(model.transform, model.device)
        self._layer = layer
        self._guided: nn.Module | None = None

    @property
    def layer(self) -> Layer:
        """The layer whose map is shown.

        Raises:
            NotAvailableError: If the architecture has none; says why.
        """
        return self._layer or find_layer(self._module, self.size, self.model.name)

    @property
    def networks(self) -> tuple[nn.Module, ...]:
        """What is kept in memory: the network, and its guided copy once that has been needed."""
        return (self._module,) if self._guided is None else (self._module, self._guided)

    def explain(
        self,
        pixels: np.ndarray | torch.Tensor,
        method: str = "grad-cam",
        target: Target | None = None,
        progress: ProgressCallback | None = None,
    ) -> Saliency:
        """Maps of images.

        Args:
            pixels: uint8 0..255 or float 0..1, (N, H, W, 3), at the model's input size (``images.preprocess``).
            method: Key of ``core.saliency.maps.METHODS``. ``eigen-cam`` gives the same map for every target;
                ``score-cam`` runs the network once a channel.
            target: Which score; the predicted class by default.
            progress: Called with images done, for ``score-cam`` with channels done.

        Returns:
            Raw maps in the order of the images.

        Raises:
            UsageError: If the method, the target or the pixels do not fit.
            NotAvailableError: If the architecture has no such map.
            ModelError: If the GPU's memory is too small.
        """
        check_method(method)
        target = target or Target.predicted()
        if isinstance(pixels, np.ndarray):
            # Pixels of a decoded image are read-only, which torch warns of; those are copied.
            pixels = torch.from_numpy(np.require(pixels, requirements=["C", "W"]))
        if pixels.ndim != 4 or tuple(pixels.shape[1:]) != (*self.size, 3):
            raise UsageError(
                f"pixels have the shape {tuple(pixels.shape)}, but '{self.model.name}' takes (N, {self.size[0]}, "
                f"{self.size[1]}, 3): prepare images with core.images.preprocess.Preprocess"
            )
        require_gradients(self._module, self.model.name)
        if not len(pixels):
            return self._empty(method)
        counter = _Counter(progress, len(pixels))
        parts = []
        for start in range(0, len(pixels), self.batch_size):
            part = pixels[start : start + self.batch_size]
            parts.append(self._guarded(part, method, _Chooser(target, start, len(pixels)), counter))
            if method != "score-cam":
                counter.advance(len(part))
        return _joined(method, None if method == "input-gradients" else self.layer, parts, self.size)

    def _empty(self, method: str) -> Saliency:
        none, maps = np.empty(0, np.int64), np.empty((0, *self.size), np.float32)
        return Saliency(method, "", maps, maps, none, none, np.empty(0, np.float32))

    def _guarded(self, pixels: torch.Tensor, method: str, choose: _Chooser, counter: _Counter) -> _Part:
        try:
            # Ordinary tensors even where the caller is in inference mode: gradients are taken of them.
            with torch.inference_mode(False), torch.no_grad():
                inputs = self._normalise(pixels.to(self.device).contiguous())
            if method == "input-gradients":
                with module_lock(self._module), differentiating(self.model.name):
                    return _magnitudes(*_input_gradients(self._module, inputs, choose))
            if method == "guided-grad-cam":
                return self._guided_grad_cam(inputs, choose)
            return self._cam(inputs, method, choose, counter)
        except torch.OutOfMemoryError as error:
            fewer = max(1, self.batch_size // 2)
            raise ModelError(
                f"the GPU has too little memory for {self.batch_size} images at once: use batch_size={fewer}"
            ) from error

    def _cam(self, inputs: torch.Tensor, method: str, choose: _Chooser, counter: _Counter) -> _Part:
        layer = self.layer
        layout, gradients = layer.layout, method in _FROM_GRADIENTS
        with module_lock(self._module), tapped(self._module, layer.name, gradients=gradients) as caught:
            logits = self._module(inputs).float()
            classes, against, scores = choose(logits)
            activations = layout.channels_first(caught[0].detach()).float()
            if gradients:
                (gradient,) = torch.autograd.grad(scores.sum(), caught[0])
                grid = _FROM_GRADIENTS[method](_numpy(activations), _numpy(layout.channels_first(gradient)))
            elif method == "eigen-cam":
                grid = methods.eigen_cam(_numpy(activations))
        if method == "score-cam":
            grid = self._score_cam(inputs, activations, classes, against, counter)
        return _Part(np.asarray(grid, np.float32), classes, against, _numpy(scores))

    def _score_cam(
        self,
        inputs: torch.Tensor,
        activations: torch.Tensor,
        classes: np.ndarray,
        against: np.ndarray,
        counter: _Counter,
    ) -> np.ndarray:
        counter.unit(activations.shape[1])
        grids, placed = [], self.layer.placement
        with torch.inference_mode():
            for image, maps, index, other in zip(inputs, activations, classes, against, strict=True):

                def scores_of(masked: torch.Tensor, index: int = int(index), other: int = int(other)) -> torch.Tensor:
                    logits = self._module(masked.contiguous(memory_format=torch.channels_last)).float()
                    return logits[:, index] - logits[:, other] if other >= 0 else logits[:, index]

                grids.append(methods.score_cam(maps, image, scores_of, self.batch_size, placed, counter.advance))
        return _numpy(torch.stack(grids))

    def _guided_grad_cam(self, inputs: torch.Tensor, choose: _Chooser) -> _Part:
        with module_lock(self._module):
            if self._guided is None:
                self._guided = guided_copy(self._module, self.model.name)
            cam = self._cam(inputs, "grad-cam", choose, _Counter(None, 0))
            # The classes that were found once; the copy gives the same scores.
            colour, *_ = _input_gradients(
                self._guided, inputs, lambda logits: _scored(logits, cam.classes, cam.against)
            )
        colour *= upsampled(cam.grid, self.size, self.layer.placement)[..., None]
        return _magnitudes(colour, cam.classes, cam.against, cam.scores)


class _Chooser:
    """The explained scores of one micro-batch: images ``start`` and following of ``n``."""

    def __init__(self, target: Target, start: int, n: int) -> None:
        self._target, self._start, self._n = target, start, n

    def __call__(self, logits: torch.Tensor) -> tuple[np.ndarray, np.ndarray, torch.Tensor]:
        return _scored(logits, *self._target.resolve(_numpy(logits), self._start, self._n))


def _scored(
    logits: torch.Tensor, classes: np.ndarray, against: np.ndarray
) -> tuple[np.ndarray, np.ndarray, torch.Tensor]:
    rows = torch.arange(len(logits), device=logits.device)
    scores = logits[rows, torch.from_numpy(classes).to(logits.device)]
    if (against >= 0).all():
        scores = scores - logits[rows, torch.from_numpy(against).to(logits.device)]
    return classes, against, scores


def _input_gradients(
    module: nn.Module,
    inputs: torch.Tensor,
    choose: Callable[[torch.Tensor], tuple[np.ndarray, np.ndarray, torch.Tensor]],
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Gradient of the score by the normalised input, float32 (n, H, W, 3), with the classes and the scores."""
    with torch.inference_mode(False), torch.enable_grad():
        leaf = inputs.detach().requires_grad_(True)
        # A copy goes in: a first layer that works in place may not do so on what is differentiated by.
        classes, against, scores = choose(module(leaf.clone()).float())
        (gradient,) = torch.autograd.grad(scores.sum(), leaf)
    return _numpy(gradient.permute(0, 2, 3, 1)), classes, against, _numpy(scores)


def _magnitudes(colour: np.ndarray, classes: np.ndarray, against: np.ndarray, scores: np.ndarray) -> _Part:
    """Of three channels the largest absolute value (Simonyan et al. 2014, section 3.1)."""
    grid = np.abs(colour).max(axis=-1)
    return _Part(grid, classes, against, scores, colour)


def upsampled(grid: np.ndarray, size: tuple[int, int], placed: Placement | None = None) -> np.ndarray:
    """The positive part of grids (N, h, w) at a size in pixels, bilinear: float32 (N, H, W).

    Args:
        grid: Raw.
        size: (H, W).
        placed: Where in the image the cells lie; they share it evenly by default.
    """
    positive = torch.from_numpy(np.maximum(grid, 0, dtype=np.float32))
    return drawn(positive, size, placed or Placement.even((grid.shape[1], grid.shape[2]), size)).numpy()


def _joined(method: str, layer: Layer | None, parts: list[_Part], size: tuple[int, int]) -> Saliency:
    def all_of(name: str) -> np.ndarray:
        return np.concatenate([getattr(part, name) for part in parts])

    of_pixels = parts[0].colour is not None
    grid = all_of("grid")
    return Saliency(
        method=method,
        layer="" if layer is None else layer.name,
        grid=grid,
        values=grid if of_pixels or layer is None else upsampled(grid, size, layer.placement),
        classes=all_of("classes"),
        against=all_of("against"),
        scores=all_of("scores"),
        colour=all_of("colour") if of_pixels else None,
    )


class _Counter:
    """Tells the caller how far it is."""

    def __init__(self, progress: ProgressCallback | None, n: int) -> None:
        self._progress = progress
        self._n = self._total = n
        self._done = 0
        self._begun = time.monotonic()

    def unit(self, each: int) -> None:
        """Count in steps of which every image has this many."""
        self._total = self._n * each

    def advance(self, n: int) -> None:
        self._done += n
        if self._progress is not None:
            rate = self._done / max(time.monotonic() - self._begun, 1e-9)
            left = (self._total - self._done) / rate if rate else None
            self._progress(Progress(self._done, self._total, rate=rate, seconds_left=left, stage="explaining"))


def _numpy(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().float().cpu().numpy()
