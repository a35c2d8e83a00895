"""The numbers on top of the page on size, location and rotation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core import store
from core.answers import protocols, sentences, tolerance_sentences
from core.answers.cards import unit_of
from core.answers.compare import Contrast
from core.answers.questions import Question, factor_of
from core.answers.tolerance import Tolerance
from core.types import Factor, is_thin
from core.wording import clusters, interval, percent, points
from pages.shared.factors import explore
from pages.shared.factors.explore import ALL, Controls
from pages.shared.page import cached
from pages.shared.page.text import Tile

#: What the tiles say when the pointer rests on them.
_HINTS = {
    "corner": "Centre: within 5 % of the middle in x and y. Corner: within 10 % of the border in both.",
    "half": "The object area below which accuracy is under half of its maximum over areas.",
    "worst": "Accuracy at the worst, where that is, and the change from the best, whose interval allows for having "
    "picked the worst and the best of all.",
}


def tiles(runs: dict[str, dict[str, store.Run]], controls: Controls) -> list[Tile]:
    """Up to six numbers of the first model, and the same of the others in small."""
    question = controls.question
    policy = explore.POLICIES[question.policy]
    first = next(iter(runs)) if controls.view == ALL else controls.view
    overall = {model: cached.answer(run, question).iloc[0] for model, run in runs[first].items()}
    found = [of_all(f"{policy}, {first} set", overall, next(iter(runs[first].values())))]
    for name in ("location", "size", "rotation", "pose"):
        if name not in runs or controls.view not in (ALL, name):
            continue
        if name == "size":
            found.append(_half_tile({model: cached.half_area(run, question) for model, run in runs["size"].items()}))
        if name != "size" or controls.view == "size":
            found.append(_worst_tile(name, runs[name], question))
        if name == controls.view == "location":
            found += [_region_tile(region, runs["location"], question) for region in ("corner", "edge")]
    return found


def of_all(label: str, overall: Mapping[str, Mapping[str, Any]], run: store.Run) -> Tile:
    """Accuracy over all images that are asked about.

    Args:
        label: What it is.
        overall: A row of a metric table by model.
        run: One of them.
    """
    rows = list(overall.items())
    return Tile(
        label,
        percent(rows[0][1]["value"]),
        interval(rows[0][1]["low"], rows[0][1]["high"]),
        f"All {int(rows[0][1]['n']):,} images of {run.benchmark}.",
        tuple((model, f"{percent(row['value'])} {interval(row['low'], row['high'])}") for model, row in rows[1:]),
        thin=_overall_thin(rows[0][1], unit_of(run)),
    )


def _worst_tile(name: str, there: dict[str, store.Run], question: Question) -> Tile:
    """The worst setting of each model: its accuracy there, where that is, and the change from the best."""
    factors = tuple(factor_of(next(iter(there.values())), each) for each in protocols.PROTOCOLS[name])
    found = {model: cached.tolerance(run, protocols.PROTOCOLS[name], question) for model, run in there.items()}
    first = next(iter(found.values()))
    said = {model: _worst(each, factors) for model, each in found.items()}
    n = f"n = {first.worst.n:,} of {clusters(first.n_clusters, first.unit)}. " if first.worst else ""
    return tile(
        f"Worst {tolerance_sentences.noun(factors)}", said, f"{n}{_HINTS['worst']}", tolerance_sentences.thin(first)
    )


def _worst(found: Tolerance, factors: tuple[Factor, ...]) -> tuple[str, str]:
    if found.worst is None:
        return percent(None), ""
    change = f"{points(found.change)} {interval(found.low, found.high, 0)}"
    if not found.is_clear:
        return percent(found.worst.value, 0), f"none clearly worse than the best: {change}"
    where = f"at {tolerance_sentences.place(found.worst, factors)},"
    # Broken between the two, where it must be.
    return percent(found.worst.value, 0), " ".join(part.replace(" ", "\u00a0") for part in (where, change))


def _region_tile(region: str, there: dict[str, store.Run], question: Question) -> Tile:
    found = {model: cached.centre_to(run, region, question) for model, run in there.items()}
    said = {model: (points(part.value), interval(part.low, part.high, 0)) for model, part in found.items()}
    hint = _HINTS["corner"] if region == "corner" else _HINTS["corner"].replace("in both", "in one of them")
    first = next(iter(found.values()))
    return tile(f"Centre → {region}", said, f"{hint} n = {first.n:,}", _thin(first))


def _half_tile(there: dict[str, Contrast]) -> Tile:
    said = {
        model: (("< " if part.bound else "") + percent(part.value), interval(part.low, part.high))
        for model, part in there.items()
    }
    first = next(iter(there.values()))
    return tile("Area at half accuracy", said, f"{_HINTS['half']} n = {first.n:,}", _thin(first))


def _overall_thin(row: Mapping[str, Any], unit: str) -> str:
    n, n_clusters = int(row["n"]), int(row["n_clusters"])
    return f"{sentences.resting(n, n_clusters, unit)}: thin" if is_thin(n, n_clusters) else ""


def _thin(contrast: Contrast) -> str:
    return f"{sentences.resting(contrast.n, contrast.n_clusters)}: thin" if contrast.is_thin else ""


def tile(label: str, said: dict[str, tuple[str, str]], hint: str, thin: str = "") -> Tile:
    """A number of the first model with its interval, and the same of the others in small."""
    (_, first), *others = said.items()
    return Tile(label, *first, hint, tuple((model, " ".join(pair)) for model, pair in others), thin=thin)
