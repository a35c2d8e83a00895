"""The frame of every page: sidebar with wordmark, links and pickers. Every page calls ``begin`` first."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

import streamlit as st
from streamlit.errors import StreamlitAPIException

from core import paths, store
from core.answers import catalogue
from core.answers.catalogue import KnownModel
from core.figures.style import colour_of
from core.wording import code, escaped
from pages.shared.page import cached, styles

MOST_MODELS = 4
#: Links by group; one whose file is not there is left out.
LINKS: dict[str, tuple[tuple[str, str], ...]] = {
    "Start": (("app.py", "Home"), ("pages/overview.py", "Overview")),
    "Where it breaks": (
        ("pages/size_location_rotation.py", "Size, location, rotation"),
        ("pages/uncommon_settings.py", "Uncommon settings"),
        ("pages/cues.py", "Cues"),
        ("pages/zoom.py", "Zoom"),
    ),
    "Why": (("pages/mistakes.py", "Mistakes"), ("pages/stage.py", "Stage")),
    "Workbench": (("pages/runs.py", "Runs"), ("pages/data.py", "Data")),
}
RUNS_PAGE = "pages/runs.py"
MODELS, BENCHMARK = "models", "benchmark"
_NEWEST = "newest"
ICON = paths.EMBEDDED / "brand" / "icon.png"
#: An image, because Streamlit strips inline SVG; its two colours are legible on both themes.
_MARK = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'%3E%3Crect x='1.5' y='1.5' "
    "width='21' height='21' rx='5' fill='none' stroke='%232F6DB5' stroke-width='2.4'/%3E%3Ccircle cx='15.4' cy='15.2' "
    "r='3.7' fill='%23D9772B'/%3E%3C/svg%3E"
)
WORDMARK = f"""<div class="oc-wordmark"><img src="{_MARK}" width="24" height="24" alt=""><span>Offcenter</span></div>
<div class="oc-tagline">where image classifiers break</div>"""


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
    """

    models: tuple[str, ...]
    benchmark: str
    known: Mapping[str, KnownModel] = field(repr=False)
    runs: Sequence[store.Run] = field(repr=False)
    colours: Mapping[str, str] = field(repr=False)
    data_home: str = ""
    data: Mapping[str, str] = field(default_factory=dict, repr=False)

    def run(self, model: str, benchmark: str, view: str = "clean") -> store.Run | None:
        """A model's stored result, or None."""
        return catalogue.newest_run(self.runs, model, benchmark, view, content=self.data.get(benchmark, ""))

    def query(self) -> list[tuple[str, str]]:
        """The choice as it stands in a URL."""
        chosen = [(_data_name(key), content) for key, content in self.data.items()]
        return [(BENCHMARK, self.benchmark), *((MODELS, model) for model in self.models), *chosen]

    def runs_on(self, benchmark: str, view: str = "clean") -> dict[str, store.Run]:
        """The chosen models' results on a benchmark under a family of views."""
        found = {model: self.run(model, benchmark, view) for model in self.models}
        return {model: run for model, run in found.items() if run is not None}


def begin(
    title: str,
    benchmarks: Mapping[str, str] | None = None,
    needed: Mapping[str, Sequence[str]] | None = None,
    key: str = BENCHMARK,
) -> Choice:
    """Draw the sidebar and return what is chosen in it.

    Args:
        title: Of the page, for the browser's tab.
        benchmarks: Label by key of what the benchmark picker offers; no picker if empty.
        needed: Keys of the benchmarks that the page shows, by what the picker offers; each is its own by default.
        key: Of the benchmark picker; pages whose choices mean the same share one.
    """
    st.set_page_config(page_title=f"{title} · Offcenter", page_icon=str(ICON), layout="wide")
    st.html(styles.CSS)
    home = str(paths.data_home())
    runs, problems = cached.runs(home), cached.damaged(home)
    known = catalogue.known_models(runs)
    with st.sidebar:
        st.html(WORDMARK)
        _links()
        with st.container(key="oc-pickers"):
            benchmark = _pick_benchmark(benchmarks or {}, needed or {}, runs, key)
            keys = _needed(benchmark, benchmarks or {}, needed or {})
            models = _pick_models(known, keys, {run.model: run.label for run in reversed(runs)})
            data = {each: content for each in keys if (content := _pick_data(each, models, runs))}
            colours = colour_of(models, list(known))
            if models:
                _legend(models, known, colours)
            choice = Choice(models, benchmark, known, runs, colours, home, data)
            _missing(choice, keys)
            if problems and not paths.read_only():
                with st.popover(f"{len(problems)} damaged", icon=":material/broken_image:", width="stretch"):
                    st.markdown("\n\n".join(problems))
    return choice


def link(label: str, page: str, query: Sequence[tuple[str, str]]) -> None:
    """A link to a page with some of its widgets set; values as they stand in the URL.

    An ordinary link, which loads the page anew: with a page link's query Streamlit 1.67 drops the bound widgets that
    the query does not name, and ``st.switch_page`` refuses while widgets are bound.

    Args:
        label: What is read.
        page: Path of its file.
        query: Name and value pairs; a name may come several times.
    """
    target = f"{Path(page).stem}?{urlencode(query)}"
    st.html(f'<a class="oc-link" href="{html.escape(target)}">{html.escape(label)} →</a>')


def _links() -> None:
    for group, links in LINKS.items():
        there = [(page, label) for page, label in links if (paths.REPO / page).is_file()]
        if there:
            st.html(f'<div class="oc-group">{html.escape(group)}</div>')
            for page, label in there:
                st.page_link(page, label=label)


def _needed(benchmark: str, offered: Mapping[str, str], needed: Mapping[str, Sequence[str]]) -> list[str]:
    if benchmark:
        return list(needed.get(benchmark, (benchmark,)))
    return [key for each in offered for key in needed.get(each, (each,))]


def _pick_benchmark(
    offered: Mapping[str, str], needed: Mapping[str, Sequence[str]], runs: Sequence[store.Run], key: str
) -> str:
    """The benchmark picker; benchmarks with results come first."""
    if not offered:
        return ""
    stored = {run.benchmark for run in runs}
    order = sorted(offered, key=lambda each: not stored & set(needed.get(each, (each,))))
    _set_from_url(key, order, order[:1])
    chosen = st.selectbox(
        "Benchmark",
        order,
        format_func=offered.__getitem__,
        key=_widget(key),
        on_change=_put_into_url,
        args=(key,),
        help="Only what this page can show.",
    )
    return chosen or order[0]


def _pick_models(known: Mapping[str, KnownModel], keys: Sequence[str], labels: Mapping[str, str]) -> tuple[str, ...]:
    """The model picker; models with results on what the page shows come first.

    Args:
        known: Models by label.
        keys: Benchmarks of the page.
        labels: Label by short name, for links from before another model of the same name.
    """
    order = sorted(known, key=lambda name: (not set(keys) & set(known[name].benchmarks), not known[name].benchmarks))
    if not order:
        st.caption("No model yet: no result is stored and no model folder was found.")
        return ()
    _set_from_url(MODELS, order, order[:1], many=True, aliases=labels)
    chosen = st.multiselect(
        "Models",
        order,
        max_selections=MOST_MODELS,
        key=_widget(MODELS),
        on_change=_put_into_url,
        args=(MODELS,),
        placeholder="Choose one to four",
        help="Up to four. The first one is described in sentences; the second is compared with it.",
    )
    return tuple(chosen) or (order[0],)


def _widget(name: str) -> str:
    return f"pick-{name}"


def _pick_data(key: str, models: Sequence[str], runs: Sequence[store.Run]) -> str:
    """The picker of a benchmark's data, where the chosen models have results on several; empty for the newest."""
    copies = catalogue.copies_of_data([run for run in runs if run.label in models], key)
    if len(copies) < 2:
        return ""
    name, offered = _data_name(key), {_NEWEST: "Newest result of each model", **copies}
    _set_from_url(name, list(offered), [_NEWEST])
    chosen = st.selectbox(
        f"Data of {key}",
        list(offered),
        format_func=offered.__getitem__,
        key=_widget(name),
        on_change=_put_into_url,
        args=(name,),
        help="There are results on several copies or versions of these data.",
    )
    return "" if chosen in (None, _NEWEST) else chosen


def _data_name(key: str) -> str:
    return f"data-{paths.slug(key)}"


def _set_from_url(
    name: str,
    options: Sequence[str],
    default: Sequence[str],
    *,
    many: bool = False,
    aliases: Mapping[str, str] | None = None,
) -> None:
    """Set a picker of all pages from the URL, else as it was on the page before, else to its default.

    Streamlit's own binding loses a value that came with the URL at the first switch of pages; so pickers that all pages
    share are kept here, and the URL is completed after a switch. What does not exist is left out.
    """
    asked = st.query_params.get_all(name) or st.session_state.get(f"kept-{name}", default)
    asked = [each if each in options else (aliases or {}).get(each, each) for each in asked]
    valid = [each for each in dict.fromkeys(asked) if each in options][: MOST_MODELS if many else 1] or list(default)
    st.session_state[_widget(name)] = valid if many else valid[0]
    _remember(name, valid, valid == list(default))


def _put_into_url(name: str) -> None:
    content = st.session_state[_widget(name)]
    _remember(name, content if isinstance(content, list) else [content], is_default=False)


def _remember(name: str, values: list[str], is_default: bool) -> None:
    st.session_state[f"kept-{name}"] = values
    if values != st.query_params.get_all(name) and not (is_default and name not in st.query_params):
        # A widget of the page just left may hold the name until this run has ended; the next run writes it.
        with suppress(StreamlitAPIException):
            st.query_params[name] = values


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
        for model, key in gaps[:12]:
            offer_run(model, key, choice)
        if len(gaps) > 12:
            st.caption(f"… and {len(gaps) - 12} more.")


def offer_run(model: str, key: str, choice: Choice) -> None:
    """A line on a result that is not there, with what to do: get the data, then run it."""
    known = choice.known.get(model)
    source = known.source if known else model
    has_data = cached.benchmark(key, choice.data_home) is not None
    st.markdown(f"**{escaped(model)}** on {code(key)}" + ("" if has_data else " · its images are not on this machine"))
    if not has_data:
        st.caption(escaped(catalogue.benchmark_class(key).how_to_get))
    elif paths.read_only():
        return
    elif (paths.REPO / RUNS_PAGE).is_file():
        link("Run it", RUNS_PAGE, [("model", source), ("benchmark", key)])
        return
    data = "" if has_data else " --data DIR"
    st.code(f"python -m core evaluate --model {source} --benchmark {key}{data}", language="bash", wrap_lines=True)
