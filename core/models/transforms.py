"""A pipeline of torchvision, timm or open_clip, said as the preprocessing that everything here renders with.

What is said gives the same pixels, one for one, of any image; a step that cannot be said so is refused by its name and
never approximated. The steps are read, not run.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from torchvision.transforms import InterpolationMode

from core.errors import ModelError
from core.models.checkpoints import first_line
from core.models.configs import checked_transform
from core.models.presets import share

#: Where steps come from that are known here, by the beginning of their module's name.
_LIBRARIES = ("torchvision.transforms", "timm.data.transforms", "open_clip.transform")
#: Interpolations of pillow by its number for each, as older pipelines give them.
_PILLOW = {0: "nearest", 1: "lanczos", 2: "bilinear", 3: "bicubic", 4: "box", 5: "hamming"}
#: What an image is between two steps: of pillow, whole numbers, numbers 0..1, numbers 0..255, normalised.
_PICTURE, _WHOLE, _UNIT, _BYTES, _NORMALISED = "a picture", "whole numbers 0..255", "0..1", "0..255", "normalised"
_FLOATING = (_UNIT, _BYTES)
#: Steps that change nothing of an image in RGB, as every image here is.
_NOTHING = {"RGB", "ToPureTensor", "Identity", "MaybeConvertMode"}


@dataclass
class _Said:
    """What the steps so far say.

    Attributes:
        is_now: What the image is.
        resized: (height, width) before the crop, or one number for the shorter side; None before a resize.
        crop_mode: ``center``, ``squash`` or ``border``, once an image is resized.
        crop: (height, width), or None.
        fill: Levels 0..255 with which a crop pads; None where it pads with black.
        mean: Of the values 0..1, by channel.
        std: The same.
    """

    is_now: str = _PICTURE
    resized: int | tuple[int, int] | None = None
    crop_mode: str = ""
    interpolation: str = ""
    crop: tuple[int, int] | None = None
    fill: tuple[int, ...] | None = None
    mean: tuple[float, ...] = (0.0, 0.0, 0.0)
    std: tuple[float, ...] = (1.0, 1.0, 1.0)


class _UnsaidError(Exception):
    """Why a step cannot be said."""


def transform_of(pipeline: Any, where: str = "the transform") -> dict[str, Any]:
    """A pipeline as a preprocessing.

    Args:
        pipeline: A ``Compose`` of torchvision's first or second version (or a list, or ``nn.Sequential``) of its own
            steps, timm's or open_clip's; or the preset of torchvision's weights, ``weights.transforms()``.
        where: What to name in an error.

    Returns:
        With the keys ``core.models.configs.TRANSFORM_KEYS``.

    Raises:
        ModelError: If a step, or all of them together, cannot be said; names the step.
    """
    said = _Said()
    for step in _steps(pipeline):
        try:
            _read(step, said)
        except _UnsaidError as error:
            raise ModelError(f"{where}: {_shown(step)} cannot be said as a preprocessing: {error}.") from error
    try:
        return checked_transform(_as_dict(said), where)
    except _UnsaidError as error:
        raise ModelError(f"{where} cannot be said as a preprocessing: {error}.") from error


def _steps(pipeline: Any) -> Iterator[Any]:
    """The steps of a pipeline, those within steps included."""
    if isinstance(pipeline, list | tuple | nn.Sequential | nn.ModuleList):
        inside = pipeline
    elif type(pipeline).__name__ == "Compose" and _library_of(pipeline):
        inside = pipeline.transforms
    else:
        yield pipeline
        return
    for step in inside:
        yield from _steps(step)


def _library_of(step: Any) -> str:
    """Which of the known libraries a step is of; one of a user's own that inherits from theirs is of none."""
    module = type(step).__module__
    return next((name for name in _LIBRARIES if module == name or module.startswith((f"{name}.", f"{name}_"))), "")


def _read(step: Any, said: _Said) -> None:
    """Add what a step does.

    Raises:
        _UnsaidError: If that cannot be said.
    """
    name, library = type(step).__name__, _library_of(step)
    if type(step) is nn.Identity or (library and name in _NOTHING and getattr(step, "mode", "RGB") == "RGB"):
        return
    if isinstance(step, types.FunctionType) or (library and name == "Lambda"):
        _read_function(step if isinstance(step, types.FunctionType) else _function_of(step))
        return
    # timm has a step of torchvision's name that does something else.
    key = f"timm {name}" if library == "timm.data.transforms" and name == "ToTensor" else name
    if not library or key not in _READERS:
        known = ", ".join(each for each in _READERS if " " not in each)
        raise _UnsaidError(f"known are {known} and conversions to RGB, as torchvision, timm and open_clip have them")
    if said.is_now == _NORMALISED:
        raise _UnsaidError("nothing may follow Normalize")
    _READERS[key](step, said)


def _function_of(step: Any) -> Any:
    return getattr(step, "lambd", None) or getattr(step, "function", None)


def _read_function(function: Any) -> None:
    """Pass over a function that does no more than ``image.convert("RGB")``."""
    code = getattr(function, "__code__", None)
    texts = {each for each in code.co_consts if isinstance(each, str) and each != function.__doc__} if code else set()
    names = set(code.co_names) if code else set()
    if not (code and "convert" in names <= {"convert", "mode"} and texts == {"RGB"} and not code.co_freevars):
        raise _UnsaidError('of functions only a conversion to RGB, image.convert("RGB"), is known')


def _read_preset(step: Any, said: _Said) -> None:
    """Torchvision's preset of a classifier's weights."""
    said.resized, said.crop_mode = _one_or_two(step.resize_size), "center"
    if isinstance(said.resized, tuple):
        said.crop_mode = "squash"
    said.interpolation, said.crop = _interpolation(step.interpolation), _two(step.crop_size)
    said.mean, said.std, said.is_now = _three(step.mean), _three(step.std), _NORMALISED


def _read_resize(step: Any, said: _Said) -> None:
    _require_picture(said)
    if getattr(step, "max_size", None) is not None:
        raise _UnsaidError(f"max_size is {step.max_size}")
    said.resized = _one_or_two(step.size)
    said.crop_mode = "squash" if isinstance(said.resized, tuple) else "center"
    said.interpolation = _interpolation(step.interpolation)


def _read_keep_ratio(step: Any, said: _Said) -> None:
    _require_picture(said)
    if step.random_scale_prob > 0 or step.random_aspect_prob > 0:
        raise _UnsaidError("it is random")
    if step.longest not in (0.0, 1.0):
        raise _UnsaidError(f"longest is {step.longest}, between 0 (the shorter side) and 1 (the longer one)")
    said.resized, said.crop_mode = _two(step.size), "border" if step.longest == 1.0 else "center"
    if said.crop_mode == "center" and said.resized[0] == said.resized[1]:
        raise _UnsaidError(f"it rounds the longer side where Resize({said.resized[0]}) cuts it: use that")
    said.interpolation = _interpolation(step.interpolation)


def _require_picture(said: _Said) -> None:
    if said.is_now != _PICTURE:
        raise _UnsaidError(
            "after a conversion to a tensor it gives other pixels than of a picture of PIL; put it before that"
        )
    if said.resized is not None:
        raise _UnsaidError("the image is resized twice")
    if said.crop is not None:
        raise _UnsaidError("the image is cropped before it is resized")


def _read_crop(step: Any, said: _Said) -> None:
    if said.resized is None:
        raise _UnsaidError("the image is cropped before it is resized")
    if said.crop is not None:
        raise _UnsaidError("the image is cropped twice")
    said.crop = _two(step.size)


def _read_crop_or_pad(step: Any, said: _Said) -> None:
    _read_crop(step, said)
    if getattr(step, "padding_mode", "constant") != "constant":
        raise _UnsaidError(f"padding_mode is '{step.padding_mode}'")
    fill = step.fill
    said.fill = (fill,) * 3 if isinstance(fill, int | float) else tuple(fill)


def _read_to_tensor(_step: Any, said: _Said) -> None:
    """A picture becomes 0..1; timm's and open_clip's leave a tensor as it is."""
    said.is_now = _UNIT if said.is_now == _PICTURE else said.is_now


def _read_to_whole(_step: Any, said: _Said) -> None:
    said.is_now = _WHOLE if said.is_now == _PICTURE else said.is_now


def _read_timm_to_tensor(step: Any, said: _Said) -> None:
    _require_float32(step.dtype)
    said.is_now = _BYTES


def _read_convert_dtype(step: Any, said: _Said) -> None:
    _to_dtype(step.dtype, said, scale=True)


def _read_to_dtype(step: Any, said: _Said) -> None:
    if isinstance(step.dtype, Mapping):
        raise _UnsaidError("dtype is given by the kind of input")
    _to_dtype(step.dtype, said, scale=bool(step.scale))


def _to_dtype(dtype: Any, said: _Said, *, scale: bool) -> None:
    if said.is_now == _PICTURE:
        raise _UnsaidError("the image is no tensor yet")
    if said.is_now == _WHOLE and dtype == torch.uint8:
        return
    _require_float32(dtype)
    if said.is_now == _WHOLE:
        said.is_now = _UNIT if scale else _BYTES


def _require_float32(dtype: Any) -> None:
    if dtype not in (torch.float32, None):
        raise _UnsaidError(f"dtype is {str(dtype).removeprefix('torch.')}, not float32")


def _read_normalize(step: Any, said: _Said) -> None:
    if said.is_now not in _FLOATING:
        raise _UnsaidError(f"the image is {said.is_now}: numbers 0..1 are normalised, as ToTensor gives them")
    unit = 255.0 if said.is_now == _BYTES else 1.0
    said.mean = tuple(value / unit for value in _three(step.mean))
    said.std = tuple(value / unit for value in _three(step.std))
    said.is_now = _NORMALISED


_READERS: dict[str, Callable[[Any, _Said], None]] = {
    "ImageClassification": _read_preset,
    "Resize": _read_resize,
    "ResizeKeepRatio": _read_keep_ratio,
    "CenterCrop": _read_crop,
    "CenterCropOrPad": _read_crop_or_pad,
    "ToTensor": _read_to_tensor,
    "MaybeToTensor": _read_to_tensor,
    "PILToTensor": _read_to_whole,
    "MaybePILToTensor": _read_to_whole,
    "ToImage": _read_to_whole,
    "timm ToTensor": _read_timm_to_tensor,
    "ConvertImageDtype": _read_convert_dtype,
    "ToDtype": _read_to_dtype,
    "Normalize": _read_normalize,
}


def _as_dict(said: _Said) -> dict[str, Any]:
    """The preprocessing that was said.

    Raises:
        _UnsaidError: If the steps together cannot be said.
    """
    if said.is_now in (_PICTURE, _WHOLE):
        raise _UnsaidError(f"it ends with {said.is_now}, not a tensor of numbers 0..1: end with ToTensor and Normalize")
    if said.resized is None:
        raise _UnsaidError("it has no Resize, so images would keep sizes of their own")
    if said.is_now == _BYTES:
        said.std = tuple(1 / 255 for _ in range(3))
    if said.crop is None and said.crop_mode == "squash":
        said.crop = said.resized
    if said.crop is None:
        raise _UnsaidError("it has no CenterCrop, so inputs would differ in size")
    resized = said.resized if isinstance(said.resized, tuple) else (said.resized, said.resized)
    found = share(said.crop, resized)
    is_shorter_side = not isinstance(said.resized, tuple)
    if found is None or (is_shorter_side and said.crop[0] != said.crop[1]):
        raise _UnsaidError(
            f"a crop of {_sides(said.crop)} after a resize to {_sides(said.resized)} is in no one proportion"
        )
    _check_fill(said, resized)
    return {
        "input_size": [3, *said.crop],
        "interpolation": said.interpolation,
        "mean": list(said.mean),
        "std": list(said.std),
        "crop_pct": found,
        "crop_mode": said.crop_mode,
    }


def _check_fill(said: _Said, resized: tuple[int, int]) -> None:
    """Refuse to pad with another level than the rendering does: the mean colour around a border, else black."""
    if said.crop_mode == "border":
        wanted = tuple(round(255 * value) for value in said.mean)
    elif said.crop[0] <= resized[0] and said.crop[1] <= resized[1]:
        # Nothing is padded.
        return
    else:
        wanted = (0, 0, 0)
    if tuple(said.fill or (0, 0, 0)) != wanted:
        raise _UnsaidError(
            f"the crop pads with {list(said.fill or (0, 0, 0))}; here it can pad with {list(wanted)} alone"
        )


def _interpolation(value: Any) -> str:
    if isinstance(value, list | tuple):
        raise _UnsaidError("its interpolation is random")
    if isinstance(value, InterpolationMode):
        # Of a picture, pillow has one of that name.
        return value.value.removesuffix("-exact")
    found = _PILLOW.get(value) if isinstance(value, int) else value if isinstance(value, str) else None
    if found is None:
        raise _UnsaidError(f"its interpolation is {value!r}")
    return found


def _one_or_two(size: Any) -> int | tuple[int, int]:
    """One side, which is the shorter one's, or (height, width)."""
    sides = [size] if isinstance(size, int) else _integers(size)
    if len(sides) not in (1, 2) or min(sides) < 1:
        raise _UnsaidError(f"its size is {size!r}, not one or two sides in pixels")
    return sides[0] if len(sides) == 1 else (sides[0], sides[1])


def _two(size: Any) -> tuple[int, int]:
    sides = _one_or_two(size)
    return sides if isinstance(sides, tuple) else (sides, sides)


def _integers(size: Any) -> list[int]:
    try:
        return [int(side) for side in size]
    except (TypeError, ValueError):
        raise _UnsaidError(f"its size is {size!r}, not one or two sides in pixels") from None


def _three(values: Any) -> tuple[float, ...]:
    """One number a channel."""
    try:
        # A tensor's as they were written before they became one: 0.485, not 0.48500001430511475.
        found = [float(str(value)) for value in np.ravel(values)]
    except (TypeError, ValueError, RuntimeError) as error:
        raise _UnsaidError(f"its mean or std is none of three numbers ({first_line(error)})") from error
    found = found * 3 if len(found) == 1 else found
    if len(found) != 3:
        raise _UnsaidError(f"it has {len(found)} numbers, not one for each of three channels")
    return tuple(found)


def _sides(sides: int | Sequence[int]) -> str:
    return f"{sides} on the shorter side" if isinstance(sides, int) else f"{sides[0]} x {sides[1]}"


def _shown(step: Any) -> str:
    """A step's name, and what it says of itself if that is short."""
    if isinstance(step, types.FunctionType):
        return f"the function {step.__name__}"
    text = " ".join(repr(step).split())
    return text if len(text) <= 80 and " at 0x" not in text else type(step).__name__
