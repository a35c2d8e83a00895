"""``python -m core import``: predictions that were made elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.cli import terminal
from core.cli.options import BenchmarkKey, Data, Images, Json, open_benchmark, print_json

app = typer.Typer(
    help="Results that were made elsewhere: predictions as a file.", no_args_is_help=True, rich_markup_mode=None
)


@app.callback()
def _group() -> None:
    """Results that were made elsewhere: predictions as a file."""


@app.command(name="predictions")
def import_predictions(
    file: Annotated[
        Path,
        typer.Argument(
            help="CSV, TSV, Parquet, JSONL or NPZ: file, top1[, prob]; or file, top1, top2, … [, prob1, prob2, …]; or "
            "file and a list, topk or logits; or file and a column for each class."
        ),
    ],
    benchmark: BenchmarkKey,
    name: Annotated[str, typer.Option(help="What the model shall be called.")],
    data: Data = None,
    images: Images = None,
    model: Annotated[
        str | None,
        typer.Option(help="The model that made them, to be asked where it looks; compared with the file on 8 images."),
    ] = None,
    label_space: Annotated[
        str | None, typer.Option(help="Of the classes: imagenet-1k, focus-10, …; by default the one that makes sense.")
    ] = None,
    first_class: Annotated[
        int, typer.Option(help="Index of the first class: 1 where the file counts from 1, or has a background class.")
    ] = 0,
    partial: Annotated[
        bool, typer.Option("--partial", help="Keep what there is where images of the benchmark have no prediction.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Store predictions that another framework wrote as a model's; neither images nor the model are run again."""
    opened = open_benchmark(benchmark, data, images)
    from core.evaluate.imported import predictions

    with terminal.progress_bar(f"import {file.name}") as progress:
        found = predictions.import_predictions(
            file,
            name,
            opened,
            space=label_space,
            first_class=first_class,
            partial=partial,
            model=model,
            progress=progress,
        )
    run = found.run
    if as_json:
        summary = {"model": run.model, "benchmark": run.benchmark, "identity": run.identity, "imported": True}
        print_json({**summary, "n": run.n_done, "n_samples": run.n_samples, "path": str(run.path), "said": found.said})
        return
    for sentence in found.said:
        terminal.out.print(sentence, soft_wrap=True, markup=False)
    state = "" if run.complete else f" of {run.n_samples:,} (partial)"
    terminal.out.print(
        f"{run.n_done:,}{state} predictions of {run.model} on {run.benchmark}, imported · identity {run.identity} · "
        f"{run.path}",
        soft_wrap=True,
        markup=False,
    )
    terminal.out.print(
        f"Next: python -m core report --model {run.model} --benchmark {run.benchmark}", soft_wrap=True, markup=False
    )
