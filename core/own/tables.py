"""Tables of samples as users have them, read into columns: CSV, TSV, Parquet, JSON and JSON lines."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import DataError, nearest
from core.own import datasets
from core.own.text import decode, read_bytes

#: Columns that a table may have; more are no factors that a person looks at.
MOST_COLUMNS = 500
#: Lines from which the sign between cells is told.
_SNIFFED = 20
_DELIMITERS = (",", ";", "\t")
_NAMES = {",": "commas", ";": "semicolons", "\t": "tabs"}
#: How a cell begins that a spreadsheet takes for a formula.
_FORMULA = ("=", "@")
_READERS = ".csv, .tsv, .txt, .parquet, .jsonl, .ndjson, .json"
_SHOWN = 3


@dataclass(frozen=True)
class RawTable:
    """A table as it was read; nothing is understood of it yet.

    Attributes:
        frame: A row a sample, all columns of Python's objects: texts, numbers, True and False, dates, lists of texts,
            and None for what is not there.
        notes: What a user should know of how it was read.
        form: What it is, in a word or two.
        decimal_comma: Whether a number may have a comma for its point, as where cells are parted by semicolons.
    """

    frame: pd.DataFrame
    notes: list[str] = field(default_factory=list)
    form: str = ""
    decimal_comma: bool = False


def read_table(path: Path) -> RawTable:
    """A table of samples, in whichever of the known forms it is.

    Raises:
        UsageError: If there is no such file.
        DataError: If it is none of the forms, or damaged; names the line and what to do.
        StorageError: If the system does not give it now.
    """
    content, suffix = read_bytes(path), path.suffix.lower()
    if content[:4] == b"PAR1" or suffix == ".parquet":
        return checked(_parquet(content, path), path)
    if suffix in (".xls", ".xlsx", ".ods", ".numbers"):
        raise DataError(f"{path} is a spreadsheet: save it as CSV, and give that file.")
    text, notes = decode(content, path)
    if not text.strip():
        raise DataError(
            f"{path} is empty: a table has a line with the names of its columns, and a line for each image."
        )
    if suffix in (".jsonl", ".ndjson"):
        table = _records(_json_lines(text, path), path, "JSON lines")
    elif suffix == ".json":
        table = _json(text, path)
    elif suffix in (".csv", ".tsv", ".txt", ""):
        table = _separated(text, path, "\t" if suffix == ".tsv" else "")
    else:
        raise DataError(
            f"{path} ends with '{suffix}': {nearest(suffix, _READERS.split(', ')) or 'known are'} {_READERS}."
        )
    return checked(RawTable(table.frame, [*notes, *table.notes], table.form, table.decimal_comma), path)


def checked(table: RawTable, path: Path) -> RawTable:
    """A table with names that can be used, and rows.

    Raises:
        DataError: If a name is there twice, a column has none, there are too many columns, or no row.
    """
    names = [str(name).strip() for name in table.frame.columns]
    if len(names) > MOST_COLUMNS:
        raise DataError(
            f"{path} has {len(names):,} columns; at most {MOST_COLUMNS} are read. Keep the file, the label and the "
            "factors."
        )
    frame, notes = table.frame.set_axis(names, axis=1), list(table.notes)
    if names and not names[0] and list(frame.iloc[:, 0].astype(str)) == [str(row) for row in range(len(frame))]:
        notes.append("its first column has no name and numbers the rows: left out.")
        frame, names = frame.iloc[:, 1:], names[1:]
    for number, name in enumerate(names, start=1):
        if not name:
            raise DataError(f"{path}: column {number:,} has no name. Give it one, or leave it out.")
        if names.index(name) != number - 1:
            raise DataError(f"{path} has two columns '{name}': rename one, or leave it out.")
    if frame.empty:
        raise DataError(f"{path} has names of columns ({', '.join(names[:_SHOWN])}) and no row: a row an image.")
    return RawTable(frame, notes + _formulas(frame), table.form, table.decimal_comma)


def _formulas(frame: pd.DataFrame) -> list[str]:
    found = []
    for name in frame.columns:
        values = frame[name]
        n = sum(1 for value in values if isinstance(value, str) and value.lstrip().startswith(_FORMULA))
        found += [f"{n:,} in '{name}'"] if n else []
    if not found:
        return []
    return [f"cells begin as a formula does in a spreadsheet ({', '.join(found[:_SHOWN])}): they are kept as text."]


def _separated(text: str, path: Path, delimiter: str) -> RawTable:
    delimiter = delimiter or _delimiter(text)
    rows = _rows(text, path, delimiter)
    header = next(rows)
    if len(header) > MOST_COLUMNS:
        raise DataError(f"{path} has {len(header):,} columns; at most {MOST_COLUMNS} are read.")
    # A row of nothing but separators is what a spreadsheet leaves below a table.
    kept = [row for row in rows if any(row)]
    uneven = [row for row in kept if len(row) != len(header)]
    if uneven:
        line = kept.index(uneven[0]) + 2
        raise DataError(
            f"{path}: row {line:,} has {len(uneven[0]):,} cells and the header {len(header):,} ({len(uneven):,} such "
            f"rows; cells are parted by {_NAMES[delimiter]}). Put texts with such a sign in quotation marks."
        )
    columns = list(zip(*kept, strict=True)) if kept else [()] * len(header)
    frame = pd.DataFrame(dict(enumerate(map(_stripped, columns))), dtype=object).set_axis(header, axis=1)
    form = {",": "CSV", ";": "CSV with semicolons", "\t": "TSV"}[delimiter]
    return RawTable(frame, [], form, delimiter == ";")


def _stripped(cells: Sequence[str]) -> list[str]:
    return [cell.strip() for cell in cells]


def _rows(text: str, path: Path, delimiter: str) -> Iterator[list[str]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True, skipinitialspace=True)
    try:
        for row in reader:
            if row:
                yield row
    except csv.Error as error:
        is_long = "limit" in str(error)
        said = f"has a cell of more than {csv.field_size_limit():,} characters" if is_long else f"is damaged ({error})"
        raise DataError(f"{path}, line {reader.line_num:,}, {said}: look for a quotation mark too many.") from error


def _delimiter(text: str) -> str:
    """The sign that parts the first lines into the most cells, of those that part all of them into equally many."""
    head = list(itertools.islice((line for line in io.StringIO(text) if line.strip()), _SNIFFED))

    def parted(delimiter: str) -> tuple[bool, int]:
        try:
            widths = [len(row) for row in csv.reader(head, delimiter=delimiter, skipinitialspace=True)]
        except csv.Error:
            return False, 0
        return widths[0] > 1 and len(set(widths)) == 1, widths[0]

    return max(_DELIMITERS, key=parted)


def _json_lines(text: str, path: Path) -> list[Any]:
    found = []
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            try:
                found.append(json.loads(line))
            except (ValueError, RecursionError) as error:
                raise DataError(f"{path}, line {number:,}, is not JSON: {error}.") from error
    return found


def _json(text: str, path: Path) -> RawTable:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{path} is not JSON: {error}.") from error
    if isinstance(content, list):
        return _records(content, path, "JSON")
    read = datasets.reader(content)
    if read is None:
        raise DataError(
            f"{path} is neither a list of objects (one an image), nor COCO ('images', 'annotations', 'categories'), "
            "nor FiftyOne ('samples')."
        )
    found = read(content, path)
    return _records(found.rows, path, found.form, found.notes)


def _records(rows: Sequence[Any], path: Path, form: str, notes: Sequence[str] = ()) -> RawTable:
    """Rows that are objects, as columns; one that holds objects is left out."""
    for number, row in enumerate(rows, start=1):
        if not isinstance(row, dict):
            raise DataError(f"{path}: row {number:,} is {str(row)[:60]!r}, not an object such as {{'file': 'a.jpg'}}.")
    names = list(dict.fromkeys(itertools.chain.from_iterable(rows)))
    if len(names) > MOST_COLUMNS:
        raise DataError(f"{path} has {len(names):,} columns; at most {MOST_COLUMNS} are read.")
    columns = [[row.get(name) for row in rows] for name in names]
    return _of_objects(names, columns, form, notes)


def _of_objects(names: Sequence[str], columns: Sequence[Sequence[Any]], form: str, notes: Sequence[str]) -> RawTable:
    kept, left_out = {}, []
    for number, (name, column) in enumerate(zip(names, columns, strict=True)):
        if any(not _is_plain(value) for value in column):
            left_out.append(name)
        else:
            kept[number] = pd.Series([_cell(value) for value in column], dtype=object)
    said = [f"columns that hold objects were left out: {', '.join(left_out[:_SHOWN])}."] if left_out else []
    frame = pd.DataFrame(kept).set_axis([names[number] for number in kept], axis=1)
    return RawTable(frame, [*notes, *said], form)


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple | np.ndarray):
        return all(each is None or isinstance(each, str | bool | int | float) for each in value)
    return not isinstance(value, dict | bytes)


def _cell(value: Any) -> Any:
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, list | tuple | np.ndarray):
        return [str(each).strip() for each in value if each is not None]
    return value


def _parquet(content: bytes, path: Path) -> RawTable:
    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        names = file.schema_arrow.names
        if len(names) > MOST_COLUMNS:
            raise DataError(f"{path} has {len(names):,} columns; at most {MOST_COLUMNS} are read.")
        table = file.read()
        return _of_objects(names, [column.to_pylist() for column in table.columns], "Parquet", [])
    except (pa.ArrowException, OSError, ValueError, NotImplementedError) as error:
        raise DataError(f"{path} is no Parquet file that can be read: {str(error)[:200]}") from error
