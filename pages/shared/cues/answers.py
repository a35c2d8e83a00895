"""A model's right answers with and without the object, and the click that opens the strip of one."""

from __future__ import annotations

from typing import Any

import pandas as pd

from core import store
from core.answers import cue_worst
from core.answers.cue_sentences import MAIN
from core.answers.questions import Question, Where
from pages.shared.cues import results
from pages.shared.page import address, cached


def right(run: store.Run) -> pd.DataFrame:
    """See ``core.answers.cue_worst.right_answers``; without the object means grayed out."""
    return cue_worst.right_answers(_under(run, "none"), _under(run, MAIN))


def _under(run: store.Run, ablation: str) -> pd.DataFrame:
    where = (Where.equals("ablation", ablation), *results.only_ablations(run))
    return cached.behind(run, Question(where=where))


def open_strip(benchmark: str, custom: list[Any]) -> None:
    """Open an image's strip: a callback; the image's id comes first."""
    address.put(image=f"{benchmark}:{custom[0]}", drawer="cues")
