"""The sentence and the numbers on top of the page on zoom."""

from __future__ import annotations

import pandas as pd

from core.answers import zoom_sentences
from core.answers.cards import unit_of
from core.figures.exhibits import zoom as exhibits
from core.metrics import zoom
from core.wording import interval, percent
from pages.shared.page.text import Tile, tile_of
from pages.shared.zoom.results import Zoomed

_ONE = "Shorter side to 256 pixels, a crop of 224 at the middle: the usual evaluation, to the pixel or two of rounding."
_BEST = "The one zoom that is right most often on half of the images, on the other half, and the other way round."
_EVERY = "Images that at least one zoom gets right: an oracle, since only the label says which zoom that is."
_LUCK = (
    "The same with the labels dealt anew among the images: what so many tries solve by luck. Mean, and the middle 95 % "
    "of 200 deals."
)


def said(found: Zoomed) -> str:
    """What the first chosen model's zooms say; nothing from a partial result."""
    return exhibits.finding(found.runs, found.table)


def tiles(found: Zoomed) -> list[Tile]:
    """One crop, the best single zoom, any of all, and what of that is luck."""
    bounds, luck = found.tables("bound"), found.tables("luck")
    one = {model: zoom_sentences.row_of(table, zoom.ONE_CROP) for model, table in bounds.items()}
    best = {model: zoom_sentences.row_of(table, zoom.BEST, zoom.CROSS_FITTED) for model, table in bounds.items()}
    every = {model: zoom_sentences.every(table) for model, table in bounds.items()}
    dealt = {model: zoom_sentences.every(table) for model, table in luck.items()}
    parts = [
        ("Top-1, usual crop", one, "top1", _ONE),
        ("Best single zoom", best, "top1", _BEST),
        ("Some zoom (oracle)", every, "top1", _EVERY),
        ("The same by luck", dealt, "value", _LUCK),
    ]
    found_tiles, unit = [], unit_of(next(iter(found.runs.values())))
    for label, rows, column, hint in parts:
        there = {model: row for model, row in rows.items() if row is not None and not pd.isna(row[column])}
        numbers = {model: (percent(row[column]), interval(row["low"], row["high"])) for model, row in there.items()}
        found_tiles.append(tile_of(label, numbers, hint, there, unit))
    return [tile for tile in found_tiles if tile is not None]
