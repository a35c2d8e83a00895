"""Why a setting costs: where the model looks when it fails, and whether the place is in its features."""

from __future__ import annotations

import time

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

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

#: Of making the strip in this session: whether it was stopped, why it failed, how long each picture took.
_STOPPED, _PROBLEM, _SECONDS, _ONLY_DRAW = "strip-stopped", "strip-problem", "strip-seconds", "strip-only-draw"
_EVERY_S = 0.2


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
        for name in (_STOPPED, _PROBLEM, _SECONDS):
            st.session_state.pop(name, None)
        return
    if cached.source_of(run) is None:
        where.ask(run, "why")
        return
    rows = failures.choose(run, category=category)
    if rows.empty:
        st.caption("No such mistake is stored.")
        return
    kept = _panels(cached.key_of(run), str(benchmarks.root_of(run)))
    if all(sample_id in kept for sample_id in rows["sample_id"]):
        _strip(run, [kept[sample_id] for sample_id in rows["sample_id"]])
    elif problem := st.session_state.get(_PROBLEM):
        st.info(escaped(problem))
        st.button("Try again", icon=":material/refresh:", on_click=_go_on, key="strip-again")
    elif st.session_state.get(_STOPPED):
        n = sum(sample_id in kept for sample_id in rows["sample_id"])
        st.caption(f"Stopped: {n} of {count(len(rows), 'picture')} are there.")
        st.button("Go on", icon=":material/play_arrow:", on_click=_go_on, key="strip-go-on")
    else:
        # A click does not interrupt a fragment within a run of the whole page, so that one only draws.
        st.session_state[_ONLY_DRAW] = True
        st.fragment(_make, run_every=_EVERY_S)(run, rows, kept)


def _strip(run: store.Run, panels: list[failures.Panel]) -> None:
    picture = png(strip.of_run(panels, run))
    st.image(picture, width="stretch", alt="images that the model gets wrong, and where it looks in them")
    st.download_button(
        "PNG", picture, f"offcenter-failures-{run.identity[:8]}.png", "image/png", type="tertiary", on_click="ignore"
    )


def _make(run: store.Run, rows: pd.DataFrame, kept: dict[str, failures.Panel]) -> None:
    """One picture of the strip at each call, and how far it is; what is finished is kept whatever is clicked."""
    missing = [sample_id for sample_id in rows["sample_id"] if sample_id not in kept]
    if not missing or st.session_state.get(_STOPPED):
        st.rerun(scope="app")
    done, seconds = len(rows) - len(missing), st.session_state.setdefault(_SECONDS, [])
    # The first picture waits for the model, which the others do not.
    each_s = sum(seconds[1:]) / len(seconds[1:]) if len(seconds) > 1 else None
    left = f" · {duration(each_s * len(missing))} left" if each_s is not None else " · asking the model …"
    st.progress(done / len(rows), text=f"{done} of {count(len(rows), 'picture')}{left}")
    st.button("Cancel", icon=":material/close:", on_click=_stop, key="strip-cancel")
    if st.session_state.pop(_ONLY_DRAW, False):
        return
    source, began = cached.source_of(run), time.monotonic()
    if source is None:
        st.rerun(scope="app")
    try:
        kept[missing[0]] = failures.explain_one(run, source, rows, missing[0])
    except OffcenterError as error:
        st.session_state[_PROBLEM] = str(error)
        st.rerun(scope="app")
    seconds.append(time.monotonic() - began)


def _stop() -> None:
    st.session_state[_STOPPED] = True


def _go_on() -> None:
    for name in (_STOPPED, _PROBLEM, _SECONDS):
        st.session_state.pop(name, None)


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
