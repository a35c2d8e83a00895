"""What helps a small vision transformer to learn from few pictures.

Its weights start where those of trained transformers end up (mimetic initialisation, Trockman and Kolter 2023,
arXiv:2305.09828). One label a picture teaches it slowly, but composition knows which patches the object covers, so
every patch has a label too (token labelling, Jiang et al. 2021, arXiv:2104.10858). In most epochs it sees part of the
patches only, which takes less time and leaves less to learn by heart (patch dropout, Liu et al. 2022,
arXiv:2208.07220). None of this is left in the trained model.
"""

from __future__ import annotations

import torch
from timm.layers import build_sincos2d_pos_embed
from torch import Tensor, nn
from torch.nn import functional

#: Of the labels of whole pictures, for every network.
SMOOTHING = 0.05
_WAVE_HEIGHT = 0.5


@torch.no_grad()
def initialise(model: nn.Module) -> None:
    """Mimetic initialisation: queries and keys that find what is alike, values that are taken away, places as waves.

    Args:
        model: A vision transformer of timm with a class token; changed in place.
    """
    width = model.embed_dim
    for block in model.blocks:
        attention = block.attn
        size = width // attention.num_heads
        heads = [_factors(width, 0.7, 0.7) for _ in range(attention.num_heads)]
        queries = [left[:, :size].T for left, _ in heads]
        keys = [right[:size] for _, right in heads]
        values, projection = _factors(width, 0.4, -0.4)
        attention.qkv.weight.copy_(torch.cat([*queries, *keys, values.T]))
        attention.proj.weight.copy_(projection.T)
    waves = build_sincos2d_pos_embed(list(model.patch_embed.grid_size), width)
    model.pos_embed[:, 1:].copy_(_WAVE_HEIGHT * waves)


def _factors(width: int, noise: float, identity: float) -> tuple[Tensor, Tensor]:
    """Two matrices whose product is noise and a multiple of the identity; the first rows and columns say most."""
    product = noise * torch.randn(width, width) / width**0.5 + identity * torch.eye(width)
    left, strength, right = torch.linalg.svd(product)
    return left * strength.sqrt(), strength.sqrt()[:, None] * right


class _Drop(nn.Module):
    """Takes the place of a transformer's ``patch_drop``; passes on the class token and the patches in ``kept``."""

    kept: Tensor | None = None

    def forward(self, tokens: Tensor) -> Tensor:
        if self.kept is None:
            return tokens
        patches = tokens[:, 1:].gather(1, self.kept[:, :, None].expand(-1, -1, tokens.shape[2]))
        return torch.cat([tokens[:, :1], patches], dim=1)


class PatchTask(nn.Module):
    """Classifies a picture by its class token and, with a layer of its own, each patch.

    Args:
        model: A vision transformer of timm with one class token; its ``patch_drop`` is replaced until ``end``.
        n_classes: Of the model; patches have one more, the background.
        weight: Of the patches' loss.
    """

    def __init__(self, model: nn.Module, n_classes: int, weight: float) -> None:
        super().__init__()
        self.head = nn.Linear(model.embed_dim, n_classes + 1)
        self._weight = weight
        self._drop = model.patch_drop = _Drop()

    def loss(
        self,
        model: nn.Module,
        pixels: Tensor,
        labels: Tensor,
        coverage: Tensor,
        dropped: float,
        generator: torch.Generator,
    ) -> Tensor:
        """Of a batch.

        Args:
            model: As given before.
            pixels: float32 (N, 3, H, W), normalised.
            labels: int64 (N,).
            coverage: Share of each patch that the object covers, float32 (N, rows, columns), 0..1.
            dropped: Share of the patches that is not looked at, 0..1.
            generator: Draws them.
        """
        covered = coverage.flatten(1)
        if dropped:
            n_kept = round((1 - dropped) * covered.shape[1])
            self._drop.kept = torch.rand(covered.shape, generator=generator).argsort(dim=1)[:, :n_kept]
            covered = covered.gather(1, self._drop.kept)
        else:
            self._drop.kept = None
        tokens = model.forward_features(pixels)
        whole = functional.cross_entropy(model.forward_head(tokens), labels, label_smoothing=SMOOTHING)
        return whole + self._weight * self._patch_loss(tokens[:, 1:], labels, covered)

    def _patch_loss(self, tokens: Tensor, labels: Tensor, covered: Tensor) -> Tensor:
        logits = self.head(tokens).log_softmax(dim=2)
        object_ = logits.gather(2, labels[:, None, None].expand(-1, logits.shape[1], 1)).squeeze(2)
        return -(covered * object_ + (1 - covered) * logits[:, :, -1]).mean()

    def end(self, model: nn.Module) -> None:
        """Give the model back as it was."""
        model.patch_drop = nn.Identity()
