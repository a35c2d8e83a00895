"""The clickable figures of the Mistakes page: kinds, which class is taken for which, how often."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import streamlit as st

from core import store
from core.figures import mistakes as figures
from core.figures.confusion_matrix import confusion_matrix
from core.figures.style import Words
from core.mistakes import sentences, summary, table
from core.mistakes.files import Files
from core.mistakes.table import Filters
from core.wording import count, escaped
from pages.shared.mistakes import subjects
from pages.shared.mistakes.subjects import PUBLISHED, Subject
from pages.shared.page import figure, text
from pages.shared.page.frame import Choice

#: Pairs with a bar, and no limit.
_BARS, _ALL = 12, 1_000_000
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
    own = replace(filters, categories=(), severities=())
    counts = summary.counts(subject.table, table.select(subject.table, own), "category", "severity")
    classes = f" · {filters.true[0]} taken for {filters.predicted[0]}" if subjects.direction_of(filters) else ""
    said = f"n = {int(counts['n'].sum()):,}{classes} · click filters"
    shown = figures.kinds(counts, Words("Mistakes by category and severity", said, caption), filters.categories)
    figure.show(shown, "kinds", {subject.title: counts}, identity, subjects.choose_kind)


def _matrix(
    subject: Subject, directed: summary.Directed, filters: Filters, caption: str, identity: dict[str, str]
) -> None:
    said = f"{count(directed.n, 'mistake')} · click filters"
    if directed.n_classes > len(directed.names):
        said = (
            f"the {len(directed.names)} of {directed.n_classes} classes with most mistakes: {directed.n_shown:,} of "
            f"{directed.n:,} mistakes · click filters"
        )
    words = Words("Which class is taken for which", said, caption)
    shown = confusion_matrix(directed, words, subjects.direction_of(filters))
    figure.show(shown, "matrix", {subject.title: directed.table()}, identity, subjects.choose_direction)


def _ring(subject: Subject, rows: np.ndarray, filters: Filters, caption: str, identity: dict[str, str]) -> None:
    """Of a large label space, the pairs that are confused more than once."""
    every = summary.pairs(subject.table, rows, _ALL)
    pairs = summary.readable(every)
    if pairs.empty:
        return
    said = f"the {count(len(pairs), 'most frequent pair')}: {int(pairs['n'].sum()):,} of {int(every['n'].sum()):,}"
    words = Words("Classes that are confused", f"{said} mistakes, either direction · click filters", caption)
    ring = figures.confusion_ring(pairs, words, filters.pair)
    figure.show(ring, "ring", {subject.title: pairs}, identity, subjects.choose_pair)


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
    plain = replace(filters, true=(), predicted=(), pair=None)
    images = table.asked_about(subject.table, plain) if others else table.select(subject.table, plain)
    rows, n = summary.on_same_images(every, images)
    tables = {
        model: summary.pairs(every[model], rows[model], _ALL)
        if both_ways
        else summary.directions(every[model], rows[model])
        for model in every
    }
    own = tables[subject.title]
    own = own[(own["n"] > 1) & summary.mentions(own, plain.text)].head(_BARS)
    known = subjects.published_pairs(found) if both_ways else None
    title, said = "Most frequent confusions", f"mistakes on the same {count(n, 'image')}"
    if not others:
        said = f"{int(own['n'].sum()):,} mistakes"
    if own.empty:
        if known is None:
            return
        title, said, tables = "Published confusions", "of all models together", {"published": known.head(_BARS)}
    else:
        tables[subject.title] = own
    shown = figures.pair_bars(
        tables,
        choice.colours,
        Words(title, f"{said}{', either direction' if both_ways else ''} · click filters", caption),
        published=None if own.empty else known,
        chosen=filters.pair if both_ways else subjects.direction_of(filters),
        between=figures.BOTH_WAYS if both_ways else figures.ONE_WAY,
    )
    chosen = subjects.choose_pair if both_ways else subjects.choose_direction
    identities = {model: runs[model].identity if model in runs else caption for model in tables}
    figure.show(shown, "pairs", tables, identities, chosen)
