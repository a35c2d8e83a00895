"""Accuracy by an object's size, place and share in the crop, and where the objects of a class usually lie."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core import metrics, paths, store
from core.answers import joined
from core.answers.cards import card_of
from core.answers.questions import SAYS_WHAT, VALUE, StoredPolicy
from core.benchmarks.base import Benchmark
from core.errors import DataError, StoreError, UsageError, nearest
from core.images import geometry
from core.images.views import CLEAN
from core.labels import class_names
from core.store.parts import write_parquet
from core.types import Progress, ProgressCallback

#: What accuracy can be asked by, and what a reader sees.
MEASURES: dict[str, str] = {
    "object_area": "Object area / image area",
    "centre_distance": "Distance of the object from the image's centre",
    "kept_by_crop": "Share of the object that the model's crop keeps",
}
#: Of equal counts, as far as equal values allow.
N_BINS = 5
#: Bins of ``kept_by_crop``, from one end to the next, which is left out; most objects are kept whole.
_KEPT = (0.0, 0.25, 0.5, 0.75, 1.0)
#: Masks of a class that its mean is of, at most.
PER_CLASS = 200


def accuracy_by(
    run: store.Run, objects: pd.DataFrame, measure: str, *, bins: int = N_BINS, policy: StoredPolicy = "top1"
) -> pd.DataFrame:
    """Accuracy by where objects lie, how large they are, or how much of them the model sees.

    Args:
        run: With the view ``clean``; complete or partial.
        objects: ``sample_id`` and the measure, one row an image, as ``core.explain.alignments.stored`` gives it;
            images without a number are left out.
        measure: Key of ``MEASURES``.
        bins: How many of equal counts; equal values share a bin, so there may be fewer. Of ``kept_by_crop`` the bins
            are quarters, and what is kept whole.
        policy: What counts as right.

    Returns:
        One row a bin, in ascending order: ``bin`` (its number), ``least``, ``most`` and ``mean`` of the measure in it,
        ``value, low, high`` (0..1), ``n``, ``n_clusters``.

    Raises:
        UsageError: If the measure is unknown, or no image has both it and a prediction.
        DataError: If an image stands twice among the objects.
    """
    if measure not in MEASURES:
        raise UsageError(f"unknown measure '{measure}'.{nearest(measure, MEASURES)} Known: {', '.join(MEASURES)}.")
    table = _with_predictions(run, objects[["sample_id", measure]].dropna(), VALUE[policy])
    if table.empty:
        raise UsageError(
            f"no image of '{run.benchmark}' has both a prediction and its object's geometry: give python -m core align "
            f"--model {run.source} --benchmark {run.benchmark}."
        )
    return binned(
        table, measure, VALUE[policy], "cluster" if card_of(run).cluster_unit is not None else None, bins=bins
    )


def binned(table: pd.DataFrame, measure: str, value: str, cluster: str | None, *, bins: int = N_BINS) -> pd.DataFrame:
    """Accuracy by a measure that a table has already; see ``accuracy_by``.

    Args:
        table: One row an image: the measure, without NaN, ``value`` and, if given, the ``cluster`` column.
        measure: Key of ``MEASURES``.
        value: Column of 1.0, 0.0 and NaN (counted nowhere).
        cluster: Column of what is not independent.
        bins: See ``accuracy_by``.
    """
    table = table.assign(bin=_bins(table[measure].to_numpy(dtype=float), measure, bins))
    inside = table.groupby("bin")[measure].agg(least="min", most="max", mean="mean").reset_index()
    return inside.merge(metrics.accuracy_by(table, "bin", cluster, value=value), on="bin", validate="1:1")


def _with_predictions(run: store.Run, objects: pd.DataFrame, value: str) -> pd.DataFrame:
    """Objects with what the model said of the images as they are."""
    if objects["sample_id"].duplicated().any():
        twice = objects.loc[objects["sample_id"].duplicated(), "sample_id"].iloc[0]
        raise DataError(f"image '{twice}' stands twice among the objects: align the run again.")
    said = joined.read(run, ["sample_id", "view", value, "cluster"])
    said = said[(said["view"].astype(str) == CLEAN) & said[value].notna()]
    return objects.merge(said, on="sample_id", how="inner", validate="1:1")


def _bins(numbers: np.ndarray, measure: str, bins: int) -> np.ndarray:
    if measure == "kept_by_crop":
        return np.searchsorted(_KEPT, numbers, side="right") - 1
    edges = np.unique(np.quantile(numbers, np.linspace(0, 1, bins + 1)[1:-1]))
    # A value on an edge belongs below it, so that equal ones stay together.
    codes = np.searchsorted(edges, numbers, side="left")
    return np.unique(codes, return_inverse=True)[1]


@dataclass(frozen=True)
class MeanMasks:
    """Where the objects of each class usually lie, before any crop.

    Attributes:
        classes: Names, sorted.
        n: int (K,), masks that each mean is of; empty ones and those that cannot be read are left out.
        masks: float32 (K, 64, 64), the share of masks that cover each place, 0..1; NaN where there is none.
    """

    classes: tuple[str, ...]
    n: np.ndarray
    masks: np.ndarray = field(repr=False)


def mean_masks(
    run: store.Run, benchmark: Benchmark, *, per_class: int = PER_CLASS, progress: ProgressCallback | None = None
) -> MeanMasks:
    """The mean mask of each class of a run's benchmark; from disk if it was asked before, whatever the model.

    Args:
        run: Of a benchmark with masks.
        benchmark: On the run's data.
        per_class: Masks of a class at most, in an order drawn from the ids.
        progress: Called after each class, where masks are read.

    Raises:
        UsageError: If the benchmark has no masks.
        StoreError: If the samples table cannot be read.
    """
    path = _mean_file(run, per_class)
    with suppress(OSError, pa.ArrowException):
        return _from_table(pq.read_table(path, partitioning=None))
    found = _mean_masks(run, benchmark, per_class, progress)
    table = pa.table(
        {
            "class": pa.array(found.classes, pa.string()),
            "n": pa.array(found.n, pa.int64()),
            "mask": pa.array([mask.ravel() for mask in found.masks], pa.list_(pa.float32())),
        }
    )
    # Where nothing can be kept it is computed again.
    with suppress(StoreError):
        write_parquet(path, table)
    return found


def _mean_file(run: store.Run, per_class: int) -> Path:
    """Named by images, labels and the code that computes; models share it."""
    code = b"".join(Path(str(module)).read_bytes() for module in (geometry.__file__, __file__))
    said = f"{run.content} {store.samples_digest(run)} {per_class} {hashlib.sha256(code).hexdigest()}"
    folder = paths.data_home() / "cache" / "mean-masks"
    return folder / f"{paths.slug(run.benchmark)}-{hashlib.sha256(said.encode()).hexdigest()[:16]}.parquet"


def _from_table(table: pa.Table) -> MeanMasks:
    masks = np.array(table["mask"].to_pylist(), np.float32).reshape(-1, *geometry.MEAN_SIZE)
    return MeanMasks(tuple(table["class"].to_pylist()), table["n"].to_numpy(), masks)


def _mean_masks(run: store.Run, benchmark: Benchmark, per_class: int, progress: ProgressCallback | None) -> MeanMasks:
    chosen = _ids_by_class(run, per_class)
    counts, means = [], []
    for number, ids in enumerate(chosen.values(), 1):
        # Each is shrunk as it is read: photographs' masks of a class together may fill the memory.
        small = [geometry.mean_mask([mask]) for mask in _masks(run, benchmark, ids)]
        counts.append(len(small))
        means.append(np.mean(small, axis=0) if small else geometry.mean_mask([]))
        if progress is not None:
            progress(Progress(number, len(chosen), stage="reading masks"))
    stacked = np.array(means, np.float32).reshape(-1, *geometry.MEAN_SIZE)
    return MeanMasks(tuple(chosen), np.array(counts, np.int64), stacked)


def _ids_by_class(run: store.Run, per_class: int) -> dict[str, list[str]]:
    samples = store.read_samples(run)
    names = classes_of(run, samples)
    found: dict[str, list[str]] = {name: [] for name in sorted(set(names))}
    for sample_id, name in zip(samples["sample_id"], names, strict=True):
        found[name].append(str(sample_id))
    return {name: sorted(ids, key=drawn)[:per_class] for name, ids in found.items()}


def _masks(run: store.Run, benchmark: Benchmark, ids: Sequence[str]) -> Iterator[np.ndarray]:
    for sample_id in ids:
        # One that cannot be read is missing here, and said where the run is aligned.
        with suppress(DataError):
            mask = benchmark.mask(sample_id)
            if mask is None:
                raise UsageError(
                    f"'{run.benchmark}' has no object masks: choose a benchmark that has them, such as diorama/clean."
                )
            if mask.any():
                yield mask


def classes_of(run: store.Run, samples: pd.DataFrame) -> list[str]:
    """What is in each image: by the factor that says so, else the name of its first accepted class.

    Args:
        run: Complete or partial.
        samples: Rows of its samples table.
    """
    says = next((name for name in SAYS_WHAT if name in samples), "")
    if says:
        return samples[says].astype(str).tolist()
    return class_names(run.label_space, [int(classes[0]) for classes in samples["accepted"]])


def drawn(sample_id: str) -> bytes:
    """Sorted by this, images are in a random order that is the same for all models and on every machine."""
    return hashlib.sha256(sample_id.encode()).digest()
