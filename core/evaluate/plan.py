"""What an evaluation will look at, and the identity of what it will find. No torch."""

from __future__ import annotations

from collections.abc import Set
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import pandas as pd

from core import benchmarks, store
from core.benchmarks.base import Benchmark
from core.errors import DataError, LabelSpaceError, UsageError
from core.images.views import get_views
from core.images.views.base import Views
from core.store import lists
from core.types import Model, Precision

#: Part of every identity; raised when the engine itself would give other numbers.
PROTOCOL = 2
#: What a user can do whose model's outputs nothing names.
_WHAT_HELPS = (
    "If its outputs are these classes, say so: list the classes' names or WordNet ids, in the order of the outputs, in "
    "what describes the model (label_names in timm's config.json, id2label in transformers')."
)
#: Images whose masks are looked for before a benchmark counts as one without.
_ASKED = 20


@dataclass(frozen=True)
class Plan:
    """A benchmark as one model will see it: which images, under which views, at which precision.

    Attributes:
        pool: The images' pool, which alone is part of an identity; labels and factors are not.
        samples: The benchmark's table in the model's label space, with the column ``store.IMAGE`` where the pool calls
            images otherwise.
    """

    benchmark: Benchmark
    views: Views
    precision: Precision
    pool: store.PoolEntry
    label_space: str
    samples: pd.DataFrame = field(repr=False)

    @classmethod
    def of(cls, model: Model, benchmark: Benchmark, view: str = "clean", precision: Precision = "fp32") -> Plan:
        """Plan a run.

        Raises:
            UsageError: If the view is unknown, or needs masks that the benchmark does not have.
            LabelSpaceError: If the model's classes do not fit the benchmark.
            DataError: If the benchmark's data cannot be read.
        """
        views = get_views(view)
        try:
            samples = samples_in(benchmark, model.label_space)
        except LabelSpaceError as error:
            why = f" '{model.name}' has {model.labels_said}. {_WHAT_HELPS}" if model.labels_said else ""
            raise LabelSpaceError(f"{error}{why}") from error
        if samples.empty:
            raise DataError(f"'{benchmark.key}' has no images in {benchmark.root}.")
        if views.needs_mask and not _has_masks(benchmark, samples):
            raise UsageError(f"view '{view}' needs object masks, which '{benchmark.key}' does not have")
        # What a mask shows is part of what a model sees, and masks are a benchmark's own.
        key = benchmark.key if views.needs_mask else benchmark.pool or benchmark.key
        pool = store.PoolEntry(key, benchmark.pool_digest())
        return cls(benchmark, views, precision, pool, model.label_space, samples)

    def identity(self, model: Model) -> str:
        """Identity of the result; see ``store.identity``."""
        return store.identity(
            {
                "protocol": PROTOCOL,
                "weights": model.fingerprint,
                "architecture": model.architecture,
                "label_space": model.label_space,
                "preprocessing": dict(model.transform),
                "precision": self.precision,
                "pool": [self.pool.key, self.pool.digest],
                "views": [self.views.name, self.views.version],
                # Results of networks whose outputs are their own keep the names they have.
                **({"head": model.head} if model.head else {}),
            }
        )

    def classes_within(self, n: int) -> tuple[int, ...]:
        """The benchmark's own classes where they are fewer than a model's ``n``, ascending; else none."""
        classes = sorted(set(lists.list_offsets(self.samples["accepted"])[1].tolist()))
        return tuple(classes) if len(classes) < n else ()

    @property
    def images(self) -> pd.Series:
        """The pool's names of the images, in the order of ``samples``."""
        return self.samples[store.IMAGE if store.IMAGE in self.samples else "sample_id"]

    @cached_property
    def entry(self) -> store.BenchmarkEntry:
        """The benchmark and its data, as a manifest keeps them."""
        path = store.samples_file(self.benchmark.key, self.pool.digest, self.label_space)
        return benchmarks.entry(self.benchmark, path, self.samples)

    def order(self) -> np.ndarray:
        """Rows of ``samples`` in the order of evaluation, random but always the same: int (N,)."""
        return np.random.default_rng(int(self.pool.digest[:16], 16)).permutation(len(self.samples))

    def missing(self, done: Set[str], n: int) -> np.ndarray:
        """Rows of ``samples`` to evaluate so that ``n`` are done: int, in the order of evaluation."""
        is_done = self.images.isin(done).to_numpy()
        order = self.order()
        return order[~is_done[order]][: max(0, n - int(is_done.sum()))]


def samples_in(benchmark: Benchmark, label_space: str) -> pd.DataFrame:
    """A benchmark's samples table as it is stored.

    Raises:
        LabelSpaceError, DataError: See ``Benchmark.samples``; also if two samples are of one image.
    """
    samples = benchmark.samples(label_space)
    ids = samples["sample_id"].tolist()
    images = benchmark.image_ids(ids)
    if images == ids:
        return samples
    if len(set(images)) < len(images):
        twice = next(image for image in images if images.count(image) > 1)
        raise DataError(f"'{benchmark.key}': two samples are of the image '{twice}'.")
    return samples.assign(**{store.IMAGE: images})


def _has_masks(benchmark: Benchmark, samples: pd.DataFrame) -> bool:
    """Whether a benchmark knows where objects are; a mask that is there and cannot be read is a matter of its image."""
    for sample_id in samples["sample_id"].head(_ASKED):
        try:
            if benchmark.mask(sample_id) is not None:
                return True
        except DataError:
            return True
    return False
