"""How near an image is to the prompts of two classes: which of them speak for the one, and which for the other."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from core.figures.style import MUTED, RULE, Words, figure, place_axis, room_for
from core.figures.traces import marks, silent
from core.wording import plain

ENSEMBLE = "all together"
#: Templates at either end that are drawn; the rest is in the table.
_ENDS = 3
_ROW_PX, _AROUND_PX = 27, 120
#: Characters of a template in a row.
_LONGEST = 44


def contrasted(scores: pd.DataFrame) -> pd.DataFrame:
    """The prompts of two classes beside each other.

    Args:
        scores: From ``core.models.zero_shot.scores.prompt_scores`` for two classes.

    Returns:
        ``template`` (``ENSEMBLE`` for what they make together), ``first`` and ``second`` (cosine with each class's
        text, -1..1) and ``difference``; the ensemble in front, then the one that speaks most for the first class.
    """
    first, second = (scores[scores["class_index"] == index] for index in scores["class_index"].drop_duplicates())
    table = pd.DataFrame(
        {
            "template": first["template"].where(~first["is_ensemble"], ENSEMBLE).to_numpy(),
            "first": first["similarity"].to_numpy(),
            "second": second["similarity"].to_numpy(),
            "is_ensemble": first["is_ensemble"].to_numpy(),
        }
    )
    table["difference"] = table["first"] - table["second"]
    ordered = table.sort_values(["is_ensemble", "difference"], ascending=False, kind="stable")
    return ordered[["template", "first", "second", "difference"]].reset_index(drop=True)


def extremes(table: pd.DataFrame) -> pd.DataFrame:
    """The ensemble and the templates at either end of ``contrasted``; all where that leaves out no more than one."""
    n = len(table) - 1
    if n <= 2 * _ENDS + 1:
        return table
    return pd.concat([table.iloc[: 1 + _ENDS], table.iloc[-_ENDS:]], ignore_index=True)


def sentence(table: pd.DataFrame, names: Sequence[str]) -> str:
    """How many prompts speak for which class.

    Args:
        table: From ``contrasted``.
        names: Of the two classes.
    """
    single = table.iloc[1:]
    n_first, n_second = int((single["difference"] > 0).sum()), int((single["difference"] < 0).sum())
    together = table.iloc[0]
    said = f"{n_first} of {len(single)} prompts for {names[0]}, {n_second} for {names[1]}"
    if len(single) == 1:
        said = "one prompt"
    return f"{said}; together {together['first']:.3f} against {together['second']:.3f}"


def dots(table: pd.DataFrame, names: Sequence[str], colours: Sequence[str], words: Words) -> go.Figure:
    """A row for each template with a mark for each of the two classes.

    Args:
        table: From ``contrasted`` or ``extremes``.
        names: Of the two classes.
        colours: Of the two classes, in their order.
        words: Title, subtitle, caption.
    """
    rows = [plain(_short(template)) for template in table["template"]]
    first_colour, second_colour = colours
    traces = []
    for place, (one, other) in enumerate(zip(table["first"], table["second"], strict=True)):
        traces.append(silent([one, other], [place, place], "lines", line={"color": MUTED, "width": 1.4}))
    for column, name, colour, symbol in zip(
        ("first", "second"), names, (first_colour, second_colour), ("circle", "diamond"), strict=True
    ):
        hover = [
            f"<b>{value:.3f}</b><br>{plain(template)}<br>{plain(name)}"
            for template, value in zip(table["template"], table[column], strict=True)
        ]
        places, marker = list(range(len(table))), {"color": colour, "size": 10, "symbol": symbol}
        traces.append(marks(table[column].tolist(), places, hover, name=plain(name), marker=marker))
    return figure(
        traces,
        words,
        height=_AROUND_PX + _ROW_PX * len(table),
        legend=1,
        left=room_for(rows),
        xaxis={"title": {"text": "cosine with the text"}, "gridcolor": RULE, "zeroline": False, "tickformat": ".2f"},
        yaxis=place_axis(rows),
    )


def _short(template: str) -> str:
    return template if len(template) <= _LONGEST else f"{template[: _LONGEST - 1]}…"
