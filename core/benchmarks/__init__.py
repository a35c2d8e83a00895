"""The benchmarks, one file each.

A file in this folder that defines ``BENCHMARKS``, a tuple of ``Benchmark`` classes, is found by name: to add a
benchmark, add a file. Beside these stand a user's own, which come and go while the program runs (``core.own``).
"""

from __future__ import annotations

import hashlib
import importlib
import pkgutil
from collections.abc import Iterable
from functools import cache
from pathlib import Path

import pandas as pd

from core import paths, store
from core.benchmarks import own
from core.benchmarks.base import Benchmark, beside_images
from core.benchmarks.imagenet_masks import ImageNetMasks
from core.errors import DataError, UsageError, nearest
from core.types import Table

#: Stands in manifests for data that come with the project, wherever it lies on a machine.
EMBEDDED = "embedded"


def known_benchmarks() -> dict[str, type[Benchmark]]:
    """Every benchmark class by its key, in the order of file names; then a user's own, as they are now."""
    return {**published_benchmarks(), **own.known(published_benchmarks())}


@cache
def published_benchmarks() -> dict[str, type[Benchmark]]:
    """Every benchmark class that the project brings, by its key."""
    found: dict[str, type[Benchmark]] = {}
    for module in pkgutil.iter_modules(__path__):
        for benchmark in getattr(importlib.import_module(f"{__name__}.{module.name}"), "BENCHMARKS", ()):
            found[benchmark.key] = benchmark
    return found


def benchmark_class(key: str) -> type[Benchmark]:
    """A benchmark class by its key.

    Raises:
        UsageError: If there is no such benchmark; names the nearest ones.
        DataError: If it is one of a user's own whose entry is damaged.
    """
    known = known_benchmarks()
    if key not in known:
        damaged = own.damaged(key)
        if damaged:
            raise DataError(damaged)
        raise UsageError(f"unknown benchmark '{key}'.{nearest(key, known)} Known: {', '.join(known)}.")
    return known[key]


def find_data(key: str, data: Path | str | None = None) -> Path | None:
    """The folder of a benchmark's data: given, remembered, ``downloads/<key>``, embedded or as added; else None."""
    if data is not None:
        return paths.place(data)
    known = known_benchmarks().get(key)
    if known is not None and issubclass(known, own.OwnBenchmark):
        return paths.remembered_data(key) or known.home
    downloads = paths.data_home() / "downloads" / key
    there = downloads if downloads.is_dir() else known.embedded if known else None
    return paths.remembered_data(key) or there


def open_benchmark(key: str, data: Path | str | None = None, images: Path | str | None = None) -> Benchmark:
    """A benchmark on its data.

    Args:
        key: For example ``si-score/size``.
        data: Its data folder; by default the one last used.
        images: ImageNet's folder, for a benchmark whose data folder holds masks alone; by default the one last used.

    Raises:
        UsageError: If the benchmark is unknown or its folder is missing; if ``images`` is given and the benchmark has
            its images in its data folder.
    """
    benchmark = benchmark_class(key)
    root = find_data(key, data)
    if root is None:
        raise UsageError(f"no data folder is known for '{key}': give one with --data DIR. {benchmark.how_to_get}")
    if not paths.is_folder(root):
        raise UsageError(f"the data folder of '{key}', {root}, is not a folder: give the right one with --data DIR.")
    if images is None:
        return benchmark(root)
    if not issubclass(benchmark, ImageNetMasks):
        raise UsageError(f"--images is for masks alone; '{key}' has its images in the folder of --data.")
    return benchmark(root, paths.place(images))


def has_masks_alone(key: str) -> bool:
    """Whether a benchmark's data folder holds masks alone, so that it needs the folder of ImageNet's images too."""
    return issubclass(benchmark_class(key), ImageNetMasks)


def find_images(key: str, data: Path | str | None = None) -> Path | None:
    """The folder of images that was remembered for a folder of masks, else ImageNet's; None if none is known.

    Args:
        key: Of a benchmark that ``has_masks_alone``.
        data: Its data folder; by default the one last used.
    """
    known, root = benchmark_class(key), find_data(key, data)
    return known(root or Path()).images_folder if issubclass(known, ImageNetMasks) else None


def annotation_stamp(root: Path | None) -> tuple[tuple[str, int, int], ...]:
    """What an opened benchmark depends on besides images: name, time of change and size of the files beside them.

    The entries of a user's own are among these, wherever their images lie. Whoever keeps an opened benchmark opens it
    again when this changes.
    """
    return _stamp([*beside_images(root), *own.entry_files()]) if root else ()


def _stamp(files: Iterable[Path]) -> tuple[tuple[str, int, int], ...]:
    try:
        found = [(path.name, path.stat()) for path in files]
    except OSError:
        return ()
    return tuple((name, status.st_mtime_ns, status.st_size) for name, status in found)


def label_stamp(benchmark: Benchmark) -> str:
    """Changes when a file does that a benchmark's labels and factors are read from; empty where none is watched."""
    if paths.is_remote(benchmark.root):
        # Looking would cost as much as reading; labels in an object store are read again with each evaluation.
        return ""
    return hashlib.sha256(repr(_stamp(benchmark.label_files())).encode()).hexdigest()[:16]


def open_and_remember(key: str, data: Path | str | None = None, images: Path | str | None = None) -> Benchmark:
    """A benchmark on its data; a folder that was given is remembered for next time, once it has been read.

    Args:
        key: See ``open_benchmark``.
        data: See ``open_benchmark``.
        images: ImageNet's folder, for a benchmark whose data folder holds masks alone.

    Raises:
        UsageError: See ``open_benchmark``; also if the benchmark's images are in its data folder.
        DataError: If a folder that was given is not of this benchmark.
    """
    benchmark = open_benchmark(key, data, images)
    given = find_data(key, data)
    # What is found without being told need not be remembered, and would be wrong once the project is moved.
    news = given is not None and given != find_data(key)
    if news or images is not None:
        benchmark.samples(benchmark.label_spaces[0])
    if isinstance(benchmark, ImageNetMasks):
        benchmark.remember_images()
    if news:
        paths.remember_data(key, given)
    return benchmark


def table(key: str, name: str) -> Table | None:
    """A benchmark's table with the function that computes it; None if this version knows no such benchmark or table."""
    known = known_benchmarks().get(key)
    return next((each for each in known.tables if each.name == name), None) if known else None


def entry(benchmark: Benchmark, path: Path, samples: pd.DataFrame) -> store.BenchmarkEntry:
    """A benchmark on its data as a manifest keeps it.

    Args:
        benchmark: The benchmark.
        path: Of its samples table.
        samples: The table.
    """
    embedded = benchmark.embedded is not None and benchmark.root == benchmark.embedded
    return store.BenchmarkEntry(
        key=benchmark.key,
        n=len(samples),
        samples=store.relative(path),
        samples_digest=store.digest_samples(samples),
        notes=tuple(benchmark.notes),
        root=EMBEDDED if embedded else str(benchmark.root.absolute()),
        card=benchmark.card(),
        # Files that come with the project change with it, not by themselves.
        stamp="" if embedded else label_stamp(benchmark),
    )


def root_of(run: store.Run) -> Path | None:
    """The data folder that a run's predictions were made on.

    Of runs that need none, which were imported, the one last used for the benchmark; None if none is known.
    """
    root = run.entry.root
    known = known_benchmarks().get(run.benchmark)
    if root == EMBEDDED:
        return known.embedded if known else None
    return paths.place(root) if root else (find_data(run.benchmark) if known else None)


def open_for(run: store.Run) -> Benchmark:
    """A run's benchmark on the data that its predictions were made on.

    Raises:
        UsageError: If the benchmark is not known here.
        DataError: If the folder is not there; says how to name another one.
    """
    benchmark, root = benchmark_class(run.benchmark), root_of(run)
    if root is None or not paths.is_folder(root):
        gone = f"the images of this result were in {root}, which is not there" if root else "no data folder is known"
        raise DataError(
            f"{gone}. Name a folder that holds them now: python -m core relink --model {run.source} "
            f"--benchmark {run.benchmark} --identity {run.identity} --data DIR. {benchmark.how_to_get}"
        )
    return benchmark(root)
