"""Facts about each image, computed: ``describe``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.table import Table as RichTable

from core.cli import options, terminal
from core.errors import UsageError

if TYPE_CHECKING:
    from core.benchmarks.facts import Described

app = typer.Typer(rich_markup_mode=None)
#: Names of images that could not be described, at most; all are in the file of ``--out``.
_SHOWN = 5
#: End of labels that the table's title says for all.
_COMPUTED = " (computed)"
#: Ends of names that ``--out`` may have.
_WRITTEN = (".parquet", ".csv")


@app.command()
def describe(
    benchmark: Annotated[str, typer.Argument(help="For example imagenet or diorama/clean.")],
    data: options.Data = None,
    images: options.Images = None,
    again: Annotated[bool, typer.Option("--again", help="Describe all images anew, as after masks changed.")] = False,
    out: Annotated[Path | None, typer.Option(help="Also write every image's facts to a .csv or .parquet file.")] = None,
    as_json: options.Json = False,
) -> None:
    """Compute facts about each image, by which accuracy can then be broken down; goes on where it was.

    Brightness, contrast, sharpness, colourfulness, saturation, entropy, aspect, resolution and JPEG quality; where
    there are masks, the object's area, its distance from the centre and how much of the border it covers.
    """
    from core.answers import exporting
    from core.benchmarks.facts import describe

    if out is not None and out.suffix not in _WRITTEN:
        raise UsageError(f"--out {out} must end in {' or '.join(_WRITTEN)}.")
    opened = options.open_benchmark(benchmark, data, images)
    with terminal.progress_bar(f"describe {benchmark}") as progress:
        found = describe(opened, again=again, progress=progress)
    if out is not None:
        exporting.export(found.table, out)
    if as_json:
        options.print_json(_content(benchmark, found))
        return
    _print(benchmark, found)


def _content(benchmark: str, found: Described) -> dict[str, Any]:
    return {
        **{"benchmark": benchmark, "n_images": found.n_images, "n_new": found.n_new, "facts": _rows(found)},
        **{"failed": found.failed, "unread": found.unread, "file": str(found.file)},
    }


def _rows(found: Described) -> list[dict[str, Any]]:
    """A row a fact that any image has: its spread, and whether accuracy can be broken down by it."""
    from core.images.facts import FACTS

    rows = []
    for fact in FACTS:
        known = found.table[fact.name].dropna()
        if len(known):
            low, middle, high = (float(known.quantile(at)) for at in (0, 0.5, 1))
            row = {"fact": fact.name, "label": fact.label, "unit": fact.unit, "least": low, "median": middle}
            rows.append({**row, "greatest": high, "n": len(known), "is_factor": low < high})
    return rows


def _print(benchmark: str, found: Described) -> None:
    rows = _rows(found)
    table = RichTable(title=f"Facts computed from the images of {benchmark}", title_justify="left", box=None)
    for name in ("fact", "what it is", "least", "median", "greatest", "images"):
        table.add_column(name, justify="left" if name in ("fact", "what it is") else "right")
    for row in rows:
        unit, equal = f", {row['unit']}" if row["unit"] else "", "" if row["is_factor"] else ": all equal"
        spread = (f"{row[name]:g}" for name in ("least", "median", "greatest"))
        what = f"{row['label'].removesuffix(_COMPUTED)}{unit}{equal}"
        table.add_row(row["fact"], what, *spread, f"{row['n']:,}")
    if rows:
        terminal.out.print(table, soft_wrap=True)
    kept = found.n_images - found.n_new - len(found.unread)
    before = f", {kept:,} were described before" if kept else ""
    terminal.out.print(f"{found.n_new:,} of {found.n_images:,} images described now{before}.", soft_wrap=True)
    _warn("cannot be described", found.failed)
    _warn("could not be read now; the same command tries again", found.unread)
    if any(row["is_factor"] for row in rows):
        said = "Facts that differ are factors of every result of this benchmark now, in up to ten steps each."
        terminal.out.print(said, soft_wrap=True)


def _warn(what: str, reasons: dict[str, str]) -> None:
    if reasons:
        named = "; ".join(f"{image}: {reason}" for image, reason in list(reasons.items())[:_SHOWN])
        more = f"; and {len(reasons) - _SHOWN:,} more" if len(reasons) > _SHOWN else ""
        terminal.warn(f"{len(reasons):,} images {what}: {named}{more}.")
