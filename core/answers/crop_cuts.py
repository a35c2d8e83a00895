"""How much of each object a model's own crop keeps: read from masks once, and kept for models that crop alike."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core import paths, store
from core.benchmarks import open_for
from core.benchmarks.base import Benchmark
from core.errors import DataError, StoreError, UsageError
from core.images import geometry, preprocess
from core.images.preprocess import Preprocess
from core.models.cores import available_cores
from core.store.parts import write_parquet
from core.types import Progress, ProgressCallback

#: Masks between two calls of ``progress``.
_BLOCK = 256
#: What of a preprocessing decides which part of an image is seen.
_DECIDES = ("input_size", "interpolation", "crop_pct", "crop_mode")


def kept_by_crop(
    run: store.Run,
    sample_ids: Sequence[str],
    benchmark: Benchmark | None = None,
    *,
    progress: ProgressCallback | None = None,
) -> pd.DataFrame:
    """The share of each object that survives the model's resize and crop; see ``core.images.geometry.kept_by``.

    Args:
        run: Of a benchmark with masks.
        sample_ids: Images, by their ids.
        benchmark: On the run's data; found by default.
        progress: Called after each block of masks, where they are read.

    Returns:
        ``sample_id`` and ``kept_by_crop`` (0..1; NaN for an empty mask or one that cannot be read), in the order of the
        ids.

    Raises:
        UsageError: If the model's preprocessing is not known, or the benchmark has no masks.
        DataError: If the benchmark's folder is not there.
        ModelError: If the preprocessing is none that is known here.
    """
    if not run.preprocessing:
        raise UsageError(
            f"the predictions of '{run.model}' were imported, and how its images were cropped is not known: evaluate "
            "the model here to see what its crop keeps of objects."
        )
    path = _file(run, sample_ids)
    with suppress(OSError, pa.ArrowException):
        return pq.read_table(path, partitioning=None).to_pandas()
    found = _read(benchmark or open_for(run), sample_ids, Preprocess(run.preprocessing), progress)
    table = pd.DataFrame({"sample_id": list(sample_ids), "kept_by_crop": found})
    # Where nothing can be kept it is computed again.
    with suppress(StoreError):
        write_parquet(path, pa.Table.from_pandas(table, preserve_index=False).replace_schema_metadata())
    return table


def _file(run: store.Run, sample_ids: Sequence[str]) -> Path:
    """Named by images, crop and the code that computes."""
    crop = json.dumps([run.preprocessing.get(name) for name in _DECIDES], default=list)
    said = hashlib.sha256(f"{run.content} {crop}".encode())
    for sample_id in sample_ids:
        said.update(sample_id.encode() + b"\0")
    for module in (geometry.__file__, preprocess.__file__, __file__):
        said.update(Path(str(module)).read_bytes())
    folder = paths.data_home() / "cache" / "kept-by-crop"
    return folder / f"{paths.slug(run.benchmark)}-{said.hexdigest()[:16]}.parquet"


def _read(
    benchmark: Benchmark, sample_ids: Sequence[str], crop: Preprocess, progress: ProgressCallback | None
) -> np.ndarray:
    """Share of each object that is kept: float (N,)."""

    def share(sample_id: str) -> float:
        try:
            mask = benchmark.mask(sample_id)
        except DataError:
            return math.nan
        if mask is None:
            raise UsageError(
                f"'{benchmark.key}' has no object masks: choose a benchmark that has them, such as hard-imagenet."
            )
        return geometry.kept_by(mask, crop)

    found: list[float] = []
    with ThreadPoolExecutor(available_cores()) as pool:
        for ids in _blocks(sample_ids):
            found += pool.map(share, ids)
            if progress is not None:
                progress(Progress(len(found), len(sample_ids), stage="reading masks"))
    return np.array(found, dtype=float)


def _blocks(sample_ids: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(sample_ids), _BLOCK):
        yield sample_ids[start : start + _BLOCK]
