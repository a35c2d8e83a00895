"""Why a setting costs: where the model looks when it fails, and whether the place is in its features."""

from __future__ import annotations

import time

import pandas as pd
import plotly.graph_objects as go
import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import benchmarks, store
from core.errors import OffcenterError
from core.explain import failures, probes, strip
from core.figures.heatmap import category_heatmap
from core.figures.style import Words
from core.images.drawing import png
from core.jobs.kinds import Probe
from core.labels import class_names
from core.uncommon.paper import published
from core.uncommon.rules import CATEGORIES, VALUES, is_uncommon
from core.wording import count, duration, escaped, interval, percent
from pages.shared.images import where
from pages.shared.page import address, cached, figure, place, text
from pages.shared.runs import following

#: Whether making the strip was stopped in this session.
_STOPPED = "strip-stopped"


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
        help="Grad-CAM and Guided Grad-CAM of the predicted class; asks the model, a few seconds on a CPU.",
        **address.switch("strip"),
    )
    if not asked:
        st.session_state.pop(_STOPPED, None)
        return
    if cached.source_of(run) is None:
        where.ask(run)
        return
    st.fragment(_pictures)(run, category)


def _pictures(run: store.Run, category: str | None) -> None:
    """The strip; while it is made, how far it is. What is finished is kept when something else is clicked."""
    rows = failures.choose(run, category=category)
    if rows.empty:
        st.caption("No such mistake is stored.")
        return
    place_ = st.empty()
    try:
        panels = _explained(run, rows, place_)
    except OffcenterError as error:
        place_.info(escaped(error))
        return
    place_.empty()
    if panels is None:
        st.button("Go on", icon=":material/play_arrow:", on_click=_stop, args=(False,), key="strip-go-on")
        return
    picture = png(strip.of_run(panels, run))
    st.image(picture, width="stretch")
    st.download_button(
        "PNG", picture, f"offcenter-failures-{run.identity[:8]}.png", "image/png", type="tertiary", on_click="ignore"
    )


def _explained(run: store.Run, rows: pd.DataFrame, place_: DeltaGenerator) -> list[failures.Panel] | None:
    """Panels of all rows, those that are not kept yet one after the other; None if that was stopped."""
    ids, root, key = rows["sample_id"].tolist(), str(benchmarks.root_of(run)), cached.key_of(run)
    kept = _panels(key, root)
    missing = [sample_id for sample_id in ids if sample_id not in kept]
    if missing and st.session_state.get(_STOPPED):
        return None
    if missing:
        source, began = cached.source_of(run), time.monotonic()
        assert source is not None
        with place_.container():
            bar = st.progress(0.0, text="Loading the model …")
            st.button("Cancel", icon=":material/close:", on_click=_stop, args=(True,), key="strip-cancel")
        for number, sample_id in enumerate(missing, 1):
            kept[sample_id] = failures.explain_one(run, source, rows, sample_id)
            left_s = (time.monotonic() - began) / number * (len(missing) - number)
            done = len(ids) - len(missing) + number
            # Where somebody clicks, this call is the last, and what is finished is kept.
            bar.progress(done / len(ids), text=f"{done} of {count(len(ids), 'picture')} · {duration(left_s)} left")
    return [kept[sample_id] for sample_id in ids]


def _stop(stopped: bool) -> None:
    st.session_state[_STOPPED] = stopped


@st.cache_resource(max_entries=16, show_spinner=False)
def _panels(key: cached.Key, root: str) -> dict[str, failures.Panel]:
    """What is finished of a run, by image; all sessions add to it."""
    del key, root
    return {}


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
