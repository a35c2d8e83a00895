"""``python -m core slices``: what is common among a model's mistakes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli import options, terminal
from core.cli.options import BenchmarkKey, Identity, Json, Model, Precision, View

if TYPE_CHECKING:
    from core.answers.slices import Slices

app = typer.Typer(rich_markup_mode=None)
_POLICIES = ("top1", "top5")
_MOST = 20
#: Columns of the table, and how it names them.
_SHOWN = {"slice": "slice", "value": "drop", "low": "drop_low", "high": "drop_high", "n": "n"}
_AGAIN = {"again": "again", "again_low": "again_low", "again_high": "again_high", "n_again": "n_again"}


@app.command(name="slices")
def show_slices(
    model: Model,
    benchmark: BenchmarkKey,
    policy: Annotated[str, typer.Option(help="What counts as right: top1 or top5.")] = "top1",
    most: Annotated[int, typer.Option(min=1, max=_MOST, help="Slices in the table at most.")] = 10,
    reduce: Annotated[
        str | None,
        typer.Option(
            help="How several views of an image become one: mean, any, majority or first; by default as they say."
        ),
    ] = None,
    view: View = "clean",
    precision: Precision = None,
    identity: Identity = None,
    as_json: Json = False,
) -> None:
    """Find what is common among a model's mistakes: conditions on which it is worse, confirmed on other objects."""
    from core import metrics
    from core.answers import slices
    from core.answers.questions import Question

    options.choice("policy", policy, _POLICIES)
    if reduce is not None:
        options.choice("reduce", reduce, metrics.REDUCTIONS)
    run = options.run_for(model, benchmark, view, precision, identity)
    found = slices.find(run, Question(policy=policy, reduce=reduce))
    if as_json:
        options.print_json({"identity": run.identity, "model": run.model, "benchmark": run.benchmark,
                            "policy": policy, **_content(found, most)})  # fmt: skip
        return
    terminal.out.print(slices.plain_sentence(run.label, found), style="bold", soft_wrap=True, markup=False)
    if len(found.table):
        _print_table(found, most)
    _print_left_out(found)
    if run.n_done < run.n_samples:
        terminal.warn(f"{run.n_done:,} of {run.n_samples:,} images are evaluated so far.")


def _content(found: Slices, most: int) -> dict[str, Any]:
    """JSON values; what is not known is null."""
    import json

    from core.answers import report

    rows = report.plain_rows(found.table.head(most).drop(columns=["parts", "factors", "also"]))
    lists = found.table[["conditions", "factors", "also"]].to_dict("records")
    for row, more in zip(rows, lists, strict=False):
        row["conditions"] = json.loads(more["conditions"])
        row |= {name: list(more[name]) for name in ("factors", "also")}
    return {
        "n_tried": found.n_tried,
        "n_factors": found.n_factors,
        "n_computed": found.n_computed,
        "n": dict(zip(("sought", "again"), found.n, strict=True)),
        "n_clusters": dict(zip(("sought", "again"), found.n_clusters, strict=True)),
        "left_out": found.left_out,
        "slices": rows,
    }


def _print_table(found: Slices, most: int) -> None:
    from core.answers import report
    from core.cli.computed import computed_table
    from core.wording import units

    rows = report.plain_rows(found.table.head(most)[[*_SHOWN, *_AGAIN, "confirmed", "which_class"]])
    shown = [
        {
            **{head: row[name] for name, head in (_SHOWN | _AGAIN).items()},
            "slice": f"{row['slice']} (which class)" if row["which_class"] else row["slice"],
            "confirmed": "yes" if row["confirmed"] else "no",
        }
        for row in rows
    ]
    others = units(found.unit) if found.n != found.n_clusters else "images"
    sought, again = (f"{n:,}" for n in found.n)
    title = f"Slices that cost most, sought on {sought} images and tried again on {again} of other {others}"
    terminal.out.print()
    terminal.out.print(computed_table(title, shown, ("slice",)), soft_wrap=True, markup=False)
    for row in found.table.head(most).to_dict("records"):
        if len(row["also"]):
            terminal.out.print(f"{row['slice']}: the same images as {' and '.join(row['also'])}", soft_wrap=True,
                               markup=False, style="dim")  # fmt: skip


def _print_left_out(found: Slices) -> None:
    from core.answers import slices

    if computed := slices.of_computed(found):
        terminal.out.print(computed, soft_wrap=True, markup=False, style="dim")
    by_reason: dict[str, list[str]] = {}
    for name, reason in found.left_out.items():
        by_reason.setdefault(reason, []).append(name)
    for reason, names in by_reason.items():
        terminal.out.print(f"left out, {reason}: {', '.join(names)}", soft_wrap=True, markup=False, style="dim")
