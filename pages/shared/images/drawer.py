"""The image drawer of all pages: the image as the model sees it, what models say of it, its factors, a Grad-CAM."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st
from PIL import Image

from core import benchmarks, store
from core.answers import joined
from core.answers.cards import card_of
from core.benchmarks.base import Benchmark
from core.images import drawing
from core.wording import code, escaped, preprocessing, value
from pages.shared.images import on_demand, pictures, where
from pages.shared.page import address, cached, place, stepping
from pages.shared.page.frame import Choice

_PICTURE_PX = 448
_PLAIN, _OUTLINE, _HEAT = "Image", "Outline", "Grad-CAM"

_stepper = st.components.v2.component(
    "offcenter_stepper",
    html='<div class="bar"><button type="button" aria-label="previous image">←</button><span class="count"></span>'
    '<button type="button" aria-label="next image">→</button>'
    '<span class="hint">arrow keys step, Esc closes</span></div>',
    css=stepping.CSS,
    js=stepping.JS,
)


def show_if_open(choice: Choice, order: Sequence[str] = (), shown: Mapping[str, store.Run] | None = None) -> None:
    """Open the drawer if the URL names an image.

    Args:
        choice: Of the sidebar.
        order: Sample ids that next and previous step through.
        shown: Results that the image stands for, by model, where those are not the clean ones.
    """
    found = place.opened_image()
    if found is None:
        return
    runs = shown or choice.runs_on(found[0])
    if not runs:
        st.info(f"The link names an image of {code(found[0])}, on which no chosen model has a result.")
        return
    chosen = place.chosen_model()
    ordered = dict(sorted(runs.items(), key=lambda item: item[0] != chosen))
    # Of other data an image of the same name is another image.
    root = benchmarks.root_of(next(iter(ordered.values())))
    same = {model: run for model, run in ordered.items() if benchmarks.root_of(run) == root}
    _drawer(choice, same, tuple(order))


@st.dialog("Image", width=760, position="right", on_dismiss=place.close_image)
def _drawer(choice: Choice, runs: dict[str, store.Run], order: tuple[str, ...]) -> None:
    found = place.opened_image()
    if found is None:
        return
    key, sample_id = found
    _step(key, sample_id, order)
    samples = {model: cached.sample(run, sample_id, place.chosen_view(run)) for model, run in runs.items()}
    there = {model: sample for model, sample in samples.items() if sample is not None}
    if not there:
        st.warning(f"No stored prediction of {code(sample_id)} on {code(key)}: is the link of another data set?")
        return
    left, right = st.columns([1, 1], gap="medium")
    with left:
        _picture(sample_id, runs, there)
    with right:
        for model, sample in there.items():
            top5(model, runs[model], sample, choice.colours[model])
    _facts(key, sample_id, runs, there)


def _step(key: str, sample_id: str, order: Sequence[str]) -> None:
    at = order.index(sample_id) if sample_id in order else -1
    _stepper(
        key="stepper",
        data={
            "count": f"{at + 1:,} of {len(order):,}" if at >= 0 else "",
            "before": order[at - 1] if at > 0 else None,
            "after": order[at + 1] if 0 <= at < len(order) - 1 else None,
        },
        on_step_change=partial(_stepped, key),
    )


def _stepped(key: str) -> None:
    step = st.session_state["stepper"].get("step")
    if step:
        place.open_image(key, step)


def _picture(sample_id: str, runs: dict[str, store.Run], there: dict[str, joined.Sample]) -> None:
    source = cached.source_of(runs[next(iter(there))])
    if source is None:
        where.ask(runs[next(iter(there))])
        return
    # What a model saw whose predictions were imported is not known.
    model = next((model for model in there if runs[model].preprocessing), None)
    run = runs[model] if model else None
    found = pictures.opened(source, sample_id, run, place.chosen_view(run) if run else "")
    if isinstance(found, str):
        st.html(pictures.no_picture(found))
        return
    seen = Image.fromarray(found.picture)
    if run is None:
        st.image(seen, width="stretch")
        return
    modes = [_PLAIN, *([_OUTLINE] if found.mask is not None else []), _HEAT]
    mode = st.segmented_control("Shown", modes, default=_PLAIN, key="drawer-mode", label_visibility="collapsed")
    slot = st.empty()
    if mode == _OUTLINE and found.mask is not None:
        seen = drawing.with_outline(seen, found.mask)
    elif mode == _HEAT:
        seen = _with_heat(seen, source, sample_id, runs, there)
    scale = max(1, round(_PICTURE_PX / seen.width))
    slot.image(drawing.png(seen, scale), width="stretch")
    size = f"{seen.width} x {seen.height} px"
    st.caption(f"As {escaped(model)} sees it: {size}, {escaped(preprocessing(run.preprocessing))}")


def _with_heat(
    seen: Image.Image,
    source: Benchmark,
    sample_id: str,
    runs: dict[str, store.Run],
    there: dict[str, joined.Sample],
) -> Image.Image:
    """The image under a Grad-CAM of a class that the user chooses."""
    model, sample = next(iter(there.items()))
    run = runs[model]
    space = run.label_space
    classes = list(dict.fromkeys([*(index for index, _ in sample.top[:5]), *sample.accepted]))
    target = st.selectbox("Class", classes, format_func=lambda index: cached.class_name(space, index), key="cam-class")
    opacity = st.slider("Opacity", 0, 100, 65, 5, format="%d %%", key="cam-opacity")
    heat = on_demand.explain(run, str(source.root), sample_id, target, place.chosen_view(run))
    if heat.values is None:
        st.info(escaped(heat.message))
        return seen
    return drawing.with_heat(seen, heat.values, opacity / 100)


def top5(model: str, run: store.Run, sample: joined.Sample, colour: str) -> None:
    """The five best classes as bars; accepted ones are ticked."""
    if sample.error:
        st.html(f'<div class="oc-top"><div class="head">{html.escape(model)}</div>{html.escape(sample.error)}</div>')
        return
    right = sample.is_right()
    mark = '<span class="oc-right">✓ right</span>' if right else '<span class="oc-wrong">✗ wrong</span>'
    space = run.label_space
    rows = []
    for index, share in sample.top[:5]:
        name = html.escape(cached.class_name(space, index))
        tick = '<span class="oc-right">✓</span> ' if index in sample.accepted else ""
        rows.append(
            f'<div class="row"><span class="name" title="{name}">{tick}{name}</span><span class="bar">'
            f'<i style="width:{100 * share:.1f}%;background:{colour}"></i></span>'
            f'<span class="share">{100 * share:.1f} %</span></div>'
        )
    st.html(f'<div class="oc-top"><div class="head">{html.escape(model)} {mark}</div>{"".join(rows)}</div>')


def _facts(key: str, sample_id: str, runs: dict[str, store.Run], there: dict[str, joined.Sample]) -> None:
    """Accepted classes, factors, identity and the link."""
    model, sample = next(iter(there.items()))
    space = runs[model].label_space
    accepted = ", ".join(cached.class_name(space, index) for index in sample.accepted[:8])
    more = f" and {len(sample.accepted) - 8} more" if len(sample.accepted) > 8 else ""
    facts = [("accepted", accepted + more)]
    for factor in (*runs[model].views.factors, *card_of(runs[model]).factors):
        if sample.factors.get(factor.name) is not None:
            facts.append((factor.label, value(factor, sample.factors[factor.name])))
    facts += [("image", f"{sample_id} of {key}")]
    other = [name for name, run in runs.items() if pictures.has_other_weights(run)]
    if other:
        facts.append(("weights", f"those on disk are no longer the ones of this result ({', '.join(other)})"))
    facts += [("identity", ", ".join(f"{run.identity[:8]} ({name})" for name, run in runs.items()))]
    lines = "".join(f"<dt>{html.escape(name)}</dt><dd>{html.escape(said)}</dd>" for name, said in facts)
    st.html(f'<dl class="oc-facts">{lines}</dl>')
    with st.popover("Link to this view", icon=":material/link:"):
        st.code(f"{st.context.url}?{address.text()}", language=None, wrap_lines=True)
