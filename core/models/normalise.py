"""From pixels to a model's input, a batch at a time, on the device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch


class Normalise:
    """A batch of pixels to a model's input, equal to timm's ``ToTensor`` and ``Normalize``.

    Args:
        transform: With ``input_size``, ``mean`` and ``std``.
        device: Where it works.
    """

    def __init__(self, transform: Mapping[str, Any], device: str = "cpu") -> None:
        width = int(transform["input_size"][2])
        # A whole row of (mean, std) triples: the innermost loop then runs over W * 3 values instead of 3.
        self._mean = torch.tensor(transform["mean"], device=device).repeat(width)
        self._std = torch.tensor(transform["std"], device=device).repeat(width)

    def __call__(self, pixels: torch.Tensor) -> torch.Tensor:
        """Normalise.

        Args:
            pixels: uint8 0..255 or float 0..1, (N, H, W, 3), contiguous, on the device.

        Returns:
            float32 (N, 3, H, W), channels_last in memory.
        """
        n, height, width, channels = pixels.shape
        rows = pixels.reshape(n, height, width * channels)
        rows = rows.float().div_(255) if pixels.dtype == torch.uint8 else rows.clone()
        rows = rows.sub_(self._mean).div_(self._std)
        return rows.view(n, height, width, channels).permute(0, 3, 1, 2)
