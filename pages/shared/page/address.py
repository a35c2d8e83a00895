"""What a page shows, kept whole in its address: pickers, switches, the chosen cell, the open image, the results.

Streamlit's own binding of widgets leaves what is at its default out of the address, and then the same link shows
something else once a default changes. Here each widget gets its value from the address before it is drawn, writes it
there when it is changed, and what a run of the page took by default is added at its end (``complete``). A change is one
step of the browser's history; completing is none.

A widget's key is its name in the address.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import streamlit as st

#: Identities of the results that the view rests on, in the address.
RESULTS = "results"
_SHOWN = "address-shown"
_YES, _NO = "1", "0"
_TRUE = (_YES, "true", "True")
#: What is opened inside a view does not change what it rests on.
_INSIDE = {
    "cell",
    "image",
    "flip",
    "by",
    "p",
    "show",
    "sort",
    "size",
    "drawer",
    "target",
    "outline",
    "zoom_size",
    "zoom_at",
    "memo",
}


def begin() -> None:
    """Forget what the page before showed; each page calls this first, through ``frame.begin``."""
    st.session_state[_SHOWN] = {}


def asked(name: str) -> list[str]:
    """The values of a name in the address, as they stand there."""
    return st.query_params.get_all(name)


def note(name: str, values: Sequence[str]) -> None:
    """Say what this page shows, so that the address will say it too."""
    shown = st.session_state.setdefault(_SHOWN, {})
    shown.pop(name, None)
    if values:
        shown[name] = list(values)


def put(**changes: str | Sequence[str]) -> None:
    """Change the address in one step of the browser's history; an empty value takes a name out of it.

    For callbacks only: the page is drawn from the address afterwards.
    """
    now = dict(query())
    for name, content in changes.items():
        values = [content] if isinstance(content, str) else list(content)
        now.pop(name, None)
        st.session_state.get(_SHOWN, {}).pop(name, None)
        if values != [""] and values:
            now[name] = values
    # What the view rests on is found anew, unless this is only about an image of it.
    if not set(changes) <= _INSIDE:
        now.pop(RESULTS, None)
    st.query_params.from_dict(now)


def query() -> dict[str, list[str]]:
    """The whole view: what stands in the address, and what the page took by default."""
    there = {name: st.query_params.get_all(name) for name in st.query_params}
    return {**st.session_state.get(_SHOWN, {}), **there}


def text() -> str:
    """The whole view as it stands after the question mark."""
    return urlencode([(name, value) for name, values in query().items() for value in values])


def one(
    name: str,
    options: Sequence[str],
    default: str,
    *,
    aliases: Mapping[str, str] | None = None,
    kept: bool = False,
) -> dict[str, Any]:
    """Arguments of a widget with one of several values (a segmented control, a select box, a radio).

    Args:
        name: In the address; the widget's key.
        options: All values, texts.
        default: Taken where the address has none or one that does not exist.
        aliases: Value by another name that it had.
        kept: Whether the value goes along to other pages that have the widget.
    """
    by_lower = {**(aliases or {}), **{option.lower(): option for option in options}}

    def parse(values: list[str]) -> str:
        if not values or values[0] in options:
            return values[0] if values else default
        return by_lower.get(values[0].lower(), default)

    return _bound(name, parse, lambda content: [content] if content else [], kept)


def many(
    name: str,
    options: Sequence[str],
    default: Sequence[str] = (),
    *,
    most: int | None = None,
    aliases: Mapping[str, str] | None = None,
    kept: bool = False,
) -> dict[str, Any]:
    """Arguments of a widget with any number of values.

    Args:
        name: In the address; the widget's key.
        options: All values, texts.
        default: Taken where the address has none that exist.
        most: How many there may be.
        aliases: Value by another name that it had.
        kept: Whether the values go along to other pages that have the widget.
    """
    known, renamed = set(options), aliases or {}

    def parse(values: list[str]) -> list[str]:
        named = (each if each in known else renamed.get(each, each) for each in values)
        return [each for each in dict.fromkeys(named) if each in known][:most] or list(default)

    return _bound(name, parse, list, kept)


def kept(name: str) -> str:
    """The value of a name that came along from another page; empty if there is none."""
    return next(iter(st.session_state.get(f"kept-{name}", [])), "")


def switch(name: str, *, default: bool = False, kept: bool = False) -> dict[str, Any]:
    """Arguments of a toggle."""
    return _bound(
        name,
        lambda values: values[0] in _TRUE if values else default,
        lambda content: [_YES if content else _NO],
        kept,
    )


def free(name: str, default: str | None = None) -> dict[str, Any]:
    """Arguments of a select box that takes new values; None for none."""
    return _bound(name, lambda values: values[0] if values else default, lambda content: [content] if content else [])


def words(name: str) -> dict[str, Any]:
    """Arguments of a text field; empty by default."""
    return _bound(name, lambda values: values[0] if values else "", lambda content: [content] if content else [])


def number(name: str, most: int, default: int = 1) -> dict[str, Any]:
    """Arguments of a widget with a whole number from 1 to ``most``."""

    def parse(values: list[str]) -> int:
        return min(max(int(values[0]), 1), most) if values and values[0].isascii() and values[0].isdigit() else default

    return _bound(name, parse, lambda content: [str(content)])


def span(name: str, low: int, high: int) -> dict[str, Any]:
    """Arguments of a slider with two ends; the whole range by default, which is no condition."""

    def parse(values: list[str]) -> tuple[int, int]:
        try:
            ends = sorted(min(max(int(value), low), high) for value in values)
        except ValueError:
            ends = []
        return (ends[0], ends[1]) if len(ends) == 2 else (low, high)

    return _bound(name, parse, lambda ends: [] if tuple(ends) == (low, high) else [str(end) for end in ends])


def _bound(
    name: str, parse: Callable[[list[str]], Any], texts: Callable[[Any], list[str]], kept: bool = False
) -> dict[str, Any]:
    """Set a widget from the address, and tell it to write there."""
    values = asked(name) or (st.session_state.get(f"kept-{name}", []) if kept else [])
    content = parse(values)
    st.session_state[name] = content
    _remember(name, texts(content), kept)
    return {"key": name, "on_change": _changed, "args": (name, texts, kept)}


def _changed(name: str, texts: Callable[[Any], list[str]], kept: bool) -> None:
    values = texts(st.session_state[name])
    _remember(name, values, kept)
    put(**{name: values})


def _remember(name: str, values: list[str], kept: bool) -> None:
    note(name, values)
    if kept:
        st.session_state[f"kept-{name}"] = values
