"""Cells of a report's tables: accuracies with their own interval at any confidence, other numbers with the report's.

A table that is computed otherwise gives an interval of 95 % and nothing more. At another confidence its ends are moved
in proportion to Student's t, which is exact for intervals made of it and near for the others.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from core import store
from core.answers import report
from core.answers.cards import card_of, samples_of, unit_of
from core.answers.questions import grouped
from core.errors import UsageError, nearest
from core.explain import reporting
from core.gate.checks import Check
from core.gate.images import Images, Memo, images_of
from core.gate.verdicts import Estimate
from core.metrics.intervals import CONFIDENCE
from core.metrics.score import student


def estimate(check: Check, run: store.Run, memo: Memo | None = None) -> Estimate:
    """A cell of a table of a run's report.

    Args:
        check: Of a gate file; its number is a cell.
        run: The model's.
        memo: What was read for the checks before.

    Raises:
        UsageError: If the report has no such table, row or column, or the column has no interval.
    """
    number = check.number
    if check.where:
        raise UsageError("a table's cell takes no 'where': its row says what it is of.")
    built = reporting.build(run, tables=[number.name], policy=check.policy)
    rows = built["tables"].get(number.name, [])
    if not rows:
        why = next((said for said in built["warnings"] if f"'{number.name}'" in said), "it has no rows")
        raise UsageError(f"no cell of the table '{number.name}': {why}")
    row, column = _row(check, rows), number.column or _main(rows[0])
    if column not in row:
        raise UsageError(
            f"the table '{number.name}' has no column '{column}'.{nearest(column, row)} It has: {', '.join(row)}."
        )
    low, high = next(
        (ends for ends in ((f"{column}_low", f"{column}_high"), ("low", "high")) if set(ends) <= set(row)), ("", "")
    )
    if not low or (low == "low" and column != _main(rows[0])):
        raise UsageError(f"the column '{column}' of '{number.name}' has no interval, so no verdict can be had of it.")
    if (found := _accuracy(check, run, row, column, memo)) is not None:
        return found
    n, n_clusters = _counted(run, row)
    value, least, most = (math.nan if row[name] is None else float(row[name]) for name in (column, low, high))

    lowest, highest = _bounds(column, (value, least, most))

    def ends(confidence: float) -> tuple[float, float]:
        ratio = float(student(n_clusters - 1, confidence) / student(n_clusters - 1, CONFIDENCE))
        return max(value + ratio * (least - value), lowest), min(value + ratio * (most - value), highest)

    unit = unit_of(run) if n_clusters < n else "image"
    return Estimate(value, n, n_clusters, ends, unit, notes=tuple(built["notes"].get(number.name, ())))


def _counted(run: store.Run, row: dict[str, Any]) -> tuple[int, int]:
    """Images and objects of a row; where it does not say, of both sides of a gap, and of the whole run."""
    sides_ = sum(int(row.get(name) or 0) for name in ("n_common", "n_uncommon"))
    n = int(row["n"] or 0) if "n" in row else sides_ or run.n_done
    if "n_clusters" in row:
        return n, int(row["n_clusters"] or 0)
    return n, min(n, samples_of(run)["cluster"].nunique()) if card_of(run).cluster_unit else n


def _main(row: dict[str, Any]) -> str:
    """The first column that an interval belongs to."""
    names = list(row)
    own = next((name for name in names if f"{name}_low" in row), "")
    return own or next((names[names.index("low") - 1] for _ in (0,) if "low" in row), names[0])


def _row(check: Check, rows: list[dict[str, Any]]) -> dict[str, Any]:
    found = rows
    for name, node in check.number.row.items():
        if name not in rows[0]:
            raise node.error(f"the table has no column '{name}'.{nearest(name, rows[0])} It has: {', '.join(rows[0])}.")
        chosen = [row for row in found if _is(row[name], node.text)]
        if not chosen:
            known = list(dict.fromkeys(text(row[name]) for row in found))
            shown = ", ".join(known[:12]) + (", …" if len(known) > 12 else "")
            raise node.error(f"no row has {name} '{node.text}'.{nearest(node.text, known)} There are: {shown}.")
        found = chosen
    if len(found) > 1:
        raise UsageError(f"{len(found)} rows of '{check.number.name}' are meant: say which with 'row'.")
    return found[0]


def _is(content: Any, text: str) -> bool:
    if isinstance(content, bool) or not isinstance(content, int | float):
        return str(content).lower() == text.lower()
    try:
        return math.isclose(content, float(text), rel_tol=1e-6, abs_tol=1e-9)
    except ValueError:
        return False


def _accuracy(check: Check, run: store.Run, row: dict[str, Any], column: str, memo: Memo | None) -> Estimate | None:
    """The cell of a table that groups images; None of one that is computed otherwise, or tells views apart."""
    named = next((each for each in report.tables_of(run) if each.name == check.number.name), None)
    if named is None or named.computed or run.n_views > 1 or column not in ("top1", "top5"):
        return None
    images = images_of(run, check.policy, {}, None, memo)
    table = grouped(run, images.table, named.by)
    kept = np.ones(len(table), dtype=bool)
    for name in named.by:
        values = [each for each in table[name].unique() if _is(each, str(row[name]))]
        kept &= table[name].isin(values).to_numpy(dtype=bool)
    if int(kept.sum()) != row["n"]:
        return None
    return Images(run, table[kept], images.is_clustered, images.is_share, notes=images.notes).share("correct")


def _bounds(column: str, seen: tuple[float, ...]) -> tuple[float, float]:
    """Where ends are cut: what is no share of anything has no bound."""
    if column.startswith("top"):
        return 0.0, 1.0
    return (-1.0, 1.0) if all(abs(each) <= 1 for each in seen) else (-math.inf, math.inf)


def text(content: Any) -> str:
    """A value of a table as it may be typed."""
    return f"{content:g}" if isinstance(content, float) else str(content)
