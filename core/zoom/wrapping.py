"""A user's own network as a model of the project: its preprocessing is found, its outputs are counted."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import timm
import torch

from core.errors import ModelError, UsageError
from core.images.opening import digest_of
from core.models.configs import checked_transform
from core.models.normalise import Normalise
from core.models.outputs import check, giving_logits, refusing
from core.types import Model


def as_model(model: Model | torch.nn.Module, transform: Mapping[str, Any] | None = None) -> Model:
    """A loaded model, or a network with what is needed to run it.

    Args:
        model: From ``core.models.load``, or a network in float32 that gives logits (N, classes); it is put into
            evaluation mode.
        transform: Of a network: its preprocessing, with the keys of ``core.models.configs.TRANSFORM_KEYS``. Networks of
            timm have it themselves.

    Raises:
        UsageError: If a network has no preprocessing, or a model has two.
        ModelError: If the preprocessing is impossible, or the network gives no logits for an image of it.
    """
    if isinstance(model, Model):
        if transform is not None:
            raise UsageError(f"'{model.name}' has its preprocessing already: leave out transform.")
        if model.module is None:
            raise ModelError(f"'{model.name}' is described, not loaded: use core.models.load")
        return model
    name = type(model).__name__
    if transform is None:
        if not (getattr(model, "pretrained_cfg", None) or getattr(model, "default_cfg", None)):
            raise UsageError(f"the network '{name}' does not say how its images are prepared: give transform.")
        transform = timm.data.resolve_model_data_config(model)
    transform = checked_transform(transform, f"'{name}'")
    device = next((str(parameter.device) for parameter in model.parameters()), "cpu")
    found = Model(name, name, name, "", 0, transform, "", model.eval(), device)
    found.module = giving_logits(found)
    found.num_classes = _n_classes(found)
    check(found)
    return found


def _n_classes(model: Model) -> int:
    """How many outputs a network has for one image; 1 for what is none, which ``check`` says."""
    height, width = model.transform["input_size"][1:]
    grey = torch.full((1, height, width, 3), 128, dtype=torch.uint8, device=model.device)
    with torch.inference_mode(), refusing(model):
        output = model.module(Normalise(model.transform, model.device)(grey))
    return output.shape[-1] if isinstance(output, torch.Tensor) and output.ndim else 1


def content_id(image: Any) -> str:
    """An id that an RGB image gets by its pixels, where it has no other: the same pixels, the same id."""
    return f"{digest_of(f'{image.size} '.encode() + image.tobytes()):016x}"
