"""Which classes a zero-shot model should name where a benchmark is not about ImageNet's. No torch."""

from __future__ import annotations

from collections.abc import Sequence

from core import labels
from core.errors import LabelSpaceError, UsageError
from core.models.zero_shot.classes import classes_of
from core.models.zero_shot.texts import CLASSES
from core.store import specs
from core.store.weights import kind_of, local_models


def fitted(spec: str, label_spaces: Sequence[str]) -> str:
    """A zero-shot model's name, completed with a benchmark's classes where those of ImageNet do not fit it.

    FOCUS's own evaluation of CLIP names ImageNet's 1,000 classes and counts those of a category, so benchmarks that
    take both keep them.

    Args:
        spec: Any model's name.
        label_spaces: Of the benchmark, as its card has them.

    Returns:
        The name as it was if it is of no zero-shot model, says which classes it names, or fits as it is.
    """
    asked = specs.parsed(spec)
    if CLASSES in asked.options or labels.IMAGENET_1K in label_spaces or not is_zero_shot(spec):
        return spec
    named = (space for space in label_spaces if space == labels.FOCUS_10 or space.startswith(labels.OWN))
    space = next(named, None)
    return spec if space is None else str(asked.with_options(classes=space))


def usual_classes(space: str) -> str:
    """The option that means a label space's classes called by its own names, as results keep it."""
    try:
        return classes_of(space).key
    except (LabelSpaceError, UsageError):
        return space


def is_zero_shot(spec: str) -> bool:
    """Whether a model's name is of one whose classes are named by texts."""
    asked = specs.parsed(spec)
    if not asked.kind:
        folder = local_models().get(asked.where)
        return folder is not None and kind_of(folder) == specs.OPEN_CLIP
    return asked.kind == specs.OPEN_CLIP
