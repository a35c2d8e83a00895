"""The form that starts an evaluation: what to run, what that will cost, and the buttons.

Other pages send a user here with a model and a benchmark filled in: ``runs?model=SOURCE&benchmark=KEY``. Nothing is
started without a click.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

import streamlit as st

from core import jobs, paths
from core.answers.catalogue import KnownModel, may_fit
from core.benchmarks import benchmark_class, find_data, find_images, has_masks_alone, known_benchmarks
from core.errors import OffcenterError
from core.images.views import known_views
from core.jobs import cost
from core.jobs.cost import Cost
from core.jobs.kinds import PRECISIONS, Evaluation
from core.store import specs, weights
from core.wording import code, count, duration, escaped, linked
from pages.shared.models import settings
from pages.shared.models.checked import why_refused
from pages.shared.page import address, cached, text

#: Keys of widgets, and so names in the URL.
_MODEL, _BENCHMARK, _VIEW, _PRECISION = "model", "benchmark", "run_view", "run_precision"
_ALSO = "run_also"
#: Why the last click could not be answered.
_REFUSED = "run-refused"
_VIEW_HELP = (
    "What every image is shown as. `clean` leaves it as it is; `noise` and `five-crop` show each image several times, "
    "decoded once."
)
_PRECISION_HELP = "`fp32` gives the reference numbers; `bf16` and `fp16` are faster on GPUs that have them."
_IMAGES_HELP = (
    "The photographs that the masks are of: the folder with `val/` or `train/` of ImageNet, or one of these. It is "
    "remembered for these masks."
)
#: Seconds for which a count of images may be old, unless its folder changes.
_FRESH_S = 600


def show(known: Mapping[str, KnownModel], first: str = "") -> None:
    """Draw the form, which opens on something that can be run; a started job is put into the URL as ``job``.

    Args:
        known: Models that can be picked by name; any other can be typed.
        first: Name of the one that is filled in, if there is anything left to run of it.
    """
    known = {name: model for name, model in known.items() if not model.is_file}
    first, key = _something_to_run(known, first)
    details = _sources(known)
    with st.container(border=True, key="oc-run-form"):
        left, right = st.columns(2, gap="medium")
        with left:
            model = _pick_model(details, weights.spec_of(known[first].source) if first in known else None)
        with right:
            benchmark = _pick_benchmark(key)
        settings.show(model, benchmark_class(benchmark).label_spaces)
        data, images = _pick_data(benchmark)
        view, precision, batch_size, limit = _pick_details()
        also = _pick_more(known, model, benchmark, view, precision)
        refused = next(filter(None, map(why_refused, (model, *also))), "")
        if refused:
            st.warning(escaped(refused), icon=":material/block:")
        elif not model:
            st.caption("Choose a model, or type the name of any other, to see what the evaluation will cost.")
        elif data is None:
            st.info("Where are the images?", icon=":material/folder_open:")
            st.html(f'<div class="oc-small">{linked(benchmark_class(benchmark).how_to_get)}</div>')
        else:
            _cost_and_start(
                Evaluation(model, benchmark, data, view, precision, "auto", batch_size, limit, also, images)
            )


def _sources(known: Mapping[str, KnownModel]) -> dict[str, str]:
    """What is known of each model, by what is typed for it; a folder that was trained again is one."""
    return {weights.spec_of(model.source): model.details for model in known.values()}


def _pick_model(details: Mapping[str, str], first: str | None) -> str:
    # What a link or a picker of settings names is an option like any other.
    sources = list(dict.fromkeys([*details, *address.asked(_MODEL)[:1]]))
    chosen = st.selectbox(
        "Model",
        sources,
        accept_new_options=True,
        placeholder="Choose, or type resnet50.a1_in1k, open-clip:…, onnx:net.onnx, …",
        help="Any timm name with weights, `hf-hub:owner/name`, `local-dir:/path/to/folder`, `torchvision:alexnet`, "
        "`open-clip:ViT-B-32/openai`, `transformers:owner/name`, `onnx:net.onnx`; *How to bring your own* below says "
        "more. Weights that are not on this machine are downloaded.",
        **address.free(_MODEL, first),
    )
    source = (chosen or "").strip()
    st.caption(escaped(details.get(source, _details_of_base(details, source) if source else "")))
    return source


def _details_of_base(details: Mapping[str, str], source: str) -> str:
    """What is known of the model that a name's options change."""
    base = specs.parsed(source).base
    there = next((said for spec, said in details.items() if specs.parsed(spec).base == base), "")
    return f"{there} · not evaluated like this yet" if there and base != source else "not evaluated yet"


def _pick_more(
    known: Mapping[str, KnownModel], model: str, benchmark: str, view: str, precision: str
) -> tuple[str, ...]:
    """More models on the same images, and a button that picks all that have no result yet."""
    sources = [weights.spec_of(each.source) for each in known.values()]
    missing = [source for source in _missing(known, benchmark, view, precision) if source != model]
    left, right = st.columns([4, 1.6], gap="medium", vertical_alignment="bottom")
    with left:
        chosen = st.multiselect(
            "More models, on the same images",
            sources,
            key=_ALSO,
            accept_new_options=True,
            placeholder="None: choose, or type names as above",
            help="Each image is decoded once for all of them. Each model keeps its own result, and one that fails does "
            "not stop the others.",
        )
    with right:
        st.button(
            f"All {len(missing)} without a result" if missing else "All have a result",
            icon=":material/playlist_add:",
            disabled=not missing,
            width="stretch",
            help="Models on this machine that have no complete result on this benchmark with this view and precision.",
            on_click=partial(st.session_state.__setitem__, _ALSO, missing),
        )
    return tuple(source for source in chosen if source != model)


def _missing(known: Mapping[str, KnownModel], benchmark: str, view: str, precision: str) -> list[str]:
    """Models whose classes may fit a benchmark and that have no complete result on it with these settings."""
    wanted = benchmark, view, precision
    found = cached.runs(str(paths.data_home()))
    finished = {run.label for run in found if (run.benchmark, run.view, run.precision) == wanted and run.complete}
    spaces = benchmark_class(benchmark).label_spaces
    fitting = (name for name, model in known.items() if may_fit(model, spaces))
    return [weights.spec_of(known[name].source) for name in fitting if name not in finished]


def _something_to_run(known: Mapping[str, KnownModel], first: str) -> tuple[str, str]:
    """A model and a benchmark whose images are here and that has no complete result of it; else what comes first."""
    ready = _ready_first()
    here = [key for key in ready if find_data(key) is not None]
    complete = {(run.label, run.benchmark) for run in cached.runs(str(paths.data_home())) if run.complete}
    for name in [*([first] if first in known else []), *known]:
        for key in here:
            fits = may_fit(known[name], benchmark_class(key).label_spaces)
            if fits and (name, key) not in complete:
                return name, key
    return first, ready[0]


def _ready_first() -> list[str]:
    """Keys of the benchmarks, those whose images are here first."""
    return sorted(known_benchmarks(), key=lambda key: find_data(key) is None)


def _pick_benchmark(first: str) -> str:
    key = st.selectbox("Benchmark", (order := _ready_first()), **address.one(_BENCHMARK, order, first))
    st.caption(escaped(benchmark_class(key).title))
    return key


def _pick_data(benchmark: str) -> tuple[str | None, str | None]:
    """The data folder as typed, and that of the images where it holds masks alone; those last used are filled in."""
    needs_images = has_masks_alone(benchmark)
    left, right = st.columns(2, gap="medium") if needs_images else (st.container(), None)
    with left:
        data = _folder(
            "Folder of masks" if needs_images else "Data folder",
            find_data(benchmark),
            # A field of its own for each benchmark, so that what was typed for one does not stay for another.
            f"run_data_{benchmark}",
            "/path/to/the/masks" if needs_images else "/path/to/the/images",
            benchmark_class(benchmark).how_to_get,
        )
    if right is None:
        return data, None
    with right:
        known = find_images(benchmark, data)
        return data, _folder("ImageNet's folder", known, f"run_images_{benchmark}", "/path/to/imagenet", _IMAGES_HELP)


def _folder(label: str, known: Path | None, key: str, placeholder: str, hint: str) -> str | None:
    typed = st.text_input(label, str(known or ""), key=key, placeholder=placeholder, help=hint, max_chars=1000)
    return typed.strip() or None


def _pick_details() -> tuple[str, str, int | None, int | None]:
    """View, precision, batch size and limit."""
    view, precision, batch, limit = st.columns([2, 2, 1.4, 1.4], gap="medium")
    with view:
        views = list(known_views())
        name = st.selectbox("View", views, help=_VIEW_HELP, **address.one(_VIEW, views, views[0]))
    with precision:
        kind = st.segmented_control(
            "Precision",
            PRECISIONS,
            required=True,
            help=_PRECISION_HELP,
            **address.one(_PRECISION, PRECISIONS, PRECISIONS[0]),
        )
    with batch:
        size = st.number_input(
            "Batch size", 1, 4096, None, key="run_batch", placeholder="auto", help="Images a forward pass."
        )
    with limit:
        most = st.number_input(
            "Images at most",
            1,
            None,
            None,
            key="run_limit",
            placeholder="all",
            help="A smaller number gives a partial result: a random sample, which a later run completes.",
        )
    return name, kind, size, most


def _cost_and_start(evaluation: Evaluation) -> None:
    try:
        asked = evaluation.checked()
        found = cost.estimate(asked, _count(asked.benchmark, asked.data or "", asked.images, _changed(asked)))
    except OffcenterError as error:
        text.problem(error)
        return
    ahead = [job for job in jobs.list_jobs() if job.state in ("queued", "running")]
    st.markdown(_in_words(found, len(ahead), len(asked.models)))
    label = "Start" if not ahead else "Add to the queue"
    with st.container(horizontal=True):
        st.button(
            label,
            type="primary",
            icon=":material/play_arrow:",
            disabled=not found.n_left,
            on_click=partial(_submit, evaluation),
        )
        if found.seconds is None and found.n_left > cost.PROBE_IMAGES:
            said = f"Measure with {cost.PROBE_IMAGES} images"
            hint = "Runs a random sample and tells how long the rest will take. Its predictions are kept."
            few = replace(evaluation, limit=found.n_stored + cost.PROBE_IMAGES)
            st.button(said, icon=":material/speed:", help=hint, on_click=partial(_submit, few))
    if refused := st.session_state.pop(_REFUSED, None):
        text.problem(refused)


@st.cache_data(ttl=_FRESH_S, max_entries=64, show_spinner="Counting the images …")
def _count(benchmark: str, root: str, images: str | None, changed: tuple[float, ...]) -> int:
    del changed
    return cost.count_images(benchmark, root, images)


def _changed(asked: Evaluation) -> tuple[float, ...]:
    """When the folders of an evaluation changed last, as far as that can be seen."""
    folders = [paths.place(each) for each in (asked.data, asked.images) if each]
    return tuple(0.0 if paths.is_remote(folder) else folder.stat().st_mtime for folder in folders)


def _in_words(found: Cost, n_ahead: int, n_models: int) -> str:
    """``**1,200 images**, 300 of them stored already. About **3 min** at 5 images/s, ...``."""
    several = f" for **{n_models} models**, each decoded once" if n_models > 1 else ""
    parts = [f"**{count(found.n_images, 'image')}**{several}"]
    if found.n_stored:
        parts[0] += f", {found.n_stored:,} of them stored already"
    if not found.n_left:
        whole = "this result is complete" if n_models == 1 else "these results are complete"
        return f"{parts[0]}: {whole}. There is nothing to run."
    if found.seconds is None:
        who = "this model has" if n_models == 1 else "one of these models has"
        parts.append(f"How long that takes is not known: {who} not run on this machine with these settings")
    else:
        about = "About" if n_models == 1 else "At most about"
        parts.append(
            f"{about} **{duration(found.seconds)}** at {found.rate:,.3g} images/s, as measured on this machine with "
            f"{code(found.measured_on)}"
        )
    if n_ahead:
        parts.append(f"It starts after the {count(n_ahead, 'job')} before it")
    return ". ".join(parts) + "."


def _submit(evaluation: Evaluation) -> None:
    """Queue it, before the page is drawn, so that the address has the job whatever else is being drawn."""
    try:
        job = jobs.submit(evaluation)
    except OffcenterError as error:
        st.session_state[_REFUSED] = error
        return
    address.put(job=job.id)
