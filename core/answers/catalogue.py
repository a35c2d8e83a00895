"""What can be looked at: models and benchmarks with stored results, and what is missing. Reads manifests, no torch."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from core import paths, store
from core.benchmarks import benchmark_class, find_data, known_benchmarks
from core.benchmarks.base import Benchmark
from core.errors import UsageError

WEIGHTS = "model.safetensors"


@dataclass(frozen=True)
class KnownModel:
    """A model that has a stored result or a folder on this machine.

    Attributes:
        name: Short name.
        source: What to type to get it.
        label_space: Of its output; empty until it is evaluated.
        input_px: Side of its input in pixels, or None until it is evaluated.
        megabytes: Of its weights, or None if they are not in a model folder here.
        benchmarks: Keys of the benchmarks it has results on.
    """

    name: str
    source: str
    label_space: str = ""
    input_px: int | None = None
    megabytes: float | None = None
    benchmarks: tuple[str, ...] = ()

    @property
    def details(self) -> str:
        """Label space and size in words."""
        parts = [self.label_space]
        parts += [f"{self.input_px} px"] if self.input_px else []
        parts += [f"{self.megabytes:.3g} MB"] if self.megabytes else []
        return " · ".join(part for part in parts if part) or "not evaluated yet"


def known_models(runs: Iterable[store.Run]) -> dict[str, KnownModel]:
    """Models by short name: those with results first, then the other folders; each sorted by name."""
    folders = {
        config.parent.name: config.parent
        for folder in reversed(paths.model_folders())
        if folder.is_dir()
        for config in folder.glob("*/config.json")
    }
    found: dict[str, KnownModel] = {}
    for run in sorted(runs, key=lambda run: (run.model, run.benchmark)):
        info = run.info["model"]
        earlier = found.get(run.model)
        found[run.model] = KnownModel(
            run.model,
            info["source"],
            info["label_space"],
            _input_px(run),
            _megabytes(folders, run.model, info["source"]),
            (*(earlier.benchmarks if earlier else ()), run.benchmark),
        )
    for name in sorted(set(folders) - set(found)):
        found[name] = KnownModel(name, name, megabytes=_megabytes(folders, name))
    return found


def _input_px(run: store.Run) -> int | None:
    """Side of the model's input; None for predictions that were imported."""
    size = run.info["preprocessing"].get("input_size")
    return int(size[1]) if size else None


def _megabytes(folders: Mapping[str, Path], name: str, source: str = "") -> float | None:
    kind, _, where = source.partition(":")
    folder = folders.get(name) or (Path(where) if kind == "local-dir" else None)
    weights = folder / WEIGHTS if folder else None
    return weights.stat().st_size / 1e6 if weights and weights.is_file() else None


def family_of(key: str) -> str:
    """``si-score/size`` and ``si-score/location`` are both of ``si-score``."""
    return key.partition("/")[0]


def families(keys: Iterable[str]) -> dict[str, str]:
    """Title by family, of some benchmarks."""
    return {family_of(key): benchmark_class(key).title.partition(":")[0] for key in keys}


def varied(benchmark: type[Benchmark]) -> tuple[str, ...]:
    """The factors a benchmark was made to vary: those of its first table."""
    return benchmark.tables[0].by if benchmark.tables else ()


def benchmarks_varying(*factors: str) -> list[str]:
    """Keys of the benchmarks whose first table is by one of these factors."""
    return [key for key, known in known_benchmarks().items() if set(varied(known)) & set(factors)]


def newest_run(runs: Sequence[store.Run], model: str, benchmark: str, view: str = "clean") -> store.Run | None:
    """A model's result on a benchmark: complete before partial, then the newest; None if there is none."""
    fitting = [
        run for run in runs if run.model == model and run.benchmark == benchmark and run.info.get("view") == view
    ]
    return max(fitting, key=lambda run: (run.complete, run.info.get("updated", "")), default=None)


def data_of(key: str) -> Benchmark | None:
    """A benchmark on its data, or None if the data are not on this machine."""
    root = find_data(key)
    if root is None or not root.is_dir():
        return None
    try:
        return benchmark_class(key)(root)
    except UsageError:
        return None
