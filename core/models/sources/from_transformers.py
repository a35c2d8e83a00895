"""Image classifiers of transformers: a repository of the hub, or a local folder, with their own image processor."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core import paths
from core.errors import ModelError, UsageError, nearest
from core.labels import UNNAMED
from core.models.heads import Head, head_of, said_of, with_head
from core.models.huggingface.networks import built, checked_config
from core.models.huggingface.processors import PROCESSOR, PROCESSORS, Recognised, processor_files, recognised
from core.models.sources import hub
from core.models.sources.base import Network, Source, missing_package
from core.models.sources.from_timm import from_folder, from_hub
from core.store import specs
from core.store.weights import (
    CONFIG,
    INDEXES,
    OPEN_CLIP_CONFIG,
    files_sha256,
    is_index,
    json_of,
    kind_of,
    local_models,
    source_of,
    weight_map,
)
from core.types import Model

OPTIONS: frozenset[str] = frozenset()
PREFIX = f"{specs.TRANSFORMERS}:"
#: Files of weights in transformers' order of preference; an index lists the files of weights in several.
WEIGHTS = ("model.safetensors", INDEXES[0], "pytorch_model.bin", INDEXES[1])
#: Of a config what says nothing of the outputs: names, and by which program it was written.
_SAYS_NOTHING = ("id2label", "label2id", "_name_or_path", "transformers_version", "torch_dtype", "dtype", "auto_map")
#: Names that transformers gives to classes which have none.
_NUMBERED = re.compile(r"LABEL_\d+")
_MULTI_LABEL = (
    "It was trained for several classes an image (problem_type multi_label_classification), each with a probability by "
    "itself: the order of its classes is right, and their probabilities, which add up to 1 here, are not its own."
)


@dataclass(frozen=True)
class TransformersSource(Source):
    """A classifier of transformers, before its weights are downloaded.

    Attributes:
        at: Folder with its config and the settings of its image processor.
        config: What ``config.json`` holds.
        folder: The same folder where it is a local one, or None.
        repo: ``owner/name@commit`` of the hub, or None.
        revision: File of the hub's cache that names the commit of the branch which was asked for, or None.
        notes: What a reader should know.
    """

    name: str
    spec: str
    at: Path
    config: Mapping[str, Any]
    folder: Path | None = None
    repo: str | None = None
    revision: Path | None = None
    notes: tuple[str, ...] = ()

    def files(self) -> list[Path]:
        """See ``Source.files``."""
        says = [] if self.revision is None else [self.revision]
        return [*says, self.at / CONFIG, *processor_files(self.at), *self._weights()]

    def described(self) -> Model:
        """See ``Source.described``."""
        name, _ = checked_config(self.config, self.spec)
        prepared, head = self._prepared(), self._head()
        weights = [path for path in self._weights() if not is_index(path)]
        decides = {key: value for key, value in self.config.items() if key not in _SAYS_NOTHING}
        return Model(
            name=self.name,
            source=self.spec,
            architecture=name,
            label_space=head.label_space,
            num_classes=head.num_classes,
            transform=prepared.transform,
            fingerprint=files_sha256(weights, json.dumps(decides, sort_keys=True, default=str)),
            notes=(*self.notes, *self._said_of_labels(head), *said_of(head), *self._said_of_losses(), *prepared.notes),
            labels_said=head.why,
            head=head.said,
        )

    def network(self) -> Network:
        """See ``Source.network``."""
        module, notes = built(self.config, self._weights()[0], self.spec, flips=self._prepared().flips)
        return Network(with_head(module, self._head()), notes)

    def _prepared(self) -> Recognised:
        return recognised(self.at, checked_config(self.config, self.spec)[1], self.spec)

    def _head(self) -> Head:
        n = checked_config(self.config, self.spec)[1].num_labels
        try:
            return head_of(n, _names(self.config, n))
        except ValueError as error:
            raise ModelError(f"{self.spec}: 'id2label' {error}") from error

    def _said_of_labels(self, head: Head) -> tuple[str, ...]:
        """That an order was taken for granted, where nothing says what it is."""
        names = (self.config.get("id2label") or {}).values()
        if head.label_space.startswith(UNNAMED) or not all(_NUMBERED.fullmatch(str(name)) for name in names):
            return ()
        return (f"Its config names no classes: its outputs were taken to be in the order of {head.label_space}.",)

    def _said_of_losses(self) -> tuple[str, ...]:
        return (_MULTI_LABEL,) if self.config.get("problem_type") == "multi_label_classification" else ()

    def _weights(self) -> list[Path]:
        """Files of the weights, downloaded if they are not here; in front their index, where there is one."""
        if self.repo is None:
            first = next((self.at / name for name in WEIGHTS if (self.at / name).is_file()), None)
            if first is None:
                raise ModelError(f"{self.at} has none of {', '.join(WEIGHTS)}.{_others_in(self.at)}")
        else:
            first = Path(hub.download(self.repo, WEIGHTS, PREFIX))
        if not is_index(first):
            return [first]
        names = sorted(set(weight_map(first, are_there=self.repo is None).values()))
        if self.repo is None:
            return [first, *(self.at / name for name in names)]
        return [first, *(Path(hub.download(self.repo, (name,), PREFIX)) for name in names)]


def hub_weights(source: TransformersSource, names: Sequence[str]) -> tuple[str, ...]:
    """Files of a hub repository that hold a model's weights.

    Args:
        source: Of the hub.
        names: All files of the repository; of several files of weights the index is fetched to know them.

    Raises:
        ModelError: If it has none.
    """
    first = next((name for name in WEIGHTS if name in names), None)
    if first is None or source.repo is None:
        raise ModelError(
            f"the hub repository '{(source.repo or '').partition('@')[0]}' has none of {', '.join(WEIGHTS)}."
        )
    if first not in INDEXES:
        return (first,)
    index = Path(hub.download(source.repo, (first,), PREFIX))
    return tuple(sorted(set(weight_map(index, are_there=False).values())))


def find(where: str, options: Mapping[str, str]) -> Source:
    """A local folder, the name of one, or ``owner/name`` of the hub with ``@revision`` or without.

    Raises:
        UsageError: If there is no such folder or repository, or it holds no model of transformers.
        ModelUnavailableError: If transformers is not installed, or the hub cannot be reached.
        ModelError: If its config is not what transformers writes for an image classifier.
    """
    del options
    folder = _folder(where)
    if folder is not None:
        return _of_folder(folder)
    # Whoever lacks the package need not fetch first to hear of it.
    _require_package()
    at, pinned = hub.snapshot(where, CONFIG, (PROCESSOR, PROCESSORS), PREFIX)
    config = _read(at / CONFIG, where)
    if "architecture" in config:
        return _timms(from_hub(where), where)
    _require_classifier(config, where)
    revision = hub.revision_file(at, where)
    return TransformersSource(where, f"{PREFIX}{where}", at, config, repo=pinned, revision=revision)


def _folder(where: str) -> Path | None:
    """The local folder that is meant, or None for a repository of the hub.

    Raises:
        UsageError: If it is neither.
    """
    local = local_models()
    if where in local:
        return local[where]
    folder = paths.place(where)
    if paths.is_remote(folder):
        raise UsageError(f"{where} lies in an object store: copy the model's folder to this machine.")
    if folder.is_dir():
        return folder
    if folder.exists():
        raise UsageError(f"{where} is a file: give the folder that it lies in, with {CONFIG} and the weights.")
    owner, slash, name = where.partition("/")
    if not slash or not owner or not name or owner in (".", "..", "~") or "/" in name.partition("@")[0]:
        raise UsageError(
            f"'{where}' is no folder here, and no name of a hub repository (owner/name).{nearest(where, local)}"
        )
    return None


def _of_folder(folder: Path) -> Source:
    paths.require_text(folder)
    if not (folder / CONFIG).is_file():
        raise UsageError(f"{folder} has no {CONFIG}: it is no model folder of transformers.")
    config = _read(folder / CONFIG, str(folder))
    if "architecture" in config:
        return _timms(from_folder(folder), str(folder))
    is_own = kind_of(folder) == specs.TRANSFORMERS
    spec = source_of(folder) if is_own else f"{PREFIX}{folder}"
    if not is_own and (folder / OPEN_CLIP_CONFIG).is_file():
        raise UsageError(f"{folder} is a model of OpenCLIP: write {specs.OPEN_CLIP}:{folder}")
    _require_classifier(config, str(folder))
    return TransformersSource(folder.name, spec, folder, config, folder=folder)


def _timms(source: Any, where: str) -> Source:
    note = f"{where} is a model of timm in transformers' wrapping: it was loaded as timm loads it, {source.spec}."
    return replace(source, notes=(*source.notes, note))


def _read(path: Path, where: str) -> dict[str, Any]:
    content = json_of(path)
    if not isinstance(content, dict):
        raise ModelError(f"{where}: {CONFIG} holds a {type(content).__name__}, not what transformers writes.")
    return content


def _require_package() -> None:
    try:
        import transformers  # noqa: F401
    except ImportError as error:
        raise missing_package(specs.TRANSFORMERS, "transformers", error) from error


def _require_classifier(config: Mapping[str, Any], where: str) -> None:
    """Refuse early, and import transformers to see whether it is there.

    Raises:
        ModelError: See ``huggingface.networks.checked_config``.
    """
    _require_package()
    checked_config(config, where)


def _names(config: Mapping[str, Any], n: int) -> dict[str, Any] | None:
    """Class names of a config by index; None where it has none.

    Raises:
        ValueError: If some classes have a name and others do not.
    """
    names = config.get("id2label")
    if not names:
        return None
    missing = next((at for at in range(n) if str(at) not in names), None)
    if missing is not None:
        raise ValueError(f"names {len(names):,} classes by other numbers than 0 to {n - 1:,}: {missing} is not there.")
    return names


def _others_in(folder: Path) -> str:
    """What to say of a folder that has weights of another make."""
    for pattern, what in (
        ("adapter_model.*", "an adapter (PEFT): merge it into its model with merge_and_unload() and save that"),
        ("tf_model.h5", "TensorFlow's weights: save them from transformers 4 with from_tf=True"),
        ("flax_model.msgpack", "Flax's weights: save them from transformers 4 with from_flax=True"),
        ("*.gguf", "GGUF, which language models use"),
        ("*.onnx", f"an ONNX file: write {specs.ONNX}:FILE"),
        ("*.safetensors", "safetensors of another name: rename it to model.safetensors"),
    ):
        found = next(iter(sorted(folder.glob(pattern))), None)
        if found is not None:
            return f" {found.name} is {what}."
    return ""
