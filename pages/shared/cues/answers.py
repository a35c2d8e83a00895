"""A model's right answers with and without the object, and the click that opens the strip of one."""

from __future__ import annotations

from typing import Any

import pandas as pd

from core import store
from core.answers import cue_results
from pages.shared.page import address, cached


def right(run: store.Run) -> pd.DataFrame:
    """See ``core.answers.cue_results.right``."""
    return cue_results.right(run, cached)


def open_strip(benchmark: str, custom: list[Any]) -> None:
    """Open an image's strip: a callback; the image's id comes first."""
    address.put(image=f"{benchmark}:{custom[0]}", drawer="cues")
