"""Samples tables beside the predictions: what is in each image, corrected whenever the benchmark says otherwise."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Protocol

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core import paths
from core.errors import StoreError
from core.store.lists import list_offsets, to_pandas
from core.store.manifest import BenchmarkEntry
from core.store.parts import write_parquet
from core.store.places import roots

#: Column with the pool's name of each image, where that is not the sample's own id.
IMAGE = "image"
#: Key of a samples table's digest in its file.
_DIGEST = b"samples_digest"


class Stored(Protocol):
    """A run, as far as its samples table goes; see ``core.store.runs.Run``."""

    @property
    def path(self) -> Path:
        """The identity's folder."""

    @property
    def entry(self) -> BenchmarkEntry:
        """What the manifest says of the benchmark."""


def samples_file(benchmark: str, pool_digest: str, label_space: str) -> Path:
    """File of a benchmark's samples table; one per pool and label space, shared by all models."""
    return paths.results_home() / benchmark / "samples" / f"{pool_digest[:16]}.{label_space}.parquet"


def digest_samples(samples: pd.DataFrame) -> str:
    """SHA-256 (hex) of a samples table: ids, labels, factors and clusters, whatever library holds them."""
    total = hashlib.sha256()
    for name in sorted(samples.columns):
        total.update(f"{name}\0".encode())
        column = samples[name]
        if _holds_lists(column):
            offsets, column = list_offsets(column)
            total.update(offsets.astype("<i8").tobytes())
        total.update(_hashed(np.asarray(column)).astype("<u8").tobytes())
    return total.hexdigest()


def _holds_lists(column: pd.Series) -> bool:
    known = column.dropna()
    return len(known) > 0 and pd.api.types.is_list_like(known.iloc[0])


def _hashed(values: np.ndarray) -> np.ndarray:
    """64 bits of each value; numbers by their value, not by how a column holds them."""
    if values.dtype.kind in "biuf":
        return pd.util.hash_array(values.astype(np.float64))
    return pd.util.hash_array(values.astype(object))


def write_samples(path: Path, samples: pd.DataFrame, known: Path | None = None) -> None:
    """Keep a samples table beside the predictions, so that reports need neither images nor a listing of them.

    Labels and factors are no part of a result's identity: one that was corrected is written over the old one, for all
    models.

    Args:
        path: From ``samples_file``.
        samples: The benchmark's, as it is now.
        known: Where the same table may be read already; by default ``path``. A table that says the same stays.

    Raises:
        StoreError: If it cannot be written.
    """
    table = pa.Table.from_pandas(samples, preserve_index=False)
    table = table.replace_schema_metadata({**(table.schema.metadata or {}), _DIGEST: digest_samples(samples).encode()})
    if not _holds(known or path, table):
        write_parquet(path, table)


def _holds(path: Path, table: pa.Table) -> bool:
    """Whether a file is there, can be read, and says what a table says."""
    try:
        return pq.read_table(path, partitioning=None).cast(table.schema).equals(table)
    # A table of other columns cannot be cast.
    except (OSError, ValueError, pa.ArrowException):
        return False


def samples_of(run: Stored) -> Path:
    """File of the samples table that belongs to a run.

    For a result that comes with the project, one that a later evaluation has corrected stands in the user's own folder.
    """
    own, embedded = (root / run.entry.samples for root in roots())
    if not run.path.is_relative_to(paths.embedded_results()):
        return own
    return max(
        (path for path in (embedded, own) if path.is_file()), key=lambda path: path.stat().st_mtime_ns, default=embedded
    )


def samples_digest(run: Stored) -> str:
    """SHA-256 (hex) of a run's samples table: what was computed from another one is out of date.

    Raises:
        StoreError: If it is gone.
    """
    path = samples_of(run)
    try:
        return _file_digest(path, *_version(path))
    except (OSError, pa.ArrowException) as error:
        raise _no_samples(path, error) from error


def _version(path: Path) -> tuple[int, int, int]:
    status = path.stat()
    return status.st_ino, status.st_size, status.st_mtime_ns


@lru_cache(maxsize=512)
def _file_digest(path: Path, *version: int) -> str:
    del version
    known = (pq.read_schema(path).metadata or {}).get(_DIGEST)
    return known.decode() if known else digest_samples(to_pandas(pq.read_table(path, partitioning=None)))


def image_ids(run: Stored) -> pa.ChunkedArray:
    """The pool's name of each of a run's images, in the order of the samples table.

    Raises:
        StoreError: If the samples table is gone.
    """
    path = samples_of(run)
    try:
        return images_in(path, path.stat().st_mtime_ns)
    except (OSError, pa.ArrowException) as error:
        raise _no_samples(path, error) from error


def has_own_names(run: Stored) -> bool:
    """Whether samples are called otherwise than the images of their pool.

    Raises:
        StoreError: If the samples table is gone.
    """
    path = samples_of(run)
    try:
        return IMAGE in pq.read_schema(path).names
    except (OSError, pa.ArrowException) as error:
        raise _no_samples(path, error) from error


@lru_cache(maxsize=16)
def images_in(path: Path, changed_ns: int) -> pa.ChunkedArray:
    """The pool's names of the images in a samples table, as it is in a version."""
    del changed_ns
    column = IMAGE if IMAGE in pq.read_schema(path).names else "sample_id"
    return pq.read_table(path, columns=[column], partitioning=None)[column]


def read_samples(run: Stored, columns: Sequence[str] | None = None) -> pd.DataFrame:
    """The samples table that belongs to a run.

    Args:
        run: Complete or partial.
        columns: Only these; all but the pool's names of images by default.

    Raises:
        StoreError: If it is gone.
    """
    path = samples_of(run)
    try:
        table = pq.read_table(path, columns=None if columns is None else list(columns), partitioning=None)
    except (OSError, pa.ArrowException) as error:
        raise _no_samples(path, error) from error
    return to_pandas(table.drop_columns([IMAGE]) if columns is None and IMAGE in table.column_names else table)


def _no_samples(path: Path, error: Exception) -> StoreError:
    return StoreError(f"the samples table {path} cannot be read ({error}); the same evaluate command writes it again.")
