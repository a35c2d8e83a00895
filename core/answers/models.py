"""What a model is in words, and which benchmarks it fits. No torch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from core import benchmarks, paths
from core.answers import catalogue
from core.answers.catalogue import KnownModel, space_in_words
from core.errors import OffcenterError
from core.models import descriptions, zero_shot
from core.models.briefs import brief_of
from core.store import specs, weights
from core.types import Model

#: Means and standard deviations that are known by a name.
_NORMALISED = {
    ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)): "normalised by ImageNet's mean and standard deviation",
    ((0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711)): "normalised as for CLIP",
    ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)): "values of -1 to 1",
    ((0.0, 0.0, 0.0), (1.0, 1.0, 1.0)): "values of 0 to 1",
}


@dataclass(frozen=True)
class Fit:
    """Whether a model can be evaluated on a benchmark here.

    Attributes:
        key: Of the benchmark.
        title: Of the benchmark.
        fits: Whether its classes do; also where they are not known yet.
        has_data: Whether its images are on this machine.
        why: What is missing, in a sentence without its full stop; empty if nothing is.
        spec: What to type for the model there: with the benchmark's own classes where texts are to name them.
        has_result: Whether there is a result already.
    """

    key: str
    title: str
    fits: bool
    has_data: bool
    why: str
    spec: str
    has_result: bool = False

    @property
    def is_ready(self) -> bool:
        """Whether nothing is missing."""
        return not self.why


@dataclass(frozen=True)
class Listed:
    """A model folder on this machine, in a line.

    Attributes:
        name: What to type.
        folder: Where it is.
        kind: In words.
        label_space: Key; empty where only loading it tells.
        input_px: Longer side of its input; None where only loading it tells.
        megabytes: Of its weights, or None where it has none.
        problem: Why it cannot be used; else empty.
    """

    name: str
    folder: Path
    kind: str
    label_space: str = ""
    input_px: int | None = None
    megabytes: float | None = None
    problem: str = ""


def listed() -> list[Listed]:
    """The model folders on this machine; torch is asked only about folders of timm's that no JSON tells of."""
    return [_listed(name, folder) for name, folder in weights.local_models().items()]


def brief(source: str) -> tuple[str, int | None]:
    """Label space of a model in a folder here and the longer side of its input, as far as it is known without loading.

    Args:
        source: A model's name.
    """
    known = descriptions.remembered(source)
    if known is not None:
        return known[0].label_space, max(known[0].transform["input_size"][1:])
    folder = weights.folder_of(source)
    # What an option makes of a folder its files alone do not tell.
    if folder is None or specs.parsed(source).options:
        return "", None
    found = brief_of(folder)
    return found.label_space, found.input_px


def _listed(name: str, folder: Path) -> Listed:
    kind = weights.kind_of(folder)
    found = Listed(name, folder, catalogue.KINDS[kind], megabytes=catalogue.megabytes_of(name))
    try:
        known = descriptions.remembered(name)
        if known is not None:
            return replace(found, label_space=known[0].label_space, input_px=max(known[0].transform["input_size"][1:]))
        brief = brief_of(folder)
        if kind != specs.LOCAL_DIR or (brief.label_space and brief.input_px):
            return replace(found, label_space=brief.label_space, input_px=brief.input_px, problem=brief.problem)
        model = descriptions.describe(name)
        return replace(found, label_space=model.label_space, input_px=max(model.transform["input_size"][1:]))
    except Exception as error:
        # One folder that nobody foresaw does not end the list of all.
        said = str(error) if isinstance(error, OffcenterError) else f"{type(error).__name__}: {error}"
        return replace(found, problem=said)


def fits(model: KnownModel) -> list[Fit]:
    """Every benchmark, and whether a model fits it: those that it can be evaluated on first.

    Args:
        model: With its label space; it may fit every benchmark where that is empty.
    """
    titles = catalogue.titles(benchmarks.known_benchmarks())
    found = [_fit(model, key, title) for key, title in titles.items()]
    return sorted(found, key=lambda each: (not each.fits, not each.has_data))


def _fit(model: KnownModel, key: str, title: str) -> Fit:
    spaces = benchmarks.benchmark_class(key).label_spaces
    spec, fit = weights.spec_of(model.source), catalogue.may_fit(model, spaces)
    why, has_data = _lacks(key)
    if model.is_file:
        why = "only a file of its predictions is known, so it cannot be run"
    elif not fit:
        known = [space_in_words(space) for space in spaces if not space.startswith(catalogue.UNNAMED)] or list(spaces)
        why = f"it takes {' or '.join(known)}, and the model gives {space_in_words(model.label_space)}"
    else:
        spec = zero_shot.fitted(spec, spaces)
    return Fit(key, title, fit, has_data, why, spec, key in model.benchmarks)


def _lacks(key: str) -> tuple[str, bool]:
    """What a benchmark lacks on this machine, in words, and whether all of it is here."""
    root = benchmarks.find_data(key)
    if root is None or not paths.is_there(root):
        return "its images are not on this machine", False
    if benchmarks.has_masks_alone(key) and benchmarks.find_images(key, root) is None:
        return "the photographs that its masks are of are not on this machine", False
    return "", True


def shown_in_words(transform: Mapping[str, Any]) -> str:
    """How images are shown to a model: ``shorter side to 248 px (bicubic), the central 224 x 224, values of -1 to 1``.

    Args:
        transform: With the keys of ``core.models.configs.TRANSFORM_KEYS``; empty for predictions that were imported.
    """
    if not transform:
        return "unknown"
    _, height, width = transform["input_size"]
    by = transform["interpolation"]
    tall, wide = (math.floor(side / transform["crop_pct"]) for side in (height, width))
    size = f"{height} x {width}"
    before = f"{tall} x {wide}" if tall != wide else f"{tall}"
    central = f", the central {size}"
    crop, _, variant = transform["crop_mode"].partition("-")
    if crop == "squash":
        resized = f"squashed to {tall} x {wide} px ({by})" + (central if (tall, wide) != (height, width) else "")
    elif crop == "border":
        ground = "black" if variant == "black" else "its mean colour"
        resized = f"wholly within {before} px ({by}), on a ground of {ground}, {size}"
    else:
        resized = f"shorter side to {before} px ({by}){central}"
    return f"{resized}, {_normalised(transform)}"


def _normalised(transform: Mapping[str, Any]) -> str:
    mean, std = (tuple(float(each) for each in transform[name]) for name in ("mean", "std"))
    known = _NORMALISED.get((mean, std))
    return known or f"less {_numbers(mean)}, divided by {_numbers(std)}"


def _numbers(values: tuple[float, ...]) -> str:
    return f"{values[0]:.4g}" if len(set(values)) == 1 else "(" + ", ".join(f"{value:.4g}" for value in values) + ")"


def facts_of(model: Model) -> dict[str, str]:
    """What a model is, in words, by what it is about.

    Args:
        model: Described.
    """
    classes = space_in_words(model.label_space)
    found = {
        "name to type": weights.spec_of(model.source),
        "kind": catalogue.KINDS[catalogue.kind_of(model.source)],
        "architecture": model.architecture,
        "classes": classes + (f": {model.labels_said}" if model.labels_said else ""),
        "head": model.head,
        "preprocessing": shown_in_words(model.transform),
        "size": _size(model.source),
        "folder": str(weights.folder_of(model.source) or ""),
        "weights": f"{model.fingerprint[:16]} (SHA-256)",
        "notes": " ".join(model.notes),
    }
    return {about: said for about, said in found.items() if said}


def _size(source: str) -> str:
    megabytes = catalogue.megabytes_of(source)
    return "" if megabytes is None else catalogue.size_in_words(megabytes)


def is_of_python(spec: str) -> bool:
    """Whether a model's name runs code of a user's own."""
    return specs.parsed(spec.strip()).kind == specs.PYTHON
