"""Take hold of one layer's output and of the gradient of a score there, leaving the network as it was.

The package's own hooks record the whole network for the way back and write a gradient into every weight; here nothing
before the layer is recorded, so a batch costs little more than its forward pass.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn


@contextmanager
def tapped(module: nn.Module, layer: str, *, gradients: bool) -> Iterator[list[torch.Tensor]]:
    """Catch a layer's output in every forward pass of this thread; passes of other threads are left alone.

    Inside, nothing is recorded for the way back until the layer has run; with ``gradients`` everything after it is.

    Args:
        module: The network; its lock is held by the caller.
        layer: Name of the layer.
        gradients: Whether the caught tensors are to be differentiated by.

    Yields:
        The outputs caught so far.
    """
    caught: list[torch.Tensor] = []
    own = threading.get_ident()

    def catch(_module: nn.Module, _inputs: Any, output: torch.Tensor) -> torch.Tensor | None:
        if threading.get_ident() != own:
            return None
        leaf = output.detach()
        if gradients:
            torch.set_grad_enabled(True)
            leaf.requires_grad_(True)
        caught.append(leaf)
        # A copy goes on: what follows may work in place, which would change what was caught.
        return leaf.clone()

    handle = module.get_submodule(layer).register_forward_hook(catch)
    try:
        with torch.inference_mode(False), torch.no_grad():
            yield caught
    finally:
        handle.remove()
