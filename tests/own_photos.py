"""Photographs of a user's own that a model was evaluated on, of which it is known which are right."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path

from PIL import Image

from core import store
from core.benchmarks import open_benchmark, published_benchmarks
from core.evaluate.loop import evaluate
from core.own.add import keep, understand
from core.types import Model
from tests.conftest import GREEN_WNID, RED_WNID


def weathers() -> list[dict[str, object]]:
    """360 photographs: in fog 30 of 60 are right, in rain 54 of 60, in the sun 228 of 240.

    ``light`` is 0.000, 0.001, ..., 0.359; ``heading`` 0, 90, 180, 270; at night (every third) as many are right.
    """
    rows: list[dict[str, object]] = []
    for weather, n, n_right in (("fog", 60, 30), ("rain", 60, 54), ("sun", 240, 228)):
        rows += [{"weather": weather, "right": number < n_right} for number in range(n)]
    for number, row in enumerate(rows):
        row |= {"light": f"{number / 1000:.3f}", "heading": 90 * (number % 4), "night": "yes" if number % 3 else "no"}
        row["tags"] = ("people|text", "people", "")[number % 3]
    return rows


def photos(
    model: Model, folder: Path, rows: Sequence[Mapping[str, object]], *, name: str = "photos", cluster: str = ""
) -> store.Run:
    """A result on red pictures, which the toy model takes for red: right where they are labelled so.

    Args:
        model: ``toy_model``.
        folder: Empty.
        rows: ``right``, and a value of each factor.
        name: Of the benchmark.
        cluster: Column of what is not independent.
    """
    folder.mkdir(parents=True)
    table = folder / "samples.csv"
    with table.open("w", newline="", encoding="utf-8") as file:
        heads = [head for head in rows[0] if head != "right"]
        writer = csv.writer(file)
        writer.writerow(["file", "label", *heads])
        for number, row in enumerate(rows):
            Image.new("RGB", (8, 8), (200, number % 100, number // 100)).save(folder / f"{number}.png")
            label = RED_WNID if row["right"] else GREEN_WNID
            writer.writerow([f"{number}.png", label, *(row[head] for head in heads)])
    published = published_benchmarks()
    keep(understand(name, folder, table, published=published, factors=("heading:circular",), cluster=cluster))
    return evaluate(model, open_benchmark(name, folder))
