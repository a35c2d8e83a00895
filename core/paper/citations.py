"""What to cite for benchmarks, models and ways of measuring, as BibTeX.

Entries are data, each with the source of its fields; what a source does not say, an entry does not have.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from core import paths
from core.benchmarks.own import OwnBenchmark
from core.paper import latex_text
from core.types import Card

FILE = paths.EMBEDDED / "citations" / "citations.json"


@dataclass(frozen=True)
class Citation:
    """What is cited.

    Attributes:
        key: In BibTeX.
        short: In a text without BibTeX: ``Yung et al. 2021``.
        kind: Type of the entry.
        fields: Of the entry, as BibTeX has them.
    """

    key: str
    short: str
    kind: str
    fields: tuple[tuple[str, str], ...]

    @property
    def bibtex(self) -> str:
        """The entry; titles keep their capitals."""
        lines = [f"@{self.kind}{{{self.key},"]
        for name, value in self.fields:
            braced = f"{{{value}}}" if name == "title" else value
            lines.append(f"  {name} = {{{braced}}},")
        return "\n".join([*lines, "}"])


@cache
def _data() -> dict[str, Any]:
    return json.loads(FILE.read_text(encoding="utf-8"))


def known() -> dict[str, Citation]:
    """All entries that come with the project, by key."""
    return {
        key: Citation(key, entry["short"], entry["type"], tuple(entry["fields"].items()))
        for key, entry in _data()["entries"].items()
    }


def _of(group: str, name: str) -> tuple[Citation, ...]:
    """Entries of a name, or of the longest of those that it begins with."""
    keys = _data()[group]
    found = [each for each in keys if name == each or (each.endswith(("/", "-")) and name.startswith(each))]
    return tuple(known()[key] for key in keys[max(found, key=len)]) if found else ()


def of_benchmark(card: Card) -> tuple[Citation, ...]:
    """Papers of a benchmark, none of one's own; of one that is not known here what its card says, word for word."""
    if found := _of("benchmarks", card.key):
        return found
    if card.paper.strip() in ("", OwnBenchmark.paper) or after(card):
        return ()
    name = "".join(sign for sign in paths.slug(card.key).lower() if sign.isalnum())
    key = f"benchmark-{name}-{zlib.crc32(card.key.encode('utf-8', 'surrogateescape')):08x}"
    fields = (("title", _field(card.title)), ("note", _field(card.paper)))
    return (Citation(key, " ".join(card.paper.split()), "misc", fields),)


def after(card: Card) -> tuple[Citation, ...]:
    """Papers whose protocols a benchmark follows without being theirs, as its card says."""
    return _of("after", card.key)


def _field(words: str) -> str:
    """Words that are not ours in an entry: BibTeX counts braces, whatever stands before them."""
    return latex_text.escaped(words.replace("{", "(").replace("}", ")"))


def of_model(kind: str) -> tuple[Citation, ...]:
    """The library that loads a model; see ``core.answers.catalogue.kind_of``."""
    return _of("models", kind)


def of_views(name: str) -> tuple[Citation, ...]:
    """The paper that a family of views is from."""
    return _of("views", name)


def of_preset(name: str) -> tuple[Citation, ...]:
    """The paper whose preprocessing a preset repeats."""
    return _of("presets", name)


def bibliography(cited: Iterable[Citation]) -> str:
    """BibTeX of what is cited, each once, in order."""
    return "\n\n".join({each.key: each.bibtex for each in cited}.values()) + "\n"
