"""The images behind what was chosen in a figure, and the drawer over them: a fragment, so that the figures stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from core import store
from core.answers.questions import Question
from pages.shared.images import drawer, gallery
from pages.shared.images.gallery import Only
from pages.shared.page import place, send
from pages.shared.page.frame import Choice


def show(
    choice: Choice,
    run: store.Run,
    question: Question,
    runs: Sequence[store.Run],
    shown: Mapping[str, store.Run] | None = None,
    only: Only | None = None,
) -> None:
    """The gallery, and the drawer where the URL names an image of the same benchmark.

    Args:
        choice: Of the sidebar.
        run: Whose predictions decide edges and order.
        question: Its ``where`` chooses the images.
        runs: Whose answers stand beside each other where images are compared.
        shown: Results that an image stands for, by model, where those are not the clean ones.
        only: Which of the images, where conditions do not say it.
    """
    send.opened(run, question.where, only.ids if only else None)
    st.fragment(_show)(choice, run, question, runs, shown, only)


def _show(
    choice: Choice,
    run: store.Run,
    question: Question,
    runs: Sequence[store.Run],
    shown: Mapping[str, store.Run] | None,
    only: Only | None,
) -> None:
    rows = gallery.show(run, question, runs, only)
    opened = place.opened_image()
    if opened is not None and opened[0] == run.benchmark:
        drawer.show_if_open(choice, rows["sample_id"].tolist(), shown)


def show_image_alone(choice: Choice, benchmark: str) -> None:
    """The drawer of a link to an image that no gallery on the page is of.

    Args:
        choice: Of the sidebar.
        benchmark: Of the gallery; empty if there is none.
    """
    opened = place.opened_image()
    if opened is not None and opened[0] != benchmark:
        drawer.show_if_open(choice)
