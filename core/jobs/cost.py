"""What an evaluation will cost, before it is started: how many images, and how long at the rate last measured here.

Rates are measured by the evaluations that the queue ran on this machine (``data/jobs/rates.json``), per model, device,
precision and batch size. A model that has not run yet has none; a job with a small ``limit`` measures one, and its
images count towards the whole.
"""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from core import paths, store
from core.benchmarks import open_benchmark
from core.jobs.files import Request, home

#: A rate over fewer images than this is still ruled by the first, slow ones; a longer measurement outlives it.
STEADY_IMAGES = 256
#: Images of a job that is to measure a rate.
PROBE_IMAGES = 64


@dataclass(frozen=True)
class Cost:
    """Size of a job and its time.

    Attributes:
        n_images: Images the benchmark has, or the request's limit if that is smaller.
        n_stored: Of these already stored by an earlier run of the same kind; they are not computed again.
        rate: Images a second, or None if none was measured here.
        measured_on: Benchmark with which the rate was measured; empty if there is none.
        startup_s: Seconds before the first image; 0.0 if not measured.
    """

    n_images: int
    n_stored: int
    rate: float | None = None
    measured_on: str = ""
    startup_s: float = 0.0

    @property
    def n_left(self) -> int:
        """Images to compute."""
        return max(0, self.n_images - self.n_stored)

    @property
    def seconds(self) -> float | None:
        """Estimated time, start-up included; None if no rate was measured."""
        if not self.n_left:
            return 0.0
        return None if self.rate is None else self.startup_s + self.n_left / self.rate


def count_images(benchmark: str, data: str | None) -> int:
    """Images of a benchmark. Lists the folder, which takes seconds for hundreds of thousands.

    Raises:
        UsageError: If the benchmark is unknown or the folder is none.
        DataError: If the folder cannot be read as the benchmark.
    """
    opened = open_benchmark(benchmark, data)
    return len(opened.samples(opened.label_spaces[0]))


def estimate(request: Request, total: int) -> Cost:
    """What a request would cost.

    Args:
        request: What to evaluate.
        total: Images of its benchmark, from ``count_images``.

    Raises:
        UsageError: If the request cannot be right.
    """
    request = request.checked()
    n_images = min(total, request.limit or total)
    known = _rates().get(_key(request), {})
    return Cost(
        n_images,
        min(_stored(request, total), n_images),
        known.get("images_per_s"),
        known.get("benchmark", ""),
        known.get("startup_s", 0.0),
    )


def _stored(request: Request, total: int) -> int:
    """Images that an earlier run has; which weights and files it saw is checked only when the job runs."""
    wanted = {"view": request.view, "precision": request.precision}
    runs = [
        run
        for run in store.list_runs(request.benchmark, request.model)
        if run.n_samples == total and all(getattr(run, name) == value for name, value in wanted.items())
    ]
    return max((run.n_done for run in runs), default=0)


def record_rate(request: Request, *, images: int, images_per_s: float, startup_s: float) -> None:
    """Remember how fast a job was on this machine; a short measurement does not replace a steady one.

    Raises:
        StoreError: If it cannot be written.
    """
    rates = _rates()
    known = rates.get(_key(request), {}).get("images", 0)
    if images < 1 or images < STEADY_IMAGES <= known:
        return
    rates[_key(request)] = {
        "images": images,
        "images_per_s": round(images_per_s, 3),
        "startup_s": round(startup_s, 2),
        "benchmark": request.benchmark,
    }
    paths.write_atomically(home() / "rates.json", json.dumps(rates, indent=1) + "\n")


def _rates() -> dict[str, Mapping[str, Any]]:
    return paths.read_json(home() / "rates.json")


def _key(request: Request) -> str:
    # The folder may lie on a disk that several machines share.
    return json.dumps([platform.node(), request.model, request.device, request.precision, request.batch_size])
