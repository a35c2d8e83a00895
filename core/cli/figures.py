"""``python -m core figures``: the pages' figures as files for a paper, drawn without a page. No torch."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from core import paths
from core.cli import options, terminal
from core.cli.options import Models, Precision
from core.errors import UsageError

if TYPE_CHECKING:
    from core.store import Run

app = typer.Typer(rich_markup_mode=None)


@app.command(name="figures")
def write_figures(
    model: Models,
    benchmark: Annotated[list[str], typer.Option("--benchmark", help="Give it again for more.")],
    out: Annotated[str, typer.Option(metavar="DIR", help="A folder; files of the same names are replaced.")],
    kind: Annotated[str, typer.Option("--format", help="svg, pdf (fonts inside) or png (300 dots an inch).")] = "pdf",
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="by_location, by_FACTOR, …; give it again for more; all by default."),
    ] = None,
    columns: Annotated[int, typer.Option(help="1 (3.35 inches wide) or 2 (7 inches).")] = 1,
    view: Annotated[
        str | None,
        typer.Option(help="Only of this family of views; of all that are stored by default."),
    ] = None,
    tables: Annotated[bool, typer.Option("--tables", help="Write the numbers behind each beside it, as CSV.")] = False,
    precision: Precision = None,
    allow_partial: Annotated[
        bool, typer.Option("--allow-partial", help="Draw results that are not finished too; figures say so.")
    ] = False,
) -> None:
    """Write the pages' figures for a paper: one or two columns wide, dark on white, with captions.

    Beside them are figures.tex, to be taken from, and index.json. They are drawn by the Chromium or Chrome that is on
    this machine; BROWSER_PATH names another one.
    """
    from core.figures.paper import COLUMN_IN
    from core.paper import drawing, figure_files

    kind = options.choice("format", kind, drawing.FORMATS)
    if columns not in COLUMN_IN:
        raise UsageError(f"--columns {columns} is unknown: give 1 or 2.")
    folder = paths.output("--out", out, folder=True)
    drawing.require()
    runs = [run for key in dict.fromkeys(benchmark) for run in _runs(model, key, view, precision)]
    unfinished = next((run for run in runs if not run.complete), None)
    if unfinished is not None and not allow_partial:
        raise UsageError(
            f"the result of {unfinished.model} on '{unfinished.benchmark}' is not finished ({unfinished.n_done:,} of "
            f"{unfinished.n_samples:,} images): give its evaluate command again first, or --allow-partial."
        )
    plates, left_out = figure_files.plates(figure_files.chosen(runs, only or ()), columns)
    if not plates:
        raise UsageError(left_out[0])
    asked = _command(
        {"--model": model, "--benchmark": benchmark, "--only": only or ()},
        {"--out": out, "--format": kind, "--columns": columns, "--view": view, "--precision": precision},
        {"--tables": tables, "--allow-partial": allow_partial},
    )
    with terminal.progress_bar("figures") as progress:
        files = figure_files.write(plates, folder, kind, tables=tables, command=asked, progress=progress)
    for path in files:
        terminal.out.print(str(path), soft_wrap=True)
    for line in left_out:
        terminal.warn(line)


def _runs(models: Sequence[str], benchmark: str, view: str | None, precision: str | None) -> list[Run]:
    """The results of some models on a benchmark, of one family of views or of each that is stored."""
    from core import store

    found: dict[tuple[str, str], Run] = {}
    for model in models:
        name = options.known_as(model, benchmark)
        stored = dict.fromkeys(run.view for run in store.list_runs(benchmark, name))
        # Where nothing is stored, this says so.
        for each in (view,) if view else sorted(stored) or ("clean",):
            run = options.run_for(model, benchmark, each, precision, None)
            found[run.identity, run.view] = run
    return list(found.values())


def _command(repeated: Mapping[str, Sequence[str]], given: Mapping[str, object], switches: Mapping[str, bool]) -> str:
    """What makes the same files again."""
    words = ["python", "-m", "core", "figures"]
    words += [part for option, values in repeated.items() for value in values for part in (option, value)]
    words += [part for option, value in given.items() if value for part in (option, str(value))]
    return shlex.join([*words, *(switch for switch, is_on in switches.items() if is_on)])
