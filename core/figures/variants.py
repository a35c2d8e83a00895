"""The same weights under other settings: accuracy of each as a dot with its interval, the model's own as a line."""

from __future__ import annotations

from typing import Any

import pandas as pd
import plotly.graph_objects as go

from core.figures.style import MUTED, Words, figure, interval_text, percent_axis, place_axis, room_for, vertical
from core.figures.traces import error_bars, marks, symbols
from core.wording import interval, plain, points

_ROW, _REST = 36, 128
#: Pixels at the right for the differences.
_RIGHT = 140
#: Signs of a setting's name in a line.
_LINE = 38
#: Shares of the plot that are free beside the outermost interval, and the narrowest axis.
_ROOM, _NARROWEST = 0.06, 0.04


def variants(table: pd.DataFrame, colour: str, words: Words, *, chosen: str = "") -> go.Figure:
    """Accuracy of each setting, a row a setting, the model's own on top.

    Args:
        table: ``core.answers.variants.table``, with ``setting``: its name.
        colour: Of the model.
        words: Title, subtitle, caption.
        chosen: Identity of the row that is marked.

    Returns:
        Dots with ``[identity]`` as customdata: hollow where there are few images or objects, or the result is not
        finished; diamonds where the difference from the model's own setting is clear.
    """
    rows = table.to_dict("records")
    hover = [
        f"<b>{plain(row['setting'])}</b><br>{text}{_change(row)}"
        for row, text in zip(rows, interval_text(table, words.unit), strict=True)
    ]
    trace = marks(
        table["value"].tolist(),
        list(range(len(table))),
        hover,
        marker={"size": [13 if row["identity"] == chosen else 10 for row in rows], "color": colour,
                "symbol": _symbols(table), "line": {"width": 1.6, "color": colour}},
        error_x=error_bars(table["value"], table["low"], table["high"], width=4),
        customdata=[[row["identity"]] for row in rows],
        showlegend=False,
    )  # fmt: skip
    names = ["<br>".join(_lines(str(row["setting"]))) for row in rows]
    own = table.loc[table["own"], "value"]
    is_compared = bool(table["change"].notna().any())
    return figure(
        [trace],
        words,
        height=max(200, _REST + _ROW * len(table)),
        margin={"r": _RIGHT} if is_compared else None,
        annotations=_annotations(rows) if is_compared else [],
        left=room_for([line for row in rows for line in _lines(str(row["setting"]))]),
        shapes=[vertical(float(own.iloc[0]), dash="dot", color=MUTED)] if len(own) and own.notna().all() else [],
        xaxis=percent_axis("accuracy", range=_range(table)),
        yaxis=place_axis([plain(name).replace("&lt;br>", "<br>") for name in names]),
    )


def _annotations(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """At the right of each row by how much it differs from the model's own: that is what intervals of dots hide."""
    place = {"xref": "paper", "x": 1.02, "xanchor": "left", "showarrow": False, "align": "left"}
    font = {"font": {"size": 11}}
    heads = [place | font | {"yref": "paper", "y": 1, "yanchor": "bottom", "text": "less its own, points"}]
    return heads + [place | font | {"y": at, "text": _beside(row)} for at, row in enumerate(rows)]


def _beside(row: dict[str, Any]) -> str:
    if row["own"] or row["change"] != row["change"]:
        return ""
    if row["same_pixels"]:
        return "same pixels"
    said = points(row["change"], 1).replace("\u00a0pts", "")
    return f"{said} {interval(row['change_low'], row['change_high'])}"


def _symbols(table: pd.DataFrame) -> list[str]:
    """A mark a row: a diamond where the difference is clear; hollow where nothing is claimed."""
    clear = ((table["change_low"] > 0) | (table["change_high"] < 0)) & ~table["partial"]
    return [
        f"{'diamond' if is_clear else 'circle'}{'-open' if open_.endswith('-open') or partial else ''}"
        for is_clear, open_, partial in zip(clear, symbols(table), table["partial"], strict=True)
    ]


def _change(row: dict[str, Any]) -> str:
    """What a row's hover text says of the model's own setting."""
    state = "<br>not finished" if row["partial"] else ""
    if row["own"]:
        return f"<br>the model's own{state}"
    if row["same_pixels"]:
        return f"<br>the same pixels as the model's own{state}"
    change = row["change"]
    if change != change:
        return state
    around = interval(row["change_low"], row["change_high"])
    counts = f"{row['gained']:,} gained, {row['lost']:,} lost of {row['n_common']:,}"
    return f"<br>{points(change, 1)} {around} from its own<br>{counts}{state}"


def _lines(name: str) -> list[str]:
    """A name in lines of a length, broken at words."""
    lines = [""]
    for word in name.split(" "):
        longer = f"{lines[-1]} {word}".strip()
        if len(longer) <= _LINE or not lines[-1]:
            lines[-1] = longer
        else:
            lines.append(word)
    return [line if len(line) <= _LINE else f"{line[: _LINE - 1]}…" for line in lines]


def _range(table: pd.DataFrame) -> list[float]:
    """As wide as the intervals, so that settings that are near each other are seen apart; never beyond 0 to 100 %."""
    ends = pd.concat([table["value"], table["low"], table["high"]]).dropna()
    if ends.empty:
        return [0.0, 1.0]
    low, high = float(ends.min()), float(ends.max())
    room = max(_ROOM * (high - low), (_NARROWEST - (high - low)) / 2)
    return [max(low - room, -0.01), min(high + room, 1.01)]
