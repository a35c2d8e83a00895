"""A network whose classes are texts: an image tower, and a head of one embedding a class."""

from __future__ import annotations

import torch
from torch.nn import functional


class TextHead(torch.nn.Module):
    """Logits from where an image lies among texts.

    Args:
        embeddings: Of the classes, float32 (classes, width), each of length 1.
        scale: What cosines are multiplied by; the exponential of what the network learnt.
        bias: What is added to all; 0.0 for networks that learnt none.
    """

    def __init__(self, embeddings: torch.Tensor, scale: float, bias: float = 0.0) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(embeddings, requires_grad=False)
        self.scale = scale
        self.bias = bias

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        """Logits (N, classes) of image embeddings (N, width) of length 1; always in float32.

        Cosines of an image with texts are near each other, and are multiplied by a hundred: in half precision classes
        would be tied.
        """
        with torch.autocast(features.device.type, enabled=False):
            return self.scale * features.float() @ self.weight.T + self.bias


class ZeroShot(torch.nn.Module):
    """An image tower and a text head; the text tower is not kept.

    Args:
        visual: Float32 (N, 3, H, W) to (N, width), or to a tuple that begins with that.
        head: Of the classes.
    """

    def __init__(self, visual: torch.nn.Module, head: TextHead) -> None:
        super().__init__()
        self.visual = visual
        self.head = head

    def features(self, inputs: torch.Tensor) -> torch.Tensor:
        """Embeddings of images: (N, width), each of length 1."""
        found = self.visual(inputs)
        # Towers that also caption give their tokens beside.
        found = found[0] if isinstance(found, tuple | list) else found
        return functional.normalize(found.float(), dim=-1)

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Logits (N, classes)."""
        return self.head(self.features(inputs))
