"""``python -m core verify``: whether images are those that were predicted from, or a bundle says what is stored.

No torch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from core.cli import terminal
from core.cli.options import Data, Identity, Json, data_for, known_as, print_json
from core.errors import DataError, UsageError

if TYPE_CHECKING:
    from core.bundle.verifying import VerifiedBundle

app = typer.Typer(rich_markup_mode=None)

#: Names of changed images that are printed; JSON has all.
_SHOWN = 20


@app.command()
def verify(
    bundle: Annotated[
        str | None,
        typer.Argument(metavar="[FILE.html|DIR]", help="A bundle: its digest, and its numbers against the store."),
    ] = None,
    benchmark: Annotated[
        str | None, typer.Option("--benchmark", help="For example imagenet or si-score/size: its images.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="Only results of this model; all by default.")] = None,
    data: Data = None,
    identity: Identity = None,
    as_json: Json = False,
) -> None:
    """Read the images of stored results again and name each whose bytes changed.

    With a bundle: whether it was altered, and whether what is stored says the same.
    """
    if bundle is not None:
        if benchmark or model or data or identity:
            raise UsageError(
                "a bundle names its own results: give it without --benchmark, --model, --data, --identity."
            )
        _verify_bundle(bundle, as_json)
        return
    if benchmark is None:
        raise UsageError("give a bundle (FILE.html or its folder), or --benchmark KEY for the images of its results.")
    _verify_images(benchmark, model, data, identity, as_json)


def _verify_images(benchmark: str, model: str | None, data: str | None, identity: str | None, as_json: bool) -> None:
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


def _verify_bundle(text: str, as_json: bool) -> None:
    from core import paths
    from core.bundle.verifying import verified

    if "://" in text:
        raise UsageError(f"the bundle {text} must be a file on this machine: a path, not a URL.")
    path = paths.place(text)
    with terminal.progress_bar("verify") as progress:
        found = verified(path, progress)
    if as_json:
        print_json(found.to_json())
    else:
        _print_bundle(found)
    if found.faults:
        raise DataError(f"{path}: {'; '.join(found.faults)}. Make the bundle again, by the command at its foot.")
    if not any(each.state != "not here" for each in found.results):
        raise UsageError(
            "none of its results is stored here: the file is as it was made, its numbers were not checked."
        )


def _print_bundle(found: VerifiedBundle) -> None:
    from core.wording import count

    state = "altered since it was made" if found.altered else "as it was made"
    terminal.out.print(f"{found.path}: {state}", soft_wrap=True)
    for each in found.results:
        said = f": {each.said}" if each.said else ""
        view = f", {each.view}" if each.view != "clean" else ""
        terminal.out.print(
            f"  {each.model} on {each.benchmark}{view} ({each.identity}): {each.state}{said}", soft_wrap=True
        )
    checked = f"{count(found.n_cells, 'number')} of tables computed again, "
    n = sum(map(len, found.cells.values()))
    terminal.out.print(checked + ("all the same" if found.n_cells and not n else f"{n:,} differ"), soft_wrap=True)
    for name, cells in found.cells.items():
        for cell in cells:
            terminal.out.print(f"  {name}: {cell}", soft_wrap=True)
    for each in found.shown[:_SHOWN]:
        terminal.out.print(f"  otherwise than its results say: {each}", soft_wrap=True, markup=False)
    if found.unchecked:
        terminal.out.print(f"not checked, for want of results: {', '.join(found.unchecked)}", soft_wrap=True)
    for note in found.notes:
        terminal.err.print(f"note: {note}", style="dim", soft_wrap=True)
