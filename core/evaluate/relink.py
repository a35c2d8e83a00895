"""Where a run's images are, once they were moved."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from core import benchmarks, paths, store
from core.benchmarks.base import Benchmark
from core.benchmarks.imagenet_m import ImageNetMultilabel
from core.errors import UsageError
from core.evaluate import imports


def relink(run: store.Run, data: Path | str) -> store.Run:
    """Note that a run's data lie in another folder now.

    Args:
        run: Of the user's own results.
        data: The folder; it must hold the very images that the predictions were made on.

    Returns:
        The run as it is now stored.

    Raises:
        UsageError: If the folder is not there or holds other images, or the run came with the project.
        DataError: If it is not of the run's benchmark.
        StoreError: If it cannot be noted.
    """
    if run.path.is_relative_to(paths.embedded_results()):
        raise UsageError(f"the result {run.identity} came with the project, and so did its images.")
    benchmark = benchmarks.open_benchmark(run.benchmark, data)
    n, content = _content(benchmark, run)
    if content != run.content:
        raise UsageError(
            f"{benchmark.root} does not hold the images of the result {run.identity}: it has {n:,} images with the "
            f"content {content[:12]}, the result is of {run.n_samples:,} with {run.content[:12]}. For these images: "
            f"python -m core evaluate --model {run.source} --benchmark {run.benchmark} --data {data}"
        )
    found = benchmarks.entry(benchmark, run.n_samples, content)
    return store.amend(run, benchmark=replace(found, notes=run.manifest.benchmark.notes))


def _content(benchmark: Benchmark, run: store.Run) -> tuple[int, str]:
    """How many images a benchmark has on its data, and their content as the run's maker took it."""
    if run.precision == imports.PRECISION and isinstance(benchmark, ImageNetMultilabel):
        samples = benchmark.rows(benchmark.names())
        return len(samples), imports.content_of(benchmark, samples)
    samples = benchmark.samples(run.label_space)
    return len(samples), store.content_of(benchmark.content_digest(), samples)
