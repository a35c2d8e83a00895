"""``python -m core relink``: where a result's images are, once they were moved."""

from __future__ import annotations

from typing import Annotated

import typer

from core.cli import options, terminal

app = typer.Typer(rich_markup_mode=None)


@app.command(name="relink")
def relink_data(
    model: options.Model,
    benchmark: options.BenchmarkKey,
    data: Annotated[str, typer.Option(help="The folder that holds the result's images now.")],
    view: options.View = "clean",
    precision: options.Precision = None,
    identity: options.Identity = None,
) -> None:
    """Say where the images of a stored result are now; they must be the same ones."""
    from core.evaluate.relink import relink

    run = relink(options.run_for(model, benchmark, view, precision, identity), data)
    terminal.out.print(f"{run.identity}: its images are in {run.entry.root}", soft_wrap=True, markup=False)
