"""Metric tables as Plotly figures; no torch, no Streamlit.

Every figure says in its title what is seen, under it n and the interval, and at the bottom the identity of the results.
Colours mean the same everywhere; see ``core.figures.style``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from core.answers.questions import StoredPolicy
    from core.store import Run

__all__ = ["show"]


def show(runs: Run | Sequence[Run], name: str, policy: StoredPolicy = "top1") -> go.Figure:
    """One of the pages' figures for a notebook or a script: dark ink on white, with the identity of its results.

    Args:
        runs: A result, or several of one benchmark that are compared.
        name: Such as ``by_location`` or ``by_FACTOR``; see ``core.figures.exhibits.exhibit``. Of a figure that each
            model has, that of the first.
        policy: What counts as right: ``top1`` or ``top5``.

    Raises:
        UsageError: If these results have no such figure; names the nearest.
    """
    # Whoever draws a single figure needs no others.
    from core.figures import exhibits, style

    return style.on_white(exhibits.exhibit(runs, name, policy).figure)
