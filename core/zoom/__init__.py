"""Zoom for a user's own script: a classifier that looks several times, and one that adapts to each image.

``ZoomTTA`` and ``Memo`` are found here and import torch when they are asked for.
"""

from __future__ import annotations

from typing import Any

__all__ = ["Memo", "ZoomTTA"]


def __getattr__(name: str) -> Any:
    if name == "ZoomTTA":
        from core.zoom.tta import ZoomTTA

        return ZoomTTA
    if name == "Memo":
        from core.zoom.memo import Memo

        return Memo
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
