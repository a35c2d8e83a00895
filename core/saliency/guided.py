"""Guided backpropagation (Springenberg et al. 2015), for networks whose only activation is ReLU."""

from __future__ import annotations

import copy

from pytorch_grad_cam.guided_backprop import GuidedBackpropReLUasModule
from pytorch_grad_cam.utils.find_layers import replace_all_layer_type_recursive
from torch import nn

from core.errors import NotAvailableError

#: Gates and attention weights, which guided backpropagation leaves as they are.
_GATES = ("Sigmoid", "Hardsigmoid", "HardSigmoid", "Softmax", "MultiheadAttention")
_ACTIVATIONS = (
    *("torch.nn.modules.activation", "timm.layers.activations", "timm.layers.activations_me"),
    "transformers.activations",
)
#: How those of other libraries end, which stand among their networks.
_ENDS = ("GELU", "SiLU", "Swish", "Mish")


def guided_copy(module: nn.Module, name: str) -> nn.Module:
    """A copy of a network whose ReLUs let only positive gradients through; the network itself stays as it is.

    Args:
        module: The network; its lock is held by the caller.
        name: Of the model, for the error.

    Raises:
        NotAvailableError: If it has other activations than ReLU, or none.
    """
    used = {type(part).__name__ for part in module.modules() if _is_activation(part)}
    others = sorted(used - {"ReLU"})
    if others or not used:
        found = f"this one uses {', '.join(others)}" if others else "this one has none as modules of its own"
        raise NotAvailableError(
            f"Guided Grad-CAM is not available for {name}, because it is defined for networks whose activations are "
            f"ReLU, and {found}. Use grad-cam or input-gradients."
        )
    guided = copy.deepcopy(module).eval()
    replace_all_layer_type_recursive(guided, nn.ReLU, GuidedBackpropReLUasModule())
    return guided


def _is_activation(part: nn.Module) -> bool:
    kind = type(part)
    known = kind.__module__ in _ACTIVATIONS or kind.__name__.endswith(_ENDS)
    return known and not kind.__name__.startswith(_GATES)
