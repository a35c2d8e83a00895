"""Which single change would repair mistakes on composed scenes: for one picture at once, for all in the background."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import streamlit as st

from core import paths, store
from core.answers import joined
from core.errors import OffcenterError
from core.figures import mistakes as figures
from core.figures.style import Words
from core.images import drawing
from core.mistakes import counterfactual, diagnosis
from core.wording import count
from pages.shared.mistakes.subjects import Subject
from pages.shared.page import cached, figure
from pages.shared.page.frame import Choice
from pages.shared.page.text import short_identity

_LOOK_EVERY_S = 2.0
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
        st.markdown(f"{model}: {diagnosis.finding(table)}")
        subtitle = f"n = {int(table['n'].max()):,} mistakes · 95 % interval, pictures share objects"
        words = Words("Mistakes repaired by one change", subtitle, short_identity([runs[name] for name in shares]))
        shown = figures.repairs(shares, choice.colours, words, counterfactual.CONTROL)
        figure.show(shown, "repairs", shares, {name: runs[name].identity for name in shares})
    for model, run in runs.items():
        _offer(model, run)


def _offer(model: str, run: store.Run) -> None:
    """How far the diagnosis of a run is, or a button that starts it."""
    total = min(diagnosis.LIMIT, len(diagnosis.mistakes(run)))
    process = _running().get(run.identity)
    done = diagnosis.stored(run)["sample_id"].nunique()
    if process is not None and process.poll() is None:
        st.fragment(_watch, run_every=_LOOK_EVERY_S)(model, run, total)
    elif process is not None and process.returncode:
        st.error(f"The diagnosis of {model} failed: {_last_words(run)}", icon=":material/error:")
    elif done < total:
        text = f"Diagnose {count(total, 'mistake')} of {model}" if not done else f"Go on: {done:,} of {total:,} done"
        hint = "Draws mistakes at random, changes one thing at a time in each, and asks the model again."
        if st.button(text, key=f"diagnose-{run.identity}", icon=":material/troubleshoot:", help=hint):
            _start(run)
            st.rerun()


def _watch(model: str, run: store.Run, total: int) -> None:
    process = _running().get(run.identity)
    if process is None or process.poll() is not None:
        st.rerun(scope="app")
    done = diagnosis.stored(run)["sample_id"].nunique()
    st.progress(min(1.0, done / max(total, 1)), text=f"{model}: {done:,} of {count(total, 'mistake')} diagnosed")


@st.cache_resource
def _running() -> dict[str, subprocess.Popen[bytes]]:
    """Diagnoses that this server has started, by identity."""
    return {}


def _log(run: store.Run) -> Any:
    return joined.folder(run) / "diagnosis.log"


def _start(run: store.Run) -> None:
    """A process of its own: it outlives the page, and goes on where it was if it is stopped."""
    arguments = ["--model", run.model, "--benchmark", run.benchmark, "--identity", run.identity]
    _log(run).parent.mkdir(parents=True, exist_ok=True)
    with open(_log(run), "wb") as log:
        _running()[run.identity] = subprocess.Popen(
            [sys.executable, "-m", "core", "mistakes", "diagnose", *arguments],
            cwd=paths.REPO,
            stdout=subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
        )


def _last_words(run: store.Run) -> str:
    lines = _log(run).read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "it said nothing."


def show_one(subject: Subject, row: pd.Series) -> None:
    """The picture with each single change, and whether that repairs the prediction."""
    if not st.toggle("What would repair it?", key="repair", bind="query-params", help="Asks the model once a change."):
        return
    run = subject.run
    sample = cached.sample(run, row["sample_id"]) if run else None
    if run is None or sample is None:
        return
    try:
        tried = _tried(cached.key_of(run), row["sample_id"], sample.accepted)
    except OffcenterError as error:
        st.info(str(error))
        return
    space = subject.label_space
    with st.container(horizontal=True, gap="small"):
        for factor, said, thumbnail, predicted, repaired in tried:
            with st.container(width=_SIDE_PX, gap="xxsmall"):
                st.image(thumbnail, width=_SIDE_PX)
                name = counterfactual.FACTORS.get(factor, "As it is")
                mark = ":green[✓]" if repaired else ":red[✗]"
                st.caption(f"{mark} **{name}**: {cached.class_name(space, predicted)}  \n{said}")


@st.cache_data(max_entries=64, show_spinner="Changing one thing at a time …")
def _tried(key: cached.Key, sample_id: str, accepted: tuple[int, ...]) -> list[tuple[str, str, bytes, int, bool]]:
    from core.mistakes import asking

    run = store.open_run(Path(key[0]))
    assert run is not None
    return [
        (each.factor, each.said, drawing.thumbnail(each.image, 2 * _SIDE_PX), each.predicted, each.repaired)
        for each in asking.try_one(run, sample_id, accepted)
    ]
