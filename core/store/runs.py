"""Predictions on disk: which results there are, and reading them.

Layout, below ``data/results`` and, for the results that come with the project, ``data/embedded/results``::

    <benchmark>/samples/<pool digest>.<label space>.parquet    what is in each image
    <pool>/<model>/<identity>/run.json                         what was run, on what, with what
                              part-<first>-<last>.parquet      predictions (see ``core.store.parts``)
                              logits-<first>-<last>.parquet    float16 logits of the same images, on request
                              accepted.<samples digest>-...    what depends on labels (see ``core.store.accepted``)

A benchmark's pool is its own images, or a folder that it shares with others: then one folder of predictions is a run of
each of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from core import paths
from core.errors import StoreError
from core.store import samples
from core.store.accepted import with_scores
from core.store.lists import to_pandas
from core.store.manifest import BenchmarkEntry, Manifest, read_manifest
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
#: Columns of ``read`` that follow from labels.
OF_LABELS = ("p_accepted", "rank")
COLUMNS = ("sample_id", "view", "top10", "top10_prob", *OF_LABELS, "error", "digest")


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
        """Key of the space that class indices live in."""
        return self.manifest.model.label_space

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
        """Timm's resolved data config; empty for imported predictions, of which it is not known."""
        return self.manifest.preprocessing

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
            return _n_done(self.path, stored.version, table, table.stat().st_mtime_ns)
        except OSError:
            # Without its samples table, what is stored is all that can be counted.
            return min(n_rows // self.n_views, self.n_samples)

    @property
    def complete(self) -> bool:
        """Whether every image of the benchmark is there."""
        return self.n_done >= self.n_samples


@lru_cache(maxsize=256)
def _n_done(folder: Path, parts: tuple[str, ...], table: Path, changed_ns: int) -> int:
    """Images of a samples table that are stored, as both are in a version."""
    del parts
    stored = predictions_of(folder).read(["sample_id"])["sample_id"]
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


def predictions_of(run: Run | Path) -> Parts:
    """The parts that hold a run's predictions."""
    return Parts(run.path if isinstance(run, Run) else run, "part", PREDICTIONS_SCHEMA)


def logits_of(run: Run | Path) -> Parts:
    """The parts that hold a run's logits, if they were kept."""
    # Images with a prediction are not evaluated again, so the logits of a part that is gone come back only with all.
    remedy = "Delete it and give the same evaluate command with --fresh --keep-logits."
    return Parts(run.path if isinstance(run, Run) else run, "logits", LOGITS_SCHEMA, remedy)


def read(run: Run, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """Stored predictions of a benchmark's images; of a run under way, those so far.

    Args:
        run: The run.
        columns: Only these of ``COLUMNS``; all by default.

    Returns:
        One row per image and view, ``sample_id`` as in the samples table. ``top10`` and ``top10_prob`` are Arrow-backed
        lists, best class first, missing where ``error`` says why. ``p_accepted`` and ``rank`` are those of the labels
        as they are now; missing where they cannot be known, see ``core.store.accepted``. ``digest`` is 64 bits of the
        bytes that were decoded; missing where those are not known.

    Raises:
        StoreError: If a part cannot be read.
    """
    wanted = list(COLUMNS if columns is None else columns)
    of_labels = [name for name in OF_LABELS if name in wanted]
    stored = [name for name in wanted if name not in OF_LABELS]
    needed = [*stored, *("sample_id", "view", "top10", "top10_prob", "error")] if of_labels else [*stored, "sample_id"]
    table = predictions_of(run).read(list(dict.fromkeys(needed)))
    rows = _rows_of_samples(run, table["sample_id"])
    if rows.min(initial=0) < 0:
        table, rows = table.filter(pa.array(rows >= 0)), rows[rows >= 0]
    found = to_pandas(table)
    images = found["sample_id"]
    if not (of_labels or samples.has_own_names(run)):
        return found[wanted]
    said = samples.read_samples(run, ["sample_id", *(["accepted"] if of_labels else [])])
    found["sample_id"] = said["sample_id"].iloc[rows].to_numpy()
    if of_labels:
        accepted = said["accepted"].iloc[rows].reset_index(drop=True)
        found = with_scores(found, accepted, run.path, lambda which: _logits(run, images, found["view"], which), images)
    return found[wanted]


def _rows_of_samples(run: Run, images: pa.ChunkedArray) -> np.ndarray:
    """Row in the samples table of each stored prediction, by its image; -1 for those of no interest: int (N,)."""
    known = samples.image_ids(run)
    return pc.fill_null(pc.index_in(images, value_set=known), -1).to_numpy().astype(np.int64)


def _logits(run: Run, images: pd.Series, views: pd.Series, which: np.ndarray) -> np.ndarray | None:
    """Logits of some rows: (n, classes); None unless all of them were kept."""
    kept = _all_logits(run)
    if kept is None:
        return None
    rows = kept[0].get_indexer(pd.MultiIndex.from_arrays([images.iloc[which], views.iloc[which]]))
    return None if (rows < 0).any() else kept[1][rows]


def _all_logits(run: Run) -> tuple[pd.MultiIndex, np.ndarray] | None:
    """Index of image and view, each pair once, and float16 (N, num_classes) logits; None if none were kept."""
    table = logits_of(run).read()
    if not table.num_rows:
        return None
    index = pd.MultiIndex.from_arrays([table[name].to_pandas() for name in ("sample_id", "view")])
    flat = table["logits"].combine_chunks().flatten().to_numpy(zero_copy_only=False)
    # Where predictions could not be stored after their logits, the image came again: its last logits are those of the
    # stored prediction.
    last = ~index.duplicated(keep="last")
    return index[last], flat.reshape(len(index), -1)[last]


def read_logits(run: Run) -> tuple[list[str], np.ndarray] | None:
    """Logits of a benchmark's images, for runs of one view an image.

    Returns:
        Sample ids, each once, and float16 (N, num_classes) logits; None if none were kept, or there are several views.
    """
    kept = _all_logits(run) if run.n_views == 1 else None
    if kept is None:
        return None
    rows = kept[0].get_level_values(0).get_indexer(samples.image_ids(run).to_pandas())
    ids = samples.read_samples(run, ["sample_id"])["sample_id"].to_numpy()
    return ids[rows >= 0].tolist(), kept[1][rows[rows >= 0]]
