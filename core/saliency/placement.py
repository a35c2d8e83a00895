"""Where the cells of a layer's map lie in the image; no torch.

A cell lies at the centre of what it looks at, which is not where an evenly cut image would have it: five convolutions
of stride 2 with symmetric padding put cell i at pixel 32 i, while a square of 32 px has its centre at 32 i + 15.5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Placement:
    """Where the cells of a map lie in the image: cell (i, j) is centred at ``offset + stride * (i, j)``.

    Attributes:
        grid: (h, w), cells.
        offset: Centre of the first cell, (row, column) in pixels; 0 is the centre of the first pixel.
        stride: From one cell to the next, (rows, columns) in pixels.
        traced: Whether it was followed through the network; otherwise the cells share the image evenly.
        whole: Of blocks, the cells that were cut into them; None where nothing was cut.
    """

    grid: tuple[int, int]
    offset: tuple[float, float]
    stride: tuple[float, float]
    traced: bool = True
    whole: Placement | None = field(default=None, compare=False, repr=False)

    @classmethod
    def of_pixels(cls, size: tuple[int, int]) -> Placement:
        """The image itself, (H, W): every pixel is a cell."""
        return cls(size, (0.0, 0.0), (1.0, 1.0))

    @classmethod
    def even(cls, grid: tuple[int, int], size: tuple[int, int]) -> Placement:
        """Cells that share an image (H, W) evenly, as patches do."""
        shared = cls.of_pixels(size).resized(grid)
        return cls(grid, shared.offset, shared.stride, traced=False)

    def along(self, axis: int, first: float, step: float, cells: int) -> Placement:
        """New cells along one axis, the n-th of them at the old cell ``first + step * n``."""
        grid, offset, stride = list(self.grid), list(self.offset), list(self.stride)
        grid[axis] = cells
        offset[axis] += stride[axis] * first
        stride[axis] *= step
        return Placement((grid[0], grid[1]), (offset[0], offset[1]), (stride[0], stride[1]), self.traced)

    def windowed(
        self,
        grid: tuple[int, int],
        kernel: Sequence[int],
        stride: Sequence[int],
        padding: Sequence[int],
        dilation: Sequence[int],
    ) -> Placement:
        """After a convolution or pool that gives ``grid``; all (rows, columns), padding that before the first cell."""
        placed = self
        for axis in (0, 1):
            first = dilation[axis] * (kernel[axis] - 1) / 2 - padding[axis]
            placed = placed.along(axis, first, stride[axis], grid[axis])
        return placed

    def resized(self, grid: tuple[int, int]) -> Placement:
        """The same area in other cells, as interpolation between pixel areas and adaptive pools have them."""
        placed = self
        for axis in (0, 1):
            step = self.grid[axis] / grid[axis]
            placed = placed.along(axis, (step - 1) / 2, step, grid[axis])
        return placed

    def weights(self, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
        """How much of each cell a pixel shows, bilinear: float32 (H, h) for the rows and (W, w) for the columns.

        Pixels before the first cell and behind the last one show that cell.
        """
        rows, columns = (_shares(*place) for place in zip(size, self.grid, self.offset, self.stride, strict=True))
        return rows, columns


def _shares(pixels: int, cells: int, offset: float, stride: float) -> np.ndarray:
    at = np.clip((np.arange(pixels) - offset) / stride, 0, cells - 1)
    below = np.minimum(at.astype(int), max(cells - 2, 0))
    shares = np.zeros((pixels, cells), np.float32)
    shares[np.arange(pixels), np.minimum(below + 1, cells - 1)] = at - below
    shares[np.arange(pixels), below] = 1 - (at - below)
    return shares


def mean(placements: Sequence[Placement], weights: Sequence[float]) -> Placement:
    """Of maps with one grid that are added or put side by side, each with its weight.

    How much either branch of a sum counts depends on what has been learnt and is not looked into: a shortcut that pools
    and a convolution that is padded differ by half the new stride at most, and the sum is taken to lie in the middle.
    """
    first = placements[0]
    if all(placed == first for placed in placements):
        return first

    def averaged(name: str) -> tuple[float, float]:
        rows, columns = np.average([getattr(placed, name) for placed in placements], axis=0, weights=weights)
        return float(rows), float(columns)

    return Placement(first.grid, averaged("offset"), averaged("stride"), all(placed.traced for placed in placements))
