"""``python -m core evaluate``: run models over a benchmark."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli import terminal
from core.cli.options import (
    BenchmarkKey,
    Classes,
    Data,
    Device,
    Images,
    Interpolation,
    Json,
    Models,
    Preset,
    Prompts,
    choice,
    open_benchmark,
    print_json,
    with_options,
)
from core.errors import UsageError

if TYPE_CHECKING:
    from core.evaluate.loop import Outcome
    from core.store import Run

app = typer.Typer(rich_markup_mode=None)


@app.command()
def evaluate(
    model: Models,
    benchmark: BenchmarkKey,
    data: Data = None,
    images: Images = None,
    preset: Preset = None,
    interpolation: Interpolation = None,
    prompts: Prompts = None,
    classes: Classes = None,
    view: Annotated[
        str,
        typer.Option(
            help="What each image is shown as: clean, mirror, noise, five-crop, zoom-324, tta-rrc@16,0.25,1, …"
        ),
    ] = "clean",
    adapt: Annotated[
        str | None,
        typer.Option(help="memo: adapt to each image before answering. Slow: about 260 forward passes an image."),
    ] = None,
    device: Device = "auto",
    precision: Annotated[str, typer.Option(help="fp32, bf16 or fp16.")] = "fp32",
    batch_size: Annotated[int | None, typer.Option(min=1, help="Images a forward pass; chosen by default.")] = None,
    workers: Annotated[int | None, typer.Option(min=1, help="Decoding threads; one a core by default.")] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Stop at this many images; the same command goes on.")
    ] = None,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Start again; earlier predictions on these images are kept aside.")
    ] = False,
    keep_logits: Annotated[
        bool, typer.Option("--keep-logits", help="Also store float16 logits (2 bytes a class and image).")
    ] = False,
    backend: Annotated[str, typer.Option(help="local, or ray.")] = "local",
    address: Annotated[
        str | None, typer.Option(help="A Ray cluster: auto, or ray://HOST:10001; one of its own by default.")
    ] = None,
    actors: Annotated[int | None, typer.Option(min=1, help="Ray actors; one a GPU, or one for four cores.")] = None,
    as_json: Json = False,
) -> None:
    """Run models over a benchmark, each image decoded once; keep what they say."""
    choice("precision", precision, ("fp32", "bf16", "fp16"))
    if adapt is not None:
        choice("adapt", adapt, ("memo",))
        if view != "clean":
            raise UsageError(f"--adapt {adapt} shows images as they are: leave out --view {view}.")
        view = adapt
    opened = open_benchmark(benchmark, data, images)
    from core.answers.prepared import prepare
    from core.evaluate.backends import get_backend
    from core.evaluate.loop import evaluate_all

    asked = {"preset": preset, "interpolation": interpolation, "prompts": prompts, "classes": classes}
    names = list(dict.fromkeys(with_options(name, asked) for name in model))
    with terminal.progress_bar(names[0] if len(names) == 1 else f"{len(names)} models") as progress:
        outcomes = evaluate_all(
            names,
            opened,
            view=view,
            device=device,
            precision=precision,
            batch_size=batch_size,
            workers=workers,
            limit=limit,
            fresh=fresh,
            keep_logits=keep_logits,
            backend=get_backend(backend, address=address, actors=actors),
            progress=progress,
        )
    runs = [outcome.run for outcome in outcomes if outcome.run is not None]
    for run in runs:
        prepare(run)
    failed = [outcome for outcome in outcomes if outcome.error is not None]
    if as_json and runs:
        summaries = [_summary(run) for run in runs]
        print_json(summaries[0] if len(names) == 1 else summaries)
    for run in runs if not as_json else ():
        _print_summary(run)
    for outcome in outcomes:
        _say_unchanged(outcome)
    for outcome in failed[1:]:
        terminal.fail(f"{outcome.model}: {outcome.error}")
    if failed:
        raise failed[0].error


def _say_unchanged(outcome: Outcome) -> None:
    """Say where a setting that was asked for is the model's own, whose result it is."""
    from core.models.presets import OPTIONS
    from core.store.specs import parsed

    asked = OPTIONS & set(parsed(outcome.model).options)
    if outcome.run is not None and asked and OPTIONS.isdisjoint(parsed(outcome.run.source).options):
        said = f"with {' and '.join(sorted(asked))} images are shown to it as its own preprocessing shows them"
        terminal.warn(f"{outcome.model}: {said}, so this is the result of {outcome.run.model}.")


def _summary(run: Run) -> dict[str, Any]:
    from core.answers import report

    content = report.build(run, tables=())
    content.pop("tables")
    session = run.manifest.session
    shown = {"complete": run.complete, "path": str(run.path), "session": asdict(session) if session else None}
    return {**content, **shown}


def _print_summary(run: Run) -> None:
    from core.answers import report

    content = _summary(run)
    session = content["session"] or {}
    overall = content["overall"]
    # Scored among a benchmark's own classes there is no other rank than the first.
    has_top5, top5 = "top5" in overall, overall.get("top5")
    policy = "" if content["policy"] == "top1" else f" (policy: {content['policy']})"
    shown_top5 = f", top-5 {'not known' if top5 is None else f'{terminal.percent(top5)} %'}" if has_top5 else ""
    terminal.out.print(
        f"{run.model} on {run.benchmark}{terminal.reduced(content)}{policy}: top-1 "
        f"{terminal.percent(overall['top1'])} % {terminal.interval(overall, 'top1')}{shown_top5}, n = {overall['n']:,}",
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
    terminal.tell(content["warnings"], report.model_notes(run))
