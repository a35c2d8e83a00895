"""``python -m core bench``: how fast this is here."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from core.cli import terminal
from core.cli.options import Device, Json, print_json

app = typer.Typer(rich_markup_mode=None)


@app.command()
def bench(
    model: Annotated[str | None, typer.Option(help="A model; a local one by default.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of images; by default imagenet's, else noise.")] = None,
    also: Annotated[
        list[str] | None, typer.Option(help="One of two more models, for all three at once; local ones by default.")
    ] = None,
    device: Device = "auto",
    rounds: Annotated[int, typer.Option(min=1, help="Alternating rounds; medians are reported.")] = 5,
    saliency: Annotated[
        bool, typer.Option("--saliency", help="Measure Grad-CAM maps instead, against the grad-cam package.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Measure the engine against a plain PyTorch loop."""
    if saliency:
        from core.bench.saliency import measure_saliency as measure
    else:
        from core.bench.throughput import measure as measure_engine

        measure = partial(measure_engine, others=also)
    with terminal.progress_bar("bench") as progress:
        result = measure(model, data, device=device, rounds=rounds, progress=progress)
    if as_json:
        print_json(result)
        return
    for name, value in result.items():
        shown = f"{value:.2f}" if isinstance(value, float) else value
        terminal.out.print(f"{name}: {shown}", soft_wrap=True, markup=False)
