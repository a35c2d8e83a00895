"""Computed metric tables in a terminal: one line a row where they fit, else one line a number; heads break at words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.cells import cell_len
from rich.console import RenderableType
from rich.table import Table as RichTable
from rich.text import Text

from core.cli import terminal
from core.types import THIN, is_thin

#: Signs between two columns, the first that fits.
_GAPS = (2, 1)
#: Numbers in [-1, 1] that are no share of anything.
_SIGNED = ("rfs", "own_rfs")
#: Counts of images that a number rests on by itself; of other counts none is too few.
_SIDES = ("n_uncommon", "n_own")
_INTERVAL = "95 % interval"
_NOTHING = terminal.percent(None)
_HEADS = {"n_clusters": "clusters", "n_classes": "classes"}
_PIECES = re.compile(r"[^_ ]+_*(?: %)?")


@dataclass(frozen=True)
class _Column:
    """A column as text.

    Attributes:
        head: What stands above it.
        cells: By row.
        is_number: Whether it is set to the right.
        names: Whether it names a row.
    """

    head: str
    cells: tuple[str, ...]
    is_number: bool
    names: bool

    @property
    def widest(self) -> int:
        return max((cell_len(terminal.printable(cell)) for cell in self.cells), default=0)

    @property
    def natural(self) -> int:
        """Its width with the head in one line."""
        return max(self.widest, cell_len(self.head))

    @property
    def least(self) -> int:
        """Its width where the head breaks wherever it may."""
        return max(self.widest, *(len(piece) for piece in _PIECES.findall(self.head)))


def computed_table(
    title: str, rows: Sequence[Mapping[str, Any]], by: Sequence[str], *, width: int | None = None
) -> RenderableType:
    """A table with columns of its own: fractions as percent, a low and a high as one interval, thin cells marked.

    Args:
        title: Stands above it.
        rows: As a report has them, all with the same columns; those of no images are left out.
        by: Columns that name a row.
        width: Signs in a line; the terminal's by default.

    Returns:
        A line a row; where that does not fit, a line a number under the row's name.
    """
    columns = _columns([row for row in rows if row.get("n") != 0], by)
    if not columns:
        return Text(f"{title}: of no images", style="bold")
    room = terminal.out.width if width is None else width
    for gap in _GAPS:
        widths = _widths(columns, room - gap * (len(columns) - 1))
        if widths is not None:
            return _across(title, columns, widths, gap)
    return _upright(title, columns)


def _columns(rows: Sequence[Mapping[str, Any]], by: Sequence[str]) -> list[_Column]:
    if not rows:
        return []
    highs = {name.removesuffix("low") + "high" for name in rows[0] if name.endswith("low")}
    # Where images are independent, they are their own clusters.
    left_out = {*highs, "thin", *(["n_clusters"] if all(row.get("n_clusters") == row.get("n") for row in rows) else [])}
    columns, owner = [], ""
    for name in (name for name in rows[0] if name not in left_out):
        if name.endswith("low"):
            cells = tuple(_interval(row, name, owner) for row in rows)
            columns.append(_Column(_INTERVAL, cells, is_number=True, names=False))
            continue
        owner = name
        is_text = isinstance(rows[0][name], str | bool)
        # Shares are fractions, whole numbers are counts or places.
        is_whole = all(isinstance(row[name], int) for row in rows if row[name] is not None)
        plain = is_text or is_whole or name in by or name in _SIGNED
        cells = tuple(_cell(row, name, by, is_whole=is_whole) for row in rows)
        head = _HEADS.get(name, name if plain else f"{name} %")
        columns.append(_Column(head, cells, not is_text and name not in by, name in by))
    return columns


def _cell(row: Mapping[str, Any], name: str, by: Sequence[str], *, is_whole: bool) -> str:
    value = row[name]
    if value is None:
        return _NOTHING
    if isinstance(value, bool):
        return "yes" if value else ""
    if name in by or isinstance(value, str):
        return str(value)
    if is_whole:
        return f"{value:,} thin" if _is_thin(row, name) else f"{value:,}"
    return _number(value, name)


def _is_thin(row: Mapping[str, Any], name: str) -> bool:
    if name == "n":
        return bool(is_thin(row["n"], row.get("n_clusters", row["n"])))
    return name in _SIDES and row[name] < THIN


def _number(value: float | None, name: str) -> str:
    # Adding zero turns a rounded -0.0 into 0.0.
    return f"{round(value, 2) + 0.0:+.2f}" if name in _SIGNED and value is not None else terminal.percent(value)


def _interval(row: Mapping[str, Any], low: str, owner: str) -> str:
    """The interval of the column that stands before it; nothing where that has no number either."""
    ends = row[low], row[low.removesuffix("low") + "high"]
    if None in ends:
        return _NOTHING if row.get(owner) is None else "no interval"
    return f"[{_number(ends[0], owner)}, {_number(ends[1], owner)}]"


def _widths(columns: Sequence[_Column], room: int) -> list[int] | None:
    """Of each column, with as few broken heads as fit; None if they do not fit with all of them broken."""
    widths = [column.least for column in columns]
    left = room - sum(widths)
    if left < 0:
        return None
    for at in sorted(range(len(columns)), key=lambda at: columns[at].natural - columns[at].least):
        more = min(columns[at].natural - columns[at].least, left)
        widths[at] += more
        left -= more
    return widths


def _broken(head: str, width: int) -> str:
    """A head in lines of a width, broken at words and behind underscores."""
    lines = [""]
    for piece in _PIECES.findall(head):
        longer = lines[-1] + ("" if not lines[-1] or lines[-1].endswith("_") else " ") + piece
        if len(longer) <= width or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(piece)
    return "\n".join(lines)


def _across(title: str, columns: Sequence[_Column], widths: Sequence[int], gap: int) -> RichTable:
    table = RichTable(
        title=title, title_justify="left", title_style="bold", box=None, pad_edge=False, padding=(0, gap, 0, 0)
    )
    for column, width in zip(columns, widths, strict=True):
        justify = "right" if column.is_number else "left"
        table.add_column(_broken(column.head, width), justify=justify, width=width, no_wrap=True)
    for cells in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*cells)
    return table


def _upright(title: str, columns: Sequence[_Column]) -> Text:
    """The names of a row in one line, then each number with its interval."""
    text = Text(terminal.printable(title), style="bold")
    numbers = [column for column in columns if not column.names and column.head != _INTERVAL]
    head = max((len(column.head) for column in numbers), default=0)
    widest = max((column.widest for column in numbers), default=0)
    for row in range(len(columns[0].cells)):
        said = ", ".join(f"{column.head} {column.cells[row]}" for column in columns if column.names)
        lines = [said]
        for column in columns:
            if column.names:
                continue
            if column.head == _INTERVAL:
                lines[-1] += f"  {column.cells[row]}" if column.cells[row] != _NOTHING else ""
            else:
                lines.append(f"  {column.head:<{head}}  {column.cells[row]:>{widest}}")
        text.append("\n" + terminal.printable("\n".join(lines)), style="not bold")
    return text
