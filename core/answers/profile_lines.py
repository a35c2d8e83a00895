"""The lines of a profile: from an accuracy to another one within a factor, with what they rest on.

See ``core.answers.profile`` for what each kind compares.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from core import store, uncommon
from core.answers import (
    catalogue,
    compare,
    cue_tables,
    questions,
    setting_tables,
    spans,
    tolerance,
    zoom_sentences,
    zoom_tables,
)
from core.answers.cards import unit_of
from core.answers.compare import Contrast
from core.answers.cue_sentences import MAIN, row_of
from core.answers.questions import Question, StoredPolicy, Where, factor_of
from core.answers.sentences import resting
from core.answers.worst import Setting, enough, level_name, setting_name, worst
from core.metrics import zoom
from core.metrics.intervals import CONFIDENCE
from core.metrics.score import student
from core.types import FactorValue, is_thin
from core.uncommon.rules import is_uncommon
from core.wording import anchor_name, percent

Kind = Literal["factor", "setting", "cues", "zoom"]
#: Kinds whose change is a loss that a model had better not have.
LOSSES: tuple[Kind, ...] = ("factor", "setting")
_DEFINITION = "paper-code"
#: What is where a line begins, of the kinds that do not begin at a setting.
COMMON, WITH_OBJECT, USUAL_CROP = "common settings, same classes", "with the object", "the usual crop"
GRAYED_OUT = "object grayed out"
#: Where a model is worst that is as good at every setting.
EVERYWHERE = "all settings"


@dataclass(frozen=True)
class Line:
    """A factor of a profile.

    Attributes:
        model: Label.
        benchmark: Key.
        view: Name of the family of views.
        identity: Of the result.
        kind: What is compared; see ``core.answers.profile``.
        factors: Names of the factor, or of x and y; of the kind for cues and zoom.
        label: The factor as a reader sees it: ``location``.
        family: Of the benchmark, where lines of several families share the label; else empty.
        clean: Accuracy where the line begins, 0..1; NaN where there is no number.
        clean_at: What is there: the name of a setting, or words.
        worst: Accuracy where it ends.
        worst_at: What is there.
        change: ``worst`` less ``clean``.
        low: Lower end of its 95 % interval, which holds for all settings of the line at once.
        high: Upper end.
        n: Images at the end.
        n_clusters: Objects that they show, or images where those are independent.
        unit: What the clusters are; see ``cards.unit_of``.
        ties: Names of other settings that may as well be the worst.
        levels: Settings that take part.
        thin_levels: Settings that do not: too few images or objects.
        where: Which images of the result are at the end.
        note: Why there is no number; empty where there is one.
        remark: What else is to be said of the number.
        classes: Which classes the model chooses among, in words.
        is_varied: Whether the benchmark was made to vary the factor; else its settings may differ in classes and
            objects too.
        other: The same line of a second model.
        against: The second model less this one, each at its own worst, on the images that both have; None where they
            are not compared.
        differs: Whether the two differ, so that all lines of the profile that do hold at once.
    """

    model: str
    benchmark: str
    view: str
    identity: str
    kind: Kind
    factors: tuple[str, ...]
    label: str
    family: str = ""
    clean: float = np.nan
    clean_at: str = ""
    worst: float = np.nan
    worst_at: str = ""
    change: float = np.nan
    low: float = np.nan
    high: float = np.nan
    n: int = 0
    n_clusters: int = 0
    unit: str = "object"
    ties: tuple[str, ...] = ()
    levels: int = 0
    thin_levels: int = 0
    where: tuple[Where, ...] = ()
    note: str = ""
    remark: str = ""
    classes: str = ""
    is_varied: bool = True
    other: Line | None = None
    against: Contrast | None = None
    differs: bool = False

    @property
    def name(self) -> str:
        """Names the line within its benchmark: ``factor:x+y``, ``setting:weather``, ``cues:cues``."""
        return f"{self.kind}:{'+'.join(self.factors)}"

    @property
    def title(self) -> str:
        """The factor, told apart from those of other families."""
        return f"{self.label} ({self.family})" if self.family else self.label

    @property
    def varies(self) -> bool:
        """Whether the factor has more than one setting, as far as that is known."""
        return self.kind != "factor" or self.levels + self.thin_levels != 1

    @property
    def is_loss(self) -> bool:
        """Whether it says how much is lost; cues and zoom say something else."""
        return self.kind in LOSSES

    @property
    def is_level(self) -> bool:
        """Whether the worst setting is no worse than where the line begins: there is none to name."""
        return self.kind == "factor" and self.is_known and self.change == 0

    @property
    def is_known(self) -> bool:
        """Whether there is a number."""
        return not self.note

    @property
    def is_clear(self) -> bool:
        """Whether the model is worse at the worst setting than where the line begins, whichever setting it is."""
        return self.is_loss and self.is_known and self.high < 0

    def is_clear_among(self, m: int) -> bool:
        """Whether it still is once ``m`` factors have been looked at, so that all that are clear hold at once."""
        return self.is_clear and self.high + further(self.high - self.change, self.n_clusters, m) < 0


def further(reach: float, n_clusters: int, m: int) -> float:
    """How much farther an interval's end is once ``m`` of them must hold at once.

    Args:
        reach: Of the end by itself, from the estimate.
        n_clusters: What it rests on.
        m: Number of intervals.

    Source: Bonferroni; the end is so many times as far as Student's t is at the higher confidence.
    """
    degrees = max(n_clusters - 1, 1)
    return float(reach * (student(degrees, 1 - (1 - CONFIDENCE) / max(m, 1)) / student(degrees) - 1))


def side_among(contrast: Contrast | None, m: int) -> int:
    """1 where a contrast is clearly above 0, -1 where it is clearly below, once ``m`` are looked at; else 0."""
    if contrast is None or contrast.is_thin:
        return 0
    low = contrast.low - further(contrast.value - contrast.low, contrast.n_clusters, m)
    high = contrast.high + further(contrast.high - contrast.value, contrast.n_clusters, m)
    return 1 if low > 0 else -1 if high < 0 else 0


def begun(run: store.Run, kind: Kind, factors: Sequence[str], label: str, *, is_varied: bool = True) -> Line:
    """A line without its numbers; with a note where the result is not finished."""
    line = Line(run.label, run.benchmark, run.view, run.identity, kind, tuple(factors), label, unit=unit_of(run))
    line = replace(line, classes=catalogue.space_in_words(run.label_space), is_varied=is_varied)
    if run.complete:
        return line
    return replace(line, note=f"not finished: {run.n_done:,} of {run.n_samples:,} images are done")


def of_factor(run: store.Run, line: Line, policy: StoredPolicy) -> Line:
    """From the best setting of a factor to its worst; see ``core.answers.worst``."""
    question, names = Question(policy=policy), line.factors
    found = worst(run, names, question)
    counts = {"levels": found.levels, "thin_levels": found.thin_levels}
    if found.worst is None or found.best is None:
        return replace(line, note=f"fewer than two settings have enough images ({enough(found)})", **counts)
    factors = [factor_of(run, name) for name in names]

    def named(at: Sequence[FactorValue]) -> str:
        return level_name(run, factors[0], at[0]) if len(factors) == 1 else setting_name(run, factors, at)

    table = tolerance.levels_of(run, replace(question, by=names))
    if found.change == 0:
        used = table[table["used"].astype(bool)]
        ends = {"clean": found.best.value, "worst": found.worst.value, "change": 0.0, "low": found.low}
        ends |= {"high": found.high, "n": int(used["n"].sum()), "n_clusters": found.n_clusters}
        return replace(line, **ends, **counts, clean_at=EVERYWHERE, worst_at=EVERYWHERE)
    ties = [tuple(factor.parse(row[factor.name]) for factor in factors)
            for row in table[table["tied"].astype(bool)].to_dict("records")]  # fmt: skip
    return replace(
        line,
        **{"clean": found.best.value, "clean_at": named(found.best.at)},
        **{"worst": found.worst.value, "worst_at": named(found.worst.at)},
        **{"change": found.change, "low": found.low, "high": found.high},
        **{"n": found.worst.n, "n_clusters": found.worst.n_clusters},
        ties=tuple(named(at) for at in ties if at != found.worst.at),
        where=_where(run, names, found.worst),
        **counts,
    )


def _where(run: store.Run, names: Sequence[str], setting: Setting) -> tuple[Where, ...]:
    """The images at a setting; of a number in bins those in its bin."""
    conditions = []
    for name, level in zip(names, setting.at, strict=True):
        factor = factor_of(run, name)
        binned = spans.binned(run, factor) if factor.is_number else None
        span = binned.span_of(float(level)) if binned else None
        conditions.append(Where.equals(name, level) if span is None else Where.within(name, span))
    return tuple(conditions)


def of_setting(run: store.Run, line: Line, policy: StoredPolicy) -> Line:
    """From common settings to the costliest uncommon value of an attribute, the same class mix on both sides."""
    if policy != "top1":
        return replace(line, note="uncommon settings are measured by top-1 only")
    (attribute,) = line.factors
    table = setting_tables.answer(run, "value_changes")
    known = table[(table["attribute"] == attribute) & (table["definition"] == _DEFINITION) & table["value"].notna()]
    firm = known[~known["thin"].astype(bool)].sort_values("value", kind="stable")
    counts = {"levels": len(firm), "thin_levels": len(known) - len(firm)}
    if firm.empty:
        return replace(line, note="no uncommon value has enough images on both sides", **counts)
    row = firm.iloc[0]
    setting = str(row["setting"])
    rare = tuple(name for name in uncommon.CATEGORIES if is_uncommon(name, attribute, setting))
    return replace(
        line,
        **{"clean": float(row["common"]), "clean_at": COMMON, "worst": float(row["uncommon"]), "worst_at": setting},
        **{"change": float(row["value"]), "low": float(row["low"]), "high": float(row["high"])},
        **{"n": int(row["n_uncommon"]), "n_clusters": int(row["n_clusters"])},
        ties=tuple(firm.iloc[1:].loc[firm.iloc[1:]["tied"].astype(bool), "setting"].astype(str)),
        where=(Where.equals(attribute, setting), Where("category", values=rare)),
        **counts,
    )


def of_cues(run: store.Run, line: Line, policy: StoredPolicy) -> Line:
    """From images as they are to the same with the object grayed out: what is left is due to its surroundings."""
    table = cue_tables.answer(run, "ablation", policy)
    clean, gone = row_of(table, "clean"), row_of(table, MAIN)
    if clean is None or gone is None:
        return replace(line, note="no answer to images without their object")
    if is_thin(gone["n"], gone["n_clusters"]):
        return replace(line, note=f"rests on {resting(int(gone['n']), int(gone['n_clusters']), line.unit)}, too few")
    rest = table.loc[~table["view"].isin(["clean", MAIN]) & (table["n"] > 0), "value"]
    spread = (
        f"{percent(rest.min(), 0)} to {percent(rest.max(), 0)} when it is taken away otherwise" if len(rest) else ""
    )
    return replace(
        line,
        **{"clean": float(gone["value"] + gone["drop"]), "clean_at": WITH_OBJECT},
        **{"worst": float(gone["value"]), "worst_at": GRAYED_OUT},
        **{"change": -float(gone["drop"]), "low": -float(gone["drop_high"]), "high": -float(gone["drop_low"])},
        **{"n": int(gone["n"]), "n_clusters": int(gone["n_clusters"]), "levels": 1, "remark": spread},
        where=without_object(run),
    )


def without_object(run: store.Run) -> tuple[Where, ...]:
    """The view of each image with its object grayed out."""
    names = {factor.name for factor in run.views.factors}
    noise = (Where.equals("region", "none"),) if "region" in names else ()
    return (Where.equals("ablation", MAIN), *noise)


def of_zoom(run: store.Run, line: Line, policy: StoredPolicy) -> Line:
    """From the usual crop to the best single zoom, chosen on the other half of the images."""
    if policy != "top1":
        return replace(line, note="zooms are measured by top-1 only")
    table = zoom_tables.answer(run, "bound")
    one = zoom_sentences.row_of(table, zoom.ONE_CROP)
    chosen, fair = (zoom_sentences.row_of(table, zoom.BEST, mark) for mark in (zoom.CHOSEN, zoom.CROSS_FITTED))
    if one is None or chosen is None or fair is None or fair["gain"] != fair["gain"]:
        return replace(line, note="no answer to the usual crop and to others")
    if is_thin(one["n"], one["n_clusters"]):
        return replace(line, note=f"rests on {resting(int(one['n']), int(one['n_clusters']), line.unit)}, too few")
    where = f"size {int(chosen['size'])}, {anchor_name(int(chosen['row']), int(chosen['col']))}"
    return replace(
        line,
        **{"clean": float(one["top1"]), "clean_at": USUAL_CROP, "worst": float(fair["top1"]), "worst_at": where},
        **{"change": float(fair["gain"]), "low": float(fair["gain_low"]), "high": float(fair["gain_high"])},
        **{"n": int(fair["n"]), "n_clusters": int(fair["n_clusters"]), "levels": run.n_views},
        remark="the best single zoom, chosen on the other half of the images",
    )


def against(first: store.Run, second: store.Run, line: Line, policy: StoredPolicy) -> Contrast | None:
    """The second model less the first, each at its own worst, on common images; None where they are not compared.

    Settings of a factor: accuracies at the worst. Of uncommon settings: the changes at the costliest. Cues: accuracies
    without the object.
    """
    if line.kind == "factor":
        found = tolerance.worst_against_worst(first, second, line.factors, Question(policy=policy))[0]
        return replace(found, unit=line.unit) if found.n else None
    if line.kind == "setting":
        table = setting_tables.worst_against_worst(first, second, line.factors[0])
        if table.empty:
            return None
        row = table.iloc[0]
        numbers = (float(row[name]) for name in ("value", "low", "high", "before", "after"))
        return Contrast(*numbers, int(row["n"]), int(row["n_clusters"]), unit=line.unit)
    if line.kind == "cues" and questions.factors_of(second).keys() >= questions.factors_of(first).keys():
        row = compare.paired_difference(first, second, Question(policy=policy, where=without_object(first))).iloc[0]
        numbers = (float(row[name]) for name in ("value", "low", "high", "first", "second"))
        return Contrast(*numbers, int(row["n"]), int(row["n_clusters"]), unit=line.unit)
    return None
