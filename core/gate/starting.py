"""A first gate file, written from what is stored: limits that today's results can decide, each with its reason.

Against a baseline a limit is never taken from the difference that is seen. It is the smallest loss that so many images
or objects would show: the minimum detectable effect of the paired difference, at the confidence that Holm's first step
asks for, in whole points and at least 2. A smaller limit would leave a model that lost nothing inconclusive. Of one
model alone, limits are where its own intervals end today.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass

from core import store
from core.answers.cards import card_of
from core.answers.questions import SAYS_WHAT
from core.errors import UsageError
from core.gate.checks import Check, gate_of
from core.gate.numbers import estimate
from core.gate.reading import parsed
from core.gate.verdicts import Estimate
from core.metrics import verdicts
from core.metrics.intervals import CONFIDENCE
from core.types import is_thin
from core.wording import clusters, count, interval, percent, points

#: The smallest loss that a limit allows, and the largest, beyond which a check says nothing.
_LEAST, _MOST = 0.02, 0.3
_ATTRIBUTES = ("time", "weather", "locations")


@dataclass(frozen=True)
class _Wanted:
    """A check to be written: its lines but for the limit, and of which kind that is."""

    benchmark: str
    number: str
    lower: bool
    where: str = ""

    def text(self, bound: str, limit: str) -> str:
        lines = [f"  - benchmark: {json.dumps(self.benchmark)}", f"    number: {self.number}"]
        lines += [f"    where: {self.where}  # no uncommon setting"] if self.where else []
        return "\n".join([*lines, f"    {bound}: {limit}"])


@dataclass(frozen=True)
class _Measured:
    wanted: _Wanted
    found: Estimate


def written(runs: Sequence[store.Run], baselines: Sequence[store.Run]) -> str:
    """The text of a gate file.

    Args:
        runs: Of one model, a benchmark each.
        baselines: Of another, in the same order; none for limits that are fixed.

    Raises:
        UsageError: If nothing that is stored can be checked.
    """
    measured, left_out = [], []
    for at, run in enumerate(runs):
        baseline = baselines[at] if baselines else None
        for wanted in _wanted(run):
            found = _estimate(wanted, run, baseline)
            if found is None or math.isnan(found.ends(CONFIDENCE)[0]):
                continue
            if wanted.number.startswith("worst") and is_thin(found.n, found.n_clusters):
                left_out.append(f"{run.benchmark} {wanted.number}: {_of(found)} of {_worst(found)} are too few")
                continue
            measured.append(_Measured(wanted, found))
    if not measured:
        raise UsageError(f"nothing of {', '.join(run.benchmark for run in runs)} can be checked: no image is right.")
    level = 1 - (1 - CONFIDENCE) / len(measured)
    if baselines:
        left_out += [
            f"{each.wanted.benchmark} {each.wanted.number}: {_of(each.found)} show no change below "
            f"{_points(_least(each.found, level))}"
            for each in measured
            if _least(each.found, level) > _MOST
        ]
        measured = [each for each in measured if _least(each.found, level) <= _MOST]
    if not measured:
        raise UsageError(f"too few images for a limit: {'; '.join(left_out)}.")
    parts = [_head(runs[0], baselines[0] if baselines else None, level)]
    parts += [_entry(each, level, paired=bool(baselines)) for each in measured]
    text = "\n".join([*parts, *(f"  # left out: {line}" for line in left_out), *_more(runs, bool(baselines))]) + "\n"
    # What is written here must be what is read there.
    gate_of(parsed(text, "gate.yaml"))
    return text


def _worst(found: Estimate) -> str:
    return found.notes[-1].split(",")[0] if found.notes else "it"


def _wanted(run: store.Run) -> list[_Wanted]:
    """What is worth a check: what factors cost, and accuracy where nothing is meant to be hard."""
    card, key = card_of(run), run.benchmark
    names = {factor.name for factor in card.factors}
    is_focus = "partition" in names and "gaps" in {table.name for table in card.tables}
    found = [_Wanted(key, "accuracy", True, "{partition: P0}" if is_focus else "")]
    if is_focus:
        found += [_Wanted(key, f"gap {attribute}", False) for attribute in _ATTRIBUTES]
    if {"x", "y"} <= names:
        found.append(_Wanted(key, "centre to corner", True))
    what = next((name for name in SAYS_WHAT if name in names), "")
    return [*found, _Wanted(key, f"worst {what}", True)] if what else found


def _estimate(wanted: _Wanted, run: store.Run, baseline: store.Run | None) -> Estimate | None:
    """What is seen today, or None where a benchmark has no such number."""
    kind = ("max_drop" if wanted.lower else "max_rise") if baseline else ("min" if wanted.lower else "max")
    head = {"model": run.source, "baseline": baseline.source if baseline else run.source}
    text = "\n".join([*(f"{name}: {json.dumps(value)}" for name, value in head.items()), "checks:"])
    check: Check = gate_of(parsed(f"{text}\n{wanted.text(kind, '0')}", "gate.yaml")).checks[0]
    try:
        return estimate(check, run, baseline)
    except UsageError:
        return None


def _head(run: store.Run, baseline: store.Run | None, level: float) -> str:
    how = (
        "# Each limit is the smallest loss that today's images or objects can show; less would be inconclusive.\n"
        if baseline
        else "# Each limit is where the number's interval ends today; name a 'baseline: MODEL' to compare paired.\n"
    )
    lines = [
        "# python -m core gate THIS_FILE: exit 0 where all pass, 1 where one fails, 3 where none fails and one is",
        "# inconclusive. Verdicts hold together at the confidence below (Holm's procedure).",
        f"{how}model: {json.dumps(run.source, ensure_ascii=False)}",
    ]
    lines += [f"baseline: {json.dumps(baseline.source, ensure_ascii=False)}"] if baseline else []
    views = {each for each in (run.view,) if each != "clean"}
    lines += [f"view: {json.dumps(view)}" for view in views]
    return "\n".join([*lines, f"confidence: {100 * CONFIDENCE:g} %", "checks:"])


def _entry(each: _Measured, level: float, *, paired: bool) -> str:
    wanted, found = each.wanted, each.found
    low, high = found.ends(CONFIDENCE)
    of = _of(found)
    is_contrast = paired or wanted.number.startswith(("gap", "centre"))
    said = f"{points(found.value, 1) if is_contrast else percent(found.value)} {interval(low, high)}"
    if paired:
        least = _least(found, level)
        limit = max(_LEAST, math.ceil(100 * least - 1e-9) / 100)
        bound, amount = ("max_drop" if wanted.lower else "max_rise"), f"{100 * limit:g} points"
        note = f"{of} show {_points(least)}; seen: {said}"
    else:
        low, high = found.ends(level)
        bound = "min" if wanted.lower else "max"
        end = math.floor(100 * low + 1e-9) if wanted.lower else math.ceil(100 * high - 1e-9)
        amount = f"{end:g} {'points' if is_contrast else '%'}"
        note = f"today {said}, {of}"
    return f"{wanted.text(bound, amount)}  # {note}".replace("\u00a0", " ").replace("−", "-")


def _of(found: Estimate) -> str:
    return clusters(found.n_clusters, found.unit) if found.unit != "image" else count(found.n, "image")


def _points(share: float) -> str:
    return points(share, 1).removeprefix("+").replace("\u00a0", " ")


def _least(found: Estimate, level: float) -> float:
    """The smallest change that so many images or objects would show."""
    low, high = found.ends(CONFIDENCE)
    half = (high - low) / 2
    se = verdicts.standard_error(0.0, -half, half, found.n_clusters)
    return verdicts.detectable(se, found.n_clusters, confidence=level)


def _more(runs: Sequence[store.Run], paired: bool) -> list[str]:
    """Checks that are not written, because their limits are a matter of choice."""
    key = json.dumps(runs[0].benchmark)
    lines = ["  # Others, to be filled in:"]
    if paired:
        lines.append(f"  # - {{benchmark: {key}, number: negative_flips, max: 2 %}}  # right before, wrong now")
    table = next((table.name for table in card_of(runs[0]).tables if not table.computed and len(table.by) == 1), "")
    if table:
        lines.append(f"  # - {{benchmark: {key}, number: {{table: {table}, row: {{…}}}}, min: 80 %}}")
    lines.append(f"  # - {{benchmark: {key}, number: {{from: {{FACTOR: A}}, to: {{FACTOR: B}}}}, min: -10 points}}")
    return lines
