"""Columns of a file of any format: texts, numbers, or lists of them. Nothing is unpickled, no formula evaluated."""

from __future__ import annotations

import ast
import csv
import io
import json
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core import paths
from core.errors import DataError, UsageError, nearest
from core.own.lists import listed
from core.own.tables import MOST_COLUMNS, read_table
from core.own.text import decode, read_bytes

#: What the column with the image is called.
FILE = (
    *("file", "files", "path", "filepath", "file_path", "filename", "file_name", "image", "image_path", "image_file"),
    *("sample_id", "image_id", "id", "name"),
)
READERS = (".csv", ".tsv", ".txt", ".parquet", ".jsonl", ".ndjson", ".json", ".npz")
_SEPARATED = (".csv", ".tsv", ".txt")
_SIGNS = (",", ";", "\t")
#: Columns of a table with one for each class.
_MOST_CLASSES = 25_000
#: Arrays larger than this are not predictions of a benchmark: 500,000 images of 1,000 classes in float32, and some.
_MOST_BYTES = 8 * 2**30
_LOOKED_AT = 20
_LONGEST = 40


@dataclass(frozen=True)
class Column:
    """One column of a file.

    Attributes:
        cells: A text a row; None where the file has numbers.
        array: (N,) or (N, k) numbers; None where it has texts.
        nested: A list of texts a row; None where rows have one cell.
    """

    cells: Sequence[str] | None = field(default=None, repr=False)
    array: np.ndarray | None = field(default=None, repr=False)
    nested: Sequence[Sequence[str]] | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(next(each for each in (self.cells, self.array, self.nested) if each is not None))

    def texts(self) -> list[str]:
        """A text a row; whole numbers without a point, and none for a number that is missing."""
        if self.nested is not None:
            return ["|".join(line) for line in self.nested]
        if self.cells is not None:
            return list(self.cells)
        assert self.array is not None
        return [_text(value) for value in self.array.tolist()]

    def numbers(self, name: str) -> np.ndarray:
        """float64 (N,); NaN for an empty cell.

        Raises:
            DataError: If a cell is no number; names the row.
        """
        if self.array is not None and self.array.ndim == 1:
            return self.array.astype(np.float64)
        found = pd.to_numeric(pd.Series(self.texts(), dtype=object), errors="coerce").to_numpy(dtype=np.float64).copy()
        unsure = np.flatnonzero(~np.isfinite(found))
        texts = self.texts() if len(unsure) else []
        for row in unsure:
            found[row] = as_number(texts[row], name, int(row))
        return found

    def holds_lists(self) -> bool:
        """Whether a row has several values."""
        if self.nested is not None:
            return True
        if self.array is not None:
            return self.array.ndim == 2
        first = next((cell.strip() for cell in self.cells or () if cell.strip()), "")
        return first[:1] in ("[", "(") or "|" in first

    def lists(self, name: str) -> list[list[str]]:
        """The texts of each row's list.

        Raises:
            DataError: If a cell is no list; names the row.
        """
        if self.nested is not None:
            return [list(line) for line in self.nested]
        if self.array is not None:
            return [[_text(value) for value in line] for line in np.atleast_2d(self.array.T).T.tolist()]
        return [_listed(cell, name, row) for row, cell in enumerate(self.cells or ())]

    def matrix(self, name: str) -> np.ndarray:
        """float32 (N, k), the numbers of equally long lists.

        Raises:
            DataError: If one is no number, or two lists differ in length; names the row.
        """
        if self.array is not None:
            with np.errstate(over="ignore"):
                # What becomes infinite is refused with its row.
                return self.array.astype(np.float32)
        lines = self.lists(name)
        width = len(lines[0]) if lines else 0
        found = np.empty((len(lines), width), dtype=np.float32)
        for row, line in enumerate(lines):
            if len(line) != width:
                raise DataError(f"row {row + 1:,}: '{name}' has {len(line):,} values, the first row {width:,}.")
            found[row] = [as_number(cell, name, row) for cell in line]
        return found

    def is_numeric(self) -> bool:
        """Whether its first cells are numbers."""
        if self.array is not None:
            return self.array.ndim == 1 and self.array.dtype.kind in "iuf"
        first = [cell for cell in (self.cells or ())[:_LOOKED_AT] if cell.strip()]
        return bool(first) and all(_is_number(cell) for cell in first)


def as_number(cell: str, column: str, row: int) -> float:
    """A number from a text, with a decimal point or comma; NaN from an empty one.

    Raises:
        DataError: If it is none; names the row.
    """
    text = cell.strip()
    if not text:
        return float("nan")
    percent = text.endswith("%")
    try:
        value = float(text.rstrip("% ").replace(",", ".") if "." not in text else text.rstrip("% "))
    except ValueError:
        raise DataError(f"row {row + 1:,}: '{column}' is '{text[:_LONGEST]}', not a number.") from None
    if not np.isfinite(value):
        raise DataError(f"row {row + 1:,}: '{column}' is {text[:_LONGEST]}, not a finite number.")
    return value / 100 if percent else value


def _is_number(cell: str) -> bool:
    try:
        as_number(cell, "", 0)
    except DataError:
        return cell.strip().lower().lstrip("+-") in ("nan", "inf", "infinity")
    return True


def _text(value: object) -> str:
    if value is None or value != value:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else str(value)


def _listed(cell: str, name: str, row: int) -> list[str]:
    """The texts of a list that is written in a cell: JSON, as Python or NumPy print it, or with ``|`` between them."""
    text = cell.strip()
    if not text:
        return []
    if text[0] not in "[(":
        return [part.strip() for part in text.split("|")]
    if (found := listed(text)) is not None:
        return found
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        try:
            # Texts and numbers alone; nothing is run.
            values = ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            values = text.strip("[]() ").split()
    if not isinstance(values, list | tuple) or any(isinstance(value, list | tuple | dict) for value in values):
        raise DataError(f"row {row + 1:,}: '{name}' is {text[:_LONGEST]!r}, not a list of classes or numbers.")
    return ["" if value is None else str(value) if value != value else _text(value) for value in values]


def read_columns(path: Path) -> dict[str, Column]:
    """The columns of a file by name, as they stand there.

    Args:
        path: Its name ends as one of ``READERS``.

    Raises:
        UsageError: If it is not there, or of another format.
        DataError: If it cannot be read as what its name says.
    """
    paths.require_text(path)
    if not path.is_file():
        raise UsageError(f"'{path}' is not a file on this machine.")
    suffix = path.suffix.lower()
    if suffix not in READERS:
        raise UsageError(f"'{path.name}' ends with '{suffix}'.{nearest(suffix, READERS)} Known: {', '.join(READERS)}.")
    if not path.stat().st_size:
        raise DataError(f"{path.name} is empty.")
    if suffix == ".npz":
        return _arrays(path)
    return _parquet(path) if suffix == ".parquet" else _table(path)


def _arrays(path: Path) -> dict[str, Column]:
    """The arrays of an ``.npz``, each with a row an image."""
    try:
        with np.load(path, allow_pickle=False) as found:
            _require_size(path)
            arrays = {name: found[name] for name in found.files if f"{name}.npy" in found.zip.namelist()}
    except (OSError, ValueError, EOFError, KeyError, MemoryError, zipfile.BadZipFile, NotImplementedError) as error:
        raise DataError(
            f"{path.name} cannot be read as .npz: {error}. Save it with np.savez and no objects."
        ) from error
    except (AttributeError, TypeError) as error:
        raise DataError(f"{path.name} is no .npz but a single array: use np.savez(PATH, files=…, logits=…).") from error
    if not arrays:
        raise DataError(f"{path.name} is a zip file without an array: use np.savez(PATH, files=…, logits=…).")
    columns = {}
    for name, array in arrays.items():
        if array.ndim not in (1, 2):
            raise DataError(
                f"{path.name}: '{name}' has the shape {array.shape}; it needs a row for each image. Leave out others."
            )
        if array.dtype.kind in "US":
            texts = np.char.decode(array, "utf-8", "backslashreplace") if array.dtype.kind == "S" else array
            columns[name] = Column(cells=texts.tolist()) if array.ndim == 1 else Column(nested=texts.tolist())
        elif array.dtype.kind in "iuf":
            columns[name] = Column(array=array)
        else:
            raise DataError(f"{path.name}: '{name}' holds {array.dtype}, neither texts nor numbers: leave it out.")
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{name} {n:,}" for name, n in lengths.items())
        raise DataError(f"{path.name}: the arrays have different numbers of rows ({said}); one row an image is needed.")
    return columns


def _require_size(path: Path) -> None:
    """Refuse an archive that would unpack to more than any predictions."""
    with zipfile.ZipFile(path) as archive:
        n_bytes = sum(member.file_size for member in archive.infolist())
    if n_bytes > _MOST_BYTES:
        raise DataError(f"{path.name} unpacks to {n_bytes / 2**30:,.0f} GiB, more than predictions take.")


def _parquet(path: Path) -> dict[str, Column]:
    try:
        # All columns as they stand: reading them by name would fail where two have one.
        table = pq.ParquetFile(path).read()
        twice = next((name for name in table.column_names if table.column_names.count(name) > 1), None)
        if twice is not None:
            raise DataError(f"{path.name} has two columns '{twice[:_LONGEST]}': rename one.")
        return {name: _arrow(table[name]) for name in table.column_names}
    except OverflowError as error:
        raise DataError(f"{path.name} holds a date that no calendar has ({error}): leave that column out.") from error
    except (OSError, ValueError, NotImplementedError, pa.ArrowException, MemoryError) as error:
        raise DataError(f"{path.name} cannot be read as Parquet: {' '.join(str(error).split())[:200]}.") from error


def _arrow(values: pa.ChunkedArray) -> Column:
    kind = values.type
    if pa.types.is_dictionary(kind):
        values = values.cast(kind.value_type)
        kind = values.type
    if pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind):
        inner = kind.value_type
        if not (pa.types.is_integer(inner) or pa.types.is_floating(inner)) or values.null_count:
            return Column(nested=[[_text(each) for each in line or ()] for line in values.to_pylist()])
        lengths = pc.list_value_length(values)
        if pc.min(lengths) != pc.max(lengths):
            return Column(nested=[[_text(each) for each in line] for line in values.to_pylist()])
        flat = pa.chunked_array([chunk.flatten() for chunk in values.chunks], inner)
        return Column(array=flat.to_numpy().reshape(len(values), -1))
    if pa.types.is_floating(kind) or (pa.types.is_integer(kind) and not values.null_count):
        return Column(array=values.to_numpy())
    return Column(cells=[_text(value) for value in values.to_pylist()])


def _table(path: Path) -> dict[str, Column]:
    """The columns of a table that is text."""
    suffix = path.suffix.lower()
    if suffix in _SEPARATED:
        text, _ = decode(read_bytes(path), path)
        head = text[: text.find("\n") if "\n" in text else None]
        sign = max(_SIGNS, key=head.count)
        if head.count(sign) >= MOST_COLUMNS:
            return _wide(text, path, sign)
    frame = read_table(path).frame
    return {str(name): _of_objects(frame[name].tolist()) for name in frame.columns}


def _of_objects(values: list[object]) -> Column:
    if any(isinstance(value, list) for value in values):
        return Column(nested=[[str(each) for each in value] if isinstance(value, list) else [] for value in values])
    return Column(cells=[_text(value) for value in values])


def _wide(text: str, path: Path, sign: str) -> dict[str, Column]:
    """A table with a column for each class, which are read as numbers at once."""
    names = next(csv.reader([text[: text.find("\n")].rstrip("\r")], delimiter=sign))
    if len(names) > _MOST_CLASSES:
        raise DataError(f"{path.name} has {len(names):,} columns, more than a file and a number for each class.")
    is_text = {number for number, name in enumerate(names) if name.strip().lower() in FILE}
    try:
        frame = pd.read_csv(
            io.StringIO(text),
            sep=sign,
            header=None,
            skiprows=1,
            names=range(len(names)),
            dtype={number: str if number in is_text else np.float32 for number in range(len(names))},
            decimal="," if sign == ";" else ".",
            index_col=False,
        )
    except (ValueError, pd.errors.ParserError, OverflowError) as error:
        raise DataError(
            f"{path.name} has {len(names):,} columns, which are read as a file and a number for each class, and a cell "
            f"is none: {str(error).splitlines()[0]}."
        ) from error
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise DataError(f"{path.name} has two columns '{twice[:_LONGEST]}': rename one.")
    columns = (frame[number] for number in range(len(names)))
    return {
        name: Column(cells=column.fillna("").tolist()) if number in is_text else Column(array=column.to_numpy())
        for number, (name, column) in enumerate(zip(names, columns, strict=True))
    }
