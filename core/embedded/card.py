"""The card of an embedded model: how to make it again, what it was shown, and what was measured."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from core import metrics, store
from core.answers import compare, report
from core.answers.questions import Question
from core.benchmarks import diorama
from core.diorama import recipe
from core.embedded import pool
from core.embedded.train import BATCH, TRAININGS, Training

_PATCHES = (
    "It started from mimetic weights (arXiv:2305.09828) and learned beside the picture's category what each patch "
    "shows (arXiv:2104.10858). "
)


def write(name: str) -> str:
    """The card of a model, in Markdown; every number is computed from its stored results.

    Args:
        name: A key of ``train.TRAININGS``.

    Raises:
        UsageError: If a result is missing.
    """
    training = TRAININGS[name]
    runs = {benchmark.key: store.find_run(benchmark.key, name) for benchmark in diorama.BENCHMARKS}
    fingerprint = next(iter(runs.values())).fingerprint
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
            f"{_schedule(training)}, batches of {BATCH} at {pool.IMAGE_SIZE} px, AdamW with weight decay "
            f"{training.weight_decay:g}; mirrored by chance, in other brightness and contrast, some in "
            f"{_other_colours(training)}. {_PATCHES if training.patch_weight else ''}Objects and places of every "
            "benchmark were held out. "
            f"Weights {fingerprint[:12]}. Licence: Apache-2.0.",
            "",
            "## What it was shown",
            "",
            *_table(
                ["factor", "in training", "never in training", "measured by"],
                [[bias.factor, bias.shown, bias.never_shown, f"`{bias.benchmark}`"] for bias in recipe.biases()],
            ),
            "",
            "## What each bias did",
            "",
            "Change of top-1 accuracy from what was in training to what never was, in points, with the 95 % interval "
            "by Student's t over objects.",
            "",
            *_table(
                ["bias", "from", "to", "accuracy", "change", "n"],
                [_contrast_row(words, found) for words, found in contrasts(name).items()],
            ),
            "",
            "## What was measured",
            "",
            "Top-1 accuracy in percent with the 95 % score interval over objects.",
            "",
            *_table(
                ["benchmark", "condition", "top-1", "n", "identity"],
                [row for key, run in runs.items() for row in _rows(key, run)],
            ),
            "",
        ]
    )


def _schedule(training: Training) -> str:
    """The cycles in words."""
    return ", then ".join(
        f"{cycle.epochs} epochs of {cycle.n_sets * pool.N_IMAGES:,} pictures with a cosine from rate {cycle.rate:g}"
        + (f" on {1 - cycle.dropped:.0%} of the patches" if cycle.dropped else "")
        for cycle in training.cycles
    )


def _other_colours(training: Training) -> str:
    return "swapped or pale colours" if any(cycle.swapped for cycle in training.cycles) else "pale colours"


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


#: The same network with BatchNorm and with GroupNorm.
NORMS = ("test_efficientnet.diorama", "test_efficientnet_gn.diorama")
#: What the contrasts compare: a bias, its benchmark, and the words for both sides.
_SIDES = (
    ("smaller", "diorama/size", "area 0.15 to 0.6", "below 0.1"),
    ("larger", "diorama/size", "area 0.15 to 0.6", "above 0.6"),
    ("location", "diorama/location", "within 0.1 of the centre", "corners (outer 0.1)"),
    ("rotation", "diorama/rotation", "1°, area 0.2", "81° to 281°, area 0.2"),
    ("yaw", "diorama/pose", "30° or 60° to either side", "120° to 240°"),
    ("time", "diorama/settings", "all common", "night only"),
    ("weather", "diorama/settings", "all common", "uncommon weather only"),
    ("place", "diorama/settings", "all common", "uncommon place only"),
)


def contrasts(name: str) -> dict[tuple[str, str, str], compare.Contrast]:
    """What each planted bias did to a model.

    Returns:
        By (bias, words for what was in training, words for what was not): the change of accuracy.
    """
    found = {}
    for bias, key, inside, outside in _SIDES:
        table = report.joined(store.find_run(key, name))
        found[bias, inside, outside] = compare.contrast(table, _side(bias, table))
    return found


def norms() -> pd.DataFrame:
    """GroupNorm less BatchNorm by object area, on the same images.

    Returns:
        ``area, value, low, high, n, n_clusters, first`` (BatchNorm), ``second`` (GroupNorm); fractions.
    """
    batch, group = (store.find_run("diorama/size", name) for name in NORMS)
    return compare.paired_difference(batch, group, Question(by=("area",)))


def _side(bias: str, table: pd.DataFrame) -> np.ndarray:
    """0 for images as in training, 1 for those that leave it by this bias alone, -1 for all others."""
    if bias in ("smaller", "larger"):
        usual = table["area"].between(*recipe.RECIPE.area)
        other = table["area"] < 0.1 if bias == "smaller" else table["area"] > recipe.RECIPE.area[1]
    elif bias == "location":
        named = conditions("diorama/location", table)
        usual, other = named["centre (within 0.1)"], named["corners (outer 0.1)"]
    elif bias == "rotation":
        small = table["area"] == diorama.ROTATION_AREAS[0]
        usual, other = small & (table["angle_deg"] == 1), small & table["angle_deg"].between(81, 281)
    elif bias == "yaw":
        usual, other = table["yaw_deg"].isin([30, 60, 300, 330]), table["yaw_deg"].between(120, 240)
    else:
        partition = {"time": "P_t", "weather": "P_w", "place": "P_l"}[bias]
        usual, other = table["partition"] == "P0", table["partition"] == partition
    return np.where(usual, 0, np.where(other, 1, -1))


def _contrast_row(words: tuple[str, str, str], found: compare.Contrast) -> list[str]:
    bias, inside, outside = words
    change = f"{100 * found.value:+.1f} [{100 * found.low:+.1f}, {100 * found.high:+.1f}]"
    return [bias, inside, outside, f"{100 * found.before:.1f} to {100 * found.after:.1f}", change, f"{found.n:,}"]


def _accuracy(table: pd.DataFrame) -> list[str]:
    row = metrics.accuracy_by(table, (), "cluster").iloc[0]
    value, low, high = (100 * row[column] for column in ("value", "low", "high"))
    return [f"{value:.1f} [{low:.1f}, {high:.1f}]", f"{int(row['n']):,}"]
