"""``python -m core models`` and ``benchmarks``: what is on this machine, and how to get more."""

from __future__ import annotations

import typer

from core import paths
from core.cli import terminal
from core.cli.options import Json, print_json
from core.errors import OffcenterError

app = typer.Typer(rich_markup_mode=None)


@app.command()
def models(as_json: Json = False) -> None:
    """List the models on this machine."""
    from core import models as catalogue

    local = catalogue.local_models()
    rows = []
    for name, folder in local.items():
        try:
            space = catalogue.label_space_of(folder) or catalogue.describe(name).label_space
            rows.append({"name": name, "label_space": space, "problem": None})
        except Exception as error:
            # One folder that nobody foresaw does not end the list of all.
            said = str(error) if isinstance(error, OffcenterError) else f"{type(error).__name__}: {error}"
            rows.append({"name": name, "label_space": None, "problem": said})
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
    from core import benchmarks

    rows = []
    for key, benchmark in benchmarks.known_benchmarks().items():
        root = benchmarks.find_data(key)
        state = "no data yet" if root is None else "ready" if paths.is_there(root) else "data folder is gone"
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
