"""Test-time augmentation by zoom: the answers to several random resized crops of an image become one.

from core import models
from core.zoom import ZoomTTA

tta = ZoomTTA(models.load("resnet50.a1_in1k"), n=16, scale=(0.25, 1.0))
probabilities = tta(images)  # Pillow images in, float32 (images, classes) out
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, Literal, get_args

import numpy as np
import torch
from PIL import Image

from core.errors import UsageError, nearest
from core.images.opening import as_rgb, reasons
from core.images.views.base import random_of
from core.images.views.random_crops import RandomCrops
from core.models.engine import Engine
from core.models.outputs import finite
from core.types import Model, Precision
from core.zoom.wrapping import as_model, content_id

Vote = Literal["mean", "max", "majority"]


class ZoomTTA:
    """A classifier that looks at random resized crops of an image.

    Crops are those of ``evaluate --view tta-rrc@N,lo,hi`` where an image has the id that its benchmark gives it.

    Args:
        model: From ``core.models.load``, or a network in float32 that gives logits; it is put into evaluation mode and
            stays on its device.
        n: Crops of each image, which are as many forward passes.
        scale: Least and largest share of the image's area, above 0 and up to 1.
        vote: How the answers become one, by default; see ``together``.
        transform: The preprocessing of a network that does not carry it as timm's do; its ``input_size``, ``mean`` and
            ``std`` count.
        precision: ``fp32``, ``bf16`` or ``fp16``.
        batch_size: Crops a forward pass; chosen by device by default.

    Raises:
        UsageError: If an argument is out of range or missing; names it.
        ModelError: If the network gives no logits.

    Source: Taesiri et al. 2023, "ImageNet-Hard", Section 4 (crops, mean of the probabilities).
    """

    def __init__(
        self,
        model: Model | torch.nn.Module,
        n: int = 16,
        scale: tuple[float, float] = (0.25, 1.0),
        *,
        vote: Vote = "mean",
        transform: Mapping[str, Any] | None = None,
        precision: Precision = "fp32",
        batch_size: int | None = None,
    ) -> None:
        self._views = RandomCrops(n, scale)
        self._vote = _checked(vote)
        self._engine = Engine(as_model(model, transform), precision, batch_size)

    def __call__(
        self,
        images: Image.Image | Sequence[Image.Image],
        ids: str | Sequence[str] | None = None,
        *,
        vote: Vote | None = None,
    ) -> np.ndarray:
        """Classify.

        Args:
            images: One or several, any mode, each at its own size.
            ids: Decide where the crops of each image lie; by its pixels by default.
            vote: How the answers become one; as constructed by default.

        Returns:
            float32 (images, classes), rows that add up to 1; one row for one image.

        Raises:
            UsageError: If there are not as many ids as images, or the vote is unknown.
            ImageError, StorageError: If an image cannot become pixels.
            ModelError: If the output for a crop is not finite.
        """
        vote = self._vote if vote is None else _checked(vote)
        several = [images] if isinstance(images, Image.Image) else list(images)
        names = [ids] if isinstance(ids, str) else ids
        if names is not None and len(names) != len(several):
            raise UsageError(f"{len(names)} ids for {len(several)} images: give one each.")
        if not several:
            return np.empty((0, self._engine.model.num_classes), np.float32)
        crops = self._crops(several, names)
        said = []
        while batch := list(islice(crops, self._engine.batch_size)):
            prob, logits = self._engine.predict(torch.from_numpy(np.stack(batch)))
            finite(torch.from_numpy(logits), self._engine.model.name)
            said.append(prob)
        return together(np.concatenate(said).reshape(len(several), self._views.n, -1), vote)

    def _crops(self, images: Sequence[Image.Image], names: Sequence[str] | None) -> Iterator[np.ndarray]:
        for at, image in enumerate(images):
            with reasons(f"image {at}"):
                rgb = as_rgb(image)
            rng = random_of(content_id(rgb) if names is None else names[at])
            yield from self._views.render(rgb, None, self._engine.preprocess, rng)


def together(prob: np.ndarray, vote: Vote = "mean") -> np.ndarray:
    """The answers to several crops as one.

    ``mean`` is the mean of the probabilities; ``max`` the largest of each class, divided by their sum; ``majority`` the
    share of crops that are for a class, where the mean counts as one crop more, which decides nothing but ties.

    Args:
        prob: float (images, crops, classes).
        vote: Which.

    Returns:
        float32 (images, classes), rows that add up to 1.

    Raises:
        UsageError: If the vote is unknown.
    """
    mean = prob.mean(axis=1)
    if _checked(vote) == "max":
        largest = prob.max(axis=1)
        return (largest / largest.sum(axis=1, keepdims=True)).astype(np.float32)
    if vote == "majority":
        votes = (prob.argmax(axis=2)[..., None] == np.arange(prob.shape[2])).sum(axis=1)
        return ((votes + mean) / (prob.shape[1] + 1)).astype(np.float32)
    return mean.astype(np.float32)


def _checked(vote: str) -> Vote:
    known = get_args(Vote)
    if vote not in known:
        raise UsageError(f"unknown vote '{vote}'.{nearest(str(vote), known)} Known: {', '.join(known)}.")
    return vote
