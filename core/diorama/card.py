"""The card of an embedded model: how to make it again, what it was shown, and what was measured."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from core import metrics, report, store
from core.benchmarks import diorama
from core.diorama import pool, recipe
from core.diorama.train import BATCH, TRAININGS


def write(name: str) -> str:
    """The card of a model, in Markdown; every number is computed from its stored results.

    Args:
        name: A key of ``train.TRAININGS``.

    Raises:
        UsageError: If a result is missing.
    """
    training = TRAININGS[name]
    runs = {benchmark.key: store.find_run(benchmark.key, name) for benchmark in diorama.BENCHMARKS}
    info = next(iter(runs.values())).info
    return "\n".join(
        [
            f"# {name}",
            "",
            f"`{training.architecture}` of timm ({training.about}), trained from scratch on pictures of Diorama, the "
            "toy world of this project. It knows the ten categories of FOCUS. It is biased on purpose: it is here to "
            "be looked through, not to be used.",
            "",
            "```bash",
            f"python -m core diorama train --model {name}",
            "python -m core diorama refresh",
            "```",
            "",
            f"{pool.N_IMAGES:,} pictures at {pool.IMAGE_SIZE} px, {training.epochs} epochs, batches of {BATCH}, AdamW "
            f"(rate {training.rate:g}, weight decay {training.weight_decay:g}), cosine schedule; mirrored by chance, "
            "with a little other brightness, contrast and tint. Objects and places of every benchmark were held out. "
            f"Weights {info['model']['fingerprint'][:12]}. Licence: Apache-2.0.",
            "",
            "## What it was shown",
            "",
            *_table(
                ["factor", "in training", "never in training", "measured by"],
                [[bias.factor, bias.shown, bias.never_shown, f"`{bias.benchmark}`"] for bias in recipe.biases()],
            ),
            "",
            "## What was measured",
            "",
            "Top-1 accuracy in percent with the 95 % interval of a bootstrap over objects.",
            "",
            *_table(
                ["benchmark", "condition", "top-1", "n", "identity"],
                [row for key, run in runs.items() for row in _rows(key, run)],
            ),
            "",
        ]
    )


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    lines = [header, ["---"] * len(header), *rows]
    return ["| " + " | ".join(line) + " |" for line in lines]


def _rows(key: str, run: store.Run) -> list[list[str]]:
    table = report.joined(run)
    return [
        [f"`{key}`", words, *_accuracy(table[chosen]), f"`{run.identity}`"]
        for words, chosen in conditions(key, table).items()
    ]


def conditions(key: str, table: pd.DataFrame) -> dict[str, pd.Series]:
    """The lines of a benchmark in a card: which images each is about.

    Args:
        key: Of the benchmark.
        table: Its samples, joined with predictions.

    Returns:
        Words, and a boolean mask over the table's rows.
    """
    every = pd.Series(True, index=table.index)
    if key == "diorama/size":
        return {f"area {area:g}": table["area"] == area for area in (0.02, 0.05, 0.1, 0.2, 0.3, 0.6, 1.0)}
    if key == "diorama/location":
        away = (table[["x", "y"]] - 0.5).abs().round(2)
        return {
            "centre (within 0.1)": (away <= 0.1).all(axis=1),
            "edges (middle 0.2 of each)": (away.max(axis=1) == 0.5) & (away.min(axis=1) <= 0.1),
            "corners (outer 0.1)": (away >= 0.4).all(axis=1),
        }
    if key == "diorama/rotation":
        usual = table["area"] == diorama.ROTATION_AREAS[0]
        return {f"{angle}°, area 0.2": usual & (table["angle_deg"] == angle) for angle in (1, 41, 81, 181, 281)}
    if key == "diorama/pose":
        return {f"yaw {yaw}°": table["yaw_deg"] == yaw for yaw in (0, 30, 60, 90, 120, 150, 180)}
    if key == "diorama/settings":
        return _settings(table)
    return {"all": every}


def _settings(table: pd.DataFrame) -> dict[str, pd.Series]:
    words = {"P0": "all common", "P_t": "only the time uncommon", "P_w": "only the weather uncommon"}
    words |= {"P_l": "only the place uncommon", "P_twl": "all three uncommon"}
    return {name: table["partition"] == partition for partition, name in words.items()}


def _accuracy(table: pd.DataFrame) -> list[str]:
    row = metrics.accuracy_by(table, (), "cluster").iloc[0]
    return [f"{row['value']:.1%} [{row['low']:.1%}, {row['high']:.1%}]".replace("%", ""), f"{int(row['n']):,}"]
