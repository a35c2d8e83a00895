"""What do uncommon settings cost: night, fog, a car on water? FOCUS, ImageNet's attributes and Diorama."""

from __future__ import annotations

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import store, uncommon
from core.answers import catalogue, sentences
from core.answers.cards import card_of
from core.answers.questions import Question
from core.answers.setting_sentences import LABELS
from core.figures.exhibits import uncommon as exhibits
from core.types import is_thin
from core.uncommon.gaps import DEFINITIONS, as_change
from core.wording import escaped, interval, percent, points
from pages.shared.images import behind
from pages.shared.page import address, cached, dock, empty, frame, margin, place, text
from pages.shared.page.frame import Choice
from pages.shared.page.text import Tile
from pages.shared.uncommon import panels, reasons

TITLE = "Uncommon settings"
HINTS = {
    "paper-code": "As the released code counts: images whose value is 'none' are left out; for locations each (image, "
    "location) pair counts, uncommon if that location is uncommon for the category.",
    "image-level": "Every image counts once; 'none' is common; an image is uncommon if any of its values is.",
}
#: The definitions in a reader's words.
COUNTED = {"paper-code": "As FOCUS's code counts", "image-level": "Each image once"}
ABOUT = (
    "A setting is uncommon for a category, not in itself: water is common for ships and uncommon for planes "
    "(FOCUS, Table 1). A gap is accuracy in common settings less accuracy in uncommon ones. It can be mere class "
    "imbalance, so beside the raw gap stands one with the uncommon side's class mix on both sides.  \n"
    f"**{COUNTED['paper-code']}** (`paper-code`): " + HINTS["paper-code"] + "  \n"
    f"**{COUNTED['image-level']}** (`image-level`): " + HINTS["image-level"]
)
LACKS = (
    "does not say in which time, weather and locations its images were taken and which of these are uncommon for a "
    "category, as FOCUS does"
)
Runs = dict[str, store.Run]


def page() -> None:
    """Draw the page."""
    offered = {key: known.title for key, known in catalogue.known_benchmarks().items() if _has_settings(known)}
    choice = frame.begin(TITLE, offered, lacks=LACKS)
    runs = choice.runs_on(choice.benchmark)
    if not runs:
        empty.show(TITLE, choice, [choice.benchmark])
        return
    model, run = next(iter(runs.items()))
    top = st.container()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        definition = st.segmented_control(
            "Counting", list(DEFINITIONS), format_func=COUNTED.__getitem__, label_visibility="collapsed",
            **address.one("gap", DEFINITIONS, "paper-code"),
        ) or "paper-code"  # fmt: skip
        text.about([card_of(run)], ABOUT)
    with top:
        text.head(TITLE, _finding(runs, definition))
    text.tiles(_tiles(runs, definition), choice)
    text.flag_state(list(runs.values()))
    text.flag_differences(list(runs.values()))
    figures, images = dock.workspace()
    with figures:
        panels.show(runs, choice, definition)
    gallery_of = _images(runs, choice, images)
    reasons.show(model, run)
    text.identities(list(runs.values()))
    behind.show_image_alone(choice, gallery_of)


def _has_settings(benchmark: type) -> bool:
    return {"category", *uncommon.ATTRIBUTES} <= {factor.name for factor in benchmark.factors}


def _tiles(runs: Runs, definition: str) -> list[Tile]:
    """Accuracy in common settings, and the change with each attribute: the numbers of the sentence, raw ones beside."""
    common = {model: exhibits.one(cached.settings(run, "partitions"), partition="P0") for model, run in runs.items()}
    said = {model: (percent(row["value"]), interval(row["low"], row["high"])) for model, row in common.items()}
    first = next(iter(common.values()))
    tiles = [_tile("Top-1, all settings common", said, f"P0: nothing is uncommon. n = {first['n']:,}", _thin(first))]
    for attribute, label in LABELS.items():
        there = {
            model: exhibits.gap_of(run, "attribute_changes", attribute, definition, cached)
            for model, run in runs.items()
        }
        said = {model: (points(row["value"], 1), interval(row["low"], row["high"])) for model, row in there.items()}
        first = next(iter(there.values()))
        changes = as_change(cached.settings(next(iter(runs.values())), "gaps"))
        raw = exhibits.one(changes, attribute=attribute, definition=definition)
        hint = (
            "Accuracy in uncommon less common settings, same class mix on both sides; the interval holds for all three "
            f"attributes together. Raw: {points(raw['value'], 1)} {interval(raw['low'], raw['high'])}. "
            f"{HINTS[definition]} n = {first['n_common']:,} common, {first['n_uncommon']:,} uncommon"
        )
        few = sentences.resting(min(first["n_common"], first["n_uncommon"]), first["n_clusters"])
        tiles.append(_tile(f"Change, {label}", said, hint, f"{few}: thin" if first["thin"] else ""))
    return tiles


def _thin(row: pd.Series) -> str:
    few = sentences.resting(int(row["n"]), int(row["n_clusters"]))
    return f"{few}: thin" if is_thin(row["n"], row["n_clusters"]) else ""


def _tile(label: str, said: dict[str, tuple[str, str]], hint: str, thin: str = "") -> Tile:
    (_, first), *others = said.items()
    return Tile(label, *first, hint, tuple((model, " ".join(dict.fromkeys(pair))) for model, pair in others), thin=thin)


def _finding(runs: Runs, definition: str) -> str:
    """The sentences on top, of the first model and, shorter, of the second; a partial result says nothing yet."""
    return exhibits.finding(runs, definition, margin.chosen(), cached)


def _images(runs: Runs, choice: Choice, right: DeltaGenerator) -> str:
    """The gallery behind the chosen cell; returns the key of its benchmark, empty where none is chosen."""
    cell = place.chosen_cell()
    if cell is None or cell.benchmark != choice.benchmark:
        st.caption("Click a cell, a bar or a point to see the very images behind it; by keyboard, arrows and Enter.")
        return ""
    run = runs.get(place.chosen_model()) or next(iter(runs.values()))
    said = ", ".join(exhibits.in_words(name, content) for name, content in cell.values.items())
    with dock.opened(right, escaped(said)):
        behind.show(
            choice, run, Question(where=(exhibits.RULED, *exhibits.conditions(cell.values))), list(runs.values())
        )
    return cell.benchmark


frame.draw(page)
