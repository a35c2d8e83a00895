"""The button that makes one file of the results on a page: figures, tables and images, opened without a server."""

from __future__ import annotations

import shlex
import threading
from collections.abc import Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import partial

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from core import paths, store
from core.bundle import Options, build
from core.bundle.options import SALIENCY
from core.store import weights
from core.wording import count
from pages.shared.page import address

#: Megabytes of the file, which mail still takes, and images of a point: a command makes larger ones.
_MAX_MB, _PER_POINT = 10, 2
#: A file is made at a time: each takes a processor for some seconds.
_lock = threading.Lock()


@dataclass
class _Page:
    """What a page shows, as far as it was drawn.

    Attributes:
        place: Where the button goes.
        runs: Results that the page names at its foot.
    """

    place: DeltaGenerator
    runs: list[store.Run] = field(default_factory=list)


_page: ContextVar[_Page | None] = ContextVar("send", default=None)


def begin() -> None:
    """Keep a place for the button here; ``frame.begin`` calls this."""
    _page.set(_Page(st.container(key="oc-send")))


def keep(runs: Sequence[store.Run]) -> None:
    """These results are on the page."""
    now = _page.get()
    if now is not None:
        now.runs += runs


def show() -> None:
    """The button, where the page shows a result; ``frame.draw`` calls this when the page is through."""
    now = _page.get()
    _page.set(None)
    runs = list({(run.label, run.benchmark, run.view): run for run in now.runs}.values()) if now else []
    if not now or not runs:
        return
    with now.place, st.popover("Send this view", icon=":material/send:", width="stretch"):
        _offer(runs)


def _offer(runs: Sequence[store.Run]) -> None:
    models, keys = ({getattr(run, name): None for run in runs} for name in ("label", "benchmark"))
    st.markdown(
        f"One HTML file of **{count(len(models), 'model')}** on **{count(len(keys), 'benchmark')}**: every figure can "
        "be clicked to its images. It opens from disk, without a server or the internet, and counts all images, "
        "whatever is filtered here."
    )
    with_maps = st.toggle("Grad-CAM on some images", help="Takes up to a minute more.", key="send-maps")
    policy = "top5" if address.asked("policy") == ["top5"] else "top1"
    command = command_of(runs, policy, with_maps)
    options = Options(policy=policy, max_mb=_MAX_MB, saliency=SALIENCY if with_maps else 0, images_per_point=_PER_POINT,
                      command=command)  # fmt: skip
    st.download_button(
        "Make and save the file",
        partial(_made, tuple(runs), options),
        f"offcenter-{paths.slug('-'.join([*list(models)[:2], *list(keys)[:1]]))}.html",
        "text/html",
        key="send-file",
        icon=":material/download:",
        on_click="ignore",
    )
    st.caption("It takes some seconds. The same from a terminal, also with more images:")
    st.code(command, language="bash", wrap_lines=True)


def command_of(runs: Sequence[store.Run], policy: str, with_maps: bool) -> str:
    """The command that makes the same file."""
    models = dict.fromkeys(weights.spec_of(run.source) for run in runs)
    keys, views = (dict.fromkeys(getattr(run, name) for run in runs) for name in ("benchmark", "view"))
    parts = [f"--model {shlex.quote(model)}" for model in models]
    parts += [f"--benchmark {shlex.quote(key)}" for key in keys]
    parts += [f"--view {shlex.quote(view)}" for view in views if list(views) != ["clean"]]
    parts += [f"--policy {policy}"] if policy != "top1" else []
    parts += [] if with_maps else ["--saliency 0"]
    parts += [f"--max-mb {_MAX_MB}", f"--images-per-point {_PER_POINT}"]
    return " ".join(["python -m core bundle", *parts, "--out report.html"])


def _made(runs: tuple[store.Run, ...], options: Options) -> bytes:
    with _lock:
        return build([replace(run, snapshot=None) for run in runs], options).page
