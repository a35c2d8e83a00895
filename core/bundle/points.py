"""The points of an exhibit that can be clicked, each under the key that the page finds it by."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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


def start_of(start: Pick, names: Sequence[str], clicks: Sequence[Mapping[str, Pick]]) -> dict[str, str]:
    """The point at which a page opens: that of the first figure which stands for some images, or for more of them.

    Args:
        start: The images, which may meet further conditions that no figure has, as filters are.
        names: Id of each exhibit.
        clicks: Picks by key, of each exhibit.

    Returns:
        ``exhibit`` and ``point``; empty where no figure has such a point.
    """
    best, found = -1, {}
    for name, points in zip(names, clicks, strict=True):
        for key, pick in points.items():
            if len(pick.where) > best and _holds(pick, start):
                best, found = len(pick.where), {"exhibit": name, "point": key}
    return found


def _holds(pick: Pick, start: Pick) -> bool:
    """Whether a point has the images, with as few others as figures allow."""
    if (pick.run.identity, pick.run.benchmark) != (start.run.identity, start.run.benchmark) or pick.against:
        return False
    if pick.only is None or start.only is None:
        is_same = pick.only is start.only
    else:
        is_same = bool(start.only) and start.only <= pick.only
    return is_same and set(pick.where) <= set(start.where) and bool(pick.where) == bool(start.where)


def _lists(customdata: Any) -> Iterator[list[Any]]:
    """The customdata of each point: lists of values, however deep a trace has them."""
    if not isinstance(customdata, list) or not customdata:
        return
    for each in customdata:
        if isinstance(each, list) and not any(isinstance(inner, list) for inner in each):
            yield each
        elif isinstance(each, list):
            yield from _lists(each)
