"""Which classes a zero-shot head names, and how they are called in its prompts."""

from __future__ import annotations

import contextlib
import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from core import labels, paths
from core.errors import LabelSpaceError, StoreError, UsageError, nearest
from core.models.classes import NONE, head_of
from core.models.zero_shot.lists import CLASS_NAME, read_column, read_list, require_different, shown
from core.models.zero_shot.prompts import FOLDER, SHOWN

#: Classes of a list; ImageNet-21k is the longest that anybody uses.
_MOST = 25_000
_CURATED = FOLDER / "classes" / f"{labels.IMAGENET_1K}.json"
#: ImageNet's classes by the first name that WordNet has for each, as FOCUS called them.
LEMMAS = f"{labels.IMAGENET_1K}-lemmas"
#: Benchmarks that come with the project, by what their names begin with, and the classes they are about.
_OF_IMAGENET = ("attributes", "hard", "multilabel", "m", "real", "a", "r", "sketch", "v2")
_PUBLISHED = {
    **dict.fromkeys(("imagenet", "hard-imagenet", "si-score"), labels.IMAGENET_1K),
    **dict.fromkeys((f"imagenet-{each}" for each in _OF_IMAGENET), labels.IMAGENET_1K),
    **dict.fromkeys(("objectnet", "rival10", "rival20"), labels.IMAGENET_1K),
    **dict.fromkeys(("focus", "diorama"), labels.FOCUS_10),
}
_SPACES = (labels.IMAGENET_1K, labels.FOCUS_10)
#: Names that are not those of their label space: the key of that, and digits of the names.
_SPELT = re.compile(rf"({labels.OWN}[0-9a-f]{{12}}|{'|'.join(_SPACES)})-([0-9a-f]{{6}})")
#: The column of a CSV with the classes as they are labelled, where texts are to call them otherwise.
_LABELLED = "class"


@dataclass(frozen=True)
class Classes:
    """Classes and what they are called.

    Attributes:
        key: What to type for them.
        space: Key of the label space; ``imagenet-1k`` too where a user calls ImageNet's classes by other names.
        names: One a class, in its order, as they are written into prompts.
        name: For legends and folders; like the key it depends on the names alone, not on what else is kept here.
        files: What decides them on this machine: a user's file, what is kept of a set of hers.
    """

    key: str
    space: str
    names: tuple[str, ...]
    name: str
    files: tuple[Path, ...] = ()

    def __len__(self) -> int:
        return len(self.names)


def classes_of(asked: str) -> Classes:
    """The classes that an option means.

    Args:
        asked: ``LEMMAS``, key of a label space, name of a set of one's own or of a published benchmark, or a file
            (``core.models.zero_shot.lists``). A CSV may have a column ``class`` too: the classes as data are labelled
            with them, where ``name`` is what texts call them.

    Raises:
        UsageError: If it is none of these, or the file holds what are no class names.
        LabelSpaceError: If the names of a user's own label space are not on this machine.
        StoreError: If those of a file cannot be kept.
    """
    if asked in (*_SPACES, LEMMAS):
        return _published(asked)
    if asked.startswith(labels.OWN) or _SPELT.fullmatch(asked):
        return _own(asked)
    entry = _entry(asked)
    if entry.is_file():
        return _of_entry(asked, entry)
    if asked.partition("/")[0] in _PUBLISHED:
        return _published(_PUBLISHED[asked.partition("/")[0]])
    path = paths.place(asked) if asked.strip() else None
    if path is None or not path.exists():
        known = [*_SPACES, LEMMAS, *_PUBLISHED, *_own_sets()]
        raise UsageError(
            f"classes {shown(asked)} are unknown, and there is no such file.{nearest(asked, known)} Known: "
            f"{', '.join(dict.fromkeys(known))}; or give a file with a class name a line."
        )
    return _of_file(path)


def _of_entry(asked: str, entry: Path) -> Classes:
    space = paths.read_json(entry).get("label_space")
    if isinstance(space, str) and (space in _SPACES or space.startswith(labels.OWN)):
        found = _published(space) if space in _SPACES else _own(space)
        return replace(found, files=(entry, *found.files))
    raise UsageError(f"classes '{asked}': the names of its classes are not kept; add its data again with --classes.")


def _of_file(path: Path) -> Classes:
    names = tuple(_plain(name) for name in read_list(path, CLASS_NAME, _MOST))
    if len(names) < 2:
        raise UsageError(f"{path} names one class, '{names[0]}': a classifier needs two at least.")
    labelled = tuple(map(_plain, read_column(path, _LABELLED) or ()))
    space, names = _renamed(names, labelled, path) if labelled else _in_order(names, str(path))
    for published in map(_published, (*_SPACES, LEMMAS)):
        if (names, space) == (published.names, published.space):
            return replace(published, files=(path,))
    if space != labels.IMAGENET_1K:
        _require_different(names, path)
    key = key_of(names, space)
    _keep(key, names, labelled or names)
    return replace(_own(key), files=(path, *_own(key).files))


def _renamed(names: tuple[str, ...], labelled: tuple[str, ...], path: Path) -> tuple[str, tuple[str, ...]]:
    """The label space of classes as they are labelled, and what texts call each, in its order."""
    if not all(labelled):
        raise UsageError(f"{path}: row {labelled.index('') + 1:,} has no '{_LABELLED}', as which it is labelled.")
    _require_words(names, str(path))
    head = head_of(len(labelled), list(labelled))
    if head.label_space in _SPACES and NONE not in head.columns:
        return head.label_space, tuple(names[at] for at in head.columns) or names
    _require_different(labelled, path)
    if head.label_space.startswith(labels.OWN):
        return head.label_space, tuple(names[at] for at in head.columns) or names
    return labels.own_key(labelled), names


def _require_different(names: Sequence[str], path: Path) -> None:
    """Refuse a class that is there twice; of ImageNet's own names some are."""
    require_different(names, str(path), CLASS_NAME)
    low = [name.lower() for name in names]
    twice = next((name for name in names if low.count(name.lower()) > 1), None) if len(set(low)) < len(low) else None
    if twice is not None:
        raise UsageError(f"{path}: the class '{twice}' is there twice, however it is spelt: leave one out.")


def _in_order(names: tuple[str, ...], where: str) -> tuple[str, tuple[str, ...]]:
    """The label space that names are of, and the names in its order where they were in another.

    Raises:
        UsageError: If they are WordNet ids, which say nothing to a text tower.
    """
    _require_words(names, where)
    ten = labels.label_space(labels.FOCUS_10).names
    if sorted(map(labels.plain, names)) == sorted(ten):
        return labels.FOCUS_10, ten
    if len(names) == len(labels.label_space(labels.IMAGENET_1K)):
        head = head_of(len(names), list(names))
        if head.label_space == labels.IMAGENET_1K and NONE not in head.columns:
            return head.label_space, tuple(names[at] for at in head.columns) or names
    return labels.own_key(names), names


def _require_words(names: Sequence[str], where: str) -> None:
    if all(labels.WNID.fullmatch(name) for name in names):
        raise UsageError(
            f"{where}: the class names are WordNet ids, such as {names[0]}, which say nothing to a text tower: give "
            f"words; ImageNet's are taken where no classes are given."
        )


def key_of(names: Sequence[str], space: str) -> str:
    """What to type for class names that are kept: the key of their label space, with digits where that is not all.

    A label space is the same for ``Cat`` and ``cat``, and has its names for labels; a text may have others.
    """
    if labels.own_key(names) == space and all(name == labels.plain(name) for name in names):
        return space
    return f"{space}-{hashlib.sha256(json.dumps(list(names)).encode()).hexdigest()[:6]}"


def own_file(key: str) -> Path:
    """Where names are kept whose spelling the key of a label space does not say."""
    return paths.data_home() / "own" / "classes" / f"{paths.slug(key)}.json"


def _keep(key: str, names: Sequence[str], labelled: Sequence[str]) -> None:
    """Keep names by their key, and their label space where none is kept; a set's own stay spelt as they are there."""
    space = labels.own_key(labelled)
    if key.startswith(space) and _kept_space(space) is None:
        labels.keep_own(labelled)
    if _SPELT.fullmatch(key) and _spelt(key) is None:
        content = json.dumps({"names": list(names)}, ensure_ascii=False, indent=1) + "\n"
        paths.write_atomically(own_file(key), content)


@cache
def _published(space: str) -> Classes:
    if space == labels.IMAGENET_1K:
        return Classes(space, space, tuple(paths.load_json(_CURATED)["names"]), space)
    if space == LEMMAS:
        lemmas = labels.label_space(labels.IMAGENET_1K).lemmas
        return Classes(space, labels.IMAGENET_1K, tuple(_plain(each.split(",")[0]) for each in lemmas), space)
    return Classes(space, space, labels.label_space(space).names, space)


def _own(asked: str) -> Classes:
    spelt = _SPELT.fullmatch(asked)
    names = _spelt(asked) if spelt else _kept_space(asked)
    if not names:
        at = own_file(asked) if spelt else labels.own_file(asked)
        raise LabelSpaceError(
            f"the names of the classes '{asked}' are not in {at}: give the file again that they "
            "were read from, or add their data again with 'python -m core data add' and --classes."
        )
    _require_words(names, f"classes '{asked}'")
    key, space = asked, spelt[1] if spelt else asked
    if spelt is None:
        is_imagenet = labels.identified(len(names), list(names)).key == labels.IMAGENET_1K
        space = labels.IMAGENET_1K if is_imagenet else asked
        # Where nothing can be kept, they are what they were asked for as.
        with contextlib.suppress(StoreError):
            _keep(key_of(names, space), names, names)
            key = key_of(names, space)
    files = [each for each in (labels.own_file(space), own_file(key)) if each.is_file()]
    return Classes(key, space, names, _shown(key), tuple(files))


def _shown(key: str) -> str:
    spelt = _SPELT.fullmatch(key)
    return key if spelt and spelt[1] in _SPACES else f"{labels.OWN}{spelt[2]}" if spelt else key[:SHOWN]


def _kept_space(key: str) -> tuple[str, ...] | None:
    """The names as they are kept now, which ``labels.label_space`` remembers from its first look."""
    names = _names_in(labels.own_file(key))
    return names if names and labels.own_key(names) == key else None


def _spelt(key: str) -> tuple[str, ...] | None:
    names, spelt = _names_in(own_file(key)), _SPELT.fullmatch(key)
    return names if names and spelt and key_of(names, spelt[1]) == key else None


def _names_in(path: Path) -> tuple[str, ...] | None:
    names = paths.read_json(path).get("names")
    is_good = isinstance(names, list) and all(isinstance(name, str) for name in names)
    return tuple(map(_plain, names)) if is_good else None


def _plain(name: str) -> str:
    return " ".join(name.replace("_", " ").split())


def _entry(name: str) -> Path:
    """What is kept of a set of a user's own (``core.own``, a room above this one)."""
    return paths.data_home() / "own" / f"{paths.slug(name)}.json" if "/" not in name else Path()


def _own_sets() -> dict[str, str]:
    """Names of a user's own sets, and the label spaces of those that have one."""
    found = {}
    for path in sorted((paths.data_home() / "own").glob("*.json")):
        space = paths.read_json(path).get("label_space")
        if isinstance(space, str):
            found[path.stem] = space
    return found
