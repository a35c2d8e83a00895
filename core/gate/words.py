"""Checks and verdicts in words, the same in a terminal, in Markdown and in a build's report."""

from __future__ import annotations

import math

from core import store
from core.gate.outcome import FAMILY, Outcome, Result
from core.wording import clusters, count, interval, percent, points, preprocessing, units, weights

_VERDICTS = {"pass": "pass", "fail": "fail", "inconclusive": "inconclusive"}


def shown(result: Result) -> str:
    """The number and its interval: ``+28.2 pts [+21.9, +34.4]``."""
    value, low, high = result.estimate.value, result.decision.low, result.decision.high
    if math.isnan(value):
        return "not known"
    if result.check.number.kind == "cell":
        if result.check.is_percent:
            return f"{percent(value)} {interval(low, high)}".replace("\u00a0", " ")
        return f"{value:.4g} " + ("no interval" if math.isnan(low) else f"[{low:.4g}, {high:.4g}]")
    ends = "no interval" if math.isnan(low) else interval(low, high).replace("\u00a0", " ")
    said = points(value, 1) if _is_difference(result) else percent(value)
    return f"{said} {ends}".replace("\u00a0", " ")


def _is_difference(result: Result) -> bool:
    return (result.check.needs_baseline and result.check.number.kind != "flips") or _is_contrast(result)


def _is_contrast(result: Result) -> bool:
    return result.check.number.kind in ("border", "gap", "groups")


def limit(result: Result) -> str:
    """``at least 90 %``, ``a rise of at most 5 pts``."""
    check = result.check
    if check.number.kind == "cell" and not check.is_percent:
        amount = f"{check.limit:.4g}"
    elif _is_difference(result):
        amount = points(check.limit, _digits(check.limit)).removeprefix("+").replace("\u00a0", " ")
    else:
        amount = percent(check.limit, _digits(check.limit)).replace("\u00a0", " ")
    form = {"min": "at least {}", "max": "at most {}", "max_drop": "a drop of at most {}"}
    return form.get(check.bound, "a rise of at most {}").format(amount)


def _digits(share: float) -> int:
    return next((digits for digits in (0, 1) if abs(round(100 * share, digits) - 100 * share) < 1e-9), 2)


def sides(result: Result) -> str:
    """The two accuracies or contrasts that a number is the difference of; empty where there are none."""
    before, after = result.estimate.before, result.estimate.after
    if math.isnan(before) or math.isnan(after):
        return ""
    paired = result.check.needs_baseline
    said = [points(part, 1) if paired and _is_contrast(result) else percent(part) for part in (before, after)]
    if paired:
        return f"baseline {said[0]}, model {said[1]}".replace("\u00a0", " ")
    if result.check.number.kind == "gap":
        return f"uncommon {said[0]}, common {said[1]}".replace("\u00a0", " ")
    return f"from {said[0]} to {said[1]}".replace("\u00a0", " ")


def counts(result: Result) -> str:
    """``4,300 images, 50 objects``, with what is left out of either side."""
    number = result.estimate
    of = "common image" if result.baseline is not None else "image"
    said = count(number.n, of)
    if number.unit != "image":
        said += f", {clusters(number.n_clusters, number.unit)}"
    if result.is_thin:
        said += " (thin)"
    for n, name in zip(number.n_only, ("the model", "the baseline"), strict=True):
        if n:
            said += f"; {n:,} of {name} alone left out"
    return said


def why(result: Result) -> str:
    """What would decide an inconclusive check; empty for the others."""
    number, decision = result.estimate, result.decision
    if decision.kind != "inconclusive":
        return ""
    unit = units(number.unit)
    if number.n == 0:
        return "none of its images could be evaluated"
    if math.isnan(decision.low):
        return f"too few {unit} for an interval"
    if decision.more:
        n = _rounded(decision.more)
        noun = clusters(n, number.unit).partition(" ")[2]
        return f"about {n:,} more {noun} would decide it, if the number stays"
    if abs(number.value - result.check.threshold) < 1e-9:
        return f"the number lies on the limit, so no more {unit} would decide it"
    return f"so near the limit that no number of {unit} to be had would decide it"


def _rounded(n: int) -> int:
    """A guess with two digits."""
    scale = 10 ** max(len(str(n)) - 2, 0)
    return math.ceil(n / scale) * scale


def confidence(share: float) -> str:
    """``99.17 %``, with as many digits as tell it from 100 %."""
    return f"{100 * share:.4g} %" if share < 0.9995 else f"{100 * share:.6g} %"


def summary(outcome: Outcome) -> str:
    """How many pass, fail and are inconclusive, and how that was told."""
    found = outcome.counts
    parts = [f"{found[kind]} {kind}" for kind in ("fail", "inconclusive", "pass") if found[kind]]
    n = len(outcome.results)
    family = f" {FAMILY}" if n > 1 else ""
    said = f"{count(n, 'check')}: {', '.join(parts)}; at {confidence(outcome.confidence)} {family.strip()}".rstrip()
    if outcome.inconclusive and found["inconclusive"]:
        said += f"; inconclusive counts as {outcome.inconclusive}"
    return f"{said}."


def identified(run: store.Run) -> str:
    """What a number was computed from."""
    made = " · imported" if run.is_imported else ""
    view = "" if run.view == "clean" else f" · {run.view}"
    said = (
        f"{run.model} on {run.benchmark}{view}: identity {run.identity} · "
        f"{weights(run.fingerprint, run.is_imported and not run.preprocessing)} · "
        f"{preprocessing(run.preprocessing)} · {run.precision}{made}"
    )
    return said.replace("\u00a0", " ")
