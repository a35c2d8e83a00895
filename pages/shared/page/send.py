"""The button that makes one file of the results on a page: figures, tables and images, opened without a server."""

from __future__ import annotations

import math
import shlex
import threading
import time
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import paths, store
from core.answers.questions import StoredPolicy, Where
from core.errors import OffcenterError
from core.figures import exhibits
from core.images.views import CLEAN
from core.store import weights
from core.types import Progress, ProgressCallback
from core.wording import count, escaped
from pages.shared.page import address

if TYPE_CHECKING:
    from core.bundle import Bundle

#: Megabytes of the file, which mail still takes, and images of a point: a command makes larger ones.
_MAX_MB, _PER_POINT = 8, 4
#: Images with Grad-CAMs, where they are wanted.
_MAPS = 24
#: Models of a file: each adds figures of its own, and comparisons with the first.
_MOST_MODELS = 4
#: Seconds that a file takes on two cores, and more for each result: measured on Diorama, of one result to 21.
_START_S, _RESULT_S = 5, 1.5
#: Seconds between two looks at how far it is.
_EVERY_S = 0.25
_MADE = "send-made"
#: A file is made at a time: each takes a processor for some seconds.
_lock = threading.Lock()


@dataclass(frozen=True)
class _Opened:
    """The images that are open on a page: the file opens at their point.

    Attributes:
        run: Whose predictions they are ordered by.
        where: Conditions that they meet.
        only: Ids of samples, where conditions do not say which are meant.
    """

    run: store.Run
    where: tuple[Where, ...]
    only: frozenset[str] | None


@dataclass
class _Page:
    """What a page shows, as far as it was drawn.

    Attributes:
        place: Where the button goes.
        chosen: Labels of the chosen models.
        runs: Results that the page names at its foot.
        opened: The images behind its chosen point.
        is_across: Whether its figures are those over several benchmarks alone.
    """

    place: DeltaGenerator
    chosen: tuple[str, ...] = ()
    runs: list[store.Run] = field(default_factory=list)
    opened: _Opened | None = None
    is_across: bool = False


_page: ContextVar[_Page | None] = ContextVar("send", default=None)


def begin(chosen: Sequence[str] = ()) -> None:
    """Keep a place for the button here; ``frame.begin`` calls this.

    Args:
        chosen: Labels of the chosen models, which come first.
    """
    _page.set(_Page(st.container(key="oc-send"), tuple(chosen)))


def keep(runs: Sequence[store.Run]) -> None:
    """These results are on the page."""
    now = _page.get()
    if now is not None:
        now.runs += runs


def opened(run: store.Run, where: Sequence[Where], only: frozenset[str] | None = None) -> None:
    """These images are open on the page; see ``core.bundle.Options.start``."""
    now = _page.get()
    if now is not None:
        now.opened = _Opened(run, tuple(where), only)


def across() -> None:
    """The page's figures are those over several benchmarks; those of each are sent if they are asked for."""
    now = _page.get()
    if now is not None:
        now.is_across = True


def show() -> None:
    """The button, where the page shows a result; ``frame.draw`` calls this when the page is through."""
    now = _page.get()
    _page.set(None)
    runs = _sent(now.runs, now.chosen) if now else []
    if not now or not runs:
        return
    n_models = len({run.label for run in now.runs})
    with now.place, st.popover("Send this view", icon=":material/send:", width="stretch"):
        st.fragment(_offer)(runs, n_models, now.opened, now.is_across)


def _sent(runs: Sequence[store.Run], chosen: Sequence[str]) -> list[store.Run]:
    """Results that go in, each once, of the chosen models first; where a page shows too many models, of these alone."""
    labels = list(dict.fromkeys(run.label for run in runs))
    first = [label for label in chosen if label in labels]
    if len(labels) <= _MOST_MODELS or not first:
        first += [label for label in labels if label not in first]
    first = first[:_MOST_MODELS]
    unique = {(run.label, run.benchmark, run.view): run for run in runs if run.label in first}
    return sorted(unique.values(), key=lambda run: first.index(run.label))


def _offer(runs: Sequence[store.Run], n_shown: int, opened: _Opened | None, is_across: bool) -> None:
    models, keys = ({getattr(run, name): None for run in runs} for name in ("label", "benchmark"))
    which = f"{count(len(models), 'model')}**" + (f" (of {n_shown} shown)" if n_shown > len(models) else "")
    st.markdown(
        f"One HTML file of **{which} on **{count(len(keys), 'benchmark')}**: every figure can be clicked to its "
        "images. It opens from disk, without a server or the internet"
        + (", at the point that is open here" if opened else "")
        + ", and counts all images, whatever is filtered here."
    )
    # Of a demo's models many visitors would ask at once.
    with_maps = not paths.read_only() and st.toggle(
        "Grad-CAM on some images", help="Runs the models: up to a minute more.", key="send-maps"
    )
    few = is_across and not st.toggle(
        "Also the figures of each benchmark", help="All that the other pages show of these results.", key="send-all"
    )
    policy: StoredPolicy = "top5" if address.asked("policy") == ["top5"] else "top1"
    only = tuple(offer.name for offer in exhibits.offered_across(runs, policy)) if few else ()
    command = command_of(runs, policy, with_maps, only)
    key = (command, tuple((run.identity, run.n_done) for run in runs), opened)
    is_made = st.session_state.get(_MADE, (None,))[0] == key
    if not is_made and st.button("Make the file", key="send-make", icon=":material/draft:"):
        try:
            st.session_state[_MADE] = key, _made(runs, policy, with_maps, only, command, opened)
        except OffcenterError as error:
            st.session_state.pop(_MADE, None)
            st.error(escaped(error), icon=":material/error:")
    made_of, bundle = st.session_state.get(_MADE, (None, None))
    if made_of == key:
        _save(bundle, f"offcenter-{paths.slug('-'.join([*list(models)[:2], *list(keys)[:1]]))}.html")
    else:
        n = _seconds(len(models) if few else len(runs))
        st.caption(f"It takes about {n} seconds, and has at most {_MAX_MB} MB.")
    st.caption("The same from a terminal, where more images can be asked for:")
    # Colours of a shell's words would be too pale on the popover.
    st.code(command, language=None, wrap_lines=True)


def _seconds(n_results: int) -> int:
    """About how long it takes, to the next five."""
    return 5 * math.ceil((_START_S + _RESULT_S * n_results) / 5)


def _save(bundle: Bundle, name: str) -> None:
    """The file that was made, and what it holds."""
    content = bundle.content
    held = f"{count(len(content['exhibits']), 'figure')}, {count(len(content['images']), 'image')}"
    st.download_button("Save the file", bundle.page, name, "text/html", key="send-file", type="primary",
                       icon=":material/download:", on_click="ignore")  # fmt: skip
    st.caption(f"{bundle.n_bytes / 1e6:.1f} MB: {held}.")


def command_of(runs: Sequence[store.Run], policy: str, with_maps: bool, only: Sequence[str] = ()) -> str:
    """The command that makes the same file."""
    models = dict.fromkeys(weights.spec_of(run.source) for run in runs)
    keys, views = (dict.fromkeys(getattr(run, name) for run in runs) for name in ("benchmark", "view"))
    parts = [f"--model {shlex.quote(model)}" for model in models]
    parts += [f"--benchmark {shlex.quote(key)}" for key in keys]
    parts += [f"--view {shlex.quote(view)}" for view in sorted(views, key=lambda each: each != CLEAN)]
    parts += [f"--only {shlex.quote(name)}" for name in only]
    parts += [f"--policy {policy}"] if policy != "top1" else []
    parts += [f"--saliency {_MAPS if with_maps else 0}", f"--max-mb {_MAX_MB}", f"--images-per-point {_PER_POINT}"]
    return " ".join(["python -m core bundle", *parts, "--out report.html"])


def _made(
    runs: Sequence[store.Run],
    policy: StoredPolicy,
    with_maps: bool,
    only: Sequence[str],
    command: str,
    opened: _Opened | None,
) -> Bundle:
    # Takes half a second to import, which no page needs to be drawn.
    from core.bundle import Options, build

    bar = st.progress(0.0, "Another file is being made; yours is next …" if _lock.locked() else "Reading results …")
    start = exhibits.Pick(opened.run, "", opened.where, policy, opened.only) if opened else None
    options = Options(policy=policy, max_mb=_MAX_MB, saliency=_MAPS if with_maps else 0, images_per_point=_PER_POINT,
                      command=command, start=start, only=only)  # fmt: skip
    try:
        with _lock:
            return build([replace(run, snapshot=None) for run in runs], options, _shown_on(bar))
    finally:
        bar.empty()


def _shown_on(bar: DeltaGenerator) -> ProgressCallback:
    """Shows how far it is, now and then; a page that was left meanwhile stops the work here."""
    last = 0.0

    def show(progress: Progress) -> None:
        nonlocal last
        if time.monotonic() - last >= _EVERY_S:
            last = time.monotonic()
            share = min(progress.done / max(progress.total, 1), 1.0)
            bar.progress(share, f"{progress.stage.capitalize()} …")

    return show
