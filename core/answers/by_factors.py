"""Accuracy by any one or two factors of a run: what ``report --by`` prints and the page on factors draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pandas as pd

from core import store
from core.answers import questions, report, spans
from core.answers.questions import Question, StoredPolicy, Where, factor_of
from core.answers.worst import sentence, worst
from core.errors import UsageError, nearest
from core.types import Reduce, is_thin

#: How many factors a table is by at most.
MOST = 2


def parsed(text: str) -> tuple[str, ...]:
    """The factors of ``weather,time``.

    Raises:
        UsageError: If there are none, more than two, or one twice.
    """
    names = tuple(name.strip() for name in text.split(","))
    if not all(names) or len(names) > MOST:
        raise UsageError(f"--by '{text}' must name one factor, or two with a comma between them, such as weather,time.")
    if len(set(names)) < len(names):
        raise UsageError(f"--by '{text}' names '{names[0]}' twice: name two different factors, or one.")
    return names


def answer(run: store.Run, question: Question) -> pd.DataFrame:
    """``questions.answer``, with the ends of the bins of numbers that stand in some: ``<factor>_from, <factor>_to``."""
    table = questions.answer(run, question)
    return spans.with_ends(run, table, [factor_of(run, name) for name in question.by])


def build(
    run: store.Run,
    by: Sequence[str],
    *,
    policy: str | None = None,
    exclude: Sequence[str] = (),
    reduce: Reduce | None = None,
) -> dict[str, Any]:
    """A run's accuracy by factors.

    Args:
        run: Complete or partial.
        by: One or two factors of its benchmark or its views.
        policy: ``top1`` or ``top5``; ``top1`` by default.
        exclude: Classes to leave out (values of the ``class`` factor).
        reduce: How several views of an image become one; as their family says by default.

    Returns:
        JSON values as ``report.build`` gives them, without tables, and ``by, rows, worst`` (a sentence). A row has the
        factors' values, for one in bins its centre and the bin's ends (``<factor>_from, <factor>_to``), accuracy and
        interval (``top1, top1_low, top1_high``, or of top-5), ``n, n_clusters`` and ``thin``. Fractions 0..1; what
        cannot be said is None.

    Raises:
        UsageError: If a factor, class or policy does not exist.
    """
    factors = [factor_of(run, name) for name in by]
    asked = Question(policy=_policy(policy), where=_without(run, exclude), reduce=reduce)
    content = report.build(run, policy=asked.policy, tables=[], exclude=exclude, reduce=reduce)
    rows = answer(run, replace(asked, by=tuple(by)))
    said = sentence(run.label, worst(run, by, asked), factors, markdown=False).replace("\u00a0", " ")
    return {**content, "by": list(by), "rows": report.plain_rows(_published(rows, asked.policy)), "worst": said}


def _published(table: pd.DataFrame, policy: StoredPolicy) -> pd.DataFrame:
    names = {"value": policy, "low": f"{policy}_low", "high": f"{policy}_high"}
    return table.assign(thin=is_thin(table["n"], table["n_clusters"])).rename(columns=names)


def _policy(policy: str | None) -> StoredPolicy:
    if policy is None:
        return "top1"
    known = tuple(questions.VALUE)
    if policy not in known:
        raise UsageError(
            f"--by counts {' or '.join(known)}, and not '{policy}'.{nearest(policy, known)} Leave --policy out, or "
            "--by for the benchmark's own tables."
        )
    return policy  # type: ignore[return-value]


def _without(run: store.Run, exclude: Sequence[str]) -> tuple[Where, ...]:
    """The condition that leaves some classes out."""
    if not exclude:
        return ()
    classes = questions.levels(run, factor_of(run, "class"))
    for name in exclude:
        if name not in classes:
            raise UsageError(f"no class '{name}' to exclude.{nearest(name, map(str, classes))}")
    kept = tuple(name for name in classes if name not in exclude)
    if not kept:
        raise UsageError("--exclude leaves no class: name fewer.")
    return (Where("class", values=kept),)
