"""The types that modules hand to each other; data only, no torch."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from core.errors import UsageError

if TYPE_CHECKING:
    import pandas as pd
    import torch

FactorKind = Literal["numeric", "circular", "category", "set", "boolean"]
#: A number of a numeric or circular factor, a text of a category or in a set, True or False.
FactorValue = float | str | bool
Precision = Literal["fp32", "bf16", "fp16"]
Policy = Literal["top1", "top5", "restricted"]
#: How the answers to several views of an image become one: whether any is right, the share that is, whether more than
#: half are, or the first one.
Reduce = Literal["mean", "any", "majority", "first"]
#: A cell with fewer images than this is marked as thin.
THIN = 30
#: So is one that rests on fewer objects than this, however many images show them. Its interval holds the truth as often
#: as it says (``python -m core certify``), but few objects are easily all of one kind.
FEW_OBJECTS = 10


def is_thin(n: Any, n_clusters: Any) -> Any:
    """Whether a number rests on too little to carry a claim; the one rule for sentences, tiles, tables and figures.

    Args:
        n: Images, a number or an array of them.
        n_clusters: Objects that the images show; images where those are independent. As ``n``.

    Returns:
        bool, or an array of them.
    """
    return (n < THIN) | (n_clusters < FEW_OBJECTS)


@dataclass(frozen=True)
class Factor:
    """What is varied or annotated in a benchmark, and how to treat its values.

    Attributes:
        name: Column of the samples table.
        label: What a reader sees.
        kind: ``numeric`` (ordered), ``circular`` (degrees), ``category``, ``set`` (several values an image) or
            ``boolean``. It alone decides what a value is: the category ``7`` is a text.
        unit: Unit of the values; empty for categories and for fractions.
    """

    name: str
    label: str
    kind: FactorKind
    unit: str = ""

    @property
    def is_number(self) -> bool:
        """Whether its values are numbers, which lie along an axis; others stand in rows."""
        return self.kind in ("numeric", "circular")

    def parse(self, content: object) -> FactorValue:
        """A value of this factor from its text (of a link, of an option), or from a value as a table holds it.

        Args:
            content: As ``text`` gives it; for numbers any way of writing them. A value is given back in Python's types.

        Raises:
            UsageError: If it is not of the factor's kind.
        """
        content = content.item() if hasattr(content, "item") else content
        found: FactorValue | None = None
        if self.is_number:
            found = _finite(content)
        elif self.kind == "boolean":
            found = content if isinstance(content, bool) else _BOOLEANS.get(str(content).strip().lower())
        elif isinstance(content, str):
            found = content
        if found is None:
            shown = str(content)
            shown = shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}…"
            raise UsageError(f"'{shown}' is no value of the factor '{self.name}' ({self.label}): {_VALID[self.kind]}.")
        return found

    def text(self, content: FactorValue) -> str:
        """A value as a text that ``parse`` turns back into the same value."""
        content = self.parse(content)
        return str(content).lower() if self.kind == "boolean" else str(content)


_BOOLEANS = {"true": True, "false": False}
_VALID: dict[FactorKind, str] = {
    "numeric": "it takes a finite number, such as 0.25",
    "circular": "it takes an angle in degrees, such as 90",
    "category": "it takes a text, the name of a category",
    "set": "it takes a text, one of an image's values",
    "boolean": "it takes true or false",
}
#: Characters of a damaged value that an error repeats.
_SHOWN = 60


def _finite(content: object) -> float | None:
    """A number, or what reads as one; None for everything else, NaN and the infinities too."""
    if isinstance(content, bool) or not isinstance(content, int | float | str):
        return None
    try:
        number = float(content)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


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

    Attributes are those of ``Benchmark``; ``about`` describes it in a sentence or two. What the card of an earlier
    version does not say has the value that held then.
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
    default_policy: Policy = "top1"

    def factor(self, name: str) -> Factor | None:
        """A factor by its name, or None if the benchmark has no such factor."""
        return next((factor for factor in self.factors if factor.name == name), None)


@dataclass(frozen=True)
class ViewsCard:
    """What a family of views is, as data: a run keeps it, and needs no code of the family to say what was measured.

    Attributes:
        name: Part of a result's identity, with the version; ``clean`` shows images as they are.
        title: What a reader sees.
        version: Raised when the family would show the same image otherwise.
        factors: By which its views differ.
        tables: Tables over those factors.
        rows: One a view, in order: ``view``, its name, and a value by factor.
        dense: Whether of each view only the best class is kept; see ``core.store.dense``.
        reduce: How several views of an image become one where nobody says.
    """

    name: str
    title: str
    version: int = 1
    factors: tuple[Factor, ...] = ()
    tables: tuple[CardTable, ...] = ()
    rows: tuple[Mapping[str, Any], ...] = ()
    dense: bool = False
    reduce: Reduce = "mean"

    @property
    def names(self) -> list[str]:
        """Names of the views, in order."""
        return [str(row["view"]) for row in self.rows]


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
        notes: What a reader should know, such as which of several weights were loaded.
        labels_said: For a label space that no benchmark knows: what its class names were compared with.
        head: What was made of its outputs where they are not the network's own: reduced to fewer classes, or by texts.
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
    notes: tuple[str, ...] = ()
    labels_said: str = ""
    head: str = ""


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
