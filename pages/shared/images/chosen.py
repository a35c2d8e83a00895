"""Several images at once: those that were chosen in a gallery, beside each other and as a file."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import pandas as pd
import streamlit as st

from core import store
from core.wording import count, escaped
from pages.shared.images import pictures
from pages.shared.page import cached

#: Pictures beside each other.
_BESIDE = 8
_SIDE_PX = 150


def picked(run: store.Run) -> list[str]:
    """Sample ids that were chosen of a result, in the order of the clicks."""
    return st.session_state.get(_key(run), [])


def choose(run: store.Run, ids: list[str]) -> None:
    """Remember what is chosen."""
    st.session_state[_key(run)] = ids


def _key(run: store.Run) -> str:
    return f"chosen-{run.benchmark}"


def show(ids: Sequence[str], rows: pd.DataFrame, run: store.Run, runs: Sequence[store.Run]) -> None:
    """What can be done with them: compare them, save their rows or those of all.

    Args:
        ids: Those chosen.
        rows: All that are shown, from ``questions.behind``.
        run: Whose rows they are.
        runs: Whose answers are compared.
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(f"Compare {len(ids)}", icon=":material/compare:", disabled=not ids):
            _compare(tuple(ids[:_BESIDE]), tuple(runs))
        part = rows[rows["sample_id"].isin(ids)] if ids else rows
        st.download_button(
            f"Save {count(len(part), 'row')}", partial(_csv, part, run), "offcenter-images.csv", "text/csv",
            icon=":material/download:", on_click="ignore", help="Those chosen; all that are shown if none is.",
        )  # fmt: skip


def _csv(rows: pd.DataFrame, run: store.Run) -> bytes:
    named = [cached.class_name(run.label_space, index) if index >= 0 else "" for index in rows["predicted"]]
    table = rows.assign(predicted=named, model=run.label, benchmark=run.benchmark, identity=run.identity)
    return table.to_csv(index=False).encode()


@st.dialog("Chosen images", width="large")
def _compare(ids: tuple[str, ...], runs: tuple[store.Run, ...]) -> None:
    """Each with what the models say of it."""
    with st.container(horizontal=True, gap="medium"):
        for sample_id in ids:
            with st.container(width=_SIDE_PX, gap="xxsmall"):
                picture = pictures.thumbnail(cached.source_of(runs[0]), sample_id)
                if picture.src:
                    st.image(picture.src, width=_SIDE_PX, alt=sample_id)
                else:
                    st.html(pictures.no_picture(picture.problem))
                for run in runs:
                    sample = cached.sample(run, sample_id)
                    if sample is None or not sample.top:
                        continue
                    index, share = sample.top[0]
                    mark = ":green[✓]" if sample.is_right() else ":red[✗]"
                    taken_for = escaped(cached.class_name(run.label_space, index))
                    sure = "" if math.isnan(share) else f" {share:.2f}"
                    st.caption(f"{mark} **{taken_for}**{sure}  \n{escaped(run.label)}")
                st.caption(escaped(sample_id))
