"""Cells that name a class: by its index, its WordNet id, or one of its names."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

import numpy as np

from core.errors import DataError
from core.labels import LabelSpace, label_space
from core.own.matching import Names, named, plain

_INDEX = re.compile(r"[+-]?\d{1,9}(?:\.0*)?")
_LONGEST = 60
#: Stands for a cell without a class.
NONE = -1
#: Stands, while it is read, for the class of a table's background, which is none of ImageNet's.
BACKGROUND = -2


def indices(cells: Sequence[Sequence[str]], space_key: str, first: int = 0, where: str = "") -> np.ndarray:
    """Class indices from cells.

    Args:
        cells: N rows of k cells; an empty one names no class.
        space_key: Key of the label space.
        first: Index that the file gives to the first class.
        where: What the cells are, for the error; by default a row's.

    Returns:
        int (N, k); ``NONE`` for an empty cell, ``BACKGROUND`` for the class before the first.

    Raises:
        DataError: If a cell names no class of the space, or several; names the row and the cell.
    """
    space = label_space(space_key)
    known: dict[str, int] = {}
    found = np.full((len(cells), max(map(len, cells), default=0)), NONE)
    for row, line in enumerate(cells):
        for at, cell in enumerate(line):
            if cell not in known:
                known[cell] = _index(cell, space, first, where or f"row {row + 1:,}")
            found[row, at] = known[cell]
    return found


def are_numbers(cells: Sequence[Sequence[str]]) -> bool:
    """Whether all cells that are not empty are numbers."""
    return all(_INDEX.fullmatch(cell.strip()) for line in cells for cell in line if cell.strip())


def _index(cell: str, space: LabelSpace, first: int, where: str) -> int:
    text = cell.strip()
    if not text:
        return NONE
    if _INDEX.fullmatch(text):
        index = int(text.partition(".")[0]) - first
        called = _names_of(space.key)[1].get(text.partition(".")[0], [index])
        if called != [index]:
            raise DataError(
                f"{where}: {text} is an index and the name of another class, '{space.names[called[0]]}' with the index "
                f"{called[0] + first}: give a number for each class instead."
            )
        if index == -1 and first > 0:
            return BACKGROUND
        if not 0 <= index < len(space):
            raise DataError(
                f"{where}: class {text} is none of the {len(space):,} of '{space.key}', which are "
                f"{first} to {len(space) - 1 + first}."
            )
        return index
    names = _names_of(space.key)[0]
    fitting = names.of(text)
    if len(fitting) == 1:
        return fitting[0]
    shown = text[:_LONGEST]
    if fitting:
        raise DataError(f"{where}: '{shown}' names several classes: give {named(space, fitting)}.")
    near = " or ".join(f"'{name}'" for name in names.nearest(shown))
    hint = f" Did you mean {near}?" if near else ""
    raise DataError(f"{where}: '{shown}' names no class of '{space.key}'.{hint}")


@cache
def _names_of(space_key: str) -> tuple[Names, dict[str, list[int]]]:
    """All names of the classes, and their own ones by which each is told from all others."""
    space = label_space(space_key)
    return Names(space), {plain(name): [index] for index, name in enumerate(space.names)}
