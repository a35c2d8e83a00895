"""What the Mistakes page says in a sentence and in tiles."""

from __future__ import annotations

from core import store
from core.answers.questions import is_clustered
from core.benchmarks.imagenet_m import ImageNetM, ImageNetMultilabel
from core.figures.exhibits import mistakes as exhibits
from core.mistakes import published, sentences, summary, table
from core.mistakes.table import Filters
from core.wording import count, escaped, interval, percent
from pages.shared.mistakes.subjects import Subject
from pages.shared.page import cached
from pages.shared.page.text import Tile


def finding(subject: Subject) -> str:
    """How many are wrong, the most frequent direction, and the classes that swallow others."""
    if (run := subject.run) is not None:
        return exhibits.finding(subject.title, run, subject.table)
    wrong = table.select(subject.table, Filters())
    often = sentences.confusions(subject.table, wrong)
    major = int((subject.table["severity"].astype(str) == "major").sum())
    others = int((subject.table["other_right"] == 0).sum()) if subject.other else 0
    both = f" {escaped(subject.other)} gets {others:,} of them wrong too." if subject.other else ""
    remain = "remains" if len(wrong) == 1 else "remain"
    n = count(len(wrong), "mistake")
    return f"**{n} of {escaped(subject.title)} {remain}**, {major:,} of them major.{both} {often}".strip()


def tiles(subject: Subject, runs: dict[str, store.Run]) -> list[Tile]:
    """Headline shares of a run or severities of a published list, then the scores of ImageNet's labels."""
    if subject.run is None:
        severity = subject.table["severity"].astype(str)
        counts = [(name.capitalize(), int((severity == name).sum())) for name in published.SEVERITIES]
        found = [Tile(name, f"{n:,}", percent(n / len(severity), 0)) for name, n in counts]
    else:
        labels = {
            "wrong": ("Wrong", "Top-1 is not accepted."),
            "single_only": ("Accepted after all", "Wrong under the single label, accepted by multi-label annotators."),
            "both_wrong": ("Both wrong", f"{subject.title} and {subject.other}, of the images both have."),
        }
        found = [
            Tile(labels[key][0], percent(value), interval(low, high), f"{labels[key][1]} n = {n:,}")
            for key, (value, low, high, n) in summary.shares(subject.table, is_clustered(subject.run)).items()
        ]
    return found + _scores(runs)


def _scores(runs: dict[str, store.Run]) -> list[Tile]:
    """Multi-label accuracy, ImageNet-M and the plain top-1 of the first model, where it is evaluated on them."""
    run = next(iter(runs.values()), None)
    if run is None or run.benchmark not in (ImageNetMultilabel.key, ImageNetM.key):
        return []
    return [
        Tile(
            row["measure"].capitalize(),
            f"{int(row['n_right'])} of {int(row['n'])}" if "n_right" in row else percent(row["value"]),
            interval(row["low"], row["high"]),
            f"n = {int(row['n']):,} images, {int(row['n_classes']):,} original classes.",
        )
        for row in cached.scores(run).to_dict("records")
    ]
