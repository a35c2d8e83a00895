"""``python -m core evaluate``: run models over a benchmark."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from core import store
from core.answers import report
from core.cli import terminal
from core.cli.options import BenchmarkKey, Data, Device, Json, Models, choice, open_benchmark, print_json

app = typer.Typer(rich_markup_mode=None)


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
