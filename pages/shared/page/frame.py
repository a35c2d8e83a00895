"""The frame of every page: sidebar with wordmark, links and pickers.

Every page is drawn by ``draw`` and calls ``begin`` first.
"""

from __future__ import annotations

import html
import shlex
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import streamlit as st

from core import paths, store
from core.answers import catalogue
from core.answers.catalogue import KnownModel
from core.errors import OffcenterError
from core.figures.style import MARK, colour_of
from core.store import weights
from core.wording import code, escaped, linked
from pages.shared.page import address, behaviour, cached, later, pickers, send, styles
from pages.shared.page.pickers import BENCHMARK, MODELS

#: Links by group; one whose file is not there is left out.
LINKS: dict[str, tuple[tuple[str, str], ...]] = {
    "Start": (("app.py", "Home"), ("pages/overview.py", "Overview")),
    "Where it breaks": (
        ("pages/size_location_rotation.py", "Factors"),
        ("pages/uncommon_settings.py", "Uncommon settings"),
        ("pages/cues.py", "Cues"),
        ("pages/zoom.py", "Zoom"),
    ),
    "Why": (("pages/mistakes.py", "Mistakes"), ("pages/stage.py", "Stage")),
    "Workbench": (("pages/runs.py", "Runs"), ("pages/data.py", "Data")),
}
RUNS_PAGE = "pages/runs.py"
ICON = paths.EMBEDDED / "brand" / "icon.png"
#: Its sign is an image, because Streamlit strips inline SVG.
WORDMARK = f"""<div class="oc-wordmark"><img src="{MARK}" width="24" height="24" alt=""><span>Offcenter</span></div>
<div class="oc-tagline">where image classifiers break</div>"""
#: Buttons that ``behaviour.js`` listens to.
THEMES = (
    '<div class="oc-themes" role="group" aria-label="Theme">'
    + "".join(f'<button data-oc-theme="{name}">{label}</button>' for name, label in
              (("Light", "Light"), ("Dark", "Dark"), ("System", "As the system")))
    + "</div>"
)  # fmt: skip


@dataclass(frozen=True)
class Choice:
    """What is chosen in the sidebar.

    Attributes:
        models: One to four, in the order they were chosen; the first is the one sentences are about.
        benchmark: Key of the picker; empty where a page has none.
        known: All models.
        runs: All stored results.
        colours: By chosen model.
        data_home: Key of caches; the data folder.
        data: The beginning of the content that was chosen, by benchmark with results on several data.
        pinned: Beginnings of the identities that the link names; these results come before newer ones.
    """

    models: tuple[str, ...]
    benchmark: str
    known: Mapping[str, KnownModel] = field(repr=False)
    runs: Sequence[store.Run] = field(repr=False)
    colours: Mapping[str, str] = field(repr=False)
    data_home: str = ""
    data: Mapping[str, str] = field(default_factory=dict, repr=False)
    pinned: tuple[str, ...] = ()

    def run(self, model: str, benchmark: str, view: str = "clean") -> store.Run | None:
        """A model's stored result, or None."""
        return catalogue.newest_run(self.runs, model, benchmark, view, self.data.get(benchmark, ""), self.pinned)

    def query(self) -> dict[str, list[str]]:
        """The choice as it stands in an address."""
        chosen = {pickers.data_name(key): [content] for key, content in self.data.items()}
        return {BENCHMARK: [self.benchmark] if self.benchmark else [], MODELS: list(self.models), **chosen}

    def runs_on(self, benchmark: str, view: str = "clean") -> dict[str, store.Run]:
        """The chosen models' results on a benchmark under a family of views."""
        found = {model: self.run(model, benchmark, view) for model in self.models}
        return {model: run for model, run in found.items() if run is not None}


def begin(
    title: str,
    benchmarks: Mapping[str, str] | None = None,
    needed: Mapping[str, Sequence[str]] | None = None,
    key: str = BENCHMARK,
    *,
    pick_models: bool = True,
    lacks: str = "",
) -> Choice:
    """Draw the sidebar and return what is chosen in it.

    Args:
        title: Of the page, for the browser's tab.
        benchmarks: Label by key of what the benchmark picker offers; no picker if empty.
        needed: Keys of the benchmarks that the page shows, by what the picker offers; each is its own by default.
        key: Of the benchmark picker; pages whose choices mean the same share one.
        pick_models: Whether there is a picker of models; without one, those of the page before are chosen.
        lacks: What a benchmark that is here and not offered lacks, to complete its name: ``has no masks``.
    """
    st.set_page_config(page_title=f"{title} · Offcenter", page_icon=str(ICON), layout="wide")
    st.html(styles.CSS)
    address.begin()
    home = str(paths.data_home())
    runs, problems = cached.runs(home), cached.damaged(home)
    known = catalogue.known_models(runs)
    offered, needed = benchmarks or {}, needed or {}
    with st.sidebar:
        st.html(WORDMARK)
        links = st.container(key="oc-links")
        with st.container(key="oc-pickers"):
            benchmark = pickers.benchmark(offered, needed, runs, key)
            keys = pickers.needed_for(benchmark, offered, needed)
            models = pickers.models(known, keys, runs, shown=pick_models)
            data = {each: content for each in keys if (content := pickers.data(each, models, runs))}
            colours = colour_of(models)
            if models and pick_models:
                _legend(models, known, colours)
            choice = Choice(models, benchmark, known, runs, colours, home, data, pickers.pinned(runs))
            _missing(choice, keys)
            if problems and not paths.read_only():
                with st.popover(f"{len(problems)} damaged", icon=":material/broken_image:", width="stretch"):
                    st.markdown("\n\n".join(problems))
        with links:
            _links(choice, key)
        send.begin(models)
        st.html(THEMES)
    for said in pickers.gone(offered, known, runs, key, lacks, benchmark):
        st.warning(said, icon=":material/link_off:")
    return choice


def draw(page: Callable[[], None]) -> None:
    """Draw a page, an error that a user can act on in a sentence, what completes it in the browser, and what is below.

    Args:
        page: Calls ``begin`` first; its file names the page.
    """
    stem = Path(page.__code__.co_filename).stem
    later.begin(stem)
    try:
        page()
    except OffcenterError as error:
        st.error(escaped(error), icon=":material/error:")
    send.show()
    later.wait()
    behaviour.run("" if stem == "app" else stem)
    later.fill()


def link(label: str, page: str, query: Mapping[str, str | Sequence[str]], *, icon: str | None = None) -> None:
    """A link to a page with some of its view set.

    Args:
        label: What is read.
        page: Path of its file.
        query: Values by name, as they stand in the address.
        icon: Before the label.
    """
    there = {name: content for name, content in query.items() if content}
    st.page_link(page, label=f"{label} →", query_params=there, icon=icon)


def _links(choice: Choice, key: str) -> None:
    """The pages by group; the models go along, and the benchmark where both pages' pickers mean the same."""
    along = {name: values for name, values in choice.query().items() if values and name != BENCHMARK}
    for group, links in LINKS.items():
        there = [(page, label) for page, label in links if (paths.REPO / page).is_file()]
        if there:
            st.html(f'<div class="oc-group">{html.escape(group)}</div>')
            for page, label in there:
                st.page_link(page, label=label, query_params=along)


def _legend(models: Sequence[str], known: Mapping[str, KnownModel], colours: Mapping[str, str]) -> None:
    lines = "".join(
        f'<div class="oc-model"><i style="background:{colours[model]}"></i><span><b>{html.escape(model)}</b>'
        f"<br>{html.escape(known[model].details)}</span></div>"
        for model in models
    )
    st.html(lines)


def _missing(choice: Choice, keys: Sequence[str]) -> None:
    """What the page would show and is not stored, and a button that computes it."""
    gaps = [(model, key) for model in choice.models for key in keys if choice.run(model, key) is None]
    if not gaps:
        return
    with st.popover(f"{len(gaps)} not computed yet", icon=":material/pending:", width="stretch"):
        later.draw(partial(_offer_runs, gaps, choice))


def _offer_runs(gaps: Sequence[tuple[str, str]], choice: Choice) -> None:
    for model, key in gaps[:12]:
        offer_run(model, key, choice)
    if len(gaps) > 12:
        st.caption(f"… and {len(gaps) - 12} more.")


def offer_views(choice: Choice, models: Sequence[str], view: str, what: str) -> None:
    """What computes models' answers to a family of views of the chosen benchmark.

    Args:
        choice: Of the sidebar.
        models: Which.
        view: Name of the family.
        what: What it is and takes, as Markdown after the names of model and benchmark.
    """
    for model in models:
        with st.container(border=True):
            if cached.benchmark(choice.benchmark, choice.data_home) is None or _is_file(model, choice):
                offer_run(model, choice.benchmark, choice)
                continue
            source = _typed(model, choice)
            st.markdown(f"**{escaped(model)}** on {code(choice.benchmark)}: {what}")
            if not paths.read_only():
                link("Run it", RUNS_PAGE, {"model": source, "benchmark": choice.benchmark, "run_view": view})
            command = f"python -m core evaluate --model {shlex.quote(source)} --benchmark {choice.benchmark}"
            command += f" --view {view}"
            st.code(command, language="bash", wrap_lines=True)


def offer_run(model: str, key: str, choice: Choice) -> None:
    """A line on a result that is not there, with what to do: get the data, then run it."""
    if _is_file(model, choice):
        st.markdown(f"**{escaped(model)}** on {code(key)}: only predictions that were imported are known of it.")
        command = f"python -m core import predictions FILE --benchmark {key} --name {shlex.quote(model)}"
        st.code(command, language="bash", wrap_lines=True)
        return
    source = _typed(model, choice)
    has_data = cached.benchmark(key, choice.data_home) is not None
    st.markdown(f"**{escaped(model)}** on {code(key)}" + ("" if has_data else " · its images are not on this machine"))
    if not has_data:
        st.html(f'<div class="oc-small">{linked(catalogue.benchmark_class(key).how_to_get)}</div>')
    elif paths.read_only():
        return
    elif (paths.REPO / RUNS_PAGE).is_file():
        link("Run it", RUNS_PAGE, {"model": source, "benchmark": key})
        return
    data = "" if has_data else " --data DIR"
    command = f"python -m core evaluate --model {shlex.quote(source)} --benchmark {key}{data}"
    st.code(command, language="bash", wrap_lines=True)


def _typed(model: str, choice: Choice) -> str:
    """What is typed for a model, here and in a terminal."""
    known = choice.known.get(model)
    return weights.spec_of(known.source) if known else model


def _is_file(model: str, choice: Choice) -> bool:
    """Whether a model cannot be run, because only a file of its predictions is known."""
    known = choice.known.get(model)
    return known is not None and known.is_file
