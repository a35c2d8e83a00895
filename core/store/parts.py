"""A table on disk that grows batch by batch: Parquet parts, each written whole or not at all.

Part ``<kind>-<first>-<last>.parquet`` holds batches first..last; a kind may end in a digest, as
``accepted.<digest>``. It is written under a temporary name and renamed, so a reader never sees half of one and a killed
writer keeps every finished batch. Small parts are merged as they grow in number; a part whose range lies inside
another's is ignored until it is deleted, so a kill between the two steps counts nothing twice.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core import paths
from core.errors import StoreError

_NAME = re.compile(r"^(?P<kind>[a-z]+(?:\.[0-9a-f]+)?)-(?P<first>\d{7})-(?P<last>\d{7})\.parquet$")
_MERGE_EVERY = 64
#: Small enough that one image's row is read in milliseconds from half a million.
_GROUP_ROWS = 32_768
_READ_ATTEMPTS = 3
_T = TypeVar("_T")


class Parts:
    """All parts of one kind in a folder.

    Args:
        folder: Where they are; need not exist yet.
        kind: Beginning of their names.
        schema: Columns of every part.
        remedy: What to do about a damaged one.
    """

    def __init__(
        self,
        folder: Path,
        kind: str,
        schema: pa.Schema,
        remedy: str = "Delete it; the same command computes it again.",
    ) -> None:
        self.folder = folder
        self.kind = kind
        self.schema = schema
        self.remedy = remedy

    def _all(self) -> list[tuple[int, int, Path]]:
        if not self.folder.is_dir():
            return []
        matches = [match for name in os.listdir(self.folder) if (match := _NAME.match(name))]
        return sorted(
            (int(match["first"]), int(match["last"]), self.folder / match[0])
            for match in matches
            if match["kind"] == self.kind
        )

    def _live(self) -> list[tuple[int, int, Path]]:
        """Parts that no other part covers, in the order of batches."""
        live: list[tuple[int, int, Path]] = []
        # Of parts that begin together the longest comes first, so whatever it covers follows it.
        for first, last, path in sorted(self._all(), key=lambda part: (part[0], -part[1])):
            if not live or last > live[-1][1]:
                live.append((first, last, path))
        return live

    @property
    def next_batch(self) -> int:
        """Number that the next batch gets."""
        return max((last for _, last, _ in self._all()), default=-1) + 1

    @property
    def num_rows(self) -> int:
        """Rows stored, from the files' footers alone."""
        return sum(self._from_each(lambda path: pq.read_metadata(path).num_rows))

    def read(self, columns: Sequence[str] | None = None) -> pa.Table:
        """All rows so far.

        Args:
            columns: Only these; all by default.

        Raises:
            StoreError: If a part is damaged; names it.
        """
        names = list(columns) if columns is not None else self.schema.names
        tables = self._from_each(lambda path: pq.read_table(path, columns=names, partitioning=None))
        return pa.concat_tables(tables) if tables else self.schema.empty_table().select(names)

    def rows(self, key: str, wanted: str) -> list[dict[str, Any]]:
        """The rows whose ``key`` column is ``wanted``; those of one batch stand together.

        Raises:
            StoreError: If a part is damaged; names it.
        """
        return next(filter(None, self._from_each(lambda path: find_rows(path, key, wanted))), [])

    @property
    def version(self) -> tuple[str, ...]:
        """Changes whenever rows come or go."""
        return tuple(path.name for _, _, path in self._live())

    def _from_each(self, read_one: Callable[[Path], _T]) -> list[_T]:
        """Apply a reader to every live part; a merge may delete one between listing and reading, so list again."""
        for attempt in range(1, _READ_ATTEMPTS + 1):
            try:
                return [self._checked(read_one, path) for _, _, path in self._live()]
            except FileNotFoundError:
                if attempt == _READ_ATTEMPTS:
                    raise
        raise AssertionError("the last attempt returns or raises")

    def _checked(self, read_one: Callable[[Path], _T], path: Path) -> _T:
        try:
            return read_one(path)
        except FileNotFoundError:
            raise
        except (OSError, pa.ArrowException) as error:
            raise StoreError(f"{path} is damaged ({error}). {self.remedy}") from error

    def append(self, table: pa.Table, batch: int) -> None:
        """Write one batch; when this returns, a kill no longer loses it.

        Raises:
            StoreError: If it cannot be written, for example because the disk is full.
        """
        write_parquet(self.folder / f"{self.kind}-{batch:07d}-{batch:07d}.parquet", table)
        if (batch + 1) % _MERGE_EVERY == 0:
            self._merge([part for part in self._live() if part[0] == part[1]])

    def merge_all(self, by: str) -> None:
        """Leave a single part, its rows sorted by a column of text; equal ones stay in their order."""
        self._merge(self._live(), by)

    def _merge(self, parts: list[tuple[int, int, Path]], by: str | None = None) -> None:
        if len(parts) > 1:
            tables = [self._checked(lambda at: pq.read_table(at, partitioning=None), path) for _, _, path in parts]
            merged = pa.concat_tables(tables)
            # Sorted names take a fraction of the room.
            merged = merged if by is None else merged.take(_order(merged[by]))
            write_parquet(self.folder / f"{self.kind}-{parts[0][0]:07d}-{parts[-1][1]:07d}.parquet", merged)
        self.sweep()

    def sweep(self) -> None:
        """Delete what a merge has made superfluous and what a kill has left under a temporary name."""
        live = {path for _, _, path in self._live()}
        for _, _, path in self._all():
            if path not in live:
                path.unlink(missing_ok=True)
        for path in self.folder.glob(f".{self.kind}-*.tmp"):
            path.unlink(missing_ok=True)


def _order(names: pa.ChunkedArray) -> pa.Array:
    """Rows of a column in the order of its text."""
    numbered = pa.table({"name": names, "row": pa.array(range(len(names)), pa.int64())})
    return pc.sort_indices(numbered, [("name", "ascending"), ("row", "ascending")])


def kinds(folder: Path, kind: str) -> list[str]:
    """The kinds in a folder that are one kind with a digest."""
    if not folder.is_dir():
        return []
    matches = (match for name in os.listdir(folder) if (match := _NAME.match(name)))
    return sorted({match["kind"] for match in matches if match["kind"].startswith(f"{kind}.")})


def find_rows(path: Path, key: str, wanted: str) -> list[dict[str, Any]]:
    """Rows of a Parquet file: only the key is read of all row groups, and the rest of the one that has it."""
    with pq.ParquetFile(path) as file:
        found: list[dict[str, Any]] = []
        for group in range(file.num_row_groups):
            fits = pc.equal(file.read_row_group(group, columns=[key])[key], wanted)
            if pc.any(fits).as_py():
                found += file.read_row_group(group).filter(fits).to_pylist()
            elif found:
                break
    return found


def write_parquet(path: Path, table: pa.Table) -> None:
    """Write a table whole or not at all; see ``paths.writing``.

    Raises:
        StoreError: If it cannot be written; says what to do.
    """
    with paths.writing(path) as stream:
        pq.write_table(table, stream, compression="zstd", row_group_size=_GROUP_ROWS, **_encodings(table.schema))


def _encodings(schema: pa.Schema) -> dict[str, list[str] | bool]:
    """float32 columns are probabilities and uint64 ones digests, which hardly recur.

    In a dictionary they would take more room; probabilities by bytes take 40 % less.
    """
    leaves: dict[str, pa.DataType] = {}
    for field in schema:
        many = pa.types.is_list(field.type)
        leaves[f"{field.name}.list.element" if many else field.name] = field.type.value_type if many else field.type
    split = [path for path, kind in leaves.items() if pa.types.is_float32(kind)]
    unlike = {*split, *(path for path, kind in leaves.items() if pa.types.is_uint64(kind))}
    return {"use_byte_stream_split": split, "use_dictionary": [path for path in leaves if path not in unlike]}
