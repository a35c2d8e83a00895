"""What can be said of a model folder by its JSON files alone, at once: no torch, and none of the libraries.

A list of many folders is made of this. ``core.models.describe`` says more, and says what is wrong with a folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core import paths
from core.errors import ModelError, OffcenterError
from core.labels import IMAGENET_1K
from core.models.classes import head_of
from core.models.descriptions import label_space_of
from core.store import specs, weights

#: Where image processors of transformers keep their settings.
_PROCESSOR = "preprocessor_config.json"
#: Outputs of a network of transformers whose config does not say how many.
_TWO = 2


@dataclass(frozen=True)
class Brief:
    """A model folder in short.

    Attributes:
        kind: Which of ``specs.PREFIXES`` loads it.
        label_space: Of its outputs; empty where only loading it tells.
        input_px: Longer side of its input; None where only loading it tells.
        problem: Why it cannot be loaded, as far as the names of its files tell; else empty.
    """

    kind: str
    label_space: str = ""
    input_px: int | None = None
    problem: str = ""


def brief_of(folder: Path) -> Brief:
    """A model folder in short.

    Args:
        folder: One that ``weights.holds_model``.
    """
    kind = weights.kind_of(folder)
    if kind == specs.ONNX:
        return _onnx(folder)
    path = weights.weights_in(folder)
    if path is None:
        return Brief(kind, problem=f"{folder} has no file of weights")
    try:
        weights.parts_of(path)
    except ModelError as error:
        return Brief(kind, problem=str(error))
    try:
        return _READERS.get(kind, _timm)(folder)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return Brief(kind)


def _timm(folder: Path) -> Brief:
    config = paths.load_json(folder / weights.CONFIG)
    return Brief(specs.LOCAL_DIR, label_space_of(folder) or "", _longer(config["pretrained_cfg"].get("input_size")))


def _transformers(folder: Path) -> Brief:
    config = paths.load_json(folder / weights.CONFIG)
    names = config.get("id2label")
    n_classes = len(names) if isinstance(names, dict) and names else config.get("num_labels", _TWO)
    there = folder / _PROCESSOR
    processor = paths.load_json(there) if there.is_file() else {}
    side = _longer(processor.get("crop_size") if processor.get("do_center_crop") else processor.get("size"))
    return Brief(specs.TRANSFORMERS, head_of(n_classes, names).label_space, side)


def _open_clip(folder: Path) -> Brief:
    config = paths.load_json(folder / weights.OPEN_CLIP_CONFIG)
    # Texts name its classes: ImageNet's where nobody says others.
    return Brief(specs.OPEN_CLIP, IMAGENET_1K, _longer(config["model_cfg"]["vision_cfg"].get("image_size")))


def _onnx(folder: Path) -> Brief:
    from core.models.onnx.settings import settings_for

    path = weights.onnx_in(folder)
    if path is None:
        return Brief(specs.ONNX, problem=f"{folder} has several ONNX files: name one, as in onnx:{folder}/NAME.onnx")
    try:
        settings = settings_for(path, {})
        names = settings.names
        space = head_of(len(names), names).label_space if isinstance(names, list | tuple | dict) else ""
        return Brief(specs.ONNX, space, _longer(settings.get("input_size")))
    except OffcenterError as error:
        return Brief(specs.ONNX, problem=str(error))
    except ValueError:
        return Brief(specs.ONNX)


def _longer(size: Any) -> int | None:
    """The longer side of a size in any of the libraries' forms: a number, a list, an object."""
    values = size.values() if isinstance(size, dict) else size if isinstance(size, list | tuple) else [size]
    sides = [value for value in values if isinstance(value, int) and not isinstance(value, bool)]
    return max(sides, default=None)


_READERS = {specs.TRANSFORMERS: _transformers, specs.OPEN_CLIP: _open_clip}
