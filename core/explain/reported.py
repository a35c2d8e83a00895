"""A run's report as a notebook shows it: a dict of JSON values as ever, which draws itself and gives its tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from core.errors import UsageError, nearest
from core.wording import as_html, clusters, count, interval, percent, row_name

#: Rows of a table that are shown.
_ROWS = 15
_NUMBER = "text-align:right;padding:1px 10px;white-space:nowrap;font-variant-numeric:tabular-nums"
_WORDS = "text-align:left;padding:1px 10px"
_QUIET = "opacity:0.75;font-size:90%"
#: Columns of accuracies, whose interval may be called by its ends alone.
_ACCURACIES = ("top1", "top5")


class Report(dict[str, Any]):
    """What ``core.report.build`` gives: a dict of JSON values that a notebook shows as tables.

    Attributes:
        titles: What each table is, by its name.
        unit: What images share where intervals are over that.
    """

    def __init__(self, content: Mapping[str, Any], titles: Mapping[str, str], unit: str = "object") -> None:
        super().__init__(content)
        self.unit = unit
        self.titles = {name: titles[name] for name in self["tables"] if name in titles}

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """Its tables by name, as pandas has them; fractions 0..1."""
        return {name: pd.DataFrame(rows) for name, rows in self["tables"].items()}

    def table(self, name: str) -> pd.DataFrame:
        """One of its tables.

        Raises:
            UsageError: If it has none of this name; names the nearest.
        """
        known = self["tables"]
        if name not in known:
            listed = ", ".join(known) or "none"
            raise UsageError(f"this report has no table '{name}'.{nearest(str(name), known)} It has: {listed}.")
        return pd.DataFrame(known[name])

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """What a notebook keeps as text: which report it is, and not all of its numbers."""
        del cycle
        tables = ", ".join(self["tables"]) or "none"
        printer.text(
            f"<report of {self['model']} on {self['benchmark']}, identity {self['identity']}; tables: {tables}>"
        )

    def _repr_html_(self) -> str:
        """The headline with its interval, warnings, and each table to be opened; nothing is requested from anywhere."""
        shown = "top5" if self["policy"] == "top5" else "top1"
        named = ((name, rows) for name, rows in self["tables"].items() if rows)
        tables = "".join(
            _folded(self.titles.get(name, name), name, rows, self["notes"].get(name, ()), is_first=number == 0)
            for number, (name, rows) in enumerate(named)
        )
        warnings = "".join(f'<div style="{_QUIET}">⚠ {as_html(line)}</div>' for line in self["warnings"])
        return f"<div>{self._headline(shown)}{warnings}{tables}{self._foot()}</div>"

    def _headline(self, shown: str) -> str:
        policy = {"top1": "top-1", "top5": "top-5"}.get(self["policy"], f"top-1 ({self['policy']})")
        overall = self["overall"]
        said = interval(overall[f"{shown}_low"], overall[f"{shown}_high"])
        view = "" if self["n_views"] == 1 else f", {self['view']} ({self['n_views']} views, {self['reduce']})"
        imported = ", imported" if self["imported"] else ""
        n = count(self["n"], "image")
        done = "" if self["n"] + self["n_failed"] >= self["n_samples"] else f" of {self['n_samples']:,}: partial"
        failed = f", {self['n_failed']:,} failed" if self["n_failed"] else ""
        over = "" if overall["n_clusters"] == self["n"] else f", {clusters(overall['n_clusters'], self.unit)}"
        number = f"{policy} {percent(overall[shown])} {said}"
        of = f"{self['model']} on {self['benchmark']}{view}{imported}"
        return f"<div><b>{as_html(of)}</b>: {as_html(number)}, n = {as_html(n)}{done}{over}{failed}</div>"

    def _foot(self) -> str:
        said = f"identity {self['identity']} · {self['precision']} · intervals: {self['interval']}"
        return f'<div style="{_QUIET}">{as_html(said)}</div>'


def _folded(title: str, name: str, rows: Sequence[Mapping[str, Any]], notes: Sequence[str], *, is_first: bool) -> str:
    """A table under its title; the first one is open."""
    ends = {end for each in rows[0] for end in _ends(each, rows[0]) or ()}
    columns = [each for each in rows[0] if each not in ends]
    head = "".join(
        f'<th style="{_NUMBER if _is_number(rows, each) else _WORDS}">{as_html(each)}</th>' for each in columns
    )
    body = "".join(f"<tr>{''.join(_cell(row, each) for each in columns)}</tr>" for row in rows[:_ROWS])
    rest = len(rows) - _ROWS
    more = f"{count(rest, 'more row')}: .table({name!r})" if rest > 0 else ""
    said = "".join(f'<div style="{_QUIET}">{as_html(line)}</div>' for line in (*notes, *([more] if more else [])))
    return (
        f"<details{' open' if is_first else ''}><summary>{as_html(title)} ({count(len(rows), 'row')})</summary>"
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{said}</details>"
    )


def _ends(name: str, row: Mapping[str, Any]) -> tuple[str, str] | None:
    """The columns of the ends of a column's interval, which stands in its cells."""
    own = (f"{name}_low", f"{name}_high")
    if own[0] in row and own[1] in row:
        return own
    return ("low", "high") if name in _ACCURACIES and "low" in row and "high" in row else None


def _is_number(rows: Sequence[Mapping[str, Any]], name: str) -> bool:
    return any(isinstance(row[name], int | float) and not isinstance(row[name], bool) for row in rows)


def _cell(row: Mapping[str, Any], name: str) -> str:
    content, ends = row[name], _ends(name, row)
    if ends is not None and content is not None:
        said = f"{percent(content)} {interval(row[ends[0]], row[ends[1]])}"
    elif isinstance(content, bool) or not isinstance(content, int | float):
        return f'<td style="{_WORDS}">{as_html(row_name(content))}</td>'
    elif name in _ACCURACIES:
        said = percent(content)
    else:
        said = f"{content:,}" if isinstance(content, int) else f"{content:.4g}"
    return f'<td style="{_NUMBER}">{as_html(said)}</td>'
