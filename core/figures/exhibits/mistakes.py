"""The mistakes that remain: kinds, classes that are taken for others, and slices, as pages and files have them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from core import store
from core.answers import catalogue, slices
from core.answers.questions import is_clustered
from core.answers.slices import Slices
from core.benchmarks.imagenet_m import ImageNetMultilabel
from core.figures import mistakes as figures
from core.figures.confusion_matrix import confusion_matrix
from core.figures.exhibits.base import Exhibit, Offer, Pick, Subject, short_identity
from core.figures.slices import slices as slice_figure
from core.figures.style import Words
from core.mistakes import files, sentences, stored, summary, table
from core.mistakes.files import Files
from core.mistakes.summary import Directed
from core.mistakes.table import Filters
from core.wording import count, escaped, interval, percent

#: Pairs with a bar, and no limit.
_BARS, _ALL = 12, 1_000_000
#: Slices that are drawn.
MOST_SLICES = 10
_GREY = "#6B7785"
Tables = dict[str, pd.DataFrame]


def offers(subject: Subject) -> Iterator[Offer]:
    """The figures of mistakes of results with one view an image; of those without a mistake, none."""
    if subject.run.n_views > 1:
        return
    found = _files()
    tables = {model: stored.of_run(run, None, found) for model, run in subject.runs.items()}
    for model, content in tables.items():
        rows = table.select(content, Filters())
        if "category" in content and (content["category"].astype(str) != "").any():
            make = partial(_kinds, subject, model, content)
            yield _offer(subject, "mistake_kinds", "Mistakes by category and severity", make, model)
        directed = summary.directed(content, rows)
        if directed.tells:
            make = partial(_matrix, subject, model, content, directed)
            yield _offer(subject, "matrix", "Which class is taken for which", make, model)
        elif directed.n and len(summary.readable(summary.pairs(content, rows, _ALL))):
            make = partial(_ring, subject, model, content)
            yield _offer(subject, "ring", "Classes that are confused", make, model)
    if confusions(tables, Filters(), stored.published_pairs(found)) is not None:
        make = partial(_confusions, subject, tables, found)
        yield _offer(subject, "confusions", "Most frequent confusions", make)
    for model, run in subject.runs.items():
        if run.complete and (tables[model]["right"] == 0).any() and len((sought := slices.find(run)).table):
            yield _offer(subject, "slices", "Slices that cost most", partial(_slices, subject, model, sought), model)


def _offer(subject: Subject, name: str, title: str, make: Any, model: str = "") -> Offer:
    return Offer(name, title, subject.run.benchmark, subject.run.view, make, model)


def _files() -> Files:
    """The files of ImageNet's remaining mistakes."""
    source = catalogue.data_of(ImageNetMultilabel.key)
    return files.find_files(source.root if source else None)


def finding(model: str, run: store.Run, content: pd.DataFrame) -> str:
    """How many are wrong, the most frequent direction, and the classes that swallow others; nothing of a partial run.

    Args:
        model: Its name.
        run: Whose mistakes.
        content: See ``core.mistakes.table``.
    """
    if not run.complete:
        return f"**{escaped(model)}**: {sentences.unfinished(run.n_done, run.n_samples)}."
    wrong = table.select(content, Filters())
    often = sentences.confusions(content, wrong) if len(wrong) else "No mistake remains."
    value, low, high, n = summary.shares(content, is_clustered(run))["wrong"]
    return (
        f"**{escaped(model)} is wrong on {percent(value)} {interval(low, high)}** of {count(n, 'image')}. {often}"
    ).strip()


def kinds(content: pd.DataFrame, filters: Filters, foot: str) -> tuple[go.Figure, pd.DataFrame]:
    """How many mistakes of each published category; and the counts.

    Args:
        content: See ``core.mistakes.table``.
        filters: Those chosen.
        foot: Identities.
    """
    own = replace(filters, categories=(), severities=())
    counts = summary.counts(content, table.select(content, own), "category", "severity")
    one_way = len(filters.true) == len(filters.predicted) == 1
    classes = f" · {filters.true[0]} taken for {filters.predicted[0]}" if one_way else ""
    said = f"n = {int(counts['n'].sum()):,}{classes} · click filters"
    return figures.kinds(counts, Words("Mistakes by category and severity", said, foot), filters.categories), counts


def _kinds(subject: Subject, model: str, content: pd.DataFrame) -> Exhibit:
    run = subject.runs[model]
    shown, counts = kinds(content, Filters(), short_identity([run]))

    def pick(custom: list[Any]) -> Pick:
        category, severity = custom
        filters = Filters(categories=(category,), severities=(severity,))
        return _picked(run, content, table.select(content, filters), f"{category}, {severity}")

    return Exhibit(shown, {model: counts}, {model: run}, finding(model, run, content), pick=pick)


def matrix(directed: Directed, foot: str, chosen: tuple[str, str] | None = None) -> go.Figure:
    """Which class is taken for which.

    Args:
        directed: From ``summary.directed``.
        foot: Identities.
        chosen: The (true, predicted) that is outlined.
    """
    said = f"{count(directed.n, 'mistake')} · click filters"
    if directed.n_classes > len(directed.names):
        said = (
            f"the {len(directed.names)} of {directed.n_classes} classes with most mistakes: {directed.n_shown:,} of "
            f"{directed.n:,} mistakes · click filters"
        )
    return confusion_matrix(directed, Words("Which class is taken for which", said, foot), chosen)


def _matrix(subject: Subject, model: str, content: pd.DataFrame, directed: Directed) -> Exhibit:
    run = subject.runs[model]
    shown = matrix(directed, short_identity([run]))

    def pick(custom: list[Any]) -> Pick:
        filters = Filters(true=(custom[0],), predicted=(custom[1],))
        return _picked(run, content, table.select(content, filters), f"{custom[0]} taken for {custom[1]}")

    return Exhibit(shown, {model: directed.table()}, {model: run}, finding(model, run, content), pick=pick)


def ring(
    content: pd.DataFrame, rows: np.ndarray, foot: str, chosen: tuple[str, str] | None = None
) -> tuple[go.Figure, pd.DataFrame] | None:
    """Of a large label space, the pairs that are confused more than once; None where none is.

    Args:
        content: See ``core.mistakes.table``.
        rows: The mistakes.
        foot: Identities.
        chosen: The pair that is filtered for.
    """
    every = summary.pairs(content, rows, _ALL)
    pairs = summary.readable(every)
    if pairs.empty:
        return None
    said = f"the {count(len(pairs), 'most frequent pair')}: {int(pairs['n'].sum()):,} of {int(every['n'].sum()):,}"
    words = Words("Classes that are confused", f"{said} mistakes, either direction · click filters", foot)
    return figures.confusion_ring(pairs, words, chosen), pairs


def _ring(subject: Subject, model: str, content: pd.DataFrame) -> Exhibit:
    run = subject.runs[model]
    drawn = ring(content, table.select(content, Filters()), short_identity([run]))
    assert drawn is not None

    def pick(custom: list[Any]) -> Pick:
        said = f"{custom[0]} and {custom[1]} confused"
        return _picked(run, content, table.select(content, Filters(pair=(custom[0], custom[1]))), said)

    return Exhibit(drawn[0], {model: drawn[1]}, {model: run}, finding(model, run, content), pick=pick)


def confusions(
    every: Mapping[str, pd.DataFrame], filters: Filters, known: pd.DataFrame | None
) -> tuple[Tables, Words, dict[str, np.ndarray]] | None:
    """The most frequent confusions by each model on the same images; None where nothing is confused twice.

    On ImageNet's validation set the published ones have no direction, so that there both are counted together.

    Args:
        every: Mistakes by model, see ``core.mistakes.table``; the first model's pairs are those shown.
        filters: Those chosen; classes are not left out.
        known: The published confusions; None without them.

    Returns:
        Pairs by model (``published`` alone where no model's pair recurs), title and subtitle, and the rows by model
        that were counted.
    """
    first, *others = every
    both_ways = stored.is_validation(every[first])
    plain = replace(filters, true=(), predicted=(), pair=None)
    images = table.asked_about(every[first], plain) if others else table.select(every[first], plain)
    rows, n = summary.on_same_images(every, images)
    tables = {
        model: summary.pairs(every[model], rows[model], _ALL)
        if both_ways
        else summary.directions(every[model], rows[model])
        for model in every
    }
    own = tables[first]
    own = own[(own["n"] > 1) & summary.mentions(own, plain.text)].head(_BARS)
    title, said = "Most frequent confusions", f"mistakes on the same {count(n, 'image')}"
    if not others:
        said = f"{int(own['n'].sum()):,} mistakes"
    if own.empty:
        if known is None or not both_ways:
            return None
        title, said, tables = "Published confusions", "of all models together", {"published": known.head(_BARS)}
    else:
        tables[first] = own
    return tables, Words(title, f"{said}{', either direction' if both_ways else ''} · click filters"), rows


def _confusions(subject: Subject, every: Tables, found: Files) -> Exhibit:
    known = stored.published_pairs(found)
    drawn = confusions(every, Filters(), known)
    assert drawn is not None
    tables, words, rows = drawn
    first, run = next(iter(subject.runs.items()))
    both_ways, is_own = stored.is_validation(every[first]), first in tables
    foot = short_identity(list(subject.runs.values()))
    shown = figures.pair_bars(
        tables, subject.colours, replace(words, caption=foot), published=known if both_ways and is_own else None,
        between=figures.BOTH_WAYS if both_ways else figures.ONE_WAY,
    )  # fmt: skip

    def pick(custom: list[Any]) -> Pick | None:
        one, other, model = custom
        if model not in every:
            return None
        filters = Filters(pair=(one, other)) if both_ways else Filters(true=(one,), predicted=(other,))
        wrong = np.intersect1d(table.select(every[model], filters), rows[model])
        said = f"{one} and {other} confused" if both_ways else f"{one} taken for {other}"
        return _picked(subject.runs[model], every[model], wrong, said)

    return Exhibit(shown, tables, subject.runs, finding(first, run, every[first]), pick=pick)


def _picked(run: store.Run, content: pd.DataFrame, rows: np.ndarray, said: str) -> Pick:
    return Pick(run, said, only=frozenset(content["sample_id"].iloc[rows]))


def slices_of(run: store.Run, found: Slices, colour: str, chosen: str = "") -> go.Figure:
    """What is common among a run's mistakes: the slices that cost most.

    Args:
        run: Complete.
        found: From ``core.answers.slices.find``; not empty.
        colour: Of the model.
        chosen: The conditions that are marked.
    """
    said = "simultaneous 95 % intervals · hollow: not confirmed · click filters the images below"
    words = Words("Slices that cost most", said, short_identity([run]))
    return slice_figure(found.table.head(MOST_SLICES), colour, words, chosen)


def of_the_same(found: Slices) -> str:
    """Which slices that are drawn are of the same images as others; plain text, empty where none is."""
    rows = found.table.head(MOST_SLICES).to_dict("records")
    same = [f"{row['slice']}: {' and '.join(row['also'])}" for row in rows if len(row["also"])]
    return f"Of the same images: {'; '.join(same)}" if same else ""


def _slices(subject: Subject, model: str, found: Slices) -> Exhibit:
    run = subject.runs[model]

    def pick(custom: list[Any]) -> Pick:
        where = slices.decoded(run, custom[0])
        return Pick(run, slices.words(run, where), where)

    shown = slices_of(run, found, subject.colours.get(model, _GREY))
    notes = tuple(filter(None, ("A mark's images are those of both halves.", of_the_same(found))))
    tables = {model: found.table.rename(columns=slices.REPORTED)}
    return Exhibit(shown, tables, {model: run}, slices.sentence(run.label, found), notes, pick)
