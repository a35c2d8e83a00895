"""``python -m core flips``: what the second of two models breaks. No torch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli import options, terminal
from core.cli.options import BenchmarkKey, Json, Precision, View
from core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.store import Run

app = typer.Typer(rich_markup_mode=None)
_POLICIES = ("top1", "top5")


@app.command(name="flips")
def show_flips(
    model: Annotated[
        list[str],
        typer.Option("--model", help="The model before, then the one after: give it twice, as for report."),
    ],
    benchmark: BenchmarkKey,
    by: Annotated[
        str | None,
        typer.Option(metavar="F1[,F2]", help="By one or two factors, such as weather,time."),
    ] = None,
    policy: Annotated[str, typer.Option(help="What counts as right: top1 or top5.")] = "top1",
    view: View = "clean",
    reduce: Annotated[
        str | None,
        typer.Option(
            help="How several views of an image become one: mean, any, majority or first; by default as they say."
        ),
    ] = None,
    precision: Precision = None,
    identity: Annotated[
        list[str] | None,
        typer.Option(
            "--identity", help="Only the runs of these identities, or their beginnings: one for each model, in order."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """What an update broke: images that the first model has right and the second wrong, and the other way round."""
    from core import metrics
    from core.answers import by_factors, catalogue, flip_report
    from core.answers.questions import Question

    options.choice("policy", policy, _POLICIES)
    if reduce is not None:
        options.choice("reduce", reduce, metrics.REDUCTIONS)
    names = by_factors.parsed(by) if by is not None else ()
    first, second = catalogue.told_apart(_runs(model, benchmark, view, precision, identity or []))
    content = flip_report.build(first, second, names, Question(policy=policy, reduce=reduce))
    if as_json:
        options.print_json(content)
        return
    terminal.out.print(content["finding"], style="bold", soft_wrap=True, markup=False)
    _print_summary(content)
    if content["rows"]:
        _print_rows(first, content)
    terminal.out.print(
        f"\nidentities {first.identity} and {second.identity} · {policy} · {content['view']}", style="dim",
        markup=False, soft_wrap=True,
    )  # fmt: skip
    for warning in content["warnings"]:
        terminal.warn(warning)


def _runs(
    models: Sequence[str], benchmark: str, view: str, precision: str | None, identities: Sequence[str]
) -> list[Run]:
    """The two results that are meant.

    Raises:
        UsageError: If they are not two, or one result.
    """
    from core.wording import count

    if len(models) != 2:
        raise UsageError(
            f"flips compares two models, and {len(models)} {'is' if len(models) == 1 else 'are'} given: "
            "--model BEFORE --model AFTER."
        )
    if identities and len(identities) != 2:
        raise UsageError(
            f"--identity names {count(len(identities), 'result')}: give one for each model, in their order, or none."
        )
    chosen = identities or (None, None)
    runs = [
        options.run_for(model, benchmark, view, precision, each) for model, each in zip(models, chosen, strict=True)
    ]
    if runs[0].identity == runs[1].identity:
        raise UsageError(
            f"both are the same result, {runs[0].identity} of {runs[0].model}: name two models, or two results of one "
            "with --identity."
        )
    return runs


def _print_summary(content: dict[str, Any]) -> None:
    """Both directions, with both denominators."""
    from core.cli.computed import computed_table
    from core.wording import clusters

    rows = [
        {
            "flips": kind,
            "share": found["value"], "share_low": found["low"], "share_high": found["high"],
            "of_right": found["of_right"], "of_right_low": found["of_right_low"],
            "of_right_high": found["of_right_high"],
            "images": f"{found['count']:,.0f}" if found["count"] % 1 == 0 else f"{found['count']:,.1f}",
        }
        for kind, found in ((kind, content[kind]) for kind in ("broken", "fixed"))
    ]  # fmt: skip
    of = f" of {clusters(content['n_clusters'], content['unit'])}" if content["n_clusters"] != content["n"] else ""
    title = f"Of {content['n']:,} common images{of}; of_right: of those right before (fixed: of those right after)"
    terminal.out.print()
    terminal.out.print(f"before: {content['first']['model']} · after: {content['second']['model']}", soft_wrap=True,
                       markup=False)  # fmt: skip
    terminal.out.print(computed_table(title, rows, ("flips", "images")), soft_wrap=True, markup=False)


def _print_rows(run: Run, content: dict[str, Any]) -> None:
    """A row for each setting, with intervals that hold for all rows at once."""
    from core import wording
    from core.answers.questions import factor_of
    from core.answers.worst import level_name
    from core.cli.computed import computed_table

    factors = [factor_of(run, name) for name in content["by"]]
    shown = [
        {
            **{each.name: level_name(run, each, row[each.name]).replace("\u00a0", " ") for each in factors},
            **{f"{kind}{end}": row[f"{kind}{band}"] for kind in ("broken", "fixed")
               for end, band in (("", ""), ("_low", "_band_low"), ("_high", "_band_high"))},
            "n": row["n"],
            "n_clusters": row["n_clusters"],
        }
        for row in content["rows"]
    ]  # fmt: skip
    title = f"By {' and '.join(wording.short_label(factor) for factor in factors)}, intervals that hold at once"
    terminal.out.print()
    terminal.out.print(computed_table(title, shown, content["by"]), soft_wrap=True, markup=False)
