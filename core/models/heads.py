"""What a network's outputs are, and those of them that are asked for: reduced to the classes of a known label space."""

from __future__ import annotations

import torch

from core.models.classes import NONE, Head, head_of, said_of

__all__ = ["Head", "Reduced", "head_of", "said_of", "with_head"]

#: A class without an output is so far below the lowest one: its probability is exactly 0 in float32,
#: and the number is finite in half precision too.
BELOW = 1e4


def with_head(module: torch.nn.Module, head: Head) -> torch.nn.Module:
    """A network that gives only the outputs that its head keeps; itself where all are kept."""
    return Reduced(module, head.columns).eval() if head.columns else module


class Reduced(torch.nn.Module):
    """Some of a network's outputs.

    Args:
        network: Float32 (N, 3, H, W) to (N, outputs).
        columns: Which outputs, in order; ``NONE`` for one that is never the highest.

    Attributes:
        network: As it was given.
        kept: ``columns``.
    """

    def __init__(self, network: torch.nn.Module, columns: tuple[int, ...]) -> None:
        super().__init__()
        self.network = network
        self.kept = columns
        self.register_buffer("columns", torch.tensor([max(each, 0) for each in columns]), persistent=False)
        absent = torch.tensor([each == NONE for each in columns])
        self.register_buffer("absent", absent if absent.any() else None, persistent=False)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Logits (N, columns)."""
        found = self.network(inputs)
        if not isinstance(found, torch.Tensor) or found.ndim != 2:
            # What is wrong with such an output is said where outputs are checked.
            return found
        kept = found.index_select(1, self.columns)
        if self.absent is None:
            return kept
        # Nothing speaks for such a class, so no gradient leads to the lowest one.
        return torch.where(self.absent, found.detach().amin(1, keepdim=True) - BELOW, kept)
