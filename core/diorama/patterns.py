"""Second colours on a part: stripes, spots, patches, levels, joints; and the noise that they are made of."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from core.diorama.solids import Pattern, Points


def paint(colour: Tensor, p: Points, pattern: Pattern) -> Tensor:
    """Colours (N, 3) with a pattern on them."""
    if pattern.kind == "grain":
        noise = value_noise(p, pattern.scale, pattern.seed)
        return (colour * (1 + pattern.amount * (noise - 0.5)[:, None])).clamp(0, 1)
    share = _PATTERNS[pattern.kind](p, pattern).clamp(0, 1)
    return colour + (torch.tensor(pattern.colour) - colour) * share[:, None]


def _soft_step(value: Tensor, width: float = 0.06) -> Tensor:
    return (0.5 + value / width).clamp(0, 1)


def _stripes(p: Points, pattern: Pattern) -> Tensor:
    wobble = 0.35 * (value_noise(p, 2.0, pattern.seed) - 0.5)
    phase = (p[pattern.axis] * pattern.scale + wobble + pattern.seed) % 1.0
    return _soft_step(pattern.amount / 2 - (phase - 0.5).abs(), 0.1)


def _spots(p: Points, pattern: Pattern) -> Tensor:
    return _soft_step(0.62 * pattern.amount - worley(p, pattern.scale, pattern.seed), 0.08)


def _patches(p: Points, pattern: Pattern) -> Tensor:
    noise = 0.7 * value_noise(p, pattern.scale, pattern.seed) + 0.3 * value_noise(
        p, 2.1 * pattern.scale, pattern.seed + 7
    )
    return _soft_step(noise - (0.75 - 0.5 * pattern.amount))


def _below(p: Points, pattern: Pattern) -> Tensor:
    return _soft_step(pattern.scale - p[pattern.axis], 0.02)


def _above(p: Points, pattern: Pattern) -> Tensor:
    return _soft_step(p[pattern.axis] - pattern.scale, 0.02)


def _band(p: Points, pattern: Pattern) -> Tensor:
    return _soft_step(pattern.amount - (p[pattern.axis] - pattern.scale).abs(), 0.02)


def _planks(p: Points, pattern: Pattern) -> Tensor:
    phase = (p[pattern.axis] * pattern.scale) % 1.0
    return pattern.amount * _soft_step(0.04 - torch.minimum(phase, 1 - phase), 0.03)


def _bricks(p: Points, pattern: Pattern) -> Tensor:
    row = torch.floor(p[1] * pattern.scale)
    across = (p[0] + p[2]) * pattern.scale / 2 + 0.5 * (row % 2)
    joints = [(value % 1.0) for value in (p[1] * pattern.scale, across)]
    nearest = torch.minimum(*(torch.minimum(j, 1 - j) * k for j, k in zip(joints, (1, 2), strict=True)))
    return pattern.amount * _soft_step(0.06 - nearest, 0.05)


_PATTERNS: dict[str, Callable[[Points, Pattern], Tensor]] = {
    "stripes": _stripes,
    "spots": _spots,
    "patches": _patches,
    "below": _below,
    "above": _above,
    "band": _band,
    "planks": _planks,
    "bricks": _bricks,
}


def lattice(ix: Tensor, iy: Tensor, iz: Tensor, seed: float) -> Tensor:
    """A pseudo-random number 0..1 for each lattice point, from integers, so that it is the same everywhere."""
    h = ix.to(torch.int64) * 73_856_093 ^ iy.to(torch.int64) * 19_349_663 ^ iz.to(torch.int64) * 83_492_791
    h = (h + int(seed * 1_000_003)) & 0x7FFFFFFF
    h = ((h ^ (h >> 13)) * 1_274_126_177) & 0x7FFFFFFF
    h = ((h ^ (h >> 16)) * 668_265_263) & 0x7FFFFFFF
    return (h & 0xFFFFFF).to(torch.float32) / 0xFFFFFF


def value_noise(p: Points, scale: float, seed: float = 0.0) -> Tensor:
    """Smooth noise (N,), 0..1, with ``scale`` lattice points a unit."""
    scaled = [c * scale for c in p]
    cell = [torch.floor(c) for c in scaled]
    f = [c - i for c, i in zip(scaled, cell, strict=True)]
    f = [c * c * (3 - 2 * c) for c in f]
    total = torch.zeros_like(p[0])
    for corner in range(8):
        steps = [(corner >> i) & 1 for i in range(3)]
        weight = torch.ones_like(total)
        for i, step in enumerate(steps):
            weight = weight * (f[i] if step else 1 - f[i])
        total += weight * lattice(*(i + s for i, s in zip(cell, steps, strict=True)), seed)
    return total


def worley(p: Points, scale: float, seed: float = 0.0) -> Tensor:
    """Distance (N,) to the nearest of one random point in each lattice cell, in cells."""
    scaled = [c * scale for c in p]
    cell = [torch.floor(c) for c in scaled]
    best = torch.full_like(p[0], math.inf)
    for dx in (-1, 0, 1):
        for dy in (-1, 0, 1):
            for dz in (-1, 0, 1):
                at = [cell[0] + dx, cell[1] + dy, cell[2] + dz]
                offsets = [at[i] + lattice(*at, seed + 11.7 * i) - scaled[i] for i in range(3)]
                best = torch.minimum(best, sum(o * o for o in offsets))
    return torch.sqrt(best)
