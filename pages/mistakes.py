"""Which mistakes remain, and why? Any evaluated model on any benchmark, and the published mistakes on ImageNet."""

from __future__ import annotations

import dataclasses
from functools import partial

import numpy as np
import pandas as pd
import streamlit as st

from core import catalogue, store
from core.aggregates import is_clustered
from core.benchmarks.imagenet_m import ImageNetM, ImageNetMultilabel
from core.errors import OffcenterError
from core.figures import mistakes as figures
from core.figures.style import Words
from core.mistakes import published, summary, table
from core.mistakes.files import Files
from core.mistakes.reassessed import SOURCE
from core.mistakes.table import Filters
from core.wording import count, interval, percent
from pages.shared import cached, diagnose, figure, frame, gallery, mistake_card, mistake_review, mistakes, place, text
from pages.shared.frame import Choice
from pages.shared.mistakes import PUBLISHED, Subject
from pages.shared.text import Tile

TITLE = "Mistakes"
_RING, _BARS, _ALL = 22, 12, 100_000


def page() -> None:
    """Draw the page."""
    stored = {run.benchmark for run in cached.runs(str(catalogue.paths.data_home()))}
    offered = {key: known.title for key, known in catalogue.known_benchmarks().items() if key in stored}
    choice = frame.begin(TITLE, {**offered, PUBLISHED: "ImageNet: published mistakes"}, {PUBLISHED: ()})
    found = mistakes.found_files(choice)
    runs = choice.runs_on(ImageNetMultilabel.key if choice.benchmark == PUBLISHED else choice.benchmark)
    subject = _subject(choice, found, runs)
    if subject is None:
        return
    top, numbers = st.container(), st.container()
    filters = mistakes.controls(subject)
    rows = table.select(subject.table, filters)
    with top:
        text.head(TITLE, _finding(subject))
    with numbers:
        text.tiles(_tiles(subject, runs), choice)
        text.flag_state([subject.run] if subject.run else [])
    _figures(subject, filters, rows, runs, found, choice)
    _one(subject, rows, filters, runs, found, choice)
    if diagnose.can_diagnose(subject):
        diagnose.show_all(runs, choice)
    _about(found)
    if runs:
        text.identities(list(runs.values()))


def _subject(choice: Choice, found: Files, runs: dict[str, store.Run]) -> Subject | None:
    """Whose mistakes are shown; says what to do where there are none."""
    if choice.benchmark == PUBLISHED:
        there = [model.key for model in published.REFERENCES if found.reference(model.key).path]
        if not there:
            text.head(TITLE, "The published mistakes of ViT-3B and Greedy Soups are not on this machine yet.")
            _about(found, open_=True)
            return None
        titles = {model.key: model.title for model in published.REFERENCES}
        with st.sidebar:
            picked = st.radio(
                "Reference model", there, format_func=titles.__getitem__, key="reference", bind="query-params"
            )
        return mistakes.of_published(picked or there[0], found, choice)
    if not runs:
        text.head(TITLE, "No stored result for this choice yet.")
        for model in choice.models[:1]:
            with st.container(border=True):
                frame.offer_run(model, choice.benchmark, choice)
        return None
    first, *others = runs.values()
    return mistakes.of_run(first, others[0] if others else None, found, choice)


def _finding(subject: Subject) -> str:
    """How many are wrong, and the most frequent confusion."""
    wrong = table.select(subject.table, Filters())
    pairs = summary.pairs(subject.table, wrong, 1)
    often = ""
    if len(pairs):
        pair = pairs.iloc[0]
        often = f" Most often confused: **{pair['first']}** and **{pair['second']}** ({count(int(pair['n']), 'time')})."
    if subject.run is None:
        major = int((subject.table["severity"].astype(str) == "major").sum())
        both = f" {subject.other} gets {int((subject.table['other_right'] == 0).sum()):,} of them wrong too."
        remain = "remains" if len(wrong) == 1 else "remain"
        n = count(len(wrong), "mistake")
        return f"**{n} of {subject.title} {remain}**, {major:,} of them major.{both}{often}"
    share = summary.shares(subject.table, is_clustered(subject.run))["wrong"]
    return (
        f"**{subject.title} is wrong on {percent(share[0])} {interval(share[1], share[2])}** of "
        f"{count(share[3], 'image')}.{often}"
    )


def _tiles(subject: Subject, runs: dict[str, store.Run]) -> list[Tile]:
    if subject.run is None:
        severity = subject.table["severity"].astype(str)
        counts = [(name.capitalize(), int((severity == name).sum())) for name in published.SEVERITIES]
        tiles = [Tile(name, f"{n:,}", percent(n / len(severity), 0)) for name, n in counts]
    else:
        labels = {
            "wrong": ("Wrong", "Top-1 is not accepted."),
            "single_only": ("Accepted after all", "Wrong under the single label, accepted by multi-label annotators."),
            "both_wrong": ("Both wrong", f"{subject.title} and {subject.other}, of the images both have."),
        }
        tiles = [
            Tile(labels[key][0], percent(value), interval(low, high), f"{labels[key][1]} n = {n:,}")
            for key, (value, low, high, n) in summary.shares(subject.table, is_clustered(subject.run)).items()
        ]
    return tiles + _scores(runs)


def _scores(runs: dict[str, store.Run]) -> list[Tile]:
    """Multi-label accuracy, ImageNet-M and the plain top-1 of the first model, where it is evaluated on them."""
    run = next(iter(runs.values()), None)
    if run is None or run.benchmark not in (ImageNetMultilabel.key, ImageNetM.key):
        return []
    return [
        Tile(
            row["measure"].capitalize(),
            f"{int(row['n_right'])} of {int(row['n'])}" if "n_right" in row else percent(row["top1"]),
            interval(row["top1_low"], row["top1_high"]),
            f"n = {int(row['n']):,} images, {int(row['n_classes']):,} original classes.",
        )
        for row in cached.scores(run).to_dict("records")
    ]


def _figures(
    subject: Subject, filters: Filters, rows: np.ndarray, runs: dict[str, store.Run], found: Files, choice: Choice
) -> None:
    pairs = mistakes.most_confused(subject, filters, _RING)
    identity = {subject.title: subject.run.identity if subject.run else "published"}
    caption = text.short_identity([subject.run]) if subject.run else "Vasudevan et al. 2022"
    with st.container(key="oc-figures-wide"):
        if subject.has_categories:
            counts = summary.counts(subject.table, rows, "category", "severity")
            words = Words(
                "Mistakes by category and severity", f"n = {int(counts['n'].sum()):,} · click filters", caption
            )
            shown = figures.kinds(counts, words, filters.categories)
            figure.show(shown, "kinds", {subject.title: counts}, identity, mistakes.choose_kind)
        if len(pairs):
            said = f"{int(pairs['n'].sum()):,} mistakes in {len(pairs)} pairs · click filters"
            ring = figures.confusion_ring(pairs, Words("Classes that are confused", said, caption), filters.pair)
            figure.show(ring, "ring", {subject.title: pairs}, identity, mistakes.choose_pair)
        _pair_bars(subject, filters, pairs.head(_BARS), runs, found, choice, caption)


def _others(filters: Filters, runs: dict[str, store.Run], found: Files, choice: Choice) -> dict[str, pd.DataFrame]:
    """Pairs of the other chosen models, as they are filtered for the first."""
    if choice.benchmark == PUBLISHED:
        return {}
    plain = dataclasses.replace(filters, kind="wrong") if filters.kind not in ("wrong", "single_only") else filters
    return {
        model: mistakes.most_confused(mistakes.of_run(run, None, found, choice), plain, _ALL)
        for model, run in list(runs.items())[1:]
    }


def _pair_bars(
    subject: Subject,
    filters: Filters,
    pairs: pd.DataFrame,
    runs: dict[str, store.Run],
    found: Files,
    choice: Choice,
    caption: str,
) -> None:
    """The model's own frequencies beside the published ones; the published alone where true classes are not known."""
    known = mistakes.published_pairs(found) if subject.of_validation else None
    title, tables = "How often", {subject.title: pairs, **_others(filters, runs, found, choice)}
    if pairs.empty:
        if known is None:
            return
        title, tables = "Published confusions", {"published": known.head(_BARS)}
    words = Words(title, "Of the most frequent pairs · click filters", caption)
    shown = figures.pair_bars(
        tables, choice.colours, words, published=known if len(pairs) else None, chosen=filters.pair
    )
    figure.show(shown, "pairs", tables, dict.fromkeys(tables, caption), mistakes.choose_pair)


def _one(
    subject: Subject, rows: np.ndarray, filters: Filters, runs: dict[str, store.Run], found: Files, choice: Choice
) -> None:
    """The mistakes that pass the filters: one as a card, the others as thumbnails."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.subheader(f"{count(len(rows), 'image')} behind these filters", anchor=False)
        if filters.pair:
            st.button(f"{' – '.join(filters.pair)}  ✕", on_click=mistakes.clear_pair, type="tertiary")
        if subject.run is None and found.annotations.path is None:
            st.caption(f"True classes are {SOURCE}, until annotations are found.")
    if not len(rows):
        st.caption("None. Take a filter away.")
        return
    st.fragment(_card)(subject, rows, runs, found, choice)


def _card(subject: Subject, rows: np.ndarray, runs: dict[str, store.Run], found: Files, choice: Choice) -> None:
    shown = subject.table.iloc[rows]
    order = shown["sample_id"].tolist()
    sample_id = mistake_card.opened(subject, order)
    row = shown.iloc[order.index(sample_id)]
    mistake_card.stepper(subject, sample_id, order, partial(mistake_review.verdict_by_key, subject))
    with mistake_card.show(subject, row, runs, found, choice):
        if row["right"] == 0:
            mistake_review.show(subject, row)
    mistake_card.show_saliency(subject, row, runs)
    if diagnose.can_diagnose(subject) and row["right"] == 0:
        diagnose.show_one(subject, row)
    first = order.index(sample_id) // gallery.PER_PAGE * gallery.PER_PAGE
    part = shown.iloc[first : first + gallery.PER_PAGE]
    items = [mistake_card.thumbnail(subject, each, choice, sample_id) for each in part.to_dict("records")]
    gallery.thumbnails(items, "mistakes-grid", partial(place.open_image, subject.benchmark))


def _about(found: Files, open_: bool = False) -> None:
    """Which files are here and what each other one would give."""
    missing = [file for file in found.all() if file.path is None]
    with st.expander(f"Files of ImageNet's remaining mistakes: {len(found.all()) - len(missing)} of 5 found", open_):
        for file in found.all():
            st.markdown(f"- `{file.name}` " + (f"found: `{file.path}`" if file.path else f"would give {file.gives}"))
        st.markdown("Put them into one folder and name it, or evaluate and import predictions:")
        st.code(
            "python -m core mistakes files --folder DIR\npython -m core mistakes import-logits vit3b.npy --name vit-3b",
            language="bash",
        )


try:
    page()
except OffcenterError as error:
    text.problem(error)
