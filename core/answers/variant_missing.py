"""Which settings of the same weights have not been evaluated, and what to type for them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.answers.variant_words import prepared, preprocessing_setting
from core.answers.variants import Axis, Group, options_of, same_pixels
from core.images.views import CLEAN
from core.models import presets, zero_shot
from core.store import specs, weights
from core.types import Model

#: The interpolation that stands for the other way to resize, by a model's own.
_SWAPPED = {"bilinear": "bicubic", "bicubic": "bilinear"}
#: How the names of timm's architectures begin that take images of one size, as their configs say; and which do not
#: although theirs begins so. All others are asked, and say so themselves.
_ONE_SIZE = re.compile(
    r"(?:test_)?(?:aimv2|beit|cait|coat|convit|crossvit|deit|efficientformer|efficientvit_m|eva|flexivit|gcvit|gmixer|"
    r"gmlp|hiera(?!det)|levit|max+vit|mixer|mvit|nest|pit|resmlp|samvit|sequencer|swiftformer|swin|tnt|twins|visformer|"
    r"vitamin|vit|volo|xcit)|\w*(?:botnet|botnext)|lambda_resnet26rpt|resnet\d+(?:x\d+)?_clip(?!_gap)"
)
_ANY_SIZE = re.compile(r"\w*sapiens|test_efficient|\w*_merge")
#: The same of torchvision's, and of classes of transformers.
_OTHERS = re.compile(r"torchvision |\w+forimageclassification")
_OTHERS_ONE_SIZE = re.compile(r"torchvision (?:vit|maxvit)|(?:vit|deit|beit|data2vecvision|levit)\w*classification")


@dataclass(frozen=True)
class Missing:
    """A setting without a complete result.

    Attributes:
        said: In words, as the table has it.
        spec: What to type for it.
    """

    said: str
    spec: str


@dataclass(frozen=True)
class Wanted:
    """What there is to run of a group.

    Attributes:
        missing: Settings without a complete result.
        same: Settings that would show the same pixels as the model's own, in words.
        unfit: Settings that the model cannot take.
        why_not: Why nothing can be run, in a sentence; empty where it can.
        retrained: Whether that is because other weights have its place now.
    """

    missing: tuple[Missing, ...] = ()
    same: tuple[str, ...] = ()
    unfit: tuple[str, ...] = ()
    why_not: str = ""
    retrained: bool = False


def wanted(group: Group) -> Wanted:
    """The settings of a group that have no complete result: the own one, papers' presets, the swapped interpolation.

    Of a zero-shot model the sets of prompts that come with the project.
    """
    unable = _unable(group)
    if unable is not None:
        return unable
    found = _of_prompts(group) if group.axis == "prompts" else _of_preprocessing(group)
    if group.own is None or not group.own.complete:
        return Wanted((_own(group), *found.missing), found.same, found.unfit)
    return found


def _own(group: Group) -> Missing:
    said = f"own: {zero_shot.DEFAULT}" if group.axis == "prompts" else "own"
    if group.axis == "preprocessing" and group.own is not None:
        said = f"own: {prepared(group.own.preprocessing)}"
    return Missing(said, weights.spec_of(group.base))


def _unable(group: Group) -> Wanted | None:
    """That nothing can be run, since the weights are gone or are others now; None where it can."""
    run, base = group.runs[0], weights.spec_of(group.base)
    kind, folder = specs.parsed(group.base).kind, weights.folder_of(group.base)
    if kind == specs.LOCAL_DIR and folder is None:
        return Wanted(why_not=f"its weights are no longer at {specs.parsed(group.base).where}.")
    now = weights.fingerprint_of(base) if folder is not None else None
    if now is not None and now != run.fingerprint:
        were = f"those of this result ({run.fingerprint[:8]})"
        return Wanted(why_not=f"the weights in {folder} are others now ({now[:8]}) than {were}.", retrained=True)
    return None


def _of_preprocessing(group: Group) -> Wanted:
    own = group.own.preprocessing if group.own is not None else None
    there = [(options_of(each, group.axis), each.preprocessing) for each in group.others if each.complete]
    run = group.runs[0]
    return _settings(group.base, own, run.preprocessing, run.manifest.model.architecture, there)


def of_model(base: str, model: Model, axis: Axis) -> tuple[str, ...]:
    """What to type for all settings of a model that has no result yet, its own first.

    Args:
        base: What to type for the model under its own setting.
        model: Described.
        axis: What is to differ.
    """
    if axis == "prompts":
        others = [name for name in zero_shot.prompt_sets() if name != zero_shot.DEFAULT]
        return base, *(str(specs.parsed(base).with_options(**{zero_shot.PROMPTS: name})) for name in others)
    found = _settings(base, model.transform, model.transform, model.architecture, ())
    return base, *(each.spec for each in found.missing)


def _settings(
    base: str,
    own: Mapping[str, Any] | None,
    known: Mapping[str, Any],
    architecture: str,
    there: Sequence[tuple[Mapping[str, str], Mapping[str, Any]]],
) -> Wanted:
    """Papers' presets and the swapped interpolation, without those that are there.

    Args:
        base: What to type for the model under its own setting.
        own: Its own preprocessing, if that is known.
        known: That of any of its results.
        architecture: Its name.
        there: Options and preprocessing of the settings that have a complete result.
    """
    asked: list[dict[str, str]] = [{presets.PRESET: name} for name in presets.PRESETS]
    if own is not None and own["interpolation"] in _SWAPPED:
        asked.append({presets.INTERPOLATION: _SWAPPED[str(own["interpolation"])]})
    missing, same, unfit = [], [], []
    for options in asked:
        transform = presets.shown(own or known, options, base, architecture)
        if any(options == each and (own is None or same_pixels(shown, transform)) for each, shown in there):
            continue
        said = preprocessing_setting(options, transform, own)
        if own is not None and same_pixels(own, transform):
            same.append(said)
        elif not _takes(base, architecture, own or known, transform):
            unfit.append(said)
        else:
            spec = specs.parsed(weights.spec_of(base)).with_options(**options)
            missing.append(Missing(said, str(spec)))
    return Wanted(tuple(missing), tuple(same), tuple(unfit))


def _takes(base: str, architecture: str, own: Mapping[str, Any], transform: Mapping[str, Any]) -> bool:
    """Whether a model may take images of this size, as far as its architecture's name tells."""
    if list(own["input_size"]) == list(transform["input_size"]):
        return True
    is_tower = specs.parsed(base).kind == specs.OPEN_CLIP
    return not is_tower and not has_one_size(architecture)


def has_one_size(architecture: str) -> bool:
    """Whether an architecture takes images of one size only, as far as its name tells."""
    name = architecture.lower()
    if _OTHERS.match(name):
        return bool(_OTHERS_ONE_SIZE.match(name))
    return bool(_ONE_SIZE.match(name)) and not _ANY_SIZE.match(name)


def _of_prompts(group: Group) -> Wanted:
    base = specs.parsed(weights.spec_of(group.base))
    there = {options_of(each, group.axis).get(zero_shot.PROMPTS) for each in group.others if each.complete}
    return Wanted(
        tuple(
            Missing(name, str(base.with_options(**{zero_shot.PROMPTS: name})))
            for name in zero_shot.prompt_sets()
            if name not in there and name != zero_shot.DEFAULT
        )
    )


def command(group: Group, missing: Sequence[Missing]) -> str:
    """What to type to evaluate settings, each image decoded once for all of them."""
    run = group.runs[0]
    models = " ".join(f"--model {shlex.quote(each.spec)}" for each in missing)
    more = f" --view {shlex.quote(run.view)}" if run.view != CLEAN else ""
    more += f" --precision {run.precision}" if run.precision != "fp32" else ""
    return f"python -m core evaluate {models} --benchmark {shlex.quote(run.benchmark)}{more}"
