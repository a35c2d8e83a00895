"""Options, checks and prints that several commands share."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from core import paths
from core.errors import OffcenterError, StoreError, UsageError, nearest

if TYPE_CHECKING:
    from core.benchmarks.base import Benchmark
    from core.store import Run

_T = TypeVar("_T")
Model = Annotated[
    str,
    typer.Option(
        help="As it was given to evaluate, or its name in results; 'models --help' says how models are named."
    ),
]
Models = Annotated[
    list[str],
    typer.Option(
        "--model",
        help="timm's name, torchvision:…, open-clip:…, transformers:…, onnx:FILE, a folder, …, with ?option=value or "
        "without (see 'models --help'); give it again for more.",
    ),
]
Preset = Annotated[
    str | None,
    typer.Option(help="Size, crop, interpolation of a paper: focus-paper, zoom-paper, hard-imagenet-paper."),
]
Interpolation = Annotated[
    str | None, typer.Option(help="Resize images with another interpolation: bilinear, bicubic, lanczos, …")
]
Prompts = Annotated[
    str | None,
    typer.Option(help="Of zero-shot models: single, simple-7, openai-80 or a file, a prompt a line, {} for a class."),
]
Classes = Annotated[
    str | None,
    typer.Option(
        help="Classes by their names: a label space or benchmark (for zero-shot models), or a file, a name a line."
    ),
]
BenchmarkKey = Annotated[str, typer.Option("--benchmark", help="For example imagenet or si-score/size.")]
BenchmarkKeys = Annotated[
    list[str], typer.Option("--benchmark", help="For example imagenet or si-score/size; give it again for more.")
]
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


def with_options(model: str, asked: Mapping[str, str | None]) -> str:
    """A model's name with the values of options of the command line added to those that it has.

    Args:
        model: As it was given.
        asked: By option; None was not given.

    Raises:
        UsageError: If the name says another value than the option, or a value is no text or cannot be followed.
    """
    from core.store import naming, specs

    known = specs.parsed(model)
    given = {name: value for name, value in asked.items() if value is not None}
    for name, value in given.items():
        paths.require_text(value)
        said = known.options.get(name, value)
        one, other = (naming.absolute(str(specs.Spec("", "", {name: each}))) for each in (said, value))
        if one != other:
            raise UsageError(f"--{name} {value!r} contradicts {name}={said} in --model '{model}': leave one out.")
    return naming.absolute(str(known.with_options(**given))) if given else model


def written(option: str, place: Path, write: Callable[[], _T]) -> _T:
    """What writing to a place gives.

    Raises:
        UsageError: If it cannot be written after all; names the option.
    """
    try:
        return write()
    except StoreError as error:
        why = error.__cause__ or error
        raise UsageError(f"{option} {place} cannot be written ({why}): give another place.") from error


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
    found = store.find_run(benchmark, known_as(model, benchmark), identity, view=view, precision=precision or "")
    return refreshed(found)


def known_as(model: str, benchmark: str) -> str:
    """What a model is called in the results of a benchmark, where it was typed in a shorter way than it is kept.

    Args:
        model: Such as ``torchvision:vgg16``, without the weights that this means, or with a file of prompts.
        benchmark: Key.

    Returns:
        The name as it was typed where results have it so, or where nothing is known of it.
    """
    from core import store

    if store.list_runs(benchmark, model) or not store.list_runs(benchmark):
        return model
    from core.answers.cards import card_of
    from core.models import sources, zero_shot

    try:
        # Texts that named no classes were given the benchmark's own.
        source = sources.known_source(zero_shot.fitted(model, card_of(store.list_runs(benchmark)[0]).label_spaces))
    except OffcenterError:
        # Whatever is wrong with the name, no result has it.
        return model
    return source if store.list_runs(benchmark, source) else model
