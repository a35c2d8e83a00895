"""``python -m core certify``: whether the intervals hold what they promise. No torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli import terminal
from core.cli.options import Json, print_json
from core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rich.table import Table

app = typer.Typer(rich_markup_mode=None)


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
        terminal.out.print(_table(known))
        _say(certificate_text.how_sure(known))


def _table(known: Mapping[str, Any]) -> Table:
    """One line of the certificate each."""
    from rich.table import Table

    from core.bench.certificate import NUMBERS

    table = Table(title=f"95 % intervals of {known['draws']:,} studies a line", title_justify="left", box=None)
    for name in ("world", "number"):
        table.add_column(name)
    for name in ("objects", "images", "held %", "± %", "median width", "equal called different %"):
        table.add_column(name, justify="right")
    for row in known["lines"]:
        shares = [terminal.percent(row[name]) for name in ("held", "error")]
        width = "–" if row["width"] is None else f"{row['width']:.3f}"
        title, images = NUMBERS[row["number"]].title, str(row["images"])
        table.add_row(
            row["world"], title, str(row["objects"]), images, *shares, width, terminal.percent(row["differs"])
        )
    return table


def _say(text: str) -> None:
    terminal.out.print(text, soft_wrap=True, markup=False)
