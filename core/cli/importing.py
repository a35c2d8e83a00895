"""``python -m core import``: predictions that were made elsewhere."""

from __future__ import annotations

import typer

app = typer.Typer(
    help="Results that were made elsewhere: predictions as a file.", no_args_is_help=True, rich_markup_mode=None
)
