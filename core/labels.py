"""Label spaces: which class an index stands for.

``imagenet-1k`` is the order of sorted WordNet ids, as timm and torchvision use it; ``focus-10`` is the ten categories
of FOCUS in the order of its paper.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from core.errors import LabelSpaceError, nearest
from core.paths import EMBEDDED

IMAGENET_1K = "imagenet-1k"
FOCUS_10 = "focus-10"
_FOLDER = EMBEDDED / "labels"
_MOSTLY = 0.8


@dataclass(frozen=True)
class LabelSpace:
    """The classes of a model's output, in order.

    Attributes:
        key: ``imagenet-1k`` or ``focus-10``.
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


@cache
def label_space(key: str) -> LabelSpace:
    """A label space by its key.

    Raises:
        LabelSpaceError: If the key is unknown.
    """
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


def identify(num_classes: int, label_names: Sequence[str] | None = None) -> str:
    """The label space of a model with this output.

    Args:
        num_classes: Length of the output.
        label_names: Class names or WordNet ids from the model's own config, in output order, if it has them.

    Returns:
        ``imagenet-1k``, ``focus-10``, or ``classes-<n>`` for a space that no benchmark here knows.
    """
    if label_names is not None and list(label_names) == list(label_space(FOCUS_10).names):
        return FOCUS_10
    if num_classes == 1000 and (label_names is None or _is_imagenet_order(label_names)):
        return IMAGENET_1K
    return f"classes-{num_classes}"


def _is_imagenet_order(label_names: Sequence[str]) -> bool:
    space = label_space(IMAGENET_1K)
    if list(label_names) == list(space.wnids):
        return True
    # Names are spelt in many ways; a re-ordered output shows in that most of them are not among the class's own names.
    own = sum(
        name.split(",")[0].strip().lower() in _lower_parts(lemmas)
        for name, lemmas in zip(label_names, space.lemmas, strict=False)
    )
    return len(label_names) == len(space) and own >= _MOSTLY * len(space)


def _lower_parts(lemmas: str) -> set[str]:
    return {lemma.strip().lower() for lemma in lemmas.split(",")}
