"""Bring data of one's own: ``add`` and ``remove``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table as RichTable

from core.cli import terminal
from core.cli.options import Json, print_json
from core.errors import UsageError

if TYPE_CHECKING:
    from core.own.understood import Understood

app = typer.Typer(rich_markup_mode=None)
_Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


@app.command()
def add(
    name: Annotated[str, typer.Argument(help="What to call it: letters, digits, - and _.")],
    directory: Annotated[str, typer.Argument(metavar="DIR", help="Folder of the images, at any depth.")],
    table: Annotated[
        str | None,
        typer.Option(
            help="CSV, TSV, Parquet, JSON lines, or the JSON of COCO or FiftyOne: columns file, label (several parted "
            "by |), mask, cluster, split, weight; all others are factors. Without it, folders are named by class."
        ),
    ] = None,
    factor: Annotated[
        list[str] | None,
        typer.Option(
            help="NAME:KIND, if a column is not what it looks like: numeric, circular, category, set, boolean, date."
        ),
    ] = None,
    cluster: Annotated[str, typer.Option(help="Column that tells which images are not independent.")] = "",
    classes: Annotated[
        str | None,
        typer.Option(help="Names of a model's classes, one a line, if they are not ImageNet's 1,000; or focus-10."),
    ] = None,
    leave_out: Annotated[bool, typer.Option("--leave-out", help="Leave out rows that cannot be used.")] = False,
    yes: _Yes = False,
    as_json: Json = False,
) -> None:
    """Add images of your own, with labels and factors, as a benchmark like any other."""
    from core.benchmarks import published_benchmarks
    from core.own.add import keep, understand

    found = understand(
        name,
        directory,
        table,
        published=published_benchmarks(),
        factors=factor or (),
        cluster=cluster,
        classes=classes,
        leave_out=leave_out,
    )
    if not as_json:
        _show(found)
    if found.is_ready and not yes:
        _confirm(f"Keep this as '{name}'{', in place of what is there' if found.replaces else ''}?")
    entry = keep(found)
    if as_json:
        print_json(_as_json(found))
        return
    _say(f"'{name}' is kept ({entry.n:,} images). Next:")
    _say(f"python -m core evaluate --model MODEL --benchmark {name}")


@app.command()
def remove(
    name: Annotated[str, typer.Argument(help="Of data that were added.")],
    yes: _Yes = False,
) -> None:
    """Take data of your own off the list: its entry is moved aside, images and results stay."""
    from core.own import entries

    if name in entries.names() and not yes:
        _confirm(f"Take '{name}' off the list? Its images and results stay where they are.")
    there = entries.remove(name)
    _say(f"'{name}' is off the list. Its images and results are where they were; what was kept of it is {there}.")


def _confirm(question: str) -> None:
    """Go on if the user says so.

    Raises:
        UsageError: If there is nobody to ask.
        typer.Exit: If the answer is no.
    """
    if not sys.stdin.isatty():
        raise UsageError("nothing was changed: there is no terminal to ask on. Add --yes to go on without being asked.")
    if not typer.confirm(question):
        _say("Nothing was changed.")
        raise typer.Exit(1)


def _say(text: str) -> None:
    terminal.out.print(text, soft_wrap=True)


def _show(found: Understood) -> None:
    kind = "labels by folder" if found.table is None else f"{found.table.name}, {found.form}"
    _say(f"{found.name}: {found.root} ({kind})")
    _say(f"  rows      {found.n_rows:,}, of which {found.n_images:,} have their image")
    of = f"the {len(found.classes):,} that you listed" if found.classes else found.label_space
    _say(f"  labels    {found.n_labelled:,} rows understood: {found.n_classes:,} classes of {of}")
    _say(f"  columns   {', '.join(f'{role} = {column}' for role, column in found.columns.items())}")
    _say(f"  samples   {len(found.samples):,}")
    grid = RichTable(box=None, pad_edge=False, title="factors", title_justify="left", title_style="bold")
    for column in ("name", "kind", "values", "missing", "examples"):
        grid.add_column(column, justify="right" if column in ("values", "missing") else "left", overflow="fold")
    for each in found.factors:
        beside = " (derived)" if each.is_derived else ""
        row = (each.factor.name, f"{each.factor.kind}{beside}", f"{each.n_values:,}", f"{each.n_missing:,}")
        grid.add_row(*row, ", ".join(each.examples))
    terminal.out.print(grid)
    for text in found.notes:
        _say(f"note: {text}")
    for text in found.warnings:
        terminal.warn(text)
    if found.leave_out:
        for text in found.problems:
            terminal.warn(f"left out: {text}")


def _as_json(found: Understood) -> dict[str, object]:
    return {
        "name": found.name,
        "root": str(found.root),
        "table": None if found.table is None else str(found.table),
        "form": found.form,
        "rows": found.n_rows,
        "images": found.n_images,
        "labelled": found.n_labelled,
        "samples": len(found.samples),
        "left_out": found.n_left_out,
        "label_space": found.label_space,
        "classes": found.n_classes,
        "columns": dict(found.columns),
        "factors": [
            {
                "name": each.factor.name,
                "kind": each.factor.kind,
                "column": each.column,
                "values": each.n_values,
                "missing": each.n_missing,
                "examples": list(each.examples),
                "warnings": list(each.warnings),
                "derived": each.is_derived,
            }
            for each in found.factors
        ],
        "problems": list(found.problems),
        "notes": list(found.notes),
    }
