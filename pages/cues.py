"""Is it right for the right reasons? Accuracy without the object, under noise, and where the model looks."""

from __future__ import annotations

from functools import partial

import pandas as pd
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import store
from core.answers import cue_results
from core.answers.cards import card_of
from core.answers.questions import Question
from core.explain import alignments
from core.wording import escaped
from pages.shared.cues import beside, classes, finding, geometry, missing, panels, results, worst
from pages.shared.cues.results import Cues
from pages.shared.images import behind, drawer
from pages.shared.page import address, dock, frame, later, place, text
from pages.shared.page.frame import Choice

TITLE = "Cues"
ABOUT = (
    "A model can be right because of what stands around an object. Here the object is taken away, or noise is laid on "
    "it or on all else, at the model's input size, image and mask cropped together; a pixel belongs to the object if "
    "at least half of it does, and images whose object lies outside of the model's crop are left out (Moayeri et al. "
    "2022, Hard ImageNet).  \n"
    "**RFS** (relative foreground sensitivity): accuracy with noise elsewhere less accuracy with noise on the object, "
    "over twice the smaller of their mean and its distance from 1; accuracies are means over classes. It also measures "
    "how well a network stands noise over a large area, such as most backgrounds: low RFS alone does not say that a "
    "model leans on the background.  \n"
    "**Gray** leaves the object's outline, which may give it away; a gray box and tiles do not.  \n"
    "**The published code** has faults that are not repeated here. What each makes alone, on 300 images of Diorama "
    "with test_efficientnet, with it for without: it squashes images to 256 × 256, whatever the model's own resize "
    "(gray: 20.0 for 26.3 % right; 500 real photos with mobilenetv2: 87.2 for 90.4 %). It counts a mask's "
    "interpolated border as object, 8 % more pixels (gray: 23.7 for 26.3 %). It leaves the last row and column out of "
    "boxes (gray box: 16.3 for 15.7 %). It searches and pastes tiles transposed (17.7 for 18.3 %, and 54 of the 300 "
    "answers turn right or wrong). In batches above one, it takes an image's confidence in the classes of all (mean "
    "in batches of 32: 0.13 for 0.86). It feeds Grad-CAM images that are not normalised (IoU: 0.19 for 0.26). Noise "
    "by l2 norm is NaN where the crop has nothing of the object (none of these 300). `report --as-published` does the "
    "first two, for comparison with the paper."
)
LACKS = "has no masks that say where the object is"
#: How intervals are made where no object recurs; where one does, all are over objects.
INTERVALS = (
    "Wilson's for accuracies under an ablation and by size and place; score intervals over images, which are like it, "
    "for alignment and the accuracies of a class; Student's t over images for changes (paired) and RFS; the difference "
    "from another benchmark from the intervals of both (MOVER)"
)


def page() -> None:
    """Draw the page."""
    choice = frame.begin(TITLE, results.offered(), lacks=LACKS)
    found = results.found(choice, choice.benchmark)
    if not found.runs:
        text.head(TITLE, "Is it right for the right reasons? Nothing is stored for this choice yet.")
        missing.offer(choice)
        return
    top = st.container()
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        apart = st.toggle(
            "Accuracies under noise", help="In place of the sensitivity that they make.", **address.switch("apart")
        )
        other = beside.pick(choice, found)
        text.about([card_of(found.runs[0])], ABOUT, INTERVALS)
    chosen = found.of(choice.models)
    aligned = {model: run for model in choice.models if (run := panels.aligned(choice, found, model)) is not None}
    with top:
        text.head(TITLE, " ".join(filter(None, (finding.said(found, chosen), beside.said(chosen, other)))))
    looked = {model: table for model, run in aligned.items() if (table := alignments.stored(run)) is not None}
    measured = {model: aligned[model] for model in looked}
    text.tiles(finding.tiles(chosen, measured), choice)
    text.flag_state(chosen.runs)
    missing.offer_rest(choice, found)
    figures, images = dock.workspace()
    with figures:
        panels.show(found, choice, apart=apart)
        beside.show(chosen, other, choice)
    gallery_of = _images(found, choice, images)
    panels.where_it_looks(found, choice, aligned, looked)
    model = next(iter(chosen.ablations), "")
    if model:
        later.draw(partial(worst.show, chosen.ablations[model], looked.get(model)))
    geometry.show(measured, looked, choice)
    for model in list(chosen.ablations)[:1]:
        later.draw(partial(classes.show, model, found, measured.get(model)))
    text.identities([*found.runs, *(other.runs if other else ())])
    _image_alone(choice, chosen, aligned, looked, gallery_of)


def _images(found: Cues, choice: Choice, right: DeltaGenerator) -> str:
    """The gallery behind a bar or point; returns the key of its benchmark, empty where none is chosen."""
    cell = place.chosen_cell()
    if cell is None or cell.benchmark != choice.benchmark:
        st.caption("Click a bar or a point to see the images behind it, and an image for its strip: as it is, without "
                   "the object, under noise. By keyboard, arrows and Enter.")  # fmt: skip
        return ""
    there = found.ablations if "ablation" in cell.values else found.noise
    if not there:
        return ""
    run = there.get(place.chosen_model()) or next(iter(there.values()))
    said = ", ".join(filter(None, (cue_results.in_words(name, content) for name, content in cell.values.items())))
    where = (*cell.where, *(cue_results.only_ablations(run) if "ablation" in cell.values else ()))
    shown = {model: each for model, each in there.items() if model in choice.models or model == run.label}
    with dock.opened(right, escaped(said)):
        behind.show(choice, run, Question(where=where), list(shown.values()), shown)
    return cell.benchmark


def _image_alone(
    choice: Choice, chosen: Cues, runs: dict[str, store.Run], looked: dict[str, pd.DataFrame], gallery_of: str
) -> None:
    """The drawer of an image that no gallery on the page is of; arrows step through the worst if it is one of them."""
    opened = place.opened_image()
    if opened is None or opened[0] == gallery_of:
        return
    if opened[0] != choice.benchmark:
        drawer.show_if_open(choice)
        return
    order = []
    for model, run in list(chosen.ablations.items())[:1]:
        order = worst.of(run, looked.get(model))["sample_id"].tolist()
    drawer.show_if_open(choice, order if opened[1] in order else (), runs)


frame.draw(page)
