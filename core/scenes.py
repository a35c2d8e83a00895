"""``core.scenes.compose``: the published path of ``core.images.compose``."""

from core.images.compositing import Composite, compose

__all__ = ["Composite", "compose"]
