"""The chosen point of a figure and the open image, kept in the URL.

``cell`` is ``<benchmark key>;<factor>=<value>;...``; ``image`` is ``<benchmark key>:<sample id>``; ``by`` is the model
whose predictions are shown. A pasted link opens the same cell and image.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from core.answers import catalogue
from core.answers.questions import Where

CELL, IMAGE, BY, PAGE = "cell", "image", "by", "p"


@dataclass(frozen=True)
class Cell:
    """A point of a figure: the images behind it.

    Attributes:
        benchmark: Key.
        values: Factor values, numbers or texts.
    """

    benchmark: str
    values: Mapping[str, float | str]

    def encode(self) -> str:
        """As it stands in the URL."""
        return ";".join([self.benchmark, *(f"{name}={content}" for name, content in self.values.items())])

    @property
    def where(self) -> tuple[Where, ...]:
        """As conditions."""
        return tuple(Where.equals(name, content) for name, content in self.values.items())


def decode(text: str) -> Cell | None:
    """The cell of a URL, or None if it is not one."""
    key, *parts = text.split(";")
    values: dict[str, float | str] = {}
    for part in parts:
        name, found, content = part.partition("=")
        if not found:
            return None
        try:
            values[name] = float(content)
        except ValueError:
            values[name] = content
    return Cell(key, values) if key else None


def chosen_cell() -> Cell | None:
    """The cell in the URL, if its benchmark and factors exist."""
    cell = decode(st.query_params.get(CELL, ""))
    benchmark = catalogue.known_benchmarks().get(cell.benchmark) if cell else None
    known = {factor.name for factor in benchmark.factors} if benchmark else set()
    return cell if cell and cell.values and known.issuperset(cell.values) else None


def choose_cell(cell: Cell | None, model: str = "") -> None:
    """Put a cell into the URL; the gallery starts at its first page."""
    close_image()
    st.session_state.pop(PAGE, None)
    _put(CELL, cell.encode() if cell else "")
    _put(BY, model)


def chosen_model() -> str:
    """The model whose predictions the gallery shows; empty for the first."""
    return st.query_params.get(BY, "")


def open_image(benchmark: str, sample_id: str) -> None:
    """Put an image into the URL, which opens the drawer."""
    _put(IMAGE, f"{benchmark}:{sample_id}")


def close_image() -> None:
    """Take the image out of the URL."""
    _put(IMAGE, "")


def opened_image() -> tuple[str, str] | None:
    """(benchmark key, sample id) in the URL."""
    key, found, sample_id = st.query_params.get(IMAGE, "").partition(":")
    return (key, sample_id) if found and sample_id else None


def _put(name: str, text: str) -> None:
    if text:
        st.query_params[name] = text
    elif name in st.query_params:
        del st.query_params[name]
