"""``python -m core generate``: make images of your own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.cli import terminal

app = typer.Typer(help="Make images of your own.", no_args_is_help=True, rich_markup_mode=None)


@app.command(name="si-score")
def generate_si_score(
    foregrounds: Annotated[Path, typer.Option(help="Cut-outs: <class label>/<instance>.png with transparency.")],
    backgrounds: Annotated[Path, typer.Option(help="Folder of background images.")],
    factor: Annotated[str, typer.Option(help="size, location or rotation.")],
    out: Annotated[Path, typer.Option(help="New folder.")],
    per_object: Annotated[int, typer.Option(help="Backgrounds a cut-out is put on.")] = 1,
    min_inside: Annotated[float, typer.Option(help="Skip images with a smaller share of the object inside.")] = 0.0,
    seed: Annotated[int, typer.Option(help="Of the draw of backgrounds.")] = 0,
    workers: Annotated[int | None, typer.Option(min=1, help="Processes; one a core by default.")] = None,
) -> None:
    """Compose SI-Score images from cut-outs and backgrounds, in the published layout."""
    from core.benchmarks import generate

    with terminal.progress_bar(f"si-score/{factor}") as progress:
        n = generate.si_score_set(
            foregrounds,
            backgrounds,
            factor,
            out,
            per_object=per_object,
            min_inside=min_inside,
            seed=seed,
            workers=workers,
            progress=progress,
        )
    terminal.out.print(f"{n:,} images in {out}. Next:", soft_wrap=True, markup=False)
    terminal.out.print(
        f"python -m core evaluate --model MODEL --benchmark si-score/{factor} --data {out}",
        soft_wrap=True,
        markup=False,
    )
