"""ReaL: reassessed labels of ImageNet's validation images (Beyer et al. 2020), as they come with timm.

They stand in for the true class where neither annotations nor class folders are at hand, so that published mistakes can
be read without any further file. Wherever they are shown they are named.
"""

from __future__ import annotations

import importlib.util
from functools import cache
from pathlib import Path

from core.benchmarks.imagenet_annotations import N_VALIDATION, validation_name, validation_number
from core.paths import load_json

SOURCE = "ReaL labels (Beyer et al. 2020)"
_FILE = Path("data") / "_info" / "imagenet_real_labels.json"


def reassessed(name: str) -> tuple[int, ...]:
    """Class indices of a validation image, by ``validation_name``; none where timm does not bring them."""
    labels = _labels()
    return tuple(labels[validation_number(name) - 1]) if labels and validation_name(name) == name else ()


@cache
def _labels() -> list[list[int]]:
    """Of each image, in the order of file names. Found without importing timm, which would import torch."""
    found = importlib.util.find_spec("timm")
    folders = found.submodule_search_locations if found else None
    try:
        entries = load_json(Path(next(iter(folders or ()))) / _FILE)
    except (OSError, ValueError, StopIteration):
        return []
    return entries if isinstance(entries, list) and len(entries) == N_VALIDATION else []
