"""Predictions on disk: runs, the parts they grow by, and columns of lists. Nothing here imports torch."""

from core.store.closing import bytes_of, other_bytes
from core.store.dense import Grid
from core.store.listing import Listing, find_run, is_model, list_all, list_runs
from core.store.manifest import AS_IMPORTED, MANIFEST, BenchmarkEntry, Manifest, ModelEntry, PoolEntry, Session, now
from core.store.places import relative, run_folder
from core.store.reading import COLUMNS, best_within, read, read_grid, read_logits
from core.store.runs import (
    LOGITS_SCHEMA,
    PREDICTIONS_SCHEMA,
    Run,
    embedded_run,
    identity,
    logits_of,
    open_run,
    predictions_of,
    runs_in,
)
from core.store.samples import (
    IMAGE,
    digest_samples,
    has_own_names,
    image_ids,
    read_samples,
    samples_digest,
    samples_file,
    samples_of,
    write_samples,
)
from core.store.writer import (
    RunWriter,
    amend,
    closed,
    open_writer,
    set_aside,
    settled,
)

__all__ = [
    "AS_IMPORTED",
    "COLUMNS",
    "IMAGE",
    "LOGITS_SCHEMA",
    "MANIFEST",
    "PREDICTIONS_SCHEMA",
    "BenchmarkEntry",
    "Grid",
    "Listing",
    "Manifest",
    "ModelEntry",
    "PoolEntry",
    "Run",
    "RunWriter",
    "Session",
    "amend",
    "best_within",
    "bytes_of",
    "closed",
    "digest_samples",
    "embedded_run",
    "find_run",
    "has_own_names",
    "identity",
    "image_ids",
    "is_model",
    "list_all",
    "list_runs",
    "logits_of",
    "now",
    "open_run",
    "open_writer",
    "other_bytes",
    "predictions_of",
    "read",
    "read_grid",
    "read_logits",
    "read_samples",
    "relative",
    "run_folder",
    "runs_in",
    "samples_digest",
    "samples_file",
    "samples_of",
    "set_aside",
    "settled",
    "write_samples",
]
