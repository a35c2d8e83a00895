"""What a second model breaks as JSON values: what ``python -m core flips`` prints."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import Any

from core import store
from core.answers import flip_sentences, flips, report, spans
from core.answers.cards import card_of
from core.answers.flips import KINDS, Flips
from core.answers.questions import Question, factor_of
from core.answers.worst import Worst
from core.types import is_thin

#: How the columns of ``flips.answer`` are called; the others keep their names.
_REPORTED = {
    **{"value": "broken", "low": "broken_low", "high": "broken_high", "fixed_value": "fixed"},
    **{"band_low": "broken_band_low", "band_high": "broken_band_high"},
}


def build(first: store.Run, second: store.Run, by: Sequence[str], question: Question) -> dict[str, Any]:
    """What the second model breaks and fixes.

    Args:
        first: The model before; complete or partial.
        second: The model after, on the same benchmark and views.
        by: None, one or two factors of the benchmark.
        question: ``policy``, ``where`` and ``reduce``.

    Returns:
        JSON values: ``benchmark, view, policy, reduce``; ``first`` and ``second`` (``model, identity, accuracy,
        n_only``);
        ``n, n_clusters, unit``; ``change`` and ``better`` (which of the two, or None where that cannot be said);
        ``broken`` and ``fixed`` as ``flips.Direction``, with ``most`` where ``by`` is given; ``by, rows``; ``finding``
        (a sentence, with no claim where a result is not finished) and ``warnings``. Fractions 0..1; what cannot be said
        is None.

    Raises:
        UsageError: See ``flips.answer``.
    """
    for name in by:
        factor_of(first, name)
    found, complete = flips.summary(first, second, question), first.complete and second.complete
    accuracies, n_only = (found.change.before, found.change.after), found.n_only
    sides = {
        side: {"model": run.label, "identity": run.identity, "accuracy": accuracy, "n_only": n}
        for side, run, accuracy, n in zip(("first", "second"), (first, second), accuracies, n_only, strict=True)
    }
    change = {name: getattr(found.change, name) for name in ("value", "low", "high")}
    directions = {kind: asdict(found.flips_of(kind)) for kind in KINDS}
    content = {
        "benchmark": first.benchmark,
        "view": first.view,
        "policy": question.policy,
        "reduce": (question.reduce or first.views.reduce) if first.n_views > 1 else None,
        **sides,
        **{"n": found.n, "n_clusters": found.n_clusters, "unit": found.unit},
        **{"change": change, "better": found.better if complete else None, **directions},
        **{"by": list(by), "rows": []},
        "finding": flip_sentences.of_runs(first, second, [by] if by else [], question, markdown=False),
        "warnings": _warnings(first, second, found),
    }
    if by:
        asked = replace(question, by=tuple(by))
        table = spans.with_ends(first, flips.answer(first, second, asked), [factor_of(first, name) for name in by])
        table = table.assign(thin=is_thin(table["n"], table["n_clusters"])).rename(columns=_REPORTED)
        content["rows"] = report.plain_rows(table)
        for kind in KINDS:
            there = flips.most(first, second, by, question, kind)
            content[kind]["most"] = _most(there, by) if complete else None
    return _plain(content)


def _most(found: Worst, by: Sequence[str]) -> dict[str, Any] | None:
    """Where most images flip, and how many more that is than at the fewest; None where too few settings are known."""
    if found.worst is None or found.best is None:
        return None
    most, fewest = (
        {**dict(zip(by, each.at, strict=True)), "value": 1 - each.value, "n": each.n}
        for each in (found.worst, found.best)
    )
    more = {"value": -found.change, "low": -found.high, "high": -found.low}
    return {"at": most, "fewest": fewest, "more": more, "is_clear": found.is_clear, "tied": found.tied}


def _warnings(first: store.Run, second: store.Run, found: Flips) -> list[str]:
    said = [
        f"{run.label} is not finished: {run.n_done:,} of {run.n_samples:,} images; nothing is claimed."
        for run in (first, second)
        if not run.complete
    ]
    card = card_of(first)
    if card.default_policy == "restricted":
        said.append(
            f"{card.title} is scored among its own classes ('restricted'), as the gate counts negative_flips unless "
            "it is told otherwise; these are answers among all classes."
        )
    out = flip_sentences.left_out((first.label, second.label), found)
    return [*said, *([out] if out else []), *report.differences([first, second])]


def _plain(content: Any) -> Any:
    """What is not known as None."""
    if isinstance(content, dict):
        return {name: _plain(each) for name, each in content.items()}
    if isinstance(content, list):
        return [_plain(each) for each in content]
    return None if isinstance(content, float) and math.isnan(content) else content
