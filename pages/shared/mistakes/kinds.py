"""The clickable figures of the Mistakes page: kinds, which class is taken for which, how often."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from core import store
from core.figures import mistakes as figures
from core.figures.exhibits import mistakes as exhibits
from core.mistakes import sentences, summary, table
from core.mistakes.files import Files
from core.mistakes.table import Filters
from core.wording import escaped
from pages.shared.mistakes import subjects
from pages.shared.mistakes.subjects import PUBLISHED, Subject
from pages.shared.page import figure, text
from pages.shared.page.frame import Choice

#: From so many classes on the matrix has a line of its own.
_WIDE = 17
#: Figures beside each other where both have room for ten columns with their numbers.
_CSS = """<style>
.st-key-oc-figures-mistakes {display: grid !important; gap: 0.8rem;
  grid-template-columns: repeat(auto-fit, minmax(min(100%, 30rem), 1fr));}
.st-key-oc-figures-mistakes > * {min-width: 0;}
.st-key-oc-figures-mistakes > :last-child:nth-child(odd) {grid-column: 1 / -1;}
</style>"""


def show(subject: Subject, filters: Filters, runs: dict[str, store.Run], found: Files, choice: Choice) -> None:
    """All figures, and above them of which images they are; a click filters the images below.

    Args:
        subject: Whose mistakes.
        filters: Those chosen; classes that were clicked are outlined and not left out.
        runs: Of the chosen models.
        found: The files of the remaining mistakes.
        choice: Of the sidebar.
    """
    plain = replace(filters, true=(), predicted=(), pair=None)
    rows = table.select(subject.table, plain)
    identity = {subject.title: subject.run.identity if subject.run else "published"}
    caption = text.short_identity([subject.run]) if subject.run else "Vasudevan et al. 2022"
    directed = summary.directed(subject.table, rows)
    if not directed.n and not subject.of_validation:
        return
    most = int(directed.counts.max(initial=0))
    of_these = sentences.population(len(rows), plain, subject.title, subject.other)
    st.html(_CSS)
    st.caption(f"Of {escaped(of_these)}:")
    if directed.n > 1 and most == 1:
        st.caption("No class is taken for the same other class more than once.")
    wide = len(directed.names) >= _WIDE
    if directed.tells and wide:
        _matrix(subject, directed, filters, caption, identity)
    with st.container(key="oc-figures-mistakes"):
        if subject.has_categories:
            _kinds(subject, filters, caption, identity)
        if directed.tells and not wide:
            _matrix(subject, directed, filters, caption, identity)
        if not directed.tells:
            _ring(subject, rows, filters, caption, identity)
        _bars(subject, filters, runs, found, choice, caption)


def _kinds(subject: Subject, filters: Filters, caption: str, identity: dict[str, str]) -> None:
    shown, counts = exhibits.kinds(subject.table, filters, caption)
    figure.show(shown, "kinds", {subject.title: counts}, identity, subjects.choose_kind)


def _matrix(
    subject: Subject, directed: summary.Directed, filters: Filters, caption: str, identity: dict[str, str]
) -> None:
    shown = exhibits.matrix(directed, caption, subjects.direction_of(filters))
    figure.show(shown, "matrix", {subject.title: directed.table()}, identity, subjects.choose_direction)


def _ring(subject: Subject, rows: np.ndarray, filters: Filters, caption: str, identity: dict[str, str]) -> None:
    """Of a large label space, the pairs that are confused more than once."""
    drawn = exhibits.ring(subject.table, rows, caption, filters.pair)
    if drawn is not None:
        shown, pairs = drawn
        figure.show(shown, "ring", {subject.title: pairs}, identity, subjects.choose_pair)


def _bars(
    subject: Subject, filters: Filters, runs: dict[str, store.Run], found: Files, choice: Choice, caption: str
) -> None:
    """The most frequent confusions by each model on the same images; on ImageNet beside the published frequencies.

    Those have no direction, so that there both directions are counted together.
    """
    both_ways = subject.of_validation
    others = [] if choice.benchmark == PUBLISHED else list(runs.items())[1:]
    every = {subject.title: subject.table} | {
        model: subjects.of_run(run, None, found, choice).table for model, run in others
    }
    known = subjects.published_pairs(found) if both_ways else None
    drawn = exhibits.confusions(every, filters, known)
    if drawn is None:
        return
    tables, words, _ = drawn
    shown = figures.pair_bars(
        tables,
        choice.colours,
        replace(words, caption=caption),
        published=known if subject.title in tables else None,
        chosen=filters.pair if both_ways else subjects.direction_of(filters),
        between=figures.BOTH_WAYS if both_ways else figures.ONE_WAY,
    )
    identities = {model: runs[model].identity if model in runs else caption for model in tables}
    chosen = subjects.choose_pair if both_ways else subjects.choose_direction
    figure.show(shown, "pairs", tables, identities, chosen)
