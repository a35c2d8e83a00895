"""A name becomes a network, and pixels become its logits: where models come from, the forward pass, the engine.

What is known of a model without its network (``describe``, ``local_models``) opens without torch; everything else is
found here and imports torch when it is asked for.
"""

from __future__ import annotations

from typing import Any

from core.models.descriptions import describe, hub_models, label_space_of
from core.store.weights import local_models

#: Names that ``core.models.sources`` has.
_SOURCES = ("from_module", "load", "require_weights", "resolve", "resolve_device")

__all__ = ["describe", "hub_models", "label_space_of", "local_models", *_SOURCES]


def __getattr__(name: str) -> Any:
    if name in _SOURCES:
        from core.models import sources

        return getattr(sources, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
