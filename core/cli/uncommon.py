"""``python -m core probe`` and ``failures``: what a model knows of settings, and where it goes wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from core.cli import options, terminal
from core.errors import UsageError

app = typer.Typer(rich_markup_mode=None)
#: How ``probe --json`` names columns of the metric table, and their order.
_PUBLISHED = {"value": "accuracy", "n": "n_used"}
_COLUMNS = (
    *("category", "location", "accuracy", "low", "high", "n_with", "n_without", "n_used", "reason"),
    *("similar", "cosines"),
)


@app.command()
def probe(
    model: options.Model,
    benchmark: options.BenchmarkKey = "focus",
    data: options.Data = None,
    view: options.View = "clean",
    precision: options.Precision = None,
    identity: options.Identity = None,
    device: options.Device = "auto",
    seed: Annotated[int, typer.Option(help="Of the draws and folds.")] = 0,
    as_json: options.Json = False,
) -> None:
    """Tell locations from a stored run's penultimate features, and name the classes they look like."""
    from core.answers import report
    from core.explain import probes
    from core.labels import class_names

    run = options.run_for(model, benchmark, view, precision, identity)
    with terminal.progress_bar(f"probe {run.model}") as progress:
        table = probes.fit(run, options.data_for(run, data), device=device, seed=seed, progress=progress)
    rows = report.plain_rows(table.rename(columns=_PUBLISHED)[list(_COLUMNS)])
    for row in rows:
        row["similar"] = class_names(run.label_space, row["similar"])
    if as_json:
        options.print_json({"identity": run.identity, "model": run.model, "seed": seed, "probes": rows})
        return
    terminal.out.print(terminal.probe_table(rows), soft_wrap=True, markup=False)
    few = [row for row in rows if row["reason"]]
    if few:
        terminal.warn(
            f"{len(few)} of {len(rows)} pairs have no probe: {few[0]['location']} for {few[0]['category']}: "
            f"{few[0]['reason']}"
        )


@app.command(name="failures")
def failure_strip(
    model: options.Model,
    out: Annotated[Path, typer.Option(help="FILE.png")],
    benchmark: options.BenchmarkKey = "focus",
    data: options.Data = None,
    n: Annotated[int, typer.Option("--n", help="How many images.")] = 6,
    category: Annotated[str | None, typer.Option(help="Only this category.")] = None,
    view: options.View = "clean",
    precision: options.Precision = None,
    identity: options.Identity = None,
    device: options.Device = "auto",
) -> None:
    """Draw misclassified images of uncommon settings with Grad-CAM and Guided Grad-CAM as one PNG."""
    from core.explain import failures, strip

    run = options.run_for(model, benchmark, view, precision, identity)
    rows = failures.choose(run, n, category)
    if rows.empty:
        raise UsageError(f"{run.model} misclassified no image with an uncommon setting on '{benchmark}'.")
    panels = failures.explain(run, options.data_for(run, data), rows, device)
    strip.save(strip.of_run(panels, run), out)
    terminal.out.print(f"{len(panels)} images in {out}", soft_wrap=True, markup=False)
