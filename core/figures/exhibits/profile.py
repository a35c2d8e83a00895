"""Where a model breaks, a row a factor, over all its results: the figure, what it says, and the images of each row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import plotly.graph_objects as go

from core import store
from core.answers import profile as profiles
from core.answers import profile_sentences
from core.answers.profile_lines import Line
from core.answers.questions import StoredPolicy
from core.figures import profile as figures
from core.figures.exhibits.base import Exhibit, Offer, Pick, short_identity
from core.figures.style import Words, colour_of
from core.wording import count

#: Models that a profile compares.
_MODELS = 2


def offers_across(runs: Sequence[store.Run], policy: StoredPolicy) -> Iterator[Offer]:
    """The profile of the first model, beside the second's, where results vary a factor."""
    models = list(dict.fromkeys(run.label for run in runs))[:_MODELS]
    of = {model: profiles.results_of(model, runs) for model in models}
    if models and profiles.has_lines(of[models[0]]):
        title = f"Where {models[0]} breaks"
        yield Offer("profile", title, "", "", partial(_made, of, policy, colour_of(models, models)))


def _made(of: Mapping[str, Sequence[store.Run]], policy: StoredPolicy, colours: Mapping[str, str]) -> Exhibit:
    first, *others = of
    lines = profiles.profile(of[first], policy=policy, other=of[others[0]] if others else ())
    runs = [run for model in of for run in of[model]]
    tables = {first: figures.table(lines)}
    if others:
        tables[others[0]] = figures.table([line.other for line in lines if line.other is not None])

    def pick(custom: list[Any]) -> Pick | None:
        return _picked(lines, runs, policy, custom)

    said = " ".join(filter(None, (profile_sentences.finding(lines), profile_sentences.between(lines))))
    named = {f"{run.label} on {run.benchmark}, {run.view}": run for run in runs}
    return Exhibit(figure(lines, colours, runs, policy), tables, named, said, notes(lines), pick)


def figure(
    lines: Sequence[Line],
    colours: Mapping[str, str],
    runs: Sequence[store.Run],
    policy: StoredPolicy = "top1",
    chosen: tuple[str, str] = ("", ""),
) -> go.Figure:
    """The profile as it stands on the page and in files.

    Args:
        lines: Of ``core.answers.profile``.
        colours: By model.
        runs: The results that it is of.
        policy: What counts as right.
        chosen: Benchmark and name of the line that is marked.
    """
    two = any(line.other is not None for line in lines)
    top = policy.replace("top", "top-")
    key = figures.KEY_OF_TWO if two else figures.KEY
    words = Words(f"Where {lines[0].model} breaks, {top}" if lines else "Profile", key, short_identity(runs))
    return figures.profile(lines, colours, words, chosen=chosen)


def notes(lines: Sequence[Line]) -> tuple[str, ...]:
    """Which factors have no number and why, and how many rows are not drawn; plain text."""
    found = [f"{line.title} ({line.benchmark}): {line.note}" for line in lines if line.note]
    known = [line for line in lines if line.is_known]
    left = len(known) - len(figures.shown(lines))
    if left:
        found.append(f"{count(left, 'more factor')} in the table behind the figure")
    return tuple(found)


def _picked(lines: Sequence[Line], runs: Sequence[store.Run], policy: StoredPolicy, custom: list[Any]) -> Pick | None:
    """The images at the worst setting of a dot."""
    line = line_of(lines, custom)
    run = next((run for run in runs if line is not None and run.identity == line.identity
                and run.benchmark == line.benchmark), None)  # fmt: skip
    if line is None or run is None or not line.where:
        return None
    return Pick(run, profile_sentences.worst_at(line), line.where, policy)


def line_of(lines: Sequence[Line], custom: Sequence[Any]) -> Line | None:
    """The line of a dot's customdata: benchmark, name of the line, model."""
    benchmark, name, model = (str(each) for each in custom)
    for line in lines:
        if (line.benchmark, line.name) == (benchmark, name):
            return next((each for each in (line, line.other) if each is not None and each.model == model), None)
    return None
