"""``python -m core bundle``: one file to send, with figures, tables and images. Torch only for Grad-CAMs."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from core.cli import options, terminal
from core.cli.options import Models, Precision
from core.errors import UsageError

if TYPE_CHECKING:
    from core.store import Run

app = typer.Typer(rich_markup_mode=None)


@app.command(name="bundle")
def make_bundle(
    model: Models,
    benchmark: Annotated[
        list[str],
        typer.Option(
            "--benchmark",
            help="For example diorama/location; diorama means all of that family that these models have results on. "
            "Give it again for more.",
        ),
    ],
    out: Annotated[str, typer.Option(metavar="FILE.html|DIR/", help="One file; or a folder, with images beside.")],
    view: Annotated[
        list[str] | None,
        typer.Option(help="Only of this family of views; of all that are stored by default; give it again for more."),
    ] = None,
    policy: Annotated[str, typer.Option(help="What counts as right: top1 or top5.")] = "top1",
    only: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Only this figure: by_location, by_FACTOR, …; give it again for more."),
    ] = None,
    max_mb: Annotated[
        float | None,
        typer.Option("--max-mb", help="Megabytes at most: 25 of a file, 250 of a folder. Images give way."),
    ] = None,
    images_per_point: Annotated[
        int | None,
        typer.Option("--images-per-point", help="Images of a cell, bar or dot: 6 in a file, 24 in a folder."),
    ] = None,
    saliency: Annotated[int | None, typer.Option(help="Images with Grad-CAMs, at most; 24 by default.")] = None,
    no_images: Annotated[bool, typer.Option("--no-images", help="Figures and tables alone.")] = False,
    folder: Annotated[bool, typer.Option("--folder", help="Write a folder: index.html and its images.")] = False,
    title: Annotated[str, typer.Option(help="Of the page.")] = "",
    precision: Precision = None,
) -> None:
    """Make one file to send: it opens offline, and a click leads to the images.

    Images are chosen so that every point has one before any has two. 'verify FILE' checks its numbers.
    """
    from core import bundle
    from core.wording import count

    path, is_folder = bundle.place_for(out, folder)
    runs, left_out = _runs(model, benchmark, view, precision)
    asked = _command(
        [("--model", each) for each in model]
        + [("--benchmark", each) for each in benchmark]
        + [("--view", each) for each in view or ()]
        + [("--only", each) for each in only or ()],
        {"--policy": policy if policy != "top1" else None, "--max-mb": max_mb and f"{max_mb:g}"}
        | {"--images-per-point": images_per_point, "--saliency": saliency, "--title": title or None}
        | {"--precision": precision, "--out": path.name + "/" * is_folder},
        {"--no-images": no_images, "--folder": folder},
    )
    given = {} if saliency is None else {"saliency": saliency}
    chosen = bundle.Options(
        policy=policy, max_mb=max_mb, images_per_point=images_per_point, command=asked, title=title,
        only=tuple(only or ()), images=not no_images, is_folder=is_folder, left_out=left_out, **given,
    )  # fmt: skip
    with terminal.progress_bar("bundle") as progress:
        made = bundle.build(runs, chosen, progress)
    bundle.write(made, path)
    content = made.content
    terminal.out.print(
        f"{path}: {made.n_bytes / 1e6:.1f} MB, {count(len(content['exhibits']), 'figure')}, "
        f"{count(len(content['images']), 'image')}, of {count(len(runs), 'result')}",
        soft_wrap=True,
    )
    for line in content["left_out"]:
        terminal.err.print(f"not inside: {line}", style="dim", soft_wrap=True)
    for line in content["warnings"]:
        terminal.warn(line)


def _runs(
    models: Sequence[str], benchmarks: Sequence[str], views: Sequence[str] | None, precision: str | None
) -> tuple[list[Run], list[str]]:
    """The results that are meant, and a sentence for each of a family that a model does not have."""
    found: dict[tuple[str, str, str], Run] = {}
    left_out: dict[str, None] = {}
    members = {name: _members(name, models, views) for name in dict.fromkeys(benchmarks)}
    there = {(model, key) for keys in members.values() for key in keys for model in models
             if _stored(model, key, views)}  # fmt: skip
    for name, keys in members.items():
        for key in keys:
            for model in dict.fromkeys(models):
                # A name that nothing is known of is wrong; one that others have results of is not.
                is_known = model in {known for known, _ in there} and key in {known for _, known in there}
                is_asked = key == name and not is_known
                for run in _of(model, key, views, precision, is_asked=is_asked, left_out=left_out):
                    found[run.identity, run.benchmark, run.view] = run
    return list(found.values()), list(left_out)


def _members(name: str, models: Sequence[str], views: Sequence[str] | None) -> list[str]:
    """The benchmarks of a name: itself; of a family those on which one of the models has a result.

    Raises:
        UsageError: If none has a result on any.
    """
    from core import benchmarks
    from core.answers import catalogue

    known = benchmarks.known_benchmarks()
    members = [] if name in known else catalogue.members(name.rstrip("/"))
    if not members:
        return [name]
    there = [key for key in members if any(_stored(model, key, views) for model in models)]
    if not there:
        asked = f" with view {' or '.join(views)}" if views else ""
        raise UsageError(
            f"no result of {' or '.join(models)} on any benchmark of '{name}'{asked}: {', '.join(members)}. "
            f"Run: python -m core evaluate --model {shlex.quote(models[0])} --benchmark {members[0]}"
        )
    return there


def _of(
    model: str,
    benchmark: str,
    asked: Sequence[str] | None,
    precision: str | None,
    *,
    is_asked: bool,
    left_out: dict[str, None],
) -> list[Run]:
    """A model's results on a benchmark; there may be none of what a family, or another model, brought in."""
    views = _stored(model, benchmark, asked)
    if not views and not is_asked:
        left_out[
            f"{model} on {benchmark}, which it was not evaluated on: python -m core evaluate --model "
            f"{shlex.quote(model)} --benchmark {benchmark}"
        ] = None
        return []
    # Where nothing is stored, this says so.
    return [options.run_for(model, benchmark, each, precision, None) for each in views or asked or ["clean"]]


def _stored(model: str, benchmark: str, views: Sequence[str] | None) -> list[str]:
    """The families of views that a model has results of, the plain one first."""
    from core import store
    from core.images.views import CLEAN

    runs = store.list_runs(benchmark, options.known_as(model, benchmark))
    found = sorted({run.view for run in runs if not views or run.view in views})
    return sorted(found, key=lambda each: each != CLEAN)


def _command(repeated: list[tuple[str, str]], given: dict[str, object], switches: dict[str, bool]) -> str:
    """What makes the same file again."""
    words = ["python", "-m", "core", "bundle", *(part for pair in repeated for part in pair)]
    words += [part for name, value in given.items() if value is not None for part in (name, str(value))]
    return shlex.join([*words, *(name for name, is_on in switches.items() if is_on)])
