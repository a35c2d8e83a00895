"""``python -m core data``: published data and one's own, got, checked and described."""

from __future__ import annotations

import typer

from core.cli import data_add, data_describe, data_fetch, data_status

app = typer.Typer(
    help="Data of benchmarks, published ones and your own: what is there, add, check, fetch, describe, remove.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
for group in (data_status, data_add, data_fetch, data_describe):
    app.add_typer(group.app)
