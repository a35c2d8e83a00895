"""Axes of a page's figure at the width of a paper's column: names in lines, ticks apart, titles that fit."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from core.figures.measuring import apart, width_of, wrapped

#: Pixels of texts, before a figure is shrunk; from one line to the next.
SIZE, _LINE = 12, 15.6
#: The share of the width that is left to the plot beside names of rows, and the most lines of a name.
_PLOT_SHARE, _NAME_LINES = 0.4, 3
#: The same where names are texts of the figure, in lanes that are not high.
_PLOT_SHARE_OF_LANES, _LANE_LINES = 0.3, 2
#: Pixels beside names of rows, and between a plot's edge and names that are texts of the figure.
_BESIDE = 22
#: How much higher a plot gets whose rows are named by texts of several lines.
_ROOMIER = 0.4
#: Pixels below names that are turned, and how much of their length they need there.
_STANDOFF, _LEAN = 6, 0.87
_AXIS = re.compile(r"([xy])axis\d*")


def of(layout: Mapping[str, Any], letters: str) -> dict[str, dict[str, Any]]:
    """The axes of a layout by name, of ``x``, ``y`` or both."""
    return {
        name: axis
        for name, axis in layout.items()
        if (found := _AXIS.fullmatch(name)) and found[1] in letters and isinstance(axis, dict)
    }


def fit(
    data: Sequence[Mapping[str, Any]], layout: dict[str, Any], margin: dict[str, float], width: float, plot: float
) -> float:
    """Fit all axes; changes layout and margins.

    Args:
        data: Traces.
        layout: Of the figure.
        margin: Pixels, ``l, r, t, b``.
        width: Pixels of the figure.
        plot: Pixels of the plot's height.

    Returns:
        Pixels by which the plot has to become higher.
    """
    grown = _names(data, layout, margin, width) + _named_by_texts(layout, margin, width, plot)
    _titles(layout, margin, width, plot, plot + grown)
    for axis in of(layout, "x").values():
        margin["b"] += _ticks(axis, data, width - margin["l"] - margin["r"])
    return grown


def _names(
    data: Sequence[Mapping[str, Any]], layout: Mapping[str, Any], margin: dict[str, float], width: float
) -> float:
    """Names of rows in lines, where they would leave the plot too little."""
    most, taller = (1 - _PLOT_SHARE) * width - margin["r"] - _BESIDE, 0.0
    for name, axis in of(layout, "y").items():
        is_told = axis.get("ticktext") is not None
        names = list(axis["ticktext"]) if is_told else _categories(data, name)
        longest = max((width_of(each, SIZE) for each in names), default=0)
        if longest and not axis.get("title") and not _beside(layout) and not _grows_below(layout):
            # Names that are known leave the plot more than a page does, which keeps a column for any; and Plotly would
            # widen that for the legend.
            most_left = margin["l"] if not margin.get("autoexpand", True) else math.inf
            margin |= {"l": min(most_left, math.ceil(min(longest, most)) + _BESIDE), "autoexpand": False}
        if longest <= most:
            continue
        lines = [wrapped(each, SIZE, most, _NAME_LINES) for each in names]
        if not is_told:
            axis["tickvals"] = names
        axis["ticktext"] = ["<br>".join(each) for each in lines]
        taller = max(taller, sum(max(len(each) - 1, 0) for each in lines) * _LINE)
        if not margin.get("autoexpand", True):
            margin["l"] = min(margin["l"], math.ceil(most) + _BESIDE)
    return taller


def _beside(layout: Mapping[str, Any]) -> bool:
    """Whether texts of the figure stand at the left of the plot."""
    texts = layout.get("annotations") or ()
    return any(each.get("xref") == "paper" and each.get("x", 1) <= 0 for each in texts)


def _grows_below(layout: Mapping[str, Any]) -> bool:
    """Whether Plotly finds the room for what stands below the plot as it draws."""
    return "polar" in layout or any(axis.get("automargin") for axis in of(layout, "x").values())


def _categories(data: Iterable[Mapping[str, Any]], axis: str) -> list[str]:
    """The names along an axis of names, as traces have them."""
    short = axis.replace("axis", "")
    found: dict[str, None] = {}
    for trace in data:
        values = trace.get(axis[0])
        if (trace.get(f"{axis[0]}axis") or axis[0]) == short and values is not None:
            found |= dict.fromkeys(each for each in values if isinstance(each, str))
    return list(found)


def _named_by_texts(layout: Mapping[str, Any], margin: dict[str, float], width: float, plot: float) -> float:
    """The same of rows that are named by texts at the left of the plot."""
    place = {"xref": "paper", "x": 0, "xanchor": "right"}
    names = [each for each in layout.get("annotations") or () if place.items() <= each.items()]
    most = (1 - _PLOT_SHARE_OF_LANES) * width - margin["r"] - _BESIDE
    if not names or max(width_of(each["text"], SIZE) for each in names) <= most:
        return 0
    for each in names:
        each["text"], each["align"] = "<br>".join(wrapped(each["text"], SIZE, most, _LANE_LINES)), "right"
    margin["l"] = min(margin["l"], math.ceil(most) + _BESIDE)
    return _ROOMIER * plot


def _titles(layout: dict[str, Any], margin: dict[str, float], width: float, plot: float, high: float) -> None:
    """Titles of axes in the size of other texts, and in lines where they are longer than their axis.

    Args:
        layout: Of the figure.
        margin: Pixels, ``l, r, t, b``.
        width: Pixels of the figure.
        plot: Pixels of the plot's height on the page, of which distances in the layout are shares.
        high: Pixels of its height here.
    """
    # A title is centred below its axis, and may hang over on both sides.
    beside = min(margin["l"], margin["r"]) - 4
    for name, axis in of(layout, "xy").items():
        title = axis.get("title")
        if not title:
            continue
        title = dict(title) if isinstance(title, dict) else {"text": title}
        axis["title"] = {**title, "font": {"size": SIZE, **(title.get("font") or {})}}
        is_x = name[0] == "x"
        most = width - margin["l"] - margin["r"] + 2 * beside if is_x else high
        text = title.get("text") or ""
        if not text or width_of(text, SIZE) <= most:
            continue
        lines = wrapped(text, SIZE, most)
        axis["title"]["text"] = "<br>".join(lines)
        more = (len(lines) - 1) * _LINE
        margin["b" if is_x else "l"] += more
        legend = layout.get("legend") or {}
        if is_x and legend.get("y", 0) < 0:
            layout["legend"] = {**legend, "y": legend["y"] - more / plot}


def _ticks(axis: dict[str, Any], data: Sequence[Mapping[str, Any]], room: float) -> float:
    """Keep level labels of ticks apart: numbers are left out, names are turned; pixels that these need below."""
    values = axis.get("tickvals")
    if values is None or axis.get("tickangle") != 0 or len(values) < 2:
        return 0
    values = list(values)
    places = _places(axis, values, data, room)
    if places is None:
        return 0
    told = axis.get("ticktext")
    labels = [_label(axis, each) for each in values] if told is None else [str(each) for each in told]
    shown = [number for number in range(len(values)) if labels[number].strip()]
    order = sorted(shown, key=lambda number: places[number])
    kept = apart([places[number] for number in order], [labels[number] for number in order], SIZE)
    if len(kept) == len(order):
        return 0
    if not all(_is_number(label) for label in labels if label.strip()):
        axis.update(tickangle=-60, title={"standoff": _STANDOFF, **(axis.get("title") or {})})
        return _LEAN * max(width_of(label, SIZE) for label in labels)
    axis["tickvals"] = [values[order[number]] for number in kept]
    if told is not None:
        axis["ticktext"] = [labels[order[number]] for number in kept]
    return 0


def _is_number(label: str) -> bool:
    return label.rstrip("%°").replace("−", "-").lstrip("+-").replace(".", "", 1).isdigit()


def _places(
    axis: Mapping[str, Any], values: Sequence[Any], data: Sequence[Mapping[str, Any]], room: float
) -> list[float] | None:
    """Pixels of ticks along an axis; None where they are not known."""
    if all(isinstance(each, str) for each in values):
        names = list(axis.get("categoryarray") or ()) or _categories(data, "xaxis")
        if not set(values) <= set(names):
            return None
        return [(names.index(each) + 0.5) / len(names) * room for each in values]
    span = axis.get("range")
    if not all(isinstance(each, int | float) for each in values):
        return None
    numbers = [math.log10(each) for each in values] if axis.get("type") == "log" else [float(each) for each in values]
    low, high = span if span is not None else (min(numbers), max(numbers))
    return [(each - low) / (high - low) * room for each in numbers] if high != low else None


def _label(axis: Mapping[str, Any], value: Any) -> str:
    is_share = str(axis.get("tickformat", "")).endswith("%") and not isinstance(value, str)
    return f"{100 * value:.0f}%" if is_share else str(value)
