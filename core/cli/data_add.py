"""Bring data of one's own: ``add`` and ``remove``."""

from __future__ import annotations

import typer

app = typer.Typer(rich_markup_mode=None)
