"""What a bundle says first: each model on each benchmark, two models against each other, each with its verdict."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from core import store
from core.answers import compare, questions, sentences
from core.answers.cards import unit_of
from core.answers.compare import Contrast
from core.answers.questions import Question, StoredPolicy
from core.types import is_thin
from core.wording import escaped

#: Verdicts of sentences that claim nothing, and of those about one model.
PARTIAL, FEW, FINDING = "partial", "few", "finding"


def overall_of(run: store.Run, policy: StoredPolicy) -> dict[str, Any]:
    """Accuracy over all images: ``value, low, high, n, n_clusters, unit, how`` (words, where there are many views)."""
    row = questions.answer(run, Question(policy=policy)).iloc[0]
    numbers = {name: float(row[name]) for name in ("value", "low", "high")}
    how = sentences.views_in_words(run)
    return {**numbers, "n": int(row["n"]), "n_clusters": int(row["n_clusters"]), "unit": unit_of(run), "how": how}


def headlines(runs: Sequence[store.Run], policy: StoredPolicy) -> list[dict[str, str]]:
    """Sentences of some results, by benchmark and family of views.

    Args:
        runs: With labels that tell them apart; no two of one model, benchmark and family of views.
        policy: What counts as right.
    """
    found = []
    for benchmark, view in dict.fromkeys((run.benchmark, run.view) for run in runs):
        there = [run for run in runs if (run.benchmark, run.view) == (benchmark, view)]
        found += [headline(text, verdict, benchmark, view) for text, verdict in _said(there, policy)]
    return found


def headline(text: str, verdict: str, benchmark: str = "", view: str = "") -> dict[str, str]:
    """A headline as a content has it."""
    return {"text": text, "benchmark": benchmark, "view": view, "verdict": verdict}


def _said(runs: Sequence[store.Run], policy: StoredPolicy) -> Iterator[tuple[str, str]]:
    # One number over removals or zooms says little: of these, what figures find is said.
    is_one = all(run.n_views == 1 for run in runs)
    yield from (_of_one(run, policy) for run in runs if is_one or not run.complete)
    first, *others = runs
    yield from (_of_two(first, other, policy) for other in others if is_one and first.complete and other.complete)


def _of_one(run: store.Run, policy: StoredPolicy) -> tuple[str, str]:
    if not run.complete:
        return sentences.partial(run.label, run.benchmark, run.n_done, run.n_samples), PARTIAL
    row = overall_of(run, policy)
    name = f"**{escaped(run.label)}**"
    if not row["n"]:
        return f"{name} has no image that could be counted.", FEW
    if is_thin(row["n"], row["n_clusters"]):
        few = sentences.resting(row["n"], row["n_clusters"], row["unit"])
        return f"{name} rests on {few}, too few to claim how often it is right.", FEW
    return sentences.overall(run.label, row["value"], row["low"], row["high"], row["n"]), FINDING


def _of_two(first: store.Run, other: store.Run, policy: StoredPolicy) -> tuple[str, str]:
    row = compare.paired_difference(first, other, Question(policy=policy)).iloc[0]
    numbers = (float(row[name]) for name in ("value", "low", "high", "first", "second"))
    between = Contrast(*numbers, n=int(row["n"]), n_clusters=int(row["n_clusters"]), unit=unit_of(first))
    said = sentences.difference(first.label, other.label, between)
    return said, FEW if between.is_thin or between.n == 0 else between.verdict().kind
