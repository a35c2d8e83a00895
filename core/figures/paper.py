"""A page's figure as it stands in a paper: dark ink on white, of one or two columns' width, and legible at that size.

A page's figure is laid out at a width of 9/8 of the column's and then shrunk to it as a whole: its texts of 12 pixels,
which are nearly all, come out at 8 points, its lines at two thirds of a point or more, and what fits goes on fitting.
"""

from __future__ import annotations

import copy
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import plotly.graph_objects as go
from PIL import ImageFont

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
_SIZE, _TITLE_SIZE, _SMALLEST, _CAPTION_SIZE = 12, 13.5, 10.5, 9
#: Pixels from one line to the next.
_TITLE_LINE, _LINE, _CAPTION_LINE = 17, 15.6, 11.7
#: What texts may be wider than measured, as another machine's fonts are.
_SLACK = 1.06
#: The share of the width that the names of rows may take, and the most lines of one.
_NAMES_SHARE, _NAME_LINES = 0.4, 3
#: Pixels of the side of a map or circle on a wide page.
_SQUARE = 400
#: Pixels of a legend's entry beside its name; from one of its lines to the next.
_ENTRY, _LEGEND_LINE = 46, 20
_TAG = re.compile(r"<[^>]*>")
_AXIS = re.compile(r"[xy]axis\d*")
_MUTED_HEX = re.compile(re.escape(MUTED), re.IGNORECASE)


def for_paper(figure: go.Figure, columns: int = 1) -> go.Figure:
    """A figure laid out for a paper; ``width`` and ``height`` of its layout times ``SCALE`` are CSS pixels in print.

    Args:
        figure: From ``core.figures``; stays as it is.
        columns: 1 or 2, of ``COLUMN_IN``.
    """
    content = copy.deepcopy(figure.to_plotly_json())
    data, layout = content["data"], content["layout"]
    width = round(_PX_PER_IN * COLUMN_IN[columns] / SCALE)
    margin = {"l": 8, "r": 16, "t": 58, "b": 48, **layout.get("margin", {})}
    height = layout.get("height") or 380
    head, title = _title(layout, width)
    margin, taller = _with_names(data, layout, margin, width)
    taller += _square(layout, margin, height, columns)
    foot = _foot((layout.get("meta") or {}).get("caption", ""), width - margin["r"] - 8)
    below = len(foot) * _CAPTION_LINE + 2 if foot else 0
    legend = _legend(data, layout, width)
    # The plot keeps its height, of which distances below it are shares.
    height += head + below + legend + taller
    margin = {**margin, "t": margin["t"] + head, "b": margin["b"] + below + legend}
    layout.update(
        template="plotly_white",
        width=width,
        height=round(height),
        margin=margin,
        paper_bgcolor="#FFFFFF",
        plot_bgcolor="#FFFFFF",
        font={"family": _FONT, "size": _SIZE, "color": DARK_INK},
        title={**layout.get("title", {}), **title, "y": 1 - 20 / height},
    )
    for part in (*data, layout):
        _legible(part)
    for bar in _scales(data, layout):
        # It stands at the bottom of the picture, where the identity is now.
        if bar.get("yref") == "container" and not bar.get("y"):
            bar["y"] = below / height
    layout["annotations"] = [*layout.get("annotations", ()), *_caption(foot, margin)]
    return go.Figure(data=data, layout=layout, skip_invalid=True)


def size_in(figure: go.Figure) -> tuple[float, float]:
    """Width and height in inches of a figure that is laid out for a paper."""
    return tuple(SCALE * side / _PX_PER_IN for side in (figure.layout.width, figure.layout.height))


def heading(figure: go.Figure) -> tuple[str, str]:
    """Title and subtitle of a figure as plain text; what a figure escapes is unescaped."""
    parts = str(figure.layout.title.text or "").split("<br>", 1)
    title, subtitle = (_TAG.sub("", part.replace("<br>", " ")).replace("&lt;", "<") for part in (*parts, "")[:2])
    return title.strip(), subtitle.strip()


def _title(layout: Mapping[str, Any], width: float) -> tuple[float, dict[str, Any]]:
    """Pixels that a title needs beside those of a page's, and the title in lines that fit."""
    text = (layout.get("title") or {}).get("text") or ""
    if not text:
        return 0, {}
    title, _, subtitle = text.partition("<br>")
    first = _wrapped(_TAG.sub("", title), _TITLE_SIZE, width - 14)
    second = _wrapped(_TAG.sub("", subtitle), _SIZE, width - 14)
    quiet = f'<span style="font-size:{_SIZE}px;font-weight:400;fill:{_QUIET};color:{_QUIET}">'
    lines = [*first, *(f"{quiet}{line}</span>" for line in second)]
    more = max(len(first) - 1, 0) * _TITLE_LINE + max(len(second) - 1, 0) * _LINE
    font = {"family": _FONT, "size": _TITLE_SIZE, "weight": 600, "color": DARK_INK}
    return more, {"text": "<br>".join(lines), "font": font}


def _foot(caption: str, most: float) -> list[str]:
    """The identity of the results in lines; what is of one result stays on a line where it fits."""
    parts = caption.split(" · ") if caption else []
    kept = [part.replace(" ", "\u00a0") if _width(part, _CAPTION_SIZE) <= most else part for part in parts]
    return _wrapped(" · ".join(kept).replace(" ·", "\u00a0·"), _CAPTION_SIZE, most)


def _caption(lines: Sequence[str], margin: Mapping[str, float]) -> list[dict[str, Any]]:
    """The identity of the results, at the lower right, where margins are always what they are said to be."""
    if not lines:
        return []
    place = {"x": 1, "y": 0, "xref": "paper", "yref": "paper", "xanchor": "right", "yanchor": "bottom"}
    shift = {"xshift": margin["r"] - 4, "yshift": -margin["b"] + 1}
    font = {"size": _CAPTION_SIZE, "color": _QUIET}
    return [{"text": "<br>".join(lines), "showarrow": False, "align": "right", "font": font, **place, **shift}]


def _with_names(
    data: Sequence[dict[str, Any]], layout: dict[str, Any], margin: dict[str, float], width: float
) -> tuple[dict[str, float], float]:
    """Names of rows in lines, where they would leave the plot too little; margins for them, and pixels of height."""
    most, taller = _NAMES_SHARE * width, 0.0
    for name, axis in layout.items():
        if not _AXIS.fullmatch(name) or not name.startswith("y") or not isinstance(axis, dict):
            continue
        names = list(axis["ticktext"]) if axis.get("ticktext") is not None else _categories(data, name)
        if not names or max(map(_width, names)) <= most:
            continue
        lines = [_wrapped(each, _SIZE, most, _NAME_LINES) for each in names]
        if axis.get("ticktext") is None:
            axis["tickvals"] = names
        axis["ticktext"] = ["<br>".join(each) for each in lines]
        taller = max(taller, sum(max(len(each) - 1, 0) for each in lines) * _LINE)
        if not margin.get("autoexpand", True):
            margin = {**margin, "l": min(margin["l"], math.ceil(most) + 22)}
    return margin, taller


def _categories(data: Iterable[Mapping[str, Any]], axis: str) -> list[str]:
    """The names along an axis of names, as traces have them."""
    short = axis.replace("axis", "")
    found: dict[str, None] = {}
    for trace in data:
        values = trace.get(axis[0])
        if (trace.get(f"{axis[0]}axis") or axis[0]) == short and values is not None:
            found |= dict.fromkeys(each for each in values if isinstance(each, str))
    return list(found)


def _square(layout: dict[str, Any], margin: Mapping[str, float], height: float, columns: int) -> float:
    """Pixels by which a map or a circle, which is as wide as it is high, grows on a wide page."""
    axes = [axis for name, axis in layout.items() if _AXIS.fullmatch(name) and isinstance(axis, dict)]
    if columns == 1 or not ("polar" in layout or any(axis.get("scaleanchor") for axis in axes)):
        return 0
    plot = max(height - margin["t"] - margin["b"], 1)
    more = max(0, _SQUARE - plot)
    legend = layout.get("legend") or {}
    if legend.get("y", 0) < 0:
        # A distance in pixels, as a share of the plot's height.
        layout["legend"] = {**legend, "y": legend["y"] * plot / (plot + more)}
    return more


def _scales(data: Sequence[dict[str, Any]], layout: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The scales of colours of traces, and those that traces share."""
    shared = (axis for name, axis in layout.items() if name.startswith("coloraxis") and isinstance(axis, dict))
    of_traces = (holder for trace in data for holder in (trace, trace.get("marker")) if isinstance(holder, dict))
    return [holder["colorbar"] for holder in (*shared, *of_traces) if isinstance(holder.get("colorbar"), dict)]


def _legend(data: Sequence[dict[str, Any]], layout: Mapping[str, Any], width: float) -> float:
    """Wrap long names in a legend below the plot; pixels that it needs beside those that the page's has, or less."""
    if not layout.get("showlegend"):
        return 0
    room = width - _ENTRY - 16
    shown: dict[str, int] = {}
    for trace in data:
        name = trace.get("name")
        if name is None or trace.get("showlegend") is False:
            continue
        lines = _wrapped(str(name), _SIZE, room)
        trace["name"] = "<br>".join(lines)
        shown[trace.get("legendgroup") or name] = len(lines)
    more = sum(each - 1 for each in shown.values())
    widths = [_ENTRY + _width(name) for name in shown]
    if not widths or (layout.get("legend") or {}).get("orientation") != "h":
        return more * _LINE
    across = len(widths) if sum(widths) <= width - 16 else max(1, int((width - 16) // max(widths)))
    rows = math.ceil(len(widths) / across)
    return more * _LINE + min(0, rows - len(widths)) * _LEGEND_LINE


def _legible(part: dict[str, Any]) -> None:
    """Raise the sizes of fonts that would be too small in print, and darken the page's muted grey."""
    for key, each in part.items():
        if key in ("customdata", "meta", "template"):
            continue
        if key == "font" or key.endswith("font"):
            _raise(each)
        for inner in each if isinstance(each, list | tuple) else (each,):
            if isinstance(inner, dict):
                _legible(inner)
        if key == "color" and isinstance(each, str):
            part[key] = _MUTED_HEX.sub(_QUIET, each)
        if _AXIS.fullmatch(key) and isinstance(each, dict) and each.get("title"):
            title = each["title"] if isinstance(each["title"], dict) else {"text": each["title"]}
            each["title"] = {**title, "font": {"size": _SIZE, **(title.get("font") or {})}}


def _raise(font: Any) -> None:
    if isinstance(font, dict) and isinstance(font.get("size"), int | float):
        font["size"] = max(font["size"], _SMALLEST)


def _width(text: str, size: float = _SIZE) -> float:
    """Pixels of a text without markup, in a font like those that print."""
    measured = ImageFont.load_default(64).getlength(_TAG.sub("", str(text)).replace("&lt;", "<"))
    return _SLACK * measured * size / 64


def _wrapped(text: str, size: float, most: float, n_lines: int = 0) -> list[str]:
    """A text without markup in lines no wider than ``most`` pixels; a word that is too long is broken."""
    lines: list[str] = []
    for word in str(text).replace("<br>", " ").split(" "):
        joined = f"{lines[-1]} {word}" if lines else word
        if not lines or _width(joined, size) > most:
            lines += _broken(word, size, most) if _width(word, size) > most else [word]
        else:
            lines[-1] = joined
    if n_lines and len(lines) > n_lines:
        lines = [*lines[: n_lines - 1], f"{lines[n_lines - 1]}…"]
    return [line for line in lines if line.strip()]


def _broken(word: str, size: float, most: float) -> list[str]:
    """A word in pieces, broken behind a sign where there is one near the end of a line."""
    pieces, rest = [], word
    while _width(rest, size) > most and len(rest) > 1:
        n = max(1, sum(_width(rest[: end + 1], size) <= most for end in range(len(rest))))
        at = max((rest.rfind(sign, n // 2, n) + 1 for sign in "/-_.:@,]"), default=0) or n
        pieces.append(rest[:at])
        rest = rest[at:]
    return [*pieces, rest]
