"""Single cells of a column of bytes in a Parquet file, in any order, from any number of threads."""

from __future__ import annotations

import os
from collections import OrderedDict
from functools import cached_property
from pathlib import Path
from threading import Lock

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core.benchmarks.parquet_pages import Place, places_of
from core.errors import StorageError
from core.paths import is_remote

#: Row groups that are kept whole where their cells cannot be read one by one.
_KEPT = 2
#: A row group is looked through in memory, or kept there; one thread of a process does so at a time.
_looking = Lock()


class Cells:
    """A column of bytes, such as ``image.bytes``.

    The first cell of a row group that is asked for takes looking through the group, which tells where each of its cells
    lies; from then on a cell takes reading itself. Where that cannot be told, row groups are read whole, and the last
    ones kept.

    Args:
        path: The file.
        column: Name of the column, with a dot before a field of a struct.

    Raises:
        StorageError: If it cannot be opened now.
        OSError, pyarrow.ArrowException: If it is no Parquet file.
    """

    def __init__(self, path: Path, column: str) -> None:
        self.path = path
        self.column = column
        self.file = open_parquet(path)
        self._range = _Range(path)
        self._places: dict[int, list[Place | None]] = {}
        self._groups: OrderedDict[int, pa.Array] = OrderedDict()

    @cached_property
    def _starts(self) -> np.ndarray:
        """First row of each row group, and the number of rows."""
        about = self.file.metadata
        return np.cumsum([0, *(about.row_group(at).num_rows for at in range(about.num_row_groups))])

    def read(self, row: int) -> bytes | None:
        """The bytes of a cell, None for an empty one.

        Args:
            row: From 0 to one less than the file's rows.

        Raises:
            StorageError: If the file cannot be read now.
            OSError, pyarrow.ArrowException: If its row group is damaged.
        """
        group = int(np.searchsorted(self._starts, row, side="right")) - 1
        at = int(row - self._starts[group])
        if group not in self._places:
            with _looking:
                if group not in self._places:
                    self._places[group] = self._located(group)
        places = self._places[group]
        if not places:
            with _looking:
                return self._kept(group)[at].as_py()
        place = places[at]
        return None if place is None else place.read(self._range.read)

    @cached_property
    def _number(self) -> int:
        """Which of the file's columns it is."""
        return next(at for at in range(len(self.file.schema)) if self.file.schema.column(at).path == self.column)

    def chunk(self, group: int) -> pq.ColumnChunkMetaData:
        """What the file says of the column in a row group."""
        return self.file.metadata.row_group(group).column(self._number)

    def span(self, group: int) -> tuple[int, int]:
        """Where the column of a row group begins in the file, and its bytes there."""
        chunk = self.chunk(group)
        begin = chunk.dictionary_page_offset if chunk.has_dictionary_page else None
        return chunk.data_page_offset if begin is None else begin, chunk.total_compressed_size

    def stored(self, offset: int, n: int) -> bytes:
        """Bytes of the file as they stand there.

        Raises:
            StorageError: If they cannot be read now.
        """
        return self._range.read(offset, n)

    def _values(self, group: int) -> pa.Array:
        table = self.file.read_row_group(group, columns=[self.column])
        values = table.column(0)
        for name in self.column.split(".")[1:]:
            values = pc.struct_field(values, name)
        return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values

    def _kept(self, group: int) -> pa.Array:
        if group not in self._groups:
            self._groups[group] = self._values(group)
            while len(self._groups) > _KEPT:
                self._groups.popitem(last=False)
        self._groups.move_to_end(group)
        return self._groups[group]

    def _located(self, group: int) -> list[Place | None]:
        """Where the cells of a row group lie; an empty list if that cannot be told."""
        start, n = self.span(group)
        column = self.file.schema.column(self._number)
        try:
            if column.max_repetition_level or column.physical_type != "BYTE_ARRAY":
                return []
            codec = self.chunk(group).compression.lower()
            places = places_of(self.stored(start, n), start, codec, column.max_definition_level)
        except StorageError:
            raise
        except (ValueError, IndexError, KeyError, TypeError, OSError, pa.ArrowException):
            # What is damaged, or stored in another way, is read whole, by Arrow, which says what is wrong.
            return []
        return places if len(places) == self.file.metadata.row_group(group).num_rows else []


def open_parquet(path: Path) -> pq.ParquetFile:
    """A Parquet file, of which nothing but the end is read.

    Raises:
        StorageError: If the system does not give it now.
        OSError, pyarrow.ArrowException: If it is no Parquet file.
    """
    try:
        return pq.ParquetFile(path.open("rb") if is_remote(path) else str(path))
    except OSError as error:
        # Arrow's own errors have no number; nor has much of what an object store says.
        if error.errno is None and not is_remote(path):
            raise
        raise StorageError(f"{path} cannot be read now: {error.strerror or error}.") from error


class _Range:
    """Bytes of a file from an offset on, on a disk and in an object store."""

    def __init__(self, path: Path) -> None:
        self._path = path
        # Reading at an offset moves nothing, so that all threads share it.
        self._stream = None if is_remote(path) else path.open("rb", buffering=0)

    def read(self, offset: int, n: int) -> bytes:
        """Bytes of the file.

        Raises:
            StorageError: If they cannot be read now; also if the file has become shorter.
        """
        try:
            if self._stream is None:
                found = self._path.fs.cat_file(self._path.path, start=offset, end=offset + n)
            else:
                found = os.pread(self._stream.fileno(), n, offset)
        except Exception as error:
            if not (isinstance(error, OSError) or is_remote(self._path)):
                raise
            said = getattr(error, "strerror", None) or error
            raise StorageError(f"{self._path} cannot be read now: {said}.") from error
        if len(found) != n:
            raise StorageError(f"{self._path} cannot be read now: it is shorter than it was.")
        return found
