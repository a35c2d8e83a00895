"""Offcenter's engine: see where an image classifier breaks."""

__version__ = "0.1.0"
