"""Images in the cells of Parquet files, as Hugging Face's hub keeps data sets: files, their rows, a cell's bytes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from core.benchmarks import listing
from core.benchmarks.parquet_cells import Cells, open_parquet
from core.errors import DataError, StorageError
from core.paths import is_remote

#: ``validation-00002-of-00013.parquet``, also with a hash after it.
_SHARD = re.compile(r"-(\d{5})-of-(\d{5})\b")
#: Folders that a data set's files lie in, below its own.
_INNER = ("data", "default")
_SPOTS, _SPOT_BYTES = 64, 1 << 16
_SHOWN = 3


@dataclass(frozen=True)
class Shards:
    """The Parquet files of a data set, in the order of their names, which is that of its rows.

    Attributes:
        root: Folder that holds them.
        files: Their names.
        column: Of the images' bytes, such as ``image.bytes``.
    """

    root: Path
    files: tuple[str, ...]
    column: str

    @classmethod
    def of(cls, root: Path, column: str) -> Shards:
        """The files in a folder, or in its folder ``data``.

        Raises:
            DataError: If there are none, or two of the same part of the data set.
        """
        for folder in _folders(root):
            if folder.is_dir():
                found = sorted(each.name for each in listing.entries(folder) if _is_parquet(each))
                if found:
                    _require_one_set(folder, found)
                    return cls(folder, tuple(found), column)
        raise DataError(f"{root} has no Parquet file, nor has its folder data; {_what_is_there(root)}.")

    @property
    def paths(self) -> list[Path]:
        """The files."""
        return [self.root / name for name in self.files]

    def missing(self) -> list[str]:
        """Parts of the data set that are not here, as the names of the others tell; such as ``3 of 13``."""
        numbers = [(int(found[1]), int(found[2])) for name in self.files if (found := _SHARD.search(name))]
        total = max((of for _, of in numbers), default=0)
        here = {number for number, _ in numbers}
        return [f"{number:05}-of-{total:05}" for number in range(total) if number not in here]

    @cached_property
    def cells(self) -> list[Cells]:
        """The column of images of each file.

        Raises:
            DataError: If files are damaged; how many, and which.
            StorageError: If one cannot be opened now.
        """
        found, cut = [], []
        for path in self.paths:
            try:
                found.append(Cells(path, self.column))
            except StorageError:
                raise
            except (OSError, pa.ArrowException) as error:
                cut.append(f"{path.name} ({str(error).split(chr(10))[0][:100]})")
        if cut:
            raise DataError(
                f"{len(cut):,} of {len(self.files):,} Parquet files in {self.root} cannot be read, mostly because the "
                f"download has not ended: {_some(cut)}. Download them again, or move them away."
            )
        return found

    def require(self, columns: Sequence[str]) -> None:
        """Refuse files that have other columns.

        Args:
            columns: Names, with a dot before a field of a struct.

        Raises:
            DataError: Naming what is missing, what is there, and in how many files.
        """
        for cells in self.cells:
            there = _columns(cells.file.schema_arrow)
            missing = [name for name in columns if name not in there]
            if missing:
                n = sum(not set(columns) <= set(_columns(each.file.schema_arrow)) for each in self.cells)
                raise DataError(
                    f"{n:,} of {len(self.files):,} Parquet files in {self.root} have other columns: {cells.path.name} "
                    f"lacks {', '.join(missing)}; it has {', '.join(there)}. Give the folder of the data set's own "
                    "files with --data DIR."
                )

    def has(self, column: str) -> bool:
        """Whether all files have a column."""
        return all(column in _columns(cells.file.schema_arrow) for cells in self.cells)

    def table(self, columns: Sequence[str]) -> pd.DataFrame:
        """Some columns of all rows; of the images nothing is read.

        Raises:
            DataError: If a file is damaged.
        """
        parts = []
        for path in self.paths:
            try:
                # A file of its own: those of the cells may be in use.
                parts.append(open_parquet(path).read(columns=list(columns)))
            except (OSError, pa.ArrowException) as error:
                raise DataError(
                    f"{path} is damaged: {str(error)[:100]}. Download it again, or move it away."
                ) from error
        return pa.concat_tables(parts, promote_options="permissive").to_pandas()

    @cached_property
    def starts(self) -> np.ndarray:
        """First row of each file, and the number of rows."""
        return np.cumsum([0, *(cells.file.metadata.num_rows for cells in self.cells)])

    def read(self, row: int) -> bytes | None:
        """The bytes of an image, None for an empty cell; see ``Cells.read``."""
        number = int(np.searchsorted(self.starts, row, side="right")) - 1
        return self.cells[number].read(int(row - self.starts[number]))

    def digest(self) -> str:
        """SHA-256 (hex) of the images as it can be had without reading all of them.

        Covers the rows and the bytes of images in each row group, and 64 KiB at up to 64 places spread evenly over
        them; neither the names of files, nor columns that are said of images.

        Raises:
            StorageError: If these cannot be read now.
        """
        total = hashlib.sha256()
        spans = []
        for cells in self.cells:
            about = cells.file.metadata
            for group in range(about.num_row_groups):
                begin, n = cells.span(group)
                size = cells.chunk(group).total_uncompressed_size
                total.update(np.array([about.row_group(group).num_rows, n, size], "<i8").tobytes())
                spans.append((cells, begin, n))
        ends = np.cumsum([n for _, _, n in spans], dtype=np.int64)
        for spot in np.unique(np.linspace(0, ends[-1] - 1, _SPOTS).astype(np.int64)) if len(ends) else ():
            at = int(np.searchsorted(ends, spot, side="right"))
            cells, begin, n = spans[at]
            offset = int(spot - (ends[at] - n))
            # Of the last bytes of a group there are fewer.
            offset = max(0, min(offset, n - _SPOT_BYTES))
            total.update(cells.stored(begin + offset, min(_SPOT_BYTES, n - offset)))
        return total.hexdigest()


def where(folder: Path) -> Path | None:
    """The folder itself if Parquet files lie in it or in its folder ``data``, else None; see ``listing.unwrapped``."""
    inside = (each for inner in _folders(folder) if inner.is_dir() for each in listing.entries(inner, sizes=False))
    return folder if any(map(_is_parquet, inside)) else None


def _folders(root: Path) -> tuple[Path, ...]:
    return root, *(root / name for name in _INNER)


def _is_parquet(entry: listing.Entry) -> bool:
    return entry.size is not None and entry.name.lower().endswith(".parquet")


def _require_one_set(folder: Path, names: Sequence[str]) -> None:
    """Refuse two revisions of a data set in one folder, or a part of it twice."""
    parts = [(found[2], found[1]) for name in names if (found := _SHARD.search(name))]
    totals = sorted({total for total, _ in parts})
    if len(totals) > 1:
        counts = " and ".join(f"{sum(each == total for each, _ in parts)} of {int(total)}" for total in totals)
        raise DataError(
            f"{folder} holds the Parquet files of {len(totals)} revisions, {counts}: keep those of one in it."
        )
    twice = [part for part in dict.fromkeys(parts) if parts.count(part) > 1]
    if twice:
        wanted = f"-{twice[0][1]}-of-{twice[0][0]}"
        same = [name for name in names if wanted in name]
        raise DataError(f"{len(twice)} Parquet files of {folder} are there more than once: {_some(same)}. Keep one.")


def _what_is_there(root: Path) -> str:
    found = list(listing.entries(root))
    folders = sorted(each.name for each in found if each.is_folder)
    n_images = sum(each.is_image for each in found)
    if n_images:
        return f"it holds {n_images:,} image files, which this data set does not come as"
    return f"it has the folders {_some(folders)}" if folders else "it has no folders"


def _columns(schema: pa.Schema) -> list[str]:
    """Names of columns, and of the fields of structs after a dot."""
    found = []
    for each in schema:
        found.append(each.name)
        if pa.types.is_struct(each.type):
            found += [f"{each.name}.{each.type.field(at).name}" for at in range(each.type.num_fields)]
    return found


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(map(listing.shown, names[:_SHOWN])) + more


def watched(root: Path) -> list[Path]:
    """The Parquet files that a folder's labels are read from; none of an object store, where looking takes long."""
    if is_remote(root):
        return []
    found = [path for folder in _folders(root) for path in sorted(folder.glob("*.parquet"))]
    return [path for path in found if path.is_file() and not listing.is_junk(path.name)]
