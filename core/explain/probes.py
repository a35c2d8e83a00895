"""Probes of stored runs: features kept if they are not there yet, probes fitted once and read by pages."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa

from core import store
from core.benchmarks.base import Benchmark
from core.errors import UsageError
from core.evaluate import features
from core.store.parts import write_parquet
from core.types import ProgressCallback


def _file(run: store.Run, seed: int) -> Path:
    """Named by the samples too: corrected locations want other probes, of the same features."""
    return features.folder(run) / f"probes-{seed}-{store.samples_digest(run)[:12]}.parquet"


def read(run: store.Run, seed: int = 0) -> pd.DataFrame | None:
    """A run's probes (``probe_fit.COLUMNS``), or None if they were not fitted.

    Raises:
        StoreError: If they cannot be read.
    """
    table = features.read_beside(_file(run, seed), "fit the probes again")
    return None if table is None else table.to_pandas()


def fit(
    run: store.Run,
    benchmark: Benchmark,
    *,
    device: str = "auto",
    seed: int = 0,
    progress: ProgressCallback | None = None,
) -> pd.DataFrame:
    """Fit and store a run's probes; stored ones are returned at once.

    Args:
        run: Of a benchmark with ``category`` and ``locations``.
        benchmark: On the run's data; images are read only if features are not stored yet.
        device: For the features: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        seed: Of the draws and folds.
        progress: Called along the way.

    Raises:
        UsageError: If the benchmark has no locations.
        NotAvailableError: If the model does not end in one linear layer.
    """
    samples = samples_of(run)
    found = read(run, seed)
    if found is not None:
        return found
    # Not above: pages read probes without scikit-learn, which takes a while to import.
    from core.explain import probe_fit

    kept = features.keep(run, benchmark, device=device, progress=progress)
    table = probe_fit.fit_all(kept.values, kept.head, samples, seed=seed, progress=progress)
    write_parquet(_file(run, seed), pa.Table.from_pandas(table, preserve_index=False))
    return table


def samples_of(run: store.Run) -> pd.DataFrame:
    """A run's samples, which have a ``category`` and ``locations``.

    Raises:
        UsageError: If they have not, or the run shows an image as several views.
    """
    if run.n_views > 1:
        raise UsageError(f"probes are fitted to runs with one view an image; '{run.view}' has {run.n_views}.")
    samples = store.read_samples(run)
    if not {"category", "locations"} <= set(samples):
        raise UsageError(f"'{run.benchmark}' has no locations to probe for: choose focus or diorama/settings.")
    return samples
