"""Paints of the ground, shared by the places."""

from __future__ import annotations

import torch
from torch import Tensor

from core.diorama.patterns import value_noise, worley
from core.diorama.scenery import Paint
from core.diorama.solids import Colour, Points


def mottled(first: Colour, second: Colour, *, scale: float = 0.5, grain: float = 0.35, seed: float = 0.0) -> Paint:
    """Large soft patches of two colours, with fine grain that fades in the distance."""

    def paint(p: Points, t: Tensor) -> Tensor:
        flat = (p[0], torch.zeros_like(t), p[2])
        share = 0.65 * value_noise(flat, scale, seed) + 0.35 * value_noise(flat, 2.7 * scale, seed + 1)
        share = ((share - 0.3) / 0.4).clamp(0, 1)
        fine = value_noise(flat, 14.0, seed + 2) - 0.5 + 0.6 * (value_noise(flat, 31.0, seed + 3) - 0.5)
        return mix(first, second, share) * (1 + grain * fine * faded(t, 9.0))[:, None]

    return paint


def striped(
    first: Colour, second: Colour, *, width: float, axis: int = 0, soft: float = 0.1, seed: float = 0.0
) -> Paint:
    """Stripes of two colours along the other axis: mown grass, rippled sand, boards."""

    def paint(p: Points, t: Tensor) -> Tensor:
        flat = (p[0], torch.zeros_like(t), p[2])
        along = p[axis] + 0.5 * width * (value_noise(flat, 0.6, seed) - 0.5)
        phase = (along / (2 * width)) % 1.0
        share = (0.5 + (0.25 - (phase - 0.5).abs()) / soft).clamp(0, 1)
        share = 0.5 + (share - 0.5) * faded(t, 3.0 / width if axis == 2 else 0.4 / width)
        fine = value_noise(flat, 16.0, seed + 2) - 0.5
        return mix(first, second, share) * (1 + 0.25 * fine * faded(t, 9.0))[:, None]

    return paint


def tiles(first: Colour, second: Colour, joint: Colour, *, side: float, length: float | None = None) -> Paint:
    """A chequer of two colours with joints; with ``length`` the rows are boards of that length, set off by half."""

    def paint(p: Points, t: Tensor) -> Tensor:
        x, z = p[0] / side, p[2] / (length or side)
        row = torch.floor(x)
        if length:
            z = z + 0.37 * row
        column = torch.floor(z)
        share = torch.frac((row * 0.618 + column * 0.382).abs() * 7.0) if length else (row + column) % 2.0
        fx, fz = x - row, z - column
        gap = torch.minimum(torch.minimum(fx, 1 - fx) * side, torch.minimum(fz, 1 - fz) * (length or side))
        line = ((0.025 - gap) / 0.012).clamp(0, 1) * faded(t, 4.0)
        return blend(mix(first, second, share), joint, line)

    return paint


def band(inner: Paint, outer: Paint, *, axis: int, centre: float, half: float, soft: float = 0.05) -> Paint:
    """One paint within a band across ``axis``, and another outside: a path, a shore."""

    def paint(p: Points, t: Tensor) -> Tensor:
        flat = (p[0], torch.zeros_like(t), p[2])
        at = p[axis] - centre + 8 * soft * (value_noise(flat, 0.5, 5.0) - 0.5)
        share = (0.5 + (half - at.abs()) / soft).clamp(0, 1)[:, None]
        return outer(p, t) + (inner(p, t) - outer(p, t)) * share

    return paint


def dashes(under: Paint, colour: Colour, *, axis: int, centre: float, half: float, period: float) -> Paint:
    """Road markings across ``axis`` at ``centre``; ``period`` 0 draws a whole line."""

    def paint(p: Points, t: Tensor) -> Tensor:
        share = (0.5 + (half - (p[axis] - centre).abs()) / 0.02).clamp(0, 1)
        if period:
            phase = (p[2 - axis] / period) % 1.0
            share = share * ((0.25 - (phase - 0.5).abs()) / 0.02 + 0.5).clamp(0, 1)
        return blend(under(p, t), colour, share)

    return paint


def dotted(under: Paint, colours: tuple[Colour, ...], *, scale: float, share: float, seed: float = 0.0) -> Paint:
    """Small dots of several colours: flowers, pebbles, shells, fallen leaves."""

    def paint(p: Points, t: Tensor) -> Tensor:
        flat = (p[0], torch.zeros_like(t), p[2])
        albedo = under(p, t)
        for number, colour in enumerate(colours):
            near = worley(flat, scale / (1 + 0.3 * number), seed + 13 * number)
            albedo = blend(albedo, colour, ((share - near) / 0.06).clamp(0, 1) * faded(t, 3.0))
        return albedo

    return paint


def mix(first: Colour, second: Colour, share: Tensor) -> Tensor:
    """Colours (N, 3) between two."""
    return torch.tensor(first) + (torch.tensor(second) - torch.tensor(first)) * share[:, None]


def blend(albedo: Tensor, colour: Colour, share: Tensor) -> Tensor:
    """Colours (N, 3) with a share (N,) of another."""
    return albedo + (torch.tensor(colour) - albedo) * share[:, None]


def faded(t: Tensor, scale: float) -> Tensor:
    """What is left (N,) at a distance of a detail with ``scale`` repeats a unit."""
    return 1 / (1 + (t * scale / 110) ** 2)
