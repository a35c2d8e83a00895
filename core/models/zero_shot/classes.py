"""Which classes a zero-shot head names, and how they are called in its prompts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from core import labels, paths
from core.errors import LabelSpaceError, UsageError, nearest
from core.models.zero_shot.lists import read_list
from core.models.zero_shot.prompts import FOLDER

#: Classes of a list; ImageNet-21k is the longest that anybody uses.
_MOST = 25_000
_CURATED = FOLDER / "classes" / f"{labels.IMAGENET_1K}.json"
#: Benchmarks that come with the project, by what their names begin with, and the classes they are about.
_PUBLISHED = {
    **dict.fromkeys(("imagenet", "hard-imagenet", "imagenet-hard", "si-score"), labels.IMAGENET_1K),
    **dict.fromkeys(("focus", "diorama"), labels.FOCUS_10),
}
_SPACES = (labels.IMAGENET_1K, labels.FOCUS_10)


@dataclass(frozen=True)
class Classes:
    """Classes and what they are called.

    Attributes:
        key: What to type for them.
        space: Key of the label space; ``imagenet-1k`` too where a user calls ImageNet's classes by other names.
        names: One a class, in its order, as they are written into prompts.
        name: For legends.
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
        asked: Key of a label space, name of a set of one's own or of a published benchmark, or a file: a name a line, a
            JSON list, or a CSV with a column ``name``.

    Raises:
        UsageError: If it is none of these, or the file holds what are no class names.
        LabelSpaceError: If the names of a user's own label space are not on this machine.
        StoreError: If those of a file cannot be kept.
    """
    if asked in _SPACES:
        return _published(asked)
    if asked.startswith(labels.OWN):
        return _own(asked)
    entry = _entry(asked)
    if entry.is_file():
        return _of_entry(asked, entry)
    if asked.partition("/")[0] in _PUBLISHED:
        return _published(_PUBLISHED[asked.partition("/")[0]])
    path = paths.place(asked) if asked.strip() else None
    if path is None or not path.exists():
        known = [*_SPACES, *_PUBLISHED, *_own_sets()]
        raise UsageError(
            f"classes '{asked}' are unknown, and there is no such file.{nearest(asked, known)} Known: "
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
    names = [_plain(name) for name in read_list(path, "class name", _MOST)]
    low = [name.lower() for name in names]
    if len(names) < 2:
        raise UsageError(f"{path} names one class, '{names[0]}': a classifier needs two at least.")
    # Of ImageNet's own names two differ in case alone: a Cardigan is a dog.
    if len(set(low)) < len(low) and labels.identified(len(names), names).key != labels.IMAGENET_1K:
        twice = next(name for name in names if low.count(name.lower()) > 1)
        raise UsageError(f"{path}: the class '{twice}' is there twice, however it is spelt: leave one out.")
    if tuple(low) == labels.label_space(labels.FOCUS_10).names:
        return replace(_published(labels.FOCUS_10), files=(path,))
    key = labels.own_key(names)
    if _kept_names(key) != tuple(names):
        labels.keep_own(names)
    return replace(_own(key), files=(path, *_own(key).files))


@cache
def _published(space: str) -> Classes:
    if space == labels.IMAGENET_1K:
        return Classes(space, space, tuple(paths.load_json(_CURATED)["names"]), space)
    return Classes(space, space, labels.label_space(space).names, space)


def _own(key: str) -> Classes:
    names = _kept_names(key)
    if not names:
        raise LabelSpaceError(
            f"the names of the classes '{key}' are not in {labels.own_file(key)}: give the file again that they "
            "were read from, or add their data again with 'python -m core data add' and --classes."
        )
    space = labels.identified(len(names), list(names)).key
    return Classes(key, key if space.startswith(labels.UNNAMED) else space, names, _shown(key), (labels.own_file(key),))


def _kept_names(key: str) -> tuple[str, ...]:
    """The names as they are kept now, which ``labels.label_space`` remembers from its first look."""
    names = paths.read_json(labels.own_file(key)).get("names")
    is_good = isinstance(names, list) and all(isinstance(name, str) for name in names)
    return tuple(map(_plain, names)) if is_good and labels.own_key(names) == key else ()


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


def _shown(space: str) -> str:
    """What to call a user's own classes: as the set that they are of, where there is one."""
    return next((name for name, of in _own_sets().items() if of == space), space[: len(labels.OWN) + 6])
