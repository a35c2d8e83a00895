"""What the config of an OpenCLIP model says, checked: it came with the data. No torch, unless open_clip is needed."""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
import json
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from core.errors import ModelError, nearest
from core.store.weights import json_of

#: What a config may say of its tokenizer; anything else is handed to a loader that could be told to run code.
_TOKENIZER = ("clean", "strip_sep_token", "language", "reduction_mask")
#: Fields that say where weights come from, which is not a config's to say.
_OF_THE_LOADER = {"timm_model_pretrained", "hf_model_pretrained"}
_MODES = ("shortest", "longest", "squash")
#: The last is one of training; where a model is evaluated open_clip takes bicubic for it.
_INTERPOLATIONS = ("bicubic", "bilinear", "random")


@dataclass(frozen=True)
class Config:
    """The config of an OpenCLIP model.

    Attributes:
        model: ``model_cfg``: what open_clip builds the network from.
        preprocess: ``preprocess_cfg``, as far as it differs from open_clip's own.
        where: What to name in an error.
    """

    model: Mapping[str, Any]
    preprocess: Mapping[str, Any]
    where: str

    @property
    def text(self) -> Mapping[str, Any]:
        """Of the text tower."""
        return self.model["text_cfg"]

    @property
    def has_bias(self) -> bool:
        """Whether it was trained with a sigmoid, as SigLIP is: its logits have a bias."""
        return self.model.get("init_logit_bias") is not None


def read_config(path: Path, open_clip: ModuleType) -> Config:
    """The config in ``open_clip_config.json``.

    Raises:
        ModelError: If it is not what open_clip writes; names the field and its value.
    """
    content = json_of(path)
    if not isinstance(content, dict) or not isinstance(content.get("model_cfg"), dict):
        raise ModelError(f"{path} is not a config as open_clip writes it: it has no object 'model_cfg'.")
    preprocess = content.get("preprocess_cfg") or {}
    if not isinstance(preprocess, dict):
        raise ModelError(f"{path}: 'preprocess_cfg' is {_shown(preprocess)}, not an object.")
    return checked(content["model_cfg"], preprocess, str(path), open_clip)


def checked(model: Mapping[str, Any], preprocess: Mapping[str, Any], where: str, open_clip: ModuleType) -> Config:
    """A config of which open_clip knows every field, and that fetches nothing by itself.

    Raises:
        ModelError: If a field is absent, unknown or impossible.
    """
    model = deepcopy(dict(model))
    for name in ("vision_cfg", "text_cfg"):
        if not isinstance(model.get(name), dict):
            raise ModelError(f"{where}: 'model_cfg' has no object '{name}'.")
    width = model.get("embed_dim")
    if isinstance(width, bool) or not isinstance(width, int) or width < 1:
        raise ModelError(f"{where}: 'embed_dim' is {_shown(width)}; it must be a positive whole number.")
    kinds = (open_clip.CLIP, open_clip.CustomTextCLIP, open_clip.CoCa)
    known = {"custom_text"}.union(*(inspect.signature(kind).parameters for kind in kinds)) - {"cast_dtype"}
    _require_known(model, known, f"{where}: 'model_cfg'")
    for name, kind in (("vision_cfg", open_clip.CLIPVisionCfg), ("text_cfg", open_clip.CLIPTextCfg)):
        _require_known(model[name], {each.name for each in dataclasses.fields(kind)}, f"{where}: '{name}'")
        for field in _OF_THE_LOADER & set(model[name]):
            del model[name][field]
    _check_towers(model, where)
    return Config(model, dict(preprocess), where)


def _check_towers(model: Mapping[str, Any], where: str) -> None:
    trunk = model["vision_cfg"].get("timm_model_name")
    if trunk is not None:
        import timm

        if not isinstance(trunk, str) or not timm.is_model(trunk.partition(".")[0]):
            hint = nearest(str(trunk), timm.list_models())
            raise ModelError(f"{where}: timm {timm.__version__} does not know the image tower '{trunk}'.{hint}")
    length = model["text_cfg"].get("context_length", 1)
    if isinstance(length, bool) or not isinstance(length, int) or length < 1:
        raise ModelError(f"{where}: 'context_length' is {_shown(length)}; it must be a positive whole number.")
    for name in ("hf_model_name", "hf_tokenizer_name"):
        value = model["text_cfg"].get(name)
        if value is not None and not isinstance(value, str):
            raise ModelError(f"{where}: '{name}' is {_shown(value)}, not the name of a repository.")
    of_tokenizer = model["text_cfg"].get("tokenizer_kwargs") or {}
    if not isinstance(of_tokenizer, dict):
        raise ModelError(f"{where}: 'tokenizer_kwargs' is {_shown(of_tokenizer)}, not an object.")
    _require_known(of_tokenizer, set(_TOKENIZER), f"{where}: 'tokenizer_kwargs'")


def _require_known(content: Mapping[str, Any], known: set[str], where: str) -> None:
    for name in content:
        if name not in known:
            raise ModelError(f"{where} holds '{name}', which is not used here.{nearest(name, known)} Leave it out.")


def architecture_of(config: Config, open_clip: ModuleType) -> str:
    """open_clip's name of an architecture, or its kind with a digest of the config where none is the same."""
    model = _plain(config.model)
    for name in open_clip.list_models():
        if _plain(open_clip.get_model_config(name)) == model:
            return f"open_clip {name}"
    digest = hashlib.sha256(json.dumps(model, sort_keys=True).encode()).hexdigest()[:8]
    return f"open_clip {kind_of(config)} (config {digest})"


def kind_of(config: Config) -> str:
    """open_clip's class of networks with such a config."""
    if "multimodal_cfg" in config.model:
        return "CoCa"
    return "CustomTextCLIP" if config.model.get("custom_text") or config.text.get("hf_model_name") else "CLIP"


def _plain(model: Mapping[str, Any]) -> dict[str, Any]:
    """A config without what means the same whether it is there or not."""
    found = {name: value for name, value in deepcopy(dict(model)).items() if value is not False and value is not None}
    for name in ("vision_cfg", "text_cfg"):
        of_tower = found[name].items()
        found[name] = {field: value for field, value in of_tower if field not in _OF_THE_LOADER and value is not None}
    return found


def transform_of(config: Config) -> dict[str, Any]:
    """The preprocessing of open_clip's ``image_transform(is_train=False)`` in timm's words, for RGB images.

    Raises:
        ModelError: If a value is impossible, or none that can be shown here; names it.
    """
    found = {"mode": "RGB", "interpolation": "bicubic", "resize_mode": "shortest", "fill_color": 0}
    found |= {name: value for name, value in config.preprocess.items() if value is not None}
    size = config.model["vision_cfg"].get("image_size", 224)
    size = list(size) if isinstance(size, list | tuple) else [size, size]
    from open_clip import constants

    mean = _channels(config, "mean", found.get("mean") or constants.OPENAI_DATASET_MEAN)
    std = _channels(config, "std", found.get("std") or constants.OPENAI_DATASET_STD)
    for name, known in (("mode", ("RGB",)), ("resize_mode", _MODES), ("interpolation", _INTERPOLATIONS)):
        if found[name] not in known:
            raise ModelError(f"{config.where}: '{name}' is {_shown(found[name])}; open_clip knows {', '.join(known)}.")
    is_bilinear = found["interpolation"] == "bilinear"
    if found["resize_mode"] == "shortest" and len(set(size)) > 1:
        # For such sizes open_clip resizes bicubically, whatever the config says.
        is_bilinear = False
    return {
        "input_size": [3, *size],
        "interpolation": "bilinear" if is_bilinear else "bicubic",
        "mean": mean,
        "std": std,
        "crop_pct": 1.0,
        "crop_mode": _crop_mode(config, found, mean),
    }


def _crop_mode(config: Config, found: Mapping[str, Any], mean: Sequence[float]) -> str:
    if found["resize_mode"] != "longest":
        return {"shortest": "center", "squash": "squash"}[found["resize_mode"]]
    fill = found["fill_color"]
    if fill == 0:
        return "border-black"
    if isinstance(fill, int) and all(round(255 * level) == fill for level in mean):
        return "border"
    raise ModelError(
        f"{config.where}: 'fill_color' is {_shown(fill)}; images that are resized by their longer side ('longest') can "
        "only be padded with black, 0, or with the mean colour."
    )


def _channels(config: Config, name: str, value: Any) -> list[float]:
    """A number a channel; open_clip takes one for all of them too."""
    values = list(value) if isinstance(value, list | tuple) else [value] * 3
    if len(values) != 3 or not all(isinstance(each, int | float) and not isinstance(each, bool) for each in values):
        raise ModelError(f"{config.where}: '{name}' is {_shown(value)}; it must be three numbers, one a channel.")
    return values


def _shown(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:60]}…"
