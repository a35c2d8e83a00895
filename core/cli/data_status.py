"""What is there, and whether it is right: ``status``, ``check``; room: ``free``, ``restore``, ``empty-trash``."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli import options, terminal
from core.errors import UsageError
from core.wording import count

if TYPE_CHECKING:
    import pandas as pd

    from core.getting.check import Checked
    from core.getting.status import Status

app = typer.Typer(rich_markup_mode=None)
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Key = Annotated[str | None, typer.Argument(metavar="[KEY]", help="Only this benchmark, such as imagenet.")]
_ON_THE_RIGHT = ("images", "disk", "results", "files")
_COLOURS = {"fine": "green", "worth knowing": "yellow", "wrong": "red"}


@app.command()
def status(
    key: Key = None,
    whole: Annotated[bool, typer.Option("--whole", help="Count to the end, however long it takes.")] = False,
    trash: Annotated[bool, typer.Option("--trash", help="Show what is in the trash.")] = False,
    as_json: options.Json = False,
) -> None:
    """Show benchmarks, models, results and downloads: what is there, where, how much, what came of it."""
    from core.getting import status as there

    found = there.status(key, limit_s=None if whole else there.LIMIT_S)
    if as_json:
        options.print_json(found.to_json())
    elif trash:
        _print_trash(found.trash)
    else:
        _print_status(found, key)


def _print_status(found: Status, key: str | None) -> None:
    here = [row for row in found.benchmarks.itertuples() if row.folder or row.runs or key]
    _print("Benchmarks", ("benchmark", "state", "images", "disk", "results", "folder"), map(_of_benchmark, here))
    missing = [row.key for row in found.benchmarks.itertuples() if not (row.folder or row.runs or key)]
    if missing:
        said = f"No data yet: {', '.join(missing)}. python -m core benchmarks says how to get them."
        terminal.out.print(f"{said}\n", soft_wrap=True)
    if key is None:
        rows = [(row.name, row.source, _size(row.n_bytes, row.at_least), row.runs) for row in found.models.itertuples()]
        _print("Models", ("model", "where", "disk", "results"), rows)
    _print(
        "Results",
        ("identity", "model", "benchmark", "view", "images", "disk"),
        map(_of_result, found.results.itertuples()),
    )
    if key is None:
        rows = [
            (row.name, _number(row.n_files, row.at_least), _size(row.n_bytes, row.at_least))
            for row in found.downloads.itertuples()
        ]
        _print("Downloads", ("download", "files", "disk"), rows)
    for problem in found.problems:
        terminal.warn(problem)
    if len(found.trash):
        n_bytes = int(found.trash["n_bytes"].sum())
        said = f"The trash holds {count(len(found.trash), 'thing')}, {_size(n_bytes)}"
        terminal.out.print(f"{said}: python -m core data status --trash", soft_wrap=True)


def _of_benchmark(row: Any) -> tuple[Any, ...]:
    return (
        row.key,
        f"{row.state}: {row.why}" if row.why else row.state,
        _number(row.n_images, row.at_least),
        _size(row.n_bytes, row.at_least),
        row.runs or "–",
        f"{row.folder} ({row.source})" if row.folder else "–",
    )


def _of_result(row: Any) -> tuple[Any, ...]:
    done = f"{_number(row.n_done)} of {row.n:,}"
    disk = "with the project" if row.embedded else _size(row.n_bytes, row.at_least)
    return row.identity, row.model, row.benchmark, row.view, done, disk


def _print_trash(trash: pd.DataFrame) -> None:
    if trash.empty:
        terminal.out.print("The trash is empty.")
        return
    rows = [(row.when, row.title, _size(row.n_bytes, row.at_least), row.path, row.origin) for row in trash.itertuples()]
    _print("Trash", ("moved", "what", "disk", "it is now", "it was"), rows)
    terminal.out.print(
        "To have one back: python -m core data restore NAME, by its identity, the download's name or when it was "
        "moved. To delete all: python -m core data empty-trash",
        soft_wrap=True,
    )


def _print(title: str, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table as plain text of fixed width: a wide one is wrapped by a narrow terminal, never cut."""
    cells = [[terminal.printable(str(cell)) for cell in row] for row in rows]
    if not cells:
        return
    widths = [max(map(len, column)) for column in zip(columns, *cells, strict=True)]
    terminal.out.print(title, style="bold")
    for line in (columns, *cells):
        padded = [
            cell.rjust(width) if name in _ON_THE_RIGHT else cell.ljust(width)
            for name, cell, width in zip(columns, line, widths, strict=True)
        ]
        terminal.out.print("  ".join(padded).rstrip(), soft_wrap=True)
    terminal.out.print("")


@app.command()
def check(
    key: Annotated[str, typer.Argument(metavar="KEY", help="A benchmark, such as imagenet or si-score/size.")],
    folder: Annotated[
        str | None, typer.Argument(metavar="[DIR]", help="Its data; by default the folder that would be used.")
    ] = None,
    images: options.Images = None,
    seed: Annotated[int, typer.Option(help="Of the draw of images that are opened.")] = 0,
    as_json: options.Json = False,
) -> None:
    """Look at a folder as a benchmark's data: layout, counts, classes, some images; exit code 1 if any is wrong."""
    from core.getting.check import check as look

    found = look(key, folder, images, seed=seed)
    if as_json:
        options.print_json(found.to_json())
    else:
        _print_checked(found)
    if found.severity == "wrong":
        raise typer.Exit(1)


def _print_checked(found: Checked) -> None:
    terminal.out.print(found.verdict, style="bold", soft_wrap=True)
    for each in found.findings:
        terminal.out.print(f"  {each.severity}: ", style=_COLOURS[each.severity], end="")
        terminal.out.print(f"{each.about}: {each.said}", soft_wrap=True)
        if each.fix:
            terminal.out.print(f"    To do: {each.fix}", soft_wrap=True)


@app.command()
def free(
    what: Annotated[str, typer.Argument(metavar="IDENTITY|DOWNLOAD", help="As data status lists them.")],
    yes: Yes = False,
) -> None:
    """Move a result or a download to the trash; nothing is deleted."""
    from core.getting import freeing

    found = freeing.find(what)
    size = found.size()
    _ask(f"Move {found.kind} {found.name} ({found.title}, {_size(size.n_bytes)}) to the trash?", yes)
    trashed = freeing.free(found)
    now = f"{found.path} is now {trashed.path}."
    terminal.out.print(
        f"{now} Its room is free after: python -m core data empty-trash. To have it back: "
        f"python -m core data restore {shlex.quote(found.name)}",
        soft_wrap=True,
    )


@app.command()
def restore(
    what: Annotated[str, typer.Argument(metavar="IDENTITY|DOWNLOAD|WHEN", help="As data status --trash lists them.")],
) -> None:
    """Move a result or a download from the trash back to where it was."""
    from core.getting import freeing

    found = freeing.in_trash(what)
    terminal.out.print(f"{found.title} is back: {freeing.restore(found)}", soft_wrap=True)


@app.command(name="empty-trash")
def empty_trash(yes: Yes = False) -> None:
    """Delete what is in the trash, for good."""
    from core.getting import freeing

    found = freeing.trash()
    if not found:
        terminal.out.print("The trash is empty.")
        return
    n_bytes = sum(each.size().n_bytes for each in found)
    for each in found:
        terminal.out.print(f"{each.when}  {each.title}", soft_wrap=True)
    _ask(f"Delete {len(found)} of these for good ({_size(n_bytes)})?", yes)
    terminal.out.print(f"{freeing.empty_trash()} deleted, {_size(n_bytes)} free.")


def _ask(question: str, yes: bool) -> None:
    """Go on only if a user agrees."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(f"{question} There is nobody to ask here: say so with --yes.")
    if not typer.confirm(terminal.printable(question)):
        raise typer.Exit(1)


def _number(n: int | None, at_least: bool = False) -> str:
    return "–" if n is None else f"{'at least ' * at_least}{n:,}"


def _size(n_bytes: int | None, at_least: bool = False) -> str:
    from core.getting import meter

    return "–" if n_bytes is None else f"{'at least ' * at_least}{meter.size(n_bytes)}"
