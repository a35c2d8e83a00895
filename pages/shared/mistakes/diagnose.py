"""Which single change would repair mistakes on composed scenes: for one picture at once, for all in the background."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import streamlit as st

from core import store
from core.errors import OffcenterError
from core.figures import mistakes as figures
from core.figures.style import Words
from core.images import drawing
from core.jobs.kinds import Diagnosis
from core.mistakes import counterfactual, diagnosis
from core.types import THIN
from core.wording import count, escaped
from pages.shared.mistakes.subjects import Subject
from pages.shared.page import address, cached, figure
from pages.shared.page.frame import Choice
from pages.shared.page.text import short_identity
from pages.shared.runs import following

_SIDE_PX = 160


def can_diagnose(subject: Subject) -> bool:
    """Whether the subject's pictures were composed and its model can be asked."""
    if subject.run is None or subject.source is None or not subject.run.preprocessing:
        return False
    return counterfactual.composer_of(subject.source) is not None


def show_all(runs: dict[str, store.Run], choice: Choice) -> None:
    """The bar of repaired shares of each model, and the button that computes it."""
    st.subheader("Which single change repairs the prediction?", anchor=False)
    shares = {model: part for model, run in runs.items() if len(part := diagnosis.shares_of(run))}
    if shares:
        model, table = next(iter(shares.items()))
        said = diagnosis.finding(table)
        done, total = _how_many(runs[model])
        if done < total:
            # A few of many, drawn at random, say nothing; more say something so far.
            said = f"{done:,} of {total:,} mistakes diagnosed. {said if done >= THIN else 'No finding yet.'}"
        st.markdown(f"{escaped(model)}: {escaped(said)}")
        subtitle = f"n = {count(int(table['n'].max()), 'mistake')} · 95 % interval, pictures share objects"
        words = Words("Mistakes repaired by one change", subtitle, short_identity([runs[name] for name in shares]))
        shown = figures.repairs(shares, choice.colours, words, counterfactual.CONTROL)
        figure.show(shown, "repairs", shares, {name: runs[name].identity for name in shares})
    for model, run in runs.items():
        _offer(model, run)


def _offer(model: str, run: store.Run) -> None:
    """How far the diagnosis of a run is, or a button that queues it."""
    done, total = _how_many(run)
    if done >= total:
        return
    text = f"Go on: {done:,} of {total:,} done" if done else f"Diagnose {count(total, 'mistake')} of {escaped(model)}"
    hint = "Draws mistakes at random, changes one thing at a time in each, and asks the model again."
    following.offer(Diagnosis(run.model, run.benchmark, run.identity), text, ":material/troubleshoot:", hint)


def _how_many(run: store.Run) -> tuple[int, int]:
    """Mistakes diagnosed, and those that a diagnosis is of."""
    return diagnosis.stored(run)["sample_id"].nunique(), min(diagnosis.LIMIT, len(diagnosis.mistakes(run)))


def show_one(subject: Subject, row: pd.Series) -> None:
    """The picture with each single change, and whether that repairs the prediction."""
    if not st.toggle("What would repair it?", help="Asks the model once a change.", **address.switch("repair")):
        return
    run = subject.run
    sample = cached.sample(run, row["sample_id"]) if run else None
    if run is None or sample is None:
        return
    try:
        tried = _tried(cached.key_of(run), row["sample_id"], sample.accepted)
    except OffcenterError as error:
        st.info(escaped(error))
        return
    space = subject.label_space
    with st.container(horizontal=True, gap="small"):
        for factor, said, thumbnail, predicted, repaired in tried:
            with st.container(width=_SIDE_PX, gap="xxsmall"):
                st.image(thumbnail, width=_SIDE_PX, alt=said or "the picture as it is")
                name = counterfactual.FACTORS.get(factor, "As it is")
                mark = ":green[✓]" if repaired else ":red[✗]"
                taken_for = escaped(cached.class_name(space, predicted))
                st.caption(f"{mark} **{escaped(name)}**: {taken_for}  \n{escaped(said)}")


@st.cache_data(max_entries=64, show_spinner="Changing one thing at a time …")
def _tried(key: cached.Key, sample_id: str, accepted: tuple[int, ...]) -> list[tuple[str, str, bytes, int, bool]]:
    from core.mistakes import asking

    run = store.open_run(Path(key[0]))
    assert run is not None
    return [
        (each.factor, each.said, drawing.thumbnail(each.image, 2 * _SIDE_PX), each.predicted, each.repaired)
        for each in asking.try_one(run, sample_id, accepted)
    ]
