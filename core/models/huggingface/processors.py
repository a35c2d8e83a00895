"""What an image processor of transformers does to an image, as a preprocessing of ours, or what of it cannot be said.

What was recognised is held against the processor itself on test pictures before it is believed, so that a processor
which does more than its settings say is refused and not approximated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from core.errors import ModelError
from core.images.preprocess import Preprocess
from core.models import presets
from core.models.checkpoints import first_line
from core.models.configs import checked_transform
from core.models.normalise import Normalise
from core.store.weights import json_of

PROCESSOR, PROCESSORS = "preprocessor_config.json", "processor_config.json"
#: Pillow's numbers of interpolations, as the settings have them.
_INTERPOLATIONS = ("nearest", "lanczos", "bilinear", "bicubic", "box", "hamming")
#: From this side on ConvNeXt's processor squashes images and crops nothing.
_CONVNEXT_SQUASHES = 384
#: LeViT's processor enlarges the side that it is given so before the crop.
_LEVIT_ENLARGES = 256 / 224
#: Largest difference of a model's input from the processor's own, as a share of its largest value if that is above 1.
_TOLERANCE = 1e-5
#: (height, width) of the test pictures: upright, across, small, square, long.
_TEST_SIZES = ((331, 487), (613, 402), (57, 90), (300, 300), (120, 517), (241, 234))


@dataclass(frozen=True)
class Recognised:
    """What an image processor does.

    Attributes:
        transform: With the keys of ``core.models.configs.TRANSFORM_KEYS``.
        flips: Whether the network gets blue, green, red; ``transform`` gives red, green, blue.
        notes: What a reader should know.
    """

    transform: dict[str, Any]
    flips: bool = False
    notes: tuple[str, ...] = ()


class _UnsaidError(ValueError):
    """What a processor does and no preprocessing of ours says."""


@contextmanager
def quiet() -> Iterator[None]:
    """Within this context transformers prints nothing."""
    from transformers.utils import logging

    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()


def processor_files(folder: Path) -> list[Path]:
    """Files of a model folder that say how images are prepared."""
    return [folder / name for name in (PROCESSORS, PROCESSOR) if (folder / name).is_file()]


def recognised(folder: Path, config: Any, where: str) -> Recognised:
    """How a model folder's own image processor prepares images.

    Args:
        folder: With ``preprocessor_config.json``.
        config: transformers' config of the network, by which it finds a processor that its settings do not name.
        where: What to call the model in an error.

    Raises:
        ModelError: If there is none, or it does what cannot be said; names that.
    """
    settings = _settings(folder, where)
    with quiet():
        processor = _made(folder, config, "pil", where)
        name = type(processor).__name__.removesuffix("Pil")
        asked = settings.get("image_processor_type")
        if asked is not None and str(asked).removesuffix("Fast") != name:
            raise ModelError(
                f"{where}: {_file(folder)} names the image processor {asked!r}, which transformers has not."
            )
        try:
            transform = checked_transform(_said(processor, name), f"{where}: {name}")
            flips = bool(getattr(processor, "do_flip_channel_order", False))
            pictures = _test_pictures()
            theirs = [_their_input(processor, picture) for picture in pictures]
            _require_same(transform, flips, pictures, theirs)
        except _UnsaidError as error:
            raise ModelError(
                f"{where}: its image processor {name} {error}. Such a preprocessing cannot be said here, and an "
                f"approximation would be another model: mend {_file(folder)}, or export the model to ONNX."
            ) from error
        except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError) as error:
            raise ModelError(
                f"{where}: the settings of its image processor {name} are not what transformers takes: "
                f"{type(error).__name__}: {first_line(error)[:200]}. Mend {_file(folder)}."
            ) from error
        notes = _notes(folder, config, settings, transform, pictures, theirs)
    return Recognised(transform, flips, notes)


def _file(folder: Path) -> str:
    return next((path.name for path in processor_files(folder)), PROCESSOR)


def _settings(folder: Path, where: str) -> Mapping[str, Any]:
    """What the folder's files say of it, before transformers reads them."""
    for path in processor_files(folder):
        content = json_of(path)
        if path.name == PROCESSORS and isinstance(content, dict):
            content = content.get("image_processor")
            if content is None:
                continue
        if not isinstance(content, dict):
            raise ModelError(f"{path} holds no settings of an image processor, but a {type(content).__name__}.")
        return content
    raise ModelError(
        f"{where} has no {PROCESSOR}, so how its images are prepared is not known. Save the processor that it was "
        "trained with beside its weights: AutoImageProcessor.from_pretrained('owner/name').save_pretrained('FOLDER'), "
        "where owner/name is the model that it began from."
    )


def _made(folder: Path, config: Any, backend: str, where: str) -> Any:
    import transformers

    try:
        return transformers.AutoImageProcessor.from_pretrained(
            str(folder), config=config, backend=backend, local_files_only=True, trust_remote_code=False
        )
    except Exception as error:
        raise ModelError(
            f"{where}: transformers {transformers.__version__} makes no image processor of {_file(folder)}: "
            f"{type(error).__name__}: {first_line(error)[:200]}. Code in a model folder is never run."
        ) from error


def _said(processor: Any, name: str) -> dict[str, Any]:
    """The preprocessing that a processor's attributes describe.

    Raises:
        _UnsaidError: If they describe another kind of preprocessing.
    """
    if not hasattr(processor, "do_resize"):
        raise _UnsaidError("makes no pixels of a fixed size")
    for attribute, does in (("do_pad", "pads images"), ("do_color_quantize", "turns colours into clusters")):
        if getattr(processor, attribute, None):
            raise _UnsaidError(f"{does} ({attribute})")
    if not processor.do_resize:
        raise _UnsaidError("does not resize images (do_resize is false)")
    resized, keeps_shape = _resized(processor, name)
    crop = _crop(processor, name, resized)
    if keeps_shape and crop is None:
        raise _UnsaidError(f"resizes to a shorter side of {resized[0]} and crops nothing, so that sizes differ")
    size = crop or resized
    if keeps_shape and size[0] != size[1]:
        raise _UnsaidError(f"crops {size[0]} x {size[1]} of images whose shape it keeps")
    margins = [there - wanted for there, wanted in zip(resized, size, strict=True)]
    # Where a margin is even, or an odd one is rounded alike, timm's own word says it.
    floors = keeps_shape or any(margin % 4 == 3 or (margin < 0 and margin % 2) for margin in margins)
    mode = ("center" if keeps_shape else "squash") + ("-floor" if floors else "")
    mean, std = _normalisation(processor, name)
    resample = processor.resample if processor.resample is not None else 2
    return {
        "input_size": [3, *size],
        "interpolation": _INTERPOLATIONS[int(resample)],
        "mean": mean,
        "std": std,
        "crop_pct": _crop_pct(size, resized),
        "crop_mode": mode,
    }


def _resized(processor: Any, name: str) -> tuple[tuple[int, int], bool]:
    """(height, width) before the crop, and whether the shape of an image is kept, so that both are its shorter side."""
    size = getattr(processor, "size", None)
    if size is None:
        raise _UnsaidError("has no one size for all images")
    for other in ("longest_edge", "max_height", "max_width"):
        if getattr(size, other, None):
            raise _UnsaidError(f"resizes to a {other} of {getattr(size, other)}")
    shorter, square = size.shortest_edge, (size.height, size.width)
    if not shorter and not all(square):
        raise _UnsaidError(f"resizes to {dict(size)}")
    if name == "ConvNextImageProcessor":
        if not shorter:
            raise _UnsaidError(f"resizes to {dict(size)}, where it takes a shortest_edge")
        if shorter >= _CONVNEXT_SQUASHES:
            return (shorter, shorter), False
        return (int(shorter / processor.crop_pct),) * 2, True
    if name == "PoolFormerImageProcessor" and processor.crop_pct is not None:
        sides = (shorter, shorter) if shorter else square
        return (int(sides[0] / processor.crop_pct), int(sides[1] / processor.crop_pct)), sides[0] == sides[1]
    if name == "LevitImageProcessor" and shorter:
        return (int(_LEVIT_ENLARGES * shorter),) * 2, True
    return ((shorter, shorter), True) if shorter else (square, False)


def _crop(processor: Any, name: str, resized: tuple[int, int]) -> tuple[int, int] | None:
    """(height, width) of the crop in the middle; None where there is none."""
    own = None
    if name == "ConvNextImageProcessor" and processor.size.shortest_edge < _CONVNEXT_SQUASHES:
        own = (processor.size.shortest_edge,) * 2
    if not processor.do_center_crop:
        return own
    size = processor.crop_size
    crop = (size.height, size.width) if size is not None else (None, None)
    if not all(crop):
        raise _UnsaidError(f"crops to {dict(size) if size is not None else 'no size'}")
    if own is not None and crop != own:
        raise _UnsaidError(f"crops twice, to {own[0]} and to {crop[0]} x {crop[1]}")
    return None if crop == resized and own is None and not processor.size.shortest_edge else crop


def _crop_pct(size: tuple[int, int], resized: tuple[int, int]) -> float:
    if size == resized:
        return 1.0
    share = presets.crop_pct(size[0], resized[0])
    if int(size[1] / share) != resized[1]:
        raise _UnsaidError(f"resizes to {resized[0]} x {resized[1]} and crops another shape, {size[0]} x {size[1]}")
    return share


def _normalisation(processor: Any, name: str) -> tuple[list[float], list[float]]:
    """Mean and standard deviation of values 0..1 that do what rescaling and normalising do together."""
    scale = 255 * float(processor.rescale_factor) if processor.do_rescale else 255.0
    scale = 1.0 if abs(scale - 1) < 1e-9 else scale
    # MobileViT's takes values as they are, whatever it is told.
    normalises = processor.do_normalize and name != "MobileViTImageProcessor"
    means = _three(processor.image_mean) if normalises else [0.0] * 3
    stds = _three(processor.image_std) if normalises else [1.0] * 3
    offset = 1.0 if processor.do_rescale and getattr(processor, "rescale_offset", False) else 0.0
    again = _three(processor.image_std) if getattr(processor, "include_top", False) else [1.0] * 3
    mean = [(each + offset) / scale for each in means]
    return mean, [std / scale * twice for std, twice in zip(stds, again, strict=True)]


def _three(values: Any) -> list[float]:
    if isinstance(values, int | float):
        return [float(values)] * 3
    return [float(value) for value in values]


def _test_pictures() -> list[Image.Image]:
    """Coarse noise under rectangles of full colours: edges and flat parts, like photos, the same ones every time."""
    pictures = []
    for seed, (height, width) in enumerate(_TEST_SIZES):
        draw = np.random.default_rng(seed)
        noise = draw.integers(0, 256, (max(2, height // 7), max(2, width // 7), 3), dtype=np.uint8)
        pixels = np.asarray(Image.fromarray(noise).resize((width, height), Image.Resampling.BICUBIC)).copy()
        for _ in range(12):
            top, left = draw.integers(0, height), draw.integers(0, width)
            bottom, right = top + draw.integers(1, height), left + draw.integers(1, width)
            pixels[top:bottom, left:right] = draw.choice([0, 255], 3)
        pictures.append(Image.fromarray(pixels))
    return pictures


def _their_input(processor: Any, picture: Image.Image) -> torch.Tensor:
    found = processor(picture, return_tensors="pt")
    if "pixel_values" not in found or len(found) != 1:
        raise _UnsaidError(f"gives {', '.join(sorted(found)) or 'nothing'} and not pixel_values alone")
    return found["pixel_values"].float()


def our_input(transform: Mapping[str, Any], flips: bool, picture: Image.Image) -> torch.Tensor:
    """What the network gets of an image: float32 (1, 3, H, W)."""
    pixels = torch.from_numpy(np.array(Preprocess(transform)(picture)))[None]
    inputs = Normalise(transform)(pixels)
    return inputs.flip(1) if flips else inputs


def _require_same(
    transform: Mapping[str, Any], flips: bool, pictures: list[Image.Image], theirs: list[torch.Tensor]
) -> None:
    for picture, wanted in zip(pictures, theirs, strict=True):
        found = our_input(transform, flips, picture)
        asked = f"of a picture of {picture.width} x {picture.height} pixels"
        if found.shape != wanted.shape:
            shapes = [" x ".join(map(str, each.shape)) for each in (wanted, found)]
            raise _UnsaidError(f"makes {shapes[0]} {asked}, where its settings mean {shapes[1]}")
        worst = float((found - wanted).abs().max())
        if not worst <= _TOLERANCE * max(1.0, float(wanted.abs().max())):
            raise _UnsaidError(f"does more than its settings say: {asked} its values differ by up to {worst:.3g}")


def _notes(
    folder: Path,
    config: Any,
    settings: Mapping[str, Any],
    transform: Mapping[str, Any],
    pictures: list[Image.Image],
    pil: list[torch.Tensor],
) -> tuple[str, ...]:
    notes = []
    if "auto_map" in settings:
        notes.append(f"{_file(folder)} names code of its own (auto_map), which is not run: transformers' own is used.")
    # Where transformers has no second way, there is nothing to say of it.
    with suppress(ModelError, TypeError, ValueError, RuntimeError):
        other = _made(folder, config, "torchvision", "")
        if other.backend != "pil":
            notes.extend(_apart(transform, [_their_input(other, each) for each in pictures], pil))
    return tuple(notes)


def _apart(transform: Mapping[str, Any], torchvision: list[torch.Tensor], pil: list[torch.Tensor]) -> Iterator[str]:
    """How far the pixels of transformers' two backends are apart; nothing if they are the same."""
    per_level = 255 * torch.tensor(transform["std"]).view(1, 3, 1, 1)
    levels = [(one - other).abs() * per_level for one, other in zip(torchvision, pil, strict=True)]
    worst = max(float(each.max()) for each in levels)
    share = sum(int((each > 0.5).sum()) for each in levels) / sum(each.numel() for each in levels)
    said = f"{100 * share:.1f} %" if share >= 0.001 else "under 0.1 %"
    if worst > 0.5:
        yield (
            "Images are prepared as transformers' Pillow backend does. Its torchvision backend, the default, resizes "
            f"otherwise: on test pictures {said} of values differ, by up to {worst:.0f} of 255."
        )
