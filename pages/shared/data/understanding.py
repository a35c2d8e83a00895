"""What was understood of a folder and a table, before it is kept: numbers, problems, and factors with their kinds."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import pandas as pd
import streamlit as st

from core.own.classes import PUBLISHED
from core.own.factors import OwnFactor
from core.own.kinds import KINDS
from core.own.understood import Understood
from core.wording import count, escaped
from pages.shared.data import given

_CLUSTER, _LEAVE_OUT, _EDITOR, _EDITED = "own-cluster", "own-leave-out", "own-factors", "own-factors-edited"
_KIND = "kind"
#: Sentences of one sort that are shown at once.
_SHOWN = 4
_CLUSTER_HELP = (
    "Images of one value are not independent: of one object, session, camera or site. Intervals are then over these."
)
_KIND_HELP = (
    "What its values are; choose another if it was taken for the wrong one: `numeric` runs along an axis, `circular` "
    "around a ring, in degrees; `set` has several values parted by `|`."
)


def chosen() -> tuple[object, ...]:
    """What is chosen here of how it would be kept: the column of clusters, and whether rows are left out."""
    return st.session_state.get(_CLUSTER) or "", bool(st.session_state.get(_LEAVE_OUT))


def numbers(found: Understood) -> None:
    """Rows, images, labels, and what can be used."""
    missing = found.n_rows - found.n_images
    form = "folders named by class" if found.table is None else f"{found.table.name}, {found.form}"
    space = found.label_space if found.label_space in PUBLISHED else f"your list of {len(found.classes):,}"
    unknown = found.n_rows - found.n_labelled
    left_out = found.n_left_out
    given.tiles(
        [
            ("Rows" if found.table else "Images", f"{found.n_rows:,}", form),
            ("Images found", f"{found.n_images:,}", f"{missing:,} missing" if missing else "none missing"),
            (
                "Labels understood",
                f"{found.n_labelled:,}",
                f"{unknown:,} not" if unknown else f"{count(found.n_classes, 'class', 'classes')} of {space}",
            ),
            ("Can be used", f"{len(found.samples):,}", f"{left_out:,} cannot" if left_out else "all"),
        ]
    )


def columns_of(found: Understood) -> list[str]:
    """The columns that tell something of images: those of factors, and the one that clusters are told by."""
    own = [each.column for each in found.factors if each.factor.name != "class" and not each.is_derived]
    return list(dict.fromkeys([*own, *([found.columns["cluster"]] if "cluster" in found.columns else [])]))


def pick_cluster(columns: Sequence[str], usual: str) -> str:
    """The column that tells which images are not independent; empty for the usual one.

    Args:
        columns: That may be it.
        usual: That is it by its name; empty where none is.
    """
    options = [usual, *(column for column in columns if column != usual)]
    if st.session_state.get(_CLUSTER) not in options:
        st.session_state[_CLUSTER] = usual
    chosen = st.selectbox(
        "Images of one … are not independent", options, key=_CLUSTER, width=300, help=_CLUSTER_HELP,
        format_func=lambda column: column or "none: each image is its own",
    )  # fmt: skip
    return "" if chosen in (None, usual) else chosen


def pick_leave_out(found: Understood) -> bool:
    """Whether to go on without the rows that cannot be used; asked only where there are any."""
    if not found.n_left_out:
        return False
    return st.toggle(f"Leave out the {count(found.n_left_out, 'row')} that cannot be used", key=_LEAVE_OUT)


def said(found: Understood) -> None:
    """What keeps rows from being used, and what else a user should know."""
    for text in found.problems:
        (st.info if found.leave_out else st.warning)(
            escaped(given.in_form(text[:1].upper() + text[1:])), icon=":material/rule:"
        )
    _list(found.notes, ":material/info:")


def factors(found: Understood, kinds: Mapping[str, str], override: Callable[[dict[str, str]], None]) -> None:
    """The factors, with kinds that can be changed in place.

    Args:
        found: What was understood.
        kinds: What was chosen before, by column.
        override: Told the kinds by column once one is changed.
    """
    own = [each for each in found.factors if not each.is_derived and each.factor.name != "class"]
    if not own:
        st.caption("There is no column that is a factor: accuracy will be by class. Facts such as brightness can be "
                   "computed from the images later.")  # fmt: skip
        return
    rows = pd.DataFrame(
        {
            "factor": [each.column for each in own],
            _KIND: [kinds.get(each.column, each.read_as) for each in own],
            "values": [each.n_values for each in own],
            "missing": [each.n_missing for each in own],
            "examples": [", ".join(_examples(found, each)) for each in own],
        }
    )
    # Each change makes another table, which begins without what was typed into the one before.
    key = f"{_EDITOR}-{st.session_state.get(_EDITED, 0)}"
    columns = [each.column for each in own]
    st.data_editor(
        rows,
        key=key,
        hide_index=True,
        width="stretch",
        disabled=["factor", "values", "missing", "examples"],
        column_config={
            "factor": st.column_config.TextColumn("Factor", pinned=True),
            _KIND: st.column_config.SelectboxColumn("Kind", options=list(KINDS), required=True, help=_KIND_HELP),
            "values": st.column_config.NumberColumn("Values", format="localized"),
            "missing": st.column_config.NumberColumn("Missing", format="localized"),
            "examples": st.column_config.TextColumn("Examples"),
        },
        on_change=_changed,
        args=(key, columns, dict(kinds), override),
    )
    derived = [each.factor.label for each in found.factors if each.is_derived]
    if derived:
        st.caption(escaped(f"Made of these beside them: {', '.join(derived)}."))
    _list([given.in_form(text) for text in found.warnings], ":material/warning:")


def _examples(found: Understood, own: OwnFactor) -> tuple[str, ...]:
    """Some values; of dates as dates, not as the fractions of years that curves run along."""
    dated = (each.examples for each in found.factors if each.column == own.column and each.factor.kind == "category")
    return next(dated, own.examples) if own.read_as == "date" else own.examples


def _changed(
    key: str, columns: Sequence[str], kinds: dict[str, str], override: Callable[[dict[str, str]], None]
) -> None:
    for row, change in st.session_state[key]["edited_rows"].items():
        column = columns[int(row)]
        # The last that was chosen stands last.
        kinds.pop(column, None)
        if change.get(_KIND):
            kinds[column] = change[_KIND]
    st.session_state[_EDITED] = st.session_state.get(_EDITED, 0) + 1
    override(kinds)


def _list(texts: Sequence[str], icon: str) -> None:
    """Sentences in small print, the first of many at once."""
    lines = [f"{icon} {escaped(text[:1].upper() + text[1:] if ': ' not in text else text)}" for text in texts]
    if not lines:
        return
    st.caption("  \n".join(lines[:_SHOWN]))
    if len(lines) > _SHOWN:
        with st.popover(f"{len(lines) - _SHOWN} more", type="tertiary"):
            st.caption("  \n".join(lines[_SHOWN:]))
