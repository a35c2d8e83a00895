"""Settings of the same weights in words, and what their table says in a sentence; Markdown, computed every time."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from core import store
from core.answers.cards import unit_of
from core.answers.compare import Contrast
from core.answers.sentences import listed, resting, size
from core.answers.variants import Axis, Group, options_of
from core.answers.verdict_words import MARGIN, limits, within
from core.models import presets, zero_shot
from core.types import is_thin
from core.wording import code, count, escaped, interval, percent, points

#: What the settings of a kind are called, one and several.
NOUNS: dict[Axis, tuple[str, str]] = {
    "preprocessing": ("preprocessing", "preprocessings"),
    "prompts": ("set of prompts", "sets of prompts"),
}
#: Accuracies by policy.
ACCURACY = {"top1": "top-1", "top5": "top-5", "restricted": "top-1 among the benchmark's own classes"}


def geometry(transform: Mapping[str, Any]) -> str:
    """``256 → 224``: pixels of the shorter side before the crop and of what the model gets; ``squashed to 256``."""
    size = [int(side) for side in transform["input_size"][1:]]
    before, after = (_sides([math.floor(side / transform["crop_pct"]) for side in size]), _sides(size))
    crop = transform["crop_mode"].partition("-")[0]
    if crop == "squash":
        return f"squashed to {before}" + (f" → {after}" if before != after else "")
    return f"{'padded, ' if crop == 'border' else ''}{before} → {after}"


def _sides(size: Sequence[int]) -> str:
    return str(size[0]) if len(set(size)) == 1 else " × ".join(map(str, size))


def prepared(transform: Mapping[str, Any]) -> str:
    """``256 → 224, bicubic``."""
    return f"{geometry(transform)}, {transform['interpolation']}"


def setting(group: Group, run: store.Run) -> str:
    """A setting as a reader knows it: ``own: 256 → 224, bicubic``, ``focus-paper: 224 → 224``, ``bilinear``."""
    if group.axis == "prompts":
        return _texts(group, run)
    options = options_of(run, "preprocessing")
    if run is group.own:
        return f"own: {prepared(run.preprocessing)}"
    own = group.own.preprocessing if group.own is not None else None
    if not options:
        return f"another config: {prepared(run.preprocessing)}{_scaled(run.preprocessing, own)}"
    return preprocessing_setting(options, run.preprocessing, own)


def preprocessing_setting(
    options: Mapping[str, str], transform: Mapping[str, Any], own: Mapping[str, Any] | None = None
) -> str:
    """What options make of a preprocessing.

    Args:
        options: ``preset`` and ``interpolation``.
        transform: As it is then.
        own: The model's own, if that is known.
    """
    if presets.PRESET not in options:
        return options.get(presets.INTERPOLATION, "")
    return f"{options[presets.PRESET]}: {prepared(transform)}{_scaled(transform, own)}"


def _scaled(transform: Mapping[str, Any], own: Mapping[str, Any] | None) -> str:
    """That pixels are centred or scaled otherwise than the model's own way."""
    alike = own is None or all(list(transform[name]) == list(own[name]) for name in ("mean", "std"))
    return "" if alike else ", other mean and std"


def _texts(group: Group, run: store.Run) -> str:
    options = options_of(run, "prompts")
    said = options.get(zero_shot.PROMPTS, zero_shot.DEFAULT)
    if run is group.own:
        return f"own: {said}"
    own = options_of(group.own, "prompts") if group.own is not None else {}
    classes = options.get(zero_shot.CLASSES, "")
    return f"{said}, classes {classes or 'by default'}" if classes != own.get(zero_shot.CLASSES, "") else said


def settings(group: Group) -> list[str]:
    """The settings of a group's table in words, each told from the others."""
    said = [setting(group, run) for run in group.runs]
    return [
        words if said.count(words) == 1 else f"{words} ({run.identity[:8]})"
        for words, run in zip(said, group.runs, strict=True)
    ]


def named(group: Group, table: pd.DataFrame) -> pd.DataFrame:
    """A group's table with the column ``setting`` in front."""
    return table.assign(setting=settings(group))[["setting", *table.columns]]


@dataclass(frozen=True)
class _Style:
    """How words are set: as Markdown, or plainly."""

    markdown: bool

    def said(self, words: object) -> str:
        return escaped(words) if self.markdown else str(words)

    def strong(self, words: str) -> str:
        return f"**{words}**" if self.markdown else words

    def key(self, words: str) -> str:
        return code(words) if self.markdown else words

    def named(self, words: object) -> str:
        return self.strong(self.said(words))


def sentence(group: Group, table: pd.DataFrame, margin: float = MARGIN, *, markdown: bool = True) -> str:
    """What the settings of the same weights change, with the worst case by name.

    Args:
        group: From ``variants.groups``.
        table: ``variants.table`` of it, ``named``.
        margin: Largest difference that does not matter, a fraction.
        markdown: Whether it is Markdown; plain text otherwise.
    """
    style, (one, several) = _Style(markdown), NOUNS[group.axis]
    model, where = style.named(group.model), style.key(group.benchmark)
    if group.own is None:
        return f"{model} has no result with its own {one} on {where}: there is nothing to compare others with."
    if not group.own.complete:
        far = f"{group.own.n_done:,} of {count(group.own.n_samples, 'image')}"
        return f"{model} with its own {one} is not finished on {where} ({far}): no finding yet."
    others = table[~table["own"]]
    compared = others[~others["same_pixels"] & ~others["partial"] & others["change_low"].notna()]
    rest = _left_out(others, style)
    if compared.empty:
        return f"{model} has no complete result with another {one} on {where} to compare its own with.{rest}"
    if is_thin(compared["n_common"], compared["n_common_clusters"]).any():
        row = compared.loc[compared["n_common_clusters"].idxmin()]
        few = resting(int(row["n_common"]), int(row["n_common_clusters"]), unit_of(group.own))
        return f"{model} rests on {few}, too few to claim what another {one} changes.{rest}"
    clear = compared[(compared["change_low"] > 0) | (compared["change_high"] < 0)]
    among = f"{len(compared):,} other {several}" if len(compared) > 1 else f"The one other {one}"
    if clear.empty:
        return f"{_unclear(group, compared, among, margin, style)}{rest}"
    return f"{_clear(group, compared, among, margin, style)}{rest}"


def _unclear(group: Group, compared: pd.DataFrame, among: str, margin: float, style: _Style) -> str:
    """Where no setting can be told from the own one."""
    row, model = compared.loc[compared["change"].abs().idxmax()], style.named(group.model)
    found = _contrast(group, row).verdict(margin)
    change = f"{points(row['change'], 1)} {interval(row['change_low'], row['change_high'])}"
    over = f"over {count(int(row['n_common']), 'image')}"
    is_small = bool(((compared["change_low"] > -margin) & (compared["change_high"] < margin)).all())
    more = f"; {limits(found)}" if limits(found) and not is_small else ""
    if len(compared) == 1:
        verb = f"is {within(found)} to" if is_small else "cannot be told from"
        return f"{among} of {model}, {style.named(row['setting'])}, {verb} its own {over}: {change}{more}."
    begin, end = ("All", f"are {within(found)} to") if is_small else ("None of", "can be told from")
    furthest = f"the furthest, {style.named(row['setting'])}, is {change} from it"
    return f"{begin} {among} of {model} {end} its own {over}; {furthest}{more}."


def _clear(group: Group, compared: pd.DataFrame, among: str, margin: float, style: _Style) -> str:
    """The worst setting that is clearly worse than the own one, and the best that is clearly better."""
    model, one = style.named(group.model), NOUNS[group.axis][0]
    worse, better = compared[compared["change_high"] < 0], compared[compared["change_low"] > 0]
    parts = []
    for clear, side, verb in ((worse, "lowest", "loses"), (better, "highest", "gains")):
        if clear.empty:
            continue
        row = clear.loc[clear["change"].abs().idxmax()]
        low, high = sorted((abs(row["change_low"]), abs(row["change_high"])))
        lost, gained, n = (int(row[name]) for name in ("lost", "gained", "n_common"))
        tied = [name for name in compared.loc[compared[side], "setting"] if name != row["setting"]]
        found = _contrast(group, row).verdict(margin)
        small = f", a difference {within(found).removeprefix('equivalent ')}," if found.is_small else ""
        ties = f"; {_listed(tied, style)} cannot be told from that" if tied else ""
        lead = f"{verb} {style.strong(size(row['change'], 1))} {interval(low, high)}{small}"
        parts.append(
            f"{lead} with {style.named(row['setting'])} in place of its own {one} "
            f"({count(lost, 'image')} lost and {gained:,} gained of {n:,}{ties})"
        )
    unclear = len(compared) - len(worse) - len(better)
    rest = f"; {unclear:,} of them cannot be told from its own" if unclear else ""
    return f"{f'Of {among}, ' if len(compared) > 1 else ''}{model} {', and '.join(parts)}{rest}."


def _left_out(others: pd.DataFrame, style: _Style) -> str:
    """Of which settings nothing is claimed, and why; sentences that follow another."""
    same = others.loc[others["same_pixels"], "setting"].tolist()
    early = others.loc[others["partial"] & ~others["same_pixels"], "setting"].tolist()
    parts = []
    if same:
        parts.append(f" The same pixels as its own, under another name: {_listed(same, style)}.")
    if early:
        parts.append(f" Not finished, so no finding yet: {_listed(early, style)}.")
    return "".join(parts)


def _listed(names: Sequence[str], style: _Style) -> str:
    """Settings in a row: a paper's by its name alone, where that is enough."""
    short = [name.partition(": ")[0] for name in names]
    return listed(
        [
            style.said(brief if short.count(brief) == 1 and brief in presets.PRESETS else name)
            for brief, name in zip(short, names, strict=True)
        ]
    )


def _contrast(group: Group, row: pd.Series) -> Contrast:
    numbers = [float(row[name]) for name in ("change", "change_low", "change_high")]
    return Contrast(
        *numbers, math.nan, math.nan, int(row["n_common"]), int(row["n_common_clusters"]), unit=unit_of(group.runs[0])
    )


def change_in_words(row: Mapping[str, Any]) -> str:
    """A row's difference from the own setting: ``−1.2 pts [−2.0, −0.4]``, ``same pixels``, ``its own``."""
    if row["own"]:
        return "its own"
    if row["same_pixels"]:
        return "same pixels"
    if math.isnan(row["change"]):
        return "–"
    return f"{points(row['change'], 1)} {interval(row['change_low'], row['change_high'])}"


def accuracy_in_words(row: Mapping[str, Any]) -> str:
    """``71.3 % [69.0, 73.4]``."""
    return f"{percent(row['value'])} {interval(row['low'], row['high'])}"


def counts_in_words(row: Mapping[str, Any]) -> str:
    """``+15 −37``: images that are right only with a setting, and only with the own one; empty where none can be."""
    return "" if row["own"] or row["same_pixels"] or not row["n_common"] else f"+{row['gained']:,} −{row['lost']:,}"


def said_of(run: store.Run) -> str:
    """In which way a run's model was shown images or asked otherwise than its own way; empty where it was not.

    ``as in FOCUS, its evaluate_model.py, interpolation nearest asked for``; of a zero-shot model, and of one whose
    outputs were reduced, what was made of them.
    """
    options = options_of(run, "preprocessing")
    preset = presets.PRESETS.get(options.get(presets.PRESET, ""))
    parts = [f"as in {preset.paper}"] if preset else []
    if presets.INTERPOLATION in options:
        parts.append(f"interpolation {options[presets.INTERPOLATION]} asked for")
    return ", ".join([*parts, *([run.manifest.model.head] if run.manifest.model.head else [])])
