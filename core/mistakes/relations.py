"""How two ImageNet classes are related, as far as the embedded labels tell.

WordNet itself does not come with the project. Its order does: class indices follow sorted WordNet ids, in which
relatives stand together, so that runs of indices are groups (151 to 268 are dogs). Things have no such runs; of them
only a shared last word is known. What neither tells is said to be unknown.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache

from core.labels import IMAGENET_1K, label_space
from core.paths import EMBEDDED

_FILE = EMBEDDED / "labels" / "imagenet_groups.csv"
UNKNOWN_RELATION = "relation unknown"


@dataclass(frozen=True)
class Group:
    """Where a class belongs.

    Attributes:
        name: ``dog``, ``bird``; empty where no group is known.
        kind: ``animal``, ``thing``, ``food``, ``place``, ``person`` or ``plant``.
    """

    name: str
    kind: str


@cache
def groups() -> tuple[Group, ...]:
    """The group of each ImageNet-1k class, by index."""
    found: list[Group] = []
    with open(_FILE, newline="", encoding="utf-8") as stream:
        for row in csv.DictReader(stream):
            found += [Group(row["group"], row["kind"])] * (int(row["last"]) - int(row["first"]) + 1)
    return tuple(found)


def relation(first: int, second: int) -> str:
    """How two classes are related, in a few words.

    Args:
        first: ImageNet-1k index.
        second: Another.
    """
    if first == second:
        return "the same class"
    one, other = groups()[first], groups()[second]
    word = _last_word(first)
    if word and word == _last_word(second):
        return f"both are named {word}"
    if one.name and one.name == other.name:
        return f"same group: {one.name}"
    if one.kind != other.kind:
        return f"far apart: {one.name or one.kind} and {other.name or other.kind}"
    if one.name and other.name:
        return f"both {_plural(one.kind)}: {one.name} and {other.name}"
    return UNKNOWN_RELATION


def _last_word(index: int) -> str:
    """``terrier`` of ``Irish terrier``; empty for a name of one word."""
    words = label_space(IMAGENET_1K).names[index].split(" (")[0].lower().split()
    return words[-1] if len(words) > 1 else ""


def _plural(kind: str) -> str:
    return kind + "s"
