"""``python -m core align``: whether a model looks at the object."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from core.cli import options, terminal
from core.saliency.maps import METHODS

if TYPE_CHECKING:
    import pandas as pd

    from core.store import Run

app = typer.Typer(rich_markup_mode=None)
#: How the printed table names columns of the metric table.
_PRINTED = {"value": "mean", "low": "mean_low", "high": "mean_high"}


@app.command()
def align(
    model: options.Model,
    benchmark: options.BenchmarkKey,
    data: options.Data = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Images at most, drawn at random; all by default.")] = None,
    method: Annotated[str, typer.Option(help=f"{', '.join(METHODS)}.")] = "grad-cam",
    precision: options.Precision = None,
    identity: options.Identity = None,
    device: options.Device = "auto",
    as_json: options.Json = False,
) -> None:
    """Compare where a stored run's true classes come from with the masks of the objects; goes on where it was."""
    from core.explain import alignments

    options.choice("method", method, list(METHODS))
    run = options.run_for(model, benchmark, "", precision, identity)
    with terminal.progress_bar(f"align {run.model}") as progress:
        table = alignments.alignments(
            run, options.data_for(run, data), method=method, limit=limit, device=device, progress=progress
        )
    rows = _rows(alignments.summary_of(run, method))
    if as_json:
        by_class = _rows(alignments.summary_of(run, method, by_class=True))
        options.print_json({**_named(run, method, table), "alignment": rows, "alignment_by_class": by_class})
        return
    _print(run, method, table, rows)


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    from core.answers import report

    return report.plain_rows(table)


def _named(run: Run, method: str, table: pd.DataFrame) -> dict[str, Any]:
    """What the numbers are of."""
    layers = sorted({layer for layer in table["layer"].dropna() if layer})
    return {
        **{"identity": run.identity, "model": run.model, "benchmark": run.benchmark, "method": method},
        **{"layer": ", ".join(layers), "n_images": len(table), "n_samples": run.n_samples},
    }


def _print(run: Run, method: str, table: pd.DataFrame, rows: list[dict[str, Any]]) -> None:
    from core.explain import reporting

    named = _named(run, method, table)
    layer = f" at {named['layer']}" if named["layer"] else ""
    title = f"{METHODS[method]} of the true class{layer} against object masks: {run.model} on {run.benchmark}"
    shown = [{_PRINTED.get(name, name): value for name, value in row.items()} for row in rows]
    terminal.out.print(terminal.rows_table(title, shown, ["measure"], "mean"), soft_wrap=True)
    terminal.out.print(reporting.CHANCE, soft_wrap=True)
    said = [f"{rows[0][name]:,} {text}" for name, text in reporting.LEFT_OUT.items() if rows[0][name]]
    if said:
        terminal.warn(f"left out: {', '.join(said)}.")
    failed = table.loc[table["state"] == "failed", "error"]
    if len(failed):
        terminal.warn(f"the first that could not be opened: {failed.iloc[0]} The next call tries again.")
    if len(table) < run.n_samples:
        terminal.out.print(f"{len(table):,} of {run.n_samples:,} images, drawn at random", soft_wrap=True)
    terminal.out.print(f"identity {run.identity}", style="dim")
