"""Eight pictures that come with the project, shown to a classifier: whether what it says of them looks alive.

The pictures are of Diorama, composed on demand. For ImageNet's classes they show trucks, planes, ships and cars, which
networks trained on photographs recognise (of five such, each has all eight among its best five classes); the other
categories of Diorama look too unlike photographs to judge by. For FOCUS's ten categories they show eight of the ten.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from core.benchmarks.diorama import Size
from core.diorama import assets
from core.errors import LabelSpaceError
from core.labels import FOCUS_10, IMAGENET_1K, class_names, focus_to_imagenet, label_space
from core.models.checking import Finding, better_shown, check_outputs, is_alive, is_sure, verdict

if TYPE_CHECKING:
    from PIL import Image

    from core.types import Model

_FOR_IMAGENET = (
    *("truck-15/0.6/0", "plane-13/0.6/0", "ship-12/0.6/0", "car-11/0.5/1"),
    *("truck-11/0.5/0", "plane-12/0.5/1", "ship-12/0.5/1", "truck-14/0.5/0"),
)
_FOR_FOCUS = (
    *("truck-15/0.5/0", "car-12/0.5/0", "plane-13/0.5/0", "ship-12/0.5/0"),
    *("cat-13/0.5/0", "dog-11/0.5/0", "horse-11/0.5/0", "frog-12/0.5/0"),
)
#: Classes of each picture that are told.
_TOLD = 3
#: Ways to show pixels that are mixed up with each other: words, mean, standard deviation, channels turned round.
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
_OTHERWISE = (
    ("with pixel values of 0 to 255", (0.0,) * 3, (1 / 255,) * 3, False),
    ("with pixel values of 0 to 1", (0.0,) * 3, (1.0,) * 3, False),
    ("with pixel values of -1 to 1", (0.5,) * 3, (0.5,) * 3, False),
    ("with ImageNet's mean and standard deviation", _MEAN, _STD, False),
    ("with channels in the order blue, green, red, and pixel values of 0 to 255", (0.0,) * 3, (1 / 255,) * 3, True),
    ("with channels in the order blue, green, red, less their mean of 0 to 255", _MEAN, (1 / 255,) * 3, True),
)


@dataclass(frozen=True)
class Answer:
    """What a model says of one picture.

    Attributes:
        picture: Its sample in ``diorama/size``.
        shows: The category of its object.
        top: Its best classes with their probabilities.
        is_right: Whether a right class is among as many as count; None where that is not known.
    """

    picture: str
    shows: str
    top: tuple[tuple[str, float], ...]
    is_right: bool | None


@dataclass(frozen=True)
class Checked:
    """What a check found.

    Attributes:
        model: Its short name.
        source: What to type for it.
        label_space: Of its outputs.
        findings: What was looked at.
        answers: By picture.
        seconds: For one picture, preprocessing included, on ``device``.
        device: Where it ran.
    """

    model: str
    source: str
    label_space: str
    findings: tuple[Finding, ...]
    answers: tuple[Answer, ...]
    seconds: float
    device: str

    @property
    def alive(self) -> bool:
        """Whether nothing is wrong with what it says."""
        return is_alive(self.findings)

    @property
    def is_sure(self) -> bool:
        """Whether ``alive`` says something; see ``core.models.checking.is_sure``."""
        return is_sure(self.findings)

    @property
    def verdict(self) -> str:
        """What all of it comes to, in words that follow the model's name."""
        return verdict(self.findings)


def pictures_for(space: str) -> tuple[str, ...]:
    """The eight pictures for a label space: samples of ``diorama/size``."""
    return _FOR_FOCUS if space == FOCUS_10 else _FOR_IMAGENET


def picture(sample_id: str) -> Image.Image:
    """One of the pictures, RGB."""
    return _diorama().image(sample_id)


def category(sample_id: str) -> str:
    """What a picture shows: one of FOCUS's categories."""
    return sample_id.partition("-")[0]


def expected(space: str, pictures: Sequence[str]) -> list[list[int]]:
    """The classes that are right, by picture; empty where a label space has no class of that name.

    Args:
        space: Key of a label space.
        pictures: See ``pictures_for``.
    """
    if space == IMAGENET_1K:
        return [focus_to_imagenet()[category(each)] for each in pictures]
    try:
        names = [name.strip().lower() for name in label_space(space).names]
    except LabelSpaceError:
        return [[] for _ in pictures]
    return [[at for at, name in enumerate(names) if name == category(each)] for each in pictures]


def check(model: Model) -> Checked:
    """Show a loaded model the eight pictures.

    Args:
        model: See ``core.models.load``.

    Raises:
        ModelError: If it cannot run on them; see ``core.models.outputs``.
    """
    from core.images.preprocess import Preprocess

    pictures = pictures_for(model.label_space)
    preprocess = Preprocess(model.transform)
    pixels = np.stack([preprocess(picture(each)) for each in pictures])
    logits = _logits(model, pixels)
    right = expected(model.label_space, pictures)
    findings = check_outputs(logits, right, are_known_to_be_seen=model.label_space in (IMAGENET_1K, FOCUS_10))
    if any(each.about == "order" and each.level in ("warn", "bad") for each in findings):
        other = better_shown(_shown_otherwise(model, pixels), right)
        findings += [other] if other else []
    begun = time.perf_counter()
    _logits(model, preprocess(picture(pictures[0]))[None])
    seconds = time.perf_counter() - begun
    answers = _answers(model.label_space, pictures, logits, right) if np.isfinite(logits).all() else ()
    return Checked(model.name, model.source, model.label_space, tuple(findings), tuple(answers), seconds, model.device)


def _logits(model: Model, pixels: np.ndarray) -> np.ndarray:
    import torch

    from core.models.forward import Forward

    return Forward(model)(torch.from_numpy(np.array(pixels, order="C"))).cpu().numpy()


def _shown_otherwise(model: Model, pixels: np.ndarray) -> dict[str, np.ndarray]:
    found = {}
    for words, mean, std, is_turned in _OTHERWISE:
        transform: dict[str, Any] = {**model.transform, "mean": list(mean), "std": list(std)}
        shown = pixels[..., ::-1] if is_turned else pixels
        found[words] = _logits(replace(model, transform=transform), shown)
    return found


def _answers(space: str, pictures: Sequence[str], logits: np.ndarray, right: Sequence[Sequence[int]]) -> list[Answer]:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = powers / powers.sum(axis=1, keepdims=True)
    counted = 5 if logits.shape[1] >= 100 else 1
    found = []
    for name, row, accepted in zip(pictures, probabilities, right, strict=True):
        best = [int(at) for at in np.argsort(-row, kind="stable")]
        named = class_names(space, best[:_TOLD])
        told = tuple((each, float(row[at])) for each, at in zip(named, best, strict=False))
        is_right = bool(set(best[:counted]) & set(accepted)) if accepted else None
        found.append(Answer(name, category(name), told, is_right))
    return found


@cache
def _diorama() -> Size:
    return Size(assets.FOLDER)
