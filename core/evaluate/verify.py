"""Whether a run's images are still those that were predicted from: every one is read again. No torch."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from core import store
from core.benchmarks.base import Benchmark
from core.errors import DataError, ImageError, UsageError
from core.types import Progress, ProgressCallback


@dataclass(frozen=True)
class Verified:
    """What reading a run's images again has shown.

    Attributes:
        run: The run.
        n: Images that were read and whose bytes are known.
        n_unknown: Images whose bytes nobody noted, as of predictions that were imported.
        changed: What is different, by the pool's name of the image.
    """

    run: store.Run
    n: int
    n_unknown: int
    changed: dict[str, str] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """JSON values."""
        return {
            "identity": self.run.identity,
            "model": self.run.model,
            "benchmark": self.run.benchmark,
            "bytes_digest": self.run.entry.bytes_digest or None,
            "n": self.n,
            "n_unknown": self.n_unknown,
            "changed": self.changed,
        }

    def in_words(self) -> str:
        """One line."""
        closing = f", closing digest {self.run.entry.bytes_digest[:16]}" if self.run.entry.bytes_digest else ""
        unknown = f"; the bytes of {self.n_unknown:,} were never noted" if self.n_unknown else ""
        state = f"{len(self.changed):,} changed" if self.changed else "all as they were"
        return f"{self.run.model} on {self.run.benchmark}: {self.n:,} images read, {state}{unknown}{closing}"


def chosen(benchmark: str, model: str | None = None, identity: str | None = None) -> list[store.Run]:
    """The runs to verify.

    Raises:
        UsageError: If there are none.
    """
    if model is not None:
        # The same words as everywhere for a model that has no result.
        store.find_run(benchmark, model, identity)
    found = [run for run in store.list_runs(benchmark, model) if run.identity.startswith(identity or "")]
    if not found:
        raise UsageError(f"nothing is stored for '{benchmark}'. Run: python -m core evaluate --benchmark {benchmark} …")
    return found


def verified(run: store.Run, benchmark: Benchmark, progress: ProgressCallback | None = None) -> Verified:
    """Read a run's images again.

    Args:
        run: Complete or partial.
        benchmark: On the folder to look at.
        progress: Called along the way.
    """
    noted = store.bytes_of(run)
    known = noted.dropna()
    changed = {}
    for number, (image, what) in enumerate(_compared(benchmark, dict(known.items())), 1):
        if what:
            changed[image] = what
        if progress is not None:
            progress(Progress(number, len(known), len(changed), stage="reading"))
    return Verified(run, len(known), len(noted) - len(known), changed)


def _compared(benchmark: Benchmark, noted: dict[str, int]) -> Iterator[tuple[str, str]]:
    def compare(image: str) -> tuple[str, str]:
        try:
            digest = benchmark.decoded(image).digest
        except ImageError as error:
            digest = error.digest
        except DataError as error:
            return image, f"cannot be read: {error}"
        return image, "" if digest == int(noted[image]) else "other bytes than those that were predicted from"

    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        yield from pool.map(compare, sorted(noted), chunksize=1)
