"""ReaL: reassessed labels of ImageNet's validation images (Beyer et al. 2020), as they come with timm.

They stand in for the true class where neither annotations nor class folders are at hand, so that published mistakes can
be read without any further file. Wherever they are shown they are named.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from core.mistakes.annotations import N_VALIDATION

SOURCE = "ReaL labels (Beyer et al. 2020)"
_FILE = Path("data") / "_info" / "imagenet_real_labels.json"


@cache
def reassessed_labels() -> Mapping[str, tuple[int, ...]]:
    """Class indices by validation file name; empty where timm does not bring them. Never imports timm, nor torch."""
    found = importlib.util.find_spec("timm")
    folders = found.submodule_search_locations if found else None
    try:
        entries = json.loads((Path(next(iter(folders or ()))) / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError, StopIteration):
        return {}
    if not isinstance(entries, list) or len(entries) != N_VALIDATION:
        return {}
    return {f"ILSVRC2012_val_{at:08}.JPEG": tuple(map(int, classes)) for at, classes in enumerate(entries, 1)}
