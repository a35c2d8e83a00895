"""What a model's card says in Markdown: where the model breaks, its accuracies, and how both were measured.

Names from data are escaped for Markdown; in front matter they are one line of text, which YAML quotes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

from core import store
from core.answers import profile_sentences
from core.answers.cards import card_of, unit_of
from core.answers.profile_lines import COMMON, Line
from core.types import FEW_OBJECTS, THIN
from core.wording import clusters, code, count, escaped, interval, percent, points, preprocessing

_HOW = {
    "factor": "A row goes from the model's best setting of a factor to its worst. Both are picked after looking at all "
    "settings, so the interval is one that holds for all pairs of settings at once; settings of fewer than "
    f"{THIN} images or {FEW_OBJECTS} objects take no part. 'Not clear' is said of a row by itself, the sentence "
    "above of all.",
    "setting": f"Rows that begin at '{COMMON}' go to the costliest uncommon setting; their intervals hold for all "
    "uncommon settings of the row at once.",
    "cues": "With the object grayed out what is left is due to its surroundings: a small change there is no strength.",
    "zoom": "The best single zoom is chosen on the other half of the images: a gain, and no loss.",
}
_HOW_FOUND = (
    "'Found, not varied': the benchmark was not made to vary the factor, so its settings may differ in classes and "
    "objects too."
)
_HOW_TWO = (
    "Two models are compared on the images that both have, each at its own worst; 'different' holds for all rows at "
    "once, the interval beside it for its own row."
)


@dataclass(frozen=True)
class Measured:
    """Top-1 over all images of a benchmark.

    Attributes:
        run: The result.
        value: Accuracy, 0..1.
        low: Lower end of its 95 % interval.
        high: Upper end.
        n: Images.
        n_clusters: Objects that they show, or images where those are independent.
    """

    run: store.Run
    value: float
    low: float
    high: float
    n: int
    n_clusters: int

    @property
    def counts(self) -> str:
        """``300 images of 50 objects``."""
        return counts(self.n, self.n_clusters, unit_of(self.run))


def counts(n: int, n_clusters: int, unit: str) -> str:
    """Images, and what they share."""
    return count(n, "image") + (f" of {clusters(n_clusters, unit)}" if n_clusters < n else "")


def section(
    runs: Sequence[store.Run],
    measured: Sequence[Measured],
    lines: Sequence[Line],
    picture: str = "",
    other: Sequence[store.Run] = (),
) -> str:
    """The card below its front matter.

    Args:
        runs: Results of one model.
        measured: Their accuracies.
        lines: Of ``core.answers.profile``, with a second model's or without.
        picture: Name of the picture's file, or empty.
        other: Results of the second model.
    """
    parts = ["## Where it breaks", profile_sentences.finding(lines), profile_sentences.between(lines)]
    if picture:
        parts.append(f"![Accuracy at the best and the worst setting of each factor]({quote(picture)})")
    kinds = {line.kind for line in lines if line.is_known}
    how = [said for kind, said in _HOW.items() if kind in kinds]
    how += [_HOW_FOUND] if any(line.is_known and not line.is_varied for line in lines) else []
    how += [_HOW_TWO] if any(line.against is not None for line in lines) else []
    parts += [_profile(lines), " ".join(how), _notes(lines)]
    rest = {
        (each.benchmark, each.view, each.identity)
        for line in lines
        if line.is_known
        for each in (line, line.other)
        if each
    }
    rested = [run for run in (*runs, *other) if (run.benchmark, run.view, run.identity) in rest and run.complete]
    measured_as = _identities([*(each.run for each in measured), *rested])
    parts += ["## Accuracy", _accuracies(measured), _unfinished([*runs, *other])]
    parts += ["## How it was measured", measured_as] if measured_as else []
    return "\n\n".join(part for part in parts if part) + "\n"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _profile(lines: Sequence[Line]) -> str:
    """One line a factor: where it begins, the worst setting, the change, what it rests on, a second model."""
    known = [line for line in lines if line.is_known]
    others = [line.other.model for line in known if line.other is not None]
    head = ["factor", "begins at", "worst setting", "change", "95 % interval", "images", "benchmark"]
    second = f"{escaped(others[0])} at its own worst" if others else ""
    rows = [_row(line) + ([_second(line)] if others else []) for line in known]
    return _table([*head, second] if others else head, rows)


def _row(line: Line) -> list[str]:
    if line.kind == "cues":
        name = "cues: the object grayed out"
    else:
        name = escaped(line.title) if line.is_loss else f"{escaped(line.title)}: best single one, cross-fitted"
    ties = f" (or {count(len(line.ties), 'other')})" if line.ties else ""
    clear = "" if line.is_clear or not line.is_loss else ", not clear"
    clear += "" if line.is_varied else "; found, not varied"
    return [
        name,
        f"{percent(line.clean)}, {escaped(line.clean_at)}",
        f"{percent(line.worst)}, {escaped(line.worst_at)}{ties}",
        points(line.change, 1),
        interval(line.low, line.high) + clear,
        counts(line.n, line.n_clusters, line.unit),
        code(line.benchmark).replace("|", "&#124;"),
    ]


def _second(line: Line) -> str:
    if line.other is None or not line.other.is_known:
        return "–"
    compared = profile_sentences.against(line)
    return f"{percent(line.other.worst)}, {escaped(line.other.worst_at)}: {escaped(compared)}"


def _notes(lines: Sequence[Line]) -> str:
    """Factors without a number, and settings that took no part."""
    found = [f"- {escaped(line.title)} ({code(line.benchmark)}): {escaped(line.note)}." for line in lines if line.note]
    thin = [line for line in lines if line.is_known and line.thin_levels]
    found += [
        f"- {escaped(line.title)} ({code(line.benchmark)}): {count(line.thin_levels, 'setting')} of too few images or "
        "objects left out."
        for line in thin
    ]
    return "\n".join(found)


def _accuracies(measured: Sequence[Measured]) -> str:
    rows = [
        [escaped(card_of(each.run).title), percent(each.value), interval(each.low, each.high), each.counts]
        for each in measured
    ]
    return _table(["benchmark", "top-1", "95 % interval", "images"], rows) or "No benchmark is finished yet."


def _unfinished(runs: Sequence[store.Run]) -> str:
    """Which results are not finished; of two models with its name."""
    is_one = len({run.label for run in runs}) == 1
    return "\n".join(
        f"- {code(run.benchmark)} ({escaped(run.view)}){'' if is_one else f' of {escaped(run.label)}'} "
        f"is left out: {run.n_done:,} of {count(run.n_samples, 'image')} are done."
        for run in runs
        if not run.complete
    )


def _identities(runs: Sequence[store.Run]) -> str:
    """What names each result that a number rests on, and what made it; of two models with its name."""
    models = {run.label for run in runs}
    lines = []
    for run in runs:
        how = preprocessing(run.preprocessing)
        made = "predictions imported" if run.is_imported else f"{how}, {run.precision}"
        view = "" if run.view == "clean" else f" ({escaped(run.view)})"
        model = f", {escaped(run.label)}" if len(models) > 1 else ""
        lines.append(f"- {code(run.benchmark)}{view}{model}: identity {code(run.identity)}, {escaped(made)}")
    return "\n".join(dict.fromkeys(lines))
