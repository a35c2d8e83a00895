"""The types that modules hand to each other; data only, no torch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from PIL import Image

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    import torch

FactorKind = Literal["numeric", "circular", "category", "set"]
Precision = Literal["fp32", "bf16", "fp16"]
Policy = Literal["top1", "top5", "restricted"]


@dataclass(frozen=True)
class Factor:
    """What is varied or annotated in a benchmark, and how to treat its values.

    Attributes:
        name: Column of the samples table.
        label: What a reader sees.
        kind: ``numeric`` (ordered), ``circular`` (degrees), ``category`` or ``set`` (several values an image).
        unit: Unit of the values; empty for categories and for fractions.
    """

    name: str
    label: str
    kind: FactorKind
    unit: str = ""


@dataclass(frozen=True)
class Table:
    """A table that the benchmark's paper reports.

    Attributes:
        name: What to type to get it.
        by: Columns that name a row; factors, unless ``compute`` makes them.
        title: What a reader sees.
        compute: ``(joined, cluster=column or None) -> table`` for what is more than accuracy by factors: the ``by``
            columns, then ``value, low, high, n, n_clusters`` and more; fractions, counts begin with ``n``. None means
            accuracy by ``by``.
        published: How ``report`` names the columns of a computed table, in its order; ``{policy}`` stands for ``top1``
            or ``top5``. Columns that it does not name are not reported. Empty for accuracy by ``by``.
    """

    name: str
    by: tuple[str, ...]
    title: str
    compute: Callable[..., pd.DataFrame] | None = None
    published: Mapping[str, str] = field(default_factory=dict)

    @property
    def published_by(self) -> tuple[str, ...]:
        """Names of the ``by`` columns in a report."""
        return tuple(self.published.get(name, name) for name in self.by)


@dataclass(frozen=True)
class CardTable:
    """A table as a card names it.

    Attributes:
        name: What to type to get it.
        by: Columns that name a row.
        title: What a reader sees.
        computed: Whether it is more than accuracy by factors; ``core.benchmarks.table`` has how.
    """

    name: str
    by: tuple[str, ...]
    title: str
    computed: bool = False


@dataclass(frozen=True)
class Card:
    """What a benchmark is, as data: a run keeps it, and needs no code of the benchmark to say what was measured.

    Attributes are those of ``Benchmark``; ``about`` describes it in a sentence or two.
    """

    key: str
    title: str
    about: str = ""
    paper: str = ""
    licence: str = ""
    how_to_get: str = ""
    factors: tuple[Factor, ...] = ()
    tables: tuple[CardTable, ...] = ()
    cluster_unit: str | None = None
    label_spaces: tuple[str, ...] = ()

    def factor(self, name: str) -> Factor | None:
        """A factor by its name, or None if the benchmark has no such factor."""
        return next((factor for factor in self.factors if factor.name == name), None)


@dataclass(frozen=True)
class View:
    """What is done to an image before the model sees it.

    Attributes:
        name: Part of a result's identity; ``clean`` is the identity view.
        apply: ``(image, mask, rng) -> image``. ``image`` is float32 (H, W, 3) in [0, 1] at the model's input size,
            before normalisation; ``mask`` is bool (H, W) or None. ``None`` means the image is left as it is.
        needs_mask: Whether the benchmark must provide masks.
    """

    name: str
    apply: Callable[[np.ndarray, np.ndarray | None, np.random.Generator], np.ndarray] | None = None
    needs_mask: bool = False


@dataclass
class Model:
    """A classifier: what it is, and the module itself only when loaded.

    Attributes:
        name: Short name, used for folders and legends.
        source: What to type to get it again (``resnet50.a1_in1k``, ``hf-hub:...``, ``local-dir:/path``).
        architecture: timm architecture with the arguments that change it.
        label_space: Key of the space its class indices live in (``core.labels``).
        num_classes: Length of its output.
        transform: timm's resolved data config: input_size, interpolation, mean, std, crop_pct, crop_mode.
        fingerprint: SHA-256 (hex) of the weights file, or of the state dict for a module without a file.
        module: The network in eval mode, or None when only described.
        device: Where the module is; ``cpu`` when there is none.
    """

    name: str
    source: str
    architecture: str
    label_space: str
    num_classes: int
    transform: Mapping[str, Any]
    fingerprint: str
    module: torch.nn.Module | None = None
    device: str = "cpu"


class Benchmark(ABC):
    """Which images exist, which classes each accepts, which factors describe it, which tables its paper reports.

    A subclass is one file in ``core/benchmarks``. It is constructed with the folder of its data and lists that folder
    when first asked; it never opens an image to do so.

    Attributes:
        root: Data folder.
        notes: What a user should know about this copy of the data (ignored folders, rows without an image).
    """

    key: ClassVar[str]
    title: ClassVar[str]
    paper: ClassVar[str]
    licence: ClassVar[str]
    how_to_get: ClassVar[str]
    factors: ClassVar[tuple[Factor, ...]]
    tables: ClassVar[tuple[Table, ...]]
    #: What is not independent between images ("cut-out"); None if every image is its own.
    cluster_unit: ClassVar[str | None] = None
    label_spaces: ClassVar[tuple[str, ...]] = ("imagenet-1k",)
    #: Data folder that comes with the project, or None.
    embedded: ClassVar[Path | None] = None

    def __init__(self, root: Path) -> None:
        self.root = root
        self.notes: list[str] = []

    @classmethod
    def card(cls) -> Card:
        """What the benchmark is, as data."""
        return Card(
            key=cls.key,
            title=cls.title,
            about=" ".join((cls.__doc__ or "").split()),
            paper=cls.paper,
            licence=cls.licence,
            how_to_get=cls.how_to_get,
            factors=cls.factors,
            tables=tuple(CardTable(each.name, each.by, each.title, each.compute is not None) for each in cls.tables),
            cluster_unit=cls.cluster_unit,
            label_spaces=cls.label_spaces,
        )

    @abstractmethod
    def samples(self, label_space: str = "imagenet-1k") -> pd.DataFrame:
        """One row per image.

        Args:
            label_space: The model's label space, in whose indices ``accepted`` is given.

        Returns:
            Columns ``sample_id`` (str, unique), ``accepted`` (list of int, not empty), ``cluster`` (str) and one per
            factor.

        Raises:
            DataError: If the data cannot be read as this benchmark.
            LabelSpaceError: If accepted classes cannot be expressed in ``label_space``.
        """

    @abstractmethod
    def content_digest(self) -> str:
        """SHA-256 (hex) that changes when the images or their annotations change."""

    def path(self, sample_id: str) -> Path | None:
        """The image's file, or None for a benchmark that composes its images."""
        return self.root / sample_id

    def image(self, sample_id: str) -> Image.Image:
        """The image as published, before any preprocessing; RGB or what the file holds."""
        path = self.path(sample_id)
        if path is None:
            raise NotImplementedError(f"{type(self).__name__} must override image()")
        with Image.open(path) as image:
            image.load()
        return image

    def mask(self, sample_id: str) -> np.ndarray | None:
        """Object mask, bool (H, W) at the image's own size, or None where the benchmark has none."""
        return None


@dataclass(frozen=True)
class Progress:
    """How far a long job is.

    Attributes:
        done: Units finished, those of earlier sessions included.
        total: Units in all.
        failed: Units that ended in a recorded error.
        rate: Units a second in this session, start-up left out; 0.0 until known.
        seconds_left: Estimate, or None until known.
        stage: What is being done, in two or three words.
    """

    done: int
    total: int
    failed: int = 0
    rate: float = 0.0
    seconds_left: float | None = None
    stage: str = ""


ProgressCallback = Callable[[Progress], None]
