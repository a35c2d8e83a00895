"""Measure Grad-CAM maps in one run against calling the grad-cam package image by image."""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from pytorch_grad_cam import GradCAM

from core import models
from core.bench.throughput import alternate, image_files, model_name
from core.images.opening import open_rgb
from core.images.preprocess import Preprocess
from core.models.normalise import Normalise
from core.saliency.explain import Explainer, upsampled
from core.saliency.layers import Layer
from core.types import Model, ProgressCallback

#: Images a round.
BATCH = 16


def measure_saliency(
    model: str | None = None,
    data: Path | None = None,
    *,
    device: str = "auto",
    rounds: int = 5,
    progress: ProgressCallback | None = None,
) -> dict[str, Any]:
    """Compare two ways to the same Grad-CAM maps, in alternating rounds of 16 images.

    (a) ``package``: one ``GradCAM`` object of the package at the same layer, called for one normalised image after the
    other, on a copy of the model of its own; (b) ``explainer``: one call of ``Explainer.explain``, which also
    normalises. Decoding is left out of both.

    Args:
        model: A model's name; a local one by default.
        data: Folder with images; see ``core.bench.image_files``.
        device: ``auto``, ``cpu`` or ``cuda``.
        rounds: Counted rounds.
        progress: Called after each round.

    Returns:
        ``explainer, package`` (images/s, medians), ``ratio`` (b/a), ``largest_difference`` between the maps, scaled as
        the package does (minimum 0, maximum 1), and how it was run.

    Raises:
        UsageError: If there is no model or no image.
        NotAvailableError: If the architecture has no map.
    """
    name = model_name(model)
    loaded = models.load(name, device)
    preprocess, explainer = Preprocess(loaded.transform), Explainer(loaded)
    with tempfile.TemporaryDirectory() as scratch:
        files = image_files(data, Path(scratch))[:BATCH]
        pixels = np.stack([preprocess(open_rgb(file)) for file in files])
    package = _Package(models.load(name, device), explainer.layer, pixels)
    rates = alternate(
        {"package": package, "explainer": lambda: explainer.explain(pixels)}, len(pixels), rounds, progress
    )
    medians = {way: statistics.median(values) for way, values in rates.items()}
    return {
        **{way: round(value, 2) for way, value in medians.items()},
        "ratio": round(medians["explainer"] / medians["package"], 3),
        "largest_difference": float(np.abs(_package_scale(_evenly(explainer, pixels)) - package.maps).max()),
        "model": loaded.name,
        "layer": explainer.layer.name,
        "device": loaded.device,
        "threads": torch.get_num_threads(),
        "images": len(pixels),
        "rounds": {way: [round(value, 1) for value in values] for way, values in rates.items()},
    }


class _Package:
    """(a): what the package's documentation shows, with the layer and the grid that we found for it."""

    def __init__(self, model: Model, layer: Layer, pixels: np.ndarray) -> None:
        assert model.module is not None
        normalise = Normalise(model.transform, model.device)
        self._inputs = normalise(torch.from_numpy(pixels).to(model.device)).contiguous()
        self._module, self._layer = model.module, layer
        self.maps = np.empty(0)

    def __call__(self) -> None:
        target = self._module.get_submodule(self._layer.name)
        with GradCAM(self._module, [target], self._layer.layout.channels_first) as cam:
            self.maps = np.concatenate([cam(image[None], None) for image in self._inputs])


def _evenly(explainer: Explainer, pixels: np.ndarray) -> np.ndarray:
    """Maps drawn as the package draws them: cells share the image evenly, wherever they look."""
    return upsampled(explainer.explain(pixels).grid, pixels.shape[1:3])


def _package_scale(values: np.ndarray) -> np.ndarray:
    values = values - values.min(axis=(1, 2), keepdims=True)
    return values / (values.max(axis=(1, 2), keepdims=True) + 1e-7)
