"""Who answers questions about stored results: this package itself, or what a server remembers of its answers.

What is said and drawn of results is the same with and without a session, so the functions that say and draw it take
their answers from an ``Answers``: ``DIRECT``, or a page's memory of the same functions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import pandas as pd

from core import store
from core.answers import compare, cue_tables, questions, setting_tables, spans, zoom_tables
from core.answers import flips as flipping
from core.answers import tolerance as tolerances
from core.answers import worst as worsts
from core.answers.compare import Contrast
from core.answers.flips import Flips, Kind
from core.answers.questions import Question
from core.answers.spans import Binned
from core.answers.tolerance import Tolerance
from core.answers.worst import Worst
from core.types import Factor, Policy

_Pair = tuple[Contrast, tuple[float, ...], tuple[float, ...]]


class Answers(Protocol):
    """Each as the function of that name in this package has it."""

    @property
    def answer(self) -> Callable[[store.Run, Question], pd.DataFrame]:
        """See ``questions.answer``."""

    @property
    def paired(self) -> Callable[[store.Run, store.Run, Question], pd.DataFrame]:
        """See ``compare.paired_difference``."""

    @property
    def flips(self) -> Callable[[store.Run, store.Run, Question], pd.DataFrame]:
        """See ``flips.answer``."""

    @property
    def flips_of_all(self) -> Callable[[store.Run, store.Run, Question], Flips]:
        """See ``flips.summary``."""

    @property
    def flips_most(self) -> Callable[[store.Run, store.Run, tuple[str, ...], Question, Kind], Worst]:
        """See ``flips.most``."""

    @property
    def levels(self) -> Callable[[store.Run, Factor], list[Any]]:
        """See ``questions.levels``."""

    @property
    def binned(self) -> Callable[[store.Run, Factor], Binned | None]:
        """See ``spans.binned``."""

    @property
    def worst(self) -> Callable[[store.Run, tuple[str, ...], Question], Worst]:
        """See ``worst.worst``."""

    @property
    def tolerance(self) -> Callable[[store.Run, tuple[str, ...], Question], Tolerance]:
        """See ``tolerance.tolerance``."""

    @property
    def worst_against_worst(self) -> Callable[[store.Run, store.Run, tuple[str, ...], Question], _Pair]:
        """See ``tolerance.worst_against_worst``."""

    @property
    def centre_to(self) -> Callable[[store.Run, str, Question], Contrast]:
        """See ``compare.centre_to``."""

    @property
    def half_area(self) -> Callable[[store.Run, Question], Contrast]:
        """See ``compare.half_area``."""

    @property
    def behind(self) -> Callable[[store.Run, Question], pd.DataFrame]:
        """See ``questions.behind``."""

    @property
    def settings(self) -> Callable[[store.Run, str], pd.DataFrame]:
        """See ``setting_tables.answer``."""

    @property
    def cues(self) -> Callable[[store.Run, str], pd.DataFrame]:
        """See ``cue_tables.answer``."""

    @property
    def zooms(self) -> Callable[[store.Run, str, Policy], pd.DataFrame]:
        """See ``zoom_tables.answer``."""


@dataclass(frozen=True)
class _Direct:
    """Answers of this package, from disk where they were asked for before."""

    answer: Any = questions.answer
    paired: Any = compare.paired_difference
    flips: Any = flipping.answer
    flips_of_all: Any = flipping.summary
    flips_most: Any = flipping.most
    levels: Any = questions.levels
    binned: Any = spans.binned
    worst: Any = worsts.worst
    tolerance: Any = tolerances.tolerance
    worst_against_worst: Any = tolerances.worst_against_worst
    centre_to: Any = compare.centre_to
    half_area: Any = compare.half_area
    behind: Any = questions.behind
    settings: Any = setting_tables.answer
    cues: Any = cue_tables.answer
    zooms: Any = zoom_tables.answer


#: Each question is answered anew, or from disk.
DIRECT: Answers = _Direct()
