"""MEMO: a classifier adapts to one image so that it says the same of all its crops, answers, and forgets it again.

    from core import models
    from core.zoom import memo

    adapted = memo.predict(models.load("resnet50.a1_in1k"), image)
    adapted.before, adapted.after  # probabilities, float32 (classes,)

Source: Zhang, Levine and Finn 2022, "MEMO: Test time robustness via adaptation and augmentation"; the number of crops,
their shares of the area and the learning rate as in Taesiri et al. 2023, "ImageNet-Hard".
"""

from __future__ import annotations

import copy
import math
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from PIL import Image

from core.errors import NotAvailableError, UsageError
from core.images.opening import as_rgb, reasons
from core.images.preprocess import Preprocess
from core.images.views.base import random_of
from core.images.views.random_crops import RandomCrops
from core.models.normalise import Normalise
from core.models.outputs import finite, logits_of, refusing
from core.types import Model
from core.zoom.wrapping import as_model, content_id

#: Crops, learning rate, steps and shares of the area of the study.
N, LR, STEPS, SCALE = 64, 2.5e-4, 1, (0.08, 1.0)
#: Crops at once; gradients need their activations.
_SLICE = {"cpu": 8, "cuda": 64}
#: Below it the logarithm of a float32 is not finite.
_TINY = float(np.finfo(np.float32).tiny)


@dataclass(frozen=True)
class Adapted:
    """What a classifier said of an image as its own preprocessing shows it, and what once it had adapted to it.

    Attributes:
        before: float32 (classes,), probabilities: the plain evaluation's.
        after: float32 (classes,), probabilities.
        logits: float32 (2, classes): before and after.
        entropy_before: Marginal entropy over the crops, in nats; what adapting makes smaller.
        entropy_after: The same after the last step; NaN where it was not asked for.
    """

    before: np.ndarray = field(repr=False)
    after: np.ndarray = field(repr=False)
    logits: np.ndarray = field(repr=False)
    entropy_before: float
    entropy_after: float


def predict(
    model: Model | torch.nn.Module,
    image: Image.Image,
    *,
    n: int = N,
    lr: float = LR,
    steps: int = STEPS,
    scale: tuple[float, float] = SCALE,
    sample_id: str | None = None,
    transform: Mapping[str, Any] | None = None,
) -> Adapted:
    """Adapt to one image and answer; see ``Memo``, which is cheaper for many.

    Args:
        model: As for ``Memo``; it stays exactly as it is.
        image: Any mode.
        n: As for ``Memo``.
        lr: As for ``Memo``.
        steps: As for ``Memo``.
        scale: As for ``Memo``.
        sample_id: Decides where the crops lie; by the image's pixels by default.
        transform: As for ``Memo``.

    Raises:
        UsageError, ImageError, StorageError, ModelError: See ``Memo``.
    """
    return Memo(model, n=n, lr=lr, steps=steps, scale=scale, transform=transform).predict(image, sample_id)


class Memo:
    """A classifier that adapts to each image anew.

    All parameters take a step of plain stochastic gradient descent that lowers the entropy of the mean answer to random
    resized crops (no flip), with normalisation layers as in evaluation. It works on a copy of the network, which after
    each image is what it was, also after an error; the network that was given never changes.

    An image costs about five times ``n`` forward passes. Memory does not grow with ``n``.

    Args:
        model: From ``core.models.load``, or a network in float32 that gives logits; it is put into evaluation mode.
        n: Crops of each image.
        lr: Learning rate, above 0.
        steps: How many steps.
        scale: Least and largest share of the image's area, above 0 and up to 1.
        transform: The preprocessing of a network that does not carry it as timm's do.

    Raises:
        UsageError: If an argument is out of range or missing; names it.
        ModelError: If the network gives no logits, or has no gradients.
    """

    def __init__(
        self,
        model: Model | torch.nn.Module,
        *,
        n: int = N,
        lr: float = LR,
        steps: int = STEPS,
        scale: tuple[float, float] = SCALE,
        transform: Mapping[str, Any] | None = None,
    ) -> None:
        if not (isinstance(lr, int | float) and math.isfinite(lr) and lr > 0):
            raise UsageError(f"lr {lr!r} must be a number above 0, such as lr={LR}.")
        if not (isinstance(steps, int) and steps >= 1):
            raise UsageError(f"steps {steps!r} must be a whole number from 1, such as steps={STEPS}.")
        self._views = RandomCrops(n, scale)
        self._lr = lr
        self._steps = steps
        given = as_model(model, transform)
        reason = getattr(given.module, "no_gradients", "")
        if reason:
            raise NotAvailableError(f"MEMO adapts '{given.name}' by gradients, and {reason}.")
        self._network = copy.deepcopy(given.module).eval().requires_grad_(True)
        self._model = replace(given, module=self._network)
        self._preprocess = Preprocess(given.transform)
        self._normalise = Normalise(given.transform, given.device)
        self._slice = _SLICE[torch.device(given.device).type]
        tensors = [*self._network.parameters(), *self._network.buffers()]
        self._kept = [(tensor, tensor.detach().clone()) for tensor in tensors]
        # One network can be in one state at a time.
        self._turn = threading.Lock()

    @property
    def model(self) -> Model:
        """What it runs."""
        return self._model

    def predict(self, image: Image.Image, sample_id: str | None = None, *, entropy: bool = True) -> Adapted:
        """Adapt to one image and answer.

        Args:
            image: Any mode.
            sample_id: Decides where the crops lie; by the image's pixels by default.
            entropy: Whether the entropy afterwards is wanted, which takes ``n`` more forward passes.

        Raises:
            ImageError, StorageError: If the image cannot become pixels.
            ModelError: If an output is not finite, before or after adapting.
        """
        with reasons("an image"):
            rgb = as_rgb(image)
        shown = torch.from_numpy(self._preprocess(rgb)[None].copy())
        rng = random_of(content_id(rgb) if sample_id is None else sample_id)
        crops = torch.from_numpy(np.stack(list(self._views.render(rgb, None, self._preprocess, rng))))
        with self._turn, self._restored():
            before, entropies = self._answer(shown), []
            for _ in range(self._steps):
                mean = self._mean(crops)
                entropies.append(_entropy(mean))
                self._step(crops, mean)
            after = self._answer(shown)
            last = _entropy(self._mean(crops)) if entropy else math.nan
        logits = torch.cat([before, after])
        prob = logits.softmax(dim=1).numpy()
        return Adapted(prob[0], prob[1], logits.numpy(), entropies[0], last)

    @contextmanager
    def _restored(self) -> Iterator[None]:
        """Afterwards the network is what it was, whatever happens."""
        try:
            yield
        finally:
            self._network.zero_grad(set_to_none=True)
            with torch.no_grad():
                for tensor, kept in self._kept:
                    tensor.copy_(kept)

    def _logits(self, pixels: torch.Tensor) -> torch.Tensor:
        inputs = self._normalise(pixels.to(self._model.device))
        with refusing(self._model):
            found = logits_of(self._network(inputs), len(pixels), self._model)
        return finite(found, self._model.name)

    @torch.no_grad()
    def _answer(self, shown: torch.Tensor) -> torch.Tensor:
        """Logits of the image as it is shown: float32 (1, classes), on the CPU."""
        return self._logits(shown).cpu()

    @torch.no_grad()
    def _mean(self, crops: torch.Tensor) -> torch.Tensor:
        """The mean answer to the crops: probabilities (classes,)."""
        return sum(self._logits(part).softmax(dim=1).sum(dim=0) for part in crops.split(self._slice)) / len(crops)

    def _step(self, crops: torch.Tensor, mean: torch.Tensor) -> None:
        """One step down the entropy of the mean answer.

        The gradient of the entropy by the mean is known from the mean, so the crops can follow a few at a time: memory
        stays that of a few.
        """
        optimiser = torch.optim.SGD(self._network.parameters(), lr=self._lr)
        optimiser.zero_grad(set_to_none=True)
        slope = -(mean.clamp_min(_TINY).log() + 1) / len(crops)
        for part in crops.split(self._slice):
            (self._logits(part).softmax(dim=1) @ slope).sum().backward()
        optimiser.step()


def _entropy(mean: torch.Tensor) -> float:
    """Of probabilities (classes,), in nats."""
    return float(-(mean * mean.clamp_min(_TINY).log()).sum())
