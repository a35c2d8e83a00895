"""``python -m core slices``: what is common among a model's mistakes."""

from __future__ import annotations

import typer

app = typer.Typer(rich_markup_mode=None)
