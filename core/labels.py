"""Label spaces: which class an index stands for.

``imagenet-1k`` is the order of sorted WordNet ids, as timm and torchvision use it; ``focus-10`` is the ten categories
of FOCUS in the order of its paper; ``own-<digits>`` are classes that a user has named, kept in the data folder.
"""

from __future__ import annotations

import csv
import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core import paths
from core.errors import LabelSpaceError, nearest
from core.paths import EMBEDDED

IMAGENET_1K = "imagenet-1k"
FOCUS_10 = "focus-10"
#: How keys of label spaces begin whose classes a user has named.
OWN = "own-"
#: How keys begin of a model's outputs that nothing names; see ``Identified``.
UNNAMED = "classes-"
_OWN_DIGITS = 12
_FOLDER = EMBEDDED / "labels"
_MOSTLY = 0.8
#: Letters of a name that a message shows.
_LONGEST = 60
#: A WordNet id.
WNID = re.compile(r"n\d{8}")


@dataclass(frozen=True)
class LabelSpace:
    """The classes of a model's output, in order.

    Attributes:
        key: ``imagenet-1k``, ``focus-10``, or ``own-<digits>`` for one of a user's own.
        names: One short, unique, readable name per class.
        wnids: WordNet id per class; empty where there is none.
        lemmas: All names of each class, comma separated, for search.
    """

    key: str
    names: tuple[str, ...]
    wnids: tuple[str, ...] = ()
    lemmas: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.names)

    @property
    def index_of_wnid(self) -> dict[str, int]:
        """Class index by WordNet id."""
        return _wnid_indices(self.key)


def label_space(key: str) -> LabelSpace:
    """A label space by its key.

    Raises:
        LabelSpaceError: If the key is unknown, or the file of one of a user's own is not there or damaged.
    """
    return _own_space(key, own_file(key)) if key.startswith(OWN) else _published_space(key)


@cache
def _published_space(key: str) -> LabelSpace:
    if key == IMAGENET_1K:
        with open(_FOLDER / "imagenet_1k.csv", newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        return LabelSpace(
            key,
            tuple(row["name"] for row in rows),
            tuple(row["wnid"] for row in rows),
            tuple(row["lemmas"] for row in rows),
        )
    if key == FOCUS_10:
        return LabelSpace(key, tuple(focus_to_imagenet()))
    raise LabelSpaceError(f"unknown label space '{key}'.{nearest(key, (IMAGENET_1K, FOCUS_10))}")


def own_key(names: Sequence[str]) -> str:
    """Key of the label space with these classes, in this order; case and ``_`` for a space make no other one."""
    text = "\n".join(map(plain, names))
    return OWN + hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:_OWN_DIGITS]


def own_file(key: str) -> Path:
    """Where the names of a user's own label space are kept."""
    return paths.data_home() / "own" / "labels" / f"{paths.slug(key)}.json"


def own_keys() -> tuple[str, ...]:
    """Keys of all label spaces that a user has named, in alphabetical order."""
    return tuple(sorted(path.stem for path in own_file(OWN).parent.glob(f"{OWN}*.json")))


def keep_own(names: Sequence[str]) -> str:
    """Keep the classes of a user's own label space, and give its key.

    Args:
        names: In the order of a model's output.

    Raises:
        StoreError: If the file cannot be written.
    """
    key = own_key(names)
    paths.write_atomically(own_file(key), json.dumps({"names": list(names)}, ensure_ascii=False, indent=1) + "\n")
    return key


@cache
def _own_space(key: str, path: Path) -> LabelSpace:
    names = paths.read_json(path).get("names")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names) or own_key(names) != key:
        raise LabelSpaceError(
            f"the classes of the label space '{key}' are not in {path}: add its data again with 'python -m core data "
            "add' and --classes."
        )
    return LabelSpace(key, tuple(names))


def named_space(key: str, spaces: Sequence[str]) -> str:
    """The label space that names a model's outputs where a benchmark's labels are looked at.

    Args:
        key: Of the model's own space.
        spaces: That the benchmark has labels in.

    Returns:
        A user's own classes where the model names none and the benchmark takes its outputs to be those; else ``key``.
    """
    if not key.startswith(UNNAMED) or key not in spaces:
        return key
    return next((each for each in spaces if each.startswith(OWN)), key)


def class_names(key: str, indices: Iterable[int]) -> list[str]:
    """Names of class indices; numbers in a space that is not known here."""
    try:
        names = label_space(key).names
    except LabelSpaceError:
        return [f"class {index}" for index in indices]
    return [names[index] for index in indices]


@cache
def _wnid_indices(key: str) -> dict[str, int]:
    return {wnid: index for index, wnid in enumerate(label_space(key).wnids)}


@cache
def focus_to_imagenet() -> dict[str, list[int]]:
    """ImageNet-1k indices that count as each FOCUS category (FOCUS, Appendix A)."""
    with open(_FOLDER / "focus_10.json", encoding="utf-8") as stream:
        return json.load(stream)


@cache
def si_score_classes() -> dict[str, int]:
    """ImageNet-1k index of each SI-Score class name (its ``foreground_classes.csv``)."""
    with open(_FOLDER / "si_score_classes.csv", newline="", encoding="utf-8") as stream:
        return {row["label"]: int(row["imagenet_index"]) for row in csv.DictReader(stream)}


@dataclass(frozen=True)
class Identified:
    """The label space of a model's output, and how it was told.

    Attributes:
        key: ``imagenet-1k``, ``focus-10``, ``own-<digits>`` for one that a user has named, or ``classes-<n>`` for a
            space that no benchmark here knows.
        why: For a space that is not known: what was compared with what, in a sentence; else empty.
    """

    key: str
    why: str = ""


def identified(num_classes: int, label_names: object = None) -> Identified:
    """The label space of a model with this output.

    Args:
        num_classes: Length of the output.
        label_names: Class names or WordNet ids from the model's own config, if it has them: a list in output order, or
            an object of them by class index, as timm allows where some classes have none.

    Raises:
        ValueError: If the names are in no such form; says what they are.
    """
    names = by_index(label_names)
    ten = label_space(FOCUS_10).names
    if names and {at: plain(name) for at, name in names.items()} == dict(enumerate(ten)) and num_classes == len(ten):
        return Identified(FOCUS_10)
    space = label_space(IMAGENET_1K)
    if num_classes == len(space) and (not names or _is_imagenet_order(names)):
        return Identified(IMAGENET_1K)
    if sorted(names) == list(range(num_classes)):
        own = own_key([names[at] for at in range(num_classes)])
        if own_file(own).is_file():
            return Identified(own)
    key = f"{UNNAMED}{num_classes}"
    if num_classes == len(space) + 1:
        return Identified(
            key,
            "1,001 outputs, where ImageNet has 1,000 classes: one is perhaps a background class, and no name says it",
        )
    if num_classes not in (len(space), len(ten)):
        return Identified(key, f"{num_classes:,} outputs, where ImageNet has 1,000 classes and FOCUS ten categories")
    if num_classes == len(ten):
        return Identified(key, f"10 outputs whose names are not FOCUS's: {', '.join(ten)}")
    wrong = [at for at in sorted(names) if not _names_class(names[at], at)]
    first = wrong[0] if wrong else max(names) + 1
    said = quoted(names[first]) if first in names else "not named"
    return Identified(
        key,
        f"1,000 outputs that name {len(names) - len(wrong):,} of 1,000 classes as ImageNet does; the first that "
        f"differs: class {first} is {said}, ImageNet's is {space.wnids[first]} ({space.names[first]})",
    )


def identify(num_classes: int, label_names: object = None) -> str:
    """Key of the label space of a model with this output; see ``identified``."""
    return identified(num_classes, label_names).key


def by_index(label_names: object) -> dict[int, str]:
    """Class names by index, whatever form they came in.

    Args:
        label_names: A list in output order, or an object of names by class index; None for no names.

    Raises:
        ValueError: If it is none of the known ones.
    """
    if label_names is None:
        return {}
    if isinstance(label_names, dict):
        try:
            pairs = [(int(at), name) for at, name in label_names.items()]
        except (TypeError, ValueError):
            raise ValueError("is an object whose keys are not all class indices, such as 0, 1, 2.") from None
    elif isinstance(label_names, list | tuple):
        pairs = list(enumerate(label_names))
    else:
        raise ValueError(f"is {str(label_names)[:60]!r}; it must be a list of names, or an object of names by index.")
    seen: set[int] = set()
    for at, name in pairs:
        if at < 0 or at in seen:
            raise ValueError(
                f"has the class index {at}{' twice' if at in seen else ''}; indices count from 0, each once."
            )
        seen.add(at)
        if not isinstance(name, str):
            raise ValueError(f"has {name!r} for class {at}; every name must be a text.")
    return dict(pairs)


def _is_imagenet_order(names: dict[int, str]) -> bool:
    # Names are spelt in many ways; a re-ordered output shows in that most of them are not among the class's own names.
    n_classes = len(label_space(IMAGENET_1K))
    own = sum(_names_class(name, at) for at, name in names.items())
    ids = [at for at, name in names.items() if WNID.fullmatch(name.strip())]
    # WordNet ids are spelt in one way, so none may be another class's.
    return own >= _MOSTLY * n_classes and all(_names_class(names[at], at) for at in ids)


def _names_class(name: str, index: int) -> bool:
    """Whether a name is one of those of an ImageNet class, its WordNet id included."""
    space = label_space(IMAGENET_1K)
    if not 0 <= index < len(space):
        return False
    said = plain(name)
    return said == space.wnids[index] or said.split(",")[0].strip() in _lower_parts(space.lemmas[index])


def plain(name: str) -> str:
    """A class name as it is compared with others: case and ``_`` for a space make no other one."""
    return name.strip().lower().replace("_", " ")


def quoted(name: str) -> str:
    """A class name that is not ours as a line of a message shows it: short, without control characters."""
    text = "".join(letter if letter.isprintable() else "?" for letter in " ".join(name[: 4 * _LONGEST].split()))
    return f"'{text}'" if len(text) <= _LONGEST else f"'{text[:_LONGEST]}…'"


def _lower_parts(lemmas: str) -> set[str]:
    return {lemma.strip().lower() for lemma in lemmas.split(",")}
