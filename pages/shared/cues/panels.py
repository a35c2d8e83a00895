"""The figures of the page on cues, each with its clicks."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from core import store
from core.figures.exhibits import cues as exhibits
from core.figures.exhibits.cues import MEASURES
from core.figures.style import colour_of
from core.jobs.kinds import Alignment
from core.store import specs
from core.wording import escaped
from pages.shared.cues import answers
from pages.shared.cues.results import Cues
from pages.shared.page import address, cached, figure, later, place, text
from pages.shared.page.frame import Choice
from pages.shared.page.place import Cell
from pages.shared.runs import following

_LOOKS = (
    "How much of what Grad-CAM of the true class shows is the object. Each point is an image that the first chosen "
    "model has right; without the object means grayed out. The lines are at the median and at a confidence of one half."
)


def show(found: Cues, choice: Choice, *, apart: bool) -> None:
    """Accuracy without the object, and sensitivity to noise.

    Args:
        found: What is stored; the chosen models first.
        choice: Of the sidebar.
        apart: Whether the two accuracies under noise are shown in place of what they make.
    """
    # Colours of the chosen ones are in the sidebar, so no other model gets them.
    shown = dict.fromkeys([*choice.models, *found.ablations, *found.noise])
    colours = colour_of(list(shown), choice.models)
    with st.container(key="oc-figures-wide"):
        later.draw(partial(_ablations, found, colours), first=True)
        later.draw(partial(_noise, found.of(choice.models), colours, apart))


def _ablations(found: Cues, colours: dict[str, str]) -> None:
    if not found.ablations:
        return
    cell = place.chosen_cell()
    chosen = cell.values.get("ablation") if cell else None
    shown, tables = exhibits.ablations(found.ablations, colours, cached, chosen=chosen)
    identities = {model: run.identity for model, run in found.ablations.items()}
    figure.show(shown, "ablations", tables, identities, partial(_pick_ablation, found.benchmark))


def _pick_ablation(benchmark: str, custom: list[Any]) -> None:
    model, name = custom
    place.choose_cell(Cell(benchmark, {"ablation": name}), model)


def _noise(found: Cues, colours: dict[str, str], apart: bool) -> None:
    if not found.noise:
        return
    tables = exhibits.noise_tables(found.noise, cached)
    if not tables:
        return
    shown = exhibits.noise(found.noise, tables, colours, apart=apart)
    identities = {model: run.identity for model, run in found.noise.items()}
    figure.show(shown, "rfs", tables, identities, partial(_pick_noise, found.benchmark))


def _pick_noise(benchmark: str, custom: list[Any]) -> None:
    model, sigma = custom
    place.choose_cell(Cell(benchmark, exhibits.noise_at(sigma)), model)


def where_it_looks(found: Cues, choice: Choice, runs: dict[str, store.Run], tables: dict[str, pd.DataFrame]) -> None:
    """Alignment of Grad-CAM with the object: spread, and against confidence; a button where it is not computed.

    Args:
        found: What is stored.
        choice: Of the sidebar.
        runs: The results whose saliency is compared, by chosen model.
        tables: What is stored of that; see ``core.explain.alignments.stored``.
    """
    st.header("Where it looks", anchor=False, help=_LOOKS)
    with st.container(horizontal=True, gap="small"):
        for model, run in runs.items():
            if not _why_not(model, run):
                _offer(model, run, len(tables.get(model, ())))
    for why in filter(None, (_why_not(model, run) for model, run in runs.items())):
        st.caption(escaped(why))
    tables = exhibits.with_maps(tables)
    if not tables:
        return
    measure = st.segmented_control(
        "Measure", list(MEASURES), format_func=MEASURES.__getitem__, label_visibility="collapsed",
        **address.one("measure", list(MEASURES), "iou"),
    ) or "iou"  # fmt: skip
    with st.container(key="oc-figures-wide-looks"):
        later.draw(partial(_quadrant, found, runs, tables, measure))
        later.draw(partial(_violins, runs, tables, choice, measure))


def _why_not(model: str, run: store.Run) -> str:
    """Why a model cannot be asked where it looks; empty if it can."""
    if run.is_imported and not run.preprocessing:
        return f"{model} is a file of predictions: there is no network to ask where it looks."
    if run.source.startswith(f"{specs.ONNX}:"):
        return f"{model} is an ONNX graph, which has no gradients, so where it looks cannot be told."
    return ""


def _offer(model: str, run: store.Run, done: int) -> None:
    """A button that compares what is left of a model's images with their masks."""
    if done < run.n_samples:
        rest = f" ({done:,} of {run.n_samples:,} are there)" if done else ""
        hint = "Grad-CAM of the true class of every image, compared with the object's mask; kept."
        label = f"Align {escaped(model)}{rest}"
        following.offer(Alignment(run.model, run.benchmark, run.identity), label, ":material/join_inner:", hint)


def aligned(choice: Choice, found: Cues, model: str) -> store.Run | None:
    """The result whose saliency is compared: that on images as they are."""
    return choice.run(model, found.benchmark) or found.ablations.get(model)


def _quadrant(found: Cues, runs: dict[str, store.Run], tables: dict[str, pd.DataFrame], measure: str) -> None:
    model = next((model for model in tables if model in found.ablations), "")
    if not model:
        return
    image, run = place.opened_image(), found.ablations[model]
    foot = text.short_identity([runs[model], run])
    chosen = image[1] if image else ""
    shown, rows = exhibits.quadrant(model, run, tables, measure, foot, cached, chosen=chosen)
    pick = partial(answers.open_strip, found.benchmark)
    figure.show(shown, "quadrant", {model: rows}, {model: runs[model].identity}, pick)


def _violins(runs: dict[str, store.Run], tables: dict[str, pd.DataFrame], choice: Choice, measure: str) -> None:
    foot = text.short_identity([runs[model] for model in tables])
    shown = exhibits.violins(tables, choice.colours, measure, foot)
    figure.show(shown, "alignment", tables, {model: runs[model].identity for model in tables})
