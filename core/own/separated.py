"""Text with a sign between its cells, in the dialects in which spreadsheets and people write it."""

from __future__ import annotations

import csv
import io
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from core.errors import DataError
from core.own.roles import NAMES

#: Lines from which the sign between cells is told.
_SNIFFED = 20
_DELIMITERS = (",", ";", "\t")
_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs"}
_FORMS = {",": "CSV", ";": "CSV with semicolons", "\t": "TSV"}
#: The first line of a CSV that Excel is to open, which says the sign between cells.
_SAYS_SIGN = re.compile(r'\s*"?sep=(.)"?[ ,;\t]*\r?\n?', re.IGNORECASE)
_COMMENT = "#"
#: What stands before a table's text in a file that was put together from several.
_MARK = "\ufeff"


@dataclass(frozen=True)
class Separated:
    """Cells of a text.

    Attributes:
        frame: Texts without space around, a row a line; columns by the header.
        form: In a word or two.
        has_decimal_comma: Whether a number may have a comma for its point, as where cells are parted by semicolons.
        notes: What was left out.
    """

    frame: pd.DataFrame
    form: str
    has_decimal_comma: bool
    notes: list[str] = field(default_factory=list)


def separated(text: str, path: Path, most_columns: int) -> Separated:
    """The cells of a text, whichever sign parts them.

    Args:
        text: Of the file, not empty.
        path: The file, for errors.
        most_columns: More are refused.

    Raises:
        DataError: If it is damaged, or rows have other numbers of cells than the header; names the line.
    """
    said, text = _prologue(text)
    delimiter = said or _delimiter(text)
    rows = _rows(text, path, delimiter)
    header = [name.strip().lstrip(_MARK) for name in next(rows, [""])]
    if len(header) > most_columns:
        raise DataError(f"{path} has {len(header):,} columns; at most {most_columns} are read.")
    if len(header) == 1 and "|" in header[0]:
        raise DataError(f"{path}: its cells are parted by '|', which parts several labels: save it with commas.")
    kept, notes = _samples([_of_width(_stripped(row), len(header)) for row in rows], header)
    uneven = [row for row in kept if len(row) != len(header)]
    if uneven:
        line = kept.index(uneven[0]) + 2
        raise DataError(
            f"{path}: row {line:,} has {len(uneven[0]):,} cells and the header {len(header):,} ({len(uneven):,} such "
            f"rows; cells are parted by {_NAMES[delimiter]}). Put texts with such a sign in quotation marks."
        )
    columns = list(zip(*kept, strict=True)) if kept else [()] * len(header)
    frame = pd.DataFrame(dict(enumerate(map(list, columns))), dtype=object).set_axis(header, axis=1)
    return Separated(frame, _FORMS[delimiter], delimiter == ";", notes)


def _samples(rows: Sequence[list[str]], header: Sequence[str]) -> tuple[list[list[str]], list[str]]:
    """The rows that say something, and what became of the others."""
    # A row of nothing but separators is what a spreadsheet leaves below a table.
    told = [row for row in rows if any(row)]
    kept = [row for row in told if not (row[0].startswith(_COMMENT) and not any(row[1:]))]
    # Two tables in one file have their header twice.
    once = [row for row in kept if row != header]
    notes = []
    if len(told) > len(kept):
        notes.append(f"lines that begin with '{_COMMENT}' were left out: {len(told) - len(kept):,}.")
    if len(kept) > len(once):
        notes.append(f"rows that repeat the names of the columns were left out: {len(kept) - len(once):,}.")
    return once, notes


def _stripped(cells: Sequence[str]) -> list[str]:
    return [cell.strip().lstrip(_MARK) for cell in cells]


def _of_width(row: list[str], width: int) -> list[str]:
    """A row without the empty cells that stand beyond its header."""
    while len(row) > width and not row[-1]:
        row.pop()
    return row


def _prologue(text: str) -> tuple[str, str]:
    """The sign that a text says parts its cells, or nothing; and the text from its header on."""
    text = text.lstrip(" \t\r\n" + _MARK) if text[:1].isspace() or text[:1] == _MARK else text
    found = _SAYS_SIGN.match(text)
    if found and found[1] in _DELIMITERS:
        return found[1], text[found.end() :]
    while text.startswith(_COMMENT):
        line, _, rest = text.partition("\n")
        names = {name.strip().strip('"').casefold() for name in re.split(r"[,;\t]", line.lstrip(_COMMENT))}
        if names & set(NAMES["file"]) or not rest.strip():
            return "", text.lstrip(_COMMENT + " ")
        text = rest.lstrip("\r\n")
    return "", text


def _rows(text: str, path: Path, delimiter: str) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True)
    try:
        for row in reader:
            if row and (len(row) > 1 or row[0].strip()):
                yield row
    except csv.Error as error:
        is_long = "limit" in str(error)
        said = f"has a cell of more than {csv.field_size_limit():,} characters" if is_long else f"is damaged ({error})"
        raise DataError(f"{path}, line {reader.line_num:,}, {said}: look for a quotation mark too many.") from error


def _delimiter(text: str) -> str:
    """The sign that parts the first lines into the most cells, of those that part all of them into equally many."""
    lines = (line for line in io.StringIO(text) if line.strip() and not line.startswith(_COMMENT))
    head = list(itertools.islice(lines, _SNIFFED))

    def parted(delimiter: str) -> tuple[bool, int]:
        try:
            widths = [len(row) for row in csv.reader(head, delimiter=delimiter, skipinitialspace=True)]
        except csv.Error:
            return False, 0
        return widths[:1] > [1] and len(set(widths)) == 1, (widths or [0])[0]

    return max(_DELIMITERS, key=parted)
