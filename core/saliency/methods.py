"""What each method makes of a layer's output and its gradient; the formulas are those of the grad-cam package.

All take numpy (N, C, h, w) and give the raw, signed grid (N, h, w).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import torch
from pytorch_grad_cam import GradCAM, GradCAMPlusPlus, LayerCAM
from pytorch_grad_cam.base_cam import BaseCAM
from torch import nn

from core.saliency.layout import drawn
from core.saliency.placement import Placement

#: Scores of the target for masked inputs (M, 3, H, W) of one image: (M,).
ScoresOf = Callable[[torch.Tensor], torch.Tensor]
_TINY = 1e-8


@cache
def _formulas(kind: type[BaseCAM]) -> BaseCAM:
    """A class of the package for its formula only: no layer of a network is hooked."""
    return kind(nn.Linear(1, 1), [])


def _package_grid(kind: type[BaseCAM], activations: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    return _formulas(kind).get_cam_image(None, None, None, activations, gradients, False)


def grad_cam(activations: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """Selvaraju et al. 2017: channels weighted by their mean gradient."""
    return _package_grid(GradCAM, activations, gradients)


def layer_cam(activations: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """Jiang et al. 2021: every place of a channel weighted by its own positive gradient."""
    return _package_grid(LayerCAM, activations, gradients)


def grad_cam_plus_plus(activations: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """Chattopadhay et al. 2018, equation 19.

    The package adds 1e-6 to a denominator of squared gradients, which after a global pool are often smaller than
    that. The quotient stays the same if gradients grow and activations shrink by one factor, so they are brought to 1.
    """
    largest = np.abs(gradients).max(axis=(1, 2, 3), keepdims=True)
    largest = np.where(largest > 0, largest, 1).astype(gradients.dtype)
    with np.errstate(over="ignore", invalid="ignore"):
        grid = _package_grid(GradCAMPlusPlus, activations * largest, gradients / largest)
    # Of the factors one has gone into the weights and one into the activations: they cancel.
    return grid


def eigen_cam(activations: np.ndarray) -> np.ndarray:
    """Muhammad and Yeasin 2020: the first principal component of the activations, the same for every class.

    Its sign is arbitrary; it is turned so that its largest absolute value is positive (Chung and Ying 2025, equation
    13). The package leaves it to chance, takes NaN for 0, and decomposes into C x C where the places are enough.
    """
    n, channels, height, width = activations.shape
    places = activations.reshape(n, channels, height * width).transpose(0, 2, 1)
    places = places - places.mean(axis=1, keepdims=True)
    grid = np.full((n, height * width), np.nan, dtype=np.float32)
    for number, matrix in enumerate(places):
        if np.isfinite(matrix).all():
            left, strength, _ = np.linalg.svd(matrix, full_matrices=False)
            first = left[:, 0] * strength[0]
            grid[number] = first if first.max() >= -first.min() else -first
    return grid.reshape(n, height, width)


def score_cam(
    activations: torch.Tensor,
    image: torch.Tensor,
    scores_of: ScoresOf,
    batch: int,
    placed: Placement,
    advance: Callable[[int], None] = lambda n: None,
) -> torch.Tensor:
    """Wang et al. 2020: channels weighted by the score of the image seen through them alone; of one image.

    The package masks all images by all channels at once, which for 1,280 channels and 16 images of 224 px is 12 GB,
    and stretches channels over the image from corner to corner. Channels that are the same everywhere show nothing of
    the image and are left out.

    Args:
        activations: (C, h, w).
        image: (3, H, W), normalised.
        scores_of: Runs the network.
        batch: Masked images at once.
        placed: Where in the image the places lie.
        advance: Told of every finished number of channels.

    Returns:
        (h, w).
    """
    if not activations.isfinite().all():
        return torch.full_like(activations[0], torch.nan)
    live = torch.nonzero(activations.amax(dim=(1, 2)) > activations.amin(dim=(1, 2))).flatten()
    advance(len(activations) - len(live))
    if not len(live):
        return torch.zeros_like(activations[0])
    scores = []
    for part in live.split(batch):
        seen = drawn(activations[part], (image.shape[1], image.shape[2]), placed)[:, None]
        low, high = seen.amin(dim=(2, 3), keepdim=True), seen.amax(dim=(2, 3), keepdim=True)
        scores.append(scores_of(image * ((seen - low) / (high - low + _TINY))))
        advance(len(part))
    weights = torch.cat(scores).softmax(dim=0)
    return (weights[:, None, None] * activations[live]).sum(dim=0)
