"""What a model's config says, checked: it came with the data, and whoever wrote it may have erred or meant ill."""

from __future__ import annotations

import dataclasses
import inspect
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import timm
from timm.data import resolve_data_config
from timm.models import get_deprecated_models, model_entrypoint
from timm.models._builder import build_model_with_cfg
from timm.models._hub import _parse_model_cfg
from timm.models._pretrained import PretrainedCfg
from torch import nn

from core.errors import ModelError, UsageError, nearest
from core.labels import UNNAMED
from core.models.classes import Head, head_of
from core.store.weights import CONFIG, json_of

#: What decides a model's pixels; all of timm's resolved data config.
TRANSFORM_KEYS = ("input_size", "interpolation", "mean", "std", "crop_pct", "crop_mode")
#: ``model_type`` of timm's networks in transformers' wrapping.
_WRAPPED = "timm_wrapper"
#: Sides of a model's input in pixels; nobody's classifier takes more.
_LONGEST_SIDE = 4096
#: What timm takes besides an architecture's own arguments: where weights come from, how they are loaded, what is built
#: around the network. None of it is a config's to say.
_OF_THE_LOADER = {
    *inspect.signature(timm.create_model).parameters,
    *inspect.signature(build_model_with_cfg).parameters,
    *("self", "cfg", "kwargs", "args", "device", "dtype", "features_only", "out_indices", "feature_cls", "pruned"),
}
#: Arguments that some of timm's builders take out before the network is made.
_OF_THE_BUILDER = {"bn_tf", "bn_momentum", "bn_eps", "img_size", "global_pool"}


@dataclass(frozen=True)
class Config:
    """A model's config, as timm understands it.

    Attributes:
        architecture: timm's name; a current one.
        pretrained: timm's pretrained config.
        model_args: Arguments of the architecture.
        notes: What a reader should know.
    """

    architecture: str
    pretrained: Mapping[str, Any]
    model_args: Mapping[str, Any]
    notes: tuple[str, ...] = ()


def read_config(folder: Path) -> Config:
    """The config in a folder in timm's hub format.

    Raises:
        ModelError: If it is not what timm writes, or holds what it must not; names the field and its value.
    """
    path = folder / CONFIG
    content = json_of(path)
    if not isinstance(content, dict) or not isinstance(content.get("architecture"), str):
        raise ModelError(f"{path} is not a model config as timm writes it: it names no 'architecture'.")
    if content.get("model_type") == _WRAPPED:
        # transformers writes null for what there is none of.
        content = {name: value for name, value in content.items() if value is not None}
        if "pretrained_cfg" not in content:
            raise ModelError(f"{path} has no 'pretrained_cfg', which says how images are prepared: take timm's own.")
    for name in ("pretrained_cfg", "model_args"):
        if name in content and not isinstance(content[name], dict):
            raise ModelError(f"{path}: '{name}' is {_shown(content[name])}, not an object.")
    try:
        pretrained, architecture, model_args = _parse_model_cfg(content, {"file": str(folder), "source": "local-dir"})
    except Exception as error:
        raise ModelError(
            f"{path} is not a model config as timm writes it: {type(error).__name__}: {error}. Compare "
            "'pretrained_cfg' and 'model_args' with what timm.models.save_for_hf writes."
        ) from error
    architecture, notes = current_architecture(architecture, str(path))
    _check_fields(pretrained, path)
    model_args = dict(model_args or {})
    _check_arguments(architecture, model_args, path)
    n_classes = _number_of_classes(pretrained, path)
    _check_shape(model_args, n_classes, pretrained, path)
    checked_transform(_resolved(pretrained), str(path))
    return Config(architecture, pretrained, model_args, notes)


def current_architecture(name: str, where: str = "") -> tuple[str, tuple[str, ...]]:
    """Timm's present name of an architecture, and a note if the given one is an old name of it.

    Raises:
        ModelError: If timm does not know it, or has removed it.
    """
    begin = f"{where}: " if where else ""
    if not timm.is_model(name):
        raise ModelError(
            f"{begin}timm {timm.__version__} does not know the architecture '{name}'."
            f"{nearest(name, timm.list_models())}"
        )
    old = get_deprecated_models()
    if name not in old:
        return name, ()
    if not old[name]:
        raise ModelError(f"{begin}timm {timm.__version__} has removed the architecture '{name}'.")
    current = old[name].partition(".")[0]
    return current, (f"'{name}' is timm's old name of the architecture '{current}'.",)


def renamed(spec: str) -> str | None:
    """What an old name of timm's stands for now, a tag included, or None if the name is not an old one.

    Raises:
        UsageError: If timm has removed it.
    """
    old = get_deprecated_models()
    if spec not in old:
        return None
    if not old[spec]:
        raise UsageError(f"timm {timm.__version__} has removed the model '{spec}', with nothing in its place.")
    return old[spec]


def _check_fields(pretrained: Mapping[str, Any], path: Path) -> None:
    """Refuse names that timm's own pretrained config does not have; timm refuses them too, less clearly."""
    known = {each.name for each in dataclasses.fields(PretrainedCfg)}
    for name in pretrained:
        if name not in known:
            raise ModelError(
                f"{path}: 'pretrained_cfg' holds '{name}', which timm does not know.{nearest(name, known)}"
            )


def _check_arguments(architecture: str, model_args: Mapping[str, Any], path: Path) -> None:
    known = arguments_of(architecture)
    for name in model_args:
        if name not in known:
            raise ModelError(
                f"{path}: 'model_args' holds '{name}', which is no argument of the architecture {architecture}: "
                f"weights are those of the folder, and a classifier is built whole.{nearest(name, known)} Leave it out."
            )


def arguments_of(architecture: str) -> set[str]:
    """Names of the arguments that shape an architecture: those of the networks in timm's module of it.

    What says where weights come from, how they are loaded or what is built around the network is not among them.
    """
    module = sys.modules[model_entrypoint(architecture).__module__]
    found = set(_OF_THE_BUILDER)
    for each in vars(module).values():
        if not isinstance(each, type):
            continue
        if issubclass(each, nn.Module):
            found |= _named_parameters(each.__init__)
        elif dataclasses.is_dataclass(each):
            # Some networks take the fields of their own config as arguments.
            found |= {one.name for one in dataclasses.fields(each)}
    return {name for name in found if name not in _OF_THE_LOADER and not name.startswith("pretrained")}


def _named_parameters(function: Any) -> set[str]:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return set()
    return {each.name for each in parameters if each.kind in (each.POSITIONAL_OR_KEYWORD, each.KEYWORD_ONLY)}


def _number_of_classes(pretrained: Mapping[str, Any], path: Path) -> int:
    n_classes = pretrained.get("num_classes", 1000)
    if isinstance(n_classes, bool) or not isinstance(n_classes, int) or n_classes < 1:
        raise ModelError(
            f"{path}: 'num_classes' is {_shown(n_classes)}; a classifier has a positive number of classes."
        )
    return n_classes


def _check_shape(model_args: Mapping[str, Any], n_classes: int, pretrained: Mapping[str, Any], path: Path) -> None:
    """Refuse arguments with which timm would put a random head or stem in place of the trained one."""
    given = model_args.get("num_classes", n_classes)
    if given != n_classes:
        raise ModelError(
            f"{path}: 'model_args' has num_classes {_shown(given)}, but 'num_classes' is {n_classes:,}: the head would "
            "be a new one with random weights. Make them the same."
        )
    channels = model_args.get("in_chans", 3)
    if channels != 3:
        raise ModelError(
            f"{path}: 'model_args' has in_chans {_shown(channels)}; only classifiers of RGB images (3) can be "
            "evaluated."
        )
    offset = pretrained.get("label_offset")
    if offset is not None and (isinstance(offset, bool) or not isinstance(offset, int) or offset < 0):
        raise ModelError(f"{path}: 'label_offset' is {_shown(offset)}, not a number of classes to leave out.")


def identify_labels(pretrained: Mapping[str, Any], where: str) -> Head:
    """What a config's classes are, and which outputs of the network.

    Raises:
        ModelError: If ``label_names`` is no form that timm writes or allows, or the network has no classifier.
    """
    n_classes = pretrained.get("num_classes", 1000)
    if not n_classes:
        raise ModelError(
            f"{where} gives features and no classes (num_classes is {_shown(n_classes)}): choose a fine-tuned form of "
            "it, or for CLIP its two towers (open-clip:...)."
        )
    try:
        head = head_of(int(n_classes), pretrained.get("label_names"))
    except ValueError as error:
        raise ModelError(f"{where}: 'label_names' {error}") from error
    if head.label_space.startswith(UNNAMED) and "clip" in where.lower():
        # timm's image towers of CLIP have their embeddings' length for num_classes.
        return replace(
            head, why=f"{head.why}; for CLIP, whose outputs are embeddings, give both towers (open-clip:...)"
        )
    return head


def resolve_transform(pretrained: Mapping[str, Any], where: str = "pretrained_cfg") -> dict[str, Any]:
    """The evaluation preprocessing that timm derives from a pretrained config, as JSON values.

    Returns:
        ``input_size`` [3, H, W], ``interpolation``, ``mean``, ``std``, ``crop_pct``, ``crop_mode``.

    Raises:
        ModelError: If a value is none that an image can be prepared with.
    """
    return checked_transform(_resolved(pretrained), where)


def _resolved(pretrained: Mapping[str, Any]) -> dict[str, Any]:
    # Of what is there: a field that is null counts as absent, as timm has it.
    return resolve_data_config(pretrained_cfg={"input_size": None, **pretrained})


def checked_transform(transform: Mapping[str, Any], where: str) -> dict[str, Any]:
    """A preprocessing as JSON values, all of them possible.

    Args:
        transform: With the keys ``TRANSFORM_KEYS``.
        where: What to name in an error.

    Raises:
        ModelError: If a value is absent or impossible; names it.
    """
    missing = [name for name in TRANSFORM_KEYS if name not in transform]
    if missing:
        raise ModelError(f"{where}: the preprocessing has no '{missing[0]}'; it needs {', '.join(TRANSFORM_KEYS)}.")
    found = {name: transform[name] for name in TRANSFORM_KEYS}
    if _is_size(found["input_size"]) and found["input_size"][0] != 3:
        raise ModelError(
            f"{where}: the model takes {found['input_size'][0]} channels ('input_size'); only RGB classifiers can be "
            "evaluated."
        )
    for name, wanted, is_good in (
        ("input_size", f"[3, height, width] with sides of 1 to {_LONGEST_SIDE} pixels", _is_size),
        ("mean", "three numbers, one a channel", lambda values: _is_numbers(values, 3)),
        ("std", "three numbers above 0, one a channel", lambda values: _is_numbers(values, 3) and min(values) > 0),
        ("crop_pct", "a share from 0.1 to 10", lambda value: _is_numbers([value], 1) and 0.1 <= value <= 10),
        ("interpolation", "the name of an interpolation", lambda value: isinstance(value, str)),
        ("crop_mode", "the name of a crop mode", lambda value: isinstance(value, str)),
    ):
        value = found[name]
        if not is_good(value):
            raise ModelError(f"{where}: '{name}' is {_shown(value)}; it must be {wanted}.")
        found[name] = list(value) if isinstance(value, tuple) else value
    return found


def _is_size(values: Any) -> bool:
    if not (isinstance(values, Sequence) and not isinstance(values, str) and len(values) == 3):
        return False
    whole = all(isinstance(value, int) and not isinstance(value, bool) for value in values)
    return whole and values[0] >= 1 and all(1 <= side <= _LONGEST_SIDE for side in values[1:])


def _is_numbers(values: Any, n: int) -> bool:
    return (
        isinstance(values, Sequence)
        and not isinstance(values, str)
        and len(values) == n
        and all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)
        and all(abs(value) <= sys.float_info.max for value in values)
    )


def _shown(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else f"{text[:60]}…"
