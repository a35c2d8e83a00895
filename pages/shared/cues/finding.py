"""The sentence and the numbers on top of the page on cues."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from core import store
from core.answers import cue_results, cue_sentences
from core.answers.cards import unit_of
from core.answers.cue_sentences import MAIN
from core.wording import interval, percent, points
from pages.shared.cues.results import Cues
from pages.shared.page import cached, margin
from pages.shared.page.text import Tile, tile_of

_GONE = "Top-1 on images whose object is grayed out; the outline stays."
_DROP = "Of the same images: without the object less with it, paired."
_RFS = (
    "Relative foreground sensitivity over all strengths of pixel noise, −1 to 1: above 0, noise on the object costs "
    "more than noise elsewhere."
)
_IOU = "Grad-CAM of the true class, cut at half of its maximum, and the object: intersection over union, mean."


def said(found: Cues, chosen: Cues) -> str:
    """Which model is right most often without the object; what the first chosen one keeps; which noise costs it more.

    Args:
        found: All that is stored on the benchmark.
        chosen: Of the chosen models.
    """
    return cue_results.said(chosen.ablations, chosen.noise, found.ablations, margin.chosen(), cached)


def tiles(chosen: Cues, aligned: dict[str, store.Run]) -> list[Tile]:
    """Accuracy with and without the object, what that costs, sensitivity to noise, and alignment where it is known.

    Args:
        chosen: Of the chosen models.
        aligned: Results whose saliency has been compared with masks, by model.
    """
    found = []
    unit = next(map(unit_of, chosen.runs), "object")
    rows = {model: cue_results.ablation(run, cached) for model, run in chosen.ablations.items()}
    for label, view, hint in (("Top-1 with the object", "clean", ""), ("Top-1 without it", MAIN, _GONE)):
        there = {model: row for model, table in rows.items() if (row := cue_sentences.row_of(table, view)) is not None}
        numbers = {m: (percent(r["value"]), _around(r)) for m, r in there.items()}
        found.append(tile_of(label, numbers, hint, there, unit))
    there = {model: row for model, table in rows.items() if (row := cue_sentences.row_of(table, MAIN)) is not None}
    shown = {
        model: (points(-row["drop"], 1), interval(-row["drop_high"], -row["drop_low"])) for model, row in there.items()
    }
    found.append(tile_of("Change without it", shown, _DROP, there, unit))
    noise = {model: row for model, run in chosen.noise.items() if (row := cue_results.pooled(run, cached)) is not None}
    found.append(tile_of("RFS", {model: _signed(row) for model, row in noise.items()}, _RFS, noise, unit))
    looks = {model: cached.aligned(run) for model, run in aligned.items()}
    iou = {model: table[table["measure"] == "iou"].iloc[0] for model, table in looks.items() if len(table)}
    found.append(
        tile_of(
            "IoU of Grad-CAM",
            {model: (f"{row['value']:.2f}", _plain(row)) for model, row in iou.items()},
            _IOU,
            iou,
            unit,
        )
    )
    shown_tiles = [tile for tile in found if tile is not None]
    for model, row in list(iou.items())[:1]:
        looked_at, total = int(row[["n", "n_empty", "n_no_map", "n_failed"]].sum()), aligned[model].n_samples
        if looked_at < total:
            shown_tiles[-1] = replace(shown_tiles[-1], thin=f"{looked_at:,} of {total:,} images: partial")
    return shown_tiles


def _around(row: pd.Series) -> str:
    return interval(row["low"], row["high"])


def _plain(row: pd.Series) -> str:
    return f"[{row['low']:.2f}, {row['high']:.2f}]"


def _signed(row: pd.Series) -> tuple[str, str]:
    return cue_sentences.signed(
        row["value"]
    ), f"[{cue_sentences.signed(row['low'])}, {cue_sentences.signed(row['high'])}]"
