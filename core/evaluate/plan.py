"""What an evaluation will look at, and the identity of what it will find. No torch."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from core import benchmarks, store
from core.benchmarks.base import Benchmark
from core.errors import DataError, UsageError
from core.images.views import get_view
from core.types import Model, Precision, View

#: Part of every identity; raised when the engine itself would give other numbers.
PROTOCOL = 1


@dataclass(frozen=True)
class Plan:
    """A benchmark as one model will see it: which images, under which view, at which precision.

    Attributes:
        content: SHA-256 (hex) of the data and of what counts as right on them.
    """

    benchmark: Benchmark
    view: View
    precision: Precision
    samples: pd.DataFrame = field(repr=False)
    content: str

    @classmethod
    def of(cls, model: Model, benchmark: Benchmark, view: str = "clean", precision: Precision = "fp32") -> Plan:
        """Plan a run.

        Raises:
            UsageError: If the view is unknown, or needs masks that the benchmark does not have.
            LabelSpaceError: If the model's classes do not fit the benchmark.
            DataError: If the benchmark's data cannot be read.
        """
        chosen = get_view(view)
        samples = benchmark.samples(model.label_space)
        if samples.empty:
            raise DataError(f"'{benchmark.key}' has no images in {benchmark.root}.")
        if chosen.needs_mask and benchmark.mask(samples["sample_id"].iloc[0]) is None:
            raise UsageError(f"view '{view}' needs object masks, which '{benchmark.key}' does not have")
        return cls(benchmark, chosen, precision, samples, store.content_of(benchmark.content_digest(), samples))

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
                "benchmark": self.benchmark.key,
                "content": self.content,
                "view": self.view.name,
            }
        )

    @property
    def entry(self) -> store.BenchmarkEntry:
        """The benchmark and its data, as a manifest keeps them."""
        return benchmarks.entry(self.benchmark, len(self.samples), self.content)

    def missing(self, done: set[str], n: int) -> np.ndarray:
        """Rows of ``samples`` to evaluate so that ``n`` are done: int, in the order of evaluation."""
        order = np.random.default_rng(int(self.content[:16], 16)).permutation(len(self.samples))
        ids = self.samples["sample_id"].to_numpy()
        return np.array([row for row in order if ids[row] not in done], dtype=np.int64)[: max(0, n - len(done))]
