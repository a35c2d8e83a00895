"""The chosen point of a figure and the open image, kept in the URL.

``cell`` is ``<benchmark key>;<factor>=<value>;...``, where a value is what the factor's kind says, or of numbers a
range such as ``0.2..0.3`` (without any it means all images); ``image`` is ``<benchmark key>:<sample id>``; ``by`` is
the model whose predictions are shown, and ``flip`` which of the images: those that the second model ``broken`` or
``fixed``, where flips are shown. A pasted link opens the same cell and image.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import unquote

from core import store
from core.answers import catalogue, described
from core.answers.flips import KINDS, Kind
from core.answers.questions import Where
from core.answers.spans import Span
from core.errors import UsageError
from core.images.views import known_views
from core.types import Factor, FactorValue
from pages.shared.page import address

CELL, IMAGE, BY, PAGE, FLIP = "cell", "image", "by", "p", "flip"
#: Between the ends of a range.
_TO = ".."
#: What would end a value in a cell, and the sign that escapes it.
_ESCAPED = str.maketrans({";": "%3B", "%": "%25"})


@dataclass(frozen=True)
class Cell:
    """A point of a figure: the images behind it.

    Attributes:
        benchmark: Key.
        values: Value by factor, of the factor's kind.
        spans: Range by numeric factor, for others.
    """

    benchmark: str
    values: Mapping[str, FactorValue]
    spans: Mapping[str, Span] = field(default_factory=dict)

    def encode(self) -> str:
        """As it stands in the URL."""
        factors = _factors(self.benchmark)
        said = [f"{name}={factors[name].text(content)}" for name, content in self.values.items()]
        said += [f"{name}={span.low}{_TO}{span.high}" for name, span in self.spans.items()]
        return ";".join([self.benchmark, *(part.translate(_ESCAPED) for part in said)])

    @property
    def where(self) -> tuple[Where, ...]:
        """As conditions."""
        values = (Where.equals(name, content) for name, content in self.values.items())
        return (*values, *(Where.within(name, span) for name, span in self.spans.items()))


def decode(text: str) -> Cell | None:
    """The cell of a URL, or None if it is not one: its benchmark and factors exist, its values are of their kinds."""
    key, *parts = text.split(";")
    factors = _factors(key)
    values: dict[str, FactorValue] = {}
    spans: dict[str, Span] = {}
    for part in parts:
        name, _, content = unquote(part).partition("=")
        try:
            if factors[name].is_number and _TO in content:
                low, high = sorted(float(factors[name].parse(end)) for end in content.split(_TO, 1))
                spans[name] = Span(low, high)
            else:
                values[name] = factors[name].parse(content)
        except (KeyError, UsageError):
            return None
    return Cell(key, values, spans) if key in catalogue.known_benchmarks() else None


def _factors(key: str) -> dict[str, Factor]:
    """A benchmark's factors, those of views and facts computed by name; none of a benchmark that is not known."""
    benchmark = catalogue.known_benchmarks().get(key)
    if benchmark is None:
        return {}
    of_views = (factor for views in known_views().values() for factor in views.factors)
    return {factor.name: factor for factor in (*described.possible(), *of_views, *benchmark.factors)}


def chosen_cell() -> Cell | None:
    """The cell in the URL, if it is one."""
    return decode(_asked(CELL))


def chosen_view(run: store.Run) -> str:
    """The view of a run's family that the cell in the URL is of; the first one where it names none."""
    cell = chosen_cell()
    names = {factor.name for factor in run.views.factors}
    wanted = {name: content for name, content in (cell.values if cell else {}).items() if name in names}
    rows = (row for row in run.views.rows if all(row[name] == content for name, content in wanted.items()))
    return str(next(rows, run.views.rows[0])["view"])


def choose_cell(cell: Cell | None, model: str = "", flip: str = "") -> None:
    """Put a cell into the URL, and which of its images, if only flips are meant; the gallery starts at page one."""
    address.put(image="", p="", flip=flip, cell=cell.encode() if cell else "", by=model)


def chosen_flip() -> Kind | None:
    """Which flips of the chosen cell are meant: those that the second model breaks, or fixes; None for all images."""
    asked = _asked(FLIP)
    return next((kind for kind in KINDS if kind == asked), None)


def chosen_model() -> str:
    """The model whose predictions the gallery shows; empty for the first."""
    return _asked(BY)


def open_image(benchmark: str, sample_id: str) -> None:
    """Put an image into the URL, which opens the drawer."""
    address.put(image=f"{benchmark}:{sample_id}")


def close_image() -> None:
    """Take the image out of the URL."""
    address.put(image="")


def opened_image() -> tuple[str, str] | None:
    """(benchmark key, sample id) in the URL."""
    key, found, sample_id = _asked(IMAGE).partition(":")
    return (key, sample_id) if found and sample_id else None


def _asked(name: str) -> str:
    return next(iter(address.asked(name)), "")
