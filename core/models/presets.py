"""The same weights shown images in another way: preprocessing of papers by name, and single changes. No torch.

A change is part of a result's identity, since its preprocessing is, and of the model's name, so that figures say it.

Presets change which part of an image is shown, in which size and with which interpolation. The normalisation stays the
model's own, although the papers' code gives every network ImageNet's mean and standard deviation: these belong to the
weights, and weights that were trained with others lose accuracy for no reason that has to do with an image.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from core.errors import ModelError, UsageError, nearest
from core.store import specs
from core.types import Model

#: Options that any model takes.
PRESET, INTERPOLATION = "preset", "interpolation"
OPTIONS = frozenset({PRESET, INTERPOLATION})
#: Interpolations that can be asked for.
INTERPOLATIONS = ("bilinear", "bicubic", "lanczos", "nearest", "box", "hamming")
_SHOWN = 60


@dataclass(frozen=True)
class Preset:
    """How a paper showed images to its models, without how it normalised them.

    Attributes:
        said: In words, without the interpolation.
        paper: Which one, and where it says so.
        resize: Pixels of the shorter side before the crop; of both sides where ``crop_mode`` is ``squash``.
        crop: Pixels of the square that the model gets.
        interpolation: Of the resize.
        crop_mode: ``center`` or ``squash``.
        sides: Other pixels of both for some architectures, by a part of their name.
        spares_clip: Whether the paper's code leaves networks of OpenCLIP their own preprocessing.
    """

    said: str
    paper: str
    resize: int
    crop: int
    interpolation: str
    crop_mode: str = "center"
    sides: Mapping[str, int] = field(default_factory=dict)
    spares_clip: bool = False


PRESETS: dict[str, Preset] = {
    "focus-paper": Preset(
        "Resize(224) + CenterCrop(224)",
        "FOCUS, its code",
        *(224, 224, "bilinear"),
        sides={"efficientnet_b4": 380, "efficientnet_b7": 600},
        spares_clip=True,
    ),
    "zoom-paper": Preset(
        "Resize(256) + CenterCrop(224)",
        "ImageNet-Hard (zoom), section 3 and its code",
        256,
        224,
        "bicubic",
    ),
    "hard-imagenet-paper": Preset(
        "squashed to 256 x 256 + CenterCrop(224)",
        "Hard ImageNet, its code",
        *(256, 224, "bilinear", "squash"),
    ),
}


def require_known(options: Mapping[str, str]) -> None:
    """Refuse values of ``OPTIONS`` that are not known.

    Raises:
        UsageError: If a preset or an interpolation is unknown; names the nearest.
    """
    known: dict[str, Mapping[str, Any] | tuple[str, ...]] = {PRESET: PRESETS, INTERPOLATION: INTERPOLATIONS}
    for option, values in known.items():
        if option in options and options[option] not in values:
            value = options[option][:_SHOWN]
            raise UsageError(f"{option} {value!r} is unknown.{nearest(value, values)} Known: {', '.join(values)}.")


def applied(model: Model, options: Mapping[str, str]) -> Model:
    """A model as options have it shown images; itself if there are none, or they change nothing.

    Args:
        model: Described.
        options: Of its name; those that are not of ``OPTIONS`` are passed over.

    Raises:
        UsageError: If a preset or an interpolation is unknown.
    """
    chosen = {name: options[name] for name in sorted(OPTIONS) if name in options}
    if not chosen:
        return model
    transform = shown(model.transform, chosen, model.source, model.architecture)
    spec = specs.parsed(model.source).with_options(**chosen)
    said = ", ".join(chosen[each] for each in (PRESET, INTERPOLATION) if each in chosen)
    if _rendered(model.transform) == _rendered(transform):
        # Its results are those of its own setting: they are found under that name, not made a second time.
        note = f"{said} changes nothing: images are shown as the model's own preprocessing shows them."
        return replace(model, notes=(*model.notes, note))
    return replace(model, name=f"{model.name} ({said})", source=str(spec), transform=transform)


def shown(
    transform: Mapping[str, Any], options: Mapping[str, str], source: str = "", architecture: str = ""
) -> dict[str, Any]:
    """A preprocessing as options change it.

    Args:
        transform: The model's own.
        options: Of its name.
        source: What to type for the model.
        architecture: Its name: papers show images to some networks in other sizes.

    Raises:
        UsageError: If a preset or an interpolation is unknown.
    """
    require_known(options)
    found = dict(transform)
    preset = PRESETS.get(options.get(PRESET, ""))
    asked = specs.parsed(source)
    if preset is not None and not (preset.spares_clip and asked.kind == specs.OPEN_CLIP):
        # Of these two kinds the architecture does not tell the size; of others a folder's name tells nothing.
        named = asked.where.rpartition("/")[2] if asked.kind in (specs.TRANSFORMERS, specs.ONNX) else ""
        plain = f"{architecture} {named}".lower().replace("-", "_")
        side = next((each for name, each in preset.sides.items() if name in plain), None)
        crop, resize = (side, side) if side else (preset.crop, preset.resize)
        found |= {
            "input_size": [found["input_size"][0], crop, crop],
            "interpolation": preset.interpolation,
            "crop_pct": crop_pct(crop, resize),
            "crop_mode": preset.crop_mode,
        }
    if INTERPOLATION in options:
        found["interpolation"] = options[INTERPOLATION]
    return found


def meant_by(name: str) -> str | None:
    """What to type for a model whose results are called so, if that is a name with a preset or an interpolation."""
    found = re.fullmatch(r"(.+) \(([^()]+)\)", name)
    options = {}
    for each in found[2].split(", ") if found else ():
        options[PRESET if each in PRESETS else INTERPOLATION] = each
        if each not in PRESETS and each not in INTERPOLATIONS:
            return None
    return str(specs.parsed(found[1]).with_options(**options)) if found else None


def _rendered(transform: Mapping[str, Any]) -> tuple[Any, ...]:
    """What decides the pixels: sizes in pixels, not the share that gives them."""
    sides = transform["input_size"][1:]
    scaled = [int(side / transform["crop_pct"]) for side in sides]
    return (*sides, *scaled, transform["interpolation"], transform["crop_mode"])


def refused(model: Model, own: Model, error: ModelError) -> ModelError:
    """The error of a network that does not take the size of a preset's crop, but takes its own.

    Args:
        model: As options have it shown images.
        own: The same as its own preprocessing shows them.
        error: What its network says of the former.
    """
    name = specs.parsed(model.source).options.get(PRESET, "")
    why = (str(error.__cause__ or error).strip().splitlines() or [""])[0].rstrip(".")
    (_, height, width), (_, own_height, own_width) = model.transform["input_size"], own.transform["input_size"]
    return ModelError(
        f"'{own.name}' takes images of {own_height} x {own_width} pixels, not the {height} x {width} of the preset "
        f"'{name}' ({PRESETS[name].said}): leave the preset out, or take weights of that size ({why})."
    )


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
