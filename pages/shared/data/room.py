"""Models, results and downloads with what they take, and the trash: nothing is moved or deleted without being asked."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from core import paths
from core.benchmarks import listing
from core.errors import OffcenterError
from core.getting import freeing
from core.getting.freeing import Freeable
from core.getting.status import Status
from core.wording import count, escaped
from pages.shared.data import status
from pages.shared.page import cached, text

_SOURCES = {
    "embedded": "with the project",
    "folder": "a folder",
    "hub": "the hub's cache",
    "results alone": "results alone",
}
_HEIGHT_PX = 320
_FREE, _EMPTY = "free-asked", "empty-asked"
#: Questions name so many things.
_SHOWN = 6


def models(found: Status) -> None:
    """The models with where they are, what they take, and how many results they have."""
    rows = found.models
    shown = pd.DataFrame(
        {
            "Model": rows["name"],
            "Where": rows["source"].map(_SOURCES),
            "Disk": rows["n_bytes"].astype("Int64"),
            "Results": rows["runs"].astype("Int64"),
            **({} if paths.read_only() else {"Folder": rows["folder"]}),
        }
    )
    _table(shown, "data-models")


def results(found: Status) -> None:
    """The stored results and the downloads."""
    rows = found.results
    shown = pd.DataFrame(
        {
            "Benchmark": rows["benchmark"],
            "Model": rows["model"],
            "View": rows["view"],
            "Images": [f"{status.number(row.n_done)} of {row.n:,}" for row in rows.itertuples()],
            "State": rows["state"],
            "Disk": rows["n_bytes"].astype("Int64"),
            "Identity": rows["identity"],
            "Updated": [str(moment)[:10] for moment in rows["updated"]],
            "Whose": ["with the project" if each else "yours" for each in rows["embedded"]],
        }
    )
    if len(shown):
        _table(shown, "data-results")
    else:
        st.caption("There is no result yet.")
    if len(found.downloads):
        rows = found.downloads
        files = [status.number(row.n_files, row.at_least) for row in rows.itertuples()]
        st.markdown("**Downloads**")
        _table(
            pd.DataFrame({"Download": rows["name"], "Files": files, "Disk": rows["n_bytes"].astype("Int64")}),
            "data-downloads",
        )


def _table(shown: pd.DataFrame, key: str) -> None:
    height: Any = _HEIGHT_PX if len(shown) > 8 else "auto"
    disk = {"Disk": st.column_config.NumberColumn(format="bytes")}
    told = status.printable(shown)
    st.dataframe(told, hide_index=True, width="stretch", height=height, key=key, placeholder="–", column_config=disk)


def free(found: Status) -> None:
    """Pick results and downloads of one's own; they are moved to the trash once that was asked.

    Args:
        found: What is there.
    """
    known = {str(each.path): each for each in status.freeable()}
    if not known:
        st.caption("Results and downloads of your own can be moved to the trash here. There is none yet.")
        return
    sizes = _known_sizes(found)
    picked = st.multiselect(
        "Make room: results and downloads to move to the trash",
        list(known),
        format_func=lambda path: _named(known[path], sizes) if path in known else path,
        placeholder="Choose",
        key="free-picked",
    )
    chosen = [known[path] for path in picked if path in known]
    if st.button("Free …", icon=":material/delete:", disabled=not chosen, key="free-start"):
        st.session_state[_FREE] = tuple(picked)
    if chosen and st.session_state.get(_FREE) == tuple(picked):
        question = (
            f"Move {_listed([escaped(_named(each, sizes)) for each in chosen])} to the trash? Nothing is deleted yet."
        )
        _ask(_FREE, question, "Move to the trash", lambda: _freed(chosen))


def _known_sizes(found: Status) -> dict[str, tuple[int, bool]]:
    tables = (found.results, found.downloads)
    return {row.folder: (row.n_bytes, row.at_least) for table in tables for row in table.itertuples()}


def _named(each: Freeable, sizes: dict[str, tuple[int, bool]]) -> str:
    """``small on imagenet · 0977a8cf · 60 kB``."""
    if str(each.path) not in sizes:
        found = each.size()
        sizes[str(each.path)] = (found.n_bytes, not found.whole)
    # A result has a long name that is of use by its beginning alone.
    name = each.name[:8] if each.kind == "result" else each.name
    return listing.shown(f"{each.title} · {name} · {status.size(*sizes[str(each.path)])}")


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"{'; '.join(map(escaped, names[:_SHOWN]))}{more}"


def _freed(chosen: Sequence[Freeable]) -> str:
    """Move them; returns what was done."""
    for each in chosen:
        freeing.free(each)
    return f"{count(len(chosen), 'thing')} moved to the trash. Emptying it makes the room free."


def trash(found: Status) -> None:
    """What the trash holds, and a button that empties it once that was asked.

    Args:
        found: What is there.
    """
    rows = found.trash
    if rows.empty:
        st.caption("The trash is empty.")
        return
    shown = pd.DataFrame(
        {"Moved": rows["when"].map(_moment), "What": rows["title"], "Disk": rows["n_bytes"].astype("Int64")}
    )
    if not paths.read_only():
        shown = shown.assign(**{"It was": rows["origin"], "It is": rows["path"]})
    _table(shown, "data-trash")
    if paths.read_only():
        return
    _put_back(found)
    n_bytes, is_part = int(rows["n_bytes"].sum()), bool(rows["at_least"].any())
    if st.session_state.get(_EMPTY) == len(rows):
        question = (
            f"Delete {count(len(rows), 'thing')} for good ({status.size(n_bytes, is_part)})? Nothing of it comes back."
        )
        _ask(_EMPTY, question, "Delete for good", lambda: f"{count(freeing.empty_trash(), 'thing')} deleted.")


def _put_back(found: Status) -> None:
    """Pick what is moved back to where it was; nothing is lost by that, so that nobody is asked."""
    titles = dict(zip(found.trash["when"], found.trash["title"], strict=True))
    picked = st.multiselect(
        "Put back where it was",
        list(titles),
        format_func=lambda when: listing.shown(f"{titles.get(when, when)} · {_moment(when)}"),
        placeholder="Choose",
        key="restore-picked",
    )
    chosen = [when for when in picked if when in titles]
    with st.container(horizontal=True, gap="small"):
        back = st.button("Put back", icon=":material/restore_from_trash:", disabled=not chosen, key="restore-start")
        if st.button("Empty the trash …", icon=":material/delete_forever:", key="empty-start"):
            st.session_state[_EMPTY] = len(found.trash)
    if back:
        _do(lambda: _restored(chosen))


def _restored(chosen: Sequence[str]) -> str:
    """Move them back; returns what was done."""
    for when in chosen:
        freeing.restore(when)
    return f"{count(len(chosen), 'thing')} put back."


def _moment(when: str) -> str:
    """``20261127T150253-...`` as ``2026-11-27 15:02``."""
    return f"{when[:4]}-{when[4:6]}-{when[6:8]} {when[9:11]}:{when[11:13]}"


def _ask(key: str, question: str, yes: str, act: Callable[[], str]) -> None:
    """A question with two answers; what was done is said on the page afterwards."""
    st.warning(question, icon=":material/help:")
    with st.container(horizontal=True, gap="small"):
        agreed = st.button(yes, type="primary", key=f"{key}-yes")
        refused = st.button("Keep", key=f"{key}-no")
    if not (agreed or refused):
        return
    st.session_state.pop(key, None)
    if refused:
        st.rerun()
    _do(act)


def _do(act: Callable[[], str]) -> None:
    """Do it, and look at all anew; an error stays on the page in a line."""
    try:
        st.session_state["data-said"] = act()
    except OffcenterError as error:
        text.problem(error)
        return
    finally:
        status.forget()
        cached.forget_runs()
    st.rerun()
