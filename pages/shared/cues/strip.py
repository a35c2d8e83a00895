"""One image as it is, without its object, and under noise, with what the model says of each."""

from __future__ import annotations

import html
from collections.abc import Mapping

import streamlit as st
from PIL import Image

from core import store
from core.answers import cue_results
from core.answers.cue_sentences import IN_WORDS
from core.benchmarks.base import Benchmark
from core.images import drawing
from core.images.seeing import Seen
from pages.shared.images import pictures
from pages.shared.page import cached
from pages.shared.page.frame import Choice

#: Views of the strip and what a reader calls them.
VIEWS = {
    **{("clean" if name == "none" else name): said for name, said in IN_WORDS.items()},
    "noise-fg@0.5-1": "noise on the object",
    "noise-bg@0.5-1": "noise elsewhere",
}
CSS = """<style>
.oc-strip {display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: 0.8rem 0.6rem;}
.oc-strip figure {margin: 0; min-width: 0;}
.oc-strip img, .oc-strip .oc-no-picture {width: 100%; border-radius: 0.35rem; display: block;}
.oc-strip figcaption {font-size: 0.8rem; line-height: 1.3; margin-top: 0.25rem; overflow-wrap: anywhere;}
.oc-strip figcaption b {display: block; font-weight: 600;}
</style>"""


def runs_of(choice: Choice, benchmark: str, models: Mapping[str, store.Run]) -> dict[str, list[store.Run]]:
    """Results by model that know answers to views of the strip."""
    found = {}
    for model in models:
        names = (cue_results.ALL, cue_results.ABLATIONS, cue_results.NOISE)
        there = [run for name in names if (run := choice.run(model, benchmark, name)) is not None]
        if there:
            found[model] = there
    return found


def show(source: Benchmark, sample_id: str, runs: Mapping[str, list[store.Run]]) -> None:
    """The strip, as the first model sees it; under each picture what every model says of its own.

    Args:
        source: On the data.
        sample_id: Of its samples.
        runs: From ``runs_of``; not empty.
    """
    first = next(iter(runs.values()))[0]
    figures = []
    for view, said in VIEWS.items():
        answers = [_answer(model, there, sample_id, view, len(runs) > 1) for model, there in runs.items()]
        if any(answers):
            picture = _picture(cached.key_of(first), sample_id, view, source, first)
            lines = "<br>".join(filter(None, answers))
            figures.append(f"<figure>{picture}<figcaption><b>{html.escape(said)}</b>{lines}</figcaption></figure>")
    st.html(f'{CSS}<div class="oc-strip">{"".join(figures)}</div>')
    st.caption("Noise: standard deviation 0.5 of the full range, the first of three draws.")


@st.cache_data(max_entries=512, show_spinner=False)
def _picture(key: cached.Key, sample_id: str, view: str, _source: Benchmark, _run: store.Run) -> str:
    del key
    seen = pictures.opened(_source, sample_id, _run, view)
    if not isinstance(seen, Seen):
        return pictures.no_picture(seen)
    encoded = drawing.png(Image.fromarray(seen.picture))
    return f'<img src="{drawing.data_uri(encoded)}" alt="{html.escape(VIEWS[view])}">'


def _answer(model: str, runs: list[store.Run], sample_id: str, view: str, named: bool) -> str:
    """What a model says of a view; empty where it was not asked."""
    run = next((run for run in runs if view in run.views.names), None)
    sample = cached.sample(run, sample_id, view) if run else None
    if run is None or sample is None:
        return ""
    who = f"{html.escape(model)}: " if named else ""
    if not sample.top:
        return f"{who}no answer"
    index, share = sample.top[0]
    mark = '<span class="oc-right">✓</span>' if sample.is_right() else '<span class="oc-wrong">✗</span>'
    return f"{who}{mark} {html.escape(cached.class_name(run.label_space, index))} {share:.2f}"
