"""From a file to the pixels a model sees: opening, preprocessing, views, composition, and drawing on pictures.

``preprocess`` imports torch; everything else here opens without it.
"""

from core.images.compositing import Composite, compose

__all__ = ["Composite", "compose"]
