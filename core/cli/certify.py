"""``python -m core certify``: whether the intervals hold what they promise. No torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from core.cli import terminal
from core.cli.options import Json, print_json
from core.errors import UsageError

if TYPE_CHECKING:
    from rich.table import Table

app = typer.Typer(rich_markup_mode=None)
_LEGEND = (
    "Cells: percentage of the studies whose interval held the truth (median width in points; of areas, in points of "
    "the image's area); of equal models, percentage called different."
)


@app.command()
def certify(
    draws: Annotated[int | None, typer.Option(help="Studies of each line; some hundreds by default.")] = None,
    seed: Annotated[int, typer.Option(help="Another seed draws other studies.")] = 0,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; one a core by default.")] = None,
    as_json: Json = False,
    as_markdown: Annotated[bool, typer.Option("--markdown", help="Print a short table for a text.")] = False,
    keep: Annotated[
        bool, typer.Option("--write", help="Keep the figures, from which pages say how sure intervals are.")
    ] = False,
) -> None:
    """Draw small studies of worlds whose truth is known, and count how many intervals hold it."""
    from core.bench import certificate, certificate_text
    from core.bench.worlds import Rendered
    from core.embedded import population
    from core.models.cores import available_cores

    if as_json and as_markdown:
        raise UsageError("--json and --markdown are two ways to print: give one of them.")
    found = population.read()
    rendered = Rendered(found)
    draws = certificate.DRAWS if draws is None else draws
    with terminal.progress_bar("certify") as progress:
        lines = certificate.certify(
            [rendered, *certificate.simulated()],
            draws=draws,
            seed=seed,
            workers=workers or available_cores(),
            progress=progress,
        )
    known = certificate_text.content(lines, found, draws=draws, seed=seed)
    if keep:
        certificate_text.write(known)
    if as_json:
        print_json(known)
    elif as_markdown:
        _say(certificate_text.markdown(known["lines"], rendered.name))
    else:
        for world in dict.fromkeys(line.world for line in lines):
            terminal.out.print(_table(certificate_text.grid(known["lines"], world), world))
        _say(_LEGEND)
        # The terminal shows a space that does not break by its number.
        _say(" ".join(certificate_text.how_sure(known).split()))


def _table(grid: list[list[str]], world: str) -> Table:
    """A world's part of the certificate."""
    from rich.table import Table

    table = Table(title=world, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for number, head in enumerate(grid[0]):
        table.add_column(head, justify="right" if number else "left")
    for line in grid[1:]:
        table.add_row(*line)
    return table


def _say(text: str) -> None:
    terminal.out.print(text, soft_wrap=True, markup=False)
