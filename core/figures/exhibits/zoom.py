"""What closer looks bring and cost: the atlas, the ladder, anchors and covers, as the page and files have them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from core import store
from core.answers import marks, sentences, zoom_sentences, zoom_tables
from core.answers.asking import DIRECT, Answers
from core.answers.cards import card_of, unit_of
from core.answers.questions import StoredPolicy, Where
from core.figures import zoom as figures
from core.figures import zoom_cover
from core.figures.curve import curve
from core.figures.exhibits.base import Exhibit, Offer, Pick, Subject, short_identity
from core.figures.style import Words
from core.images.views.zoom import SIZE
from core.metrics import zoom
from core.types import Policy
from core.wording import anchor_name, count

#: Families of zooms, the one that has all first.
FAMILIES = ("zoom-324", "zoom-36", "zoom-9")
Runs = Mapping[str, store.Run]
Tables = dict[str, pd.DataFrame]
#: Gets a table of a model by name.
Asked = Callable[[str, str], pd.DataFrame]


def policy_of(run: store.Run) -> Policy:
    """What counts as right under zooms: what the benchmark's paper says."""
    return card_of(run).default_policy


def offers(subject: Subject) -> Iterator[Offer]:
    """The figures of results under zooms; none of others."""
    if subject.run.view not in FAMILIES:
        return
    asked = _asked(subject.runs)
    # Of images that all failed nothing is known.
    runs = {model: run for model, run in subject.runs.items() if (asked(model, "by_zoom")["n"] > 0).any()}
    if not runs:
        return
    subject = replace(subject, runs=runs)
    for model in runs:
        yield _offer(subject, "atlas", "For which zooms it is right", partial(_atlas, subject, model), model)
    yield _offer(subject, "ladder", "What more looks bring, and cost", partial(_ladder, subject))
    if any(zoom_tables.has_factors(run, "at_object") for run in runs.values()):
        yield _offer(subject, "at_object", "Looking at where the object is", partial(_at_object, subject))
    if subject.run.view == FAMILIES[0]:
        for name, title in _WHERE.items():
            for model in runs:
                yield _offer(subject, name, title, partial(_useful, subject, model, name), model)
    if has_origins(runs):
        yield _offer(subject, "origins", "One crop, and any of all zooms", partial(_origins, subject))
    if beside(subject.run.benchmark) is not None:
        yield _offer(subject, "reference", "Published top-1, and these models'", partial(_published, subject))


def _offer(subject: Subject, name: str, title: str, make: Any, model: str = "") -> Offer:
    return Offer(name, title, subject.run.benchmark, subject.run.view, make, model)


def _asked(runs: Runs, ask: Answers = DIRECT) -> Asked:
    return lambda model, name: ask.zooms(runs[model], name, policy_of(runs[model]))


def finding(runs: Runs, table: Asked) -> str:
    """What the first model's zooms say; nothing from a partial result."""
    for model, run in runs.items():
        if not run.complete:
            return sentences.partial(run.label, run.benchmark, run.n_done, run.n_samples)
        at_object = table(model, "at_object") if zoom_tables.has_factors(run, "at_object") else None
        return zoom_sentences.finding(model, table(model, "bound"), table(model, "luck"), at_object, unit_of(run))
    return ""


def _said(runs: Runs) -> str:
    return finding(runs, _asked(runs))


def atlas(
    model: str, run: store.Run, table: pd.DataFrame, *, several: bool = False,
    chosen: tuple[int, ...] | None = None,
) -> go.Figure:  # fmt: skip
    """For which zooms a model is right.

    Args:
        model: Its label.
        run: Its result.
        table: ``by_zoom``, without empty zooms.
        several: Whether the model is named.
        chosen: The size, row and column that is outlined.
    """
    words = Words(
        "For which zooms it is right" + (f": {model}" if several else ""),
        f"n = {int(table['n'].max()):,} at each zoom · left: from far, right: from near · ring: the usual crop",
        short_identity([run]),
    )
    return figures.atlas(table, words, chosen=chosen)


def _atlas(subject: Subject, model: str) -> Exhibit:
    run = subject.runs[model]
    table = _asked(subject.runs)(model, "by_zoom")
    table = table[table["n"] > 0]

    def pick(custom: list[Any]) -> Pick:
        at = dict(zip(("size", "row", "col"), map(float, custom), strict=True))
        where = tuple(Where.equals(name, content) for name, content in at.items())
        return Pick(run, in_words(at), where, _stored_policy(run))

    return Exhibit(atlas(model, run, table, several=True), {model: table}, {model: run}, _said({model: run}), pick=pick)


def _stored_policy(run: store.Run) -> StoredPolicy:
    """The policy by which images are told right from wrong one by one."""
    return "top5" if policy_of(run) == "top5" else "top1"


def in_words(values: Mapping[str, Any]) -> str:
    """A zoom as the heading of its images says it."""
    return f"size {values['size']:g} px, {anchor_name(int(values['row']), int(values['col']))}"


def ladder(runs: Runs, table: Asked, colours: Mapping[str, str]) -> tuple[go.Figure, Tables]:
    """What more looks bring, and cost; and the tables."""
    bounds, luck = ({model: table(model, name) for model in runs} for name in ("bound", "luck"))
    others = marks.zoomed(next(iter(runs.values())).benchmark)
    words = Words(
        "What more looks bring, and cost",
        "95 % interval · hollow: an oracle, no classifier",
        short_identity(list(runs.values())),
    )
    published = others if (others["passes"] > 1).any() else None
    return figures.ladder(bounds, luck, colours, words, published=published), bounds


def _ladder(subject: Subject) -> Exhibit:
    shown, tables = ladder(subject.runs, _asked(subject.runs), subject.colours)
    return Exhibit(shown, tables, subject.runs, _said(subject.runs))


def at_object(runs: Runs, table: Asked, colours: Mapping[str, str]) -> tuple[go.Figure, Tables] | None:
    """Accuracy by size where each image is seen at its object, and the tables; None where that is not known."""
    there = {model: run for model, run in runs.items() if zoom_tables.has_factors(run, "at_object")}
    if not there:
        return None
    tables = {model: table(model, "at_object").rename(columns={"top1": "value"}) for model in there}
    tables = {model: part[part["size"].notna() & (part["n"] > 0)] for model, part in tables.items()}
    words = Words(
        "Looking at where the object is",
        "each image at the anchor nearest to its object · 95 % interval at each size",
        short_identity(list(there.values())),
    )
    drawn = {model: part.astype({"size": float}) for model, part in tables.items() if len(part)}
    return curve(drawn, SIZE, colours, words, height=330), tables


def _at_object(subject: Subject) -> Exhibit:
    runs = {model: run for model, run in subject.runs.items() if zoom_tables.has_factors(run, "at_object")}
    drawn = at_object(runs, _asked(runs), subject.colours)
    assert drawn is not None
    return Exhibit(*drawn, runs, _said(runs))


#: Title by name, of a model that was shown all zooms.
_WHERE = {
    "anchors": "Solved at each anchor",
    "anchors_published": "Anchors, as published",
    "cover_anchors": "Anchors of the first zooms of a cover",
    "cover": "Sizes of the first zooms of a cover",
}


def useful(name: str, model: str, run: store.Run, table: Asked) -> tuple[go.Figure, pd.DataFrame]:
    """Where the zooms lie that solve images; and the table.

    Args:
        name: ``anchors`` and ``anchors_published``, by some size and by the greedy cover; ``cover_anchors`` and
            ``cover``, of the first zooms of the greedy cover.
        model: Its label.
        run: Of the family of all zooms.
        table: Gives its tables.
    """
    foot = short_identity([run])
    if name.startswith("anchors"):
        bias = table(model, "centre_bias")
        words = Words("Solved at each anchor", f"by some size · n = {int(bias['n'].max()):,}", foot)
        if name != "anchors":
            words = Words("As published", "by a zoom of the greedy cover", foot)
        return figures.anchors(bias, "value" if name == "anchors" else "published", words), bias
    views, cover = table(model, "by_zoom"), table(model, "minimal_cover")
    first = min(zoom.FIRST, len(cover))
    if name == "cover_anchors":
        places = zoom.cover_anchors(cover, views)
        words = Words(f"Anchors of the first {first} zooms", "how many lie at each · chosen on these images", foot)
        return zoom_cover.anchors(places, words), places
    said = f"that together solve most: greedy cover, {count(len(cover), 'zoom')} in all"
    words = Words(f"Sizes of the first {first} zooms", said, foot)
    return zoom_cover.sizes(zoom.cover_sizes(cover, views), words), cover


def _useful(subject: Subject, model: str, name: str) -> Exhibit:
    run = subject.runs[model]
    shown, table = useful(name, model, run, _asked(subject.runs))
    return Exhibit(shown, {model: table}, {model: run}, _said({model: run}))


def has_origins(runs: Runs) -> bool:
    """Whether a benchmark says where its images come from."""
    return any(card_of(run).factor("origin") is not None for run in runs.values())


def origins(runs: Runs, table: Asked, colours: Mapping[str, str]) -> tuple[go.Figure, Tables]:
    """One crop and any of all zooms by where images come from; and the tables."""
    tables = {model: table(model, "bound_by_origin") for model, run in runs.items() if has_origins({model: run})}
    words = Words(
        "One crop, and any of all zooms",
        "95 % interval · a click opens the images of an origin",
        short_identity(list(runs.values())),
    )
    return figures.origins(tables, colours, words), tables


def _origins(subject: Subject) -> Exhibit:
    shown, tables = origins(subject.runs, _asked(subject.runs), subject.colours)
    run = subject.run

    def pick(custom: list[Any]) -> Pick:
        return Pick(run, str(custom[0]), (Where.equals("origin", custom[0]),), _stored_policy(run))

    return Exhibit(shown, tables, subject.runs, _said(subject.runs), pick=pick)


def beside(benchmark: str) -> pd.DataFrame | None:
    """What others publish of a benchmark's usual crop; None where nothing is, or of all zooms too."""
    others = marks.zoomed(benchmark)
    return None if others.empty or (others["passes"] > 1).any() else others


def published(runs: Runs, others: pd.DataFrame, table: Asked, colours: Mapping[str, str]) -> go.Figure:
    """What others publish, of ``beside``, and where these models stand."""
    rows = {model: zoom_sentences.row_of(table(model, "bound"), zoom.ONE_CROP) for model in runs}
    own = {model: float(row["top1"]) for model, row in rows.items() if row is not None}
    words = Words(
        "Published top-1, and the chosen models'",
        f"diamonds: {count(len(others), 'published number')} · lines: here, in the usual crop",
        short_identity(list(runs.values())),
    )
    return figures.published(others, own, colours, words)


def _published(subject: Subject) -> Exhibit:
    others = beside(subject.run.benchmark)
    assert others is not None
    shown = published(subject.runs, others, _asked(subject.runs), subject.colours)
    return Exhibit(shown, {"published": others}, subject.runs, _said(subject.runs))
