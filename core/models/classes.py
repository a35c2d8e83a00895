"""Which class each output of a network is, told by its names or by how many there are. Nothing here imports torch."""

from __future__ import annotations

import csv
import hashlib
import importlib.util
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from core import labels
from core.labels import FOCUS_10, IMAGENET_1K, UNNAMED, WNID, plain, quoted

#: Column of a class that no output stands for; see ``Head.columns``.
NONE = -1
#: Lists of WordNet ids in the order of an output, in timm's folder of them, by length. All begin with ImageNet and are
#: of other releases or cuts of it: fall 2011, its Google and Microsoft forms, timm's 12k, and the two of Alibaba MIIL.
_LISTS = {
    21841: "imagenet22k_synsets.txt",
    21842: "imagenet22k_ms_synsets.txt",
    21843: "imagenet21k_goog_synsets.txt",
    11821: "imagenet12k_synsets.txt",
    11221: "imagenet21k_miil_synsets.txt",
    10450: "imagenet21k_miil_w21_synsets.txt",
}
_LEMMAS = "imagenet_synset_to_lemma.txt"
#: Of ImageNet's 1,000 classes so many may have no output; the release of fall 2011 lacks one, its cuts up to nine.
_MOST_MISSING = 10
#: Share of an output's names that a list must have at the same places for the output to be taken for it.
_MOSTLY = 0.95
#: Names that say no more than a number.
_NUMBERED = re.compile(r"(?:(?:label|class)[ _-]?)?(\d+)", re.IGNORECASE)
#: A WordNet id with words behind it, as in ``n01440764 tench, Tinca tinca``.
_ID_AND_WORDS = re.compile(rf"({WNID.pattern})[\s,:;|_-]+\S.*", re.DOTALL)
_BACKGROUND = {"background", "background class", "bg", "none", "nothing", "dummy", "other", "unknown"}
_SHOWN = 3


@dataclass(frozen=True)
class Head:
    """What is made of a network's outputs.

    Attributes:
        label_space: Of what is left.
        num_classes: Number of what is left.
        columns: Outputs of the network kept, in the order of the label space; empty where all are kept, as they are.
            ``NONE`` for a class that no output stands for, and that is never named.
        said: What was done, in words; empty where nothing was. It is part of a result's identity.
        why: For a label space that is not known: what was compared with what, in a sentence.
    """

    label_space: str
    num_classes: int
    columns: tuple[int, ...] = ()
    said: str = ""
    why: str = ""


def head_of(n_outputs: int, names: object = None) -> Head:
    """The label space of a network's outputs.

    Names decide where there are some; without names 1,000 outputs are ImageNet's, and as many as one of timm's lists of
    larger cuts of ImageNet has are that list's.

    Args:
        n_outputs: How many it gives.
        names: Class names or WordNet ids that come with it: a list in output order, or an object of them by index.

    Raises:
        ValueError: If the names are in no such form; says what they are.
    """
    given = labels.by_index(names)
    known = labels.identified(n_outputs, given or None)
    if known.key != IMAGENET_1K and not known.key.startswith(UNNAMED):
        return Head(known.key, n_outputs)
    given = {} if _say_nothing(given) else {at: _id_alone(name) for at, name in given.items()}
    known = labels.identified(n_outputs, given or None)
    # Most names may be those of ImageNet's order where two classes are swapped, so what names say exactly goes first.
    in_order, fault = _by_name(n_outputs, given)
    if in_order is not None:
        return in_order
    if not known.key.startswith(UNNAMED):
        moved = _moved(given)
        return Head(f"{UNNAMED}{n_outputs}", n_outputs, why=moved + fault) if moved else Head(known.key, n_outputs)
    if n_outputs == len(labels.label_space(IMAGENET_1K)) + 1:
        return _without_background(n_outputs, given) or Head(known.key, n_outputs, why=known.why)
    found = _reduced(n_outputs, given)
    return found or Head(known.key, n_outputs, why=known.why + fault)


def said_of(head: Head) -> tuple[str, ...]:
    """The note of a model whose outputs are not all of its network's, as they are; none for any other."""
    return (f"{head.said[0].upper()}{head.said[1:]}.",) if head.said else ()


def _say_nothing(names: Mapping[int, str]) -> bool:
    """Whether names only count, as ``LABEL_0`` does; numbers in another order than the outputs' say something."""
    numbered = {at: _NUMBERED.fullmatch(name.strip()) for at, name in names.items()}
    return all(found is not None and int(found[1]) == at for at, found in numbered.items())


def _id_alone(name: str) -> str:
    """A WordNet id without the words behind it; a name in words as it is."""
    found = _ID_AND_WORDS.fullmatch(name.strip())
    return found[1] if found else name


def _by_name(n_outputs: int, names: Mapping[int, str]) -> tuple[Head | None, str]:
    """The head of outputs that are exactly the classes of a known space in any order; else None, and what is wrong."""
    if sorted(names) != list(range(n_outputs)):
        return None, ""
    fault = ""
    if n_outputs == len(labels.label_space(IMAGENET_1K)):
        found, fault = _permuted([_imagenet_class(names[at]) for at in range(n_outputs)], names)
        if found is not None:
            return _ordered(IMAGENET_1K, found, "ImageNet's"), ""
    for key in (FOCUS_10, *labels.own_keys()):
        found = _same_names(key, names)
        if found is not None:
            return _ordered(key, found, "FOCUS's" if key == FOCUS_10 else "one's own list"), ""
    return None, fault


def _ordered(key: str, columns: tuple[int, ...], whose: str) -> Head:
    if columns == tuple(range(len(columns))):
        return Head(key, len(columns))
    said = f"{len(columns):,} outputs put into the order of {whose} classes by their names ({_digest(columns)})"
    return Head(key, len(columns), columns, said)


def _digest(columns: tuple[int, ...]) -> str:
    """Tells orders apart in what is said: other names of the same weights' outputs are another model."""
    return f"order {hashlib.sha256(str(columns).encode()).hexdigest()[:6]}"


def _same_names(key: str, names: Mapping[int, str]) -> tuple[int, ...] | None:
    """Which output each class of a space is, if outputs have exactly its names, each once."""
    try:
        wanted = [plain(name) for name in labels.label_space(key).names]
    except labels.LabelSpaceError:
        return None
    at = {plain(name): index for index, name in names.items()}
    if len(wanted) != len(names) or len(at) != len(names) or at.keys() != set(wanted):
        return None
    return tuple(at[name] for name in wanted)


def _permuted(classes: Sequence[frozenset[int]], names: Mapping[int, str]) -> tuple[tuple[int, ...] | None, str]:
    """Which output each class is, if every output names one class and no two the same; else None, and what is wrong.

    Args:
        classes: That each output may be.
        names: Of the outputs.
    """
    space = labels.label_space(IMAGENET_1K)
    output: dict[int, int] = {}
    for at, found in enumerate(classes):
        if not found:
            return None, f"; {quoted(names[at])} (output {at}) names no class of ImageNet"
        if len(found) > 1:
            several = " or ".join(f"{space.names[each]}, {space.wnids[each]}" for each in sorted(found))
            return None, f"; {quoted(names[at])} (output {at}) may be {several}"
        (index,) = found
        if index in output:
            both = f"{quoted(names[output[index]])} (output {output[index]}) and {quoted(names[at])} (output {at})"
            return None, f"; {both} both name {space.names[index]} ({space.wnids[index]})"
        output[index] = at
    return tuple(output[index] for index in sorted(output)), ""


def _moved(names: Mapping[int, str]) -> str:
    """Why outputs that mostly have the names of ImageNet's order are not in it; empty where nothing speaks against it.

    A name that is another class's too, as published lists have some, moves nothing: the other output must be named
    something else again.
    """
    classes = {at: _imagenet_class(name) for at, name in names.items()}
    for at, found in sorted(classes.items()):
        there = next(iter(found)) if len(found) == 1 else at
        others = classes.get(there)
        if there != at and others and there not in others:
            return (
                f"1,000 outputs whose names are mostly in ImageNet's order, but {quoted(names[at])} is output {at} "
                f"there and {quoted(names[there])} output {there}"
            )
    return ""


def _imagenet_class(name: str) -> frozenset[int]:
    """ImageNet classes that a name may stand for: by what it says as a whole, else by its first part, else by any."""
    said = plain(name)
    first = said.split(",")[0].strip()
    for forms, form in zip(_forms(), (_spaced(name), said, said, first), strict=True):
        if form in forms:
            return forms[form]
    return frozenset()


@cache
def _forms() -> tuple[dict[str, frozenset[int]], ...]:
    """Classes by how they are written, the surest first.

    Short name or all names, letter by letter (a Cardigan is a dog, a cardigan is worn); WordNet id, short name or all
    names in any case; the first name; any name.
    """
    space = labels.label_space(IMAGENET_1K)
    levels: tuple[dict[str, set[int]], ...] = ({}, {}, {}, {})
    for index, (name, wnid, lemmas) in enumerate(zip(space.names, space.wnids, space.lemmas, strict=True)):
        parts = [part.strip() for part in plain(lemmas).split(",")]
        ways = ((name, lemmas), (wnid, plain(name), plain(lemmas)), parts[:1], parts)
        for level, forms in zip(levels, ways, strict=True):
            for form in forms:
                level.setdefault(form, set()).add(index)
    return tuple({form: frozenset(found) for form, found in level.items()} for level in levels)


def _spaced(name: str) -> str:
    return name.strip().replace("_", " ")


def _without_background(n_outputs: int, names: Mapping[int, str]) -> Head | None:
    """The head of ImageNet's classes and one more, first or last, if names tell which it is."""
    found = []
    for background, first in ((0, 1), (n_outputs - 1, 0)):
        rest = {at - first: name for at, name in names.items() if at != background}
        says = background in names and plain(names[background]) in _BACKGROUND
        complete = len(rest) == n_outputs - 1 and not _say_nothing(rest)
        if says or (complete and not _imagenet_class(names.get(background, ""))):
            head = head_of(n_outputs - 1, rest or None)
            if head.label_space == IMAGENET_1K and not (_BACKGROUND & {plain(name) for name in rest.values()}):
                found.append((head, background, first))
    if len(found) != 1:
        return None
    head, background, first = found[0]
    columns = tuple(first + at for at in head.columns or range(n_outputs - 1))
    which = "first" if background == 0 else "last"
    also = f"; {head.said}" if head.said else ""
    return replace(
        head, columns=columns, said=f"without the {which} of {n_outputs:,} outputs, a background class{also}"
    )


def _reduced(n_outputs: int, names: Mapping[int, str]) -> Head | None:
    """The head of outputs of which those of ImageNet's 1,000 classes are kept; None if no WordNet ids tell them."""
    space = labels.label_space(IMAGENET_1K)
    ids = _ids_of(n_outputs, names)
    published = _published(_LISTS.get(n_outputs, ""))
    if n_outputs <= len(space) or not ids:
        return None
    twice = next((wnid for wnid, count in Counter(ids.values()).items() if count > 1), None)
    unnamed = f"{UNNAMED}{n_outputs}"
    if twice is not None:
        at = [str(index) for index in sorted(ids) if ids[index] == twice]
        why = f"{n_outputs:,} outputs, of which {' and '.join(at[:_SHOWN])} have one WordNet id, {twice}"
        return Head(unnamed, n_outputs, why=why)
    output = {wnid: at for at, wnid in ids.items()}
    missing = [index for index, wnid in enumerate(space.wnids) if wnid not in output]
    first = ", ".join(f"{space.names[index]}" for index in missing[:_SHOWN]) + (", …" if len(missing) > _SHOWN else "")
    if len(missing) > _MOST_MISSING:
        why = (
            f"{n_outputs:,} outputs, among whose WordNet ids {len(missing):,} of ImageNet's 1,000 classes are missing "
            f"({first}); at most {_MOST_MISSING} may be"
        )
        return Head(unnamed, n_outputs, why=why)
    said = f"reduced from {n_outputs:,} outputs to ImageNet's 1,000 classes by WordNet id"
    if missing:
        said += f"; {len(missing)} of them no output stands for, so that it is never named: {first}"
    columns = tuple(output.get(wnid, NONE) for wnid in space.wnids)
    if any(at != NONE and published[at : at + 1] != (wnid,) for at, wnid in zip(columns, space.wnids, strict=True)):
        said += f" ({_digest(columns)})"
    return Head(IMAGENET_1K, len(space), columns, said)


def _ids_of(n_outputs: int, names: Mapping[int, str]) -> dict[int, str]:
    """WordNet ids by output: its names where they are such, else those of timm's list of this length.

    Names in words confirm a list or rule it out; alone they do not tell, since many of ImageNet's 21,841 classes share
    one.
    """
    ids = {at: plain(name) for at, name in names.items() if WNID.fullmatch(plain(name)) and 0 <= at < n_outputs}
    if 2 * len(ids) > len(names):
        return ids
    published = _published(_LISTS.get(n_outputs, ""))
    if len(published) != n_outputs:
        return {}
    if names:
        lemmas = _lemmas()
        same = sum(
            at < n_outputs and plain(name).split(",")[0].strip() in lemmas.get(published[at], ())
            for at, name in names.items()
        )
        if same < _MOSTLY * n_outputs:
            return {}
    return dict(enumerate(published))


@cache
def _published(name: str) -> tuple[str, ...]:
    """WordNet ids of one of timm's lists, in order; none where this timm has no such list."""
    text = _of_timm(name) if name else ""
    return tuple(text.split())


@cache
def _lemmas() -> dict[str, frozenset[str]]:
    """All names of each WordNet id, as timm lists them."""
    rows = csv.reader(_of_timm(_LEMMAS).splitlines(), delimiter="\t")
    return {row[0]: frozenset(plain(part) for part in row[1].split(",")) for row in rows if len(row) == 2}


def _of_timm(name: str) -> str:
    """A file of timm's lists, which is read without importing timm: that takes seconds."""
    found = importlib.util.find_spec("timm")
    for folder in (found.submodule_search_locations if found else None) or ():
        path = Path(folder, "data", "_info", name)
        if path.is_file():
            return path.read_text(encoding="utf-8")
    return ""
