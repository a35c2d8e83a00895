"""Which number of a row may be set in bold: the best one, where it differs from every other by the paired verdict.

Models see the same images, so the difference of each pair has an interval of its own. In a table of many rows the
intervals are those that hold for all rows at once; over several benchmarks they are as much wider as Bonferroni asks.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pandas as pd

from core import store
from core.answers import compare
from core.answers.questions import Question, Where, factor_of, levels
from core.metrics.intervals import CONFIDENCE
from core.metrics.score import student
from core.paper import restricted
from core.paper.reading import Result, Told, comparable
from core.types import is_thin

#: Of a row's images, how many both models must have an answer to; some may have failed.
_SAME = 0.9


@dataclass(frozen=True)
class Pick:
    """What may be said of a row.

    Attributes:
        best: Position of the model whose number is bold; None if there is none.
        tied: Positions of the models that the highest number cannot be told from, that one first; empty where nothing
            was compared.
        is_thin: Whether the highest number rests on too little to carry a claim.
        is_partial: Whether no number is bold: the highest is of a result that is not finished.
        is_untold: Whether the question that pairs the models has no such row.
    """

    best: int | None = None
    tied: tuple[int, ...] = ()
    is_thin: bool = False
    is_partial: bool = False
    is_untold: bool = False


@dataclass(frozen=True)
class Best:
    """The best of several models in each row of a table.

    Attributes:
        results: Of one benchmark, a model each.
        asks: The factors that name the rows, by column; see ``Told.asks``. Empty for a table of one row.
        among: How many tables of one row are looked at together.
        name: Of the table.
    """

    results: tuple[Result, ...]
    asks: Mapping[str, str]
    among: int = 1
    name: str = ""

    @cached_property
    def why_not(self) -> str:
        """Why no two of the results can be compared, in a sentence; empty if they can."""
        runs = [each.run for each in self.results]
        contents = [each.content for each in self.results]
        if len({content["policy"] for content in contents}) > 1:
            return "No number is bold: not the same answers count as right for all models."
        if contents[0]["policy"] == restricted.POLICY and any(run.n_views > 1 for run in runs):
            return "No number is bold: of several views there is no paired verdict by this policy."
        if any(content["head"] or "as_published" in content for content in contents):
            return "No number is bold: paired verdicts are had of the networks' own answers."
        # Labels that live in different spaces cannot be compared; their images can.
        labels = {(run.label_space, store.samples_digest(run)) for run in runs}
        if len({run.content for run in runs}) > 1 or len(labels) > len({run.label_space for run in runs}):
            return "No number is bold: the results are not of the same images and labels."
        if len({tuple(run.views.names) for run in runs}) > 1:
            return "No number is bold: the results are of different views."
        if any(table.computed for table in runs[0].views.tables):
            return "No number is bold: of images whose object or ground is spoilt, more right answers are no better."
        return ""

    @cached_property
    def _complete(self) -> list[bool]:
        return [each.run.complete for each in self.results]

    @cached_property
    def _question(self) -> Question:
        content, run = self.results[0].content, self.results[0].run
        kept = [each for each in (levels(run, factor_of(run, "class")) if content["excluded"] else ())
                if each not in content["excluded"]]  # fmt: skip
        where = (Where("class", values=tuple(kept)),) if kept else ()
        return Question((), content["policy"], where, content["reduce"])

    def pick(self, key: tuple[Any, ...], rows: Sequence[Mapping[str, Any] | None], value: str) -> Pick:
        """What may be said of a row.

        Args:
            key: What names it; see ``Told.key``.
            rows: Of each model, or None where it has no such row.
            value: Column of the number.
        """
        known = {at: row[value] for at, row in enumerate(rows) if row is not None and row.get(value) is not None}
        if len(known) < 2 or self.why_not:
            return Pick()
        top = max(known, key=lambda at: (known[at], -at))
        if not self._complete[top]:
            return Pick(is_partial=True)
        if _few(rows[top]):
            return Pick(is_thin=True)
        others = [at for at in known if at != top]
        pairs = {at: self._pairs(min(top, at), max(top, at)).get(key) for at in others}
        if any(row is None or not self._is_of(row, rows, top, at) for at, row in pairs.items()):
            return Pick(is_untold=True)
        if any(is_thin(row["n"], row["n_clusters"]) for row in pairs.values()):  # type: ignore[index]
            return Pick(is_thin=True)
        tied = tuple(at for at, row in pairs.items() if not (row["low"] if top > at else -row["high"]) > 0)  # type: ignore[index]
        return Pick(tied=(top, *tied)) if tied else Pick(best=top)

    def _is_of(self, pair: Mapping[str, Any], rows: Sequence[Mapping[str, Any] | None], top: int, other: int) -> bool:
        """Whether a pair is of the images that its row counts; a computed table may count them otherwise."""
        n = min(rows[at]["n"] for at in (top, other))  # type: ignore[index]
        return pair["n"] <= n and (not self._complete[other] or pair["n"] >= _SAME * n)

    def _pairs(self, first: int, second: int) -> dict[tuple[Any, ...], dict[str, Any]]:
        """The second model less the first, by what names a row; ``low`` and ``high`` hold for all rows at once."""
        if (first, second) not in self._known:
            one, other = (self.results[at].run for at in (first, second))
            found = self._known[first, second] = {}
            asked = _SEVERAL.get(self.name, ((tuple(self.asks.values()), comparable),))
            for by, name in asked:
                table = self._differences(one, other, by)
                for row in table.to_dict("records"):
                    found[tuple(name(row[each]) for each in by)] = _together(row, max(self.among, len(asked)))
        return self._known[first, second]

    def _differences(self, one: store.Run, other: store.Run, by: tuple[str, ...]) -> pd.DataFrame:
        content = self.results[0].content
        if content["policy"] == restricted.POLICY:
            return restricted.paired_difference(one, other, by, content["excluded"])
        return compare.paired_difference(one, other, replace(self._question, by=by))

    @cached_property
    def _known(self) -> dict[tuple[int, int], dict[tuple[Any, ...], dict[str, Any]]]:
        return {}


#: Tables whose rows are those of several questions, and what a value of each is called in them.
_SEVERAL: Mapping[str, tuple[tuple[tuple[str, ...], Callable[[Any], Any]], ...]] = {
    "partitions": ((("n_uncommon",), lambda n: f"P{n:g}"), (("partition",), comparable)),
}


def _together(row: dict[str, Any], among: int) -> dict[str, Any]:
    """A paired difference whose interval holds with those of all other rows, and of so many tables."""
    low, high = (row.get(f"band_{end}", row[end]) for end in ("low", "high"))
    degrees = max(int(row["n_clusters"]) - 1, 1)
    further = float(student(degrees, 1 - (1 - CONFIDENCE) / among) / student(degrees)) if among > 1 else 1.0
    value = row["value"]
    return {**row, "low": value + (low - value) * further, "high": value + (high - value) * further}


def _few(row: Mapping[str, Any] | None) -> bool:
    return row is not None and bool(is_thin(row["n"], row.get("n_clusters", row["n"])))


def of_table(results: Sequence[Result], told: Sequence[Told | None]) -> Best | None:
    """How the best in each row of a table is found; None where its number is no accuracy by factors."""
    asks = [each.asks for each in told if each is not None]
    if len(asks) < 2 or not asks[0] or any(each != asks[0] for each in asks):
        return None
    return Best(tuple(results), asks[0], name=next(each.name for each in told if each is not None))


def note(picks: Sequence[Pick], names: Sequence[str], models: Sequence[str], most: int = 24) -> list[str]:
    """What is said below a table of the rows in which no number is bold.

    Args:
        picks: Of each row.
        names: What each row is called; empty for a table of one row.
        models: Names of the models.
        most: Ties that are named; of more only the number is said.
    """
    said = []
    ties: dict[tuple[int, ...], list[str]] = {}
    for name, pick in zip(names, picks, strict=True):
        if pick.tied:
            ties.setdefault(pick.tied, []).append(name)
    n = sum(map(len, ties.values()))
    if 0 < n <= most:
        each = [
            ", ".join(models[at] for at in tied) + (f" ({'; '.join(rows)})" if any(rows) else "")
            for tied, rows in ties.items()
        ]
        said.append(f"Ties, the paired difference to the highest number, named first, includes 0: {'; '.join(each)}.")
    elif n:
        said.append(
            f"Ties: in {n:,} of {len(picks):,} rows the paired difference of the highest number to another includes 0."
        )
    thin = sum(pick.is_thin for pick in picks)
    if thin:
        said.append(
            f"{_rows(thin, len(picks))} no number is bold: the highest rests on too few images or objects for a claim."
        )
    untold = sum(pick.is_untold for pick in picks)
    if untold:
        said.append(f"{_rows(untold, len(picks))} no number is bold: no paired verdict is had.")
    partial = sum(pick.is_partial for pick in picks)
    if partial:
        said.append(f"{_rows(partial, len(picks))} no number is bold: the highest is of a result that is not finished.")
    return said


def _rows(n: int, among: int) -> str:
    return "Here" if among == 1 else f"In {n:,} of {among:,} rows"
