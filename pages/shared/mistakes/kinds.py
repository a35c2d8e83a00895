"""The clickable figures of the Mistakes page: kinds, confused classes, how often."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import streamlit as st

from core import store
from core.figures import mistakes as figures
from core.figures.style import Words
from core.mistakes import summary
from core.mistakes.files import Files
from core.mistakes.table import Filters
from pages.shared.mistakes import subjects
from pages.shared.mistakes.subjects import PUBLISHED, Subject
from pages.shared.page import figure, text
from pages.shared.page.frame import Choice

#: Pairs on the ring, pairs with a bar, and no limit.
_RING, _BARS, _ALL = 22, 12, 100_000


def show(
    subject: Subject, filters: Filters, rows: np.ndarray, runs: dict[str, store.Run], found: Files, choice: Choice
) -> None:
    """All figures; a click filters the page.

    Args:
        subject: Whose mistakes.
        filters: Those chosen.
        rows: That pass them.
        runs: Of the chosen models.
        found: The files of the remaining mistakes.
        choice: Of the sidebar.
    """
    pairs = subjects.most_confused(subject, filters, _RING)
    identity = {subject.title: subject.run.identity if subject.run else "published"}
    caption = text.short_identity([subject.run]) if subject.run else "Vasudevan et al. 2022"
    with st.container(key="oc-figures-wide"):
        if subject.has_categories:
            counts = summary.counts(subject.table, rows, "category", "severity")
            words = Words(
                "Mistakes by category and severity", f"n = {int(counts['n'].sum()):,} · click filters", caption
            )
            shown = figures.kinds(counts, words, filters.categories)
            figure.show(shown, "kinds", {subject.title: counts}, identity, subjects.choose_kind)
        if len(pairs):
            said = f"{int(pairs['n'].sum()):,} mistakes in {len(pairs)} pairs · click filters"
            ring = figures.confusion_ring(pairs, Words("Classes that are confused", said, caption), filters.pair)
            figure.show(ring, "ring", {subject.title: pairs}, identity, subjects.choose_pair)
        _pair_bars(subject, filters, pairs.head(_BARS), runs, found, choice, caption)


def _others(filters: Filters, runs: dict[str, store.Run], found: Files, choice: Choice) -> dict[str, pd.DataFrame]:
    """Pairs of the other chosen models, as they are filtered for the first."""
    if choice.benchmark == PUBLISHED:
        return {}
    plain = dataclasses.replace(filters, kind="wrong") if filters.kind not in ("wrong", "single_only") else filters
    return {
        model: subjects.most_confused(subjects.of_run(run, None, found, choice), plain, _ALL)
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
    known = subjects.published_pairs(found) if subject.of_validation else None
    title, tables = "How often", {subject.title: pairs, **_others(filters, runs, found, choice)}
    if pairs.empty:
        if known is None:
            return
        title, tables = "Published confusions", {"published": known.head(_BARS)}
    words = Words(title, "Of the most frequent pairs · click filters", caption)
    shown = figures.pair_bars(
        tables, choice.colours, words, published=known if len(pairs) else None, chosen=filters.pair
    )
    figure.show(shown, "pairs", tables, dict.fromkeys(tables, caption), subjects.choose_pair)
