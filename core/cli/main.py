"""The command line: ``python -m core``.

Modules that import torch are imported inside the commands that need them, so that ``report`` and ``predictions``, which
read stored results only, answer at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import RenderableType

from core import benchmarks, paths, store, wording
from core.answers import report
from core.cli import jobs, mistakes, terminal, uncommon
from core.cli.diorama import app as diorama_app
from core.cli.options import (
    BenchmarkKey,
    Data,
    Device,
    Identity,
    Json,
    Model,
    Models,
    Precision,
    View,
    choice,
    open_benchmark,
    print_json,
    run_for,
)
from core.errors import OffcenterError
from core.types import Table

app = typer.Typer(
    help="See where an image classifier breaks.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
generate_app = typer.Typer(help="Make images of your own.", no_args_is_help=True, rich_markup_mode=None)
app.add_typer(generate_app, name="generate")
app.add_typer(diorama_app, name="diorama")
app.add_typer(jobs.app, name="jobs")
app.add_typer(mistakes.app, name="mistakes")
app.add_typer(uncommon.app)


@app.command()
def models(as_json: Json = False) -> None:
    """List the models on this machine."""
    from core import models as catalogue

    local = catalogue.local_models()
    rows = []
    for name in local:
        try:
            rows.append({"name": name, "label_space": catalogue.describe(name).label_space, "problem": None})
        except OffcenterError as error:
            rows.append({"name": name, "label_space": None, "problem": str(error)})
    hub = list(catalogue.hub_models())
    if as_json:
        print_json({"local": rows, "hub_cache": hub, "folders": [str(path) for path in paths.model_folders()]})
        return
    for row in rows:
        terminal.out.print(f"{row['name']}  ({row['problem'] or row['label_space']})", soft_wrap=True, markup=False)
    for name in hub:
        terminal.out.print(f"{name}  (in the hub's cache)", soft_wrap=True, markup=False)
    if not rows and not hub:
        terminal.out.print("No models on this machine yet.")
    terminal.out.print(
        "\nAny timm name with weights works where the hub can be reached (resnet50.a1_in1k), as do hf-hub:owner/name "
        "and local-dir:PATH.\nFolders searched for local models (OFFCENTER_MODELS adds more): "
        + ", ".join(str(path) for path in paths.model_folders()),
        soft_wrap=True,
        markup=False,
    )


@app.command(name="benchmarks")
def list_benchmarks(as_json: Json = False) -> None:
    """List the benchmarks and how to get their data."""
    rows = []
    for key, benchmark in benchmarks.known_benchmarks().items():
        root = benchmarks.find_data(key)
        state = "no data yet" if root is None else "ready" if root.is_dir() else "data folder is gone"
        rows.append(
            {
                "key": key,
                "title": benchmark.title,
                "state": state,
                "data": None if root is None else str(root),
                "tables": [table.name for table in benchmark.tables],
                "licence": benchmark.licence,
                "paper": benchmark.paper,
                "how_to_get": benchmark.how_to_get,
            }
        )
    if as_json:
        print_json(rows)
        return
    for row in rows:
        terminal.out.print(f"{row['key']}: {row['title']} ({row['state']})", style="bold", markup=False)
        terminal.out.print(f"  {row['data'] or row['how_to_get']}", soft_wrap=True, markup=False)


@app.command()
def evaluate(
    model: Models,
    benchmark: BenchmarkKey,
    data: Data = None,
    view: Annotated[str, typer.Option(help="What is done to the image first: clean, mirror, noise-0.25, …")] = "clean",
    device: Device = "auto",
    precision: Annotated[str, typer.Option(help="fp32, bf16 or fp16.")] = "fp32",
    batch_size: Annotated[int | None, typer.Option(min=1, help="Images a forward pass; chosen by default.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Decoding threads; one a core by default.")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Stop at this many images; the same command goes on.")
    ] = None,
    fresh: Annotated[bool, typer.Option("--fresh", help="Start again; the earlier result is kept aside.")] = False,
    keep_logits: Annotated[
        bool, typer.Option("--keep-logits", help="Also store float16 logits (2 bytes a class and image).")
    ] = False,
    as_json: Json = False,
) -> None:
    """Run models over a benchmark; keep what they say."""
    choice("precision", precision, ("fp32", "bf16", "fp16"))
    opened = open_benchmark(benchmark, data)
    from core.evaluate.loop import evaluate as run_evaluation

    runs = []
    for name in model:
        with terminal.progress_bar(name) as progress:
            run = run_evaluation(
                name,
                opened,
                view=view,
                device=device,
                precision=precision,
                batch_size=batch_size,
                workers=workers,
                limit=limit,
                fresh=fresh,
                keep_logits=keep_logits,
                progress=progress,
            )
        runs.append(run)
        if not as_json:
            _print_summary(run)
    if as_json:
        summaries = [_summary(run) for run in runs]
        print_json(summaries[0] if len(summaries) == 1 else summaries)


def _summary(run: store.Run) -> dict[str, Any]:
    content = report.build(run, tables=())
    content.pop("tables")
    return {**content, "complete": run.complete, "path": str(run.path), "session": run.info.get("session")}


def _print_summary(run: store.Run) -> None:
    content = _summary(run)
    session = content["session"] or {}
    overall = content["overall"]
    terminal.out.print(
        f"{run.model} on {run.benchmark}: top-1 {terminal.percent(overall['top1'])} % "
        f"{terminal.interval(overall, 'top1')}, top-5 {terminal.percent(overall['top5'])} %, n = {overall['n']:,}",
        markup=False,
        soft_wrap=True,
    )
    speed = (
        f"{session['images']:,} images in {terminal.duration(session['inference_s'])} "
        f"({session['images_per_s']:,.0f}/s) on {session['device']}, start-up {session['startup_s']:.1f} s"
        if session.get("images")
        else "already stored"
    )
    terminal.out.print(f"{speed} · identity {run.identity} · {run.path}", markup=False, soft_wrap=True, style="dim")
    for warning in content["warnings"]:
        terminal.warn(warning)


@app.command()
def predictions(
    model: Model,
    benchmark: BenchmarkKey,
    out: Annotated[Path, typer.Option(help="FILE.parquet or FILE.csv")],
    view: View = "clean",
    precision: Precision = None,
    identity: Identity = None,
) -> None:
    """Export the stored predictions with their factors."""
    run = run_for(model, benchmark, view, precision, identity)
    table = report.predictions(run)
    report.export(table, out)
    terminal.out.print(f"{len(table):,} predictions of {run.identity} in {out}", soft_wrap=True, markup=False)


@app.command(name="report")
def show_report(
    model: Models,
    benchmark: BenchmarkKey,
    table: Annotated[list[str] | None, typer.Option(help="by_size, by_location, by_rotation, by_class, …")] = None,
    policy: Annotated[str, typer.Option(help="top1, top5, or restricted to the benchmark's classes.")] = "top1",
    exclude: Annotated[list[str] | None, typer.Option(help="A class to leave out; give it again for more.")] = None,
    view: View = "clean",
    precision: Precision = None,
    identity: Identity = None,
    as_json: Json = False,
) -> None:
    """Print a stored result's tables, with intervals."""
    runs = [run_for(name, benchmark, view, precision, identity) for name in model]
    contents = [report.build(run, policy=policy, tables=table, exclude=exclude or ()) for run in runs]  # type: ignore[arg-type]
    differences = report.differences(runs)
    if as_json:
        print_json(contents[0] if len(contents) == 1 else {"runs": contents, "warnings": differences})
        return
    for run, content in zip(runs, contents, strict=True):
        _print_report(run, content)
    for difference in differences:
        terminal.warn(difference)


def _print_report(run: store.Run, content: dict[str, Any]) -> None:
    value = "top5" if content["policy"] == "top5" else "top1"
    overall = content["overall"]
    policy = "" if content["policy"] == "top1" else f" (policy: {content['policy']})"
    terminal.out.print(
        f"{run.model} on {run.benchmark}{policy}: {value} {terminal.percent(overall[value])} % "
        f"{terminal.interval(overall, value)}, n = {overall['n']:,}, {content['n_failed']:,} failed",
        markup=False,
        soft_wrap=True,
        style="bold",
    )
    for spec in benchmarks.benchmark_class(run.benchmark).tables:
        rows = content["tables"].get(spec.name)
        if rows:
            terminal.out.print()
            terminal.out.print(_drawn(spec, rows, value), soft_wrap=True, markup=False)
    terminal.out.print(
        f"\nidentity {run.identity} · weights {run.info['model']['fingerprint'][:8]} · "
        f"{wording.preprocessing(content['preprocessing'])} · {run.info['precision']} · "
        f"intervals: {content['interval']}",
        markup=False,
        soft_wrap=True,
        style="dim",
    )
    for warning in content["warnings"]:
        terminal.warn(warning)


def _drawn(spec: Table, rows: list[dict[str, Any]], value: str) -> RenderableType:
    if spec.compute is not None:
        return terminal.computed_table(spec.title, rows, spec.by)
    draw = terminal.grid_table if len(spec.by) == 2 else terminal.rows_table
    return draw(spec.title, rows, spec.by, value)


@generate_app.command(name="si-score")
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


@app.command()
def bench(
    model: Annotated[str | None, typer.Option(help="A model; a local one by default.")] = None,
    data: Annotated[Path | None, typer.Option(help="Folder of images; by default imagenet's, else noise.")] = None,
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
        from core.bench.throughput import measure

    with terminal.progress_bar("bench") as progress:
        result = measure(model, data, device=device, rounds=rounds, progress=progress)
    if as_json:
        print_json(result)
        return
    for name, value in result.items():
        shown = f"{value:.2f}" if isinstance(value, float) else value
        terminal.out.print(f"{name}: {shown}", soft_wrap=True, markup=False)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line; errors are one line, exit code 2 for usage and 1 for failure."""
    try:
        app(args=None if arguments is None else list(arguments), prog_name="python -m core")
    except OffcenterError as error:
        terminal.fail(str(error))
        sys.exit(error.exit_code)
    except BrokenPipeError:
        # The reader of our output (head, less) has left; there is nobody to tell.
        sys.stderr.close()
        sys.exit(1)
