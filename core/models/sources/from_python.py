"""A function of the user's own that returns a network: ``python:FILE.py:make``. Her code is run, where she named it.

    def make():
        return network
        return network, transform
        return {"module": network, "transform": transform, "labels": ["cat", "dog"], "name": "mine"}

``network`` maps float32 (N, 3, H, W) to logits (N, classes), or to an object or a dict with ``logits``. ``transform``
is a dict with the keys of ``core.models.configs.TRANSFORM_KEYS``, or a transform of torchvision's; networks of timm
need none. ``labels`` are class names in the order of the output, or the key of a label space.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import timm
import torch

from core import labels, paths
from core.errors import LabelSpaceError, ModelError, UsageError, nearest
from core.labels import IMAGENET_1K
from core.models.checkpoints import first_line
from core.models.configs import TRANSFORM_KEYS, checked_transform
from core.models.heads import Head, head_of, with_head
from core.models.outputs import giving_logits, n_outputs
from core.models.permission import permit, permitted, require
from core.models.sources.base import Network, Source, settings_sha256, state_sha256
from core.models.sources.running import Made, made_by, print_aside
from core.store import specs
from core.store.naming import file_and_function
from core.store.specs import Spec
from core.store.weights import files_sha256
from core.types import Model

__all__ = ["OPTIONS", "PythonSource", "find", "permit", "permitted"]

OPTIONS: frozenset[str] = frozenset()
_KEYS = ("module", "transform", "labels", "name")
#: The usual name of the function, which the model's name leaves out.
_USUAL = "make"
_LONGEST_NAME = 100
_OWN_LABELS = "nothing names its 1,000 outputs: they are taken for ImageNet's, in the order of WordNet ids."
_WRAPPERS = (torch.nn.DataParallel, torch.nn.parallel.DistributedDataParallel)


@dataclass(frozen=True)
class _Parts:
    """What a function gave, taken apart.

    Attributes:
        module: In eval mode, on the CPU.
        transform: The preprocessing.
        labels: Class names, or None.
        name: Of the model.
        notes: What a reader should know.
        settings: Digest of what the network keeps beside its weights, before it ran.
    """

    module: torch.nn.Module
    transform: dict[str, Any]
    labels: object
    name: str
    notes: tuple[str, ...]
    settings: str


@dataclass(frozen=True)
class PythonSource(Source):
    """A function in a file of Python; run once, when something is asked that only it can say.

    Attributes:
        path: The file.
        function: Name of the function.
    """

    name: str
    spec: str
    path: Path
    function: str
    folder: Path | None = None

    def files(self) -> list[Path]:
        """See ``Source.files``: its file, behind those beside it that it imports, once it was run."""
        # What a function has read besides, such as weights, only its network tells.
        helpers = self._made.helpers if "_made" in self.__dict__ else ()
        return [*helpers, self.path]

    def described(self) -> Model:
        """See ``Source.described``; runs the function."""
        parts, head = self._parts, self._head
        files = [*self._made.helpers, self.path]
        notes = (*parts.notes, *([_OWN_LABELS] if parts.labels is None and head.label_space == IMAGENET_1K else []))
        return Model(
            name=parts.name,
            source=self.spec,
            architecture=type(parts.module).__name__,
            label_space=head.label_space,
            num_classes=head.num_classes,
            transform=parts.transform,
            fingerprint=files_sha256(files, state_sha256(parts.module), parts.settings),
            notes=notes,
            labels_said=head.why,
            head=head.said,
        )

    def network(self) -> Network:
        """See ``Source.network``."""
        return Network(with_head(self._plain.module, self._head))

    @cached_property
    def _made(self) -> Made:
        return made_by(self.path, self.function)

    @cached_property
    def _parts(self) -> _Parts:
        where = f"{self.path}: {self.function}()"
        content = _taken_apart(self._made.content, where)
        module, notes = _plain_module(content["module"], where)
        name = content.get("name")
        is_name = isinstance(name, str) and name.strip() and name.isprintable() and len(name) <= _LONGEST_NAME
        if name is not None and not is_name:
            raise ModelError(f"{where} gives the name {repr(name)[:_LONGEST_NAME]}; it must be a short line of text.")
        transform = _transform(content.get("transform"), module, where)
        names, settings = _names(content.get("labels"), where), settings_sha256(module)
        return _Parts(module, transform, names, name or self.name, notes, settings)

    @cached_property
    def _plain(self) -> Model:
        """The network as a model whose outputs are not counted yet; it gives its logits alone."""
        parts = self._parts
        model = Model(parts.name, self.spec, "", "", 0, parts.transform, "", parts.module)
        model.module = giving_logits(model)
        return model

    @cached_property
    def _head(self) -> Head:
        n, names = n_outputs(self._plain), self._parts.labels
        where = f"{self.path}: {self.function}()"
        if isinstance(names, list) and len(names) != n:
            raise ModelError(f"{where} names {len(names):,} labels, and its network gives {n:,} outputs.")
        try:
            return head_of(n, names)
        except ValueError as error:
            raise ModelError(f"{where}: its 'labels' {error}") from error


def find(where: str, options: Mapping[str, str]) -> PythonSource:
    """The function that the rest of such a name stands for.

    Args:
        where: ``FILE.py:function``.
        options: None are known.

    Raises:
        UsageError: If there is no such file, or its code may not be run here; see ``core.models.permission``.
    """
    del options
    file, function = file_and_function(where)
    path = paths.place(file)
    paths.require_text(str(path))
    if paths.is_remote(path):
        raise UsageError(f"python:{where} is no file on this machine: copy it here.")
    # First of all: what is in a file is nobody's business who may not run it.
    require(path)
    if not path.is_file():
        if path.exists():
            raise UsageError(f"{path} is no file: give one of Python.")
        beside = [each.name for each in path.parent.glob("*.py")] if path.parent.is_dir() else []
        raise UsageError(f"there is no file {path}.{nearest(path.name, beside)}")
    if not function.isidentifier():
        raise UsageError(f"python:{where} names no function: write python:{file}:{_USUAL} for the function '{_USUAL}'.")
    name = path.stem if function == _USUAL else f"{path.stem}-{function}"
    return PythonSource(name, str(Spec(specs.PYTHON, f"{path}:{function}")), path, function)


def _taken_apart(content: Any, where: str) -> dict[str, Any]:
    """What was returned, by ``_KEYS``.

    Raises:
        ModelError: If it is nothing that a model can be made of.
    """
    if isinstance(content, tuple) and len(content) == 2:
        return {"module": content[0], "transform": content[1]}
    if isinstance(content, dict):
        strangers = [name for name in content if name not in _KEYS]
        if strangers or "module" not in content:
            said = f"holds {strangers[0]!r}" if strangers else "has no 'module'"
            hint = nearest(str(strangers[0]), _KEYS) if strangers else ""
            raise ModelError(f"{where} gives a dict that {said}.{hint} Its keys are {', '.join(_KEYS)}.")
        return dict(content)
    return {"module": content}


def _plain_module(module: Any, where: str) -> tuple[torch.nn.Module, tuple[str, ...]]:
    if isinstance(module, type) and issubclass(module, torch.nn.Module):
        raise ModelError(f"{where} gives the class {module.__name__}: return one of it, {module.__name__}(...).")
    if not isinstance(module, torch.nn.Module):
        raise ModelError(
            f"{where} gives {_shown(module)}; it must return a torch.nn.Module, or (module, transform), or a dict with "
            f"{', '.join(_KEYS)}."
        )
    # Wrappers of training, which need several GPUs or a compiler.
    while isinstance(module, _WRAPPERS) or isinstance(getattr(module, "_orig_mod", None), torch.nn.Module):
        module = module.module if isinstance(module, _WRAPPERS) else module._orig_mod
    if any(tensor.is_meta for tensor in (*module.parameters(), *module.buffers())):
        raise ModelError(f"{where} gives a network without values (on the device 'meta'): load its weights.")
    notes = ("the function gave it in training mode: it was set to evaluation.",) if module.training else ()
    print_aside(module)
    try:
        return module.cpu().eval(), notes
    except Exception as error:
        raise ModelError(f"{where}: its network cannot be moved to the CPU ({first_line(error)}).") from error


def _transform(given: Any, module: torch.nn.Module, where: str) -> dict[str, Any]:
    """The preprocessing.

    Raises:
        ModelError: If there is none, or it is none that can be said by ``TRANSFORM_KEYS``.
    """
    if given is None:
        if not (getattr(module, "pretrained_cfg", None) or getattr(module, "default_cfg", None)):
            raise ModelError(
                f"{where} does not say how images are prepared: return (module, transform), for example with the "
                'transform {"input_size": [3, 224, 224], "interpolation": "bilinear", "mean": [0.485, 0.456, 0.406], '
                '"std": [0.229, 0.224, 0.225], "crop_pct": 0.875, "crop_mode": "center"}.'
            )
        given = timm.data.resolve_model_data_config(module)
    if isinstance(given, Mapping):
        strangers = [name for name in given if name not in TRANSFORM_KEYS]
        if strangers:
            raise ModelError(
                f"{where}: the preprocessing has {strangers[0]!r}.{nearest(str(strangers[0]), TRANSFORM_KEYS)} Its "
                f"keys are {', '.join(TRANSFORM_KEYS)}."
            )
        return checked_transform(given, where)
    if not callable(given):
        raise ModelError(f"{where} gives {_shown(given)} as its transform; it must be a dict or a transform.")
    from core.models.transforms import transform_of

    return checked_transform(transform_of(given), where)


def _names(said: Any, where: str) -> object:
    """Class names, a key's in their place."""
    if not isinstance(said, str):
        return list(said) if isinstance(said, tuple) else said
    try:
        space = labels.label_space(said)
    except LabelSpaceError as error:
        raise ModelError(f"{where}: its 'labels' are no list of names, and no label space: {error}") from error
    return list(space.wnids or space.names)


def _shown(value: Any) -> str:
    return "None" if value is None else f"a {type(value).__name__}"
