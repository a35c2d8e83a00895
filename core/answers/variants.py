"""The same weights under other settings: how images are prepared, or with which texts a zero-shot model is asked.

Results of one model on one benchmark that differ in nothing else make a group; each of its settings is paired with the
model's own, image by image.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from core import metrics, store
from core.answers import joined, policies
from core.answers.cards import card_of, samples_of
from core.answers.questions import VALUE, Question, asked, is_clustered, knows_top5
from core.errors import UsageError, nearest
from core.images.preprocess import Preprocess
from core.metrics.paired import paired_changes
from core.models import presets, zero_shot
from core.store import lists, specs
from core.types import Policy

Axis = Literal["preprocessing", "prompts"]
AXES: tuple[Axis, ...] = ("preprocessing", "prompts")
#: Options of a name that are a setting, by what is varied.
VARIED: dict[Axis, tuple[str, ...]] = {
    "preprocessing": (presets.PRESET, presets.INTERPOLATION),
    "prompts": (zero_shot.PROMPTS, zero_shot.CLASSES),
}

_KNOWN = ", ".join(metrics.POLICIES)


@dataclass(frozen=True)
class Group:
    """Results of the same weights on the same images that differ in one thing.

    Attributes:
        model: What the model is called under its own setting.
        base: What to type to get it under its own setting.
        axis: What differs.
        own: The result under the model's own setting, or None if that was not evaluated.
        others: The results under other settings: presets of papers first, then by name.
    """

    model: str
    base: str
    axis: Axis
    own: store.Run | None
    others: tuple[store.Run, ...]

    @property
    def runs(self) -> tuple[store.Run, ...]:
        """All results, the model's own setting first."""
        return (*([self.own] if self.own else []), *self.others)

    @property
    def benchmark(self) -> str:
        """Key."""
        return self.runs[0].benchmark

    @property
    def view(self) -> str:
        """Name of the family of views."""
        return self.runs[0].view


def options_of(run: store.Run, axis: Axis) -> dict[str, str]:
    """The options of a run's model that are a setting."""
    options = specs.parsed(run.source).options
    return {name: options[name] for name in VARIED[axis] if name in options}


def base_of(run: store.Run, axis: Axis) -> str:
    """What to type to get a run's model under its own setting; class names, which a benchmark may need, are kept."""
    taken = VARIED[axis] if axis == "preprocessing" else (zero_shot.PROMPTS,)
    return str(specs.parsed(run.source).with_options(**dict.fromkeys(taken)))


def name_of(run: store.Run, axis: Axis = "preprocessing") -> str:
    """A model's name without what a setting adds to it: presets and interpolations, or prompts."""
    said = re.escape(", ".join(options_of(run, "preprocessing").values()))
    if axis == "prompts":
        found = re.search(r"\(([^()]*)\)", run.manifest.model.head)
        said = rf"{re.escape(found[1])}(?:, [^()]*)?" if found else ""
    return re.sub(rf" \({said}\)", "", run.label, count=1) if said else run.label


def is_zero_shot(run: store.Run) -> bool:
    """Whether a run's model was asked by texts, so that other texts are another setting."""
    asked_for = specs.parsed(run.source)
    return bool(run.manifest.model.head) and (
        asked_for.kind == specs.OPEN_CLIP or bool(zero_shot.OPTIONS & set(asked_for.options))
    )


def is_own(run: store.Run, axis: Axis) -> bool:
    """Whether a run is of its model's own setting; of prompts those that are taken where nobody says."""
    options = options_of(run, axis)
    if axis == "prompts":
        return options.get(zero_shot.PROMPTS, zero_shot.DEFAULT) == zero_shot.DEFAULT
    return not options


def _names_nothing(run: store.Run) -> bool:
    """Whether a result's classes are called as they are where nobody says: by the names of their label space."""
    asked = options_of(run, "prompts").get(zero_shot.CLASSES)
    return asked is None or asked == zero_shot.usual_classes(run.label_space)


def groups(runs: Sequence[store.Run], axis: Axis = "preprocessing") -> list[Group]:
    """Groups of at least one result, by model, benchmark and views.

    Args:
        runs: As ``core.answers.catalogue.told_apart`` gives them.
        axis: What may differ.
    """
    found: dict[Any, list[store.Run]] = {}
    for run in runs:
        if _may_vary(run, axis):
            found.setdefault(_same(run, axis), []).append(run)
    made = [_group(each, axis) for each in found.values()]
    return sorted(made, key=lambda group: (group.model, group.benchmark, group.view))


def group_of(runs: Sequence[store.Run], run: store.Run, axis: Axis = "preprocessing") -> Group | None:
    """The group that a run belongs to, if it belongs to one."""
    if not _may_vary(run, axis):
        return None
    return next((each for each in groups(runs, axis) if _same(each.runs[0], axis) == _same(run, axis)), None)


def _may_vary(run: store.Run, axis: Axis) -> bool:
    """Whether other settings can be told from a result's; of imported predictions nobody knows which it is."""
    known = bool(run.preprocessing) and not run.is_imported
    return known and (axis == "preprocessing" or is_zero_shot(run))


def _same(run: store.Run, axis: Axis) -> tuple[Any, ...]:
    """What results of one group have in common."""
    model = run.manifest.model
    alike = (run.benchmark, run.view, run.content, run.precision, model.architecture, model.label_space)
    return *alike, model.fingerprint, model.head if axis == "preprocessing" else _canonical(run.preprocessing)


def _setting(run: store.Run, axis: Axis) -> str:
    """What tells a result from the others of its group."""
    said = run.preprocessing if axis == "preprocessing" else {"head": run.manifest.model.head}
    return _canonical([options_of(run, axis), said])


def _canonical(content: Any) -> str:
    return json.dumps(content, sort_keys=True, default=list)


def _group(runs: Sequence[store.Run], axis: Axis) -> Group:
    """The newest result of each setting, complete ones before others."""
    best: dict[str, store.Run] = {}
    for run in sorted(runs, key=lambda run: (run.complete, run.manifest.updated)):
        best[_setting(run, axis)] = run
    newest = list(reversed(best.values()))
    # What classes are called is a setting too.
    own = max(
        (run for run in newest if is_own(run, axis)),
        key=lambda run: (run.complete, _names_nothing(run), run.manifest.updated),
        default=None,
    )

    def place(run: store.Run) -> tuple[bool, bool, str, str]:
        options = options_of(run, axis)
        return presets.PRESET not in options, bool(options), _canonical(options), run.identity

    others = sorted((run for run in newest if run is not own), key=place)
    base = own or others[0]
    return Group(name_of(base, axis), base_of(base, axis), axis, own, tuple(others))


def has_same_pixels(run: store.Run, other: store.Run) -> bool:
    """Whether two results are of the same pixels of every image, whatever their settings are called."""
    return same_pixels(run.preprocessing, other.preprocessing)


def same_pixels(first: Any, second: Any) -> bool:
    """The same of two preprocessings."""
    scaled = ("mean", "std")
    return Preprocess(first) == Preprocess(second) and all(list(first[each]) == list(second[each]) for each in scaled)


def table(group: Group, policy: Policy | None = None) -> pd.DataFrame:
    """A row per setting, the model's own first, each paired with it over the images that both have.

    Args:
        group: From ``groups``.
        policy: ``top1``, ``top5`` or ``restricted`` (to the benchmark's own classes); by default as the benchmark is
            scored.

    Returns:
        ``value, low, high`` (accuracy on the setting's own images), ``n``, ``n_clusters``; ``change, change_low,
        change_high`` (accuracy less that under the model's own setting on ``n_common`` images, ``n_common_clusters``;
        the intervals of all settings hold at once; NaN for the own one, and where that was not evaluated), ``gained``
        and ``lost`` (images that are right only with the setting, only with the own one), ``lowest`` and ``highest``
        (may be the worst, the best of the other settings), ``same_pixels`` (as under the own setting), ``partial``,
        ``own``, ``identity``, and the ``policy`` that counts: top-1 where the benchmark's own needs what was not kept.

    Raises:
        UsageError: If the policy needs what was not kept.
        StoreError, DataError: If a result cannot be read.
    """
    if policy is not None and policy not in metrics.POLICIES:
        raise UsageError(f"unknown policy '{policy}'.{nearest(policy, metrics.POLICIES)} Known: {_KNOWN}.")
    chosen = policy or card_of(group.runs[0]).default_policy
    try:
        return _remembered(group, chosen)
    except UsageError:
        if policy is not None or chosen == "top1":
            raise
        return _remembered(group, "top1")


def _remembered(group: Group, policy: Policy) -> pd.DataFrame:
    versions = [(run.identity, run.path.parent.name, joined.version(run)) for run in group.runs]
    key = ["variants", group.axis, group.own is not None, policy, versions]
    return joined.remembered(group.runs[0], key, lambda: _table(group, policy))


def _table(group: Group, policy: Policy) -> pd.DataFrame:
    clustered = is_clustered(group.runs[0])
    rights = [_right(run, policy) for run in group.runs]
    rows = []
    for run, right in zip(group.runs, rights, strict=True):
        row = metrics.accuracy_by(right, [], "cluster" if clustered else None, value="right").iloc[0]
        identical = group.own is not None and run is not group.own and has_same_pixels(run, group.own)
        rows.append(
            {
                **{name: float(row[name]) for name in ("value", "low", "high")},
                **{name: int(row[name]) for name in ("n", "n_clusters")},
                "own": run is group.own,
                "same_pixels": identical and group.axis == "preprocessing",
                "partial": not run.complete,
                "identity": run.identity,
                "policy": policy,
            }
        )
    found = pd.DataFrame(rows)
    for name in ("change", "change_low", "change_high"):
        found[name] = np.nan
    found = found.assign(gained=0, lost=0, n_common=0, n_common_clusters=0, lowest=False, highest=False)
    return _compared(found, rights, clustered) if group.own is not None else found


def _compared(found: pd.DataFrame, rights: Sequence[pd.DataFrame], clustered: bool) -> pd.DataFrame:
    """The table with all that says how settings differ from the first, the model's own."""
    own = rights[0]
    columns = [_aligned(own, other) - own["right"].to_numpy(float) for other in rights[1:]]
    varied = [at for at in range(1, len(rights)) if not found["same_pixels"].iloc[at]]
    for at in range(1, len(rights)):
        change = columns[at - 1]
        known = ~np.isnan(change)
        clusters = len(np.unique(own["cluster"].to_numpy()[known])) if clustered else int(known.sum())
        counts = (int(np.nansum(change > 0)), int(np.nansum(change < 0)), int(known.sum()), clusters)
        found.loc[at, ["gained", "lost", "n_common", "n_common_clusters"]] = counts
        # Of the same pixels there is nothing to be uncertain of: what is left are two runs of one thing.
        found.loc[at, "change"] = float(np.mean(change[known])) if known.any() else np.nan
    # Only finished settings are claimed anything of, so that the worst is one of those; the others stand beside them.
    finished = [at for at in varied if not found["partial"].iloc[at]]
    for family in [varied, finished] if len(finished) < len(varied) else [varied]:
        if family:
            changes = np.stack([columns[at - 1] for at in family], axis=1)
            made = paired_changes(changes, own["cluster"].to_numpy() if clustered else None)
            found.loc[family, ["change_low", "change_high"]] = np.stack([made.low, made.high], axis=1)
            found.loc[varied, ["lowest", "highest"]] = False
            found.loc[family, ["lowest", "highest"]] = np.stack([made.lowest, made.highest], axis=1)
    return found


def _aligned(own: pd.DataFrame, other: pd.DataFrame) -> np.ndarray:
    """Of another result what it says of the images of the first: float (N,), NaN where nothing."""
    return other.set_index("sample_id")["right"].reindex(own["sample_id"]).to_numpy(float)


def _right(run: store.Run, policy: Policy) -> pd.DataFrame:
    """``sample_id``, ``cluster`` and ``right`` (1.0, 0.0, shares over views, NaN for an image that failed)."""
    if policy == "top5" and not knows_top5(run):
        raise UsageError(f"policy 'top5': of '{run.label}' fewer than five classes of each image are stored. Use top1.")
    if policy != "restricted":
        value = VALUE[policy]
        return asked(run, Question(policy=policy), ["cluster", "sample_id"]).rename(columns={value: "right"})
    samples = samples_of(run)
    said = metrics.join(samples, store.read(run, ["sample_id", "view", "top10", "error"]))
    classes = sorted(set(lists.list_offsets(samples["accepted"])[1].tolist()))
    right = policies.counted(run, card_of(run), said, policy, classes).table
    if run.n_views > 1:
        right = metrics.reduce_views(right, ["sample_id"], run.views.reduce, ["correct"])
    codes = pd.factorize(right["cluster"], sort=True)[0]
    return right.assign(cluster=codes).rename(columns={"correct": "right"})[["sample_id", "cluster", "right"]]
