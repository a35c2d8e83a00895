"""The profile on the page Overview: where the chosen model breaks, beside a second one, and the images of each row."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from core import store
from core.answers import profile as profiles
from core.answers import profile_sentences
from core.answers.profile_lines import Line, without_object
from core.answers.questions import StoredPolicy, Where, factors_of
from core.answers.spans import Span
from core.figures import profile as figures
from core.figures.exhibits import profile as exhibit
from core.figures.exhibits import uncommon
from core.images.views import CLEAN
from core.types import FactorValue
from core.wording import code, escaped, short_label, value
from pages.shared.page import cached, figure, place
from pages.shared.page.frame import Choice
from pages.shared.page.place import Cell

_HELP = (
    "A row a factor, over all results of the chosen model on the chosen benchmarks: from its best setting to its "
    "worst, which is named beside the row. Both are picked after looking at all settings, so the interval of the drop "
    "holds for all pairs of settings at once; settings of few images or objects take no part. Time of day, weather and "
    "place go from common settings to the costliest uncommon one, with the same classes on both sides. Below the line: "
    "images whose object is grayed out, where a small change is no strength, and the best single zoom. A second chosen "
    "model is compared on the same images, each at its own worst."
)


def show(choice: Choice, keys: Sequence[str], policy: StoredPolicy) -> None:
    """The figure of the first chosen model, beside the second, with its finding.

    Args:
        choice: Of the sidebar.
        keys: Of the benchmarks that the page shows.
        policy: What counts as right.
    """
    models = [model for model in choice.models if _runs(choice, model, keys)][:2]
    if not models or not profiles.has_lines(_runs(choice, models[0], keys)):
        return
    own, other = (_runs(choice, model, keys) if model else [] for model in (*models, "")[:2])
    lines = _lines(_keys(own), _keys(other), policy, own, other)
    if not lines:
        return
    st.header("Where it breaks, factor by factor", anchor=False, help=_HELP)
    st.markdown(" ".join(filter(None, (profile_sentences.finding(lines), profile_sentences.between(lines)))))
    if figures.shown(lines):
        chosen = _chosen(lines)
        key = (_keys(own), _keys(other), policy, chosen, sorted(choice.colours.items()))
        shown = figure.kept(
            ("profile", *key), partial(exhibit.figure, lines, choice.colours, [*own, *other], policy, chosen)
        )
        tables = {models[0]: figures.table(lines)}
        if other:
            tables[models[1]] = figures.table([line.other for line in lines if line.other is not None])
        identities = {model: " ".join(run.identity for run in runs) for model, runs in zip(models, (own, other),
                                                                                           strict=False)}  # fmt: skip
        figure.show(shown, "profile", tables, identities, partial(_pick, lines))
    if notes := exhibit.notes(lines):
        st.caption(f"Without a number: {'; '.join(map(escaped, notes))}.")


def of_other_views(choice: Choice, models: Sequence[str], keys: Sequence[str]) -> list[store.Run]:
    """The results of views that a profile shows beside those of whole images."""
    every = (run for model in models for run in _runs(choice, model, keys))
    return [run for run in every if run.view != CLEAN and profiles.has_lines([run])]


def _runs(choice: Choice, model: str, keys: Sequence[str]) -> list[store.Run]:
    """A model's results on some benchmarks, under every family of views."""
    there = {(run.benchmark, run.view) for run in choice.runs if run.label == model and run.benchmark in keys}
    found = (choice.run(model, *each) for each in sorted(there))
    return [run for run in found if run is not None]


def _keys(runs: Sequence[store.Run]) -> tuple:
    return cached.keys_of({(run.label, run.benchmark, run.view): run for run in runs})


@st.cache_data(max_entries=64, show_spinner="Comparing all settings, once …")
def _lines(
    keys: tuple, others: tuple, policy: StoredPolicy, _own: Sequence[store.Run], _other: Sequence[store.Run]
) -> tuple[Line, ...]:
    del keys, others
    return profiles.profile(_own, policy=policy, other=_other)


def _pick(lines: Sequence[Line], custom: list[Any]) -> None:
    line = exhibit.line_of(lines, custom)
    if line is not None:
        place.choose_cell(_cell(line), line.model)


def _cell(line: Line) -> Cell:
    """The images at a line's worst setting, as an address has them; of a zoom all images."""
    values: dict[str, FactorValue] = {}
    if line.kind == "setting":
        values = {line.factors[0]: line.worst_at, "partition": uncommon.UNCOMMON + line.factors[0]}
    elif line.kind == "cues":
        values = {"ablation": line.where[0].values[0]}
    elif line.kind == "factor":
        values = {part.column: part.values[0] for part in line.where if part.values}
    spans = {part.column: Span(part.low, part.high) for part in line.where if line.kind == "factor" and not part.values}
    return Cell(line.benchmark, values, spans)


def _chosen(lines: Sequence[Line]) -> tuple[str, str]:
    """Benchmark and name of the line whose images are open."""
    cell, model = place.chosen_cell(), place.chosen_model()
    for line in lines:
        for each in (line, line.other):
            if cell is not None and each is not None and each.is_known and each.model == model and _cell(each) == cell:
                return line.benchmark, line.name
    return "", ""


def said(cell: Cell, run: store.Run) -> str:
    """What is open, as the heading of its images; Markdown."""
    if "ablation" in cell.values:
        return f"{code(cell.benchmark)}, object grayed out"
    side = str(cell.values.get("partition", ""))
    factors = factors_of(run)
    words = [
        uncommon.in_words(name, content)
        if name == "partition"
        else f"{short_label(factors[name])} {value(factors[name], content)}"
        for name, content in cell.values.items()
        if name in factors and not (name == "partition" and side.startswith(uncommon.UNCOMMON))
    ]
    words += [
        f"{short_label(factors[name])} {value(factors[name], span.low)} to {value(factors[name], span.high)}"
        for name, span in cell.spans.items()
        if name in factors
    ]
    return ", ".join([code(cell.benchmark), *map(escaped, words)])


def behind(cell: Cell, run: store.Run, choice: Choice) -> tuple[store.Run, tuple[Where, ...]]:
    """The result and the conditions of a cell: of images without their object another family's result.

    Args:
        cell: Chosen.
        run: On its benchmark, of images as they are.
        choice: Of the sidebar.
    """
    if "ablation" not in cell.values:
        return run, (*uncommon.conditions(cell.values), *Cell(cell.benchmark, {}, cell.spans).where)
    views = {each.view for each in choice.runs if (each.label, each.benchmark) == (run.label, run.benchmark)}
    for view in sorted(views):
        found = choice.run(run.label, run.benchmark, view)
        if found is not None and any(table.name == "ablation" for table in found.views.tables):
            return found, without_object(found)
    return run, ()
