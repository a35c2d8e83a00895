"""``python -m core mistakes``: files and predictions that the Mistakes page reads."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.cli import terminal
from core.cli.options import known_as
from core.errors import UsageError, nearest

app = typer.Typer(help="The mistakes that remain.", no_args_is_help=True, rich_markup_mode=None)


@app.command(name="files")
def show_files(
    folder: Annotated[
        Path | None, typer.Option(help="Folder with mistake files, confusions or annotations; remembered.")
    ] = None,
) -> None:
    """List the files of ImageNet's remaining mistakes: what is found, what each other one would give."""
    from core.mistakes import files

    if folder is not None:
        files.remember(folder)
    for file in files.find_files().all():
        state = str(file.path) if file.path else f"not found. {file.gives}"
        terminal.out.print(f"{file.name}: {state}", soft_wrap=True, markup=False)


@app.command(name="import-logits")
def import_logits(
    logits: Annotated[Path, typer.Argument(help=".npy or .npz, 50,000 x 1,000.")],
    name: Annotated[str, typer.Option(help="What the model shall be called.")],
    data: Annotated[
        Path | None, typer.Option(help="Folder with the annotations; images are not needed. By default where found.")
    ] = None,
    order: Annotated[
        str, typer.Option(help="Of the rows: file (as published: by file name) or class (by class folder).")
    ] = "file",
    array: Annotated[str | None, typer.Option(help="Name of the array in an .npz with several.")] = None,
) -> None:
    """Store logits that were computed elsewhere as a model's predictions."""
    from core.benchmarks.imagenet_m import ImageNetMultilabel
    from core.evaluate import imports

    if order not in imports.ORDERS:
        raise UsageError(f"--order '{order}' is unknown.{nearest(order, imports.ORDERS)} Known: file, class.")
    root = imports.annotated_folder(data)
    for benchmark in imports.BENCHMARKS:
        run = imports.import_logits(logits, name, benchmark(root), order=order, array=array)  # type: ignore[arg-type]
        terminal.out.print(
            f"{run.n_done:,} predictions of {run.model} on {run.benchmark} · identity {run.identity} · {run.path}",
            soft_wrap=True,
            markup=False,
        )
    terminal.out.print(
        f"Next: python -m core report --model {name} --benchmark {ImageNetMultilabel.key}", soft_wrap=True, markup=False
    )


@app.command()
def diagnose(
    model: Annotated[str, typer.Option(help="As it was evaluated.")],
    benchmark: Annotated[str, typer.Option(help="Of composed scenes: diorama/location, a generated si-score/size, …")],
    limit: Annotated[int | None, typer.Option(min=1, help="Mistakes at most, drawn at random.")] = None,
    identity: Annotated[str | None, typer.Option(help="Only the run of this identity, or its beginning.")] = None,
    device: Annotated[str, typer.Option(help="auto, cpu, cuda or cuda:N.")] = "auto",
) -> None:
    """Change one thing at a time in each mistaken picture, and show what repairs it."""
    from core import benchmarks, store
    from core.mistakes import asking, diagnosis

    benchmarks.benchmark_class(benchmark)
    run = store.find_run(benchmark, known_as(model, benchmark), identity, view="clean")
    with terminal.progress_bar(f"{model} on {benchmark}") as progress:
        asking.diagnose(run, limit=limit or diagnosis.LIMIT, device=device, progress=progress)
    shares = diagnosis.shares_of(run)
    terminal.out.print(diagnosis.finding(shares) or "No mistakes to diagnose.", markup=False, soft_wrap=True)
    for row in shares.itertuples():
        terminal.out.print(
            f"{row.label:<28} {terminal.percent(row.value):>5} % [{terminal.percent(row.low)}, "
            f"{terminal.percent(row.high)}]  of {row.n:,} mistakes; could be changed in {row.n_changed:,}",
            markup=False,
            soft_wrap=True,
        )
    terminal.out.print(f"identity {run.identity}", markup=False, style="dim")
