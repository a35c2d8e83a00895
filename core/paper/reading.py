"""The tables of a report as they are printed: which there are, what names their rows, which question asks the same."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core import store
from core.answers import report
from core.answers.questions import factors_of
from core.answers.worst import level_name
from core.explain import reporting
from core.paper import cells
from core.types import CardTable
from core.wording import row_name, short_label

#: Computed tables that are accuracy by factors all the same: the factors behind the columns that name their rows.
_BY_FACTORS: Mapping[str, Mapping[str, str]] = {
    "heatmap_time": {"category": "category", "value": "time"},
    "heatmap_weather": {"category": "category", "value": "weather"},
    "heatmap_locations": {"category": "category", "value": "locations"},
    "by_humans": {"humans": "humans"},
    "partitions": {"partition": "partition"},
}
#: How the name of a table begins that ``report --by`` makes.
BY = "by"


@dataclass(frozen=True)
class Result:
    """A stored result and what is reported of it.

    Attributes:
        run: Complete or partial.
        content: From ``core.explain.reporting.build`` or ``core.answers.by_factors.build``.
    """

    run: store.Run
    content: Mapping[str, Any]

    @property
    def value(self) -> str:
        """Name of the accuracy that counts."""
        return "top5" if self.content["policy"] == "top5" else "top1"


@dataclass(frozen=True)
class Told:
    """A table of one result.

    Attributes:
        name: What to type to get it.
        title: What it is.
        by: Columns that name a row.
        rows: As the report has them.
        printed: What its columns are called, of those that are shown; all, under their own names, where it is empty.
        notes: Sentences without which it would be misread.
        computed: Whether it is more than accuracy by factors, with intervals of its own.
        asks: Where its number is accuracy by factors, the factor behind each column that names a row.
        views: Whether it is of the result's views, where no value means all of them.
    """

    name: str
    title: str
    by: tuple[str, ...]
    rows: tuple[Mapping[str, Any], ...]
    printed: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    computed: bool = False
    asks: Mapping[str, str] = field(default_factory=dict)
    views: bool = False

    def key(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        """What names a row, as values that can be compared."""
        return tuple(comparable(row[name]) for name in self.by)


def comparable(content: Any) -> Any:
    """A value of a factor as a key: a list as its words, a missing number as None."""
    if isinstance(content, list | tuple):
        return row_name(list(content))
    return None if isinstance(content, float) and content != content else content


def tables_of(result: Result) -> list[Told]:
    """The tables of a result that have rows, in the order in which they are printed."""
    run, content = result.run, result.content
    if "rows" in content:
        told = _by_factors(result)
        return [told] if told else []
    found = [_named(run, spec, content["tables"].get(spec.name), content) for spec in report.tables_of(run)]
    found += [
        Told(each.name, each.named.title, each.named.by, tuple(content["tables"][each.name]), each.printed,
             tuple(content["notes"].get(each.name, ())), computed=True)
        for each in reporting.MORE
        if content["tables"].get(each.name)
    ]  # fmt: skip
    return [told for told in found if told is not None]


def _named(
    run: store.Run, spec: CardTable, rows: Sequence[Mapping[str, Any]] | None, content: Mapping[str, Any]
) -> Told | None:
    if not rows:
        return None
    made = report.table_of(run, spec)
    by = made.published_by if spec.computed and made is not None else spec.by
    asks = _BY_FACTORS.get(spec.name, {}) if spec.computed else {name: name for name in spec.by}
    kept = tuple(row for row in rows if row.get("n") != 0) if spec.computed else tuple(rows)
    # Answers of another kind than the network's own are not what a question asks for.
    asks = {} if content["head"] or "as_published" in content else asks
    title = spec.title.replace("Top-1", "Top-5") if content["policy"] == "top5" else spec.title
    of_views = spec in run.views.tables
    return Told(spec.name, title, tuple(by), kept, computed=spec.computed, asks=asks, views=of_views) if kept else None


def _by_factors(result: Result) -> Told | None:
    by = tuple(result.content["by"])
    known = factors_of(result.run)
    title = f"Accuracy by {' and '.join(short_label(known[name]) for name in by)}"
    rows = tuple(result.content["rows"])
    return (
        Told(BY, title, by, rows, notes=(result.content["worst"],), asks={name: name for name in by}) if rows else None
    )


def named(run: store.Run, told: Told, row: Mapping[str, Any], column: str) -> str:
    """What a row is called in a column, as a reader sees it: ``6 %``, ``181°``, ``20 to 30``, ``snow, street``."""
    content, factor = row[column], factors_of(run).get(told.asks.get(column, column))
    if content is None and told.views:
        return "all"
    if factor is not None and factor.is_number and isinstance(content, int | float):
        return level_name(run, factor, float(content)).replace("-", "−")
    if isinstance(content, float):
        return cells.plain(content)
    return row_name(content)


def head(run: store.Run, told: Told, column: str) -> str:
    """What stands above a column that names rows."""
    factor = factors_of(run).get(told.asks.get(column, column))
    words = told.printed.get(column, column) if factor is None else short_label(factor)
    return words.replace("_", " ")
