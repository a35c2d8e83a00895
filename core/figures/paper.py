"""A page's figure as it stands in a paper: dark ink on white, of one or two columns' width, and legible at that size.

A page's figure is laid out at a width of 9/8 of the column's and then shrunk to it as a whole: its texts of 12 pixels,
which are nearly all, come out at 8 points, its lines at two thirds of a point or more, and what fits goes on fitting.
"""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from core.figures import paper_axes
from core.figures.measuring import unmarked, width_of, wrapped
from core.figures.style import DARK_INK, MUTED

#: Widths of the columns of a page of two, inches.
COLUMN_IN = {1: 3.35, 2: 7.0}
#: CSS pixels of an inch, and how much of its own size a figure is printed at.
_PX_PER_IN = 96
SCALE = 8 / 9
#: Whatever the page has, a machine that draws for a paper has one of these.
_FONT = "Helvetica, Arial, Liberation Sans, sans-serif"
#: The page's muted grey is too light for print.
_QUIET = "#5A6470"
#: Pixels: of texts, before they are shrunk.
_SIZE, _TITLE_SIZE, _SMALLEST, _CAPTION_SIZE = paper_axes.SIZE, 13.5, 10.5, 9
#: Pixels from one line to the next; of the title's first line from the top.
_TITLE_LINE, _LINE, _CAPTION_LINE, _TITLE_AT = 17, 15.6, 11.7, 20
#: Pixels of the side of a map or circle on a wide page.
_SQUARE = 400
#: Pixels of a legend's entry beside its name; from one of its lines to the next.
_ENTRY, _LEGEND_LINE = 46, 20
#: Pixels that the labels of a scale at the right need more than a page gives them.
_SCALE_RIGHT = 12
_MUTED_HEX = re.compile(re.escape(MUTED), re.IGNORECASE)
_IDENTITY = re.compile(r"^(?P<of>.*): identity (?P<digits>[0-9a-f]+)$")


def for_paper(figure: go.Figure, columns: int = 1) -> go.Figure:
    """A figure laid out for a paper; ``width`` and ``height`` of its layout times ``SCALE`` are CSS pixels in print.

    Args:
        figure: From ``core.figures``; stays as it is.
        columns: 1 or 2, of ``COLUMN_IN``.
    """
    content = copy.deepcopy(figure.to_plotly_json())
    data, layout = content["data"], content["layout"]
    width = round(_PX_PER_IN * COLUMN_IN[columns] / SCALE)
    margin = {"l": 8, "r": 16, "t": 58, "b": 48, **(layout.get("margin") or {})}
    plot = max((layout.get("height") or 380) - margin["t"] - margin["b"], 1)
    scales = _scales(data, layout)
    if any(bar.get("orientation") != "h" for bar in scales):
        margin["r"] += _SCALE_RIGHT
    more, title = _title(figure, width)
    margin["t"] += more
    grown = paper_axes.fit(data, layout, margin, width, plot)
    grown += _square(layout, plot, columns)
    legend = _legend(data, layout, margin, width, plot)
    # Distances below the plot are shares of its height.
    layout["legend"] = {**(layout.get("legend") or {}), **legend, **_lower(layout, plot / (plot + grown))}
    foot = _foot((layout.get("meta") or {}).get("caption", ""), width - 12)
    below = len(foot) * _CAPTION_LINE + 2 if foot else 0
    margin["b"] += below
    height = round(margin["t"] + plot + grown + margin["b"])
    layout.update(
        template="plotly_white",
        width=width,
        height=height,
        margin=margin,
        paper_bgcolor="#FFFFFF",
        plot_bgcolor="#FFFFFF",
        font={"family": _FONT, "size": _SIZE, "color": DARK_INK},
        title={**(layout.get("title") or {}), **title, "y": 1 - _TITLE_AT / height},
    )
    for part in (*data, layout):
        _legible(part)
    for trace in data:
        if "text" in str(trace.get("mode", "")):
            # A number at the edge of the plot is shown whole.
            trace["cliponaxis"] = False
    for bar in scales:
        # It stands at the bottom of the picture, where the identity is now.
        if bar.get("yref") == "container" and not bar.get("y"):
            bar["y"] = below / height
    layout["annotations"] = [*(layout.get("annotations") or ()), *_caption(foot, margin)]
    return go.Figure(data=data, layout=layout, skip_invalid=True)


def size_in(figure: go.Figure) -> tuple[float, float]:
    """Width and height in inches of a figure that is laid out for a paper."""
    width, height = (SCALE * side / _PX_PER_IN for side in (figure.layout.width, figure.layout.height))
    return width, height


def heading(figure: go.Figure) -> tuple[str, str]:
    """Title and subtitle of a figure as plain text, without what only a page can do."""
    title, subtitle = (unmarked(part).replace("&lt;", "<").strip() for part in _heading(figure))
    return title, subtitle


def _heading(figure: go.Figure) -> tuple[str, str]:
    title, _, subtitle = str(figure.layout.title.text or "").partition("<br>")
    kept = [part for part in unmarked(subtitle).split(" · ") if not re.search(r"\bclick", part)]
    return unmarked(title), " · ".join(kept)


def _title(figure: go.Figure, width: float) -> tuple[float, dict[str, Any]]:
    """Pixels that a title needs beside those of a page's, and the title in lines that fit."""
    title, subtitle = _heading(figure)
    first = wrapped(title, _TITLE_SIZE, width - 14)
    second = wrapped(subtitle, _SIZE, width - 14)
    quiet = f'<span style="font-size:{_SIZE}px;font-weight:400;fill:{_QUIET};color:{_QUIET}">'
    lines = [*first, *(f"{quiet}{line}</span>" for line in second)]
    more = max(len(first) - 1, 0) * _TITLE_LINE + max(len(second) - 1, 0) * _LINE
    font = {"family": _FONT, "size": _TITLE_SIZE, "weight": 600, "color": DARK_INK}
    return more, {"text": "<br>".join(lines), "font": font}


def _foot(caption: str, most: float) -> list[str]:
    """The identities of the results in lines, those of a model together; a result stays on one line where it fits."""
    groups: dict[str, list[str]] = {}
    for part in caption.split(" · ") if caption else []:
        found = _IDENTITY.match(part)
        groups.setdefault(found["of"] if found else part, []).extend([found["digits"]] if found else [])
    said = [
        f"{of}: {'identity' if len(digits) == 1 else 'identities'} {', '.join(digits)}" if digits else of
        for of, digits in groups.items()
    ]
    kept = [part.replace(" ", "\u00a0") if width_of(part, _CAPTION_SIZE) <= most else part for part in said]
    return wrapped(" · ".join(kept).replace(" ·", "\u00a0·"), _CAPTION_SIZE, most)


def _caption(lines: Sequence[str], margin: Mapping[str, float]) -> list[dict[str, Any]]:
    """The identity of the results, at the lower right, where margins are always what they are said to be."""
    if not lines:
        return []
    place = {"x": 1, "y": 0, "xref": "paper", "yref": "paper", "xanchor": "right", "yanchor": "bottom"}
    shift = {"xshift": margin["r"] - 4, "yshift": 1 - margin["b"]}
    font = {"size": _CAPTION_SIZE, "color": _QUIET}
    return [{"text": "<br>".join(lines), "showarrow": False, "align": "right", "font": font, **place, **shift}]


def _square(layout: Mapping[str, Any], plot: float, columns: int) -> float:
    """Pixels by which a map or a circle, which is as wide as it is high, grows on a wide page."""
    axes = paper_axes.of(layout, "xy").values()
    is_square = "polar" in layout or any(axis.get("scaleanchor") for axis in axes)
    return max(0, _SQUARE - plot) if is_square and columns == 2 else 0


def _scales(data: Sequence[dict[str, Any]], layout: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The scales of colours of traces, and those that traces share."""
    shared = (axis for name, axis in layout.items() if name.startswith("coloraxis") and isinstance(axis, dict))
    of_traces = (holder for trace in data for holder in (trace, trace.get("marker")) if isinstance(holder, dict))
    return [holder["colorbar"] for holder in (*shared, *of_traces) if isinstance(holder.get("colorbar"), dict)]


def _legend(
    data: Sequence[dict[str, Any]], layout: Mapping[str, Any], margin: dict[str, float], width: float, plot: float
) -> dict[str, Any]:
    """Wrap long names in a legend below the plot, and make the bottom as high as it needs."""
    legend = layout.get("legend") or {}
    if not layout.get("showlegend") or legend.get("orientation") != "h" or legend.get("y", 1) >= 0:
        return {}
    begins = margin["l"] if legend.get("xref", "paper") == "paper" else 0
    longest = max((width_of(trace["name"], _SIZE) for trace in data if trace.get("name")), default=0)
    # From the left edge of the picture, where names are too long to begin at the plot's.
    is_moved = begins > 0 and begins + _ENTRY + longest > width - 16
    room = width - (0 if is_moved else begins) - 16
    shown: dict[str, list[str]] = {}
    for trace in data:
        if trace.get("name") is None or trace.get("showlegend") is False:
            continue
        lines = wrapped(str(trace["name"]), _SIZE, room - _ENTRY)
        shown.setdefault(str(trace.get("legendgroup") or trace["name"]), lines)
        trace["name"] = "<br>".join(lines)
    if not shown:
        return {}
    widths = [_ENTRY + max(width_of(line, _SIZE) for line in lines) for lines in shown.values()]
    # Plotly's own measure of a line is a little less, and one line too many is only a little more paper.
    line = room if is_moved or not begins else width - margin["l"] - margin["r"]
    across = len(widths) if sum(widths) <= 0.75 * line else max(1, int(0.95 * line // max(widths)))
    more = sum(len(lines) - 1 for lines in shown.values())
    rows = math.ceil(len(widths) / across)
    margin["b"] = math.ceil(-legend["y"] * plot + rows * _LEGEND_LINE + more * _LINE + 4)
    return {"x": -begins / (width - margin["l"] - margin["r"])} if is_moved else {}


def _lower(layout: Mapping[str, Any], ratio: float) -> dict[str, float]:
    """A legend as far below the plot as before, where that has another height."""
    y = (layout.get("legend") or {}).get("y", 0)
    return {"y": y * ratio} if y < 0 else {}


def _legible(part: dict[str, Any]) -> None:
    """Raise the sizes of fonts that would be too small in print, and darken the page's muted grey."""
    for key, each in part.items():
        if key in ("customdata", "meta", "template"):
            continue
        if key.endswith("font") and isinstance(each, dict) and isinstance(each.get("size"), int | float):
            each["size"] = max(each["size"], _SMALLEST)
        for inner in each if isinstance(each, list | tuple) else (each,):
            if isinstance(inner, dict):
                _legible(inner)
        if key == "color" and isinstance(each, str):
            part[key] = _MUTED_HEX.sub(_QUIET, each)
