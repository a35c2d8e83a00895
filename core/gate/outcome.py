"""What a gate says of stored runs: each check with its number, interval and verdict, and what all come to."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from core import store
from core.answers import report
from core.errors import UsageError
from core.gate.checks import Check, Gate
from core.gate.images import Memo
from core.gate.numbers import estimate
from core.gate.verdicts import Bounded, Decision, Estimate, Kind, decide
from core.types import is_thin

#: What a gate exits with; 2 is a mistake in how it was asked.
PASSED, FAILED, UNDECIDED = 0, 1, 3
#: Says how verdicts are told where there are several.
FAMILY = "together (Holm's procedure; each interval is at the confidence that its check was judged at)"


@dataclass(frozen=True)
class Result:
    """A check and what is said of it.

    Attributes:
        check: Of the file.
        run: The model's.
        baseline: The other one, where the check has one.
        estimate: The number.
        decision: The verdict, with its interval.
    """

    check: Check
    run: store.Run
    baseline: store.Run | None
    estimate: Estimate
    decision: Decision

    @property
    def kind(self) -> Kind:
        """The verdict."""
        return self.decision.kind

    @property
    def runs(self) -> list[store.Run]:
        """One or two."""
        return [self.run] if self.baseline is None else [self.run, self.baseline]

    @property
    def is_thin(self) -> bool:
        """Whether it rests on too little to carry a claim beyond its interval."""
        return bool(is_thin(self.estimate.n, self.estimate.n_clusters))


@dataclass(frozen=True)
class Outcome:
    """What a gate says.

    Attributes:
        results: In the order of the file.
        confidence: Of all verdicts together.
        inconclusive: What inconclusive checks count as: ``pass``, ``fail``, or neither where empty.
        warnings: In what compared runs differ.
    """

    results: tuple[Result, ...]
    confidence: float
    inconclusive: str
    warnings: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[Kind, int]:
        """How many checks have each verdict."""
        found = Counter(result.kind for result in self.results)
        return {"pass": found["pass"], "fail": found["fail"], "inconclusive": found["inconclusive"]}

    @property
    def exit_code(self) -> int:
        """0 where all pass, 1 where one fails, 3 where none fails and one is inconclusive."""
        counts = self.counts
        if counts["fail"] or (counts["inconclusive"] and self.inconclusive == "fail"):
            return FAILED
        return UNDECIDED if counts["inconclusive"] and self.inconclusive != "pass" else PASSED

    @property
    def runs(self) -> list[store.Run]:
        """Every run once, in the order of the checks."""
        return list({(run.identity, run.benchmark): run for each in self.results for run in each.runs}.values())


Find = Callable[[Check, str], store.Run]


def judge(gate: Gate, find: Find, *, inconclusive: str = "", allow_partial: bool = False) -> Outcome:
    """What a gate says.

    Args:
        gate: A file's checks.
        find: A check and a model, as it was typed, to the stored run; raises ``UsageError`` where there is none.
        inconclusive: See ``Outcome``.
        allow_partial: Whether runs that are not finished are judged by what they have.

    Raises:
        UsageError: If a run is missing, or not finished, or a benchmark has no such number; says where it was asked.
    """
    pairs = [_runs(check, find, allow_partial) for check in gate.checks]
    memo: Memo = {}
    estimates = [estimate(check, *pair, memo) for check, pair in zip(gate.checks, pairs, strict=True)]
    bounded = [
        Bounded(each, check.threshold, check.is_lower) for check, each in zip(gate.checks, estimates, strict=True)
    ]
    results = tuple(
        Result(check, *pair, each, decision)
        for check, pair, each, decision in zip(
            gate.checks, pairs, estimates, decide(bounded, gate.confidence), strict=True
        )
    )
    differing = [line for each in results if each.baseline is not None for line in report.differences(each.runs)]
    found = Outcome(results, gate.confidence, inconclusive)
    partial = [
        f"{run.model} on {run.benchmark} is not finished: {run.n_done:,} of {run.n_samples:,} images"
        for run in found.runs
        if not run.complete
    ]
    return replace(found, warnings=tuple(dict.fromkeys([*partial, *differing])))


def _runs(check: Check, find: Find, allow_partial: bool) -> tuple[store.Run, store.Run | None]:
    found = []
    for name in ("model", "baseline") if check.needs_baseline else ("model",):
        with check.places[name].placed():
            run = find(check, getattr(check, name))
            if not run.complete and not allow_partial:
                finish = "" if run.is_imported else "--run finishes it, "
                raise UsageError(
                    f"the result of {run.model} on '{run.benchmark}' is not finished ({run.n_done:,} of "
                    f"{run.n_samples:,} images): {finish}--allow-partial judges what is there."
                )
            found.append(run)
    return found[0], (found[1] if len(found) > 1 else None)


def content(outcome: Outcome) -> dict[str, Any]:
    """JSON values; what cannot be said is None."""
    return {
        "exit_code": outcome.exit_code,
        "counts": outcome.counts,
        "confidence": outcome.confidence,
        "correction": "Holm",
        "inconclusive_counts_as": outcome.inconclusive or None,
        "checks": [_content(result) for result in outcome.results],
        "runs": [_identified(run) for run in outcome.runs],
        "warnings": list(outcome.warnings),
    }


def _content(result: Result) -> dict[str, Any]:
    check, number, decision = result.check, result.estimate, result.decision
    return {
        "name": check.name,
        "verdict": decision.kind,
        "benchmark": check.benchmark,
        "view": check.view,
        "number": check.number.said,
        "where": {name: node.text or _plain(node.value) for name, node in check.where.items()},
        "policy": check.policy,
        "limit": {check.bound: check.limit},
        "value": _known(number.value),
        "low": _known(decision.low),
        "high": _known(decision.high),
        "confidence": decision.confidence,
        "before": _known(number.before),
        "after": _known(number.after),
        "n": number.n,
        "n_clusters": number.n_clusters,
        "unit": number.unit,
        "thin": result.is_thin,
        "more_needed": decision.more,
        "n_model_only": number.n_only[0],
        "n_baseline_only": number.n_only[1],
        "notes": list(number.notes),
        "model": result.run.source,
        "identity": result.run.identity,
        "baseline": result.baseline.source if result.baseline else None,
        "baseline_identity": result.baseline.identity if result.baseline else None,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: node.text for name, node in value.items()}
    return [node.text for node in value] if isinstance(value, list) else value


def _known(number: float) -> float | None:
    return None if math.isnan(number) else number


def _identified(run: store.Run) -> dict[str, Any]:
    return {
        "model": run.source,
        "benchmark": run.benchmark,
        "view": run.view,
        "identity": run.identity,
        "samples_digest": store.samples_digest(run),
        "fingerprint": run.fingerprint,
        "precision": run.precision,
        "preprocessing": dict(run.preprocessing),
        "imported": run.is_imported,
        "complete": run.complete,
    }
