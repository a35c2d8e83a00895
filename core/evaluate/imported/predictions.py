"""A file of predictions that another framework wrote becomes a run like any other; no torch unless a model is attached.

found = import_predictions(Path("predictions.csv"), "my-net", open_benchmark("imagenet", "val"))
found.run, found.said
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from core import benchmarks, paths, store
from core.benchmarks.base import Benchmark
from core.errors import UsageError
from core.evaluate.imported import attached
from core.evaluate.imported.matching import examples
from core.evaluate.imported.reading import Read, read
from core.evaluate.imported.scores import rows_of_scores
from core.evaluate.imported.storing import identity_of, manifest_of, model_of, store_rows, with_model
from core.evaluate.rows import Rows
from core.images.views import CLEAN
from core.store import accepted as side_table
from core.store import lists, weights
from core.store import within as within_table
from core.types import Progress, ProgressCallback
from core.wording import count

ARCHITECTURE = "imported predictions"
#: Part of an imported result's identity; raised when the same file would be stored as other numbers.
PROTOCOL = "predictions-1"
_LONGEST_NAME = 100


@dataclass(frozen=True)
class Imported:
    """A stored file of predictions.

    Attributes:
        run: What is stored.
        said: What a reader should know of how the file was read, in sentences.
    """

    run: store.Run
    said: tuple[str, ...]


def import_predictions(
    path: Path,
    name: str,
    benchmark: Benchmark,
    *,
    space: str | None = None,
    first_class: int = 0,
    partial: bool = False,
    model: str | None = None,
    progress: ProgressCallback | None = None,
) -> Imported:
    """Store a file of predictions as a model's; a result that is there is returned as it is.

    Args:
        path: See ``core.evaluate.imported.content.read``.
        name: What the model shall be called.
        benchmark: On its data.
        space: Key of the label space of the file's classes; see ``read``.
        first_class: Index that the file gives to the first class.
        partial: Whether images without a prediction are no reason to refuse; the run is then a partial one.
        model: Name of the model that made the predictions, to be asked where it looks; it is compared with the file on
            a few images.
        progress: Called between the steps.

    Raises:
        UsageError, DataError, ModelError: If the file does not fit, or the model did not make these predictions. Then
            nothing is stored.
    """
    name = require_name(name)
    steps = progress or (lambda state: None)
    steps(Progress(0, 3, stage="reading the file"))
    found = read(path, benchmark, space=space, first_class=first_class)
    _require_whole(found, partial)
    manifest, samples_path = _manifest(found, name)
    if model is not None:
        steps(Progress(1, 3, stage="asking the model"))
        asked = attached.agreed(model, benchmark, found.ranked.space, found.sample_ids, found.top1, found.right)
        manifest = with_model(manifest, *asked)
    steps(Progress(2, 3, stage="storing"))
    folder = store.run_folder(manifest.pool.key, name, manifest.identity)
    run = store_rows(
        *(folder, manifest, samples_path, found.samples, found.is_said),
        lambda chosen: _rows_of(found, chosen),
        attach=model is not None,
    )
    steps(Progress(3, 3, stage="stored"))
    return Imported(run, tuple(found.said))


def require_name(name: str) -> str:
    """What a model shall be called, without space around.

    Raises:
        UsageError: If it is empty, too long, or no text.
    """
    name = name.strip()
    paths.require_text(name)
    if not name or not name.isprintable():
        raise UsageError("the model has no name that can be read: give one, such as my-net.")
    if len(name) > _LONGEST_NAME:
        raise UsageError(f"the model's name has {len(name):,} characters, more than {_LONGEST_NAME}.")
    return name


def _require_whole(found: Read, partial: bool) -> None:
    missing = found.samples["sample_id"].to_numpy()[~found.is_said].tolist()
    if missing and not partial:
        raise UsageError(
            f"{found.path.name}: {count(len(missing), 'image')} of {len(found.samples):,} have no prediction "
            f"({examples(missing)}). To store those of the other {found.n:,} as a partial result, give --partial."
        )


def _manifest(found: Read, name: str) -> tuple[store.Manifest, Path]:
    """What the run says of itself, and where its samples table lies."""
    benchmark, space = found.benchmark, found.ranked.space
    pool = store.PoolEntry(benchmark.pool or benchmark.key, benchmark.pool_digest())
    fingerprint = weights.file_sha256(found.path)
    identity = identity_of(PROTOCOL, fingerprint, ARCHITECTURE, space, pool, first_class=found.first_class)
    samples_path = store.samples_file(benchmark.key, pool.digest, space)
    entry = benchmarks.entry(benchmark, samples_path, found.samples)
    notes = (f"imported from {found.path.name} ({found.content.source}), SHA-256 {fingerprint[:12]}",)
    model = model_of(name, "predictions", found.path, ARCHITECTURE, space, fingerprint, notes)
    return manifest_of(identity, PROTOCOL, model, pool, entry), samples_path


def _rows_of(found: Read, chosen: np.ndarray) -> Rows:
    """Rows of the store, of some of the samples."""
    samples, rows = found.samples.iloc[chosen], found.matched.rows[chosen]
    meant = found.ranked
    if meant.scores is not None:
        assert meant.order is not None
        own = sorted(set(lists.list_offsets(found.samples["accepted"])[1].tolist()))
        within = own if len(own) < len(meant.order) else ()
        return rows_of_scores(meant.scores, rows, samples, within, meant.order)
    assert meant.prob is not None
    images = samples[store.IMAGE if store.IMAGE in samples else "sample_id"].tolist()
    nothing = [None] * len(images)
    predictions = pa.table(
        {
            "sample_id": images,
            "view": [CLEAN] * len(images),
            "top10": list(meant.top[rows]),
            "top10_prob": list(meant.prob[rows].astype(np.float32)),
            "error": nothing,
            "digest": pa.array(nothing, pa.uint64()),
        },
        schema=store.PREDICTIONS_SCHEMA,
    )
    sides = side_table.SCHEMA.empty_table(), within_table.SCHEMA.empty_table()
    return Rows(predictions, sides[0], None, len(images), 0, sides[1])
