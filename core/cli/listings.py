"""``python -m core benchmarks``: which there are, and how to get their data."""

from __future__ import annotations

import typer

from core import paths
from core.cli import terminal
from core.cli.options import Json, print_json

app = typer.Typer(rich_markup_mode=None)


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
