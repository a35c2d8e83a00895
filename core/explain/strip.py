"""Failure panels as one picture: image, Grad-CAM and Guided Grad-CAM side by side, one image a line."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from core import paths, store
from core.errors import UsageError
from core.explain.failures import Panel
from core.images.drawing import png, with_heat

_TILE, _GAP, _CAPTION, _MARGIN = 224, 10, 46, 20
_PAPER, _INK, _MUTED, _PANEL, _WRONG = "#FCFBF8", "#1D2733", "#6B7785", "#F3F1EB", "#C0443C"
_HEADINGS = ("image", "Grad-CAM", "Guided Grad-CAM")
_HEAT_OPACITY = 0.65
#: Lines of a reason that fit a tile.
_REASON_LINES, _REASON_WIDTH = 11, 34


def of_run(panels: Sequence[Panel], run: store.Run) -> Image.Image:
    """The strip of a run's panels, with what it is above and whose it is below."""
    title = f"Misclassified in uncommon settings: {run.model} on {run.benchmark}"
    return strip(panels, title, f"maps of the predicted class, surest mistakes first · identity {run.identity}")


def save(picture: Image.Image, path: Path) -> None:
    """Write a strip as PNG.

    Raises:
        UsageError: If the name does not end in .png.
        StoreError: If it cannot be written.
    """
    if path.suffix.lower() != ".png":
        raise UsageError(f"--out {path} must end in .png")
    paths.write_atomically(path, png(picture))


def strip(panels: Sequence[Panel], title: str, identity: str) -> Image.Image:
    """One picture of some panels, two panels beside each other.

    Where none of them has a Guided Grad-CAM, because the network has none, that column is left out, and the foot says
    why, once.

    Args:
        panels: At least one.
        title: What is seen.
        identity: Of the result, for the foot.
    """
    columns = min(2, len(panels))
    lines = -(-len(panels) // columns)
    reason = without_guided(panels)
    headings = _HEADINGS[:2] if reason else _HEADINGS
    block = len(headings) * _TILE + (len(headings) - 1) * _GAP
    width = 2 * _MARGIN + columns * block + (columns - 1) * 3 * _GAP
    said = textwrap.wrap(f"No Guided Grad-CAM: {reason}", width // 6) if reason else []
    head, foot = 64, 30 + 17 * len(said)
    height = head + lines * (_CAPTION + _TILE + 2 * _GAP) + foot
    picture = Image.new("RGB", (width, height), _PAPER)
    draw = ImageDraw.Draw(picture)
    for number, line in enumerate(textwrap.wrap(title, width // 10, max_lines=1, placeholder=" …")):
        draw.text((_MARGIN, 14 + 22 * number), line, _INK, _font(20))
    for column in range(columns):
        for number, heading in enumerate(headings):
            left = _MARGIN + column * (block + 3 * _GAP) + number * (_TILE + _GAP)
            draw.text((left, 44), heading, _MUTED, _font(13))
    for number, panel in enumerate(panels):
        line, column = divmod(number, columns)
        left = _MARGIN + column * (block + 3 * _GAP)
        top = head + line * (_CAPTION + _TILE + 2 * _GAP)
        _draw_panel(picture, draw, panel, left, top, len(headings))
    for number, words in enumerate([*said, identity]):
        draw.text((_MARGIN, height - foot + 6 + 17 * number), words, _MUTED, _font(12))
    return picture


def without_guided(panels: Sequence[Panel]) -> str:
    """Why none of some panels has a Guided Grad-CAM; empty if one has, or none has a picture."""
    reasons = [panel.no_guided for panel in panels if panel.no_guided]
    return reasons[0] if reasons and all(panel.guided is None for panel in panels) else ""


def _draw_panel(
    picture: Image.Image, draw: ImageDraw.ImageDraw, panel: Panel, left: int, top: int, n_tiles: int
) -> None:
    settings = ", ".join(panel.uncommon) or "common settings"
    draw.text((left, top + 4), f"{panel.category} ({settings})", _INK, _font(15))
    draw.text((left, top + 24), f"taken for {panel.predicted}, {panel.probability:.2f}", _WRONG, _font(13))
    image = None if panel.image is None else Image.fromarray(panel.image)
    heat = None if image is None or panel.cam is None else with_heat(image, panel.cam, _HEAT_OPACITY)
    guided = None if panel.guided is None else Image.fromarray(guided_pixels(panel.guided))
    tiles = ((image, panel.no_image), (heat, panel.no_cam), (guided, panel.no_guided))
    for number, (tile, reason) in enumerate(tiles[:n_tiles]):
        at = (left + number * (_TILE + _GAP), top + _CAPTION)
        if tile is not None:
            picture.paste(tile.resize((_TILE, _TILE), Image.Resampling.BICUBIC), at)
        else:
            draw.rectangle((*at, at[0] + _TILE - 1, at[1] + _TILE - 1), fill=_PANEL)
            lines = textwrap.wrap(reason, _REASON_WIDTH, max_lines=_REASON_LINES, placeholder=" …")
            draw.multiline_text((at[0] + 10, at[1] + 12), "\n".join(lines), _MUTED, _font(12), spacing=5)


def guided_pixels(values: np.ndarray) -> np.ndarray:
    """A signed map of pixels as a picture: grey is nothing, its own extremes are at three standard deviations.

    Args:
        values: float (H, W, 3).

    Returns:
        uint8 (H, W, 3).
    """
    centred = values - values.mean()
    spread = float(centred.std())
    shares = 0.5 + centred / (6 * spread) if spread > 0 else np.full_like(values, 0.5)
    return (255 * np.clip(shares, 0, 1)).round().astype(np.uint8)


def _font(size: int) -> ImageFont.ImageFont | ImageFont.FreeTypeFont:
    return ImageFont.load_default(size)
