"""How models stand on a benchmark, and how far a model falls from where a benchmark starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from core import store
from core.answers import compare, setting_tables
from core.answers.cards import card_of
from core.answers.questions import Question
from core.metrics.intervals import CONFIDENCE
from core.metrics.score import student
from core.metrics.verdicts import MARGIN, Verdict, verdict


@dataclass(frozen=True)
class Start:
    """The easiest setting of a benchmark, from which it makes things harder.

    Attributes:
        what: Completes "accuracy", such as ``in the centre``.
        value: Accuracy there, 0..1; NaN if there is no image.
    """

    what: str
    value: float


def start_of(run: store.Run, question: Question) -> Start | None:
    """Where a benchmark starts; None where it has no such setting.

    Location: the centre; rotation and yaw: the angle nearest to 0 degrees; size: the best size; settings: P0, where
    nothing is uncommon (top-1 only).

    Args:
        run: Its accuracy is meant.
        question: ``policy`` and ``where``.
    """
    card = card_of(run)
    varied = card.tables[0].by if card.tables else ()
    if {"x", "y"} <= set(varied):
        return Start("in the centre", compare.centre_to(run, "corner", question).before)
    if "angle_deg" in varied[:1]:
        return Start("upright", compare.turned(run, "angle_deg", question).before)
    if "yaw_deg" in varied[:1]:
        return Start("seen from the front", compare.turned(run, "yaw_deg", question).before)
    if "area" in varied[:1]:
        return Start("at the best size", compare.half_area(run, question).before)
    if question.policy == "top1" and any(table.name == "partitions" for table in card.tables):
        partitions = setting_tables.answer(run, "partitions")
        common = partitions[partitions["partition"] == "P0"]
        return Start("in common settings", float(common["value"].iloc[0])) if len(common) else None
    return None


@dataclass(frozen=True)
class Standing:
    """The best two models of a benchmark.

    Attributes:
        best: Model.
        second: Model.
        value: Accuracy of the best less that of the second on common images, with ``low`` and ``high``.
        n: Common images.
        n_clusters: Objects that they show, or images where those are independent.
    """

    best: str
    second: str
    value: float
    low: float
    high: float
    n: int
    n_clusters: int

    def verdict(self, margin: float = MARGIN) -> Verdict:
        """What can be said of the two: different, equivalent within a margin (a fraction), or neither."""
        return verdict(self.value, self.low, self.high, self.n, self.n_clusters, d=margin)

    @property
    def is_clear(self) -> bool:
        """Whether the best is better by more than chance."""
        return self.low > 0

    def is_clear_among(self, m: int) -> bool:
        """Whether it still is once ``m`` benchmarks have been looked at, so that all that are clear hold at once.

        Source: Bonferroni; the lower end is so many times as far as Student's t is at the higher confidence.
        """
        degrees = max(self.n_clusters - 1, 1)
        further = student(degrees, 1 - (1 - CONFIDENCE) / m) / student(degrees)
        return bool(self.value - (self.value - self.low) * further > 0)


def standing(runs: Mapping[str, store.Run], question: Question, values: Mapping[str, float]) -> Standing | None:
    """The best two of a benchmark's models, compared on common images; None where there are no two to compare.

    Args:
        runs: Results on one benchmark, by model; partial ones and those on other data make no claim and are left out.
        question: ``policy`` and ``where``.
        values: Accuracy by model.
    """
    complete = {model: run for model, run in runs.items() if run.complete and values[model] == values[model]}
    order = sorted(complete, key=lambda model: (-values[model], model))
    if len(order) < 2:
        return None
    best = order[0]
    second = next((each for each in order[1:] if complete[each].content == complete[best].content), None)
    if second is None:
        return None
    row = compare.paired_difference(complete[second], complete[best], question).iloc[0]
    numbers = (float(row[name]) for name in ("value", "low", "high"))
    return Standing(best, second, *numbers, n=int(row["n"]), n_clusters=int(row["n_clusters"]))
