"""How a layer's output lies on the image: channels first, channels last, or tokens behind some prefix."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import torch

#: Prefix tokens (class, distillation, registers) looked for where a network does not say how many it has.
_MAX_PREFIX = 16


@dataclass(frozen=True)
class Layout:
    """How a layer's output lies on the image.

    Attributes:
        kind: ``channels-first`` (N, C, h, w), ``channels-last`` (N, h, w, C) or ``tokens`` (N, prefix + h * w, C).
        grid: (h, w).
        channels: C.
        prefix: Tokens before those of the image.
    """

    kind: Literal["channels-first", "channels-last", "tokens"]
    grid: tuple[int, int]
    channels: int
    prefix: int = 0

    def channels_first(self, output: torch.Tensor) -> torch.Tensor:
        """The layer's output, or its gradient, as (N, C, h, w)."""
        if self.kind == "tokens":
            output = output[:, self.prefix :].unflatten(1, self.grid)
        return output if self.kind == "channels-first" else output.permute(0, 3, 1, 2)


def layout_of(
    shape: tuple[int, ...],
    size: tuple[int, int],
    prefix: int | None = None,
    channels: frozenset[int] = frozenset(),
) -> Layout | None:
    """How an output of some shape lies on an image, or None if it does not.

    Args:
        shape: Of the output, (N, ...).
        size: (H, W) of the image in pixels.
        prefix: Tokens before those of the image, if the network says so.
        channels: Numbers of channels that the network's maps are known to have; decide where both readings fit.
    """
    if len(shape) == 4:
        readings = [
            Layout("channels-first", (shape[2], shape[3]), shape[1]),
            Layout("channels-last", (shape[1], shape[2]), shape[3]),
        ]
        fitting = [reading for reading in readings if reading.grid in _grids(size)]
        return next((reading for reading in fitting if reading.channels in channels), fitting[0] if fitting else None)
    if len(shape) == 3:
        declared = [] if prefix is None else [prefix]
        for skipped in dict.fromkeys([*declared, *range(_MAX_PREFIX + 1)]):
            fitting = [grid for grid in _grids(size) if math.prod(grid) == shape[1] - skipped]
            if fitting:
                return Layout("tokens", fitting[0], shape[2], skipped)
    return None


def _grids(size: tuple[int, int]) -> list[tuple[int, int]]:
    """Grids of at least 2x2 places that one stride in both directions gives; those that divide the image come first."""
    height, width = size
    exact, rounded = [], []
    for stride in range(1, min(size)):
        for rows in {height // stride, -(-height // stride)}:
            for columns in {width // stride, -(-width // stride)}:
                if min(rows, columns) >= 2:
                    even = rows * stride == height and columns * stride == width
                    (exact if even else rounded).append((rows, columns))
    return list(dict.fromkeys([*exact, *rounded]))
