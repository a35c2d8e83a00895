"""Images of one's own: a folder and a table, what is understood of them at once, and the way to the first heatmap."""

from __future__ import annotations

import re
from dataclasses import astuple, dataclass, replace

import streamlit as st

from core import paths
from core.benchmarks import published_benchmarks
from core.errors import OffcenterError
from core.own import entries
from core.own.add import keep, understand
from core.own.classes import PUBLISHED
from core.own.understood import Understood
from core.wording import count, escaped
from pages.shared.data import evaluating, given, understanding
from pages.shared.page import address

#: Name in the URL of the set that was added.
ADDED = "added"
_TABLES = (".csv", ".tsv", ".txt", ".parquet", ".jsonl", ".ndjson", ".json")
#: Of these, the endings of files that lie beside images as a table of them.
_PLAINLY_TABLES = (".csv", ".tsv", ".parquet", ".jsonl")
_CLASSES = (".txt", ".json", ".csv")
_FOLDER, _TABLE, _NAME, _LIST = "own-folder", "own-table", "own-name", "own-classes"
#: What was chosen to be other than it looks, and what was kept, of this session.
_KINDS, _KEPT = "own-kinds", "own-kept"
#: Seconds for which what was understood may be old, unless the folder, the table or the list changes.
_FRESH_S = 60
_FOLDER_HELP = "On this machine, at any depth; images stay where they are. Folders may be named by class."
_TABLE_HELP = (
    "A row an image: `file`, and `label` (an index, a WordNet id, or a name; several parted by `|`). Every other "
    "column is a factor; `mask`, `cluster`, `split` and `weight` are known. CSV, TSV, Parquet, JSON lines, or the JSON "
    "of COCO or FiftyOne. Without a table, folders are named by class."
)
_LIST_HELP = (
    f"For models with other classes than ImageNet's: a file with a name a line, in the order of the model's output; or "
    f"{PUBLISHED[1]}. Empty for ImageNet's 1,000."
)


@dataclass(frozen=True)
class _Asked:
    """What stands in the form."""

    name: str
    folder: str
    table: str
    classes: str
    kinds: tuple[tuple[str, str], ...] = ()
    cluster: str = ""

    @property
    def source(self) -> tuple[str, str]:
        """What columns are of."""
        return self.folder, self.table


def show() -> None:
    """Draw the form, what was understood, and what comes after it is added; nothing in a demo."""
    if paths.read_only():
        return
    added = next(iter(address.asked(ADDED)), "")
    is_kept, asked, found = False, None, None
    try:
        asked = _fields()
        if asked is not None:
            is_kept = asked.name == added and st.session_state.get(_KEPT) == _form(asked)
            # Once it is kept, what comes next is to be seen, and this on demand.
            with st.expander("What was understood") if is_kept else st.container():
                found = _understood(asked)
    except OffcenterError as error:
        given.problem(error)
        if asked is not None and not asked.table:
            st.caption("Without a table, folders are named by class: name a table above if they are not.")
    if found is not None and not is_kept:
        _add(found, asked)
    if added and (asked is None or is_kept):
        evaluating.show(added)


def _form(asked: _Asked) -> tuple[object, ...]:
    """Everything that is chosen, and how old the files are that it was chosen for."""
    return *astuple(asked), *understanding.chosen(), given.version(asked.table), given.version(asked.classes)


def _fields() -> _Asked | None:
    """The fields; None where no folder is named."""
    left, right = st.columns(2, gap="medium")
    with left:
        folder = given.folder("Folder of images", _FOLDER, _FOLDER_HELP)
    given.propose(_TABLE, _only_table(folder))
    given.propose(_NAME, _name_for(folder))
    with right:
        table = given.file("Table", _TABLE, _TABLES, "none: folders are named by class", _TABLE_HELP)
    left, right = st.columns(2, gap="medium")
    with left:
        name = st.text_input("Name", key=_NAME, max_chars=64, help="What it is called on all pages, and in commands.")
    with right:
        classes = given.file("List of classes", _LIST, _CLASSES, "ImageNet's 1,000", _LIST_HELP)
    if not folder:
        return None
    source, kinds = st.session_state.get(_KINDS, (None, {}))
    asked = _Asked(name.strip() or _name_for(folder), folder, table, classes)
    return replace(asked, kinds=tuple(kinds.items())) if source == asked.source else asked


def _only_table(folder: str) -> str:
    """The table in a folder if there is one and no other."""
    if not folder or "://" in folder:
        return ""
    try:
        there = [path for path in paths.place(folder).iterdir() if path.suffix.lower() in _PLAINLY_TABLES]
    except (OSError, OffcenterError):
        return ""
    visible = [path for path in there if not path.name.startswith(".")]
    return str(visible[0]) if len(visible) == 1 else ""


def _name_for(folder: str) -> str:
    """A name for the images of a folder: the folder's own, or one like it that is not taken."""
    plain = re.sub(r"[^A-Za-z0-9]+", "-", folder.rstrip("/").rpartition("/")[2]).strip("-").lower()[:56]
    if not plain:
        return ""
    root, known = str(paths.place(folder)), {each.name: each.root for each in entries.entries()[0]}
    for name in (plain, f"my-{plain}", *(f"{plain}-{number}" for number in range(2, 100))):
        try:
            entries.require_name(name, published_benchmarks())
        except OffcenterError:
            continue
        if known.get(name, root) == root:
            return name
    return plain


def _understood(asked: _Asked) -> Understood | None:
    """What is understood, with what is chosen of columns; a choice that cannot be is taken back, and why is said."""
    plain = replace(asked, kinds=())
    refused: OffcenterError | None = None
    while True:
        try:
            found = _read(asked)
            break
        except OffcenterError as error:
            if not asked.kinds:
                raise
            refused = refused or error
            asked = replace(asked, kinds=asked.kinds[:-1])
            st.session_state[_KINDS] = (asked.source, dict(asked.kinds))
    columns = understanding.columns_of(_read(plain))
    understanding.numbers(found)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        cluster = understanding.pick_cluster(columns, _read(plain).columns.get("cluster", ""))
        leave_out = understanding.pick_leave_out(found)
    if cluster:
        found = _read(replace(asked, cluster=cluster))
    if refused is not None:
        given.problem(refused)
    found = replace(found, leave_out=leave_out)
    understanding.said(found)
    understanding.factors(found, dict(asked.kinds), lambda kinds: _override(asked, kinds))
    return found


def _override(asked: _Asked, kinds: dict[str, str]) -> None:
    st.session_state[_KINDS] = (asked.source, kinds)


def _read(asked: _Asked) -> Understood:
    versions = tuple(map(given.version, (asked.folder, asked.table, asked.classes)))
    found = _remembered(asked, versions)
    return replace(found, replaces=asked.name in entries.names())


@st.cache_resource(ttl=_FRESH_S, max_entries=16, show_spinner="Looking through the folder …")
def _remembered(asked: _Asked, versions: tuple[given.Version, ...]) -> Understood:
    del versions
    return understand(
        asked.name,
        asked.folder,
        asked.table or None,
        published=published_benchmarks(),
        factors=[f"{column}:{kind}" for column, kind in asked.kinds],
        cluster=asked.cluster,
        classes=asked.classes or None,
    )


def _add(found: Understood, asked: _Asked) -> None:
    """The button that keeps it."""
    others = entries.entry(found.name).root if found.replaces and found.name not in entries.damaged() else ""
    if found.replaces:
        where = f", whose images are in {escaped(others)}" if others else ""
        st.warning(
            f"There is a set called **{escaped(found.name)}**{where}. Adding this puts it in its place; results stay. "
            "Choose another name to keep both.",
            icon=":material/swap_horiz:",
        )
    label = f"{'Replace' if found.replaces else 'Add'} {found.name} ({count(len(found.samples), 'image')})"
    hint = "" if found.is_ready else "Some rows cannot be used: correct the table, or leave them out."
    if not st.button(escaped(label), key="own-add", type="primary", icon=":material/add:", disabled=not found.is_ready,
                     help=hint or None):  # fmt: skip
        return
    try:
        keep(found)
    except OffcenterError as error:
        given.problem(error)
        return
    st.session_state[_KEPT] = _form(asked)
    address.put(**{ADDED: found.name})
    st.rerun()
