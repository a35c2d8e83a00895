"""What a model's result says of any one or two factors, and of the difference of two models, in a sentence or two."""

from __future__ import annotations

from collections.abc import Mapping

from core import store
from core.answers import sentences, worst
from core.answers.asking import DIRECT, Answers
from core.answers.cards import unit_of
from core.answers.compare import Contrast
from core.answers.questions import Question
from core.answers.verdict_words import MARGIN
from core.types import Factor


def of_factors(
    model: str, run: store.Run, factors: tuple[Factor, ...], question: Question, ask: Answers = DIRECT
) -> str:
    """The worst value of the first factor and the worst pair of both; accuracy over all where there is no factor.

    Args:
        model: Its name.
        run: Its result; a partial one says nothing yet.
        factors: None, one or two.
        question: ``policy`` and ``where``.
        ask: Who answers.
    """
    if early := sentences.unfinished((run,)):
        return early
    if not factors:
        row = ask.answer(run, question).iloc[0]
        return sentences.overall(model, row["value"], row["low"], row["high"], int(row["n"]))
    found = ask.worst(run, (factors[0].name,), question)
    said = [worst.sentence(model, found, factors[:1])]
    if len(factors) > 1:
        pair = ask.worst(run, tuple(factor.name for factor in factors), question)
        said += [worst.sentence("It", pair, factors)] if pair.worst is not None else []
    return " ".join(said)


def difference(runs: Mapping[str, store.Run], question: Question, margin: float = MARGIN, ask: Answers = DIRECT) -> str:
    """The difference of the first two models over all that a question asks about; nothing yet of partial results.

    Args:
        runs: By label, two or more.
        question: ``policy`` and ``where``.
        margin: Largest difference that does not matter, a fraction.
        ask: Who answers.
    """
    (first, one), (second, other) = list(runs.items())[:2]
    if early := sentences.unfinished((one, other)):
        return early
    row = ask.paired(one, other, question).iloc[0]
    numbers = (row[name] for name in ("value", "low", "high", "first", "second"))
    between = Contrast(*numbers, n=int(row["n"]), n_clusters=int(row["n_clusters"]), unit=unit_of(one))
    return sentences.difference(first, second, between, margin)
