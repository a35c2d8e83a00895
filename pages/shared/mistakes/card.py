"""The card of one mistake: image, labels, what models said, where they looked."""

from __future__ import annotations

import html
from typing import Any

import pandas as pd
import streamlit as st
from PIL import Image
from streamlit.delta_generator import DeltaGenerator

from core import store
from core.images import drawing
from core.labels import IMAGENET_1K, label_space
from core.mistakes import files, sentences
from core.mistakes.reassessed import SOURCE, reassessed
from core.mistakes.relations import relation
from core.wording import escaped
from pages.shared.images import drawer, on_demand, pictures, prompts
from pages.shared.mistakes import subjects
from pages.shared.mistakes.subjects import Subject
from pages.shared.page import address, cached
from pages.shared.page.frame import Choice

_OPACITY = 0.65


def show(
    subject: Subject, row: pd.Series, runs: dict[str, store.Run], found: files.Files, choice: Choice
) -> DeltaGenerator:
    """The card: image and labels, then what each model said.

    Args:
        subject: Whose mistake.
        row: Of its table.
        runs: Stored results that know the image, by model.
        found: The files of the remaining mistakes.
        choice: Of the sidebar.

    Returns:
        The column beside the image, for what else belongs to the card.
    """
    left, right = st.columns([1, 1.35], gap="medium")
    with left:
        _image(subject, row)
    with right:
        _head(row)
        _labels(subject, row, found)
        for model, run in runs.items():
            sample = cached.sample(run, row["sample_id"])
            if sample is not None:
                drawer.top5(model, run, sample, choice.colours.get(model, "#6B7785"))
    return right


def _head(row: pd.Series) -> None:
    """True class first, then what it was taken for, how sure, and whether that is right."""
    right = row["right"] == 1
    mark = '<span class="oc-right">✓ right</span>' if right else '<span class="oc-wrong">✗ wrong</span>'
    if row["right"] != row["right"]:
        mark = "could not be evaluated"
    share = f" {row['confidence']:.2f}" if row["confidence"] == row["confidence"] else ""
    true, predicted = (html.escape(str(row[side])) for side in ("true", "predicted"))
    named = f"<b>{true}</b>" if right else f'<b>{true}</b> <span aria-label="taken for">→</span> <b>{predicted}</b>'
    st.html(f'<div class="oc-mistake">{named}{share} {mark}</div>')


def _image(subject: Subject, row: pd.Series) -> None:
    found = pictures.opened(subject.source, row["sample_id"], subject.run)
    if isinstance(found, str):
        st.html(
            f'<div class="oc-text-card"><span>{html.escape(str(row["true"]))}</span><i>taken for</i>'
            f"<span>{html.escape(str(row['predicted']))}</span><small>{html.escape(row['sample_id'])}: "
            f"{html.escape(found)}</small></div>"
        )
        return
    st.image(drawing.png(Image.fromarray(found.picture)), width="stretch", alt=f"the image {row['sample_id']}")
    st.caption(escaped(row["sample_id"]))


def _labels(subject: Subject, row: pd.Series, found: files.Files) -> None:
    """Accepted, unclear and wrong labels, relation, category and severity."""
    facts = []
    labels = subjects.labels_of(row["sample_id"], found)
    if labels is not None:
        for kind in ("correct", "unclear", "wrong"):
            names = [cached.class_name(IMAGENET_1K, index) for index in getattr(labels, kind)]
            if names:
                facts.append((kind, ", ".join(names)))
    else:
        facts.append(("true class", str(row["true"])))
        names = [cached.class_name(IMAGENET_1K, index) for index in reassessed(row["sample_id"])]
        if names:
            facts.append((SOURCE, ", ".join(names)))
    if row.get("other_predicted") is not None and subject.run is None:
        other = str(row["other_predicted"])
        facts.append((subject.other, "right" if row["other_right"] == 1 else f"wrong: {other}"))
    known = _relation(subject, row)
    if known:
        facts.append(("relation", known))
    for column, label in (("category", "category"), ("severity", "severity")):
        if str(row.get(column) or ""):
            original = row.get(f"{column}_original")
            differs = original and str(original).lower() != str(row[column]).lower()
            spelt = f" (published as “{original}”)" if differs else ""
            facts.append((label, f"{row[column]}{spelt}"))
    lines = "".join(f"<dt>{html.escape(name)}</dt><dd>{html.escape(text)}</dd>" for name, text in facts)
    st.html(f'<dl class="oc-facts">{lines}</dl>')


def _relation(subject: Subject, row: pd.Series) -> str:
    """How the true and the predicted class are related; empty where there is nothing to relate."""
    if subject.label_space != IMAGENET_1K or row["right"] == 1:
        return ""
    names = label_space(IMAGENET_1K).names
    true, predicted = str(row["true"]), int(row["predicted_index"])
    return relation(names.index(true), predicted) if true in names and predicted >= 0 else ""


def thumbnail(subject: Subject, row: dict[str, Any], shown: str) -> dict[str, str]:
    """An image as ``gallery.thumbnails`` takes it; the one that is shown is marked."""
    state = "failed" if row["right"] != row["right"] else "right" if row["right"] else "wrong"
    said = sentences.arrow(str(row["true"]), str(row["predicted"]), row["confidence"], right=state == "right")
    if state == "right" and subject.run is not None and row.get("other_right") == 0:
        said += f" · other: {row['other_predicted']}"
    here = "▸ " if row["sample_id"] == shown else ""
    picture = pictures.thumbnail(subject.source, row["sample_id"])
    return {
        "id": row["sample_id"],
        "src": picture.src,
        "problem": picture.problem,
        "state": state,
        "caption": f"{here}{said}",
        "title": f"{state}: {said} · {row['sample_id']}",
    }


def show_prompts(subject: Subject, row: pd.Series, runs: dict[str, store.Run]) -> None:
    """Which prompts of a zero-shot model speak for its answer, and which for the true class."""
    run = subject.run or next(iter(runs.values()), None)
    if run is None or subject.source is None or not prompts.runs_of({run.label: run}):
        return
    hint = "How alike the image and the texts of two classes are, by prompt; loads the model."
    if not st.toggle("Which prompts speak for it?", help=hint, **address.switch("texts")):
        return
    sample = cached.sample(run, row["sample_id"])
    if sample is not None and not sample.error:
        prompts.show(str(subject.source.root), sample.sample_id, {run.label: run}, {run.label: sample})


def show_saliency(subject: Subject, row: pd.Series, runs: dict[str, store.Run]) -> None:
    """Grad-CAM for the predicted and for an accepted class, and their difference."""
    run = subject.run or next(iter(runs.values()), None)
    if run is None or subject.source is None or not run.preprocessing:
        return
    if not st.toggle("Where does it look?", help="Grad-CAM; loads the model.", **address.switch("cam")):
        return
    sample = cached.sample(run, row["sample_id"])
    if sample is None or sample.error or not sample.top:
        return
    space, source = run.label_space, subject.source
    likely = [index for index, _ in sample.top if index in sample.accepted] or list(sample.accepted)
    predicted, accepted = sample.top[0][0], likely[0]
    heats = [on_demand.explain(run, str(source.root), sample.sample_id, index) for index in (predicted, accepted)]
    found = pictures.opened(source, sample.sample_id, run)
    if isinstance(found, str):
        st.html(pictures.no_picture(found))
        return
    if all(heat.values is None for heat in heats):
        st.info(f"No map: {escaped(heats[0].message)}")
        return
    image = Image.fromarray(found.picture)
    columns = st.columns(3, gap="small")
    for column, heat, index, why in zip(columns, heats, (predicted, accepted), ("predicted", "accepted"), strict=False):
        with column:
            if heat.values is None:
                st.info(f"No map: {escaped(heat.message)}")
            else:
                drawn = drawing.png(drawing.with_heat(image, heat.values, _OPACITY))
                st.image(drawn, width="stretch", alt=f"Grad-CAM for the {why} class")
            st.caption(f"Grad-CAM for **{escaped(cached.class_name(space, index))}** ({why})")
    maps = [heat.values for heat in heats]
    if predicted != accepted and maps[0] is not None and maps[1] is not None:
        with columns[2]:
            drawn = drawing.png(drawing.with_difference(image, maps[0], maps[1], 0.85))
            st.image(drawn, width="stretch", alt="the difference of the two maps")
            st.caption("Difference: orange speaks for the predicted class, blue for the accepted one")
