"""Which prompts speak for a zero-shot model's answer on one image, and which for the true class."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pandas as pd
import streamlit as st

from core import store
from core.answers import joined
from core.figures import prompts as figures
from core.figures.style import MUTED, RIGHT, WRONG, Words
from core.wording import escaped
from pages.shared.images import on_demand
from pages.shared.page import cached, figure, place

#: Models whose prompts stand below each other.
_MOST = 2


def runs_of(runs: Mapping[str, store.Run]) -> dict[str, store.Run]:
    """Those whose classes are texts."""
    return {name: run for name, run in runs.items() if run.manifest.model.head.startswith("zero-shot")}


def show(root: str, sample_id: str, runs: Mapping[str, store.Run], samples: Mapping[str, joined.Sample]) -> None:
    """A plot for each model: the ensemble and the prompts at either end; all of them in a table.

    Args:
        root: The benchmark's data folder.
        sample_id: Of its samples.
        runs: From ``runs_of``, by model.
        samples: What is stored of the image, by model.
    """
    for model, run in list(runs.items())[:_MOST]:
        classes = compared(samples[model]) if model in samples else ()
        if len(classes) < 2:
            st.info(f"{escaped(model)}: there are no two classes to compare prompts of.")
            continue
        found = on_demand.prompt_scores(run, root, sample_id, classes, place.chosen_view(run))
        if isinstance(found, str):
            st.info(escaped(found))
            continue
        _shown(model, run, samples[model], classes, figures.contrasted(found))


def compared(sample: joined.Sample) -> tuple[int, ...]:
    """The predicted class and the true one; where that was predicted, the next best."""
    if not sample.top:
        return ()
    predicted = sample.top[0][0]
    known = [index for index, _ in sample.top if index in sample.accepted] or list(sample.accepted)
    others = [index for index in known if index != predicted] if predicted not in sample.accepted else []
    others += [index for index, _ in sample.top[1:]]
    return (predicted, *others[:1])


def _shown(model: str, run: store.Run, sample: joined.Sample, classes: tuple[int, ...], table: pd.DataFrame) -> None:
    names = [cached.class_name(run.label_space, index) for index in classes]
    said = figures.sentence(table, names)
    # Green is what is accepted, whichever of the two it is.
    colours = [RIGHT if index in sample.accepted else WRONG for index in classes]
    if colours[0] == colours[1]:
        colours[1] = MUTED
    title = f"Which prompts speak for {names[0]}, and which for {names[1]}"
    words = Words(title, f"{model}; {said}", f"identity {run.identity[:8]}")
    part = figures.extremes(table)
    if len(part) < len(table):
        words = replace(words, subtitle=f"{words.subtitle}; those at either end")
    figure.show(figures.dots(part, names, colours, words), f"prompts-{model}", {model: table}, {model: run.identity})
    if len(part) < len(table):
        with st.expander(f"All {len(table) - 1} prompts"):
            _table(table, names)


def _table(table: pd.DataFrame, names: list[str]) -> None:
    number = {"format": "%.3f"}
    st.dataframe(
        table,
        hide_index=True,
        height=320,
        column_config={
            "template": st.column_config.TextColumn("prompt", width="large"),
            "first": st.column_config.NumberColumn(names[0], **number),
            "second": st.column_config.NumberColumn(names[1], **number),
            "difference": st.column_config.NumberColumn("difference", format="%+.3f"),
        },
    )
