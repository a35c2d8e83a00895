"""The form of a reviewer's own verdict on a mistake, and what follows it: the next mistake, or the one before again."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import pandas as pd
import streamlit as st

from core import paths
from core.mistakes import published
from pages.shared.mistakes import exchange, name, said, verdicts
from pages.shared.mistakes.subjects import Subject
from pages.shared.mistakes.verdicts import SEVERITY_KEYS, UNDO, Verdict
from pages.shared.page import address, place

#: Keys of the form's fields, by what they are of a verdict.
_FIELDS = {name: f"verdict-{name}" for name in ("category", "severity", "note")}
#: Room for three pills in a line, and for a note beside them or below.
_SEVERITIES_PX, _NOTE_PX = 250, 250
ADVANCE, UNREVIEWED = "advance", "unreviewed"
#: The mistake that was judged last and is still looked at, although it may not be among the unreviewed any more.
HELD = "mistake-held"


def open_mistake(subject: Subject, sample_id: str) -> None:
    """Show a mistake; the thumbnails turn to its page."""
    st.session_state.pop(HELD, None)
    address.put(**{place.IMAGE: f"{subject.benchmark}:{sample_id}", place.PAGE: ""})


def by_key(subject: Subject, order: Sequence[str], key: str, sample_id: str) -> None:
    """Store the verdict that a key stands for, at once; the undo key takes the last one back."""
    if not verdicts.reviewer():
        said.put(verdicts.NOBODY)
        return
    if key == UNDO:
        _undo(subject)
        return
    row = subject.table[subject.table["sample_id"] == sample_id].iloc[0]
    kept, categories = verdicts.current(subject, row), verdicts.category_keys(subject)
    category = categories.get(key, kept.category)
    verdict = Verdict(category, SEVERITY_KEYS.get(key, kept.severity), kept.note)
    if verdicts.give(subject, row, verdict):
        _go_on(subject, order, sample_id, advance=key in categories)


def _go_on(subject: Subject, order: Sequence[str], sample_id: str, *, advance: bool) -> None:
    """To the next of the mistakes shown, once this one has its category and that is wanted."""
    at = order.index(sample_id)
    others = order[at + 1 :]
    if st.session_state.get(UNREVIEWED):
        # Of those that are left some may have been stepped over.
        others = [*others, *order[:at]]
    if advance and st.session_state.get(ADVANCE, True) and others:
        open_mistake(subject, others[0])
    else:
        st.session_state[HELD] = sample_id


def _undo(subject: Subject) -> None:
    sample_id = verdicts.undo(subject)
    if sample_id is not None:
        open_mistake(subject, sample_id)


def show(subject: Subject, row: pd.Series, order: Sequence[str]) -> None:
    """The form; every change is stored at once.

    Args:
        subject: Whose mistake.
        row: Of its table.
        order: The mistakes that are stepped through.
    """
    with st.container(border=True, key="oc-review", gap="small"):
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            name.field()
            st.button(
                "Undo", icon=":material/undo:", key="verdict-undo", on_click=partial(_undo, subject),
                disabled=not verdicts.can_undo(subject), help="Restores the verdict before; key u",
            )  # fmt: skip
            exchange.show_agreement(subject)
            exchange.show_files(subject)
        if paths.read_only():
            st.caption("A demo: verdicts last as long as this tab. Export them to keep them.")
        if not verdicts.reviewer():
            st.caption(verdicts.NOBODY)
            return
        kept = verdicts.current(subject, row)
        for field, key in _FIELDS.items():
            # What is stored decides, so that a verdict by key or from another tab is shown.
            value = getattr(kept, field)
            st.session_state[key] = value if field == "note" else value or None
        changed = partial(_changed, subject, row, order)
        numbers = {category: number for number, category in verdicts.category_keys(subject).items()}
        known = [*subject.categories, *([kept.category] if kept.category not in ("", *subject.categories) else [])]
        st.pills(
            "Category", known, key=_FIELDS["category"], on_change=partial(changed, "category"),
            format_func=lambda category: f"{numbers.get(category, '')} {category}".strip(),
        )  # fmt: skip
        with st.container(horizontal=True, gap="medium"):
            st.pills(
                "Severity", published.SEVERITIES, key=_FIELDS["severity"], on_change=partial(changed, "severity"),
                format_func=str.capitalize, width=_SEVERITIES_PX,
            )  # fmt: skip
            st.text_input(
                "Note", key=_FIELDS["note"], on_change=partial(changed, "note"), placeholder="Why?", width=_NOTE_PX
            )
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            said.show()
            st.toggle(
                "Next after a category", help="Goes on to the next mistake as soon as this one has its category.",
                **address.switch(ADVANCE, default=True),
            )  # fmt: skip


def _changed(subject: Subject, row: pd.Series, order: Sequence[str], field: str) -> None:
    """Store what the form says now, before the page is drawn again."""
    verdict = Verdict(**{part: str(st.session_state.get(key) or "") for part, key in _FIELDS.items()})
    if verdicts.give(subject, row, verdict):
        advance = field == "category" and bool(verdict.category)
        _go_on(subject, order, str(row["sample_id"]), advance=advance)
