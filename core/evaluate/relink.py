"""Where a run's images are, once they were moved."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from pathlib import Path

from core import benchmarks, paths, store
from core.benchmarks.imagenet_m import ImageNetMultilabel
from core.errors import StoreError, UsageError
from core.evaluate import imports
from core.evaluate.plan import samples_in


def relink(run: store.Run, data: Path | str) -> store.Run:
    """Note that a run's data lie in another folder now; labels and factors are those of that folder from now on.

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
    if run.content == imports.POOL_DIGEST and isinstance(benchmark, ImageNetMultilabel):
        # What was imported was seen elsewhere; the folder has the labels.
        samples = benchmark.rows(benchmark.names())
    else:
        samples = samples_in(benchmark, run.label_space)
        digest = benchmark.pool_digest()
        if digest != run.content:
            again = (
                "python -m core import predictions FILE"
                if run.is_imported
                else f"python -m core evaluate --model {run.source}"
            )
            raise UsageError(
                f"{benchmark.root} does not hold the images of the result {run.identity}: it has {len(samples):,} "
                f"images with the content {digest[:12]}, the result is of {run.n_samples:,} with {run.content[:12]}. "
                f"For these images: {again} --benchmark {run.benchmark} --data {data}"
            )
    path = store.samples_of(run)
    store.write_samples(path, samples)
    entry = benchmarks.entry(benchmark, path, samples)
    return store.amend(run, store.settled(run, entry))


def refreshed(run: store.Run) -> store.Run:
    """A run with the labels and factors of its data as they are now; nothing is predicted again.

    The files that labels are read from are looked at by their time of change, so that this costs nothing as long as
    none has changed. Where data are gone, or hold other images now, the run stays as it is.

    Raises:
        DataError: If the labels cannot be read any more.
    """
    root = benchmarks.root_of(run)
    if not run.entry.stamp or root is None or not paths.is_there(root) or run.content == imports.POOL_DIGEST:
        return run
    benchmark = benchmarks.open_benchmark(run.benchmark, root)
    if benchmarks.label_stamp(benchmark) == run.entry.stamp:
        return run
    samples = samples_in(benchmark, run.label_space)
    if benchmark.pool_digest() != run.content:
        return run
    path = store.samples_of(run)
    try:
        store.write_samples(path, samples)
        entry = store.settled(run, benchmarks.entry(benchmark, path, samples))
    except StoreError:
        # Where nothing can be written, the labels are those that were stored.
        return run
    # Where it cannot be noted, because another process is at the run, the table is the new one all the same.
    with contextlib.suppress(StoreError):
        return store.amend(run, entry)
    return replace(run, entry=entry)
