"""The benchmarks, one file each.

A file in this folder that defines ``BENCHMARKS``, a tuple of ``Benchmark`` classes, is found by name: to add a
benchmark, add a file.
"""

from __future__ import annotations

import importlib
import pkgutil
from functools import cache
from pathlib import Path

from core import paths
from core.benchmarks.base import Benchmark
from core.errors import UsageError, nearest


@cache
def known_benchmarks() -> dict[str, type[Benchmark]]:
    """Every benchmark class by its key, in the order of file names."""
    found: dict[str, type[Benchmark]] = {}
    for module in pkgutil.iter_modules(__path__):
        for benchmark in getattr(importlib.import_module(f"{__name__}.{module.name}"), "BENCHMARKS", ()):
            found[benchmark.key] = benchmark
    return found


def benchmark_class(key: str) -> type[Benchmark]:
    """A benchmark class by its key.

    Raises:
        UsageError: If there is no such benchmark; names the nearest ones.
    """
    known = known_benchmarks()
    if key not in known:
        raise UsageError(f"unknown benchmark '{key}'.{nearest(key, known)} Known: {', '.join(known)}.")
    return known[key]


def find_data(key: str, data: Path | str | None = None) -> Path | None:
    """The folder of a benchmark's data: given, remembered, ``downloads/<key>`` or embedded; else None."""
    if data is not None:
        return Path(data).expanduser().resolve()
    downloads = paths.data_home() / "downloads" / key
    return paths.remembered_data(key) or (downloads if downloads.is_dir() else known_benchmarks()[key].embedded)


def open_benchmark(key: str, data: Path | str | None = None) -> Benchmark:
    """A benchmark on its data.

    Args:
        key: For example ``si-score/size``.
        data: Its data folder; by default the one last used.

    Raises:
        UsageError: If the benchmark is unknown or its folder is missing.
    """
    benchmark = benchmark_class(key)
    root = find_data(key, data)
    if root is None:
        raise UsageError(f"no data folder is known for '{key}': give one with --data DIR. {benchmark.how_to_get}")
    if not root.is_dir():
        raise UsageError(f"the data folder of '{key}', {root}, is not a folder: give the right one with --data DIR.")
    return benchmark(root)


def open_and_remember(key: str, data: Path | str | None = None) -> Benchmark:
    """A benchmark on its data; a folder that was given is remembered for next time, once it has been read.

    Raises:
        UsageError: See ``open_benchmark``.
        DataError: If a folder that was given is not of this benchmark.
    """
    benchmark = open_benchmark(key, data)
    given = find_data(key, data)
    # What is found without being told need not be remembered, and would be wrong once the project is moved.
    if given is not None and given != find_data(key):
        benchmark.samples(benchmark.label_spaces[0])
        paths.remember_data(key, given)
    return benchmark
