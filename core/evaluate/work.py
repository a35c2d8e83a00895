"""What a process that predicts is told, and what it tells: a plan small enough to travel, and the crew that does it."""

from __future__ import annotations

import importlib
import platform
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from core import __version__
from core.benchmarks.base import Benchmark
from core.errors import DataError, ImageError, StorageError
from core.evaluate.rows import TOP_K, Rows, rows_of
from core.images.opening import as_rgb, reasons
from core.images.views import get_views
from core.images.views.base import random_of
from core.paths import is_remote
from core.store import specs
from core.store.weights import kind_of, local_models
from core.types import Model, Precision

if TYPE_CHECKING:
    from PIL import Image

    from core.images.preprocess import Preprocess
    from core.models.engine import Engine, Look, Predicted

#: Libraries that decide what models of a kind say, beside those that all have.
_LIBRARIES = {specs.OPEN_CLIP: "open_clip", specs.TRANSFORMERS: "transformers", specs.ONNX: "onnxruntime"}
#: Columns of the table of ids: the image, and the numbers of the models that want it as bits of an integer.
IMAGE, WANTED = "image", "wanted"


def accepted_column(label_space: str) -> str:
    """Column of the table of ids with the classes that count as right in a label space."""
    return f"accepted {label_space}"


def ids_of(images: Sequence[str]) -> pa.Table:
    """A table of ids for one model that wants all images."""
    return pa.table({IMAGE: list(images), WANTED: pa.array([1] * len(images), pa.int64())})


@dataclass(frozen=True)
class Asked:
    """A model that is to see the images.

    Attributes:
        source: What to type to get it.
        fingerprint: SHA-256 (hex) of its weights, which must still be those.
        label_space: Of its output.
        keep_logits: Whether its logits are wanted.
        classes: The benchmark's own in its label space, where they are fewer than its outputs.
        module: The model itself where it is loaded already; it does not travel.
    """

    source: str
    fingerprint: str
    label_space: str
    keep_logits: bool = False
    classes: tuple[int, ...] = ()
    module: Model | None = field(default=None, repr=False, compare=False)


@dataclass(frozen=True)
class Work:
    """What is to be predicted; paths and ids travel, pixels do not.

    Attributes:
        benchmark: On its data; travels as its class and folder.
        views: Name of the family.
        models: All of them see an image once it is decoded.
        precision: ``fp32``, ``bf16`` or ``fp16``.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        batch_size: Images a forward pass; chosen by device by default.
        workers: Threads of a process; by default one a core.
        n_images: Images to come, which decides whether tracing a model is worth its time.
    """

    benchmark: Benchmark
    views: str
    models: tuple[Asked, ...]
    precision: Precision = "fp32"
    device: str = "auto"
    batch_size: int | None = None
    workers: int | None = None
    n_images: int = 0


@dataclass(frozen=True)
class Delivery:
    """What one model said of some images.

    Attributes:
        model: Its number among the work's.
        rows: Rows to store, or None.
        unread: Why images could not be read now, by name; they are not stored, so that they are tried again.
        failure: Why the model says nothing any more, or None.
        unfinite: Rows of images for which it gave no finite numbers, or None: a few are facts about these images, many
            are one about the model.
    """

    model: int
    rows: Rows | None = None
    unread: dict[str, str] = field(default_factory=dict)
    failure: Exception | None = None
    unfinite: Rows | None = None


@dataclass(frozen=True)
class Report:
    """How a crew works, for the record.

    Attributes:
        device: Name of the device.
        forms: Form of each model's forward pass; empty for one that failed.
        workers: Threads.
        batch_size: Images a forward pass.
        versions: Of the libraries that decide what the models say; see ``versions_for``.
        notes: Of each model, what only its weights told, such as that an average of them was loaded.
    """

    device: str
    forms: tuple[str, ...]
    workers: int
    batch_size: int
    versions: dict[str, str]
    notes: tuple[tuple[str, ...], ...] = ()


def versions_for(versions: Mapping[str, str], source: str) -> dict[str, str]:
    """Of versions as a report has them, those of the libraries that decide what one model says.

    Args:
        versions: Of the libraries of all models of the work.
        source: What to type to get the model.
    """
    own = _library_of(source)
    return {name: version for name, version in versions.items() if name == own or name not in _LIBRARIES.values()}


def _library_of(source: str) -> str:
    asked = specs.parsed(source)
    folder = None if asked.kind else local_models().get(asked.where)
    return _LIBRARIES.get(kind_of(folder) if folder is not None else asked.kind, "")


class Crew:
    """The models of some work, loaded and ready; made where the work is done.

    Args:
        work: What is to be predicted.

    Raises:
        UsageError: If the device is unknown or absent, or cannot do the precision.
        ModelError: If none of the models can be had.
    """

    def __init__(self, work: Work) -> None:
        from core import models
        from core.models.engine import Engine, groups_of

        self.work = work
        self.failures: dict[int, Exception] = {}
        self._views = get_views(work.views)
        self._numbers: list[int] = []
        self._engines: list[Engine] = []
        for number, asked in enumerate(work.models):
            try:
                model = asked.module or models.load(asked.source, work.device)
                models.require_weights(model, asked.fingerprint)
                engine = Engine(model, work.precision, work.batch_size, work.workers)
                engine.prepare(work.n_images * len(self._views.names))
            except Exception as error:
                if len(work.models) == 1:
                    raise
                self.failures[number] = error
                continue
            self._numbers.append(number)
            self._engines.append(engine)
        if not self._engines:
            raise next(iter(self.failures.values()))
        self._groups = groups_of(self._engines)

    @property
    def kind(self) -> str:
        """``cpu`` or ``cuda``."""
        return self._engines[0].device

    def report(self) -> Report:
        """How it works, for the record."""
        import PIL
        import timm
        import torch
        import torchvision

        first = self._engines[0]
        name = torch.cuda.get_device_name(first.model.device) if first.device == "cuda" else first.model.device
        forms = {number: each.forward.form for number, each in zip(self._numbers, self._engines, strict=True)}
        every = tuple(forms.get(number, "") for number in range(len(self.work.models)))
        libraries = {"torch": torch, "torchvision": torchvision, "timm": timm, "pillow": PIL}
        versions = {name: library.__version__ for name, library in libraries.items()}
        versions = {"offcenter": __version__, "python": platform.python_version(), **versions}
        for library in sorted({_library_of(asked.source) for asked in self.work.models} - {""}):
            versions[library] = importlib.import_module(library).__version__
        notes = {number: each.model.notes for number, each in zip(self._numbers, self._engines, strict=True)}
        noted = tuple(notes.get(number, ()) for number in range(len(self.work.models)))
        return Report(name, every, first.workers, first.batch_size, versions, noted)

    def run(self, ids: pa.Table) -> Iterator[Delivery]:
        """Predict.

        Args:
            ids: A row an image: ``IMAGE``, ``WANTED`` and ``accepted_column`` of each label space.

        Raises:
            DataError: If the data folder has gone away.
        """
        from core.models.engine import stream

        for number, error in self.failures.items():
            yield Delivery(number, failure=error)
        preprocesses = [self._engines[members[0]].preprocess for members in self._groups]
        sight = Sight(self.work.benchmark, ids, self._views.name, preprocesses, self._numbers)
        numbers = np.flatnonzero([bool(each) for each in sight.wanted])
        parts = stream(self._engines, numbers, sight.look_at, len(self._views.names))
        accepted = {
            asked.label_space: ids[accepted_column(asked.label_space)].to_pylist() for asked in self.work.models
        }
        try:
            for part in parts:
                yield self._delivery(part, sight, accepted)
        finally:
            parts.close()

    def _delivery(self, part: Predicted, sight: Sight, accepted: dict[str, list[list[int]]]) -> Delivery:
        number = self._numbers[part.engine]
        if part.failure is not None:
            return Delivery(number, failure=part.failure)
        names = [sight.names[at] for at in part.numbers]
        unread = {name: sight.unread[at] for at, name in zip(part.numbers, names, strict=True) if at in sight.unread}
        if unread:
            # Those that cannot be read come one at a time.
            return Delivery(number, unread=unread)
        from core.models.outputs import NOT_FINITE

        is_finite = np.array([error != NOT_FINITE for error in part.errors])
        return Delivery(
            number,
            self._rows(part, is_finite, sight, accepted) if is_finite.any() else None,
            unfinite=None if is_finite.all() else self._rows(part, ~is_finite, sight, accepted),
        )

    def _rows(self, part: Predicted, chosen: np.ndarray, sight: Sight, accepted: dict[str, list[list[int]]]) -> Rows:
        """Rows of some of the images of a part; what it says is of those that have no error."""
        asked = self.work.models[self._numbers[part.engine]]
        at = part.numbers[chosen]
        errors = [error for error, wanted in zip(part.errors, chosen, strict=True) if wanted]
        n_said = len(part.prob) if None in errors else 0
        return rows_of(
            [sight.names[each] for each in at],
            self._views.names,
            [accepted[asked.label_space][each] for each in at],
            part.prob[:n_said],
            part.top(TOP_K)[:n_said],
            errors=errors,
            digests=[sight.digests.get(each) for each in at],
            logits=part.logits[:n_said] if asked.keep_logits else None,
            classes=asked.classes,
            is_dense=self._views.dense,
        )


class Sight:
    """Images looked at by their row in a table of ids.

    Args:
        benchmark: On its data.
        ids: See ``Crew.run``.
        views: Name of the family.
        preprocesses: Each is rendered for.
        models: Numbers of the models that are there, in the order of the engines.

    Attributes:
        names: The pool's names of the images.
        wanted: Of each image, the engines that want it.
        digests: 64 bits of the bytes that were read, by row.
        unread: Why images could not be read now, by row.
    """

    def __init__(
        self,
        benchmark: Benchmark,
        ids: pa.Table,
        views: str,
        preprocesses: Sequence[Preprocess],
        models: Sequence[int] = (0,),
    ) -> None:
        self.names: list[str] = ids[IMAGE].to_pylist()
        self.wanted = [
            frozenset(at for at, number in enumerate(models) if bits >> number & 1) for bits in ids[WANTED].to_pylist()
        ]
        self.digests: dict[int, int | None] = {}
        self.unread: dict[int, str] = {}
        self._benchmark = benchmark
        self._views = get_views(views)
        self._preprocesses = preprocesses

    def look_at(self, number: int) -> Look | tuple[str, frozenset[int]]:
        """An image decoded, once for all models; or why it cannot be used."""
        from core.models.engine import Look

        wanted, opened = self.wanted[number], self.opened(number)
        if isinstance(opened, str):
            return opened, wanted
        image, mask = opened
        rng = random_of(self.names[number])
        views = [self._views.render(image, mask, preprocess, rng) for preprocess in self._preprocesses]
        return Look([self._guarded(number, rendered) for rendered in views], wanted)

    def opened(self, number: int) -> tuple[Image.Image, np.ndarray | None] | str:
        """An image decoded, as RGB at its own size, with its mask where views need one; or why it cannot be used."""
        name = self.names[number]
        try:
            with reasons(f"the image '{name}'"):
                mask = self._benchmark.mask(name) if self._views.needs_mask else None
                decoded = self._benchmark.decoded(name)
                self.digests[number] = decoded.digest
                return as_rgb(decoded.image), mask
        except DataError as error:
            return self.reason(number, error)

    def _guarded(self, number: int, rendered: Iterator[np.ndarray]) -> Iterator[np.ndarray]:
        """Views whose image cannot be used after all say so, whatever it is that happens while they are made."""
        from core.models.engine import UnseenError

        try:
            with reasons(f"the image '{self.names[number]}'"):
                yield from rendered
        except DataError as error:
            raise UnseenError(self.reason(number, error)) from error

    def reason(self, number: int, error: DataError) -> str:
        """Why an image has no prediction: a fact about it, which is stored, or the system's word, which is not.

        Raises:
            DataError: If the data folder has gone away.
        """
        if isinstance(error, StorageError):
            root = self._benchmark.root
            if not (is_remote(root) or root.exists()):
                raise DataError(
                    f"the data folder {root} has gone away; once it is back the same command goes on."
                ) from error
            self.unread[number] = str(error)
            return str(error)
        if isinstance(error, ImageError):
            if error.digest is not None:
                self.digests[number] = error.digest
            return str(error)
        return f"{type(error).__name__}: {error}"
