"""The numbers on top of the page on size, location and rotation."""

from __future__ import annotations

from core import store
from core.answers.compare import Contrast
from core.wording import interval, percent, points
from pages.shared.factors import explore
from pages.shared.factors.explore import ALL, Controls
from pages.shared.page import cached
from pages.shared.page.text import Tile

#: What the tiles say when the pointer rests on them.
_HINTS = {
    "corner": "Centre: within 5 % of the middle in x and y. Corner: within 10 % of the border in both.",
    "half": "The object area below which accuracy is under half of its maximum over areas.",
    "turned": "Accuracy at the angle nearest to 180° less that at the one nearest to 0°.",
}


def tiles(runs: dict[str, dict[str, store.Run]], controls: Controls) -> list[Tile]:
    """Up to six numbers of the first model, and the same of the others in small."""
    question = controls.question
    policy = explore.POLICIES[question.policy]
    first = next(iter(runs)) if controls.view == ALL else controls.view
    overall = {model: cached.answer(run, question).iloc[0] for model, run in runs[first].items()}
    rows = list(overall.items())
    found = [
        Tile(
            f"{policy}, {first} set",
            percent(rows[0][1]["value"]),
            interval(rows[0][1]["low"], rows[0][1]["high"]),
            f"All {int(rows[0][1]['n']):,} images of {runs[first][rows[0][0]].benchmark}.",
            tuple((model, f"{percent(row['value'])} {interval(row['low'], row['high'])}") for model, row in rows[1:]),
        )
    ]
    if "location" in runs:
        there = {model: cached.centre_to(run, "corner", question) for model, run in runs["location"].items()}
        found.append(_drop_tile("Centre → corner", there, _HINTS["corner"]))
        there = {model: cached.centre_to(run, "edge", question) for model, run in runs["location"].items()}
        found.append(_drop_tile("Centre → edge", there, _HINTS["corner"].replace("in both", "in one of them")))
    if "size" in runs:
        found.append(_half_tile({model: cached.half_area(run, question) for model, run in runs["size"].items()}))
    for name, factor, label in (("rotation", "angle_deg", "Upright → 180°"), ("pose", "yaw_deg", "Front → back")):
        if name in runs:
            there = {model: cached.turned(run, factor, question) for model, run in runs[name].items()}
            found.append(_drop_tile(label, there, _HINTS["turned"]))
    return found


def _drop_tile(label: str, there: dict[str, Contrast], hint: str) -> Tile:
    said = {model: (points(part.value), interval(part.low, part.high, 0)) for model, part in there.items()}
    return _tile(label, said, f"{hint} n = {next(iter(there.values())).n:,}")


def _half_tile(there: dict[str, Contrast]) -> Tile:
    said = {
        model: (("< " if part.bound else "") + percent(part.value), interval(part.low, part.high))
        for model, part in there.items()
    }
    return _tile("Area at half accuracy", said, f"{_HINTS['half']} n = {next(iter(there.values())).n:,}")


def _tile(label: str, said: dict[str, tuple[str, str]], hint: str) -> Tile:
    (_, first), *others = said.items()
    return Tile(label, *first, hint, tuple((model, " ".join(pair)) for model, pair in others))
