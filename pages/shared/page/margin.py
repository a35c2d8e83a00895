"""The largest difference that does not matter, which decides whether two numbers are called equivalent."""

from __future__ import annotations

import streamlit as st

from core.metrics.verdicts import MARGIN
from pages.shared.page import address

_NAME = "margin"
_USUAL, _MOST = round(100 * MARGIN), 20
_HELP = (
    "A difference whose whole interval lies within so many points of 0 is called equivalent. One whose interval "
    "includes 0 and reaches further cannot be told; then the page says what these images could have shown."
)


def chosen() -> float:
    """The margin in the address, as a fraction; 2 points by default."""
    text = next(iter(address.asked(_NAME)), "")
    is_number = text.isascii() and text.isdigit()
    return min(max(int(text), 1), _MOST) / 100 if is_number else _USUAL / 100


def control() -> None:
    """The field that sets it."""
    st.number_input(
        "Equal within, points", 1, _MOST, step=1, help=_HELP, width=180, **address.number(_NAME, _MOST, _USUAL)
    )
