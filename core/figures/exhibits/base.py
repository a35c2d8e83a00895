"""What an exhibit is: a figure of stored results with its tables, what it says, and the images behind each point."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from core import metrics, store
from core.answers import questions, spans, worst
from core.answers.questions import Question, StoredPolicy, Where
from core.figures.style import colour_of


@dataclass(frozen=True)
class Subject:
    """Results of one benchmark under one family of views, of one model or several.

    Attributes:
        runs: By label, in the order in which they are compared; at least one.
        policy: What counts as right.
        first: Labels whose colours come first, where more models are shown elsewhere.
        beside: All results that are asked about, of any benchmark and view.
    """

    runs: Mapping[str, store.Run]
    policy: StoredPolicy = "top1"
    first: tuple[str, ...] = ()
    beside: tuple[store.Run, ...] = ()

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
        against: The other result of a difference, which counts the images that both have.
    """

    run: store.Run
    said: str
    where: tuple[Where, ...] = ()
    policy: StoredPolicy = "top1"
    only: frozenset[str] | None = None
    against: store.Run | None = None

    def rows(self) -> pd.DataFrame:
        """The images that the point's n counts, one row each, the surest predictions first.

        Images whose prediction failed, or whose rightness is not known, are counted nowhere and are not among them.

        Returns:
            As ``questions.behind`` has them. Of an image that is counted under several views, the row is that of one
            view: the surest of those that say what the image counts as (right where at least half of it is), and
            ``counted`` is what the number adds up, 0..1; of one view ``counted`` is ``right``.
        """
        return self.narrowed(questions.behind(self.run, Question(where=self.where, policy=self.policy)))

    def narrowed(self, found: pd.DataFrame) -> pd.DataFrame:
        """See ``rows``; of images that meet the conditions, as ``questions.behind`` has them."""
        if self.only is not None:
            found = found[found["sample_id"].isin(self.only)]
        found = found.assign(counted=found["right"])
        if self.run.n_views > 1:
            found = _an_image_each(self.run, found)
        if self.against is not None:
            found = found[found["sample_id"].isin(self._there(self.against))]
        return found[found["counted"].notna()].reset_index(drop=True)

    def _there(self, other: store.Run) -> pd.Series:
        """The images that count in another result; which of them meet conditions is for the first to say."""
        value = questions.VALUE[self.policy]
        # But for conditions on views.
        where = self.where if other.n_views > 1 else ()
        table = questions.read(other, Question(where=where, policy=self.policy), ["sample_id"])
        table = questions.select(other, table, where)
        return table.loc[table[value].notna(), "sample_id"]


def _an_image_each(run: store.Run, views: pd.DataFrame) -> pd.DataFrame:
    """One row for each image of several views, in the order of their first rows; see ``Pick.rows``."""
    order = {name: number for number, name in enumerate(run.views.names)}
    by_view = views.assign(place=views["view"].map(order)).sort_values(["sample_id", "place"], kind="stable")
    reduced = metrics.reduce_views(by_view, ["sample_id"], run.views.reduce, ["counted"])
    counted = views["sample_id"].map(reduced.set_index("sample_id")["counted"])
    agrees = (views["right"] >= 0.5) == (counted >= 0.5)
    views = views.assign(counted=counted, agrees=agrees & views["right"].notna())
    best = views.sort_values("agrees", ascending=False, kind="stable").drop_duplicates("sample_id")
    return best.sort_index().drop(columns="agrees")


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


def short_identity(runs: Sequence[store.Run]) -> str:
    """Models and identities for the foot of a figure that is saved."""
    return " · ".join(
        f"{run.label}{', imported' if run.is_imported else ''}: identity {run.identity[:8]}" for run in runs
    )


def point_name(run: store.Run, at: Mapping[str, Any]) -> str:
    """A value of each factor as a reader sees it: ``weather fog, age 20 to 30``."""
    factors = [questions.factor_of(run, name) for name in at]
    return worst.setting_name(run, factors, [factor.parse(at[factor.name]) for factor in factors])


def picked(run: store.Run, at: Mapping[str, Any], policy: StoredPolicy, against: store.Run | None = None) -> Pick:
    """The images at a value of each factor, as answers have it: of a number in bins those in its bin."""
    where = []
    for name, content in at.items():
        factor = questions.factor_of(run, name)
        level, binned = factor.parse(content), spans.binned(run, factor) if factor.is_number else None
        span = binned.span_of(float(level)) if binned else None
        where.append(Where.equals(name, level) if span is None else Where.within(name, span))
    return Pick(run, point_name(run, at), tuple(where), policy, against=against)
