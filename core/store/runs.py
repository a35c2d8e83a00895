"""Predictions on disk: which results there are, and reading them.

Layout, below ``data/results`` and, for the results that come with the project, ``data/embedded/results``::

    <benchmark>/samples/<pool digest>.<label space>.parquet    what is in each image
    <pool>/<model>/<identity>/run.json                         what was run, on what, with what
                              part-<first>-<last>.parquet      predictions (see ``core.store.parts``)
                              dense-<first>-<last>.parquet     the same of hundreds of views (``core.store.dense``)
                              logits-<first>-<last>.parquet    float16 logits of the same images, on request
                              within-<first>-<last>.parquet    best of a benchmark's own classes (``core.store.within``)
                              accepted.<samples digest>-...    what depends on labels (see ``core.store.accepted``)

A benchmark's pool is its own images, or a folder that it shares with others: then one folder of predictions is a run of
each of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from core import labels, paths
from core.errors import StoreError
from core.store import dense, samples
from core.store.manifest import AS_IMPORTED, BenchmarkEntry, Manifest, read_manifest
from core.store.parts import Parts
from core.types import ViewsCard

#: In the name of a folder that was set aside.
REPLACED = ".replaced-"

PREDICTIONS_SCHEMA = pa.schema(
    [
        ("sample_id", pa.string()),
        ("view", pa.string()),
        ("top10", pa.list_(pa.int32())),
        ("top10_prob", pa.list_(pa.float32())),
        ("error", pa.string()),
        ("digest", pa.uint64()),
    ]
)
LOGITS_SCHEMA = pa.schema([("sample_id", pa.string()), ("view", pa.string()), ("logits", pa.list_(pa.float16()))])


def identity(parts: Mapping[str, Any]) -> str:
    """Identity of a result: 16 hex digits over what decides its numbers.

    Args:
        parts: weights, architecture, preprocessing, precision, pool, views; JSON values.
    """
    canonical = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=list)
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Snapshot:
    """How far a result was at a moment, for who asks often within seconds.

    Attributes:
        n_samples: See ``Run``.
        n_done: See ``Run``.
        version: Of what is computed from it; see ``core.answers.joined.version``.
    """

    n_samples: int
    n_done: int
    version: str


@dataclass(frozen=True)
class Run:
    """One stored result: the predictions in a folder, as a benchmark over their images sees them.

    Attributes:
        path: The identity's folder.
        manifest: What was run, on what, with what.
        entry: What the manifest says of the benchmark.
        alias: What tells its model from others of the same short name, where runs are shown together; else empty.
        snapshot: How far it was when it was listed, where that is near enough; None where each question looks anew.
    """

    path: Path
    manifest: Manifest = field(repr=False)
    entry: BenchmarkEntry = field(repr=False)
    alias: str = ""
    snapshot: Snapshot | None = field(default=None, repr=False, compare=False)

    @property
    def identity(self) -> str:
        """Hash that names the result."""
        return self.path.name

    @property
    def benchmark(self) -> str:
        """Key of the benchmark."""
        return self.entry.key

    @property
    def content(self) -> str:
        """SHA-256 (hex) of the images; see ``Benchmark.pool_digest``."""
        return self.manifest.pool.digest

    @property
    def model(self) -> str:
        """Short name of the model."""
        return self.manifest.model.name

    @property
    def label(self) -> str:
        """The model as a reader tells it from the others; see ``core.answers.catalogue.told_apart``."""
        return self.alias or self.model

    @property
    def source(self) -> str:
        """What to type to get the model again."""
        return self.manifest.model.source

    @property
    def label_space(self) -> str:
        """Key of the space that class indices live in; its names are the benchmark's where the model has none."""
        spaces = self.entry.card.label_spaces if self.entry.card else ()
        return labels.named_space(self.manifest.model.label_space, spaces)

    @property
    def fingerprint(self) -> str:
        """SHA-256 (hex) of the model's weights."""
        return self.manifest.model.fingerprint

    @property
    def view(self) -> str:
        """Name of the family of views."""
        return self.manifest.views.name

    @property
    def views(self) -> ViewsCard:
        """What each image was shown as."""
        return self.manifest.views

    @property
    def first_view(self) -> str:
        """Name of the view that stands for an image where only one is shown."""
        return self.manifest.views.names[0]

    @property
    def n_views(self) -> int:
        """Views of each image."""
        return len(self.manifest.views.rows)

    @property
    def precision(self) -> str:
        """Of the forward pass."""
        return self.manifest.precision

    @property
    def preprocessing(self) -> Mapping[str, Any]:
        """Timm's resolved data config; empty for imported predictions, unless a model was attached to them."""
        return self.manifest.preprocessing

    @property
    def is_imported(self) -> bool:
        """Whether its predictions were made elsewhere, and only their file was read here."""
        return self.manifest.precision == AS_IMPORTED

    @property
    def n_samples(self) -> int:
        """Images the benchmark has; as many as its samples table, which another model's evaluation may have renewed."""
        if self.snapshot is not None:
            return self.snapshot.n_samples
        return self.entry.n if self._is_as_noted else len(samples.image_ids(self))

    @property
    def _is_as_noted(self) -> bool:
        """Whether the samples table is the one that the manifest speaks of, as far as it can be read."""
        try:
            return samples.samples_digest(self) == self.entry.samples_digest
        except StoreError:
            return True

    @property
    def n_done(self) -> int:
        """Images of the benchmark with stored predictions or recorded errors; right at any moment."""
        if self.snapshot is not None:
            return self.snapshot.n_done
        stored = predictions_of(self)
        n_rows = stored.num_rows
        if self.entry.finished and n_rows >= self.entry.finished and self._is_as_noted:
            return self.n_samples
        if not n_rows:
            return 0
        table = samples.samples_of(self)
        try:
            return _n_done(self.path, self.views.dense, stored.version, table, table.stat().st_mtime_ns)
        except OSError:
            # Without its samples table, what is stored is all that can be counted.
            return min(n_rows if self.views.dense else n_rows // self.n_views, self.n_samples)

    @property
    def complete(self) -> bool:
        """Whether every image of the benchmark is there."""
        return self.n_done >= self.n_samples


@lru_cache(maxsize=256)
def _n_done(folder: Path, is_dense: bool, parts: tuple[str, ...], table: Path, changed_ns: int) -> int:
    """Images of a samples table that are stored, as both are in a version."""
    del parts
    stored = parts_of(folder, is_dense).read(["sample_id"])["sample_id"]
    wanted = samples.images_in(table, changed_ns)
    return int(pc.sum(pc.is_in(wanted, value_set=pc.unique(stored))).as_py() or 0)


def open_run(folder: Path, benchmark: str | None = None) -> Run | None:
    """The run in a result's folder, or None if there is none.

    Args:
        folder: Of an identity.
        benchmark: The run of this benchmark; the one evaluated last by default.

    Raises:
        StoreError: If its manifest is damaged; see ``core.store.manifest``.
    """
    found = runs_in(folder)
    return next((run for run in found if benchmark in (None, run.benchmark)), None)


def runs_in(folder: Path) -> list[Run]:
    """A run for each benchmark that was evaluated on a folder's predictions, the latest first.

    Raises:
        StoreError: If its manifest is damaged.
    """
    manifest = read_manifest(folder)
    return [Run(folder, manifest, entry) for entry in manifest.benchmarks] if manifest else []


def embedded_run(pool: str, model: str, run_identity: str, benchmark: str) -> Run | None:
    """The result of that identity on a benchmark that comes with the project, or None."""
    return open_run(paths.embedded_results() / pool / paths.slug(model) / run_identity, benchmark)


def predictions_of(run: Run) -> Parts:
    """The parts that hold a run's predictions."""
    return parts_of(run.path, run.views.dense)


def parts_of(folder: Path, is_dense: bool) -> Parts:
    """The parts that hold predictions in a folder, of a family of views that is dense or not."""
    return Parts(folder, "dense", dense.SCHEMA) if is_dense else Parts(folder, "part", PREDICTIONS_SCHEMA)


def logits_of(run: Run | Path) -> Parts:
    """The parts that hold a run's logits, if they were kept."""
    # Images with a prediction are not evaluated again, so the logits of a part that is gone come back only with all.
    remedy = "Delete it and give the same evaluate command with --fresh --keep-logits."
    return Parts(run.path if isinstance(run, Run) else run, "logits", LOGITS_SCHEMA, remedy)
