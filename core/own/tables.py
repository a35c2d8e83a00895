"""Tables of samples as users have them, read into columns: CSV, TSV, Parquet, JSON and JSON lines."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import DataError, nearest
from core.own import datasets
from core.own.separated import separated
from core.own.text import decode, read_bytes

#: Columns that a table may have; more are no factors that a person looks at.
MOST_COLUMNS = 500
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
        table = _json(text, path) if re.match(r"\s*\[\s*\{", text) else _lines(text, path)
    elif suffix == ".json":
        table = _lines(text, path) if _are_lines(text) else _json(text, path)
    elif suffix in (".csv", ".tsv", ".txt", ""):
        if text.lstrip()[:2] in ('{"', "[{"):
            raise DataError(f"{path} begins as JSON does: let its name end with .json, or .jsonl for an object a line.")
        found = separated(text, path, MOST_COLUMNS)
        table = RawTable(found.frame, found.notes, found.form, found.has_decimal_comma)
    else:
        raise DataError(f"{path} ends with '{suffix}'.{nearest(suffix, _READERS.split(', '))} Known: {_READERS}.")
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
    if names and not names[0] and len(frame) and _numbers_rows(frame.iloc[:, 0].tolist()):
        notes.append("its first column has no name and numbers the rows: left out.")
        frame, names = frame.iloc[:, 1:], names[1:]
    said = [bool(name) or any(_is_said(cell) for cell in frame.iloc[:, at]) for at, name in enumerate(names)]
    if not all(said):
        # What a spreadsheet leaves beside a table.
        notes.append(f"columns without a name and a value were left out: {said.count(False):,}.")
        frame, names = frame.loc[:, said], list(itertools.compress(names, said))
    for number, name in enumerate(names, start=1):
        if not name:
            raise DataError(f"{path}: column {number:,} has no name. Give it one, or leave it out.")
        if names.index(name) != number - 1:
            raise DataError(f"{path} has two columns '{name}': rename one, or leave it out.")
    if frame.empty:
        raise DataError(f"{path} has names of columns ({', '.join(names[:_SHOWN])}) and no row: a row an image.")
    return RawTable(frame, notes + _formulas(frame), table.form, table.decimal_comma)


def _numbers_rows(cells: Sequence[Any]) -> bool:
    """Whether cells are whole numbers, each another one."""
    texts = [str(cell) for cell in cells]
    return all(text.isdecimal() for text in texts) and len(set(texts)) == len(texts)


def _is_said(cell: Any) -> bool:
    return cell is not None and cell != "" and cell == cell


def _formulas(frame: pd.DataFrame) -> list[str]:
    found = []
    for name in frame.columns:
        values = frame[name]
        n = sum(1 for value in values if isinstance(value, str) and value.lstrip().startswith(_FORMULA))
        found += [f"{n:,} in '{name}'"] if n else []
    if not found:
        return []
    return [f"cells begin as a formula does in a spreadsheet ({', '.join(found[:_SHOWN])}): they are kept as text."]


def _are_lines(text: str) -> bool:
    """Whether a text has an object on each of its first lines."""
    head = [line for line in text.lstrip().split("\n", 2)[:2] if line.strip()]
    try:
        return len(head) > 1 and all(isinstance(json.loads(line), dict) for line in head)
    except (ValueError, RecursionError):
        return False


def _lines(text: str, path: Path) -> RawTable:
    return _records(_json_lines(text, path), path, "JSON lines")


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
    unsaid = [name for name in names if _whole(name) != name]
    if unsaid:
        raise DataError(f"{path}: the column {_whole(unsaid[0])[:60]!r} is no text that can be written: rename it.")
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
        return _whole(value.strip())
    if isinstance(value, list | tuple | np.ndarray):
        return [_whole(str(each).strip()) for each in value if each is not None]
    return value


def _whole(text: str) -> str:
    """A text that can be written: half of a pair of JSON's escapes is a sign that does not exist."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _parquet(content: bytes, path: Path) -> RawTable:
    try:
        file = pq.ParquetFile(pa.BufferReader(content))
        names = file.schema_arrow.names
        if len(names) > MOST_COLUMNS:
            raise DataError(f"{path} has {len(names):,} columns; at most {MOST_COLUMNS} are read.")
        table = file.read()
        return _of_objects(names, [column.to_pylist() for column in table.columns], "Parquet", [])
    except OverflowError as error:
        raise DataError(f"{path} holds a date that no calendar has ({error}): correct it, or leave it out.") from error
    except (pa.ArrowException, OSError, ValueError, NotImplementedError) as error:
        raise DataError(f"{path} is no Parquet file that can be read: {' '.join(str(error).split())[:200]}") from error
