"""The figures of the page Settings: heatmaps, partitions, gaps, categories and costs, each with its clicks."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core import store, uncommon
from core.answers.questions import Where
from core.figures import bars
from core.figures import uncommon as figures
from core.figures.style import Words
from core.types import FactorValue, is_thin
from core.uncommon import gaps
from core.uncommon.paper import published
from core.uncommon.rules import is_uncommon
from core.wording import count
from pages.shared.page import cached, figure, later, place, text
from pages.shared.page.frame import Choice
from pages.shared.page.place import Cell

#: The benchmark whose photos the published numbers are of.
PUBLISHED_ON = "focus"
LABELS = {"time": "time of day", "weather": "weather", "locations": "location"}
_PLACES = {"t": "time", "w": "weather", "l": "location"}
#: ``P1``: one uncommon; ``P_tw``: time and weather, as FOCUS calls them and as a reader reads them.
PARTITIONS_IN_WORDS = {
    "P0": "none (P0)",
    **{f"P{number}": f"{number} uncommon (P{number})" for number in (1, 2, 3)},
    **{
        name: f"{' + '.join(_PLACES[letter] for letter in name[2:])} ({name})"
        for name in uncommon.PARTITIONS
        if name.startswith("P_")
    },
}
#: In a cell's partition: the uncommon side of an attribute.
_UNCOMMON = "uncommon "
Runs = dict[str, store.Run]


def show(runs: Runs, choice: Choice, definition: str) -> None:
    """All figures.

    Args:
        runs: By chosen model.
        choice: Of the sidebar.
        definition: Of the gaps, of ``core.uncommon.gaps.DEFINITIONS``.
    """
    # Of several models the maps of one attribute stand beside each other.
    with st.container(key="oc-figures" if len(runs) == 1 else "oc-figures-wide"):
        for attribute in uncommon.ATTRIBUTES:
            for number, (model, run) in enumerate(runs.items()):
                heatmap = partial(_heatmap, model, run, attribute, definition, number, len(runs) > 1)
                later.draw(heatmap, first=attribute == uncommon.ATTRIBUTES[0])
    with st.container(key="oc-figures-views"):
        later.draw(partial(_partitions, runs, choice))
        later.draw(partial(_gaps, runs, choice, definition))
    with st.container(key="oc-figures-wide-values"):
        if len(runs) > 1:
            with st.container(key="oc-whole-row"):
                later.draw(partial(_costs, runs, choice))
        else:
            later.draw(partial(_costs, runs, choice))
        for number, (model, run) in enumerate(runs.items()):
            later.draw(partial(_categories, model, run, choice.colours[model], number))


def one(table: pd.DataFrame, **where: str) -> pd.Series:
    """The row of a table that has these values."""
    for column, content in where.items():
        table = table[table[column] == content]
    return table.iloc[0]


def gap_of(run: store.Run, question: str, attribute: str, definition: str) -> pd.Series:
    """An attribute's gap by a definition, from ``gaps`` or ``gaps_class_adjusted``."""
    return one(cached.settings(run, question), attribute=attribute, definition=definition)


def _heatmap(model: str, run: store.Run, attribute: str, definition: str, number: int, several: bool) -> None:
    """Category by value; uncommon cells in a frame."""
    chosen = _chosen(run, attribute, model, number)
    shown = _heatmap_figure(cached.key_of(run), run, attribute, definition, chosen, several)
    cells = cached.settings(run, f"heatmap_{attribute}")
    key = _numbered(f"heatmap-{attribute}", number)
    figure.show(shown, key, {model: cells}, {model: run.identity}, partial(_pick, run.benchmark, model, attribute))


# Building a figure takes Plotly longer than reading what is in it; these depend on one run only, so they are kept.
_kept = st.cache_resource(max_entries=128, show_spinner=False)


@_kept
def _heatmap_figure(
    key: cached.Key,
    _run: store.Run,
    attribute: str,
    definition: str,
    chosen: tuple[str, str] | None,
    several: bool,
) -> go.Figure:
    said = f"{_run.label} · " if several else ""
    cells, totals = cached.settings(_run, f"heatmap_{attribute}"), cached.settings(_run, f"totals_{attribute}")
    by_category = cached.settings(_run, "category_gaps")
    by_category = by_category[(by_category["attribute"] == attribute) & (by_category["definition"] == definition)]
    whole = gap_of(_run, "gaps", attribute, definition).to_frame().T.assign(category=figures.ALL)
    found = pd.concat([by_category, whole])[["category", "value", "low", "high", "n_common", "n_uncommon"]]
    return figures.setting_heatmap(
        cells,
        totals,
        gaps.as_change(found.infer_objects()),
        Words(
            f"Top-1 by category and {LABELS[attribute]}, %",
            f"{said}framed: uncommon · ( ): few images or objects",
            text.short_identity([_run]),
        ),
        chosen=chosen,
    )


def _chosen(run: store.Run, attribute: str, model: str, number: int) -> tuple[str, str] | None:
    cell, by = place.chosen_cell(), place.chosen_model()
    if by != model and (by or number):
        return None
    if cell is None or cell.benchmark != run.benchmark or set(cell.values) != {"category", attribute}:
        return None
    return str(cell.values["category"]), str(cell.values[attribute])


def _partitions(runs: Runs, choice: Choice) -> None:
    """Accuracy by which settings are uncommon, beside the paper's."""
    tables = {model: _filled(cached.settings(run, "partitions")) for model, run in runs.items()}
    shown = bars.bars(
        tables,
        "partition",
        choice.colours,
        Words(
            "Top-1 by partition",
            "by how many of time, weather and location are uncommon, then by which · 95 % interval",
            text.short_identity(list(runs.values())),
        ),
        published=_published_accuracy() if choice.benchmark == PUBLISHED_ON else None,
        order=uncommon.PARTITIONS,
        chosen=_chosen_partition(choice.benchmark),
        labels=PARTITIONS_IN_WORDS,
    )
    identities = {model: run.identity for model, run in runs.items()}
    figure.show(shown, "partitions", tables, identities, partial(_pick_partition, choice.benchmark))


def _chosen_partition(benchmark: str) -> str | None:
    cell = place.chosen_cell()
    if cell is None or cell.benchmark != benchmark or len(cell.values) != 1:
        return None
    (name, content), *_ = cell.values.items()
    return f"P{content:.0f}" if name == "n_uncommon" else str(content) if name == "partition" else None


def _filled(table: pd.DataFrame) -> pd.DataFrame:
    """Without the groups that have no images."""
    return table[table["n"] > 0]


def _published_accuracy() -> pd.DataFrame:
    rows = [
        (partition, model, share, "FOCUS, Table 4")
        for model, shares in published()["accuracy"].items()
        for partition, share in shares.items()
    ]
    return pd.DataFrame(rows, columns=["partition", "model", "value", "source"])


def _gaps(runs: Runs, choice: Choice, definition: str) -> None:
    """Raw and class-mix-adjusted gaps, beside the paper's."""
    raw, adjusted = (
        {model: gaps.as_change(_of(cached.settings(run, question), definition)) for model, run in runs.items()}
        for question in ("gaps", "gaps_class_adjusted")
    )
    on_focus = choice.benchmark == PUBLISHED_ON and definition == "paper-code"
    shown = figures.gap_points(
        raw,
        adjusted,
        choice.colours,
        Words("From common to uncommon settings", f"{definition}: raw, and with the same class mix on both sides · "
              "95 % interval", text.short_identity(list(runs.values()))),
        labels=LABELS,
        published=published()["gaps"] if on_focus else None,
        source="FOCUS, Table 3",
    )  # fmt: skip
    tables = {
        f"{model}, {kind}": part[model] for kind, part in (("raw", raw), ("adjusted", adjusted)) for model in runs
    }
    identities = {name: runs[name.rpartition(", ")[0]].identity for name in tables}
    figure.show(shown, "gaps", tables, identities, partial(_pick_gap, choice.benchmark))


def _of(table: pd.DataFrame, definition: str) -> pd.DataFrame:
    return table[table["definition"] == definition]


def _categories(model: str, run: store.Run, colour: str, number: int) -> None:
    table = cached.settings(run, "by_category_partition")
    shown = _categories_figure(cached.key_of(run), run, colour)
    picked = partial(_pick_count, run.benchmark, model)
    figure.show(shown, _numbered("categories", number), {model: table}, {model: run.identity}, picked)


def _numbered(key: str, number: int) -> str:
    """A figure's key: the first model's is plain."""
    return key if number == 0 else f"{key}-{number + 1}"


@_kept
def _categories_figure(key: cached.Key, _run: store.Run, colour: str) -> go.Figure:
    return figures.category_partitions(
        cached.settings(_run, "by_category_partition"),
        Words(
            "Top-1 by category and number of uncommon attributes",
            f"{_run.label} · hollow: few images or objects",
            text.short_identity([_run]),
        ),
        colour,
    )


def _costs(runs: Runs, choice: Choice) -> None:
    tables = {model: gaps.as_change(cached.settings(run, "costs")) for model, run in runs.items()}
    tables = {
        name: table.assign(thin=is_thin(table["n_uncommon"], table["n_clusters"])) for name, table in tables.items()
    }
    tables = {model: table for model, table in tables.items() if table["value"].notna().any()}
    if not tables:
        return
    shown = figures.cost_bars(
        tables,
        choice.colours,
        Words(
            "What each uncommon setting costs",
            "same class mix on both sides · hatched: few images or objects · 95 % interval",
            text.short_identity([runs[model] for model in tables]),
        ),
    )
    identities = {model: runs[model].identity for model in tables}
    figure.show(shown, "costs", tables, identities, partial(_pick_cost, choice.benchmark))


def _pick_cost(benchmark: str, custom: list[Any]) -> None:
    model, attribute, setting = custom
    place.choose_cell(Cell(benchmark, {attribute: setting, "partition": _UNCOMMON + attribute}), model)


def conditions(cell: Cell) -> tuple[Where, ...]:
    """A cell as conditions on images.

    The uncommon side of a value means the categories for which it is uncommon, since an image with several locations
    may be uncommon by another one; that of an attribute means the partitions in which it is uncommon.
    """
    values = dict(cell.values)
    side = str(values.get("partition", ""))
    if not side.startswith(_UNCOMMON):
        return cell.where
    del values["partition"]
    attribute = side.removeprefix(_UNCOMMON)
    if attribute in values:
        setting = str(values[attribute])
        rare = tuple(name for name in uncommon.CATEGORIES if is_uncommon(name, attribute, setting))
        return (*(Where.equals(name, content) for name, content in values.items()), Where("category", values=rare))
    there = tuple(name for name in uncommon.PARTITIONS if name.startswith("P_") and attribute[0] in name[2:])
    return (Where("partition", values=there),)


def in_words(name: str, content: FactorValue) -> str:
    """A value of a cell as a reader says it."""
    if name == "n_uncommon":
        return count(int(content), "uncommon attribute")
    if name == "partition" and str(content).startswith(_UNCOMMON):
        return f"uncommon {LABELS[str(content).removeprefix(_UNCOMMON)]}"
    if name == "partition":
        return f"uncommon: {PARTITIONS_IN_WORDS.get(str(content), str(content))}"
    return str(content)


def _pick_gap(benchmark: str, custom: list[Any]) -> None:
    model, attribute = custom
    place.choose_cell(Cell(benchmark, {"partition": _UNCOMMON + attribute}), model)


def _pick(benchmark: str, model: str, attribute: str, custom: list[Any]) -> None:
    place.choose_cell(Cell(benchmark, {"category": custom[0], attribute: custom[1]}), model)


def _pick_partition(benchmark: str, custom: list[Any]) -> None:
    model, name = custom
    values = {"n_uncommon": float(name[1:])} if name[1:].isdigit() else {"partition": name}
    place.choose_cell(Cell(benchmark, values), model)


def _pick_count(benchmark: str, model: str, custom: list[Any]) -> None:
    place.choose_cell(Cell(benchmark, {"category": custom[0], "n_uncommon": float(custom[1])}), model)
