"""Penultimate features of a run's images: what the last linear layer of a classifier sees, stored on request.

Kept in the run's folder as ``features.npy``, float16 (images, dimensions), or (images, views, dimensions) for a family
of several views, a row for each row of the samples table and NaN where an image failed, and ``head.npy``, float32
(classes, dimensions + 1), the classifier's rows with their bias. Both are read memory-mapped, without torch.
"""

from __future__ import annotations

import copy
import dataclasses
import hashlib
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from filelock import FileLock

from core import paths, store
from core.benchmarks.base import Benchmark
from core.errors import DataError, ModelError, NotAvailableError, StorageError, StoreError, UsageError, cannot_write
from core.evaluate.plan import Plan
from core.types import Model, Progress, ProgressCallback

if TYPE_CHECKING:
    from torch import nn

FEATURES, HEAD = "features.npy", "head.npy"
#: What there is of the features while they are made; an interrupted call goes on from it.
PARTIAL = "features.partial.npy"
#: Bytes that one run's features may take.
LARGEST = 8 * 10**9
_LOCK = ".features.lock"
_TOLERANCE = 1e-3
#: Numbers looked at together where all at once may not fit into memory.
_BLOCK = 1 << 24


@dataclasses.dataclass(frozen=True)
class Features:
    """Stored features of a run.

    Attributes:
        values: float16 (N, D) of a run with one view an image, float16 (N, V, D) of one with several, in the order of
            the run's views; memory-mapped. Rows are as in the samples table, all NaN for an image that failed or that
            nobody has asked for.
        head: float32 (classes, D + 1): weights and bias of each class.
    """

    values: np.ndarray
    head: np.ndarray

    @property
    def by_view(self) -> np.ndarray:
        """``values`` as float16 (N, V, D), also where there is one view."""
        return self.values if self.values.ndim == 3 else self.values[:, None]


def folder(run: store.Run) -> Path:
    """Where a run's features are; the user's own folder, also for results that come with the project.

    Named by the images and their order too, since rows are those of the samples table.
    """
    images = hashlib.sha256("\n".join(store.image_ids(run).to_pylist()).encode()).hexdigest()[:12]
    name = f"{paths.slug(run.benchmark)}-{images}"
    return store.run_folder(run.manifest.pool.key, run.model, run.identity) / "features" / name


def read(run: store.Run) -> Features | None:
    """A run's features, or None if none were kept.

    Raises:
        StoreError: If they cannot be read.
    """
    files = folder(run) / FEATURES, folder(run) / HEAD
    if not all(path.is_file() for path in files):
        return None
    loaded = []
    for path in files:
        try:
            loaded.append(np.load(path, mmap_mode="r"))
        except (OSError, ValueError, EOFError) as error:
            raise StoreError(f"{path} cannot be read ({error}); delete it and ask for the features again.") from error
    return Features(*loaded)


def read_beside(path: Path, remedy: str) -> pa.Table | None:
    """A table that was computed from features and is kept beside them, or None if it was not.

    Args:
        path: Its file.
        remedy: Completes "delete it and", for one that is damaged.

    Raises:
        StoreError: If it cannot be read.
    """
    if not path.is_file():
        return None
    try:
        return pq.read_table(path, partitioning=None)
    except (OSError, pa.ArrowException) as error:
        raise StoreError(f"{path} cannot be read ({error}); delete it and {remedy}.") from error


def keep(
    run: store.Run,
    benchmark: Benchmark,
    *,
    images: Collection[str] | None = None,
    device: str = "auto",
    batch_size: int | None = None,
    workers: int | None = None,
    progress: ProgressCallback | None = None,
) -> Features:
    """Features of a run's images, under each of its views; stored ones are returned at once.

    A second call for the same run, in any process, waits for the first and then finds its work done. An interrupted
    call, or one for some images, is gone on from, image by image.

    Args:
        run: Says which model, views and precision.
        benchmark: On the data that the run was made on.
        images: Sample ids; only these are looked at, if they are not there yet. All by default.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
        batch_size: Images a forward pass; chosen by device by default.
        workers: Threads; by default one a core.
        progress: Called as images are done.

    Raises:
        NotAvailableError: If the model does not end in one linear layer.
        UsageError: If they would take more than ``LARGEST`` bytes.
        DataError: If the data are not those of the run.
        ModelError, StoreError: If the model or the disk fails.
    """
    found = read(run)
    if found is not None:
        return found
    from core import models

    model = models.load(run.source, device)
    plan = Plan.of(model, benchmark, run.view, run.precision)
    if plan.identity(model) != run.identity:
        raise DataError(
            f"the data in {benchmark.root}, or the model, are not those of the stored result {run.identity}: "
            "evaluate again, then ask for the features."
        )
    body, head = split(model)
    shape = _shape(len(plan.samples), run, len(head[0]) - 1)
    wanted = np.ones(len(plan.samples), dtype=bool)
    if images is not None:
        wanted = plan.samples["sample_id"].isin(images).to_numpy()
    partial = folder(run) / PARTIAL
    try:
        paths.require_writable(folder(run))
        folder(run).mkdir(parents=True, exist_ok=True)
        with FileLock(folder(run) / _LOCK):
            found = read(run)
            if found is not None:
                return found
            _save(folder(run) / HEAD, head)
            values = _partial(partial, shape)
            _extract(body, plan, values, wanted, batch_size, workers, progress)
            values.flush()
            if wanted.all():
                paths.put_in_place(partial, folder(run) / FEATURES)
    except OSError as error:
        raise cannot_write(folder(run) / FEATURES, error) from error
    return read(run) or Features(values, head)


def _shape(n_images: int, run: store.Run, width: int) -> tuple[int, ...]:
    """Of a run's features.

    Raises:
        UsageError: If they would take more than ``LARGEST`` bytes.
    """
    size = n_images * run.n_views * width * np.dtype(np.float16).itemsize
    if size > LARGEST:
        raise UsageError(
            f"features of {n_images:,} images under {run.n_views:,} views ('{run.view}'), {width:,} numbers each, "
            f"would take {size / 1e9:.1f} GB; at most {LARGEST / 1e9:g} GB are kept of a run. Evaluate a family with "
            "fewer views, such as --view ablations, or a folder with fewer images, and ask for that result's features."
        )
    return (n_images, width) if run.n_views == 1 else (n_images, run.n_views, width)


def _partial(path: Path, shape: tuple[int, ...]) -> np.memmap:
    """What an interrupted call left, or all NaN."""
    if path.is_file():
        try:
            kept = np.load(path, mmap_mode="r+")
        except (OSError, ValueError, EOFError):
            kept = np.empty(0)
        if kept.shape == shape and kept.dtype == np.float16:
            return kept
    # On the disk before it is filled: what a power cut takes from it is NaN then and made again, not zeros.
    _save(path, np.broadcast_to(np.float16(np.nan), shape))
    return np.load(path, mmap_mode="r+")


def split(model: Model) -> tuple[Model, np.ndarray]:
    """A model without its last linear layer, and that layer.

    Args:
        model: Loaded.

    Returns:
        The model whose output is the features (the model given stays as it is); and float32 (classes, D + 1).

    Raises:
        NotAvailableError: If it does not end in exactly one linear layer.
        ModelError: If it is not loaded.
    """
    import torch
    from torch import nn

    if model.module is None:
        raise ModelError(f"'{model.name}' is described, not loaded: use core.models.load")
    model, kept = _whole(model)
    name, linear = _last_linear(model.module, model)
    module = copy.deepcopy(model.module)
    parent = module.get_submodule(name.rpartition(".")[0])
    setattr(parent, name.rpartition(".")[2], nn.Identity())
    device = next(linear.parameters()).device
    probe = torch.rand(1, *model.transform["input_size"], generator=torch.Generator().manual_seed(0)).to(device)
    with torch.inference_mode():
        found, expected = module(probe), model.module(probe)
        same = found.ndim == 2 and found.shape[1] == linear.in_features
        if not same or not torch.allclose(linear(found), expected, rtol=_TOLERANCE, atol=_TOLERANCE):
            raise _refusal(model, f"what follows its layer '{name}' is more than that layer")
    weight = linear.weight.detach().float().cpu().numpy()
    bias = linear.bias.detach().float().cpu().numpy() if linear.bias is not None else np.zeros(len(weight), np.float32)
    body = dataclasses.replace(model, module=module, num_classes=linear.in_features)
    head = np.concatenate([weight, bias[:, None]], axis=1)
    return body, _rows(head, kept) if kept else head


def _whole(model: Model) -> tuple[Model, tuple[int, ...]]:
    """A model with all outputs of its network, and those of them that it gives; none where it gives them all."""
    import torch

    from core.models.heads import Reduced

    if not isinstance(model.module, Reduced):
        return model, ()
    network = model.module.network
    with torch.inference_mode():
        n_outputs = network(torch.zeros(1, *model.transform["input_size"], device=model.device)).shape[1]
    return dataclasses.replace(model, module=network, num_classes=n_outputs), model.module.kept


def _rows(head: np.ndarray, kept: tuple[int, ...]) -> np.ndarray:
    """Rows of a layer in the order of a label space; of a class that has none, one that is never the highest."""
    from core.models.heads import BELOW

    never = np.zeros(head.shape[1], head.dtype)
    never[-1] = -BELOW
    return np.stack([head[at] if at >= 0 else never for at in kept])


def _last_linear(module: nn.Module, model: Model) -> tuple[str, nn.Linear]:
    from torch import nn

    chosen = module.get_classifier() if hasattr(module, "get_classifier") else None
    if chosen is None:
        fitting = [
            part for part in module.modules() if isinstance(part, nn.Linear) and part.out_features == model.num_classes
        ]
        chosen = fitting[-1] if fitting else None
    if not isinstance(chosen, nn.Linear):
        kind = "it has none" if chosen is None else f"its classifier is {type(chosen).__name__}"
        raise _refusal(model, kind)
    return next(name for name, part in module.named_modules() if part is chosen), chosen


def _refusal(model: Model, reason: str) -> NotAvailableError:
    return NotAvailableError(
        f"penultimate features are not available for {model.name}, because they are defined for networks that end in "
        f"one linear layer, and {reason}. Choose a model with a linear head, such as a ResNet, EfficientNet or ViT."
    )


def _extract(
    body: Model,
    plan: Plan,
    values: np.ndarray,
    wanted: np.ndarray,
    batch_size: int | None,
    workers: int | None,
    progress: ProgressCallback | None,
) -> None:
    """Fill the rows of ``values`` that are wanted, bool (N,), and not there yet, in the order of the plan's samples."""
    from core.evaluate.work import Sight, ids_of
    from core.models.engine import Engine, stream

    engine = Engine(body, plan.precision, batch_size, workers)
    sight = Sight(plan.benchmark, ids_of(plan.images.tolist()), plan.views.name, [engine.preprocess])
    missing = np.flatnonzero(wanted & ~is_there(values))
    total = int(wanted.sum())
    done, failed = total - len(missing), 0
    parts = stream([engine], missing, sight.look_at, len(plan.views.names))
    try:
        for part in parts:
            if part.failure is not None:
                raise part.failure
            good = np.array([error is None for error in part.errors])
            # The body's output stands where a classifier's logits would.
            values[part.numbers[good]] = part.logits.reshape(int(good.sum()), *values.shape[1:])
            done, failed = done + len(good), failed + int((~good).sum())
            if progress is not None:
                progress(Progress(done, total, failed, stage="features"))
    finally:
        parts.close()
    if sight.unread:
        first = next(iter(sight.unread.values()))
        raise StorageError(
            f"{len(sight.unread):,} images could not be read; the first: {first}. All others' features are kept; the "
            "same command tries these again."
        )


def is_there(values: np.ndarray) -> np.ndarray:
    """Which images have finite features, under all views: bool (N,); see ``Features.values``."""
    step = max(1, _BLOCK // max(1, int(np.prod(values.shape[1:]))))
    found = np.zeros(len(values), dtype=bool)
    for start in range(0, len(values), step):
        block = values[start : start + step]
        found[start : start + step] = np.isfinite(block).all(axis=tuple(range(1, block.ndim)))
    return found


def _save(path: Path, values: np.ndarray) -> None:
    with paths.writing(path) as stream:
        np.save(stream, values, allow_pickle=False)
