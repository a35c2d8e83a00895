"""The figures of the page Settings: heatmaps, partitions, gaps, categories and costs, each with its clicks."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core import store, uncommon
from core.figures import bars
from core.figures import uncommon as figures
from core.figures.style import Words
from core.uncommon.paper import published
from pages.shared.page import cached, figure, place, text
from pages.shared.page.frame import Choice
from pages.shared.page.place import Cell

#: The benchmark whose photos the published numbers are of.
PUBLISHED_ON = "focus"
LABELS = {"time": "time of day", "weather": "weather", "locations": "location"}
Runs = dict[str, store.Run]


def show(runs: Runs, choice: Choice, definition: str) -> None:
    """All figures; heatmaps, categories and costs are of the first model.

    Args:
        runs: By chosen model.
        choice: Of the sidebar.
        definition: Of the gaps, of ``core.uncommon.gaps.DEFINITIONS``.
    """
    model, run = next(iter(runs.items()))
    with st.container(key="oc-figures"):
        for attribute in uncommon.ATTRIBUTES:
            _heatmap(model, run, attribute, definition)
    with st.container(key="oc-figures-wide"):
        _partitions(runs, choice)
        _gaps(runs, choice, definition)
        _categories(model, run)
        _costs(model, run)


def one(table: pd.DataFrame, **where: str) -> pd.Series:
    """The row of a table that has these values."""
    for column, content in where.items():
        table = table[table[column] == content]
    return table.iloc[0]


def gap_of(run: store.Run, question: str, attribute: str, definition: str) -> pd.Series:
    """An attribute's gap by a definition, from ``gaps`` or ``gaps_class_adjusted``."""
    return one(cached.settings(run, question), attribute=attribute, definition=definition)


def _heatmap(model: str, run: store.Run, attribute: str, definition: str) -> None:
    """Category by value; orange cells are uncommon, blue ones common."""
    shown = _heatmap_figure(cached.key_of(run), run, attribute, definition, _chosen(run, attribute))
    cells = cached.settings(run, f"heatmap_{attribute}")
    key = f"heatmap-{attribute}"
    figure.show(shown, key, {model: cells}, {model: run.identity}, partial(_pick, run.benchmark, model, attribute))


# Building a figure takes Plotly longer than reading what is in it; these depend on one run only, so they are kept.
_kept = st.cache_resource(max_entries=128, show_spinner=False)


@_kept
def _heatmap_figure(
    key: cached.Key, _run: store.Run, attribute: str, definition: str, chosen: tuple[str, str] | None
) -> go.Figure:
    cells, totals = cached.settings(_run, f"heatmap_{attribute}"), cached.settings(_run, f"totals_{attribute}")
    by_category = cached.settings(_run, "category_gaps")
    by_category = by_category[(by_category["attribute"] == attribute) & (by_category["definition"] == definition)]
    whole = gap_of(_run, "gaps", attribute, definition).to_frame().T.assign(category=figures.ALL)
    gaps = pd.concat([by_category, whole])[["category", "value", "low", "high", "n_common", "n_uncommon"]]
    return figures.setting_heatmap(
        cells,
        totals,
        gaps.infer_objects(),
        Words(
            f"Top-1 by category and {LABELS[attribute]}, %",
            f"orange: uncommon · (n < 30) · {_run.model} · n = {int(cells['n'].sum()):,}",
            text.short_identity([_run]),
        ),
        chosen=chosen,
    )


def _chosen(run: store.Run, attribute: str) -> tuple[str, str] | None:
    cell = place.chosen_cell()
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
            "P0 to P3: how many attributes are uncommon; P_t, P_w, P_l: which ones",
            text.short_identity(list(runs.values())),
        ),
        published=_published_accuracy() if choice.benchmark == PUBLISHED_ON else None,
        order=uncommon.PARTITIONS,
        height=max(400, 110 + 11 * (13 * len(tables) + 10)),
    )
    identities = {model: run.identity for model, run in runs.items()}
    figure.show(shown, "partitions", tables, identities, partial(_pick_partition, choice.benchmark))


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
        {model: _of(cached.settings(run, question), definition) for model, run in runs.items()}
        for question in ("gaps", "gaps_class_adjusted")
    )
    on_focus = choice.benchmark == PUBLISHED_ON and definition == "paper-code"
    shown = figures.gap_points(
        raw,
        adjusted,
        choice.colours,
        Words(f"Gap between common and uncommon settings, {definition}", "raw, and with the same class mix on both "
              "sides · 95 % interval", text.short_identity(list(runs.values()))),
        labels=LABELS,
        published=published()["gaps"] if on_focus else None,
        source="FOCUS, Table 3",
    )  # fmt: skip
    tables = {
        f"{model}, {kind}": part[model] for kind, part in (("raw", raw), ("adjusted", adjusted)) for model in runs
    }
    figure.show(shown, "gaps", tables, {name: runs[name.rpartition(", ")[0]].identity for name in tables})


def _of(table: pd.DataFrame, definition: str) -> pd.DataFrame:
    return table[table["definition"] == definition]


def _categories(model: str, run: store.Run) -> None:
    table = cached.settings(run, "by_category_partition")
    shown = _categories_figure(cached.key_of(run), run)
    figure.show(shown, "categories", {model: table}, {model: run.identity}, partial(_pick_count, run.benchmark, model))


@_kept
def _categories_figure(key: cached.Key, _run: store.Run) -> go.Figure:
    return figures.category_partitions(
        cached.settings(_run, "by_category_partition"),
        Words(
            "Top-1 by category and number of uncommon attributes",
            f"{_run.model} · hollow: fewer than 30 images",
            text.short_identity([_run]),
        ),
    )


def _costs(model: str, run: store.Run) -> None:
    table = cached.settings(run, "costs")
    if table["value"].notna().any():
        figure.show(_costs_figure(cached.key_of(run), run), "costs", {model: table}, {model: run.identity})


@_kept
def _costs_figure(key: cached.Key, _run: store.Run) -> go.Figure:
    return figures.cost_bars(
        cached.settings(_run, "costs"),
        Words(
            "What each uncommon setting costs",
            f"{_run.model} · same class mix on both sides · hatched: fewer than 30 images",
            text.short_identity([_run]),
        ),
    )


def _pick(benchmark: str, model: str, attribute: str, custom: list[Any]) -> None:
    place.choose_cell(Cell(benchmark, {"category": custom[0], attribute: custom[1]}), model)


def _pick_partition(benchmark: str, custom: list[Any]) -> None:
    model, name = custom
    values = {"n_uncommon": float(name[1:])} if name[1:].isdigit() else {"partition": name}
    place.choose_cell(Cell(benchmark, values), model)


def _pick_count(benchmark: str, model: str, custom: list[Any]) -> None:
    place.choose_cell(Cell(benchmark, {"category": custom[0], "n_uncommon": float(custom[1])}), model)
