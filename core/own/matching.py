"""Which classes the labels of a table are: by index, WordNet id, or any of a class's names."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from core.labels import LabelSpace
from core.own.lists import listed

#: What parts several labels of an image in one text.
SEPARATOR = "|"
#: Labels that are not matched for which the nearest names are looked for.
_HINTED = 20
_WNID = re.compile(r"n\d{8}")
#: A WordNet id with a name behind it, as folders and lists of classes have them.
_WNID_AND_NAME = re.compile(r"(n\d{8})[\s:,;_-]+(.+)")


@dataclass
class Labels:
    """What the labels of a column mean.

    Attributes:
        accepted: For each row its class indices, ascending; empty where one of its labels is not known, or it has none.
        matched: Number of rows by label that is understood.
        unmatched: Number of rows by label that is not.
        hints: The nearest known names, by label that is not understood.
        ambiguous: The classes that it may mean, by label.
        n_empty: Rows without a label.
    """

    accepted: list[list[int]]
    matched: Counter[str] = field(default_factory=Counter)
    unmatched: Counter[str] = field(default_factory=Counter)
    hints: dict[str, list[str]] = field(default_factory=dict)
    ambiguous: dict[str, list[int]] = field(default_factory=dict)
    n_empty: int = 0


def match(cells: Sequence[object], space: LabelSpace, *, with_hints: bool = True) -> Labels:
    """The classes of each row.

    Args:
        cells: Of the column of labels: a text (several labels parted by ``|``), a number (a class index), a list.
        space: The label space that they are classes of.
        with_hints: Whether the nearest names are looked for.
    """
    known = Names(space)
    found = Labels([[] for _ in cells])
    meant: dict[str, list[int]] = {}
    for row, cell in enumerate(cells):
        labels = parts(cell)
        found.n_empty += not labels
        classes: set[int] = set()
        is_whole = True
        for label in labels:
            if label not in meant:
                meant[label] = known.of(label)
            is_whole &= len(meant[label]) == 1
            (found.matched if len(meant[label]) == 1 else found.unmatched)[label] += 1
            classes.update(meant[label])
        if is_whole:
            found.accepted[row] = sorted(classes)
    found.ambiguous = {label: classes for label, classes in meant.items() if len(classes) > 1}
    strangers = [label for label, _ in found.unmatched.most_common() if label not in found.ambiguous and with_hints]
    found.hints = {label: known.nearest(label) for label in strangers[:_HINTED]}
    return found


def parts(cell: object) -> list[str]:
    """The labels in a cell, each once."""
    if cell is None or cell != cell:
        return []
    if isinstance(cell, list):
        found = [str(each) for each in cell]
    elif isinstance(cell, float) and cell.is_integer():
        found = [str(int(cell))]
    else:
        found = listed(str(cell)) or str(cell).split(SEPARATOR)
    return list(dict.fromkeys(each.strip() for each in found if each.strip()))


class Names:
    """All names of the classes of a label space."""

    def __init__(self, space: LabelSpace) -> None:
        self._space = space
        self._by_name: dict[str, set[int]] = defaultdict(set)
        self._shown: dict[str, str] = {}
        # Where all classes are called by numbers, as digits are, a number is a name and no index.
        self._has_indices = not all(name.strip().isdecimal() for name in space.names)
        self._exact = {name: index for index, name in enumerate(space.names)}
        self._own: dict[str, set[int]] = defaultdict(set)
        for index, name in enumerate(space.names):
            self._own[plain(name)].add(index)
            self._add(name, index)
        for index, lemmas in enumerate(space.lemmas):
            for lemma in (lemmas, *lemmas.split(",")):
                self._add(lemma, index)
        for index, wnid in enumerate(space.wnids):
            self._by_name[plain(wnid)].add(index)

    def _add(self, name: str, index: int) -> None:
        self._by_name[plain(name)].add(index)
        self._shown.setdefault(plain(name), name.strip())

    def of(self, label: str) -> list[int]:
        """The classes that a label may mean: one if it is understood, none, or several."""
        # A class's own name, by which it is shown and exported, goes before others' synonyms; case tells two apart.
        found = {self._exact[label]} if label in self._exact else self._own.get(plain(label), set())
        found = set(found or self._by_name.get(plain(label), ()))
        if re.fullmatch(r"\d{1,7}(\.0+)?", label) and label.isascii():
            number = int(float(label))
            if not self._has_indices:
                found |= self._by_name.get(str(number), set())
            elif number < len(self._space):
                found.add(number)
        if not found and (both := _WNID_AND_NAME.fullmatch(plain(label).replace(" ", "_"))):
            wnid, name = (self._by_name.get(plain(part), set()) for part in both.groups())
            # Where the two are not of one class, the label may mean either.
            found = (wnid & name) or (wnid | name if wnid and name else set())
        return sorted(found)

    def nearest(self, label: str) -> list[str]:
        """Up to three names like a label; of a WordNet id none, as one digit makes another class."""
        if _WNID.fullmatch(plain(label)):
            return []
        found = difflib.get_close_matches(plain(label), self._shown, n=3, cutoff=0.6)
        return [self._shown[each] for each in found]


def named(space: LabelSpace, classes: Iterable[int]) -> str:
    """Classes by name and how to type each, for a choice between them."""
    return " or ".join(
        f"{space.names[index]} ({space.wnids[index] if space.wnids else f'index {index}'})" for index in classes
    )


def plain(name: str) -> str:
    """A name without what people write differently: case, ``_`` for a space, spaces around and twice, Unicode form."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().replace("_", " ").split())
