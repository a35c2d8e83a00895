"""Would it be right if it looked closer? Accuracy at 36 sizes around nine anchors, and what many looks cost."""

from __future__ import annotations

from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core.answers.cards import card_of
from core.answers.questions import Question
from core.figures.exhibits import zoom as exhibits
from core.wording import escaped
from pages.shared.images import behind
from pages.shared.page import dock, frame, later, place, text
from pages.shared.page.frame import Choice
from pages.shared.zoom import finding, panels, results
from pages.shared.zoom.results import Zoomed

TITLE = "Zoom"
ABOUT = (
    "The shorter side of an image is resized to one of 36 sizes, and the model's input is cut around one of nine "
    "anchors, the centres of a 3 × 3 grid; what lies outside of the image is black (Taesiri et al. 2023, "
    "ImageNet-Hard: a study of the power of zoom). For an input of another side than 224 all sizes scale.  \n"
    "**Oracle**: at least one zoom is right. No classifier does that, since only the label says which zoom to take, "
    "and many tries also hit by luck; beside it stands the same number with the labels dealt anew.  \n"
    "**Chosen on the other half**: a zoom that is chosen on the images it is measured on looks better than it is, so "
    "it is chosen on each half of them and measured on the other.  \n"
    "The published “36 crops” are the first 36 zooms of a greedy cover chosen on the same images, and the published "
    "centre bias counts an anchor only where such a zoom stands; both are shown, and named."
)
WHAT = (
    "324 zooms of each image, decoded once. It takes as long as evaluating 324 times as many images; zoom-36 looks at "
    "the middle alone and takes a ninth."
)


def page() -> None:
    """Draw the page."""
    choice = frame.begin(TITLE, results.offered())
    found = results.found(choice)
    if not found.runs:
        text.head(TITLE, "Would it be right if it looked closer? Nothing is stored for this choice yet.")
        frame.offer_views(choice, choice.models, results.FAMILIES[0], WHAT)
        behind.show_image_alone(choice, "")
        return
    text.head(TITLE, finding.said(found))
    text.tiles(finding.tiles(found), choice)
    text.flag_state(list(found.runs.values()))
    missing = [model for model in choice.models if model not in found.runs]
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        text.about([card_of(run) for run in list(found.runs.values())[:1]], ABOUT)
        if missing:
            with st.popover(f"{len(missing)} not computed yet", icon=":material/pending:"):
                frame.offer_views(choice, missing, results.FAMILIES[0], WHAT)
    figures, images = dock.workspace()
    with figures:
        panels.show(found, choice)
    gallery_of = _images(found, choice, images)
    panels.where(found)
    later.draw(partial(panels.origins, found, choice))
    later.draw(partial(panels.published, found, choice))
    panels.unsolved(found)
    text.identities(list(found.runs.values()))
    opened = place.opened_image()
    if opened is not None and opened[0] != gallery_of:
        behind.show_image_alone(choice, "")


def _images(found: Zoomed, choice: Choice, right: DeltaGenerator) -> str:
    """The gallery behind a zoom; returns the key of its benchmark, empty where none is chosen."""
    cell = place.chosen_cell()
    if cell is None or cell.benchmark != choice.benchmark:
        st.caption("Click a cell to see its images, and an image to look at it from far and near. By keyboard, arrows "
                   "and Enter.")  # fmt: skip
        return ""
    run = found.runs.get(place.chosen_model()) or next(iter(found.runs.values()))
    if {"size", "row", "col"} <= set(cell.values):
        said = exhibits.in_words(dict(cell.values))
    else:
        said = ", ".join(str(content) for content in cell.values.values())
    with dock.opened(right, escaped(said)):
        behind.show(choice, run, Question(where=cell.where), list(found.runs.values()), dict(found.runs))
    return cell.benchmark


frame.draw(page)
