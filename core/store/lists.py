"""Columns of lists as flat arrays: Arrow's own form, and the one that fast joins need."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from core.errors import DataError


def list_offsets(column: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """A column of lists as (offsets (N + 1,), flat values), for plain and for Arrow-backed columns."""
    array = pa.array(column, from_pandas=True)
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    if pa.types.is_null(array.type):
        return np.zeros(len(column) + 1, dtype=np.int64), np.empty(0, dtype=np.int64)
    lengths = array.value_lengths().fill_null(0).to_numpy(zero_copy_only=False)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return offsets, array.flatten().to_numpy(zero_copy_only=False)


def list_matrix(column: pd.Series) -> np.ndarray:
    """A column of equally long lists as (N, k); rows of a missing list are -1.

    Raises:
        DataError: If two lists differ in length.
    """
    offsets, flat = list_offsets(column)
    lengths = np.diff(offsets)
    width = int(lengths.max(initial=0))
    full = lengths == width
    if not (full | (lengths == 0)).all():
        raise DataError(f"'{column.name}' holds lists of different lengths")
    matrix = np.full((len(column), width), -1, dtype=flat.dtype if width else np.int64)
    matrix[full] = flat.reshape(-1, width) if width else matrix[full]
    return matrix


def explode(table: pd.DataFrame, column: str) -> pd.DataFrame:
    """A row for each value in a column of lists, and once for a value that a list repeats; none for an empty list."""
    offsets, values = list_offsets(table[column])
    pairs = pd.DataFrame({"row": np.repeat(np.arange(len(table)), np.diff(offsets)), "value": values}).drop_duplicates()
    exploded = table.drop(columns=column).iloc[pairs["row"]].assign(**{column: pairs["value"].to_numpy()})
    return exploded[list(table.columns)].reset_index(drop=True)


def to_pandas(table: pa.Table) -> pd.DataFrame:
    """A table with its lists left in Arrow's flat form, which is what fast joins need."""
    lists = {column.type: pd.ArrowDtype(column.type) for column in table.schema if pa.types.is_list(column.type)}
    return table.to_pandas(types_mapper=lists.get)
