"""What all figures share: colours and what they mean, fonts, margins, titles and captions."""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go

from core.wording import clusters, plain

#: One colour a model. Each has a contrast of at least 3 to the paper of the light and of the dark theme; neighbours are
#: far apart in hue, since a name whose colour is taken gets the next one.
PALETTE = (
    *("#2F6DB5", "#D9772B", "#2A9D76", "#B5446E", "#7A5BB0", "#A8841F", "#3792B8", "#8A6A4F", "#6B7785", "#6F982C"),
    *("#C92049", "#087475", "#965CE5", "#8E5F02", "#2F8EFB", "#F7536D", "#3D7607", "#C368E8", "#9A9108", "#B92A8A"),
)
#: Our sign, as an address that a page carries itself; its two colours are legible on both themes.
MARK = (
    "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 24 24'%3E%3Crect x='1.5' y='1.5' "
    "width='21' height='21' rx='5' fill='none' stroke='%232F6DB5' stroke-width='2.4'/%3E%3Ccircle cx='15.4' cy='15.2' "
    "r='3.7' fill='%23D9772B'/%3E%3C/svg%3E"
)
#: A right and a wrong prediction; always with a second cue.
RIGHT, WRONG = "#2A9D76", "#C0443C"
#: What is no model's and no accuracy: reference lines that must be seen.
NOTED = "#B26A00"
#: Low accuracy is orange to brown, high accuracy blue; from 0 to 100 % unless a switch says otherwise.
ACCURACY_SCALE = ((0.0, "#7A2E1D"), (0.3, "#D9772B"), (0.62, "#F1E9D6"), (1.0, "#2F6DB5"))
#: A loss is purple, a gain green, no change is pale: unlike accuracies, which have hues of their own.
CHANGE_SCALE = ((0.0, "#5E2A78"), (0.25, "#A374BC"), (0.5, "#F3F1EE"), (0.75, "#5FA98A"), (1.0, "#14593F"))
LOSS, GAIN = "#7B4397", "#2A8263"
#: Colours (``#RRGGBB``) by place from 0 to 1, ascending.
Scale = Sequence[tuple[float, str]]
#: Text on a coloured cell.
DARK_INK, LIGHT_INK = "#1D2733", "#FFFFFF"
#: Black, where the ink itself would not reach a contrast of 4.5 on the middle of the scale.
CELL_INK = "#000000"
#: Luminance (WCAG) up to which white has more contrast than black: then both have at least 4.5.
_LIGHT_INK_TO = 0.179
RULE = "rgba(128, 128, 128, 0.25)"
MUTED = "#7C8590"
#: Behind what is chosen, on either theme.
CHOSEN = "rgba(128, 128, 128, 0.28)"
_THIN = {"color": MUTED, "width": 1}
SERIF = '"Source Serif", "Source Serif Pro", Georgia, serif'
_SANS = "Source Sans, Helvetica, Arial, sans-serif"
_BAND_OPACITY = 0.15
BAR_OPACITY = 0.85
#: Pixels from the top to the first line of the title (its second hangs below) and to the plot; below the plot for axis
#: and identity; for a line of the legend.
_TITLE, _TOP, _BOTTOM, _LEGEND_LINE = 20, 58, 48, 20
#: Pixels of the line with the identity, in files.
_CAPTION_LINE = 16


@dataclass(frozen=True)
class Words:
    """What is written on a figure.

    Attributes:
        title: What is seen.
        subtitle: n and kind of interval.
        caption: Identity of the results; written into files, not on the page, which has it at its foot.
        unit: What images share where intervals are over that, for hover texts and files.
    """

    title: str
    subtitle: str = ""
    caption: str = ""
    unit: str = "object"


def colour_of(models: Sequence[str], first: Sequence[str] = ()) -> dict[str, str]:
    """A colour for each model, from its name alone: the same in every figure, on every page, in every export and store.

    Only of two that are shown together and would share one, the later takes the next free one.

    Args:
        models: Those shown.
        first: Those that keep theirs before others do; then they go by the alphabet.
    """
    order = sorted(models, key=lambda model: (model not in first, model))
    places = {
        model: int.from_bytes(hashlib.sha256(model.encode()).digest()[:4], "big") % len(PALETTE) for model in order
    }
    shown: dict[str, str] = {}
    for model, place in places.items():
        if PALETTE[place] not in shown.values():
            shown[model] = PALETTE[place]
    for model, place in places.items():
        if model not in shown:
            shown[model] = _next_free(place, set(shown.values()))
    return {model: shown[model] for model in models}


def _next_free(place: int, taken: Set[str]) -> str:
    """The colour at a place of the palette, or the next that is not taken; its own if all are."""
    turned = (*PALETTE[place:], *PALETTE[:place])
    return next((colour for colour in turned if colour not in taken), turned[0])


def faded(colour: str, opacity: float = _BAND_OPACITY) -> str:
    """``#RRGGBB`` as ``rgba``."""
    red, green, blue = (int(colour[start : start + 2], 16) for start in (1, 3, 5))
    return f"rgba({red}, {green}, {blue}, {opacity})"


#: What a plot of unknown numbers says in its middle.
_NOTHING_KNOWN = {
    **{"text": "Not known here", "showarrow": False, "xref": "paper", "yref": "paper", "x": 0.5, "y": 0.5},
    "font": {"size": 13, "color": MUTED},
}


def figure(
    traces: Sequence[dict[str, Any]],
    words: Words,
    *,
    height: int = 380,
    legend: int = 0,
    shapes: Sequence[dict[str, Any]] = (),
    annotations: Sequence[dict[str, Any]] = (),
    margin: Mapping[str, int] | None = None,
    left: int | None = None,
    **layout: Any,
) -> go.Figure:
    """A figure with title, caption, margins and legend as on all others; text colours are left to the page's theme.

    It is built in one call: to add to it or to update it afterwards takes Plotly several times as long.

    Args:
        traces: As in Plotly's JSON, each with its ``type``.
        words: What is written on it.
        height: Pixels, without the legend.
        legend: Entries of the legend; each gets a line, which is what the narrowest figure needs; 0 for none.
        shapes: Lines and frames.
        annotations: Texts in the plot.
        margin: Pixels, of the sides (``l``, ``r``, ``t``, ``b``) that differ from other figures'.
        left: Pixels that the left axis needs, its title included. Then the margins are just these; else Plotly finds
            them as it draws, a little different each time that it draws over a figure.
        **layout: Axes and all else that is this figure's own.
    """
    unknown = _unknown_axes(traces, layout)
    if unknown:
        layout |= {name: {**layout[name], "range": span} for name, span in unknown.items()}
        annotations = [*annotations, _NOTHING_KNOWN]
    bottom = _BOTTOM + legend * _LEGEND_LINE
    height += legend * _LEGEND_LINE
    plot = max(height - _TOP - bottom, 1)
    margin = {"l": 8 if left is None else left, "r": 16, "t": _TOP, "b": bottom, **(margin or {})}
    return go.Figure(
        data=[_without_markup(trace) for trace in traces],
        layout={
            "title": {
                "text": _heading(words),
                "font": {"size": 15, "family": SERIF},
                "x": 0,
                "xanchor": "left",
                "y": 1 - _TITLE / height,
                "yanchor": "bottom",
                "yref": "container",
                "pad": {"l": 2},
            },
            "height": height,
            "margin": {**margin, "autoexpand": left is None},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "showlegend": legend > 0,
            # Distances below the plot are meant in pixels; Plotly wants them as shares of its height.
            "legend": {
                "orientation": "h",
                # From the left edge, where long names have more room, unless an axis is named there: Plotly would shift
                # that into the plot.
                "xref": "paper" if _is_named(layout.get("yaxis")) else "container",
                "x": 0,
                "xanchor": "left",
                "y": -44 / plot,
                "yanchor": "top",
                "title": {"text": ""},
            },
            "hoverlabel": {"align": "left"},
            "dragmode": False,
            "clickmode": "event+select",
            "shapes": shapes,
            "annotations": _without_markup(list(annotations)),
            "meta": {"caption": words.caption, "unit": words.unit},
            **_without_markup(layout),
        },
    )


def _is_named(axis: Mapping[str, Any] | None) -> bool:
    title = (axis or {}).get("title")
    return bool(title["text"] if isinstance(title, Mapping) and "text" in title else title)


#: What the hover texts of this package are set in.
_OWN_MARKUP = re.compile(r"<(?!/?b>|br>)")


def _unknown_axes(traces: Sequence[dict[str, Any]], layout: Mapping[str, Any]) -> dict[str, list[float]]:
    """The range of each axis of shares on which no trace has a number: Plotly's own would go up to 400 %."""
    found = {}
    for name, axis in layout.items():
        is_share = isinstance(axis, Mapping) and str(axis.get("tickformat", "")).endswith("%")
        if not is_share or "range" in axis or axis.get("type") == "log" or name[1:5] != "axis":
            continue
        values = (value for trace in traces for value in trace.get(name[0], ()))
        if not any(isinstance(value, int | float | np.number) and np.isfinite(value) for value in values):
            found[name] = [-0.5, 0.5] if str(axis["tickformat"]).startswith("+") else [0.0, 1.0]
    return found


def _without_markup(content: Any) -> Any:
    """Texts of a trace or layout in which only this package's own tags mean something, not those in names from data.

    What a click tells is left as it is, and so are numbers.
    """
    if isinstance(content, str):
        return _OWN_MARKUP.sub("&lt;", content)
    if isinstance(content, Mapping):
        return {key: each if key == "customdata" else _without_markup(each) for key, each in content.items()}
    if isinstance(content, list | tuple) and any(not isinstance(each, int | float) for each in content):
        return [_without_markup(each) for each in content]
    return content


def _heading(words: Words) -> str:
    if not words.subtitle:
        return plain(words.title)
    small = f"font-size:12px;font-weight:400;font-family:{_SANS};fill:{MUTED};color:{MUTED}"
    return f'{plain(words.title)}<br><span style="{small}">{plain(words.subtitle)}</span>'


def percent_axis(title: str = "", **more: object) -> dict[str, object]:
    """An axis of shares."""
    return {"title": {"text": title}, "tickformat": ".0%", "gridcolor": RULE, "zeroline": False, **more}


def room_for(names: Sequence[str]) -> int:
    """Pixels that the names of rows need at the left."""
    return 22 + round(5.8 * max((len(name) for name in names), default=0))


#: Pixels for an axis of numbers with a title.
NUMBERS_LEFT = 66


def row_axis(**more: object) -> dict[str, object]:
    """An axis of names, the first on top."""
    return {"autorange": "reversed", "showgrid": False, "automargin": True, "ticklabelstandoff": 6, **more}


def place_axis(names: Sequence[str]) -> dict[str, object]:
    """An axis of names at the places 0, 1, 2, ..., the first on top, with room for marks between them."""
    return {
        "tickvals": list(range(len(names))),
        "ticktext": list(names),
        "range": [len(names) - 0.45, -0.55],
        "showgrid": False,
        "zeroline": False,
        "automargin": True,
    }


def vertical(x: float, **line: object) -> dict[str, Any]:
    """A line from the bottom of the plot to its top, thin and grey unless ``line`` says otherwise."""
    return {"type": "line", "x0": x, "x1": x, "xref": "x", "y0": 0, "y1": 1, "yref": "y domain", "line": _THIN | line}


def horizontal(y: float, **line: object) -> dict[str, Any]:
    """A line from the left of the plot to its right, thin and grey unless ``line`` says otherwise."""
    return {"type": "line", "x0": 0, "x1": 1, "xref": "x domain", "y0": y, "y1": y, "yref": "y", "line": _THIN | line}


def interval_text(table: Mapping[str, object], unit: str = "object") -> list[str]:
    """Hover text of each row of a metric table: value, interval, n; ``unit`` is what clusters are."""
    rows = zip(table["value"], table["low"], table["high"], table["n"], table["n_clusters"], strict=True)
    return [
        f"<b>{100 * value:.1f} %</b> [{100 * low:.1f}, {100 * high:.1f}]<br>n = {n:,}"
        + (f", {clusters(k, unit)}" if k != n else "")
        if low == low
        else f"<b>{100 * value:.1f} %</b>, no interval<br>n = {n:,}"
        for value, low, high, n, k in rows
    ]


def scale_colour(share: float, scale: Sequence[tuple[float, str]] = ACCURACY_SCALE) -> str:
    """A colour of a scale from 0 to 1; grey for nothing."""
    if math.isnan(share):
        return "#B8B8B8"
    stops = [stop for stop, _ in scale]
    channels = [[int(colour[at : at + 2], 16) for _, colour in scale] for at in (1, 3, 5)]
    return "#" + "".join(f"{round(float(np.interp(share, stops, channel))):02X}" for channel in channels)


def luminance(colour: str) -> float:
    """Relative luminance of ``#RRGGBB``, 0..1 (WCAG 2.2)."""
    parts = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def needs_light_ink(share: float, scale: Sequence[tuple[float, str]] = ACCURACY_SCALE) -> bool:
    """Whether a text on a cell of a scale's colour is legible in white rather than in dark ink."""
    return luminance(scale_colour(share, scale)) < _LIGHT_INK_TO


def on_white(figure: go.Figure) -> go.Figure:
    """A figure away from the pages: dark ink on white, with the identity of its results at the bottom."""
    shown = go.Figure(figure)
    caption = (figure.layout.meta or {}).get("caption", "")
    shown.update_layout(
        template="plotly_white",
        paper_bgcolor="#FFFFFF",
        plot_bgcolor="#FFFFFF",
        font={"color": DARK_INK, "family": _SANS},
    )
    if caption:
        # A line of its own, below axis, legend and scale; the plot keeps its height.
        below, height = (figure.layout.margin.b or 0) + _CAPTION_LINE, (figure.layout.height or 380) + _CAPTION_LINE
        foot = {"x": 0, "y": 0, "xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom"}
        shown.add_annotation(
            text=caption, showarrow=False, font={"size": 10, "color": "#5A6470"}, yshift=-below, **foot
        )
        shown.update_layout(height=height, margin={"b": below}, title={"y": 1 - _TITLE / height})
        shown.update_traces(colorbar={"y": _CAPTION_LINE / height}, selector=_has_scale_at_the_bottom)
    return shown


def _has_scale_at_the_bottom(trace: Any) -> bool:
    bar = trace.to_plotly_json().get("colorbar", {})
    return bar.get("yref") == "container" and not bar.get("y")


def standalone(figure: go.Figure) -> str:
    """A figure as one HTML file that needs no network; see ``on_white``."""
    return on_white(figure).to_html(include_plotlyjs=True, full_html=True)
