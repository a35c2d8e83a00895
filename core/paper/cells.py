"""A table as a paper has it, before anybody decides in which format it is written."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

#: What a column holds: what a row is called, a number with its interval, a count, or words.
Kind = Literal["name", "value", "count", "words"]
#: Stands for what cannot be said.
NOTHING = "–"
#: Stands behind a count that is too small to carry a claim.
THIN_MARK = "†"
#: Stands behind the name of a model whose result is not finished.
PARTIAL_MARK = "‡"


@dataclass(frozen=True)
class Cell:
    """A cell as words.

    Attributes:
        text: What it says; names from data stand in it as they are.
        interval: Of a number its interval, ``[59.8, 62.7]``; empty where it has none.
        is_best: Whether it is set in bold.
    """

    text: str
    interval: str = ""
    is_best: bool = False


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        head: What stands above it.
        kind: What it holds.
    """

    head: str
    kind: Kind

    @property
    def is_number(self) -> bool:
        """Whether it is set to the right."""
        return self.kind in ("value", "count")


@dataclass(frozen=True)
class PaperTable:
    """A table with all that must be said of it.

    Attributes:
        name: What to type to get it.
        title: What it is, without a full stop.
        columns: From the left.
        rows: Cells, as many in each as there are columns.
        caption: Sentences, with their full stops.
        notes: Sentences that stand below it.
        label: What to refer to it by: small letters, digits and hyphens.
    """

    name: str
    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Cell, ...], ...]
    caption: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    label: str = ""


def percent(share: float | None) -> str:
    """A fraction as percent with one decimal, as a terminal shows it; with a true minus sign."""
    # Adding zero turns a rounded -0.0 into 0.0.
    return NOTHING if share is None else _minus(f"{round(100 * share, 1) + 0.0:.1f}")


def signed(number: float | None) -> str:
    """A number in [-1, 1] that is no share of anything, with its sign and two decimals."""
    return NOTHING if number is None else _minus(f"{round(number, 2) + 0.0:+.2f}")


def plain(number: float) -> str:
    """A number that names a row."""
    return _minus(f"{number:g}")


def _minus(text: str) -> str:
    return text.replace("-", "−")
