"""Samples tables beside the predictions: what is in each image, corrected whenever the benchmark says otherwise."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core import paths
from core.errors import StoreError
from core.store.lists import to_pandas
from core.store.parts import write_parquet
from core.store.runs import Run, roots

_PARQUET_END = b"PAR1"


def samples_file(benchmark: str, content_digest: str, label_space: str) -> Path:
    """File of a benchmark's samples table; one per content and label space, shared by all models."""
    return paths.results_home() / benchmark / "samples" / f"{content_digest[:16]}.{label_space}.parquet"


def write_samples(path: Path, samples: pd.DataFrame, known: Path | None = None) -> None:
    """Keep a samples table beside the predictions, so that reports need neither images nor a listing of them.

    Factors are no part of a result's identity: one that was corrected is written over the old one, for all models.

    Args:
        path: From ``samples_file``.
        samples: The benchmark's, as it is now.
        known: Where the same table may be read already; by default ``path``. A table that says the same stays.

    Raises:
        StoreError: If it cannot be written.
    """
    table = pa.Table.from_pandas(samples, preserve_index=False)
    if not _holds(known or path, table):
        write_parquet(path, table)


def _holds(path: Path, table: pa.Table) -> bool:
    """Whether a file is there, can be read, and says what a table says."""
    try:
        return pq.read_table(path, partitioning=None).cast(table.schema).equals(table)
    # A table of other columns cannot be cast.
    except (OSError, ValueError, pa.ArrowException):
        return False


def samples_of(run: Run) -> Path:
    """File of the samples table that belongs to a run.

    For a result that comes with the project, one that a later evaluation has corrected stands in the user's own folder.
    """
    own, embedded = (root / run.manifest.samples for root in roots())
    if not run.path.is_relative_to(paths.embedded_results()):
        return own
    return max(
        (path for path in (embedded, own) if path.is_file()), key=lambda path: path.stat().st_mtime_ns, default=embedded
    )


def samples_digest(run: Run) -> str:
    """SHA-256 (hex) of a run's samples table: what was computed from another one is out of date.

    Raises:
        StoreError: If it is gone.
    """
    path = samples_of(run)
    try:
        status = path.stat()
        return _file_digest(path, status.st_ino, status.st_size, status.st_mtime_ns)
    except OSError as error:
        raise _no_samples(path, error) from error


@lru_cache(maxsize=512)
def _file_digest(path: Path, *version: int) -> str:
    del version
    content = path.read_bytes()
    if not content.endswith(_PARQUET_END):
        raise OSError("it does not end as a Parquet file does")
    return hashlib.sha256(content).hexdigest()


def read_samples(run: Run) -> pd.DataFrame:
    """The samples table that belongs to a run.

    Raises:
        StoreError: If it is gone.
    """
    path = samples_of(run)
    try:
        table = pq.read_table(path, partitioning=None)
    except (OSError, pa.ArrowException) as error:
        raise _no_samples(path, error) from error
    return to_pandas(table)


def _no_samples(path: Path, error: Exception) -> StoreError:
    return StoreError(f"the samples table {path} cannot be read ({error}); the same evaluate command writes it again.")
