"""What a network's outputs are, and those of them that are asked for: reduced to the classes of a known label space."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from core import labels


@dataclass(frozen=True)
class Head:
    """What is made of a network's outputs.

    Attributes:
        label_space: Of what is left.
        num_classes: Number of what is left.
        columns: Outputs of the network kept, in the order of the label space; empty where all are, as they are.
        said: What was done, in words; empty where nothing was. It is part of a result's identity.
        why: For a label space that is not known: what was compared with what, in a sentence.
    """

    label_space: str
    num_classes: int
    columns: tuple[int, ...] = ()
    said: str = ""
    why: str = ""


def head_of(n_outputs: int, names: object = None) -> Head:
    """The label space of a network's outputs.

    Args:
        n_outputs: How many it gives.
        names: Class names or WordNet ids that come with it: a list in output order, or an object of them by index.

    Raises:
        ValueError: If the names are in no such form; says what they are.
    """
    found = labels.identified(n_outputs, names)
    return Head(found.key, n_outputs, why=found.why)


def with_head(module: torch.nn.Module, head: Head) -> torch.nn.Module:
    """A network that gives only the outputs that its head keeps; itself where all are kept."""
    return Reduced(module, head.columns).eval() if head.columns else module


class Reduced(torch.nn.Module):
    """Some of a network's outputs.

    Args:
        network: Float32 (N, 3, H, W) to (N, outputs).
        columns: Which outputs, in order.
    """

    def __init__(self, network: torch.nn.Module, columns: tuple[int, ...]) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("columns", torch.tensor(columns), persistent=False)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Logits (N, columns)."""
        return self.network(inputs).index_select(1, self.columns)
