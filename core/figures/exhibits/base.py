"""What an exhibit is: a figure of stored results with its tables, what it says, and the images behind each point."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from core import store
from core.answers import questions
from core.answers.questions import Question, StoredPolicy, Where
from core.figures.style import colour_of


@dataclass(frozen=True)
class Subject:
    """Results of one benchmark under one family of views, of one model or several.

    Attributes:
        runs: By label, in the order in which they are compared; at least one.
        policy: What counts as right.
        first: Labels whose colours come first, where more models are shown elsewhere.
    """

    runs: Mapping[str, store.Run]
    policy: StoredPolicy = "top1"
    first: tuple[str, ...] = ()

    @property
    def run(self) -> store.Run:
        """The first, which sentences are about."""
        return next(iter(self.runs.values()))

    @cached_property
    def colours(self) -> dict[str, str]:
        """Colour by label, the same as on any page."""
        return colour_of(list(self.runs), self.first)

    def question(self, *by: str, where: tuple[Where, ...] = ()) -> Question:
        """A question of these results."""
        return Question(by, self.policy, where)


@dataclass(frozen=True)
class Pick:
    """The images that a point of a figure counts.

    Attributes:
        run: Whose predictions decide which are right.
        said: What the point is of, plain text: ``x 0.1, y 0.9``.
        where: Conditions that an image meets.
        policy: What counts as right.
        only: Ids of samples, where conditions do not say which images are meant; None for all that meet them.
    """

    run: store.Run
    said: str
    where: tuple[Where, ...] = ()
    policy: StoredPolicy = "top1"
    only: frozenset[str] | None = None

    def rows(self) -> pd.DataFrame:
        """The images, the surest predictions first; see ``questions.behind``."""
        found = questions.behind(self.run, Question(where=self.where, policy=self.policy))
        return found if self.only is None else found[found["sample_id"].isin(self.only)].reset_index(drop=True)


#: Gets the customdata of a point; None where it stands for no images.
Picker = Callable[[list[Any]], Pick | None]


@dataclass(frozen=True)
class Exhibit:
    """A figure of stored results.

    Attributes:
        figure: Clickable points carry ``customdata`` lists; ``meta`` has the caption with identities.
        tables: The metric tables behind it, by what they are of.
        runs: By label.
        finding: What it says, in a sentence of Markdown with its interval; empty where nothing is claimed.
        notes: What else has to be said, plain text.
        pick: The images of a point.
    """

    figure: go.Figure
    tables: Mapping[str, pd.DataFrame]
    runs: Mapping[str, store.Run]
    finding: str = ""
    notes: tuple[str, ...] = ()
    pick: Picker | None = None

    @property
    def identities(self) -> dict[str, str]:
        """Identity by the names of ``tables``; of a table that is of several results all of theirs."""
        own = {label: run.identity for label, run in self.runs.items()}
        joint = " ".join(own.values())
        return {name: own.get(name, joint) for name in self.tables}


@dataclass(frozen=True)
class Offer:
    """A figure that can be drawn of some results.

    Attributes:
        name: As it is asked for: ``by_location``; unique within a benchmark, view and model.
        title: Plain text.
        benchmark: Key; empty for one over several benchmarks.
        view: Name of the family of views.
        model: Label, where each model has one of its own; empty for one of all of them.
        make: Draws it.
    """

    name: str
    title: str
    benchmark: str
    view: str
    make: Callable[[], Exhibit] = field(repr=False, compare=False)
    model: str = ""
