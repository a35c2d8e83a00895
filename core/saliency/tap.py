"""Take hold of one layer's output and of the gradient of a score there, leaving the network as it was.

The package's own hooks record the whole network for the way back and write a gradient into every weight; here nothing
before the layer is recorded, so a batch costs little more than its forward pass.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn


def tensor_in(output: Any) -> Any:
    """The tensor of a layer's output: itself, or the first of a tuple, a list or an object by names; None if none."""
    if isinstance(output, torch.Tensor):
        return output
    return next((part for part in parts_of(output) if isinstance(part, torch.Tensor)), None)


def parts_of(output: Any) -> Iterable[Any]:
    """What a tuple, a list or an object by names holds; nothing of anything else."""
    if isinstance(output, Mapping):
        return output.values()
    return output if isinstance(output, tuple | list) else ()


def _with_tensor(output: Any, tensor: torch.Tensor) -> Any:
    """An output with another tensor in that place; what it was given as stays as it is."""
    if isinstance(output, torch.Tensor):
        return tensor
    old = tensor_in(output)
    if isinstance(output, Mapping):
        changed = copy.copy(output)
        changed[next(name for name, part in output.items() if part is old)] = tensor
        return changed
    at = next(number for number, part in enumerate(output) if part is old)
    parts = [*output[:at], tensor, *output[at + 1 :]]
    return output._replace(**{output._fields[at]: tensor}) if hasattr(output, "_replace") else type(output)(parts)


@contextmanager
def tapped(module: nn.Module, layer: str, *, gradients: bool) -> Iterator[list[torch.Tensor]]:
    """Catch a layer's output in every forward pass of this thread; passes of other threads are left alone.

    Of a layer that gives several things it is the tensor among them (``tensor_in``). Inside, nothing is
    recorded for the way back until the layer has run; with ``gradients`` everything after it is.

    Args:
        module: The network; its lock is held by the caller.
        layer: Name of the layer.
        gradients: Whether the caught tensors are to be differentiated by.

    Yields:
        The outputs caught so far.
    """
    caught: list[torch.Tensor] = []
    own = threading.get_ident()

    def catch(_module: nn.Module, _inputs: Any, output: Any) -> Any:
        if threading.get_ident() != own:
            return None
        leaf = tensor_in(output).detach()
        if gradients:
            torch.set_grad_enabled(True)
            leaf.requires_grad_(True)
        caught.append(leaf)
        # A copy goes on: what follows may work in place, which would change what was caught.
        return _with_tensor(output, leaf.clone())

    handle = module.get_submodule(layer).register_forward_hook(catch)
    try:
        with torch.inference_mode(False), torch.no_grad():
            yield caught
    finally:
        handle.remove()
