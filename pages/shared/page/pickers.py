"""The pickers of the sidebar, which all pages share: benchmark, models, and which data where there are several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core import paths, store
from core.answers import catalogue
from core.answers.catalogue import KnownModel
from core.wording import code, escaped
from pages.shared.page import address

MODELS, BENCHMARK = "models", "benchmark"
MOST_MODELS = 4
_NEWEST = "newest"
#: In a session: the benchmark of a page before that another page could not show, and what that page showed instead.
_INSTEAD = "oc-benchmark-instead"


def needed_for(benchmark: str, offered: Mapping[str, str], needed: Mapping[str, Sequence[str]]) -> list[str]:
    """Keys of the benchmarks that the page shows for a choice; of all choices where there is no picker."""
    if benchmark:
        return list(needed.get(benchmark, (benchmark,)))
    return [key for each in offered for key in needed.get(each, (each,))]


def benchmark(
    offered: Mapping[str, str], needed: Mapping[str, Sequence[str]], runs: Sequence[store.Run], key: str
) -> str:
    """The benchmark picker; those with complete results come first, then those with partial ones.

    Args:
        offered: Label by what can be chosen.
        needed: Keys of benchmarks by what can be chosen; each is its own by default.
        runs: All stored results.
        key: Name in the address.
    """
    if not offered:
        return ""
    complete = {run.benchmark for run in runs if run.complete}
    partial = {run.benchmark for run in runs} - complete

    def rank(each: str) -> tuple[bool, bool]:
        keys = set(needed.get(each, (each,)))
        return not complete & keys, not partial & keys

    order = sorted(offered, key=rank)
    kept = _came_along(key, offered)
    same = [each for each in order if kept and catalogue.family_of(each) == catalogue.family_of(kept)]
    chosen = st.selectbox(
        "Benchmark",
        order,
        format_func=offered.__getitem__,
        help="Only what this page can show.",
        **address.one(key, order, (same or order)[0], kept=True),
    )
    chosen = chosen or order[0]
    if kept and not same and kept not in order and not address.asked(key):
        st.session_state[_INSTEAD] = (kept, chosen)
    return chosen


def _came_along(key: str, offered: Mapping[str, str]) -> str:
    """The benchmark of the page before; of the one before that, where the page before could not show it."""
    kept = address.kept(key)
    left, instead = st.session_state.get(_INSTEAD, ("", ""))
    if left in offered and kept == instead and not address.asked(key):
        st.session_state[f"kept-{key}"] = [left]
        return left
    return kept


def models(
    known: Mapping[str, KnownModel], keys: Sequence[str], runs: Sequence[store.Run], *, shown: bool = True
) -> tuple[str, ...]:
    """The model picker; models with complete results on what the page shows come first, partial ones are marked.

    Args:
        known: Models by label.
        keys: Benchmarks of the page.
        runs: All stored results.
        shown: Whether there is a picker at all.
    """
    there = [run for run in runs if run.benchmark in keys]
    complete = {run.label for run in there if run.complete}
    partial = {run.label: run.n_done / run.n_samples for run in there if run.label not in complete and run.n_samples}
    order = sorted(known, key=lambda name: (name not in complete, name not in partial, not known[name].benchmarks))
    if not order:
        st.caption("No model yet: no result is stored and no model folder was found.")
        return ()

    if not shown:
        return tuple(name for name in st.session_state.get(f"kept-{MODELS}", []) if name in known) or (order[0],)

    def label(name: str) -> str:
        return f"{name} · {partial[name]:.0%} done" if name in partial else name

    chosen = st.multiselect(
        "Models",
        order,
        format_func=label,
        max_selections=MOST_MODELS,
        placeholder="Choose one to four",
        help="Up to four. The first one is described in sentences; the second is compared with it.",
        **address.many(MODELS, order, order[:1], most=MOST_MODELS, aliases=_aliases(runs), kept=True),
    )
    return tuple(chosen) or (order[0],)


def _aliases(runs: Sequence[store.Run]) -> dict[str, str]:
    """Label by short name, for links from before another model of the same name."""
    return {run.model: run.label for run in reversed(runs)}


def data(key: str, chosen_models: Sequence[str], runs: Sequence[store.Run]) -> str:
    """The picker of a benchmark's data, where the chosen models have results on several; empty for the newest."""
    copies = catalogue.copies_of_data([run for run in runs if run.label in chosen_models], key)
    if len(copies) < 2:
        return ""
    offered = {_NEWEST: "Newest result of each model", **copies}
    chosen = st.selectbox(
        f"Data of {key}",
        list(offered),
        format_func=offered.__getitem__,
        help="There are results on several copies or versions of these data.",
        **address.one(data_name(key), list(offered), _NEWEST, kept=True),
    )
    return "" if chosen in (None, _NEWEST) else chosen


def data_name(key: str) -> str:
    """What the data of a benchmark are called in the address."""
    return f"data-{paths.slug(key)}"


def pinned(runs: Sequence[store.Run]) -> tuple[str, ...]:
    """Beginnings of the identities that the address names and that are stored here."""
    return tuple(each for each in _named() if any(run.identity.startswith(each) for run in runs))


def gone(
    offered: Mapping[str, str],
    known: Mapping[str, KnownModel],
    runs: Sequence[store.Run],
    key: str,
    lacks: str = "",
    shown: str = "",
) -> list[str]:
    """What the address names and the page cannot show, as Markdown: no link shows something else without a word.

    Args:
        offered: Label by what can be chosen.
        known: All models.
        runs: All stored results.
        key: Name of the choice in the address.
        lacks: What a benchmark that is here and not offered lacks, to complete its name.
        shown: What is chosen instead.
    """
    here = pinned(runs)
    results = [code(each) for each in _named() if each not in here]
    aliases = _aliases(runs)
    missing = [code(name) for name in address.asked(MODELS) if name not in known and name not in aliases]
    others = [each for each in address.asked(key) if offered and each.lower() not in map(str.lower, offered)]
    left, instead = st.session_state.get(_INSTEAD, ("", ""))
    if lacks and offered and left and left not in (*offered, *others) and instead == shown:
        others.append(left)
    elsewhere = {benchmark.lower() for benchmark in catalogue.known_benchmarks()} if lacks and others else set()
    missing += [code(each) for each in others if each.lower() not in elsewhere]
    said = [
        f"{code(each)} {lacks}; the page shows {escaped(offered.get(shown, shown))} instead."
        for each in others
        if each.lower() in elsewhere
    ]
    if missing:
        said.append(f"The link names {', '.join(missing)}, which is not here; the page shows what is.")
    if results:
        what = "a result that is" if len(results) == 1 else "results that are"
        said.append(
            f"The link rests on {what} not stored here ({', '.join(results)}): deleted, or made on another machine. "
            "Numbers on this page are of other results."
        )
    return said


def _named() -> list[str]:
    return [each for text in address.asked(address.RESULTS) for each in text.split(".") if len(each) >= 8]
