"""The same weights shown images in another way: preprocessing of papers by name, and single changes. No torch.

A change is part of a result's identity, since its preprocessing is, and of the model's name, so that figures say it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from core.errors import UsageError, nearest
from core.store import specs
from core.types import Model

#: Options that any model takes.
PRESET, INTERPOLATION = "preset", "interpolation"
OPTIONS = frozenset({PRESET, INTERPOLATION})
#: Interpolations that can be asked for.
INTERPOLATIONS = ("bilinear", "bicubic", "lanczos", "nearest", "box", "hamming")


@dataclass(frozen=True)
class Preset:
    """How a paper showed images to its models.

    Attributes:
        said: In words.
        paper: Which one, and where it says so.
        resize: Pixels of the shorter side before the crop; of both sides where ``crop_mode`` is ``squash``.
        crop: Pixels of the square that the model gets; None keeps the model's own.
        crop_mode: ``center`` or ``squash``.
    """

    said: str
    paper: str
    resize: int
    crop: int | None
    crop_mode: str = "center"


PRESETS: dict[str, Preset] = {
    "focus-paper": Preset("Resize(224) + CenterCrop(224)", "FOCUS, its notebooks", 224, 224),
    "zoom-paper": Preset("Resize(256) + CenterCrop(224)", "ImageNet-Hard (zoom), section 3", 256, 224),
    "hard-imagenet-paper": Preset("squashed to 256 x 256", "Hard ImageNet, its code", 256, 256, "squash"),
}


def applied(model: Model, options: Mapping[str, str]) -> Model:
    """A model as options have it shown images; itself if there are none.

    Args:
        model: Described.
        options: Of its name; those that are not of ``OPTIONS`` are passed over.

    Raises:
        UsageError: If a preset or an interpolation is unknown.
    """
    chosen = {name: options[name] for name in sorted(OPTIONS) if name in options}
    if not chosen:
        return model
    transform = shown(model.transform, chosen)
    spec = specs.parsed(model.source).with_options(**chosen)
    name = f"{model.name} ({', '.join(chosen[each] for each in (PRESET, INTERPOLATION) if each in chosen)})"
    return replace(model, name=name, source=str(spec), transform=transform)


def shown(transform: Mapping[str, Any], options: Mapping[str, str]) -> dict[str, Any]:
    """A preprocessing as options change it.

    Raises:
        UsageError: If a preset or an interpolation is unknown.
    """
    found = dict(transform)
    if PRESET in options:
        preset = PRESETS.get(_known(PRESET, options[PRESET], PRESETS))
        channels, height, width = found["input_size"]
        size = (preset.crop, preset.crop) if preset.crop else (height, width)
        found |= {"input_size": [channels, *size], "crop_pct": crop_pct(size[0], preset.resize)}
        found["crop_mode"] = preset.crop_mode
    if INTERPOLATION in options:
        found["interpolation"] = _known(INTERPOLATION, options[INTERPOLATION], INTERPOLATIONS)
    return found


def crop_pct(crop: int, resize: int) -> float:
    """The share for which timm's rule, ``floor(crop / crop_pct)``, gives exactly a size in pixels before the crop."""
    found = share((crop, crop), (resize, resize))
    assert found is not None
    return found


def share(crop: tuple[int, int], resized: tuple[int, int]) -> float | None:
    """The share for which timm's rule gives exactly a height and a width before the crop; None if none gives both.

    Args:
        crop: (height, width) in pixels, from 1.
        resized: (height, width) before the crop, from 1.
    """
    high = min(inner / outer for inner, outer in zip(crop, resized, strict=True))
    low = max(inner / (outer + 1) for inner, outer in zip(crop, resized, strict=True))
    # What is written most shortly comes first; its quotient may fall short of the whole number by a rounding.
    for found in (high, (low + high) / 2):
        if all(int(inner / found) == outer for inner, outer in zip(crop, resized, strict=True)):
            return found
    return None


def _known(option: str, value: str, known: Mapping[str, Any] | tuple[str, ...]) -> str:
    if value not in known:
        raise UsageError(f"{option} '{value}' is unknown.{nearest(value, known)} Known: {', '.join(known)}.")
    return value
