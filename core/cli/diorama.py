"""``python -m core diorama``: render, train and evaluate the embedded world again."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.cli import terminal

app = typer.Typer(help="The embedded toy world.", no_args_is_help=True, rich_markup_mode=None)
Workers = Annotated[int | None, typer.Option(min=1, help="Processes or threads; one a core by default.")]


@app.command()
def build(
    only: Annotated[list[str] | None, typer.Option(help="A category or place; give it again for more.")] = None,
    out: Annotated[Path | None, typer.Option(help="Folder; by default the embedded one.")] = None,
    workers: Workers = None,
) -> None:
    """Render all objects and places again."""
    from core.diorama import assets
    from core.embedded.build import build as render_all

    folder = out or assets.FOLDER
    with terminal.progress_bar("diorama") as progress:
        table = render_all(folder, only=only or (), workers=workers, progress=progress)
    megabytes = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6
    _say(f"{len(table):,} pictures, {megabytes:.1f} MB, in {folder}")


@app.command()
def sheet(
    kind: Annotated[str, typer.Argument(help="foreground, pose or background")],
    out: Annotated[Path, typer.Argument(help="FILE.png")],
    only: Annotated[str | None, typer.Option(help="One category or place.")] = None,
) -> None:
    """Write a contact sheet, to be judged by eye."""
    from core.embedded.sheet import sheet as write_sheet

    _say(f"{write_sheet(kind, out, only=only)}")


@app.command()
def train(
    model: Annotated[list[str] | None, typer.Option(help="A model; all three by default.")] = None,
    workers: Workers = None,
) -> None:
    """Train the embedded models again; goes on from the last finished epoch."""
    from core.embedded.train import TRAININGS
    from core.embedded.train import train as fit

    for name in model or TRAININGS:
        with terminal.progress_bar(name) as progress:
            folder = fit(name, threads=workers, progress=progress)
        _say(f"{name} in {folder}")
    _say("Next: python -m core diorama refresh")


@app.command()
def refresh(workers: Workers = None) -> None:
    """Evaluate the embedded models on all of Diorama again and write their cards."""
    from core.embedded.refresh import refresh as evaluate_all

    runs = evaluate_all(terminal.progress_bar, workers=workers)
    _say(f"{len(runs)} results stored; the models' cards name the numbers.")


@app.command()
def population(workers: Workers = None) -> None:
    """Render a thousand new objects and keep what the embedded models say of them, for 'certify'."""
    from core.embedded import population as kept
    from core.embedded.populate import populate

    with terminal.progress_bar("population") as progress:
        found = populate(workers=workers, progress=progress)
    n_objects, n_images = found.correct.shape[:2]
    kilobytes = (kept.FOLDER / kept.FILE).stat().st_size / 1e3
    _say(f"{n_objects:,} objects, {n_images} images each, {kilobytes:.0f} kB, in {kept.FOLDER}")
    _say("Next: python -m core certify --write")


@app.command()
def findings() -> None:
    """Print what each planted bias did to the embedded models, and where BatchNorm and GroupNorm differ."""
    from core.embedded import card
    from core.embedded.train import trained

    for name in trained():
        _say(name)
        for (bias, inside, outside), found in card.contrasts(name).items():
            change = f"{_points(found.value)} [{_points(found.low)}, {_points(found.high)}] points"
            _say(f"  {bias}: {change}, {inside} to {outside}, {found.before:.1%} to {found.after:.1%}, n = {found.n:,}")
    _say("GroupNorm less BatchNorm, by object area")
    for row in card.norms().itertuples():
        change = f"{_points(row.value)} [{_points(row.low)}, {_points(row.high)}] points"
        _say(f"  {row.area:g}: {change}, {row.first:.1%} to {row.second:.1%}, n = {row.n:,}")


def _points(share: float) -> str:
    return f"{100 * share:+.1f}"


def _say(text: str) -> None:
    terminal.out.print(text, soft_wrap=True, markup=False)
