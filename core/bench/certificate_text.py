"""The certificate as data that is kept, as a Markdown table, and in words."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd

from core import paths
from core.bench.certificate import NUMBERS, Held
from core.embedded import population
from core.embedded.population import Population
from core.errors import DataError
from core.metrics.intervals import CONFIDENCE
from core.wording import percent

FILE = "certificate.json"
#: Studies of fewer objects than this are told of by themselves.
SOME = 5
#: Begins the lines of a table that tell how often equal models were called different.
EQUAL = "equal models called different"
_DASH = "–"


def content(lines: Sequence[Held], found: Population, *, draws: int, seed: int) -> dict[str, Any]:
    """What is kept of a certificate.

    Args:
        lines: From ``certificate.certify``.
        found: The population that they were drawn from.
        draws: Studies a line.
        seed: Of the draws.

    Returns:
        ``draws, seed, confidence, population`` (``models`` and their weights, ``recipe, objects, images``), ``lines``
        (as ``certificate.Held``) and ``figures``, see ``figures``; None where there is no number.
    """
    about = {
        "models": dict(zip(found.models, found.fingerprints, strict=True)),
        "recipe": found.recipe,
        "objects": found.correct.shape[0],
        "images": found.correct.shape[1],
    }
    rows = [{name: _number(value) for name, value in asdict(line).items()} for line in lines]
    known = {"draws": draws, "seed": seed, "confidence": CONFIDENCE, "population": about}
    return {**known, "lines": rows, "figures": figures(rows)}


def figures(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """The key figures of each kind of number.

    Args:
        rows: The ``lines`` of ``content``.

    Returns:
        By key of ``certificate.NUMBERS``: over all worlds and studies of at least ``SOME`` objects the lowest and the
        mean share that held the truth (``lowest, mean``), the ``world`` and ``objects`` of the lowest and its standard
        ``error``, the lowest of studies of fewer objects (``few``), and the largest share of equal models called
        different (``differs``).
    """
    table = pd.DataFrame(list(rows)).dropna(subset="held")
    found = {}
    for name in [name for name in NUMBERS if name in set(table["number"])]:
        part = table[table["number"] == name]
        some, few = part[part["objects"] >= SOME], part[part["objects"] < SOME]
        if some.empty:
            continue
        lowest = some.loc[some["held"].astype(float).idxmin()]
        found[name] = {
            "lowest": float(lowest["held"]),
            "mean": float(some["held"].mean()),
            "world": str(lowest["world"]),
            "objects": int(lowest["objects"]),
            "error": float(lowest["error"]),
            "few": _number(float(few["held"].min())) if len(few) else None,
            "differs": _number(float(some["differs"].astype(float).max())),
        }
    return found


def write(known: Mapping[str, Any], path: Path = population.FOLDER / FILE) -> None:
    """Keep a certificate.

    Raises:
        StoreError: If it cannot be written.
    """
    paths.write_atomically(path, json.dumps(known, indent=1, allow_nan=False) + "\n")


def read(path: Path = population.FOLDER / FILE) -> dict[str, Any]:
    """A certificate that was kept.

    Raises:
        DataError: If it is missing or damaged; names the command that makes it.
    """
    known = paths.read_json(path)
    if not {"lines", "figures", "draws", "population"} <= set(known):
        raise DataError(f"{path} is missing or damaged. Make it again with: python -m core certify --write")
    return known


def grid(rows: Sequence[Mapping[str, Any]], world: str) -> list[list[str]]:
    """A short table of one world: a line each kind of number, a column each number of objects.

    Args:
        rows: The ``lines`` of ``content``.
        world: Only of this one.

    Returns:
        Cells as text, the heads first. A cell says what percentage held the truth, and the median width (points; for
        areas, points of the image's area); for equal models, what percentage was called different.
    """
    mine = {(row["number"], row["objects"]): row for row in rows if row["world"] == world}
    objects = sorted({k for _, k in mine})
    names = [name for name in NUMBERS if any(number == name for number, _ in mine)]
    lines = [["95 % interval of", "images an object", *(f"{k} objects" for k in objects)]]
    for name in names:
        lines.append([NUMBERS[name].title, NUMBERS[name].images, *(_cell(mine.get((name, k))) for k in objects)])
    for name in (name for name in names if NUMBERS[name].compares):
        cells = [_whole(mine[name, k]["differs"]) if (name, k) in mine else _DASH for k in objects]
        lines.append([f"{EQUAL}, {NUMBERS[name].title}", NUMBERS[name].images, *cells])
    return lines


def markdown(rows: Sequence[Mapping[str, Any]], world: str) -> str:
    """The ``grid`` of a world in Markdown."""
    heads, *lines = grid(rows, world)
    return "\n".join("| " + " | ".join(line) + " |" for line in (heads, ["---"] * len(heads), *lines))


def how_sure(known: Mapping[str, Any]) -> str:
    """A few sentences of Markdown that answer "How sure are these intervals?" with the figures of a certificate.

    Args:
        known: From ``content`` or ``read``.
    """
    found, about = known["figures"], known["population"]
    sentences = [
        "A 95 % interval promises to hold the truth in 95 of 100 studies. That can be tested where the truth is known: "
        f"the embedded models were asked for {about['objects']:,} new objects of Diorama, {about['images']} images "
        f"each, and up to {known['draws']:,} small studies of each size drawn from them, and from simulated objects."
    ]
    if shares := [one["lowest"] for name, one in found.items() if name.startswith("accuracy")]:
        share = percent(min(shares), 0)
        sentences.append(f"With {SOME} objects or more, an accuracy's interval held it in at least {share} of them.")
    if found:
        means = [one["mean"] for one in found.values()]
        name, worst = min(found.items(), key=lambda one: one[1]["lowest"])
        where = f"{NUMBERS[name].title}, {worst['objects']} objects, {worst['world']}"
        sentences.append(
            f"Over all kinds of numbers the share is {percent(sum(means) / len(means), 0)} on average, and at the "
            f"lowest {percent(worst['lowest'], 0)} ({where})."
        )
    if called := [one["differs"] for one in found.values() if one["differs"] is not None]:
        sentences.append(f"Models that are equally good were called different in at most {percent(max(called), 0)}.")
    if few := [one["few"] for one in found.values() if one["few"] is not None]:
        sentences.append(f"With fewer than {SOME} objects the lowest share is {percent(min(few), 0)}.")
    return " ".join(sentences)


def _cell(row: Mapping[str, Any] | None) -> str:
    if row is None or row["held"] is None:
        return _DASH
    return f"{_whole(row['held'])} ({100 * row['width']:.0f})"


def _whole(share: float | None) -> str:
    return _DASH if share is None else f"{100 * share:.0f}"


def _number(value: Any) -> Any:
    """JSON has no NaN."""
    return None if isinstance(value, float) and not math.isfinite(value) else value
