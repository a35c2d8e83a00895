"""What is there: read now and then, and the benchmarks as a table of which one row can be picked.

The picked benchmark is the address's ``cell``, as everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import streamlit as st

from core import paths
from core.benchmarks import listing
from core.getting import freeing, meter, plans
from core.getting import status as statuses
from core.getting.freeing import Freeable
from core.getting.status import Status
from core.own import entries
from core.wording import count
from pages.shared.page import place
from pages.shared.page.place import Cell

#: Seconds for which what is said may be old, unless a folder was remembered or data were added meanwhile.
_FRESH_S = 5
_STATES = {"present": "● ready", "partial": "◐ partial", "missing": "– missing"}
_KINDS = {"own": "yours", "embedded": "with the project", "published": "published"}
_KEY, _SHOWN = "data-benchmarks", "data-benchmarks-shown"
_HEIGHT_PX = 420


@st.cache_data(ttl=_FRESH_S, max_entries=4, show_spinner="Looking at what is here …")
def _now(data_home: str, is_demo: bool, stamp: object) -> tuple[Status, list[Freeable]]:
    del data_home, is_demo, stamp
    return statuses.status(), [*freeing.results(), *freeing.downloads()]


def _look() -> tuple[Status, list[Freeable]]:
    home = paths.data_home()
    try:
        settings = (home / "settings.json").stat().st_mtime_ns
    except OSError:
        settings = 0
    return _now(str(home), paths.read_only(), (settings, *entries.names()))


def now() -> Status:
    """What is there; see ``core.getting.status``."""
    return _look()[0]


def freeable() -> list[Freeable]:
    """What can be moved to the trash; see ``core.getting.freeing``."""
    return _look()[1]


def forget() -> None:
    """Look again, since something was changed."""
    _now.clear()


def finding(found: Status) -> str:
    """How things stand, in a sentence of Markdown."""
    states = found.benchmarks["state"]
    ready, partial = int((states == "present").sum()), int((states == "partial").sum())
    n_bytes, is_whole = disk(found)
    own = int((found.benchmarks["kind"] == "own").sum())
    beside = [f"{own} of them your own"] * bool(own) + [f"{count(partial, 'more')} in part"] * bool(partial)
    said = f" ({', '.join(beside)})" if beside else ""
    return (
        f"**{ready} of {count(len(found.benchmarks), 'benchmark')}** ready here{said}, "
        f"{count(len(found.models), 'model')} and {count(len(found.results), 'result')}: "
        f"{'' if is_whole else 'at least '}**{meter.size(n_bytes)}** of disk, "
        f"{meter.size(plans.free(paths.data_home()))} free."
    )


def disk(found: Status) -> tuple[int, bool]:
    """Bytes of all that is listed, each folder once, and whether all of them were counted."""
    rows = [
        (Path(folder), int(row["n_bytes"] or 0), bool(row["at_least"]))
        for table, column in (
            *((found.benchmarks, "folder"), (found.models, "folder"), (found.results, "folder")),
            *((found.downloads, "folder"), (found.trash, "path")),
        )
        for row in table.to_dict("records")
        if isinstance(folder := row[column], str)
    ]
    sizes = {path: (n_bytes, is_part) for path, n_bytes, is_part in rows}
    outer = [path for path in sizes if not any(above in sizes for above in path.parents)]
    return sum(sizes[path][0] for path in outer), not any(sizes[path][1] for path in outer)


def number(n: int | None, at_least: bool = False) -> str:
    """``at least 1,200``; a dash for what is not known."""
    return "–" if n is None else f"{'at least ' * at_least}{n:,}"


def size(n_bytes: int | None, at_least: bool = False) -> str:
    """``at least 3.5 GB``; a dash for what is not known."""
    return "–" if n_bytes is None else f"{'at least ' * at_least}{meter.size(n_bytes)}"


def printable(table_: pd.DataFrame) -> pd.DataFrame:
    """A table whose texts can be sent: bytes of a file's name that are no UTF-8 are escaped."""
    texts = [name for name in table_ if not pd.api.types.is_numeric_dtype(table_[name])]
    return table_.assign(
        **{
            str(name): [listing.shown(content) if isinstance(content, str) else content for content in table_[name]]
            for name in texts
        }
    )


def table(found: Status) -> None:
    """The benchmarks; a click on a row puts it into the address.

    Args:
        found: What is there.
    """
    rows = _ordered(found.benchmarks)
    keys = rows["key"].tolist()
    cell = place.chosen_cell()
    chosen = cell.benchmark if cell is not None and cell.benchmark in keys else ""
    shown = pd.DataFrame(
        {
            "Benchmark": rows["key"],
            "State": rows["state"].map(_STATES),
            "Images": rows["n_images"].astype("Int64"),
            "Disk": rows["n_bytes"].astype("Int64"),
            "Results": rows["runs"].astype("Int64"),
            "Whose": rows["kind"].map(_KINDS),
            "Title": rows["title"],
            **({} if paths.read_only() else {"Folder": rows["folder"]}),
        }
    )
    columns = st.column_config
    key = _widget(chosen, keys)
    st.dataframe(
        printable(shown),
        hide_index=True,
        width="stretch",
        height=_HEIGHT_PX,
        key=key,
        on_select=lambda: _picked(key, keys),
        selection_mode="single-row",
        selection_default={"selection": {"rows": [keys.index(chosen)] if chosen else []}},
        placeholder="–",
        column_config={
            "Benchmark": columns.TextColumn(pinned=True),
            "Images": columns.NumberColumn(format="localized"),
            "Disk": columns.NumberColumn(format="bytes"),
        },
    )
    if found.benchmarks["at_least"].any():
        st.caption(
            "Counting stopped after a second, so images and disk are at least what is said; `python -m core data "
            "status --whole` counts to the end."
        )


def _ordered(benchmarks: pd.DataFrame) -> pd.DataFrame:
    """One's own first, then what is ready, in part and missing."""
    ranks = list(_STATES)
    order = sorted(
        range(len(benchmarks)),
        key=lambda at: (benchmarks["kind"].iloc[at] != "own", ranks.index(benchmarks["state"].iloc[at])),
    )
    return benchmarks.iloc[order].reset_index(drop=True)


def _widget(chosen: str, keys: Sequence[str]) -> str:
    """The table's key: another one where it shows another choice than the address, so that it begins anew."""
    known = st.session_state.get(_SHOWN)
    number_ = known[0] if known else 0
    if known is not None and known[1:] != (chosen, tuple(keys)):
        number_ += 1
    st.session_state[_SHOWN] = (number_, chosen, tuple(keys))
    return f"{_KEY}-{number_}"


def _picked(key: str, keys: Sequence[str]) -> None:
    rows = st.session_state.get(key, {}).get("selection", {}).get("rows", [])
    chosen = keys[rows[0]] if rows else ""
    known = st.session_state[_SHOWN]
    st.session_state[_SHOWN] = (known[0], chosen, known[2])
    place.choose_cell(Cell(chosen, {}) if chosen else None)
