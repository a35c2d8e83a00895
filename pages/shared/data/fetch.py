"""Fetching from the page: licence, size and room are shown, then a job is queued; nothing is asked of a server before.

What a person must accept is told in steps, with a field for the file that came of them.
"""

from __future__ import annotations

import html
from pathlib import Path
from typing import Any, NoReturn

import streamlit as st

from core import jobs, paths
from core.benchmarks import benchmark_class, listing
from core.errors import OffcenterError, UsageError
from core.getting import addresses
from core.getting import fetch as getting
from core.getting.addresses import Entry
from core.getting.download import Patience
from core.getting.meter import size
from core.getting.plans import Nothing, Plan
from core.jobs.kinds.fetch import Fetch
from core.wording import code, escaped, linked
from pages.shared.data import beside
from pages.shared.page import address, frame, text

#: Nobody looks longer than this at a page that asks for a size; seconds.
_QUICK = Patience(connect=3, read=5, tries=1)
#: Name in the URL of what is to be fetched.
FETCH = "fetch"


def entries_of(key: str) -> list[Entry]:
    """What can be fetched for a benchmark: its data, and files that its description names."""
    how_to_get = benchmark_class(key).how_to_get
    return [
        entry
        for entry in addresses.known().values()
        if key in (entry.key, entry.benchmark)
        or (not entry.benchmark and any(file.name in how_to_get for file in entry.files))
    ]


def offer(key: str) -> None:
    """What can be fetched for a benchmark: one of several, and what that is.

    Args:
        key: Of the benchmark; nothing is drawn where nothing is known for it.
    """
    found = {entry.key: entry for entry in entries_of(key)}
    if not found:
        return
    chosen = next(iter(found))
    if len(found) > 1:
        chosen = st.radio(
            "What to fetch",
            list(found),
            format_func=lambda name: f"{found[name].title} ({name})",
            key=f"fetch-of-{key}",
            label_visibility="collapsed",
        )
    _one(chosen, found[chosen])


def by_name() -> None:
    """A field for anything that can be fetched: what is known, or ``model:`` and a model's name."""
    known = addresses.known()
    chosen = st.selectbox(
        "Data set, labels or model",
        list(known),
        format_func=lambda name: f"{name}: {known[name].title}" if name in known else name,
        accept_new_options=True,
        placeholder="Choose, or type model:resnet50.a1_in1k, model:owner/name",
        **address.free(FETCH),
    )
    name = (chosen or "").strip()
    if not name:
        return
    if name in known:
        _one(name, known[name], "by-name")
    elif name.startswith(addresses.MODEL):
        _model(name)
    else:
        try:
            addresses.find(name)
        except OffcenterError as error:
            text.problem(error)


def _one(key: str, entry: Entry, within: str = "") -> None:
    """An entry of the table: its plan where no server need be asked for it, else a button that asks."""
    given, url = _by_hand(entry, within)
    if _is_told(entry, given, url):
        _told(key, given, url, within)
    else:
        about = facts({"Licence": entry.licence, "Size": "the server has to be asked", "Note": entry.note})
        _asked(key, given, url, within, about)


def _model(name: str) -> None:
    if not name.removeprefix(addresses.MODEL).strip():
        text.problem(UsageError(f"'{name}' names no model: write {addresses.MODEL}resnet50.a1_in1k."))
    else:
        _asked(name, [], "", "model", "")


def _told(key: str, given: list[Path], url: str, within: str) -> None:
    """What fetching would do, where that is known here."""
    try:
        found = getting.plan(key, given, url, _QUICK)
    except OffcenterError as error:
        text.problem(error)
    else:
        _planned(found, given, url, within)


def _asked(key: str, given: list[Path], url: str, within: str, about: str) -> None:
    """What fetching would do, once a click has let a server be asked; the page does not wait for the answer."""
    work = "\n".join(("fetch", key, *map(str, given), url, str(paths.data_home())))
    found, label = None, "Ask for the size"
    try:
        found = beside.outcome(work)
        if found is None and beside.is_begun(work):
            return
    except Exception as error:
        text.problem(error)
        label = "Ask again"
    if found is not None:
        _planned(found, given, url, within)
        return
    if about:
        st.html(about)
    if st.button(label, key=f"fetch-ask-{within}-{key}", icon=":material/travel_explore:"):
        beside.begin(work, lambda: getting.plan(key, given, url, _QUICK), f"Asking for the size of {key}")
        st.rerun()


def _is_told(entry: Entry, given: list[Path], url: str) -> bool:
    """Whether its plan needs no server: sizes are known, it is given, a person must get it, or it is here already."""
    if entry.hub:
        return False
    return bool(entry.terms or given) or (entry.known_size is not None and not url)


def _by_hand(entry: Entry, within: str) -> tuple[list[Path], str]:
    """Files that a user has already, and another address of the file."""
    if entry.hub:
        return [], ""
    names = ", ".join(file.name for file in entry.files)
    if not names:
        return [], ""
    with st.popover("I have the file already", type="tertiary", icon=":material/draft:"):
        typed = st.text_area(
            f"Where {names} {'lies' if len(entry.files) == 1 else 'lie'}, one a line",
            key=f"fetch-given-{within}-{entry.key}",
            placeholder="/path/to/the/file",
            height=80,
            max_chars=4000,
        )
        url = ""
        if not entry.terms:
            url = st.text_input(
                "Or another address of it",
                key=f"fetch-address-{within}-{entry.key}",
                placeholder="https://",
                max_chars=2000,
            )
    return [Path(line.strip()) for line in typed.splitlines() if line.strip()], url.strip()


def _planned(found: Plan, given: list[Path], url: str, within: str) -> None:
    """What fetching would do, and the button that queues it."""
    if isinstance(found, Nothing):
        _steps(found)
        return
    if found.is_there:
        st.markdown(f":material/check: It is here already, in {code(found.folder)}.")
        return
    needs = "" if found.needs is None or found.needs == found.size else f", about {size(found.needs)} of disk"
    st.html(
        facts(
            {
                "What": found.title,
                "Licence": found.licence,
                "From": "\n".join(found.sources),
                "Size": f"{'the server does not say' if found.size is None else size(found.size)}{needs}",
                "To": f"{found.folder} ({size(found.free)} free)",
                "Note": found.note,
            }
        )
    )
    try:
        found.require_room()
    except OffcenterError as error:
        text.problem(error)
        return
    amount = "" if found.size is None else f" {escaped(size(found.size))}"
    if st.button(f"Fetch{amount} under this licence", type="primary", key=f"fetch-start-{within}-{found.key}",
                 icon=":material/download:"):  # fmt: skip
        queue(Fetch(found.key, tuple(map(str, given)), url))


def _steps(found: Nothing) -> None:
    """What a person has to do."""
    st.html(facts({"Licence": found.licence, "Note": found.note}))
    st.markdown("It cannot be fetched for you, because a person must accept its terms:")
    steps = "".join(f"<li>{linked(step)}</li>" for step in found.steps)
    st.html(f'<ol class="oc-small">{steps}</ol>')


def facts(rows: dict[str, str]) -> str:
    """Names and what they are as a list; those that are empty are left out."""
    lines = "".join(
        f"<dt>{html.escape(name)}</dt><dd>{'<br>'.join(map(linked, listing.shown(said).splitlines()))}</dd>"
        for name, said in rows.items()
        if said
    )
    return f'<dl class="oc-facts">{lines}</dl>'


def queue(arguments: Any) -> None:
    """Queue a job and go to where its progress stands.

    Args:
        arguments: Of one of ``core.jobs.kinds``.
    """
    try:
        job = jobs.submit(arguments)
    except OffcenterError as error:
        text.problem(error)
        return
    _to_runs(job.id)


def _to_runs(job: str) -> NoReturn:
    st.switch_page(frame.RUNS_PAGE, query_params={"job": job})
