"""Predictions made elsewhere: 50,000 x 1,000 logits become a stored result like any other.

The published logits of ViT-3B and Greedy Soups come as ``.npy`` or ``.npz``, one row an image in the order of the
validation files' names. Neither images nor the model are needed; nothing here imports torch.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa

from core import benchmarks, metrics, paths, store
from core.benchmarks import imagenet_annotations
from core.benchmarks.imagenet import POOL
from core.benchmarks.imagenet_annotations import N_VALIDATION, validation_number
from core.benchmarks.imagenet_m import ImageNetM, ImageNetMultilabel
from core.errors import DataError, UsageError, nearest
from core.evaluate.imported.scores import CHUNK, chunks, rows_of_scores
from core.evaluate.imported.storing import identity_of, manifest_of, model_of, store_rows
from core.evaluate.rows import Rows
from core.labels import IMAGENET_1K
from core.store import weights

Order = Literal["file", "class"]
ORDERS: tuple[Order, ...] = ("file", "class")
#: Logits of the validation set are predictions on each of these.
BENCHMARKS: tuple[type[ImageNetMultilabel], ...] = (ImageNetMultilabel, ImageNetM)
N_CLASSES = 1000
ARCHITECTURE = "imported logits"
#: Part of an imported result's identity; raised when the same logits would be stored as other numbers.
PROTOCOL = "logits-2"
#: Stands for the pool's digest: the images themselves were seen elsewhere.
POOL_DIGEST = hashlib.sha256(b"ImageNet's validation images, seen elsewhere").hexdigest()
#: Below this accuracy rows or columns cannot be in the order that was claimed.
_CHANCE = 1 / N_CLASSES


def read_logits(path: Path, name: str | None = None) -> np.ndarray:
    """Logits of the whole validation set.

    Args:
        path: ``.npy``, or ``.npz`` with one array of the right shape.
        name: Array of an ``.npz`` with several.

    Returns:
        float (50000, 1000); a ``.npy`` is mapped, not read.

    Raises:
        DataError: If the file is no such array; says what it is.
        UsageError: If an ``.npz`` has several arrays and none is named.
    """
    try:
        found = np.load(path, mmap_mode="r", allow_pickle=False)
        array = found if isinstance(found, np.ndarray) else found[_member(path, list(found), name)]
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise DataError(f"{path} cannot be read as .npy or .npz: {error}.") from error
    if array.shape != (N_VALIDATION, N_CLASSES):
        raise DataError(
            f"{path} has the shape {array.shape}; one row for each of the 50,000 validation images and one column for "
            "each of the 1,000 classes are needed."
        )
    if not np.issubdtype(array.dtype, np.floating):
        raise DataError(f"{path} holds {array.dtype}, not floating-point logits.")
    for number, part in enumerate(chunks(array)):
        bad = np.flatnonzero(~np.isfinite(part).all(axis=1))
        if len(bad):
            raise DataError(f"{path}, row {number * CHUNK + int(bad[0]):,}: a value is not finite (NaN or infinite).")
    return array


def _member(path: Path, names: list[str], name: str | None) -> str:
    if name is None and len(names) == 1:
        return names[0]
    if name not in names:
        raise UsageError(f"{path} holds the arrays {', '.join(names)}: name one with --array NAME.{_hint(name, names)}")
    return name


def _hint(name: str | None, names: list[str]) -> str:
    return nearest(name, names) if name else ""


def rows_in(names: list[str], order: Order, original: Mapping[str, int]) -> np.ndarray:
    """The row of each image in the logits: int (N,).

    Args:
        names: Validation file names.
        order: ``file``: sorted by file name, as published; ``class``: sorted by class, then by file name, as image
            folders named by WordNet id are read.
        original: Class index of all 50,000 images by file name; needed by ``class``.

    Raises:
        UsageError: If the order is unknown, or classes of images are.
    """
    if order == "file":
        return np.array([validation_number(name) - 1 for name in names], dtype=np.int64)
    if order != "class":
        raise UsageError(f"unknown order '{order}'.{nearest(order, ORDERS)} Known: {', '.join(ORDERS)}.")
    if len(original) < N_VALIDATION:
        raise UsageError(
            f"--order class needs the class of all 50,000 images and {len(original):,} are known: put a val.txt (file "
            "name and class a line) beside the annotations."
        )
    position = {name: at for at, name in enumerate(sorted(original, key=lambda name: (original[name], name)))}
    return np.array([position[name] for name in names], dtype=np.int64)


def annotated_folder(data: Path | None = None) -> Path:
    """The folder given, else that of the benchmark's data, else where the annotations were found."""
    root = benchmarks.find_data(ImageNetMultilabel.key, data)
    if root is not None:
        return root
    path = imagenet_annotations.find([imagenet_annotations.FILE], imagenet_annotations.folders_of())
    return path.parent if path else paths.data_home()


def import_logits(
    path: Path, name: str, benchmark: ImageNetMultilabel, *, order: Order = "file", array: str | None = None
) -> store.Run:
    """Store logits as a model's predictions on a benchmark; a result that is there is returned as it is.

    Args:
        path: The logits; see ``read_logits``.
        name: What the model shall be called.
        benchmark: On a folder with annotations; images are not needed.
        order: Of the rows; see ``rows_in``.
        array: Name of the array in an ``.npz`` with several.

    Returns:
        The stored run.

    Raises:
        UsageError, DataError: If the file does not fit; also where so few predictions are right that its rows or
            columns must be in another order. Nothing is stored then.
    """
    logits = read_logits(path, array)
    samples = benchmark.rows(benchmark.names())
    rows = rows_in(samples["sample_id"].tolist(), order, benchmark.original)
    found = rows_of_scores(logits, rows, samples)
    _require_sense(path, samples, found.predictions, order)
    samples_path = store.samples_file(benchmark.key, POOL_DIGEST, IMAGENET_1K)
    manifest = _manifest(path, name, benchmarks.entry(benchmark, samples_path, samples), order)
    folder = store.run_folder(POOL, name, manifest.identity)
    everything = np.ones(len(samples), dtype=bool)

    def rows_of(chosen: np.ndarray) -> Rows:
        return found if len(chosen) == len(samples) else rows_of_scores(logits, rows[chosen], samples.iloc[chosen])

    return store_rows(folder, manifest, samples_path, samples, everything, rows_of)


def _require_sense(path: Path, samples: pd.DataFrame, found: pa.Table, order: Order) -> None:
    best = np.array([top[0] for top in found["top10"].to_pylist()])
    right = metrics.is_accepted(best[:, None], samples["accepted"]).mean()
    if metrics.near_chance(float(right), len(samples), _CHANCE):
        other = "class" if order == "file" else "file"
        raise DataError(
            f"{path}: {100 * right:.1f} % of {len(samples):,} images are right, which is chance. Its rows or columns "
            f"are in another order: try --order {other}; columns must follow sorted WordNet ids."
        )


def _manifest(path: Path, name: str, entry: store.BenchmarkEntry, order: Order) -> store.Manifest:
    fingerprint = weights.file_sha256(path)
    pool = store.PoolEntry(POOL, POOL_DIGEST)
    identity = identity_of(PROTOCOL, fingerprint, ARCHITECTURE, IMAGENET_1K, pool, order=order)
    model = model_of(name, "logits", path, ARCHITECTURE, IMAGENET_1K, fingerprint)
    return manifest_of(identity, PROTOCOL, model, pool, entry)
