"""Right for the right reasons: without the object, under noise, and where a model looks, as pages and files have it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from core import store
from core.answers import cue_geometry, cue_results
from core.answers.asking import DIRECT, Answers
from core.answers.cue_geometry import MEASURES as GEOMETRY
from core.answers.cue_results import ABLATIONS, ALL, NOISE
from core.answers.cue_sentences import IN_WORDS
from core.answers.questions import Where
from core.errors import OffcenterError, UsageError
from core.explain import alignments
from core.figures import bars, cues
from core.figures.exhibits.base import Exhibit, Offer, Pick, Subject, short_identity
from core.figures.style import Words
from core.types import FactorValue
from core.wording import count, percent

_SIGMA = "noise, standard deviation"
#: Heights of figures that stand beside each other: of noise, with bars of a few models, and of alignment.
_NOISE_PX, _BESIDE_PX = 380, 430
_FEW = 3
#: Of alignment.
MEASURES = {"iou": "IoU with the object", "inside_share": "Share of the map inside the object"}
#: What a title has room for.
_SHORT = {
    "object_area": "size of the object",
    "centre_distance": "distance from the centre",
    "kept_by_crop": "share that the crop keeps",
}
Runs = Mapping[str, store.Run]
Tables = dict[str, pd.DataFrame]


def offers(subject: Subject) -> Iterator[Offer]:
    """The figures of results under cues; none of others."""
    view, runs = subject.run.view, subject.runs
    if view in (ALL, ABLATIONS) and any((cue_results.ablation(run)["n"] > 0).any() for run in runs.values()):
        yield _offer(subject, "ablations", "Top-1 without the object", partial(_ablations, subject))
    if view in (ALL, NOISE) and noise_tables(runs):
        yield _offer(subject, "noise", "Relative foreground sensitivity", partial(_noise, subject, apart=False))
        yield _offer(subject, "noise_accuracies", "Accuracy under noise", partial(_noise, subject, apart=True))
    if view not in (ALL, ABLATIONS):
        return
    looks = aligned(subject)
    maps = with_maps(looks)
    if next((model for model in maps if model in runs), ""):
        yield _offer(subject, "quadrant", "Right for the wrong reason?", partial(_quadrant, subject))
    if maps:
        yield _offer(subject, "alignment", "How well Grad-CAM and object agree", partial(_alignment, subject))
    for measure in measures_of(looks):
        title = f"Top-1 by {_SHORT.get(measure, GEOMETRY[measure].lower())}"
        yield _offer(subject, f"geometry_{measure}", title, partial(_geometry, subject, measure))


def _offer(subject: Subject, name: str, title: str, make: Any) -> Offer:
    return Offer(name, title, subject.run.benchmark, subject.run.view, make)


def _finding(subject: Subject) -> str:
    noisy = subject.runs if subject.run.view in (ALL, NOISE) else {}
    ablations = subject.runs if subject.run.view in (ALL, ABLATIONS) else {}
    return cue_results.said(ablations, noisy, ablations)


def ablations(
    runs: Runs, colours: Mapping[str, str], ask: Answers = DIRECT, *, chosen: object = None
) -> tuple[go.Figure, Tables]:
    """Accuracy of each model under each ablation; and the tables."""
    tables = {model: cue_results.ablation(run, ask) for model, run in runs.items()}
    tables = {model: table[table["n"] > 0] for model, table in tables.items()}
    n = max((int(table["n"].max()) for table in tables.values() if len(table)), default=0)
    words = Words(
        "Top-1 without the object",
        f"n = {n:,} · 95 % interval · a click opens the images",
        short_identity(list(runs.values())),
    )
    # As high as the figure beside it, which more bars pass.
    height = _NOISE_PX if len(tables) <= _FEW else None
    shown = bars.bars(
        tables, "ablation", colours, words, order=list(IN_WORDS), labels=IN_WORDS, chosen=chosen, height=height
    )
    return shown, tables


def _ablations(subject: Subject) -> Exhibit:
    shown, tables = ablations(subject.runs, subject.colours)

    def pick(custom: list[Any]) -> Pick:
        run = subject.runs[custom[0]]
        said = cue_results.in_words("ablation", custom[1])
        return Pick(run, said, cue_results.under(run, custom[1]))

    return Exhibit(shown, tables, subject.runs, _finding(subject), pick=pick)


def noise_tables(runs: Runs, ask: Answers = DIRECT) -> Tables:
    """Sensitivity by strength, of models of which something is known."""
    tables = {model: cue_results.noise(run, ask) for model, run in runs.items()}
    tables = {model: table[table["sigma"].notna() & (table["n"] > 0)] for model, table in tables.items()}
    return {model: table for model, table in tables.items() if len(table)}


def noise(runs: Runs, tables: Tables, colours: Mapping[str, str], *, apart: bool = False) -> go.Figure:
    """Sensitivity by the strength of the noise, or with ``apart`` the two accuracies that it is made of."""
    n = max(int(table["n"].max()) for table in tables.values())
    foot = short_identity([runs[model] for model in tables])
    if apart:
        words = Words("Accuracy under noise", f"n = {n:,}, three draws each", foot)
        return cues.noisy_accuracies(tables, "sigma", colours, words, x_title=_SIGMA, height=_NOISE_PX)
    words = Words("Relative foreground sensitivity", f"n = {n:,}, three draws each · 95 % interval", foot)
    return cues.sensitivity(tables, "sigma", colours, words, x_title=_SIGMA, height=_NOISE_PX)


def noise_at(sigma: float) -> dict[str, FactorValue]:
    """The view that stands for a strength of noise: the first draw on the object."""
    return {"region": "fg", "sigma": float(sigma), "draw": 1.0}


def _noise(subject: Subject, *, apart: bool) -> Exhibit:
    tables = noise_tables(subject.runs)

    def pick(custom: list[Any]) -> Pick:
        at = noise_at(custom[1])
        said = ", ".join(filter(None, (cue_results.in_words(name, content) for name, content in at.items())))
        where = tuple(Where.equals(name, content) for name, content in at.items())
        return Pick(subject.runs[custom[0]], said, where)

    shown = noise(subject.runs, tables, subject.colours, apart=apart)
    notes = ("A point's images are shown with noise on the object, the first of three draws.",)
    return Exhibit(shown, tables, subject.runs, _finding(subject), notes, pick)


def aligned(subject: Subject) -> Tables:
    """What has been compared with masks, by label: of the result on images as they are, else of that under cues."""
    found = {}
    for model, run in subject.runs.items():
        clean = (
            each
            for each in subject.beside
            if (each.label, each.benchmark, each.view, each.content) == (model, run.benchmark, "clean", run.content)
        )
        table = alignments.stored(next(clean, run))
        if table is not None:
            found[model] = table
    return found


def with_maps(tables: Mapping[str, pd.DataFrame]) -> Tables:
    """Only images of which there is a map."""
    tables = {model: table[table["state"] == "map"] for model, table in tables.items()}
    return {model: table for model, table in tables.items() if len(table)}


def quadrant(
    model: str, run: store.Run, tables: Tables, measure: str, foot: str, ask: Answers = DIRECT, *, chosen: str = ""
) -> tuple[go.Figure, pd.DataFrame]:
    """Confidence against alignment of the images that a model has right; and its rows.

    Args:
        model: Its label.
        run: Its result under the ablations.
        tables: From ``with_maps``.
        measure: Of ``MEASURES``.
        foot: Identities.
        ask: Who answers.
        chosen: The sample that is marked.
    """
    compared = tables[model][["sample_id", measure]].rename(columns={measure: "value"})
    rows = cue_results.right(run, ask).merge(compared, on="sample_id").dropna(subset=["value"])
    words = Words("Right for the wrong reason?", f"{model}: {count(len(rows), 'right answer')}", foot)
    most = cues.most_of(table[measure] for table in tables.values())
    title = f"{MEASURES[measure]}, Grad-CAM"
    return cues.quadrant(rows, words, x_title=title, chosen=chosen, most=most, height=_BESIDE_PX), rows


def _quadrant(subject: Subject) -> Exhibit:
    tables = with_maps(aligned(subject))
    model = next(model for model in tables if model in subject.runs)
    run = subject.runs[model]
    shown, rows = quadrant(model, run, tables, "iou", short_identity([run]))

    def pick(custom: list[Any]) -> Pick:
        return Pick(run, str(custom[0]), cue_results.under(run, "none"), only=frozenset({custom[0]}))

    return Exhibit(shown, {model: rows}, {model: run}, _finding(subject), pick=pick)


def violins(tables: Tables, colours: Mapping[str, str], measure: str, foot: str) -> go.Figure:
    """How alignment is spread, of ``with_maps``."""
    n = max(len(table) for table in tables.values())
    words = Words(
        "How well Grad-CAM and object agree", f"{count(n, 'image')} a model · box: quartiles, dashed: mean", foot
    )
    return cues.violins(
        {model: table[measure].tolist() for model, table in tables.items()}, colours, words,
        x_title=MEASURES[measure], most=cues.most_of(table[measure] for table in tables.values()),
        height=max(_BESIDE_PX, 150 + 90 * len(tables)),
    )  # fmt: skip


def _alignment(subject: Subject) -> Exhibit:
    tables = with_maps(aligned(subject))
    runs = {model: subject.runs[model] for model in tables}
    shown = violins(tables, subject.colours, "iou", short_identity(list(runs.values())))
    return Exhibit(shown, tables, runs, _finding(subject))


def measures_of(tables: Mapping[str, pd.DataFrame]) -> list[str]:
    """What varies of where objects lie, in the first table of ``aligned``."""
    objects = next(iter(tables.values()), None)
    return [] if objects is None else [name for name in GEOMETRY if objects[name].nunique() > 1]


def geometry(
    runs: Runs, objects: pd.DataFrame, measure: str, colours: Mapping[str, str]
) -> tuple[go.Figure, Tables] | None:
    """Accuracy by where objects lie or how large they are; and the tables. None where no image has both.

    Args:
        runs: By label, on images as they are.
        objects: What is known of the objects: a table of ``aligned``.
        measure: Of ``cue_geometry.MEASURES``.
        colours: By label.
    """
    tables = {}
    for model, run in runs.items():
        try:
            tables[model] = _named(cue_geometry.accuracy_by(run, objects, measure))
        except OffcenterError:
            # None of its images is among those that were looked at.
            continue
    if not tables:
        return None
    n = max(int(table["n"].sum()) for table in tables.values())
    title = f"Top-1 by {_SHORT.get(measure, GEOMETRY[measure].lower())}"
    words = Words(title, f"{count(n, 'image')} · 95 % interval", short_identity(list(runs.values())))
    order = list(next(iter(tables.values()))["range"])
    return bars.bars(tables, "range", colours, words, order=order), tables


def _named(table: pd.DataFrame) -> pd.DataFrame:
    """Bins by what lies in them."""
    ends = zip(table["least"], table["most"], strict=True)
    return table.assign(
        range=[
            percent(low, 0) if round(low, 2) == round(high, 2) else f"{percent(low, 0)} to {percent(high, 0)}"
            for low, high in ends
        ]
    )


def _geometry(subject: Subject, measure: str) -> Exhibit:
    looks = aligned(subject)
    runs = {model: subject.runs[model] for model in looks}
    drawn = geometry(runs, next(iter(looks.values())), measure, subject.colours)
    if drawn is None:
        run = subject.run
        raise UsageError(
            f"no image of '{run.benchmark}' that was compared with its mask has a prediction: give python -m core "
            f"align --model {run.source} --benchmark {run.benchmark}."
        )
    return Exhibit(*drawn, runs, _finding(subject))
