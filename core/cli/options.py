"""Options, checks and prints that several commands share."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.errors import UsageError, nearest

if TYPE_CHECKING:
    from core.benchmarks.base import Benchmark
    from core.store import Run

Model = Annotated[str, typer.Option(help="timm name, hf-hub:owner/name, local-dir:PATH or a local model's name.")]
Models = Annotated[list[str], typer.Option("--model", help="A model; give it again for more.")]
BenchmarkKey = Annotated[str, typer.Option("--benchmark", help="For example imagenet or si-score/size.")]
Data = Annotated[
    str | None,
    typer.Option(help="The benchmark's folder, or a URL (s3://…, hf://…); remembered for next time."),
]
Images = Annotated[
    str | None,
    typer.Option(help="ImageNet's folder, for a benchmark of masks alone (hard-imagenet, rival10); remembered too."),
]
Device = Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs.")]
Precision = Annotated[str | None, typer.Option(help="Only a run of this precision.")]
Identity = Annotated[str | None, typer.Option(help="Only the run of this identity, or its beginning.")]
View = Annotated[str, typer.Option(help="The family of views that was evaluated: clean, noise, five-crop, …")]


def choice(name: str, value: str, known: Sequence[str]) -> str:
    """The value of an option, if it is one of the known ones.

    Raises:
        UsageError: If it is not.
    """
    if value not in known:
        raise UsageError(f"--{name} '{value}' is unknown.{nearest(value, known)} Known: {', '.join(known)}.")
    return value


def print_json(value: Any) -> None:
    """For programs."""
    print(json.dumps(value, indent=2, default=str))


def open_benchmark(key: str, data: str | None, images: str | None = None) -> Benchmark:
    """See ``benchmarks.open_and_remember``."""
    from core import benchmarks

    return benchmarks.open_and_remember(key, data, images)


def data_for(run: Run, data: str | None) -> Benchmark:
    """A run's benchmark on a folder that was given, else on the one that the run was made on."""
    from core import benchmarks

    return open_benchmark(run.benchmark, data) if data is not None else benchmarks.open_for(run)


def run_for(model: str, benchmark: str, view: str, precision: str | None, identity: str | None) -> Run:
    """The stored run that the options mean, with today's labels; see ``store.find_run`` and ``refreshed``."""
    from core import benchmarks, store
    from core.evaluate.relink import refreshed

    if not store.list_runs(benchmark):
        # A stored run needs no code of its benchmark; without one, the name may be wrong.
        benchmarks.benchmark_class(benchmark)
    return refreshed(store.find_run(benchmark, model, identity, view=view, precision=precision or ""))
