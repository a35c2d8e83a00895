"""One image from far to near: what each model says at every size, and one zoom live with its Grad-CAM."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import streamlit as st
from PIL import Image

from core import store
from core.answers import zoom_tables
from core.benchmarks.base import Benchmark
from core.errors import DataError
from core.images import drawing, zoom
from core.images.opening import as_rgb, reasons
from core.images.preprocess import Preprocess
from core.images.views.zoom import USUAL
from core.images.zoom import ANCHORS, MIDDLE, SIZES
from core.wording import anchor_name, escaped
from pages.shared.images import on_demand
from pages.shared.page import address, cached, place
from pages.shared.page.frame import Choice
from pages.shared.zoom.results import FAMILIES

_SIZE, _AT, _SLIDER = "zoom_size", "zoom_at", "zoom-slider"
#: Models that are asked live beside each other.
_MOST_LIVE = 2
_THUMB_PX = 84
_ARROWS = dict(zip(ANCHORS, "↖↑↗←·→↙↓↘", strict=True))
CSS = """<style>
.oc-live {width: 100%; border-radius: 0.35rem; display: block; image-rendering: pixelated;}
.oc-film {display: grid; grid-template-columns: repeat(auto-fill, minmax(3.6rem, 1fr)); gap: 0.45rem 0.4rem;}
.oc-film figure {margin: 0; min-width: 0; text-align: center; padding: 2px; border-radius: 0.35rem;}
.oc-film img {width: 100%; border-radius: 0.25rem; display: block;}
.oc-film figcaption {font-size: 0.72rem; line-height: 1.25; font-feature-settings: "tnum";}
.oc-film i {display: inline-block; width: 0.55rem; height: 0.55rem; border-radius: 50%; margin: 0 1px;}
</style>"""

#: Streamlit's own slider waits a fifth of a second before it says where it is.
_slider = st.components.v2.component(
    "offcenter_zoom_slider",
    html="<label><span>Shorter side after resizing: from far to near</span><output></output>"
    '<input type="range" min="0" step="1"></label>',
    css="""
label {display: grid; grid-template-columns: 1fr auto; gap: 0.2rem 0.6rem; font-family: var(--st-font);
  font-size: 0.875rem; color: var(--st-text-color);}
output {font-weight: 600; font-feature-settings: "tnum"; color: var(--st-primary-color);}
input {grid-column: 1 / -1; width: 100%; margin: 0; accent-color: var(--st-primary-color); cursor: pointer;}
input:focus-visible {outline: 3px solid var(--st-primary-color); outline-offset: 3px; border-radius: 4px;}
""",
    js="""
export default function(component) {
  const { data, parentElement, setTriggerValue } = component;
  const input = parentElement.querySelector('input');
  const output = parentElement.querySelector('output');
  const say = () => {
    const size = data.sizes[Number(input.value)];
    output.textContent = `${size} px`;
    input.setAttribute('aria-valuetext', `${size} pixels`);
    return size;
  };
  input.max = data.sizes.length - 1;
  // Who holds it has moved on already when an answer comes.
  if (!input.matches(':focus')) input.value = data.sizes.indexOf(data.size);
  say();
  input.oninput = () => setTriggerValue('size', say());
}
""",
)


def show(source: Benchmark, sample_id: str, runs: Mapping[str, store.Run], choice: Choice) -> None:
    """The controls, the chosen zoom as each model sees it, and the film.

    Args:
        source: On the data.
        sample_id: Of its samples.
        runs: A result of each model on the image.
        choice: Of the sidebar.
    """
    size, anchor = _controls()
    view = f"zoom@{size},{anchor[0]},{anchor[1]}"
    live = list(runs.items())[:_MOST_LIVE]
    columns = st.columns(2, gap="medium")
    for number, (model, run) in enumerate(live):
        # What one model says stands beside its picture, what two say under theirs.
        with columns[number]:
            looked = _picture(source, sample_id, model, run, view)
        with columns[1 if len(live) == 1 else number]:
            _answers(sample_id, model, run, looked)
    _adapting(source, sample_id, live)
    zooms = {model: each for model in runs if (each := _zoomed(choice, model, source.key, anchor)) is not None}
    tables = {model: of_image(run, sample_id) for model, run in zooms.items()}
    tables = {model: _at(table, anchor) for model, table in tables.items() if len(table)}
    _film(source, sample_id, next(iter(runs.values())), tables, choice, size, anchor)


def _controls() -> tuple[int, tuple[int, int]]:
    cell = place.chosen_cell()
    values = cell.values if cell is not None and {"size", "row", "col"} <= set(cell.values) else None
    usual = (USUAL, MIDDLE)
    if values is not None:
        usual = (int(float(str(values["size"]))), (int(float(str(values["row"]))), int(float(str(values["col"])))))
    sizes, arrows = [str(size) for size in SIZES], list(_ARROWS.values())
    named = {arrow: anchor_name(*anchor) for anchor, arrow in _ARROWS.items()}
    asked = next(iter(address.asked(_SIZE)), "")
    size = asked if asked in sizes else str(usual[0])
    address.note(_SIZE, [size])
    _slider(key=_SLIDER, data={"sizes": sizes, "size": size}, on_size_change=_moved)
    arrow = st.segmented_control(
        "Anchor", arrows, help="; ".join(f"{each} {said}" for each, said in named.items()),
        label_visibility="collapsed", **address.one(_AT, arrows, _ARROWS[usual[1]]),
    ) or _ARROWS[MIDDLE]  # fmt: skip
    return int(size), next(anchor for anchor, each in _ARROWS.items() if each == arrow)


def _moved() -> None:
    size = st.session_state[_SLIDER].get("size")
    if size:
        address.put(**{_SIZE: size})


def _picture(source: Benchmark, sample_id: str, model: str, run: store.Run, view: str) -> on_demand.Looked:
    """A model's own crop under its Grad-CAM."""
    found = on_demand.look(run, str(source.root), sample_id, view)
    if found.picture is None:
        st.info(escaped(found.problem))
        return found
    image = Image.fromarray(found.picture)
    if found.heat.values is not None:
        image = drawing.with_heat(image, found.heat.values, 0.6)
    # Small, and enlarged by the browser: a step of the slider shall be seen at once.
    encoded = drawing.data_uri(drawing.png(image))
    said = html.escape(f"{view} as {model} sees it, with its Grad-CAM")
    st.html(f'<img class="oc-live" src="{encoded}" alt="{said}">')
    return found


def _answers(sample_id: str, model: str, run: store.Run, found: on_demand.Looked) -> None:
    """The best three classes."""
    sample = cached.sample(run, sample_id)
    accepted = sample.accepted if sample is not None else ()
    lines = "".join(
        f"<div>{'<span class=oc-right>✓</span> ' if index in accepted else ''}"
        f"{html.escape(cached.class_name(run.label_space, index))} <b>{share:.2f}</b></div>"
        for index, share in found.top5[:3]
    )
    note = f"<small>No map: {html.escape(found.heat.message)}</small>" if found.heat.message else ""
    st.html(f'<div class="oc-small"><b>{html.escape(model)}</b>{lines}{note}</div>')


def _adapting(source: Benchmark, sample_id: str, runs: Sequence[tuple[str, store.Run]]) -> None:
    """What each model says once it has adapted to this image; only where somebody asks, since it is slow."""
    asked = st.toggle(
        "Adapt to this image (MEMO, slow)",
        help="64 random crops, one step that makes the model surer of their mean answer, then the usual crop again; "
        "the model forgets it afterwards.",
        **address.switch("memo"),
    )
    for model, run in runs if asked else ():
        found = on_demand.adapt(run, str(source.root), sample_id)
        if isinstance(found, str):
            st.info(escaped(found))
            continue
        (was, p_was), (now, p_now) = found.before[0], found.after[0]
        before, after = (cached.class_name(run.label_space, index) for index in (was, now))
        said = f"{escaped(before)} {p_was:.2f}, adapted: **{escaped(after)}** {p_now:.2f}"
        fell = f"{found.entropy_before:.2f} → {found.entropy_after:.2f} nats"
        st.markdown(f"**{escaped(model)}**, usual crop: {said}; entropy of the mean over crops {fell:s}.")


def _zoomed(choice: Choice, model: str, benchmark: str, anchor: tuple[int, int]) -> store.Run | None:
    """A result that has sizes at an anchor."""
    for name in FAMILIES:
        run = choice.run(model, benchmark, name)
        if run is not None and any((row["row"], row["col"]) == anchor for row in run.views.rows):
            return run
    return None


@st.cache_data(max_entries=512, show_spinner=False)
def _of_image(key: cached.Key, sample_id: str, _run: store.Run) -> pd.DataFrame:
    del key
    return zoom_tables.of_image(_run, sample_id)


def of_image(run: store.Run, sample_id: str) -> pd.DataFrame:
    """See ``core.answers.zoom_tables.of_image``."""
    return _of_image(cached.key_of(run), sample_id, run)


def _at(table: pd.DataFrame, anchor: tuple[int, int]) -> pd.DataFrame:
    there = table[(table["row"] == anchor[0]) & (table["col"] == anchor[1])]
    return there.sort_values("size").set_index("size")


def _film(
    source: Benchmark,
    sample_id: str,
    run: store.Run,
    tables: Mapping[str, pd.DataFrame],
    choice: Choice,
    size: int,
    anchor: tuple[int, int],
) -> None:
    """Small crops from far to near, each with a mark of every model: full where it is right."""
    frames = _thumbs(str(source.root), sample_id, cached.key_of(run), anchor, source, run)
    parts = []
    for each, src in zip(SIZES, frames, strict=False):
        marks = "".join(_mark(model, table, float(each), choice.colours.get(model, "#6B7785"))
                        for model, table in tables.items())  # fmt: skip
        parts.append(f'<figure><img src="{src}" alt="size {each}"><figcaption>{each} {marks}</figcaption></figure>')
    # What is chosen is said apart: the film itself stays as it is and is not sent again.
    here = f".oc-film figure:nth-child({SIZES.index(size) + 1}) {{outline: 2px solid #2F6DB5;}}"
    st.html(f"{CSS}<style>{here}</style>")
    st.html(f'<div class="oc-film">{"".join(parts)}</div>')
    for model, table in tables.items():
        said = _flip(model, table)
        st.caption(said)
    if not tables:
        st.caption("Answers to all sizes come with --view zoom-324 or zoom-36; the picture above is asked live.")


def _mark(model: str, table: pd.DataFrame, size: float, colour: str) -> str:
    if size not in table.index:
        return ""
    right = bool(table.loc[size, "right"])
    look = f"background:{colour}" if right else f"border:1.5px solid {colour}"
    return f'<i style="{look}" title="{html.escape(model)}: {"right" if right else "wrong"}"></i>'


def _flip(model: str, table: pd.DataFrame) -> str:
    """At which sizes a model is right, and the one nearest to the usual that changes its answer; Markdown."""
    right = table.index[table["right"]].astype(int).tolist()
    name = escaped(model)
    if not right:
        return f"{name} (●: right) is wrong at all {len(table)} sizes here."
    if len(right) == len(table):
        return f"{name} (●: right) is right at all {len(table)} sizes here."
    usual = bool(table.loc[USUAL, "right"]) if USUAL in table.index else None
    others = [int(each) for each in table.index if bool(table.loc[each, "right"]) != usual]
    nearest = min(others, key=lambda each: abs(math.log2(each / USUAL))) if usual is not None else 0
    turned = f" Nearest size that turns it {'wrong' if usual else 'right'}: {nearest} px." if usual is not None else ""
    return f"{name} (●: right) is right at {len(right)} of {len(table)} sizes, {right[0]} to {right[-1]} px.{turned}"


@st.cache_data(max_entries=64, show_spinner=False)
def _thumbs(
    root: str, sample_id: str, key: cached.Key, anchor: tuple[int, int], _source: Benchmark, _run: store.Run
) -> list[str]:
    """Data URIs of the crops at an anchor, by size; none where the image cannot be opened."""
    del root, key
    preprocess, found = Preprocess(_run.preprocessing), []
    try:
        with reasons(sample_id):
            image = as_rgb(_source.image(sample_id))
        for size in SIZES:
            pixels = next(zoom.crops(image, zoom.scaled(size, min(preprocess.size)), (anchor,), preprocess.size))
            found.append(drawing.data_uri(drawing.thumbnail(Image.fromarray(np.asarray(pixels)), _THUMB_PX), "jpeg"))
    except DataError:
        return found
    return found
