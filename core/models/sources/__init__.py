"""Find, describe and load classifiers; each kind of source is a module here, chosen by the prefix of a name.

``resnet50.a1_in1k``, ``hf-hub:owner/name`` and ``local-dir:PATH`` are timm's; ``torchvision:``, ``open-clip:``,
``transformers:``, ``onnx:`` and ``python:`` are other libraries'. A folder below one of the model folders goes by its
name, whatever it holds. Weights are data: safetensors, or a pickle read with ``weights_only=True``; code in a
checkpoint is never run.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from core import labels
from core.errors import ModelError, OffcenterError, UsageError, nearest
from core.models import presets
from core.models.configs import checked_transform
from core.models.outputs import check
from core.models.sources.base import Source, state_sha256, versions
from core.models.sources.from_timm import from_folder, from_hub, from_name, is_folder_here
from core.store import specs
from core.store.specs import Spec
from core.store.weights import kind_of, local_models
from core.types import Model

__all__ = [
    *("Source", "describe", "from_module", "known_source", "load", "require_weights", "resolve", "resolve_device"),
    "state_sha256",
]

#: Modules of the sources that need a package of their own, imported when one is asked for. Each has
#: ``find(where, options) -> Source`` and the options it takes, ``OPTIONS``.
_MODULES = {
    kind: f"core.models.sources.from_{kind.replace('-', '_')}"
    for kind in (specs.TORCHVISION, specs.OPEN_CLIP, specs.TRANSFORMERS, specs.ONNX, specs.PYTHON)
}


#: Kinds of which folders are models.
_OF_FOLDERS = (specs.LOCAL_DIR, specs.OPEN_CLIP, specs.TRANSFORMERS, specs.ONNX)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
#: What a repository of the hub is called.
_REPOSITORY = re.compile(r"\w[\w.-]*/\w[\w.-]*(@\S+)?")
#: Letters that a message shows of what cannot be read.
_SHOWN = 60


def resolve_device(device: str = "auto") -> str:
    """``auto`` to what this machine has.

    Raises:
        UsageError: If the device is unknown or absent.
    """
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    kind, _, index = device.partition(":")
    if kind not in ("cpu", "cuda") or (index and not index.isdigit()):
        raise UsageError(f"unknown device '{device}'. Known: auto, cpu, cuda, cuda:0, ….")
    if kind == "cuda" and int(index or 0) >= torch.cuda.device_count():
        raise UsageError(
            f"device '{device}' is not there: torch {torch.__version__} sees no such GPU. Use --device cpu."
        )
    return device


def resolve(spec: str) -> Source:
    """What a model's name stands for; options that any model takes (``core.models.presets``) are left to ``load``.

    Raises:
        UsageError: If there is no such model, or it takes no such option; names the nearest ones.
        ModelUnavailableError: If a hub repository's config cannot be reached, or an optional package is not installed.
        ModelError: If a config is not what its library writes.
    """
    asked = specs.parsed(spec)
    _require_tellable(asked, spec)
    presets.require_known(asked.options)
    try:
        return _found(asked, spec)
    except UsageError as error:
        meant = "" if asked.kind else presets.meant_by(asked.where)
        if meant and _is_known(meant):
            raise UsageError(f"'{asked.where}' is what results of {meant} are called: write that.") from error
        if "?" not in asked.where:
            raise
        # A folder may have a question mark in its name; where there is none such, options were meant.
        begin, _, rest = asked.where.partition("?")
        raise UsageError(
            f"'{spec}': '?{rest[:_SHOWN]}' cannot be read as options of '{begin}'. Write ?option=value&option=value, "
            "each option once and in small letters; in a value, & is %26, ? is %3F and = is %3D."
        ) from error


def _is_known(spec: str) -> bool:
    try:
        _found(specs.parsed(spec), spec)
    except OffcenterError:
        return False
    return True


def _require_tellable(asked: Spec, spec: str) -> None:
    """Refuse a name that could mean two models, or that no line shows.

    Raises:
        UsageError: If it has control characters, or is a folder's that ends as options do.
    """
    if _CONTROL.search(spec):
        raise UsageError(f"{spec[:_SHOWN]!r} is no model's name: it has a line break or another control character.")
    written = spec.strip().partition(":")[2] if asked.kind else spec.strip()
    path = asked.where if specs.parsed(asked.where).options else written
    is_folder = path in local_models() or (asked.kind in (*_OF_FOLDERS, "") and is_folder_here(path))
    if specs.parsed(path).options and is_folder:
        raise UsageError(
            f"the folder '{path}' is called as a model with options is: rename it, or make a link to it with a name "
            "without '?'."
        )


def _found(asked: Spec, spec: str) -> Source:
    """See ``resolve``."""
    local = local_models()
    if not asked.kind and asked.where in local:
        asked = _of_folder(local[asked.where], asked)
    if not asked.where.strip():
        missing = f"write what follows {asked.kind}:, " if asked.kind else ""
        raise UsageError(f"'{spec}' names no model: {missing}see python -m core models --help")
    if asked.kind in _MODULES:
        module = importlib.import_module(_MODULES[asked.kind])
        return module.find(asked.where, _own_options(asked, module.OPTIONS))
    _own_options(asked, frozenset())
    if asked.kind == specs.LOCAL_DIR:
        return from_folder(asked.where)
    if asked.kind == specs.HF_HUB:
        return from_hub(asked.where)
    if ":" in asked.where or "/" in asked.where:
        raise UsageError(
            f"'{spec}' is not a model name.{_meant(asked)}; 'python -m core models --help' has the others."
        )
    return from_name(asked.where, local)


def _meant(asked: Spec) -> str:
    """What may be meant by a name with a colon or a slash."""
    prefix, colon, rest = asked.where.partition(":")
    if prefix.lower() == "timm" and rest:
        return f" Names of timm's have no prefix: {replace(asked, where=rest)}"
    hub = asked if _REPOSITORY.fullmatch(asked.where) else replace(asked, where="owner/name", options={})
    near = nearest(prefix, specs.PREFIXES) if colon else ""
    folder, hub = replace(asked, kind=specs.LOCAL_DIR), replace(hub, kind=specs.HF_HUB)
    return f"{near} For a folder write {folder}, for the hub {hub}"


def _of_folder(folder: Path, asked: Spec) -> Spec:
    return replace(asked, kind=kind_of(folder), where=str(folder))


def _own_options(asked: Spec, known: frozenset[str]) -> dict[str, str]:
    """The options that are the source's own.

    Raises:
        UsageError: If one is neither its own nor one that any model takes.
    """
    for name in asked.options:
        if name not in known | presets.OPTIONS:
            every = sorted(known | presets.OPTIONS)
            raise UsageError(
                f"'{asked}': there is no option '{name}' for such a model.{nearest(name, every)} "
                f"Known: {', '.join(every)}."
            )
    return {name: value for name, value in asked.options.items() if name in known}


def known_source(spec: str) -> str:
    """What to type to get the very same model again, as results keep it.

    Weights are looked at only where images are to be shown otherwise, which may be the model's own way.

    Raises:
        UsageError, ModelUnavailableError, ModelError: See ``resolve``.
    """
    source = resolve(spec)
    is_own = presets.OPTIONS.isdisjoint(specs.parsed(spec).options)
    return source.spec if is_own else _shown(source.described(), spec).source


def describe(spec: str) -> tuple[Model, list[Path]]:
    """What a model is, its fingerprint included, without its network; ``core.models.describe`` remembers it.

    Args:
        spec: A model's name.

    Returns:
        The model, and the files that say so, the weights last.

    Raises:
        UsageError, ModelUnavailableError, ModelError: See ``resolve`` and ``Source``.
    """
    source = resolve(spec)
    return _shown(source.described(), spec), source.files()


def _shown(model: Model, spec: str) -> Model:
    """A model as the options of its name have it shown images."""
    return presets.applied(model, specs.parsed(spec).options)


def load(name: str, device: str = "auto") -> Model:
    """A classifier, ready to run.

    Args:
        name: See ``python -m core models --help``: a timm name, ``local-dir:...``, ``open-clip:...``, the name of a
            local model folder, with options or without.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.

    Returns:
        The model with its module in eval mode, float32, on the device.

    Raises:
        UsageError: If name or device are unknown.
        ModelUnavailableError: If weights cannot be had, or an optional package is not installed.
        ModelError: If weights do not fit, are damaged or hold code.
    """
    device = resolve_device(device)
    source = resolve(name)
    # A folder stands for a file that may yet appear in it; whatever else is written there does not matter.
    files = [path for path in source.files() if not path.is_dir()]
    before = versions(files)
    own = source.described()
    model = _shown(own, name)
    network = source.network()
    if versions(files) != before:
        raise ModelError(f"{files[-1]} changed while it was read: once whoever writes it has finished, try again.")
    notes = tuple(dict.fromkeys((*model.notes, *network.notes)))
    model = replace(model, module=network.module.to(device), device=device, notes=notes)
    _check(model, own)
    return model


def _check(model: Model, own: Model) -> None:
    """Check a loaded model; where its size is not its own and that is at fault, say so."""
    try:
        check(model)
    except ModelError as error:
        if model.transform["input_size"] == own.transform["input_size"]:
            raise
        check(replace(own, module=model.module, device=model.device))
        raise presets.refused(model, own, error) from error


def require_weights(model: Model, fingerprint: str | None) -> None:
    """Refuse a model whose weights are not those that a stored result was made with.

    Args:
        model: As it is now.
        fingerprint: Of the result's weights; None asks nothing.

    Raises:
        ModelError: If they differ, for example because the model was trained on in the same folder.
    """
    if fingerprint and model.fingerprint != fingerprint:
        raise ModelError(
            f"the weights of '{model.source}' are others now ({model.fingerprint[:8]}) than those of this result "
            f"({fingerprint[:8]}): put those back, or evaluate the new ones and look at that result."
        )


def from_module(module: torch.nn.Module, name: str, *, label_space: str, transform: Mapping[str, Any]) -> Model:
    """Wrap a network of your own.

    Args:
        module: Maps float32 (N, 3, H, W) to logits (N, classes).
        name: Short name.
        label_space: Of its output: ``imagenet-1k``, ``focus-10``.
        transform: Preprocessing, with the keys of ``core.models.configs.TRANSFORM_KEYS``.

    Raises:
        LabelSpaceError: If the label space is unknown.
        ModelError: If the preprocessing is impossible, or the network does not give such logits for an image of it.
    """
    module = module.eval()
    device = next((str(parameter.device) for parameter in module.parameters()), "cpu")
    model = Model(
        name=name,
        source=name,
        architecture=type(module).__name__,
        label_space=label_space,
        num_classes=len(labels.label_space(label_space)),
        transform=checked_transform(transform, f"'{name}'"),
        fingerprint=state_sha256(module),
        module=module,
        device=device,
    )
    check(model)
    return model
