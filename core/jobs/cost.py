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
from pathlib import Path
from typing import Any

from core import paths, store
from core.benchmarks import open_benchmark, root_of
from core.jobs.files import Request, home
from core.store import weights

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
    """Images that an earlier run of the same weights has; whether files changed is seen only when the job runs."""
    wanted = (request.view, request.precision, total)
    runs = [
        run
        for run in store.list_runs(request.benchmark, request.model)
        if (run.view, run.precision, run.n_samples) == wanted
    ]
    root = open_benchmark(request.benchmark, request.data).root
    runs = [run for run in runs if _may_be_of(run, root)]
    # Weights of the hub do not change under one name; those in a folder may have been trained again.
    fingerprint = weights.fingerprint_of(request.model) if runs else None
    runs = [run for run in runs if fingerprint in (None, run.fingerprint)]
    return max((run.n_done for run in runs), default=0)


def _may_be_of(run: store.Run, root: Path) -> bool:
    """Whether a run's data may be those in a folder: another folder that is there as well is another copy."""
    own = root_of(run)
    return own is None or own == root or not own.is_dir()


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
