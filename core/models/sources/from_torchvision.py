"""Classifiers of torchvision, with its own weights or with a checkpoint of the same architecture."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import torch
import torchvision
from torchvision.models import WeightsEnum, get_model_builder, get_model_weights, list_models

from core import labels, paths
from core.errors import ModelError, UsageError, nearest
from core.models.building import differences, inner_prefix, under
from core.models.checkpoints import Checkpoint, first_line, read_checkpoint
from core.models.heads import Head, head_of, said_of, with_head
from core.models.sources.base import Network, Source
from core.models.sources.hub import fetched
from core.models.transforms import transform_of
from core.models.zero_shot.lists import read_list
from core.store.specs import TORCHVISION, Spec
from core.store.weights import files_sha256
from core.types import Model
from core.wording import count

WEIGHTS, CLASSES = "weights", "classes"
OPTIONS: frozenset[str] = frozenset({WEIGHTS, CLASSES})
#: What torchvision's models are for, by the folder of their module; all others classify images.
_OTHERS = {
    "detection": "finds objects",
    "segmentation": "labels pixels",
    "video": "classifies videos",
    "optical_flow": "follows motion",
    "quantization": "has quantized weights, which run on some processors only",
}
#: Heads that only training uses, by the names of their parameters.
_AUXILIARY = re.compile(r"(^|\.)(aux1|aux2|AuxLogits)\.")
_MOST_CLASSES = 100_000
_LONGEST_NAME = 40


@dataclass(frozen=True)
class TorchvisionSource(Source):
    """A classifier of torchvision, before its weights are downloaded.

    Attributes:
        weights: torchvision's entry, which says the preprocessing, and the weights unless ``checkpoint`` does.
        architecture: torchvision's name of the model.
        checkpoint: A file of the user's own with weights, or None.
        classes: A file with the names of its classes, or None.
    """

    name: str
    spec: str
    weights: WeightsEnum = field(repr=False)
    architecture: str = ""
    checkpoint: Path | None = None
    classes: Path | None = None
    folder: Path | None = None

    def files(self) -> list[Path]:
        """See ``Source.files``."""
        says = [] if self.classes is None else [self.classes]
        return [*says, self._weights_file]

    def described(self) -> Model:
        """See ``Source.described``; a checkpoint of one's own is read for its number of classes."""
        head = self._head
        return Model(
            name=self.name,
            source=self.spec,
            architecture=f"torchvision {self.architecture}",
            label_space=head.label_space,
            num_classes=head.num_classes,
            transform=transform_of(self.weights.transforms(), self.spec),
            fingerprint=files_sha256([self._weights_file]),
            notes=(*self._notes(), *said_of(head)),
            labels_said=head.why,
            head=head.said,
        )

    def network(self) -> Network:
        """See ``Source.network``."""
        checkpoint = self._checkpoint
        module = self._built(self._n_outputs)
        try:
            module.load_state_dict(checkpoint.state)
        except RuntimeError as error:
            raise ModelError(
                f"the weights in {checkpoint.path} do not fit torchvision's {self.architecture}: "
                f"{differences(error) or first_line(error)}"
            ) from error
        return Network(with_head(module.float().eval(), self._head), checkpoint.notes)

    @property
    def _weights_file(self) -> Path:
        return self.checkpoint or fetched(self.weights.url)

    @cached_property
    def _checkpoint(self) -> Checkpoint:
        """The weights under the names that the network has, without heads that only training uses."""
        found = read_checkpoint(self._weights_file)
        state = {_renamed(name): value for name, value in found.state.items() if not _AUXILIARY.search(name)}
        found, names = replace(found, state=state), self._skeleton.state_dict().keys()
        prefix = "" if names <= state.keys() else inner_prefix(found, names)
        if not prefix:
            return found
        state, left = under(state, prefix)
        others = f" ({count(len(left), 'weight')} of other names left out)" if left else ""
        note = f"{found.path.name}: its weights are those whose names begin with '{prefix}'{others}."
        return replace(found, state=state, notes=(*found.notes, note))

    @cached_property
    def _n_outputs(self) -> int:
        """Length of the output.

        Raises:
            ModelError: If the weights have no layer where the network has its last one.
        """
        if self.checkpoint is None:
            return len(self.weights.meta["categories"])
        last = self._last_layer()
        found = self._checkpoint.state.get(f"{last}.weight")
        if found is None or not found.ndim:
            raise ModelError(
                f"the weights in {self.checkpoint} do not fit torchvision's {self.architecture}: its last layer is "
                f"'{last}', which they lack. They begin with {', '.join(list(self._checkpoint.state)[:3])}."
            )
        return len(found)

    def _last_layer(self) -> str:
        modules = self._skeleton.named_modules()
        return [name for name, each in modules if isinstance(each, torch.nn.Linear | torch.nn.Conv2d)][-1]

    @cached_property
    def _skeleton(self) -> torch.nn.Module:
        """The network as published, to be looked at only."""
        # That takes no memory; but regnets compute their widths with tensors.
        with torch.device("cpu" if self.architecture.startswith("regnet") else "meta"):
            return self._built(len(self.weights.meta["categories"]))

    def _built(self, n_outputs: int) -> torch.nn.Module:
        """The network, untrained, without heads that only training uses."""
        arguments: dict[str, Any] = {"num_classes": n_outputs}
        if self.architecture in ("googlenet", "inception_v3"):
            arguments |= {"transform_input": True, "aux_logits": False, "init_weights": False}
        if self.architecture.startswith("vit_"):
            arguments["image_size"] = self.weights.meta["min_size"][0]
        return get_model_builder(self.architecture)(weights=None, **arguments)

    @cached_property
    def _head(self) -> Head:
        n, where, names = self._n_outputs, self.spec, None
        if self.classes is not None:
            names, where = read_list(self.classes, "class name", _MOST_CLASSES), str(self.classes)
        elif self.checkpoint is None:
            names = list(self.weights.meta["categories"])
        if names is not None and len(names) != n:
            raise ModelError(f"{where} names {len(names):,} classes, and the network has {n:,} outputs.")
        try:
            return head_of(n, names)
        except ValueError as error:
            raise ModelError(f"{where}: the list of classes {error}") from error

    def _notes(self) -> list[str]:
        if self.checkpoint is None:
            return []
        notes = [f"preprocessing is that of torchvision's {self.architecture}.{self.weights.name}."]
        if self.architecture in ("googlenet", "inception_v3"):
            notes.append("inputs are normalised again as torchvision's own weights need it (transform_input).")
        if self.classes is None and self._head.label_space == labels.IMAGENET_1K:
            notes.append("nothing names its 1,000 outputs: they are taken for ImageNet's, in the order of WordNet ids.")
        return notes


def find(where: str, options: Mapping[str, str]) -> TorchvisionSource:
    """A classifier: ``alexnet``, ``alexnet.IMAGENET1K_V1`` or ``alexnet/IMAGENET1K_V1``, in any case of letters.

    Args:
        where: The model, and which of its weights; torchvision's own choice of them without.
        options: ``weights``, a checkpoint of one's own; ``classes``, a file with the names of its classes.

    Raises:
        UsageError: If there is no such model, no such weights or no such file; names the nearest.
    """
    typed, _, tag = where.strip().replace("/", ".", 1).partition(".")
    architecture = _architecture(typed.strip(), where)
    weights = _weights(architecture, tag.strip())
    own = {name: _file(name, options[name]) for name in sorted(OPTIONS) if name in options}
    if CLASSES in own and WEIGHTS not in own:
        raise UsageError(
            f"option {CLASSES} names the classes of a checkpoint of one's own; {architecture}.{weights.name} has names "
            f"for its own. Give {WEIGHTS}=FILE too, or leave it out."
        )
    full = f"{architecture}.{weights.name}"
    name = _own_name(weights, architecture, own[WEIGHTS]) if own else full
    spec = Spec(TORCHVISION, full, {option: str(path) for option, path in sorted(own.items())})
    return TorchvisionSource(name, str(spec), weights, architecture, own.get(WEIGHTS), own.get(CLASSES))


def _own_name(weights: WeightsEnum, architecture: str, checkpoint: Path) -> str:
    """A short name of one's own weights: published ones, which say the preprocessing only, are no part of it."""
    is_default = weights == get_model_weights(architecture).DEFAULT
    prepared = "" if is_default else f", as {weights.name}"
    return f"{architecture} ({paths.slug(checkpoint.stem)[:_LONGEST_NAME]}{prepared})"


def _architecture(typed: str, where: str) -> str:
    """Torchvision's name of a classifier.

    Raises:
        UsageError: If there is none, or it is no classifier of images.
    """
    # Also as its class of weights is called: AlexNet_Weights.
    name = typed.lower().removesuffix("_weights")
    if name in _classifiers():
        return name
    if name in list_models():
        module = get_model_builder(name).__module__.split(".")
        what = next(
            (said for folder, said in _OTHERS.items() if folder in module), "is none of its classifiers of images"
        )
        plain = name.removeprefix("quantized_")
        hint = f" Use torchvision:{plain}." if plain in _classifiers() else ""
        raise UsageError(f"torchvision's '{name}' {what}; only classifiers of images can be evaluated.{hint}")
    raise UsageError(
        f"torchvision {torchvision.__version__} has no classifier {typed!r} ({f'torchvision:{where}'!r})."
        f"{nearest(name, _classifiers())} Its classifiers are at https://docs.pytorch.org/vision/stable/models.html."
    )


@cache
def _classifiers() -> tuple[str, ...]:
    return tuple(list_models(module=torchvision.models))


def _weights(architecture: str, tag: str) -> WeightsEnum:
    """Torchvision's entry of some weights; its own choice for an empty tag.

    Raises:
        UsageError: If there is none, or it has no classifier; lists those that there are.
    """
    known = get_model_weights(architecture)
    with_classes = [each.name for each in known if each.meta.get("categories")]
    if not tag or tag.upper() == "DEFAULT":
        return known.DEFAULT
    found = next((each for each in known if each.name.upper() == tag.upper()), None)
    if found is None or found.name not in with_classes:
        why = "are no weights of" if found is None else "are features without a classifier, of"
        raise UsageError(
            f"{tag!r} {why} torchvision's {architecture}.{nearest(tag, with_classes) if found is None else ''} "
            f"Known: {', '.join(with_classes)}."
        )
    return found


def _file(option: str, value: str) -> Path:
    """The file that an option names.

    Raises:
        UsageError: If it names none.
    """
    if not value.strip():
        raise UsageError(f"option {option} is empty: name a file.")
    path = paths.place(value)
    if paths.is_remote(path) or not path.is_file():
        raise UsageError(f"option {option} names {value!r}, which is no file on this machine.")
    return path


def _renamed(name: str) -> str:
    """A parameter's present name: torchvision's published densenets have those of an earlier version."""
    return re.sub(r"(\.denselayer\d+\.(?:norm|conv))\.([12]\.)", r"\1\2", name)
