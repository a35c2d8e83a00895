"""From a file to the pixels a model sees: opening, preprocessing, views, composition, and drawing on pictures.

Nothing here imports torch.
"""

from core.images.compositing import Composite, compose

__all__ = ["Composite", "compose"]
