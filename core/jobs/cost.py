"""What an evaluation will cost, before it is started: how many images, and how long at the rate last measured here.

Rates are those of ``core.jobs.rates``. A model that has not run yet has none; a job with a small ``limit`` measures
one, and its images count towards the whole.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from core import paths, store
from core.benchmarks import open_benchmark, root_of
from core.images.views import get_views
from core.jobs import rates
from core.jobs.kinds import Evaluation
from core.jobs.kinds.evaluation import lasting
from core.store import weights

#: Images of a job that is to measure a rate.
PROBE_IMAGES = 64


@dataclass(frozen=True)
class Cost:
    """Size of a job and its time.

    Attributes:
        n_images: Images the benchmark has, or the evaluation's limit if that is smaller.
        n_stored: Of these already stored, for every model, by earlier runs of the same kind; not computed again.
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


def count_images(benchmark: str, data: str | None, images: str | None = None) -> int:
    """Images of a benchmark. Lists the folder, which takes seconds for hundreds of thousands.

    Args:
        benchmark: Key.
        data: Its data folder.
        images: ImageNet's folder, for a benchmark whose data folder holds masks alone.

    Raises:
        UsageError: If the benchmark is unknown or the folder is none.
        DataError: If the folder cannot be read as the benchmark.
    """
    opened = open_benchmark(benchmark, data, images)
    return len(opened.samples(opened.label_spaces[0]))


def estimate(asked: Evaluation, total: int) -> Cost:
    """What an evaluation would cost.

    Args:
        asked: What to evaluate.
        total: Images of its benchmark, from ``count_images``.

    Raises:
        UsageError: If it cannot be right.
    """
    asked = asked.checked()
    n_images = min(total, asked.limit or total)
    each = [_of_one(replace(asked, model=model, also=()), total, n_images) for model in asked.models]
    left = [cost for cost in each if cost.n_left]
    if len(each) == 1 or not left:
        return each[0]
    n_stored = min(cost.n_stored for cost in each)
    if any(cost.rate is None for cost in left):
        return Cost(n_images, n_stored)
    # Each image is decoded once for all, so together they are faster than this.
    rate = 1 / sum(1 / cost.rate for cost in left)
    return Cost(n_images, n_stored, rate, left[0].measured_on, sum(cost.startup_s for cost in left))


def _of_one(asked: Evaluation, total: int, n_images: int) -> Cost:
    n_stored = min(_stored(asked, total), n_images)
    rate = rates.find(asked.model, asked.device, asked.precision, asked.batch_size)
    if rate is None:
        return Cost(n_images, n_stored)
    passes = get_views(asked.view).passes
    return Cost(n_images, n_stored, rate.images_per_s / passes, rate.benchmark, rate.startup_s)


def _stored(asked: Evaluation, total: int) -> int:
    """Images that an earlier run of the same weights has; whether files changed is seen only when the job runs."""
    wanted = (asked.view, asked.precision, total)
    runs = [
        run
        for run in store.list_runs(asked.benchmark, lasting(asked.model, in_full=True))
        if (run.view, run.precision, run.n_samples) == wanted
    ]
    root = open_benchmark(asked.benchmark, asked.data).root
    runs = [run for run in runs if _may_be_of(run, root)]
    # Weights of the hub do not change under one name; those in a folder may have been trained again.
    fingerprint = weights.fingerprint_of(asked.model) if runs else None
    runs = [run for run in runs if fingerprint in (None, run.fingerprint)]
    return max((run.n_done for run in runs), default=0)


def _may_be_of(run: store.Run, root: Path) -> bool:
    """Whether a run's data may be those in a folder: another folder that is there as well is another copy."""
    own = root_of(run)
    return own is None or own == root or not paths.is_folder(own)
