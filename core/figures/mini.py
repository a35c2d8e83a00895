"""Small pictures of a metric table without axes, as SVG: they stand in cards and cost next to nothing."""

from __future__ import annotations

from urllib.parse import quote

import numpy as np
import pandas as pd

from core.figures.style import faded, scale_colour

_SIDE = 100.0


def mini_map(table: pd.DataFrame) -> str:
    """A table by ``x`` and ``y`` as a small map, as a data URI; its colours run from 0 to 100 %."""
    xs, ys = np.unique(table["x"]), np.unique(table["y"])
    width, height = _SIDE / len(xs), _SIDE / len(ys)
    cells = []
    for x, y, value in zip(table["x"], table["y"], table["value"], strict=True):
        left, top = np.searchsorted(xs, x) * width, np.searchsorted(ys, y) * height
        colour = scale_colour(value)
        # A little overlap hides the seams of neighbouring cells.
        size = f'width="{width + 0.3:.2f}" height="{height + 0.3:.2f}"'
        cells.append(f'<rect x="{left:.2f}" y="{top:.2f}" {size} fill="{colour}"/>')
    return _svg("".join(cells), _SIDE, _SIDE)


def mini_curve(table: pd.DataFrame, column: str, colour: str) -> str:
    """A table along a numeric factor as a small line with its band, as a data URI."""
    width, height = 2 * _SIDE, _SIDE
    x = table[column].to_numpy(float)
    x = 3 + (x - x.min()) / max(float(np.ptp(x)), 1e-9) * (width - 6)
    value, low, high = (height - 4 - table[name].to_numpy(float) * (height - 8) for name in ("value", "low", "high"))
    low, high = np.where(np.isnan(low), value, low), np.where(np.isnan(high), value, high)
    band = _points(np.concatenate([x, x[::-1]]), np.concatenate([high, low[::-1]]))
    parts = f'<polygon points="{band}" fill="{faded(colour, 0.18)}"/>'
    parts += f'<polyline points="{_points(x, value)}" fill="none" stroke="{colour}" stroke-width="2.4"/>'
    return _svg(parts, width, height)


def mini_ring(table: pd.DataFrame, column: str, colour: str) -> str:
    """A table around a circle as a small ring with its band, as a data URI; 0° is at the top."""
    centre, radius = _SIDE / 2, _SIDE / 2 - 3
    angle = np.deg2rad(table[column].to_numpy(float))

    def around(name: str) -> str:
        share = np.nan_to_num(table[name].to_numpy(float)) * radius
        return _points(centre - share * np.sin(angle), centre - share * np.cos(angle))

    rings = "".join(
        f'<circle cx="{centre}" cy="{centre}" r="{radius * part}" fill="none" stroke="#8884"/>' for part in (0.5, 1.0)
    )
    band = f'<polygon points="{around("high")}" fill="{faded(colour, 0.15)}"/>'
    line = f'<polygon points="{around("value")}" fill="none" stroke="{colour}" stroke-width="2.4"/>'
    return _svg(rings + band + line, _SIDE, _SIDE)


def _points(x: np.ndarray, y: np.ndarray) -> str:
    return " ".join(f"{left:.1f},{top:.1f}" for left, top in zip(x, y, strict=True))


def _svg(content: str, width: float, height: float) -> str:
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}">{content}</svg>'
    return "data:image/svg+xml," + quote(svg)
