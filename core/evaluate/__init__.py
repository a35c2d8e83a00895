"""THE inference loop, penultimate features, and predictions made elsewhere.

``evaluate`` is found here and imports torch when it is asked for; ``features`` and ``imports`` open without.
"""

from __future__ import annotations

from typing import Any


def __getattr__(name: str) -> Any:
    if name == "evaluate":
        from core.evaluate.loop import evaluate

        return evaluate
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
