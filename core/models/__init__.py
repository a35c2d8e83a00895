"""A name becomes a network, and pixels become its logits: where models come from, the forward pass, the engine.

Imports torch.
"""

from core.models.sources import (
    describe,
    from_module,
    hub_models,
    load,
    local_models,
    require_weights,
    resolve,
    resolve_device,
    weights_file,
)

__all__ = [
    "describe",
    "from_module",
    "hub_models",
    "load",
    "local_models",
    "require_weights",
    "resolve",
    "resolve_device",
    "weights_file",
]
