"""The image drawer of all pages: the image as the model sees it, what models say of it, its factors, Grad-CAMs."""

from __future__ import annotations

import html
import math
from collections.abc import Mapping, Sequence
from functools import partial

import streamlit as st
from PIL import Image
from streamlit.delta_generator import DeltaGenerator

from core import benchmarks, store
from core.answers import joined
from core.answers.cards import card_of
from core.answers.questions import SAYS_WHAT
from core.benchmarks.base import Benchmark
from core.images import drawing
from core.images.seeing import Seen
from core.store import specs
from core.wording import code, escaped, preprocessing, value
from pages.shared.cues import strip
from pages.shared.images import faithful, on_demand, pictures, prompts, where
from pages.shared.page import address, cached, place, stepping
from pages.shared.page.frame import Choice
from pages.shared.zoom import film

_PICTURE_PX = 448
_MODES = {"image": "Image", "cam": "Grad-CAM", "prompts": "Prompts", "cues": "Cues", "zoom": "Zoom"}
#: Models whose maps stand beside each other.
_MOST_MAPS = 2
_PREDICTED = "what each predicts"
_COUNTS = {2: "two", 3: "three", 4: "four", 5: "five", 10: "ten"}

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
    _title(runs, there)
    source = cached.source_of(runs[next(iter(there))])
    if source is None:
        _said(runs, there, choice)
        where.ask(runs[next(iter(there))], "drawer")
    else:
        _pictures(source, pictures_of(source, sample_id, runs, there), sample_id, runs, there, choice)
    _facts(key, sample_id, runs, there)
    # All is sent; while it is looked at, what the next arrow needs is read.
    after = order[order.index(sample_id) + 1 :][:1] if sample_id in order else ()
    for run in runs.values():
        for each in after:
            cached.sample(run, each, place.chosen_view(run))


def _title(runs: dict[str, store.Run], there: dict[str, joined.Sample]) -> None:
    """What is in the image, and what the first model takes it for."""
    model, sample = next(iter(there.items()))
    true = true_name(runs[model], sample)
    if sample.error or not sample.top:
        said = '<span class="oc-wrong">could not be evaluated</span>'
    else:
        name = html.escape(cached.class_name(runs[model].label_space, sample.top[0][0]))
        said = (
            '<span class="oc-right">✓ right</span>'
            if sample.is_right()
            else f'<span class="oc-wrong">✗ taken for {name}</span>'
        )
    st.html(f'<h2 class="oc-image-title">{html.escape(true)} <small>{said} by {html.escape(model)}</small></h2>')


def true_name(run: store.Run, sample: joined.Sample) -> str:
    """What is in an image: the value of the factor that says it, else its first accepted class."""
    for name in SAYS_WHAT:
        if sample.factors.get(name) is not None:
            return str(sample.factors[name])
    return cached.class_name(run.label_space, sample.accepted[0]) if sample.accepted else sample.sample_id


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


def pictures_of(
    source: Benchmark, sample_id: str, runs: dict[str, store.Run], there: dict[str, joined.Sample]
) -> dict[str, Seen | str]:
    """The image as each model sees it, or why it cannot be opened; models whose predictions were imported are left out.

    What those saw is not known: where it is so of all, the image stands as it is under an empty name.
    """
    able = [model for model in there if runs[model].preprocessing]
    if not able:
        return {"": pictures.opened(source, sample_id, None)}
    return {model: pictures.opened(source, sample_id, runs[model], place.chosen_view(runs[model])) for model in able}


def _pictures(
    source: Benchmark,
    found: dict[str, Seen | str],
    sample_id: str,
    runs: dict[str, store.Run],
    there: dict[str, joined.Sample],
    choice: Choice,
) -> None:
    """The plain picture, and beside it either what the models say or where they look."""
    model, seen = next(iter(found.items()))
    with st.container(horizontal=True, vertical_alignment="center"):
        mode = "image"
        cues = strip.runs_of(choice, source.key, runs) if model else {}
        texts = prompts.runs_of({name: runs[name] for name in found}) if model else {}
        only = {"cues": cues, "prompts": texts}
        modes = [name for name in _MODES if only.get(name, True)]
        if model:
            mode = st.segmented_control(
                "Shown", modes, format_func=_MODES.__getitem__, label_visibility="collapsed",
                **address.one("drawer", modes, "image", kept=True),
            ) or "image"  # fmt: skip
        outlined = False
        if not isinstance(seen, str) and seen.mask is not None:
            outlined = st.toggle("Outline", help="Of the object.", **address.switch("outline", kept=True))
    if isinstance(seen, str):
        st.html(pictures.no_picture(seen))
        _said(runs, there, choice)
        return
    if mode == "cues":
        strip.show(source, sample_id, cues)
        _said(runs, there, choice)
        return
    if mode == "prompts":
        left, right = st.columns([1, 1], gap="medium")
        with left:
            _plain(seen, model, runs, outlined)
        with right:
            _said(runs, there, choice)
        prompts.show(str(source.root), sample_id, texts, there)
        return
    if mode == "zoom":
        film.show(source, sample_id, {name: runs[name] for name in found}, choice)
        return
    if mode == "image":
        left, right = st.columns([1, 1], gap="medium")
        with left:
            _plain(seen, model, runs, outlined)
        with right:
            _said(runs, there, choice)
        return
    # A graph, which has no gradients, takes the place of no map.
    in_order = sorted(found, key=lambda name: runs[name].source.startswith(f"{specs.ONNX}:"))
    maps = {name: each for name in in_order[:_MOST_MAPS] if not isinstance(each := found[name], str)}
    target, opacity = _map_controls(runs[model], there[model])
    space = runs[model].label_space
    asked = {name: _asked(runs[name], there[name], target, space) for name in maps}
    columns = st.columns(1 + len(maps), gap="small")
    with columns[0]:
        _plain(seen, model, runs, outlined)
    waiting = {}
    for column, (name, each) in zip(columns[1:], maps.items(), strict=True):
        with column:
            # The picture stays, and says at once that something is coming.
            waiting[name] = st.empty()
            _busy(waiting[name], each)
            st.caption(f"Grad-CAM of **{escaped(name)}**")
    root, drawn = str(source.root), []
    for name, slot in waiting.items():
        if _heat(slot, root, sample_id, name, runs[name], maps[name], asked[name], opacity, outlined):
            drawn.append(name)
    if drawn:
        classes = {name: index for name in drawn if (index := asked[name]) is not None}
        faithful.ask(root, sample_id, {name: runs[name] for name in classes}, classes, choice.colours)
    _said(runs, there, choice)


def _asked(run: store.Run, sample: joined.Sample, target: int | None, space: str) -> int | None:
    """The class whose map a model is asked for; None if it said nothing of the image.

    A class of the first model is a number of its label space; a model with another one is asked for its own.
    """
    if not sample.top:
        return None
    return sample.top[0][0] if target is None or run.label_space != space else target


def _plain(seen: Seen, model: str, runs: dict[str, store.Run], outlined: bool) -> None:
    image = Image.fromarray(seen.picture)
    if not model:
        st.image(image, width="stretch", alt="the image as it is")
        st.caption("As it is: what the model of imported predictions saw, and where it looked, is not known.")
        return
    st.image(_enlarged(image, seen, outlined), width="stretch", alt=f"the image as {model} sees it")
    st.caption(f"As {escaped(model)} sees it: {escaped(preprocessing(runs[model].preprocessing))}")


def _enlarged(image: Image.Image, seen: Seen, outlined: bool) -> bytes:
    if outlined and seen.mask is not None:
        image = drawing.with_outline(image, seen.mask)
    return drawing.png(image, max(1, round(_PICTURE_PX / image.width)))


def _map_controls(run: store.Run, sample: joined.Sample) -> tuple[int | None, float]:
    """Whose score is explained, None for each model's own prediction; and how strong the map is drawn."""
    names = [cached.class_name(run.label_space, index) for index, _ in sample.top[:5]]
    names += [cached.class_name(run.label_space, index) for index in sample.accepted]
    numbers = [*(index for index, _ in sample.top[:5]), *sample.accepted]
    offered = {_PREDICTED: None, **dict(zip(names, numbers, strict=True))}
    left, right = st.columns(2, gap="medium")
    with left:
        target = st.selectbox("Class", list(offered), **address.one("target", list(offered), _PREDICTED))
    with right:
        opacity = st.slider("Opacity", 0, 100, 65, 5, format="%d %%", key="cam-opacity")
    return offered.get(target or _PREDICTED), opacity / 100


def _busy(slot: DeltaGenerator, seen: Seen) -> None:
    encoded = drawing.data_uri(drawing.png(Image.fromarray(seen.picture)))
    slot.html(f'<div class="oc-busy"><img src="{encoded}" alt=""><span>Asking the model …</span></div>')


def _heat(
    slot: DeltaGenerator,
    root: str,
    sample_id: str,
    model: str,
    run: store.Run,
    seen: Seen,
    asked: int | None,
    opacity: float,
    outlined: bool,
) -> bool:
    """A model's map in its place, with the scale under it; whether there is one."""
    if asked is None:
        slot.info("No prediction to explain.")
        return False
    heat = on_demand.explain(run, root, sample_id, asked, place.chosen_view(run))
    if heat.values is None:
        slot.info(f"No map: {escaped(heat.message)}")
        return False
    drawn = drawing.with_heat(Image.fromarray(seen.picture), heat.values, opacity)
    with slot.container(gap="xxsmall"):
        said = f"where {model} looks for {cached.class_name(run.label_space, asked)}"
        st.image(_enlarged(drawn, seen, outlined), width="stretch", alt=said)
        st.html(scale(cached.class_name(run.label_space, asked), heat.magnitude))
    return True


def scale(name: str, magnitude: float) -> str:
    """The colours of a map, from nothing to its own maximum, as HTML.

    Args:
        name: Of the class that is explained.
        magnitude: The map's largest value; NaN if it is not known.
    """
    colours = ", ".join(f"rgb{colour}" for colour in drawing.HEAT)
    most = "maximum" if math.isnan(magnitude) else f"{magnitude:.3g}"
    return (
        f'<div class="oc-scale"><span>0</span><i style="background:linear-gradient(90deg, transparent '
        f'{100 * drawing.CLEAR_TO:.0f}%, {colours})"></i><span title="The map\'s largest value, comparable between '
        f'images of one model">{most}</span></div><div class="oc-scale-of">for {html.escape(name)}; line: half of the '
        "maximum</div>"
    )


def _said(runs: dict[str, store.Run], there: dict[str, joined.Sample], choice: Choice) -> None:
    for model, sample in there.items():
        top5(model, runs[model], sample, choice.colours[model])


def top5(model: str, run: store.Run, sample: joined.Sample, colour: str) -> None:
    """The five best classes as bars, accepted ones ticked; and the truth with its rank where it is not among them."""
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
        rows.append(_bar(f"{tick}{name}", name, share, colour))
    if sample.accepted and not any(index in sample.accepted for index, _ in sample.top[:5]):
        rows.append(_truth(run, sample, colour))
    imported = " (imported)" if run.is_imported else ""
    st.html(f'<div class="oc-top"><div class="head">{html.escape(model)}{imported} {mark}</div>{"".join(rows)}</div>')


def _bar(name: str, title: str, share: float, colour: str) -> str:
    if math.isnan(share):
        # Imported predictions may come without probabilities.
        return f'<div class="row truth"><span class="name" title="{title}">{name}</span><span></span></div>'
    return (
        f'<div class="row"><span class="name" title="{title}">{name}</span><span class="bar">'
        f'<i style="width:{100 * share:.1f}%;background:{colour}"></i></span>'
        f'<span class="share">{100 * share:.1f} %</span></div>'
    )


def _truth(run: store.Run, sample: joined.Sample, colour: str) -> str:
    """The accepted classes that are not among the best five."""
    name = html.escape(cached.class_name(run.label_space, sample.accepted[0]))
    if len(sample.accepted) > 1:
        name += f" or {len(sample.accepted) - 1} more"
    n_known = len(sample.top)
    beyond = f"not among the best {_COUNTS.get(n_known, n_known)}" if n_known > 1 else "rank not known"
    rank = f"rank {sample.rank}" if sample.rank else beyond
    label = f'<span class="oc-right">✓</span> {name}'
    if sample.p_accepted is None:
        return f'<div class="row truth"><span class="name" title="{name}">{label}</span><span>{rank}</span></div>'
    return f'<div class="rank">{rank}</div>' + _bar(label, name, sample.p_accepted, colour)


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
