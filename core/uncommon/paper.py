"""What the FOCUS paper reports, for reference marks; never mixed into measured results."""

from __future__ import annotations

import json
from functools import cache

from core.paths import EMBEDDED


@cache
def published() -> dict[str, dict]:
    """Tables 1 to 5 of the paper, in fractions.

    Returns:
        ``counts`` (attribute, value, category: images), ``partition_sizes``, ``gaps`` (model, attribute),
        ``accuracy`` (model, partition), ``probe_resnet50`` (location, category) and ``source``.
    """
    return json.loads((EMBEDDED / "published" / "focus.json").read_text(encoding="utf-8"))
