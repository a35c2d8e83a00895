"""``python -m core gate``: named numbers with limits, which pass, fail or stay open; for builds and releases."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer.core import TyperGroup

from core import paths
from core.cli import options, terminal
from core.cli.options import Device, Json, Precision, View
from core.errors import UsageError

if TYPE_CHECKING:
    from core.benchmarks.base import Benchmark
    from core.gate.checks import Check
    from core.gate.outcome import Outcome, Result
    from core.store import Run

_CHECK = "check"
_WIDTH = 80
_INDENT = 14


class _FileFirst(TyperGroup):
    """``gate FILE`` is ``gate check FILE``."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:
        if args and args[0] not in (*self.commands, "--help"):
            args = [_CHECK, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_FileFirst,
    rich_markup_mode=None,
    no_args_is_help=True,
    help="Fail a build when a number got worse: gate FILE, or gate init to write one.",
)


@app.command(_CHECK)
def check_file(
    file: Annotated[str, typer.Argument(help="A gate file; 'gate init' writes one.")],
    markdown: Annotated[str | None, typer.Option(help="Write a summary for a pull request here.")] = None,
    junit: Annotated[str | None, typer.Option(help="Write JUnit's XML for a build server here.")] = None,
    run: Annotated[bool, typer.Option("--run", help="Evaluate what is missing or not finished first.")] = False,
    inconclusive: Annotated[
        str | None, typer.Option(help="What an inconclusive check counts as: pass or fail; by default the exit is 3.")
    ] = None,
    allow_partial: Annotated[
        bool, typer.Option("--allow-partial", help="Judge results that are not finished by what they have.")
    ] = False,
    device: Device = "auto",
    as_json: Json = False,
) -> None:
    """Judge stored results: exit 0 if all checks pass, 1 if one fails, 3 if none fails and one is inconclusive."""
    from core.gate import checks, outcome, outputs

    found_at = paths.place(file)
    if paths.is_remote(found_at):
        raise UsageError(f"{file} must be a file on this machine.")
    gate = checks.open_gate(found_at)
    treatment = checks.treatment(inconclusive, gate)
    wanted: list[tuple[str, Path, Callable[[Outcome], str]]] = []
    for option, place, make in (("--markdown", markdown, outputs.markdown), ("--junit", junit, outputs.junit)):
        if place is not None:
            wanted.append((option, paths.output(option, place), make))
    if len({found_at, *(place for _, place, _ in wanted)}) <= len(wanted):
        raise UsageError("the gate file, --markdown and --junit must be different files: give another name.")
    if run:
        _run_missing(gate.checks, device)
    found = outcome.judge(gate, _Stored(), inconclusive=treatment, allow_partial=allow_partial)
    for option, place, make in wanted:
        options.written(option, place, partial(paths.write_atomically, place, make(found)))
    if as_json:
        options.print_json(outcome.content(found))
    else:
        _print(found)
    raise typer.Exit(found.exit_code)


@app.command("init")
def write_first(
    model: Annotated[list[str], typer.Option("--model", help="The model to guard; given a second time, its baseline.")],
    benchmark: Annotated[list[str], typer.Option("--benchmark", help="Give it again for more.")],
    out: Annotated[str, typer.Option(help="Where to write; must not be there yet.")] = "gate.yaml",
    view: View = "clean",
    precision: Precision = None,
) -> None:
    """Write a gate file from what is stored, with limits that so many images or objects can decide."""
    from core.gate import starting

    if len(model) > 2:
        raise UsageError(f"--model is given {len(model)} times: give the model, and one baseline or none.")
    place = paths.output("--out", out)
    if place.exists():
        raise UsageError(f"--out {out} is there already: give another name, or move it away.")
    keys = list(dict.fromkeys(benchmark))
    sides = [[options.run_for(name, key, view, precision, None) for key in keys] for name in model]
    for stored in (each for side in sides for each in side):
        if not stored.complete:
            raise UsageError(
                f"the result of {stored.model} on '{stored.benchmark}' is not finished ({stored.n_done:,} of "
                f"{stored.n_samples:,} images): give its evaluate command again first."
            )
    if len(sides) == 2 and sides[0] == sides[1]:
        raise UsageError(f"'{model[0]}' and '{model[1]}' are the same result: a baseline is another model.")
    text = starting.written(sides[0], sides[1] if len(sides) == 2 else [])
    options.written("--out", place, lambda: paths.write_atomically(place, text))
    terminal.out.print(f"{out}. Read its limits, then: python -m core gate {out}", soft_wrap=True, markup=False)


class _Stored:
    """Finds each result once; of a missing one it says what to run."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], Run] = {}

    def __call__(self, check: Check, model: str) -> Run:
        key = (model, check.benchmark, check.view, check.precision)
        if key not in self._known:
            try:
                found = options.run_for(model, check.benchmark, check.view, check.precision or None, None)
            except UsageError as error:
                raise (
                    UsageError(f"{str(error).rstrip('.')}. Or give --run.") if "Run: python" in str(error) else error
                ) from error
            self._known[key] = found
        return self._known[key]


def _run_missing(checks: tuple[Check, ...], device: str) -> None:
    """Evaluate results that are missing or not finished, each benchmark's images decoded once for all models."""
    missing: dict[tuple[str, str, str], tuple[dict[str, None], Check]] = {}
    stored = _Stored()
    for check in checks:
        for name in ("model", "baseline") if check.needs_baseline else ("model",):
            model, precision = getattr(check, name), check.precision or "fp32"
            try:
                found = stored(check, model)
            except UsageError:
                # There is none yet; what is wrong with a name is said when it is opened.
                pass
            else:
                # Nothing can be added to what was imported.
                if found.complete or found.is_imported:
                    continue
                model, precision = found.source, found.precision
            models, _ = missing.setdefault((check.benchmark, check.view, precision), ({}, check))
            models[model] = None
    for (benchmark, view, precision), (models, check) in missing.items():
        with check.places["check"].placed():
            options.choice("precision", precision, ("fp32", "bf16", "fp16"))
            try:
                opened = options.open_benchmark(benchmark, check.data)
            except UsageError as error:
                raise UsageError(str(error).replace("with --data DIR", "with 'data: DIR' here")) from error
            _evaluate(list(models), opened, view, precision, device)


def _evaluate(models: list[str], opened: Benchmark, view: str, precision: str, device: str) -> None:
    from core.answers.prepared import prepare
    from core.evaluate.loop import evaluate_all

    with terminal.progress_bar(models[0] if len(models) == 1 else f"{len(models)} models") as progress:
        outcomes = evaluate_all(models, opened, view=view, precision=precision, device=device, progress=progress)
    for outcome in outcomes:
        if outcome.error is not None:
            raise outcome.error
        assert outcome.run is not None
        prepare(outcome.run)


def _print(outcome: Outcome) -> None:
    """Some lines a check, in 80 columns: verdict and name, number and limit, what it rests on."""
    from core.gate import words

    for result in outcome.results:
        for line in _lines(result):
            terminal.out.print(line, soft_wrap=True, markup=False)
    terminal.out.print()
    for line in textwrap.wrap(words.summary(outcome), _WIDTH):
        terminal.out.print(line, soft_wrap=True, markup=False, style="bold")
    for stored in outcome.runs:
        terminal.out.print(words.identified(stored), soft_wrap=True, markup=False, style="dim")
    for line in outcome.warnings:
        terminal.warn(line)


def _lines(result: Result) -> list[str]:
    from core.gate import words

    number = f"{words.shown(result)} at {words.confidence(result.decision.confidence)}; {words.limit(result)}"
    more = (words.sides(result), words.counts(result), words.why(result), *result.estimate.notes)
    space = " " * _INDENT
    verdict = f"{result.kind:<{_INDENT}}"
    lines = textwrap.wrap(result.check.name, _WIDTH, initial_indent=verdict, subsequent_indent=space)
    for said in (number, *(each for each in more if each)):
        lines += textwrap.wrap(said, _WIDTH, initial_indent=space, subsequent_indent=f"{space}  ")
    return lines
