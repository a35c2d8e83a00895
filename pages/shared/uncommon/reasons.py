"""Why a setting costs: where the model looks when it fails, and whether the place is in its features."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from core import benchmarks, store
from core.errors import OffcenterError
from core.explain import failures, probes
from core.figures.heatmap import category_heatmap
from core.figures.style import Words
from core.jobs.kinds import Probe
from core.labels import class_names
from core.uncommon.paper import published
from core.uncommon.rules import CATEGORIES, VALUES, is_uncommon
from core.wording import escaped, interval, percent
from pages.shared.images import where
from pages.shared.page import cached, figure, place, text
from pages.shared.runs import following


def show(model: str, run: store.Run) -> None:
    """Two parts, the costly one only when it is asked for.

    Args:
        model: The first chosen one.
        run: Its result.
    """
    st.header("Why", anchor=False)
    _failures(model, run)
    _probes(model, run)


def _failures(model: str, run: store.Run) -> None:
    cell = place.chosen_cell()
    category = str(cell.values["category"]) if cell and "category" in cell.values else None
    what = f"{category} images" if category else "images"
    asked = st.toggle(
        f"Where {escaped(model)} looks in the {escaped(what)} that it gets wrong in uncommon settings",
        key="strip",
        bind="query-params",
        help="Grad-CAM and Guided Grad-CAM of the predicted class; asks the model, a few seconds on a CPU.",
    )
    if not asked:
        return
    if cached.source_of(run) is None:
        where.ask(run)
        return
    try:
        picture = _strip(cached.key_of(run), str(benchmarks.root_of(run)), category)
    except OffcenterError as error:
        st.info(escaped(error))
        return
    if picture is None:
        st.caption("No such mistake is stored.")
        return
    st.image(picture, width="stretch")
    st.download_button(
        "PNG", picture, f"offcenter-failures-{run.identity[:8]}.png", "image/png", type="tertiary", on_click="ignore"
    )


@st.cache_data(max_entries=32, show_spinner="Asking the model …")
def _strip(key: cached.Key, root: str, category: str | None) -> bytes | None:
    """The strip as PNG, or None if there is no such mistake."""
    from core.explain import strip
    from core.images.drawing import png

    del root
    run = store.open_run(Path(key[0]))
    assert run is not None
    source = cached.source_of(run)
    assert source is not None
    rows = failures.choose(run, category=category)
    panels = failures.explain(run, source, rows)
    return png(strip.of_run(panels, run)) if panels else None


def _probes(model: str, run: store.Run) -> None:
    """Tables 5 and 6 of the paper, for this model."""
    table = probes.read(run)
    if table is None:
        st.caption(f"Is the place in {escaped(model)}'s features? A linear probe tells.")
        hint = "Asks the model for the features of all images, keeps them, and fits a probe for each location."
        asked = Probe(run.model, run.benchmark, run.identity)
        following.offer(asked, f"Probe {escaped(model)}", ":material/query_stats:", hint)
        return
    fitted = table[table["reason"] == ""]
    if fitted.empty:
        st.caption(f"{escaped(model)} has no probe: each category has too few images with or without each location.")
        return
    shown = _probes_figure(cached.key_of(run), run, fitted, len(table))
    figure.show(shown, "probes", {model: fitted}, {model: run.identity})
    st.dataframe(_similar(fitted, run), hide_index=True, width="stretch", height=360)


@st.cache_resource(max_entries=16, show_spinner=False)
def _probes_figure(key: cached.Key, _run: store.Run, _fitted: pd.DataFrame, n_pairs: int) -> go.Figure:
    uncommon = [is_uncommon(row.category, "locations", row.location) for row in _fitted.itertuples()]
    return category_heatmap(
        _fitted.assign(uncommon=uncommon),
        "category",
        "location",
        Words(
            "How well a location is told from the features of one category, %",
            f"{_run.model} · 50 % is guessing · {len(_fitted)} of {n_pairs} pairs have enough images",
            text.short_identity([_run]),
        ),
        rows=CATEGORIES,
        columns=VALUES["locations"][:-1],
    )


def _similar(fitted: pd.DataFrame, run: store.Run) -> pd.DataFrame:
    """The classes that look like each location, the best told location first."""
    space = run.label_space
    paper = published()["probe_resnet50"]
    rows = fitted.sort_values("value", ascending=False)
    return pd.DataFrame(
        {
            "category": rows["category"],
            "location": rows["location"],
            "told": [percent(share) for share in rows["value"]],
            "95 % interval": [interval(row.low, row.high) for row in rows.itertuples()],
            "ResNet50 (FOCUS, Table 5)": [percent(paper[row.location][row.category]) for row in rows.itertuples()],
            "most similar classes (cosine)": [
                ", ".join(
                    f"{name} ({cosine:.2f})"
                    for name, cosine in zip(class_names(space, row.similar), row.cosines, strict=True)
                )
                for row in rows.itertuples()
            ],
        }
    )
