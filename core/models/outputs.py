"""What a classifier gives for a batch, checked: numbers that are no logits must not become an accuracy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

from core.errors import ModelError, OffcenterError
from core.models.checkpoints import first_line
from core.models.normalise import Normalise
from core.types import Model

#: Why an image has no prediction although its pixels are there.
NOT_FINITE = "the model's output is not finite (NaN or infinity)"
#: A share of such images above which the model is at fault and not the images.
MANY = 0.1
#: So many such images in a row need no more to tell.
_ENOUGH = 64
#: Keys of a dict that an error names.
_NAMED = 6


def is_hopeless(n_unfinite: int, n: int) -> bool:
    """Whether it is clear before the end that a model gives no numbers for most images."""
    return n_unfinite >= _ENOUGH and 2 * n_unfinite > n


def not_finite(model: str, precision: str, n_unfinite: int, n: int) -> ModelError:
    """The error of a model that gives no numbers for many images."""
    cure = (
        "The weights are damaged, or too large for float32: compare them with what they were saved from."
        if precision == "fp32"
        else "Half precision overflows: try fp32."
    )
    return ModelError(
        f"'{model}': the output for {n_unfinite:,} of {n:,} images is not finite (NaN or infinity) in {precision}, so "
        f"no accuracy can be given. {cure}"
    )


def n_outputs(model: Model) -> int:
    """How many logits a loaded model's network gives for an image, whatever number the model has.

    Raises:
        ModelError: If it gives something else; see ``logits_of``.
    """
    _require_float32(model)
    output = _shown(model, _grey(model))
    is_rows = isinstance(output, torch.Tensor) and output.ndim == 2 and len(output) == 1
    return output.shape[1] if is_rows else logits_of(output, 1, model).shape[1]


def logits_of(output: Any, n: int, model: Model) -> torch.Tensor:
    """The output of a network for a batch, if it is one row of logits an image.

    Args:
        output: As the network gave it.
        n: Images in the batch.
        model: With the number of classes that it must have.

    Returns:
        float32 (n, classes), on the device.

    Raises:
        ModelError: If it is something else; says what, and what to change.
    """
    wanted = f"{model.num_classes:,}" if model.num_classes else "classes"
    if not isinstance(output, torch.Tensor):
        raise ModelError(
            f"'{model.name}' gives a {type(output).__name__}{_inside(output)}, not a tensor of logits "
            f"(N, {wanted}): wrap it in a module that returns the logits alone."
        )
    if output.ndim != 2 or len(output) != n:
        raise ModelError(
            f"'{model.name}' gives the shape {tuple(output.shape)} for {n} images, not ({n}, {wanted}): "
            "a classifier gives one row of logits an image."
        )
    if output.shape[1] != model.num_classes:
        hint = " Is the first a background class? Leave it out." if output.shape[1] == model.num_classes + 1 else ""
        raise ModelError(
            f"'{model.name}' gives {output.shape[1]:,} outputs, but its label space '{model.label_space}' has "
            f"{model.num_classes:,} classes: each would be read as another class.{hint}"
        )
    if not output.is_floating_point():
        raise ModelError(f"'{model.name}' gives {output.dtype}, not logits as floating-point numbers.")
    return output.float()


def _inside(output: Any) -> str:
    """What a container holds, in a few words."""
    if isinstance(output, dict):
        named = ", ".join(map(str, list(output)[:_NAMED]))
        return f" of {len(output)} ({named}{', …' if len(output) > _NAMED else ''})" if output else " of 0"
    return f" of {len(output)}" if isinstance(output, tuple | list) else ""


class LogitsAlone(torch.nn.Module):
    """A network that returns its logits among other things, as those of transformers do; without these things.

    Args:
        network: Float32 (N, 3, H, W) to an object or a dict with ``logits``.
    """

    def __init__(self, network: torch.nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, inputs: torch.Tensor) -> torch.Tensor:
        """Logits (N, classes)."""
        return _logits_in(self.network(inputs))


def _logits_in(output: Any) -> Any:
    """The logits of an object or a dict that names them; else None."""
    found = output.get("logits") if isinstance(output, dict) else getattr(output, "logits", None)
    return found if isinstance(found, torch.Tensor) else None


def giving_logits(model: Model) -> torch.nn.Module:
    """A loaded model's network; wrapped if it gives an object or a dict with ``logits``, which are then all it gives.

    Raises:
        ModelError: If it does not take an image of its preprocessing.
    """
    return _with_logits(model)[0]


def _with_logits(model: Model) -> tuple[torch.nn.Module, Any]:
    """See ``giving_logits``; and what it gives for a grey image."""
    _require_float32(model)
    output = _shown(model, _grey(model))
    found = None if isinstance(output, torch.Tensor) else _logits_in(output)
    return (model.module, output) if found is None else (LogitsAlone(model.module).eval(), found)


def finite(logits: torch.Tensor, model: str) -> torch.Tensor:
    """The logits of images that somebody asked about, if they are numbers.

    Raises:
        ModelError: If one is not finite.
    """
    if not torch.isfinite(logits).all():
        raise ModelError(f"'{model}': {NOT_FINITE}, so it says nothing of this image.")
    return logits


def check(model: Model) -> None:
    """Let a loaded model classify a grey image and one of noise, so that what does not fit is said before any work.

    A network that gives its logits in an object or a dict is wrapped; see ``giving_logits``.

    Raises:
        ModelError: If it does not take such an image, gives no logits for it (see ``logits_of``) or one alone, no
            numbers, or the same whatever it is shown.
    """
    model.module, of_grey = _with_logits(model)
    said = [logits_of(output, 1, model) for output in (of_grey, _shown(model, _noise(model)))]
    n_unfinite = sum(not bool(torch.isfinite(logits).all()) for logits in said)
    if n_unfinite:
        raise not_finite(model.name, "fp32", n_unfinite, len(said))
    if model.num_classes == 1:
        raise ModelError(
            f"'{model.name}' gives one score an image, of which any probability would be 100 % whatever is shown: a "
            "classifier gives one for each class. Of one score x of yes or no, give two: 0 and x."
        )
    if torch.equal(*said):
        every = "for every class, " if model.num_classes > 1 and torch.equal(said[0].amin(), said[0].amax()) else ""
        raise ModelError(
            f"'{model.name}' gives the same score {every}for a grey image and for one of noise: it does not look at "
            "what it is shown. Are its weights loaded, and is it the whole network?"
        )


def _require_float32(model: Model) -> None:
    assert model.module is not None
    other = next((each.dtype for each in model.module.parameters() if each.dtype != torch.float32), None)
    if other is not None:
        raise ModelError(
            f"'{model.name}' has weights in {str(other).removeprefix('torch.')}: give it in float32 (module.float()), "
            "and choose the precision of the evaluation instead."
        )


def _shown(model: Model, pixels: torch.Tensor) -> Any:
    """What a network gives for some pixels."""
    with torch.inference_mode(), refusing(model):
        return model.module(Normalise(model.transform, model.device)(pixels.to(model.device)))


def _grey(model: Model) -> torch.Tensor:
    return torch.full((1, *model.transform["input_size"][1:], 3), 128, dtype=torch.uint8)


def _noise(model: Model) -> torch.Tensor:
    shape = (1, *model.transform["input_size"][1:], 3)
    return torch.randint(0, 256, shape, generator=torch.Generator().manual_seed(0)).to(torch.uint8)


@contextmanager
def refusing(model: Model) -> Iterator[None]:
    """Within this context, whatever a network raises is a ``ModelError`` in a sentence; lack of memory is left alone.

    Args:
        model: Whose network runs.
    """
    try:
        yield
    except (OffcenterError, torch.OutOfMemoryError, MemoryError):
        raise
    except Exception as error:
        raise ModelError(
            f"'{model.name}' cannot run on images of its preprocessing, input_size "
            f"{list(model.transform['input_size'])}: {type(error).__name__}: {first_line(error)}. Mend input_size, or "
            "the arguments of the network, in its config."
        ) from error
