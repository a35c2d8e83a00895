"""Where a model breaks, a row a factor: from its best setting to its worst, with the interval of what lies between."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
import plotly.graph_objects as go

from core.answers.profile_lines import Line
from core.answers.profile_sentences import against, row
from core.figures.style import CHOSEN, MUTED, RULE, Words, faded, figure, percent_axis
from core.figures.traces import error_bars, marks, silent, steady
from core.wording import interval, plain, points

#: Rows that a figure shows at most.
MOST = 16
#: Pixels of a model's lane, between rows, around all rows, and at the right for the numbers.
_LANE, _GAP, _REST, _RIGHT = 22, 10, 108, 122
#: Room between rows in lanes.
_BETWEEN = _GAP / _LANE
#: Signs of a row's name with its setting.
_LONGEST = 34
#: Pixels of the square that says whose a lane is.
_SQUARE = 14
#: By kind: the mark at the end, and the same where nothing is clear.
_SYMBOLS = {"factor": "circle", "setting": "circle", "cues": "square", "zoom": "diamond"}
#: What is seen, for a subtitle.
KEY = "bar: best setting · dot: worst (hollow: no clear drop) · line: 95 % interval of the drop"
#: The same of two models.
KEY_OF_TWO = f"{KEY} · ≠: the two differ at their worst"


def shown(lines: Sequence[Line], most: int = MOST) -> tuple[Line, ...]:
    """The lines that a figure shows: those with a number, the first ones of very many."""
    return tuple(line for line in lines if line.is_known)[:most]


def lanes_of(line: Line) -> tuple[Line, ...]:
    """A line, and the second model's where that has a number."""
    return (line, line.other) if line.other is not None and line.other.is_known else (line,)


def profile(
    lines: Sequence[Line], colours: Mapping[str, str], words: Words, *, chosen: tuple[str, str] = ("", "")
) -> go.Figure:
    """A row a factor: a bar at the best setting, a dot at the worst, and the interval of the drop from the bar.

    Dots are hollow where nothing is clear; squares are of images without their object, diamonds of the best zoom.

    Args:
        lines: Of ``core.answers.profile``; those without a number are left out.
        colours: By model.
        words: Title, subtitle, caption.
        chosen: Benchmark and name of the line that is marked.

    Returns:
        Dots with ``[benchmark, name of the line, model]`` as customdata.
    """
    there = shown(lines)
    tops, end = _tops(there)
    models = list(dict.fromkeys(each.model for line in there for each in lanes_of(line)))
    # The first model's dots lie on top of the second's.
    traces = [
        trace
        for rank, model in reversed(list(enumerate(models)))
        for trace in _of_model(model, there, tops, colours[model], rank)
    ]
    return figure(
        traces,
        words,
        height=_REST + round(_LANE * end),
        legend=len(models) if len(models) > 1 else 0,
        left=20
        + _SQUARE * (len(models) > 1)
        + round(5.7 * max((len(name_of(each, line)) for line in there for each in lanes_of(line)), default=0)),
        margin={"r": _RIGHT},
        shapes=[*_bands(there, tops, chosen), *_rule(there, tops)],
        annotations=_texts(there, tops, colours if len(models) > 1 else {}),
        xaxis=percent_axis(
            "accuracy", range=[-0.02, 1.02], tickvals=[0, 0.25, 0.5, 0.75, 1], tickangle=0, fixedrange=True
        ),
        yaxis={"range": [end, 0], "visible": False, "fixedrange": True},
    )


def _tops(lines: Sequence[Line]) -> tuple[list[float], float]:
    """Where the first lane of each row begins, in lanes, and where all end."""
    tops, at = [], _BETWEEN
    for line in lines:
        tops.append(at)
        at += len(lanes_of(line)) + _BETWEEN
    return tops, at


@dataclass(frozen=True)
class _Lane:
    line: Line
    at: float


def _of_model(model: str, lines: Sequence[Line], tops: Sequence[float], colour: str, rank: int) -> list[dict[str, Any]]:
    lanes = [
        _Lane(each, top + number + 0.5)
        for line, top in zip(lines, tops, strict=True)
        for number, each in enumerate(lanes_of(line))
        if each.model == model
    ]
    between = [(end, lane.at) for lane in lanes for end in (lane.line.clean, lane.line.worst, None)]
    hover = [_hover(lane.line, lines) for lane in lanes]
    at = [lane.at for lane in lanes]
    ends = pd.DataFrame(
        {"value": [lane.line.worst for lane in lanes],
         "low": [max(lane.line.clean + lane.line.low, 0.0) for lane in lanes],
         "high": [min(lane.line.clean + lane.line.high, 1.0) for lane in lanes]}
    )  # fmt: skip
    segments = silent([x for x, _ in between], [y for _, y in between], "lines",
                      line={"color": faded(colour, 0.35), "width": 5})  # fmt: skip
    begins = marks(
        [lane.line.clean for lane in lanes], at, hover, showlegend=False,
        marker={"symbol": "line-ns", "size": 13, "line": {"width": 2.4, "color": colour}},
    )  # fmt: skip
    worst = marks(
        ends["value"].tolist(),
        at,
        hover,
        name=plain(model),
        legendrank=rank,
        marker={"symbol": [_symbol(lane.line) for lane in lanes], "size": 11, "color": colour,
                "line": {"width": 1.8, "color": colour}},
        error_x=error_bars(ends["value"], ends["low"], ends["high"], thickness=1.3, width=4),
        customdata=[[lane.line.benchmark, lane.line.name, model] for lane in lanes],
        **steady(),
    )  # fmt: skip
    return [segments, begins, worst]


def _symbol(line: Line) -> str:
    is_clear = line.high < 0 or line.low > 0
    return _SYMBOLS[line.kind] + ("" if is_clear else "-open")


def _hover(line: Line, lines: Sequence[Line]) -> str:
    """The sentence of a line, broken where a hover text can be; with the comparison of both models."""
    said = plain(row(line)).replace("; ", "<br>").replace(": ", ":<br>", 1)
    first = next(each for each in lines if (each.benchmark, each.name) == (line.benchmark, line.name))
    compared = against(first)
    paired = f"<br>{plain(first.other.model)} less {plain(first.model)}: {compared}" if first.other else ""
    return f"<b>{plain(line.title)}</b>, {plain(line.model)}<br>{said}{paired}<br>{plain(line.benchmark)}"


def name_of(line: Line, first: Line) -> str:
    """What stands beside a lane: the factor on the first of a row, and the setting at the dot."""
    at = f"best, {line.worst_at}" if line.kind == "zoom" else line.worst_at
    title = "cues: without the object" if line.kind == "cues" else f"{line.title}: {at}"
    name = title if line is first else "the same" if line.kind == "cues" else at
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"


def change_of(line: Line, first: Line) -> str:
    """``−76 [−100, −52]``: the change in points with its interval; ``≠`` where the second model clearly differs."""
    said = f"{points(line.change)} {interval(line.low, line.high, 0)}".replace("\u00a0pts", "")
    return f"{said} ≠" if first.differs and line is not first else said


def _texts(lines: Sequence[Line], tops: Sequence[float], colours: Mapping[str, str]) -> list[dict[str, Any]]:
    """Names at the left and changes at the right of each lane; where there are two models, with a square of theirs.

    Words in a model's colour could not be read on both themes.
    """
    place = {"xref": "paper", "showarrow": False, "yref": "y"}
    found = [
        place | {"x": 1, "xanchor": "left", "xshift": 10, "yref": "paper", "y": 1, "yanchor": "bottom", "yshift": 2,
                 "text": "change, points", "font": {"size": 11, "color": MUTED}}
    ]  # fmt: skip
    for line, top in zip(lines, tops, strict=True):
        for number, each in enumerate(lanes_of(line)):
            at = place | {"y": top + number + 0.5, "font": {"size": 12}}
            left = at | {"x": 0, "xanchor": "right"}
            if each.model in colours:
                square = {"size": 12, "color": colours[each.model]}
                found.append(left | {"xshift": -8, "text": "■", "font": square})
            shift = -8 - _SQUARE * (each.model in colours)
            found.append(left | {"xshift": shift, "text": plain(name_of(each, line))})
            text = change_of(each, line)
            found.append(at | {"x": 1, "xanchor": "left", "xshift": 10, "text": text, "font": {"size": 11}})
    return found


def _bands(lines: Sequence[Line], tops: Sequence[float], chosen: tuple[str, str]) -> list[dict[str, Any]]:
    """A band behind the chosen row."""
    place = {"type": "rect", "xref": "paper", "x0": 0, "x1": 1, "layer": "below", "fillcolor": CHOSEN}
    return [
        place | {"y0": top - _BETWEEN / 2, "y1": top + len(lanes_of(line)) + _BETWEEN / 2, "line": {"width": 0}}
        for line, top in zip(lines, tops, strict=True)
        if (line.benchmark, line.name) == chosen
    ]


def _rule(lines: Sequence[Line], tops: Sequence[float]) -> list[dict[str, Any]]:
    """A line above the rows that are no losses."""
    first = next((top for line, top in zip(lines, tops, strict=True) if not line.is_loss), None)
    if first is None or first == tops[0]:
        return []
    at = first - _BETWEEN / 2
    place = {"type": "line", "xref": "paper", "x0": -0.6, "x1": 1.4, "y0": at, "y1": at}
    return [place | {"line": {"color": RULE, "width": 1}}]


def table(lines: Sequence[Line]) -> pd.DataFrame:
    """What is drawn, and what is not, as a table: a row a factor of one model; fractions 0..1."""
    return pd.DataFrame(
        [
            {
                **{"benchmark": line.benchmark, "factor": line.title, "kind": line.kind},
                **{"begins_at": line.clean_at, "accuracy_there": line.clean},
                **{"worst_at": line.worst_at, "accuracy_at_worst": line.worst},
                **{"change": line.change, "change_low": line.low, "change_high": line.high},
                **{"n": line.n, "n_clusters": line.n_clusters, "ties": "; ".join(line.ties)},
                **{"settings": line.levels, "thin_settings": line.thin_levels, "is_varied": line.is_varied},
                "note": line.note,
            }
            for line in lines
        ]
    )
