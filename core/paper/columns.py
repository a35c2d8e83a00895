"""The columns of a report's table: names, numbers with their intervals, counts; and the cells below them.

The rules are those of a terminal: fractions as percent with one decimal, whole numbers as counts, a low and a high as
the interval of the number before them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.answers.cards import unit_of
from core.paper import cells
from core.paper.cells import NOTHING, Cell, Column, Kind
from core.paper.reading import Result, Told, head, named
from core.types import THIN, is_thin
from core.wording import units

#: Numbers in [-1, 1] that are no share of anything.
_SIGNED = frozenset({"rfs", "own_rfs"})
#: Counts of images that a number rests on by itself.
_SIDES = frozenset({"n_common", "n_uncommon", "n_own"})
_HEADS = {"top1": "Top-1", "top5": "Top-5", "rfs": "RFS", "own_rfs": "own RFS", "n": "n"}


@dataclass(frozen=True)
class Source:
    """A column of a report's rows, and how it is shown.

    Attributes:
        name: In a row.
        head: What stands above it.
        kind: What it holds.
        low: Name of the lower end of its interval; empty where it has none.
        is_share: Whether it is shown as percent.
    """

    name: str
    head: str
    kind: Kind
    low: str = ""
    is_share: bool = False

    @property
    def high(self) -> str:
        """Name of the upper end of its interval."""
        return f"{self.low.removesuffix('low')}high"

    @property
    def column(self) -> Column:
        """As a table has it."""
        return Column(f"{self.head} (%)" if self.is_share else self.head, self.kind)


def sources_of(result: Result, told: Told) -> list[Source]:
    """The columns of a table, in order; ends of intervals stand with their numbers."""
    rows = told.rows
    columns = [name for name in told.printed or rows[0] if name in rows[0]]
    ends = {f"{name.removesuffix('low')}high" for name in columns if name.endswith("low")}
    bins = {f"{name}_{end}" for name in told.by for end in ("from", "to")}
    left_out = {*ends, *bins, "thin"}
    if all(row.get("n_clusters") == row.get("n") for row in rows):
        # Where images are independent, they are their own clusters.
        left_out.add("n_clusters")
    found: list[Source] = []
    for name in columns:
        if name in left_out:
            continue
        if name.endswith("low"):
            owner = found.pop()
            found.append(Source(owner.name, owner.head, owner.kind, name, owner.is_share))
        else:
            found.append(_source(result, told, name))
    return found


def _source(result: Result, told: Told, name: str) -> Source:
    if name in told.by:
        return Source(name, head(result.run, told, name), "name")
    values = [row[name] for row in told.rows if row.get(name) is not None]
    words = _HEADS.get(name) or (told.printed.get(name) or name).replace("_", " ")
    if name == "n_clusters":
        return Source(name, units(unit_of(result.run)), "count")
    if any(isinstance(each, str | bool) for each in values):
        return Source(name, words, "words")
    if not name.startswith("top") and all(isinstance(each, int) for each in values):
        return Source(name, words, "count")
    return Source(name, words, "value", is_share=name not in _SIGNED)


def cell(result: Result, told: Told, source: Source, row: Mapping[str, Any], *, is_best: bool = False) -> Cell:
    """A cell of a row; thin counts are marked."""
    if source.kind == "name":
        return Cell(named(result.run, told, row, source.name))
    content = row.get(source.name)
    if source.kind == "words":
        return Cell("yes" if content is True else "" if content is False else NOTHING if content is None else content)
    if content is None:
        return Cell(NOTHING)
    if source.kind == "count":
        return Cell(f"{content:,}{cells.THIN_MARK if is_few(row, source.name) else ''}")
    return Cell(_number(content, source.name), _interval(source, row), is_best)


def is_few(row: Mapping[str, Any], name: str) -> bool:
    """Whether a count of a row is too small to carry a claim."""
    if name == "n":
        return bool(is_thin(row["n"], row.get("n_clusters") or row["n"]))
    return name in _SIDES and (row[name] < THIN or bool(row.get("thin")))


def _number(content: float, name: str) -> str:
    return cells.signed(content) if name in _SIGNED else cells.percent(content)


def _interval(source: Source, row: Mapping[str, Any]) -> str:
    if not source.low:
        return ""
    ends = row.get(source.low), row.get(source.high)
    if None in ends:
        return "no interval"
    return f"[{', '.join(_number(end, source.name) for end in ends)}]"  # type: ignore[arg-type]


def sole_value(sources: Sequence[Source]) -> Source | None:
    """The one number with an interval of a table that has no other beside top-5; None of other tables."""
    if any(source.kind == "words" for source in sources if source.name != "uncommon"):
        return None
    values = [source for source in sources if source.kind == "value"]
    main = [source for source in values if source.low]
    rest = [source for source in values if not source.low and source.name != "top5"]
    return main[0] if len(main) == 1 and not rest else None
