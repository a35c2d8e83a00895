"""All results on all benchmarks, as the page and files have them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from core import store
from core.answers import marks, overview_sentences, standings
from core.answers.asking import DIRECT, Answers
from core.answers.questions import Question, StoredPolicy, knows_top5
from core.errors import OffcenterError, StoreError
from core.figures import bars
from core.figures.exhibits.base import Exhibit, Offer, Pick
from core.figures.style import Words, colour_of
from core.wording import code, count, escaped

#: More bars than colours could not be told apart.
MOST_BARS = 10
Runs = Mapping[tuple[str, str], store.Run]


def offers_across(runs: Sequence[store.Run], policy: StoredPolicy) -> Iterator[Offer]:
    """A bar for each result with one view an image; where there is one result only, there is nothing to compare."""
    there: dict[tuple[str, str], store.Run] = {}
    for run in runs:
        if run.n_views == 1:
            there.setdefault((run.label, run.benchmark), run)
    if len(there) > 1:
        title = f"{policy.replace('top', 'Top-')} on each benchmark"
        yield Offer("overview", title, "", "", partial(_made, there, policy))


def table(runs: Runs, policy: StoredPolicy, ask: Answers = DIRECT) -> tuple[pd.DataFrame, list[str]]:
    """One row for each result, with where its benchmark starts; and what is wrong with those that cannot be read.

    Args:
        runs: By model and benchmark.
        policy: What counts as right.
        ask: Who answers.

    Returns:
        ``benchmark, model``, the metric columns, ``state, partial, start, start_what, identity``; and Markdown.
    """
    rows, problems = [], []
    for (model, key), run in runs.items():
        try:
            row = ask.answer(run, Question(policy=policy)).iloc[0]
        except OffcenterError as error:
            problems.append(f"**{escaped(model)}** on {code(key)}: {escaped(error)}")
            continue
        done = "complete" if run.complete else f"{run.n_done / run.n_samples:.0%} done"
        state = done + _beside(run, policy, max(run.n_done - int(row["n"]), 0))
        start = standings.start_of(run, Question(policy=policy))
        rows.append(
            {
                **{"benchmark": key, "model": model, **row.to_dict(), "state": state, "partial": not run.complete},
                "start": start.value if start else float("nan"),
                "start_what": start.what if start else "",
                "identity": run.identity,
            }
        )
    return pd.DataFrame(rows), problems


def _beside(run: store.Run, policy: str, n_without: int) -> str:
    """Why images have no value: they failed, or what was imported of them does not tell it."""
    if policy == "top5" and not knows_top5(run):
        return ", top-5 not known"
    imported = ", imported" if run.is_imported else ""
    return imported + (f", {n_without:,} failed" if n_without else "")


def shown(found: pd.DataFrame, models: Sequence[str], sort: str = "benchmark") -> tuple[dict[str, pd.DataFrame], str]:
    """The rows of each model that a figure has room for; and what is said of the others, plain text.

    Args:
        found: From ``table``, not empty.
        models: In their order.
        sort: ``hardest`` for the benchmark with the lowest accuracy first.
    """
    models, said = [model for model in models if model in set(found["model"])], ""
    if len(models) > MOST_BARS:
        said = f"The figure shows the first {MOST_BARS} of {len(models)} models; the table below has all."
        models = models[:MOST_BARS]
    order = _order(found, sort)
    tables = {model: found[found["model"] == model].set_index("benchmark", drop=False) for model in models}
    return {model: part.loc[[key for key in order if key in part.index]] for model, part in tables.items()}, said


def _order(found: pd.DataFrame, sort: str) -> list[str]:
    return list(dict.fromkeys(found.sort_values("value")["benchmark"] if sort == "hardest" else found["benchmark"]))


def figure(
    tables: Mapping[str, pd.DataFrame],
    found: pd.DataFrame,
    policy: StoredPolicy,
    colours: Mapping[str, str],
    *,
    chosen: str | None = None,
    sort: str = "benchmark",
) -> go.Figure:
    """A bar for each result, on ImageNet's sets beside what papers publish.

    Args:
        tables: From ``shown``.
        found: From ``table``: all results.
        policy: What counts as right.
        colours: By model.
        chosen: The benchmark that is marked.
        sort: As for ``shown``.
    """
    order = _order(found, sort)
    published = marks.overall()
    published = published[published["benchmark"].isin(order)] if policy == "top1" else published[:0]
    words = Words(
        f"{policy.replace('top', 'Top-')} on each benchmark",
        f"{count(len(found), 'result')} · 95 % interval · a click opens the images"
        + (" · hatched: partial or few" if found["partial"].any() else "")
        + (" · diamonds: published" if len(published) else ""),
        f"identities: {' '.join(identity[:8] for identity in found['identity'])}",
    )
    x_title = policy.replace("top", "top-")
    how = {"order": order, "x_title": x_title, "chosen": chosen, "published": published}
    return bars.bars(tables, "benchmark", colours, words, **how)


def _made(runs: Runs, policy: StoredPolicy) -> Exhibit:
    found, problems = table(runs, policy)
    if found.empty:
        raise StoreError(f"none of these results can be read: {'; '.join(problems)}")
    models = list(dict.fromkeys(model for model, _ in runs))
    tables, dropped = shown(found, models)
    said = overview_sentences.said(found, runs, policy, models[0])

    def pick(custom: list[Any]) -> Pick:
        return Pick(runs[custom[0], custom[1]], str(custom[1]), policy=policy)

    named = {f"{model} on {key}": run for (model, key), run in runs.items()}
    notes = tuple(filter(None, (dropped, *problems)))
    return Exhibit(figure(tables, found, policy, colour_of(models, models)), tables, named, said, notes, pick)
