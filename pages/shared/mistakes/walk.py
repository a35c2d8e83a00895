"""The images behind the filters, one after the other: order, stepping by button and key, verdicts, and thumbnails."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import partial

import numpy as np
import streamlit as st

from core import store
from core.mistakes import published, table
from core.mistakes.files import Files
from core.mistakes.table import ORDERS
from core.wording import count
from pages.shared.images import gallery, where
from pages.shared.mistakes import card, diagnose, name, review, said, verdicts
from pages.shared.mistakes.subjects import Subject
from pages.shared.mistakes.verdicts import SEVERITY_KEYS, UNDO
from pages.shared.page import address, place, stepping
from pages.shared.page.frame import Choice

_KEYS = "mistake-keys"
#: Room for the numbers of pages, which are left out where they seem not to fit.
_PAGES_PX = 380


def _component(name: str, hint: str) -> st.components.v2.component:
    return st.components.v2.component(
        f"offcenter_mistake_keys_{name}",
        html='<div class="bar"><button type="button" aria-label="previous mistake">←</button>'
        '<span class="count"></span><button type="button" aria-label="next mistake">→</button>'
        f'<span class="hint"><kbd>←</kbd> <kbd>→</kbd> step{hint}</span></div>',
        css=stepping.CSS,
        js=stepping.JS,
    )


def _hint(n: int) -> str:
    severities = " ".join(f"<kbd>{key}</kbd> {severity}" for key, severity in SEVERITY_KEYS.items())
    return f" · <kbd>1</kbd>–<kbd>{n}</kbd> category · {severities} · <kbd>{UNDO}</kbd> undo"


#: By how many categories there are; without any for images that are right.
_keys = {n: _component(str(n), _hint(n) if n else "") for n in (0, len(published.CATEGORIES), len(published.GENERAL))}


def show(subject: Subject, rows: np.ndarray, runs: dict[str, store.Run], found: Files, choice: Choice) -> None:
    """A fragment: the image that is open as a card, then a page of all as thumbnails.

    Args:
        subject: Whose mistakes.
        rows: Of its table, at least one.
        runs: Stored results that know the images, by model.
        found: The files of the remaining mistakes.
        choice: Of the sidebar.
    """
    given = verdicts.mine(subject)
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        by = st.selectbox(
            "Order", list(ORDERS), format_func=ORDERS.__getitem__, label_visibility="collapsed", width=270,
            **address.one("sort", list(ORDERS), "confidence"),
        )  # fmt: skip
        wrong = int((subject.table["right"].iloc[rows] == 0).sum())
        unreviewed = wrong > 0 and st.toggle("Unreviewed only", **address.switch(review.UNREVIEWED))
        progress = st.container(width="content")
        name.remember()
    shown = subject.table.iloc[table.ordered(subject.table, rows, by or "confidence")]
    judged = [pair in given for pair in zip(shown["sample_id"], shown["predicted_index"].tolist(), strict=True)]
    if wrong:
        with progress:
            st.caption(f"{sum(judged):,} of {count(wrong, 'mistake')} reviewed")
    if unreviewed:
        shown = shown[~np.array(judged) & (shown["right"] == 0) | shown["sample_id"].isin(_looked_at())]
    if shown.empty:
        st.caption("All of these mistakes are reviewed.")
        return
    order = shown["sample_id"].tolist()
    opened, pages = _opened(order), math.ceil(len(order) / gallery.PER_PAGE)
    top, bottom = st.container(), st.container()
    page = _page(pages, order.index(opened) // gallery.PER_PAGE + 1 if opened else 1, len(order), bottom)
    sample_id = opened or order[(page - 1) * gallery.PER_PAGE]
    with top:
        _card(subject, sample_id, order, runs, found, choice)
    with bottom:
        part = shown.iloc[(page - 1) * gallery.PER_PAGE : page * gallery.PER_PAGE]
        items = [card.thumbnail(subject, each, sample_id) for each in part.to_dict("records")]
        gallery.thumbnails(items, "mistakes-grid", partial(_stepped_to, subject))


def _looked_at() -> list[str]:
    """The image in the address, then the one judged last; both stay although they have just got their verdict."""
    found = place.opened_image()
    return [found[1] if found else "", st.session_state.get(review.HELD, "")]


def _opened(order: Sequence[str]) -> str | None:
    """The image that is looked at if it is among those shown."""
    return next((sample_id for sample_id in _looked_at() if sample_id in order), None)


def _page(pages: int, of_opened: int, n: int, where_: st.delta_generator.DeltaGenerator) -> int:
    """The page of thumbnails: that of the open image, until another is chosen."""
    with where_, st.container(horizontal=True, vertical_alignment="center"):
        if pages < 2:
            return 1
        page = st.pagination(
            pages, max_visible_pages=7, width=_PAGES_PX, **address.number(place.PAGE, pages, of_opened)
        )
        first = (page - 1) * gallery.PER_PAGE
        st.caption(f"{first + 1:,}–{min(first + gallery.PER_PAGE, n):,} of {n:,}")
    return page


def _card(
    subject: Subject,
    sample_id: str,
    order: Sequence[str],
    runs: dict[str, store.Run],
    found: Files,
    choice: Choice,
) -> None:
    row = subject.table[subject.table["sample_id"] == sample_id].iloc[0]
    is_wrong = row["right"] == 0
    _stepper(subject, sample_id, order, is_wrong)
    with card.show(subject, row, runs, found, choice):
        if is_wrong:
            review.show(subject, row, order)
    if subject.run is not None and subject.source is None:
        where.ask(subject.run, "mistakes")
    card.show_saliency(subject, row, runs)
    card.show_prompts(subject, row, runs)
    if diagnose.can_diagnose(subject) and is_wrong:
        diagnose.show_one(subject, row)


def _stepper(subject: Subject, sample_id: str, order: Sequence[str], is_wrong: bool) -> None:
    """Previous and next, and the keys."""
    at = order.index(sample_id)
    categories = verdicts.category_keys(subject)

    def stepped() -> None:
        step = st.session_state[_KEYS].get("step")
        if step:
            _stepped_to(subject, step)

    def judged() -> None:
        key, _, judged_id = (st.session_state[_KEYS].get("verdict") or "").partition(" ")
        if judged_id in order:
            review.by_key(subject, order, key, judged_id)

    _keys[len(categories) if is_wrong else 0](
        key=_KEYS,
        data={
            "id": sample_id,
            "count": f"{at + 1:,} of {len(order):,}",
            "before": order[at - 1] if at > 0 else None,
            "after": order[at + 1] if at < len(order) - 1 else None,
            "verdicts": [*categories, *SEVERITY_KEYS, UNDO] if is_wrong else [UNDO],
        },
        on_step_change=stepped,
        on_verdict_change=judged,
    )


def _stepped_to(subject: Subject, sample_id: str) -> None:
    said.clear()
    review.open_mistake(subject, sample_id)
