"""What do uncommon settings cost: night, fog, a car on water? FOCUS, ImageNet's attributes and Diorama."""

from __future__ import annotations

from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from core import catalogue, findings, settings, store
from core.aggregates import Question, Where
from core.errors import OffcenterError
from core.figures import bars
from core.figures import settings as figures
from core.figures.style import Words
from core.settings.gaps import DEFINITIONS
from core.settings.published import published
from core.wording import interval, percent, points
from pages.shared import cached, drawer, figure, frame, gallery, place, text
from pages.shared.frame import Choice
from pages.shared.place import Cell
from pages.shared.text import Tile

TITLE = "Settings"
#: The benchmark whose photos the published numbers are of.
PUBLISHED_ON = "focus"
LABELS = {"time": "time of day", "weather": "weather", "locations": "location"}
HINTS = {
    "paper-code": "As the released code counts: images whose value is 'none' are left out; for locations each (image, "
    "location) pair counts, uncommon if that location is uncommon for the category.",
    "image-level": "Every image counts once; 'none' is common; an image is uncommon if any of its values is.",
}
ABOUT = (
    "A setting is uncommon for a category, not in itself: water is common for ships and uncommon for planes "
    "(FOCUS, Table 1). A gap is accuracy in common settings less accuracy in uncommon ones. It can be mere class "
    "imbalance, so beside the raw gap stands one with the uncommon side's class mix on both sides.  \n"
    "**paper-code**: " + HINTS["paper-code"] + "  \n**image-level**: " + HINTS["image-level"]
)
Runs = dict[str, store.Run]


def page() -> None:
    """Draw the page."""
    offered = {key: known.title for key, known in catalogue.known_benchmarks().items() if _has_settings(known)}
    choice = frame.begin(TITLE, offered)
    runs = choice.runs_on(choice.benchmark)
    if not runs:
        _nothing(choice)
        return
    model, run = next(iter(runs.items()))
    text.head(TITLE, findings.costliest(model, cached.settings(run, "costs")))
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        definition = st.segmented_control(
            "Gap", list(DEFINITIONS), default="paper-code", key="gap", bind="query-params",
            label_visibility="collapsed",
        ) or "paper-code"  # fmt: skip
        text.about(catalogue.benchmark_class(choice.benchmark), ABOUT)
    text.tiles(_tiles(runs, definition), choice)
    text.flag_state(list(runs.values()))
    text.flag_differences(list(runs.values()))
    with st.container(key="oc-figures"):
        for attribute in settings.ATTRIBUTES:
            _heatmap(model, run, attribute, definition)
    with st.container(key="oc-figures-wide"):
        _partitions(runs, choice)
        _gaps(runs, choice, definition)
        _categories(model, run)
        _costs(model, run)
    order = _images(runs, choice)
    text.identities(list(runs.values()))
    drawer.show_if_open(choice, order)


def _has_settings(benchmark: type) -> bool:
    return {"category", *settings.ATTRIBUTES} <= {factor.name for factor in benchmark.factors}


def _nothing(choice: Choice) -> None:
    text.head(TITLE, "No stored result for this choice yet.")
    if not choice.known:
        text.nothing_stored()
    for model in choice.models[:1]:
        with st.container(border=True):
            frame.offer_run(model, choice.benchmark, choice)


def _tiles(runs: Runs, definition: str) -> list[Tile]:
    """Accuracy in common settings, and the gap of each attribute."""
    common = {model: _one(cached.settings(run, "partitions"), partition="P0") for model, run in runs.items()}
    said = {model: (percent(row["top1"]), interval(row["top1_low"], row["top1_high"])) for model, row in common.items()}
    first = next(iter(common.values()))
    tiles = [_tile("Top-1, all settings common", said, f"P0: nothing is uncommon. n = {first['n']:,}")]
    for attribute, label in LABELS.items():
        there = {model: _gap(run, "gaps", attribute, definition) for model, run in runs.items()}
        said = {model: (points(row["gap"], 1), interval(row["low"], row["high"])) for model, row in there.items()}
        first = next(iter(there.values()))
        hint = f"{HINTS[definition]} n = {first['n_common']:,} common, {first['n_uncommon']:,} uncommon"
        tiles.append(_tile(f"Gap, {label}", said, hint))
    return tiles


def _tile(label: str, said: dict[str, tuple[str, str]], hint: str) -> Tile:
    (_, first), *others = said.items()
    return Tile(label, *first, hint, tuple((model, " ".join(pair)) for model, pair in others))


def _one(table: pd.DataFrame, **where: str) -> pd.Series:
    for column, content in where.items():
        table = table[table[column] == content]
    return table.iloc[0]


def _gap(run: store.Run, question: str, attribute: str, definition: str) -> pd.Series:
    return _one(cached.settings(run, question), attribute=attribute, definition=definition)


def _heatmap(model: str, run: store.Run, attribute: str, definition: str) -> None:
    """Category by value; orange cells are uncommon, blue ones common."""
    cells, totals = cached.settings(run, f"heatmap_{attribute}"), cached.settings(run, f"totals_{attribute}")
    by_category = cached.settings(run, "category_gaps")
    by_category = by_category[(by_category["attribute"] == attribute) & (by_category["definition"] == definition)]
    whole = _gap(run, "gaps", attribute, definition).to_frame().T.assign(category=figures.ALL)
    gaps = pd.concat([by_category, whole])[["category", "gap", "low", "high", "n_common", "n_uncommon"]]
    n = int(cells["n"].sum())
    shown = figures.setting_heatmap(
        cells,
        totals,
        gaps.infer_objects(),
        Words(
            f"Top-1 by category and {LABELS[attribute]}, %",
            f"orange: uncommon · (n < 30) · {model} · n = {n:,}",
            text.short_identity([run]),
        ),
        chosen=_chosen(run, attribute),
    )
    key = f"heatmap-{attribute}"
    figure.show(shown, key, {model: cells}, {model: run.identity}, partial(_pick, run.benchmark, model, attribute))


def _chosen(run: store.Run, attribute: str) -> tuple[str, str] | None:
    cell = place.chosen_cell()
    if cell is None or cell.benchmark != run.benchmark or set(cell.values) != {"category", attribute}:
        return None
    return str(cell.values["category"]), str(cell.values[attribute])


def _partitions(runs: Runs, choice: Choice) -> None:
    """Accuracy by which settings are uncommon, beside the paper's."""
    tables = {model: _metric(cached.settings(run, "partitions")) for model, run in runs.items()}
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
        order=settings.PARTITIONS,
        height=max(400, 110 + 11 * (13 * len(tables) + 10)),
    )
    identities = {model: run.identity for model, run in runs.items()}
    figure.show(shown, "partitions", tables, identities, partial(_pick_partition, choice.benchmark))


def _metric(table: pd.DataFrame) -> pd.DataFrame:
    names = {"top1": "value", "top1_low": "low", "top1_high": "high"}
    return table[table["n"] > 0].rename(columns=names).assign(n_clusters=table["n"])


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
        for question in ("gaps", "adjusted_gaps")
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
    shown = figures.category_partitions(
        table,
        Words(
            "Top-1 by category and number of uncommon attributes",
            f"{model} · hollow: fewer than 30 images",
            text.short_identity([run]),
        ),
    )
    figure.show(shown, "categories", {model: table}, {model: run.identity}, partial(_pick_count, run.benchmark, model))


def _costs(model: str, run: store.Run) -> None:
    table = cached.settings(run, "costs")
    if table["gap"].notna().any():
        said = Words(
            "What each uncommon setting costs",
            f"{model} · same class mix on both sides · hatched: fewer than 30 images",
            text.short_identity([run]),
        )
        figure.show(figures.cost_bars(table, said), "costs", {model: table}, {model: run.identity})


def _pick(benchmark: str, model: str, attribute: str, custom: list[Any]) -> None:
    place.choose_cell(Cell(benchmark, {"category": custom[0], attribute: custom[1]}), model)


def _pick_partition(benchmark: str, custom: list[Any]) -> None:
    model, name = custom
    values = {"n_uncommon": float(name[1:])} if name[1:].isdigit() else {"partition": name}
    place.choose_cell(Cell(benchmark, values), model)


def _pick_count(benchmark: str, model: str, custom: list[Any]) -> None:
    place.choose_cell(Cell(benchmark, {"category": custom[0], "n_uncommon": float(custom[1])}), model)


def _images(runs: Runs, choice: Choice) -> list[str]:
    """The gallery behind the chosen cell."""
    cell = place.chosen_cell()
    if cell is None or cell.benchmark != choice.benchmark:
        st.caption("Click a cell, a bar or a point to see the very images behind it.")
        return []
    run = runs.get(place.chosen_model()) or next(iter(runs.values()))
    ruled = Where("category", values=settings.CATEGORIES)
    said = ", ".join(_in_words(name, content) for name, content in cell.values.items())
    rows = gallery.show(run, Question(where=(ruled, *cell.where)), f"Images behind {said}", choice)
    return rows["sample_id"].tolist()


def _in_words(name: str, content: float | str) -> str:
    if name == "n_uncommon":
        return f"{content:.0f} uncommon attributes"
    return str(content)


try:
    page()
except OffcenterError as error:
    text.problem(error)
