"""``python -m core verify``: whether the images are still those that were predicted from. No torch."""

from __future__ import annotations

from typing import Annotated

import typer

from core.cli import terminal
from core.cli.options import BenchmarkKey, Data, Identity, Json, data_for, known_as, print_json
from core.errors import DataError

app = typer.Typer(rich_markup_mode=None)

#: Names of changed images that are printed; JSON has all.
_SHOWN = 20


@app.command()
def verify(
    benchmark: BenchmarkKey,
    model: Annotated[str | None, typer.Option(help="Only results of this model; all by default.")] = None,
    data: Data = None,
    identity: Identity = None,
    as_json: Json = False,
) -> None:
    """Read the images of stored results again and name each whose bytes have changed."""
    from core.evaluate.verify import chosen, verified

    found = []
    for run in chosen(benchmark, model and known_as(model, benchmark), identity):
        with terminal.progress_bar(f"{run.model} on {run.benchmark}") as progress:
            found.append(verified(run, data_for(run, data), progress))
    if as_json:
        print_json([each.to_json() for each in found])
    for each in found if not as_json else ():
        terminal.out.print(each.in_words(), soft_wrap=True, markup=False)
        for image, what in list(each.changed.items())[:_SHOWN]:
            terminal.out.print(f"  {image}: {what}", soft_wrap=True, markup=False)
        if len(each.changed) > _SHOWN:
            terminal.out.print(f"  … and {len(each.changed) - _SHOWN:,} more")
    n_changed = sum(len(each.changed) for each in found)
    if n_changed:
        raise DataError(
            f"{n_changed:,} images are not those that were predicted from: put them back, or evaluate with --fresh."
        )
