"""Facts about each image, computed: ``describe``."""

from __future__ import annotations

import typer

app = typer.Typer(rich_markup_mode=None)
