"""The points of an exhibit that can be clicked, each under the key that the page finds it by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from core.bundle.content import key_of
from core.figures.exhibits import Exhibit, Pick


def points_of(exhibit: Exhibit, figure: Mapping[str, Any]) -> dict[str, Pick]:
    """Picks by key, of all points that stand for images.

    Args:
        exhibit: Its ``pick``.
        figure: Its figure as JSON values.
    """
    if exhibit.pick is None:
        return {}
    found = {}
    for trace in figure.get("data", ()):
        for custom in _lists(trace.get("customdata")):
            key = key_of(custom)
            if key not in found and (pick := exhibit.pick(custom)) is not None:
                found[key] = pick
    return found


def _lists(customdata: Any) -> Iterator[list[Any]]:
    """The customdata of each point: lists of values, however deep a trace has them."""
    if not isinstance(customdata, list) or not customdata:
        return
    for each in customdata:
        if isinstance(each, list) and not any(isinstance(inner, list) for inner in each):
            yield each
        elif isinstance(each, list):
            yield from _lists(each)
