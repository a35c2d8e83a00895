"""How a layer's output lies on the image: channels first, channels last, or tokens behind some prefix; and where.

Where its cells lie is followed through a pass, operation by operation, which is exact; most libraries take the cells
to share the image evenly, which convolutions with padding do not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakTensorKeyDictionary

from core.saliency import placement
from core.saliency.placement import Placement

#: Prefix tokens (class, distillation, registers) looked for where a network does not say how many it has.
_MAX_PREFIX = 16
#: Operations, by their names in torch's core, that move cells.
_POOLS = ("max_pool2d_with_indices", "avg_pool2d")
_PADS = ("constant_pad_nd", "reflection_pad2d", "replication_pad2d")
#: Those that divide the same area differently.
_RESIZING = ("upsample_", "_adaptive_avg_pool2d", "adaptive_max_pool2d")


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
    traced: tuple[int, int] | None = None,
) -> Layout | None:
    """How an output of some shape lies on an image, or None if it does not.

    Args:
        shape: Of the output, (N, ...).
        size: (H, W) of the image in pixels.
        prefix: Tokens before those of the image, if the network says so.
        channels: Numbers of channels that the network's maps are known to have; decide where both readings fit.
        traced: Grid of what the output was computed from, where that could be followed; goes before all others.
    """
    grids = _grids(size)
    if traced is not None and traced in grids:
        found = _of_grids(shape, [traced], prefix, channels)
        if found is not None:
            return found
    return _of_grids(shape, grids, prefix, channels)


def _of_grids(
    shape: tuple[int, ...], grids: Sequence[tuple[int, int]], prefix: int | None, channels: frozenset[int]
) -> Layout | None:
    if len(shape) == 4:
        readings = [
            Layout("channels-first", (shape[2], shape[3]), shape[1]),
            Layout("channels-last", (shape[1], shape[2]), shape[3]),
        ]
        fitting = [reading for reading in readings if reading.grid in grids]
        return next((reading for reading in fitting if reading.channels in channels), fitting[0] if fitting else None)
    if len(shape) == 3:
        declared = [] if prefix is None else [prefix]
        for skipped in dict.fromkeys([*declared, *range(_MAX_PREFIX + 1)]):
            fitting = [grid for grid in grids if math.prod(grid) == shape[1] - skipped]
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


def drawn(maps: torch.Tensor, size: tuple[int, int], placed: Placement) -> torch.Tensor:
    """Maps (N, h, w) at a size in pixels, bilinear, every cell where it lies in the image: (N, H, W)."""
    rows, columns = (torch.from_numpy(shares).to(maps) for shares in placed.weights(size))
    return rows @ maps @ columns.T


class Tracer(TorchDispatchMode):
    """Follows where the cells of every tensor lie in the image, through all operations of a pass in this thread.

    Convolutions, pools, padding, slices and cuts into blocks move them; everything else leaves them where they are,
    whatever becomes of the axes. Behind an operation that moves them and is not known here, the grid no longer fits.

    Args:
        image: (N, C, H, W), what the network is given.
    """

    def __init__(self, image: torch.Tensor) -> None:
        super().__init__()
        self._placed = WeakTensorKeyDictionary()
        self._placed[image] = Placement.of_pixels((image.shape[2], image.shape[3]))

    def of(self, output: torch.Tensor, grid: tuple[int, int]) -> Placement | None:
        """Where the cells of an output with this grid lie, or None if they could not be followed."""
        placed = self._placed.get(output)
        return placed if placed is not None and placed.grid == grid else None

    def grid_of(self, output: torch.Tensor) -> tuple[int, int] | None:
        """The grid of the cells that an output was computed from; None where nothing could be followed."""
        placed = self._placed.get(output)
        return None if placed is None else placed.grid

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple = (), kwargs: dict | None = None) -> Any:
        outputs = func(*args, **(kwargs or {}))
        operands = [part for part in tree_leaves((args, kwargs)) if isinstance(part, torch.Tensor)]
        operands = [(self._placed[part], part.numel()) for part in operands if part in self._placed]
        if operands:
            for output in tree_leaves(outputs):
                if isinstance(output, torch.Tensor):
                    placed = _merged(operands, output.shape)
                    self._placed[output] = _moved(placed, func, args, kwargs or {}, tuple(output.shape))
        return outputs


def _merged(operands: list[tuple[Placement, int]], shape: Sequence[int]) -> Placement:
    """Of what an operation combines.

    That is what has the grid of the result of this shape, and if nothing has, what is coarsest: where attention reduces
    the number of places, those are the places of its queries.
    """
    fitting = [operand for operand in operands if _fits(shape, operand[0].grid)] or operands
    grid = max(fitting, key=lambda operand: operand[0].stride)[0].grid
    placements, sizes = zip(*(operand for operand in fitting if operand[0].grid == grid), strict=True)
    return placement.mean(placements, sizes)


def _fits(shape: Sequence[int], grid: tuple[int, int]) -> bool:
    if len(shape) == 3:
        return 0 <= shape[1] - math.prod(grid) <= _MAX_PREFIX or shape[2] == math.prod(grid)
    return _axes(shape, grid) is not None


def _axes(shape: Sequence[int], grid: tuple[int, int]) -> tuple[int, int] | None:
    """Which axes of four are the rows and the columns."""
    fitting = [axes for axes in ((2, 3), (1, 2)) if len(shape) == 4 and (shape[axes[0]], shape[axes[1]]) == grid]
    return fitting[0] if fitting else None


def _moved(placed: Placement, func: Any, args: tuple, kwargs: Mapping[str, Any], shape: tuple[int, ...]) -> Placement:
    """Where the cells of an operation's result of this shape lie, if its first operand's are ``placed``."""
    if placed.whole is not None and _axes(shape, placed.grid) is None and _axes(shape, placed.whole.grid) is not None:
        return placed.whole
    axes = _axes(args[0].shape, placed.grid) if args and isinstance(args[0], torch.Tensor) else None
    if axes is None:
        return placed
    given = {argument.name: argument.default_value for argument in func._schema.arguments}
    given |= dict(zip(given, args, strict=False)) | kwargs
    name = func.overloadpacket.__name__
    if len(shape) == 6:
        return _in_blocks(placed, shape[axes[0] : axes[0] + 4])
    if name == "slice":
        return _sliced(placed, axes, given, shape)
    if name in _PADS:
        return _padded(placed, axes, given.get("pad", given.get("padding")), shape)
    if axes != (2, 3) or len(shape) != 4:
        return placed
    if name.startswith(_RESIZING):
        return placed.resized(shape[2:])
    if name in _POOLS or (name == "convolution" and not given["transposed"]):
        kernel = given["kernel_size"] if name in _POOLS else given["weight"].shape[2:]
        window = (kernel, given["stride"] or kernel, given["padding"], given.get("dilation", 1))
        return placed.windowed(shape[2:], *map(_pair, window))
    return placed


def _in_blocks(placed: Placement, cut: tuple[int, ...]) -> Placement:
    """Rows and columns that are cut into (blocks of rows, rows, blocks of columns, columns), a cell for each block.

    Blocks that are put together again, as those in which attention works, are the old cells.
    """
    if (cut[0] * cut[1], cut[2] * cut[3]) != placed.grid:
        return placed
    return replace(placed.resized((cut[0], cut[2])), whole=placed)


def _sliced(placed: Placement, axes: tuple[int, int], given: Mapping[str, Any], shape: tuple[int, ...]) -> Placement:
    axis = given["dim"] % 4
    if axis not in axes:
        return placed
    cells = placed.grid[axes.index(axis)]
    start = given["start"] or 0
    return placed.along(axes.index(axis), start + cells if start < 0 else start, given["step"], shape[axis])


def _padded(placed: Placement, axes: tuple[int, int], padding: Sequence[int], shape: tuple[int, ...]) -> Placement:
    """Padding is given in pairs (before, behind), that of the last axis first."""
    for axis, before in zip((3, 2, 1, 0), padding[::2], strict=False):
        if axis in axes:
            placed = placed.along(axes.index(axis), -before, 1, shape[axis])
    return placed


def _pair(value: int | Sequence[int]) -> tuple[int, int]:
    values = [value] if isinstance(value, int) else value
    return (values[0], values[-1])
