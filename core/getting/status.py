"""What is there: benchmarks, models, results and downloads; how much, where, and what can be freed."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core import benchmarks, models, paths, store
from core.benchmarks import parquet_shards
from core.benchmarks.base import Benchmark
from core.benchmarks.diorama import Diorama
from core.benchmarks.own import OwnBenchmark
from core.benchmarks.si_score_plan import PLAN
from core.errors import OffcenterError
from core.getting import freeing, unpack
from core.getting.expected import expected, is_published
from core.getting.folders import LIMIT_S, Counter, Size
from core.own import entries

_BENCHMARKS = (
    *("key", "title", "kind", "state", "why", "folder", "source", "n_images", "at_least", "n_published", "n_bytes"),
    *("runs", "identities", "images_done"),
)
_MODELS = ("name", "folder", "source", "n_bytes", "at_least", "runs")
_RESULTS = (
    *("identity", "model", "benchmark", "view", "precision", "n_done", "n", "state", "updated"),
    *("n_bytes", "at_least", "embedded", "folder"),
)
_DOWNLOADS = ("name", "n_files", "n_bytes", "at_least", "folder")
_TRASH = ("when", "name", "title", "n_bytes", "at_least", "origin", "path")


@dataclass(frozen=True)
class Status:
    """What is on this machine, as tables with one row each.

    Attributes:
        benchmarks: ``key, title``, ``kind`` (published, embedded, own), ``state`` (present, partial, missing), ``why``
            it is not present, ``folder``, ``source`` (how it got there), ``n_images``, ``at_least`` (whether counting
            was cut short), ``n_published``, ``n_bytes``, ``runs``, ``identities`` (a list), ``images_done``.
        models: ``name, folder, source`` (embedded, folder, hub, results alone), ``n_bytes, at_least, runs``.
        results: ``identity, model, benchmark, view, precision, n_done, n, state, updated, n_bytes`` (of the folder,
            which runs of several benchmarks share), ``at_least, embedded, folder``.
        downloads: ``name, n_files, n_bytes, at_least, folder``.
        trash: ``when, name, title, n_bytes, at_least, origin, path``.
        problems: What is wrong with results, and with entries of one's own data, that cannot be read.
    """

    benchmarks: pd.DataFrame
    models: pd.DataFrame
    results: pd.DataFrame
    downloads: pd.DataFrame
    trash: pd.DataFrame
    problems: tuple[str, ...] = field(default=())

    def to_json(self) -> dict[str, Any]:
        """As JSON values; what is not known is null."""
        tables = {
            name: records(getattr(self, name)) for name in ("benchmarks", "models", "results", "downloads", "trash")
        }
        return {**tables, "problems": list(self.problems)}


def records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a table as JSON values."""
    return [{str(name): _plain(value) for name, value in row.items()} for row in table.to_dict("records")]


def status(key: str | None = None, *, limit_s: float | None = LIMIT_S) -> Status:
    """What is there, without opening a single image.

    Args:
        key: Only this benchmark and its results; all by default.
        limit_s: Seconds for counting files, in all; None counts to the end.

    Raises:
        UsageError: If there is no such benchmark.
    """
    known = {key: benchmarks.benchmark_class(key)} if key else benchmarks.known_benchmarks()
    listing = store.list_all()
    runs = [run for run in listing.runs if key in (None, run.benchmark)]
    with Counter(limit_s) as counter:
        # Results first: they are small, and theirs is the room that can be freed.
        results = _table([_result(run, counter) for run in runs], _RESULTS)
        downloads = _table([_download(each, counter) for each in freeing.downloads()], _DOWNLOADS)
        trash = _table([_trashed(each, counter) for each in freeing.trash()], _TRASH)
        of_models = _table(_models(runs, counter), _MODELS)
        rows = [_benchmark(name, each, results, counter) for name, each in known.items()]
    problems = (*listing.problems.values(), *entries.damaged().values())
    return Status(_table(rows, _BENCHMARKS), of_models, results, downloads, trash, problems)


def _table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> pd.DataFrame:
    return pd.DataFrame([dict(row) for row in rows], columns=list(columns), dtype=object)


def _result(run: store.Run, counter: Counter) -> dict[str, Any]:
    try:
        n_done, n = run.n_done, run.n_samples
    except OffcenterError:
        n_done, n = None, run.entry.n
    size = counter.size(run.path)
    return {
        "identity": run.identity,
        "model": run.model,
        "benchmark": run.benchmark,
        "view": run.view,
        "precision": run.precision,
        "n_done": n_done,
        "n": n,
        "state": "complete" if n_done is not None and n_done >= n else "partial",
        "updated": run.manifest.updated,
        "n_bytes": size.n_bytes,
        "at_least": not size.whole,
        "embedded": run.path.is_relative_to(paths.embedded_results()),
        "folder": str(run.path),
    }


def _download(each: freeing.Freeable, counter: Counter) -> dict[str, Any]:
    size = _size_of(each.path, counter)
    about = {"name": each.name, "n_files": size.n_files, "n_bytes": size.n_bytes}
    return {**about, "at_least": not size.whole, "folder": str(each.path)}


def _trashed(each: freeing.Trashed, counter: Counter) -> dict[str, Any]:
    size = _size_of(each.path, counter)
    about = {"when": each.when, "name": each.name, "title": each.title, "n_bytes": size.n_bytes}
    about["at_least"] = not size.whole
    return {**about, "origin": str(each.origin), "path": str(each.path)}


def _size_of(path: Path, counter: Counter) -> Size:
    return counter.size(path) if path.is_dir() else Size(n_files=1, n_bytes=path.stat().st_size)


def _models(runs: Sequence[store.Run], counter: Counter) -> list[dict[str, Any]]:
    of_model: dict[str, set[str]] = defaultdict(set)
    for run in runs:
        of_model[run.model].add(run.identity)
    rows = {}
    for name, folder in sorted(models.local_models().items()):
        source = "embedded" if folder.is_relative_to(paths.EMBEDDED) else "folder"
        rows[name] = _model(name, folder, source, counter.size(folder), of_model)
    for name in models.hub_models():
        # Its files are shared with others in the hub's cache, which has commands of its own.
        rows.setdefault(name, _model(name, None, "hub", None, of_model))
    for name in sorted(of_model):
        rows.setdefault(name, _model(name, None, "results alone", None, of_model))
    return list(rows.values())


def _model(
    name: str, folder: Path | None, source: str, size: Size | None, of_model: Mapping[str, set[str]]
) -> dict[str, Any]:
    n_bytes, whole = (size.n_bytes, size.whole) if size else (None, True)
    about = {"name": name, "folder": str(folder) if folder else None, "source": source}
    return {**about, "n_bytes": n_bytes, "at_least": not whole, "runs": len(of_model.get(name, ()))}


def _benchmark(key: str, known: type[Benchmark], results: pd.DataFrame, counter: Counter) -> dict[str, Any]:
    own = results[results["benchmark"] == key]
    root = benchmarks.find_data(key)
    is_there = root is not None and paths.is_there(root)
    size = counter.size(root) if root is not None and is_there else None
    n_images = _n_images(known, root, size, own) if root is not None and size is not None else None
    counts = [each.n for each in expected(key).counts]
    state, why = _state(key, known, root, is_there, n_images, size)
    return {
        "key": key,
        "title": known.title,
        "kind": "embedded" if known.embedded is not None else "published" if is_published(key) else "own",
        "state": state,
        "why": why,
        "folder": str(root) if root is not None else None,
        "source": _source(key, known, root),
        "n_images": n_images,
        "at_least": size is not None and not size.whole,
        "n_published": counts[0] if counts else None,
        "n_bytes": size.n_bytes if size is not None else None,
        "runs": len(own),
        "identities": own["identity"].tolist(),
        "images_done": int(own["n_done"].dropna().sum()),
    }


def _n_images(known: type[Benchmark], root: Path, size: Size, own: pd.DataFrame) -> int | None:
    """Images in a benchmark's folder: files, rows of Parquet, or what is composed of its pictures."""
    if issubclass(known, Diorama):
        stored = own["n"].dropna().tolist()
        return int(max(stored)) if stored else sum(1 for _ in known(root).rows())
    if size.n_images or paths.is_remote(root):
        return size.n_images if not paths.is_remote(root) else None
    rows = 0
    for path in parquet_shards.watched(known(root).root):
        try:
            rows += pq.read_metadata(path).num_rows
        except (OSError, pa.ArrowException):
            # The check says what is wrong with it.
            continue
    return rows


def _state(
    key: str, known: type[Benchmark], root: Path | None, is_there: bool, n_images: int | None, size: Size | None
) -> tuple[str, str]:
    """``present``, ``partial`` or ``missing``, and why it is not present."""
    if root is None:
        return "missing", "no folder is known"
    if not is_there:
        return "missing", "its folder is gone"
    if known.embedded is not None or n_images is None or size is None:
        return "present", ""
    if not n_images and size.whole:
        return "partial", "there are no images in it"
    fewest = min((each.n for each in expected(key).counts), default=0)
    if size.whole and n_images < fewest and not expected(key).is_open:
        return "partial", f"{n_images:,} of {fewest:,} images"
    lacking = _lacking(key, known, root)
    return ("partial", lacking) if lacking else ("present", "")


def _lacking(key: str, known: type[Benchmark], root: Path) -> str:
    """The annotations that a benchmark's folder lacks, in words; empty if none."""
    wanted = {"imagenet-m": ".json", "imagenet-multilabel": ".json", "imagenet-real": ".json"}
    if key not in (*wanted, "imagenet-attributes"):
        return ""
    try:
        files = known(root).label_files()
    except OffcenterError:
        files = []
    has_them = any(path.suffix == wanted.get(key, ".csv") for path in files)
    return "" if has_them else "its annotations are not there"


def _source(key: str, known: type[Benchmark], root: Path | None) -> str | None:
    if root is None:
        return None
    if known.embedded is not None and root == known.embedded:
        return "comes with the project"
    if paths.is_remote(root):
        return "given, in an object store"
    if root.is_relative_to(paths.data_home() / "downloads"):
        when = unpack.marker(root).get("when")
        return f"fetched {when}" if isinstance(when, str) else "downloads"
    if (root / PLAN).is_file():
        return "made here"
    return "yours" if issubclass(known, OwnBenchmark) else "given"


def _plain(value: Any) -> Any:
    if isinstance(value, float) and math.isnan(value):
        return None
    return value.item() if hasattr(value, "item") else value
