"""Models of onnx."""

from __future__ import annotations

from collections.abc import Mapping

from core.errors import UsageError
from core.models.sources.base import Source

OPTIONS: frozenset[str] = frozenset()


def find(where: str, options: Mapping[str, str]) -> Source:
    """What the rest of such a name stands for.

    Raises:
        UsageError: If there is no such model.
    """
    raise UsageError(f"'{where}' {dict(options)}: models of onnx cannot be loaded yet.")
