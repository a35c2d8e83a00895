"""``python -m core``: one file for each group of commands, their options, and how results look in a terminal."""

from core.cli.main import main

__all__ = ["main"]
