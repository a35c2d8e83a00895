"""Results under cues: which families of views there are, the tables of a result, and what all say together."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from core import store
from core.answers import cue_sentences, cue_worst, sentences
from core.answers.asking import DIRECT, Answers
from core.answers.cards import unit_of
from core.answers.compare import Contrast
from core.answers.cue_sentences import IN_WORDS, MAIN
from core.answers.questions import Question, Where
from core.answers.verdict_words import MARGIN
from core.types import FactorValue, is_thin

#: Families of views, the one that has all first.
ALL, ABLATIONS, NOISE = "all-cues", "ablations", "rfs"
Runs = Mapping[str, store.Run]


def only_ablations(run: store.Run) -> tuple[Where, ...]:
    """Leaves out the views with noise, which a family may have too."""
    names = {factor.name for factor in run.views.factors}
    return (Where.equals("region", "none"),) if "region" in names else ()


def under(run: store.Run, ablation: str) -> tuple[Where, ...]:
    """The images under an ablation; ``none`` is without any."""
    return (Where.equals("ablation", ablation), *only_ablations(run))


def ablation(run: store.Run, ask: Answers = DIRECT) -> pd.DataFrame:
    """The table ``ablation`` with the factor's values for the names of its views."""
    table = ask.cues(run, "ablation")
    return table.assign(ablation=table["view"].replace({"clean": "none"}))


def noise(run: store.Run, ask: Answers = DIRECT) -> pd.DataFrame:
    """The table ``rfs``: by strength, and all pooled (NaN)."""
    return ask.cues(run, "rfs")


def pooled(run: store.Run, ask: Answers = DIRECT) -> pd.Series | None:
    """RFS over all strengths; None where there is no answer."""
    table = noise(run, ask)
    rows = table[table["sigma"].isna() & (table["n"] > 0)]
    return rows.iloc[0] if len(rows) else None


def chance(run: store.Run) -> float:
    """Accuracy of guessing one of the model's classes."""
    return 1 / max(run.manifest.model.num_classes, 1)


def right(run: store.Run, ask: Answers = DIRECT) -> pd.DataFrame:
    """See ``cue_worst.right_answers``; without the object means grayed out."""
    parts = (ask.behind(run, Question(where=under(run, name))) for name in ("none", MAIN))
    return cue_worst.right_answers(*parts)


def said(ablations: Runs, noisy: Runs, every: Runs, margin: float = MARGIN, ask: Answers = DIRECT) -> str:
    """Which model is right most often without the object; what the first one keeps; which noise costs it more.

    Args:
        ablations: Results under the ablations, by label; the first is the one sentences are about.
        noisy: Results under noise.
        every: Results under the ablations among which the best is sought.
        margin: Largest difference that does not matter, a fraction.
        ask: Who answers.
    """
    parts = [_most(every, margin, ask)]
    for model, run in list(ablations.items())[:1]:
        parts.append(
            cue_sentences.without_object(model, ablation(run, ask), chance(run), unit_of(run))
            if run.complete
            else sentences.partial(run.label, run.benchmark, run.n_done, run.n_samples)
        )
    for model, run in list(noisy.items())[:1]:
        if run.complete and (row := pooled(run, ask)) is not None:
            parts.append(cue_sentences.sensitivity(model, row))
    return " ".join(filter(None, parts))


def _most(every: Runs, margin: float, ask: Answers) -> str:
    """Of all models with a complete result on the same images."""
    complete = {model: run for model, run in every.items() if run.complete}
    same = next(iter(complete.values()), None)
    complete = {
        model: run
        for model, run in complete.items()
        if same is not None and run.content == same.content and run.views.names == same.views.names
    }
    values = {
        model: float(row["value"])
        for model, run in complete.items()
        if (row := cue_sentences.row_of(ablation(run, ask), MAIN)) is not None
        and not is_thin(row["n"], row["n_clusters"])
    }
    if len(values) < 2:
        return ""
    best, second = sorted(values, key=lambda model: -values[model])[:2]
    row = ask.paired(complete[second], complete[best], Question(where=under(complete[best], MAIN))).iloc[0]
    numbers = (float(row[name]) for name in ("value", "low", "high", "first", "second"))
    n, n_clusters = int(row["n"]), int(row["n_clusters"])
    between = Contrast(*numbers, n=n, n_clusters=n_clusters, unit=unit_of(complete[best]))
    return cue_sentences.most_without(values, between, margin)


def in_words(name: str, content: FactorValue) -> str:
    """A value of a view's factor as a heading says it; empty for what goes without saying."""
    if name == "ablation":
        return f"object {IN_WORDS[str(content)]}" if str(content) in IN_WORDS else str(content)
    if name == "region":
        return {"fg": "noise on the object", "bg": "noise elsewhere"}.get(str(content), str(content))
    return f"strength {content:g}" if name == "sigma" else ""
