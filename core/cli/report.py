"""``python -m core report`` and ``predictions``: stored results as tables and files. No torch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli import by_factors, heads, paper_formats, terminal
from core.cli.as_published import run_as_published, say_what_differs
from core.cli.computed import computed_table
from core.cli.options import (
    BenchmarkKey,
    BenchmarkKeys,
    Data,
    Device,
    Identity,
    Images,
    Json,
    Model,
    Models,
    Precision,
    View,
    print_json,
    run_for,
)
from core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import RenderableType

    from core.store import Run
    from core.types import CardTable

app = typer.Typer(rich_markup_mode=None)


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
    from core.answers import exporting

    run = run_for(model, benchmark, view, precision, identity)
    table = exporting.predictions(run)
    exporting.export(table, out)
    terminal.out.print(f"{len(table):,} predictions of {run.identity} in {out}", soft_wrap=True, markup=False)


@app.command(name="report")
def show_report(
    model: Models,
    benchmark: BenchmarkKeys,
    table: Annotated[
        list[str] | None, typer.Option(help="by_class, ablation, rfs, alignment, geometry, crop, rank, …")
    ] = None,
    by: Annotated[
        str | None,
        typer.Option(metavar="F1[,F2]", help="Accuracy by one or two factors, such as weather,time, and no table."),
    ] = None,
    policy: Annotated[
        str | None,
        typer.Option(
            help="top1, top5, or restricted to the benchmark's classes; by default as the benchmark is scored."
        ),
    ] = None,
    exclude: Annotated[list[str] | None, typer.Option(help="A class to leave out; give it again for more.")] = None,
    view: View = "clean",
    reduce: Annotated[
        str | None,
        typer.Option(
            help="How several views of an image become one: mean, any, majority or first; by default as they say."
        ),
    ] = None,
    precision: Precision = None,
    identity: Identity = None,
    as_published: Annotated[
        bool,
        typer.Option(
            "--as-published",
            help="--view ablations, rfs, … with images and masks resized as Hard ImageNet's code does, beside our own "
            "numbers; evaluated where it is not stored.",
        ),
    ] = False,
    head: Annotated[
        str,
        typer.Option(
            help="Who answers: the network, or linear: cross-fitted logistic regressions over the benchmark's own "
            "classes on the network's features, made where they are not stored."
        ),
    ] = heads.NETWORK,
    data: Data = None,
    images: Images = None,
    device: Device = "auto",
    as_json: Json = False,
    form: paper_formats.Format = None,
    out: paper_formats.Out = None,
    methods: paper_formats.Methods = None,
) -> None:
    """Print a stored result's tables, with intervals; or write them for a paper, and how they were made."""
    from core.answers import report
    from core.explain import reporting

    if heads.is_linear(head) and as_published:
        raise UsageError("--as-published and --head linear are two reports: give one of them.")
    if by is not None and (table or as_published or heads.is_linear(head)):
        raise UsageError("--by is a report of its own: leave out --table, --as-published and --head.")
    if len(set(benchmark)) > 1 and (data is not None or images is not None):
        raise UsageError("--data and --images are of one benchmark: give one --benchmark with them.")
    wanted = paper_formats.wanted(form, as_json, out, methods)
    asked_for = [(name, key) for key in dict.fromkeys(benchmark) for name in model]
    if by is not None and not wanted.is_card:
        by_factors.show([run_for(*each, view, precision, identity) for each in asked_for], by, policy,
                        exclude or (), reduce, wanted)  # fmt: skip
        return
    runs = [
        run_as_published(*each, view, precision, identity, data, images)
        if as_published
        else run_for(*each, view, precision, identity)
        for each in asked_for
    ]
    if wanted.is_card:
        given = {"--head": heads.is_linear(head), "--policy": policy not in (None, "top1"), "--reduce": reduce}
        given |= {"--as-published": as_published, "--by": by, "--table": table, "--exclude": exclude}
        paper_formats.card(wanted, runs, given)
        return
    chosen = [] if wanted.only_methods else table or None
    asked = {"policy": policy, "tables": chosen, "exclude": exclude or (), "reduce": reduce}
    contents = []
    for run in runs:
        answers = heads.answers_by(head, run, data, images, device)
        with terminal.progress_bar(f"report {run.model}") as progress:
            contents.append(reporting.build(run, **asked, head=answers, progress=progress))
    if as_published:
        from core.answers import published

        contents = [
            published.beside(run, content, content["policy"], exclude or ())
            for run, content in zip(runs, contents, strict=True)
        ]
    differences = report.differences_by_benchmark(runs)
    as_values = contents[0] if len(contents) == 1 else {"runs": contents, "warnings": differences}
    if wanted.is_json:
        print_json(as_values)
        return
    if not wanted.is_text:
        paper_formats.write(wanted, runs, contents, as_values, overall=table is None)
    for run, content in zip(runs, contents, strict=True):
        _print_report(run, content) if wanted.is_text else terminal.tell(content["warnings"], report.model_notes(run))
    for difference in differences:
        terminal.warn(difference)


def _print_report(run: Run, content: dict[str, Any]) -> None:
    from core import wording
    from core.answers import report

    value = "top5" if content["policy"] == "top5" else "top1"
    policy = "" if content["policy"] == "top1" else f" (policy: {content['policy']})"
    terminal.headline(content, value, policy + heads.said(content))
    if content["plain"]:
        terminal.out.print(
            f"plain top-1, over all of the model's classes: {terminal.percent(content['plain']['top1'])} % "
            f"{terminal.interval(content['plain'], 'top1')}",
            soft_wrap=True,
            markup=False,
        )
    content = say_what_differs(content)
    for spec in report.tables_of(run):
        rows = content["tables"].get(spec.name)
        if rows:
            terminal.out.print()
            terminal.out.print(_drawn(run, spec, rows, value), soft_wrap=True, markup=False)
    _print_more(content)
    terminal.out.print(
        f"\nidentity {run.identity} · {wording.weights(run.fingerprint, run.is_imported and not run.preprocessing)} · "
        f"{wording.preprocessing(content['preprocessing'])} · {run.precision} · "
        f"intervals: {content['interval']}",
        markup=False,
        soft_wrap=True,
        style="dim",
    )
    terminal.tell(content["warnings"], report.model_notes(run))


def _print_more(content: dict[str, Any]) -> None:
    """The tables that neither the benchmark nor the views name, with what has to be said of them."""
    from core.explain import reporting

    for each in reporting.MORE:
        rows = content["tables"].get(each.name)
        if rows:
            printed = each.printed or {name: name for name in rows[0]}
            terminal.out.print()
            shown = [{head: row[name] for name, head in printed.items()} for row in rows]
            terminal.out.print(computed_table(each.named.title, shown, each.named.by), soft_wrap=True)
            for note in content["notes"].get(each.name, ()):
                terminal.out.print(note, soft_wrap=True, style="dim")


def _drawn(run: Run, spec: CardTable, rows: list[dict[str, Any]], value: str) -> RenderableType:
    from core.answers import report

    made = report.table_of(run, spec) if spec.computed else None
    if made is not None:
        if spec in run.views.tables:
            rows = [_pooled(row, made.published_by) for row in rows]
        return computed_table(spec.title, rows, made.published_by)
    rows = [_with_names_of_bins(run, row, spec.by) for row in rows]
    draw = terminal.grid_table if len(spec.by) == 2 else terminal.rows_table
    return draw(spec.title, rows, spec.by, value)


def _with_names_of_bins(run: Run, row: dict[str, Any], by: Sequence[str]) -> dict[str, Any]:
    """A row that says of a number in bins from where to where its bin reaches."""
    from core.answers.questions import factor_of
    from core.answers.worst import level_name

    binned = [name for name in by if f"{name}_from" in row]
    named = {name: level_name(run, factor_of(run, name), row[name]).replace("\u00a0", " ") for name in binned}
    return {**row, **named}


def _pooled(row: dict[str, Any], by: Sequence[str]) -> dict[str, Any]:
    """A row of a table of views; one without a value of what the others differ by is of all of them."""
    return {name: "all" if name in by and value is None else value for name, value in row.items()}
