"""Graphs of ONNX, run by onnxruntime; what they do not say is said beside them (``core.models.onnx.settings``)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from core import paths
from core.errors import ModelError, UsageError, nearest
from core.labels import IMAGENET_1K
from core.models.checkpoints import what_else_it_is
from core.models.heads import Head, head_of, with_head
from core.models.onnx.content import Content, content_of
from core.models.onnx.settings import KEYS, PROBABILITIES, Settings, settings_for, transform_of
from core.models.onnx.signature import Signature, signature_of
from core.models.sources.base import Network, Source, missing_package
from core.models.sources.sessions import Behaviour, Graph, Sessions, behaviour_of
from core.store import specs
from core.store.specs import Spec
from core.store.weights import ONNX_SUFFIX, files_sha256, local_models, onnx_in
from core.types import Model

OPTIONS: frozenset[str] = KEYS
#: Names that exporters give every graph, so that its folder says more.
_COMMON = ("model", "model_quantized", "onnx", "network", "net")
_OWN_LABELS = "nothing names its 1,000 outputs: they are taken for ImageNet's, in the order of WordNet ids."
_SIGMOID = (
    "the graph ends in a sigmoid, a probability of each class by itself: its outputs are taken for logits, so that the "
    "order of classes is right and their probabilities are not."
)


@dataclass(frozen=True)
class OnnxSource(Source):
    """An ONNX file.

    Attributes:
        path: Of it.
        options: Of its name.
    """

    name: str
    spec: str
    path: Path
    options: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None

    def files(self) -> list[Path]:
        """See ``Source.files``; the folder stands for a JSON that may yet appear in it."""
        settings = self._settings
        says = [settings.labels_file] if settings.labels_file else []
        return [*says, settings.file or self.path.parent, *self._weights]

    def described(self) -> Model:
        """See ``Source.described``; what the graph does with an image is tried."""
        head, behaviour = self._head, self._behaviour
        log = "logarithm of the probabilities that the graph gives" if behaviour.is_probability else ""
        return Model(
            name=self.name,
            source=self.spec,
            architecture="ONNX graph",
            label_space=head.label_space,
            num_classes=head.num_classes,
            transform=self._transform,
            fingerprint=files_sha256(self._weights, *self._chosen()),
            notes=tuple(self._notes()),
            labels_said=head.why,
            head="; ".join(said for said in (log, head.said) if said),
        )

    def network(self) -> Network:
        """See ``Source.network``; what is returned has neither gradients nor layers."""
        behaviour = self._behaviour
        graph = Graph(self._sessions, self._signature, behaviour.batch, is_probability=behaviour.is_probability)
        module = with_head(graph, self._head)
        # Whoever asks looks at the network that is run.
        module.is_opaque, module.no_gradients = Graph.is_opaque, Graph.no_gradients
        return Network(module.eval())

    @cached_property
    def _content(self) -> Content:
        fault = what_else_it_is(self.path)
        if fault:
            raise ModelError(f"{self.path} is no ONNX file: {fault}")
        return content_of(self.path)

    @cached_property
    def _settings(self) -> Settings:
        return settings_for(self.path, self.options)

    @cached_property
    def _weights(self) -> list[Path]:
        """Files with weights, the graph last.

        Raises:
            ModelError: If one is not there.
        """
        beside = [self.path.parent / name for name in self._content.external]
        gone = [path for path in beside if not path.is_file()]
        if gone:
            raise ModelError(f"{self.path} has weights in {gone[0].name}, which is not beside it: copy it there too.")
        return [*beside, self.path]

    @cached_property
    def _sessions(self) -> Sessions:
        return Sessions(self._weights[-1], self._content.opset)

    @cached_property
    def _signature(self) -> Signature:
        return signature_of(self._sessions.on_cpu(), self._settings, self.path)

    @cached_property
    def _transform(self) -> dict[str, Any]:
        signature = self._signature
        return transform_of(self._settings, signature.size, is_bytes=signature.is_bytes, path=self.path)

    @cached_property
    def _behaviour(self) -> Behaviour:
        asked = self._settings.get("output_is")
        ends_so = self._content.ends.get(self._signature.output) == "Softmax"
        is_probability = asked == PROBABILITIES if asked else (True if ends_so else None)
        return behaviour_of(self._sessions, self._signature, self._transform, is_probability, self.path)

    @cached_property
    def _head(self) -> Head:
        n, names = self._behaviour.n_outputs, self._settings.names
        if isinstance(names, list) and len(names) != n:
            raise ModelError(f"{self.path}: 'labels' names {len(names):,} classes, and the graph has {n:,} outputs.")
        try:
            return head_of(n, names)
        except ValueError as error:
            raise ModelError(f"{self.path}: 'labels' {error}") from error

    def _chosen(self) -> list[str]:
        """What was chosen, beside the preprocessing, where the graph allows more than one thing."""
        signature = self._signature
        chosen = [f"output={signature.output}"] * signature.has_choice
        chosen += [f"layout={signature.layout}"] * signature.layout_is_said
        return chosen + ["channels=bgr"] * signature.is_bgr

    def _notes(self) -> list[str]:
        notes = list(self._behaviour.notes)
        if self._signature.is_bytes:
            notes.append("the graph takes uint8: pixels of views that are between two values are rounded.")
        if self._content.ends.get(self._signature.output) == "Sigmoid" and not self._settings.get("output_is"):
            notes.append(_SIGMOID)
        if self._settings.names is None and self._head.label_space == IMAGENET_1K:
            notes.append(_OWN_LABELS)
        if torch.cuda.is_available() and not self._sessions.has_cuda:
            notes.append(
                "this onnxruntime has no CUDA provider: on a GPU's device, too, the graph runs on the CPU (pip install "
                "onnxruntime-gpu in place of onnxruntime)."
            )
        return notes


def find(where: str, options: Mapping[str, str]) -> OnnxSource:
    """The ONNX file that the rest of such a name stands for: a file, a folder with one, or the name of such a folder.

    Args:
        where: What follows ``onnx:``.
        options: See ``core.models.onnx.settings``.

    Raises:
        UsageError: If there is none; names the nearest.
        ModelError: If onnxruntime is not installed, or the file cannot be used.
    """
    path = _file(where)
    _require_onnxruntime()
    settings = settings_for(path, options)
    if "labels" in options and settings.labels_file is not None:
        options = {**options, "labels": str(settings.labels_file)}
    spec = Spec(specs.ONNX, str(path)).with_options(**options)
    return OnnxSource(_name_of(path), str(spec), path, dict(options), path.parent)


def _file(where: str) -> Path:
    given = paths.place(where)
    if paths.is_remote(given):
        raise UsageError(f"onnx:{where} is no file on this machine: copy it here, with the files beside it.")
    named = local_models().get(where)
    if not given.exists() and named is not None:
        given = named
    if given.is_dir():
        found = onnx_in(given)
        if found is None:
            names = sorted(path.name for path in given.glob(f"*{ONNX_SUFFIX}"))
            there = f"several ({', '.join(names[:5])}): name one" if names else f"no file that ends in {ONNX_SUFFIX}"
            raise UsageError(f"{given} has {there}, as in onnx:{given / (names[0] if names else 'net.onnx')}.")
        given = found
    if not given.is_file():
        beside = [path.name for path in given.parent.glob(f"*{ONNX_SUFFIX}")] if given.parent.is_dir() else []
        raise UsageError(f"there is no file {given}.{nearest(given.name, beside)}")
    if given.suffix == ".ort":
        raise UsageError(f"{given} is in onnxruntime's own format: give the .onnx that it was made from.")
    paths.require_text(given)
    return given


def _name_of(path: Path) -> str:
    """A short name: that of a folder of models, or of the file; of its folder where the file's says nothing."""
    is_known = local_models().get(path.parent.name) == path.parent and onnx_in(path.parent) == path
    return path.parent.name if is_known or path.stem.lower() in _COMMON else path.stem


def _require_onnxruntime() -> None:
    try:
        import onnxruntime  # noqa: F401
    except ImportError as error:
        raise missing_package(specs.ONNX, "onnxruntime", error) from error
