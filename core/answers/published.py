"""Results under views that are resized as the published code of Hard ImageNet does, beside the product's own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core import store
from core.answers import report
from core.images.views.cues import AllCues
from core.images.views.cues_as_published import SUFFIX
from core.types import Policy

#: What differs from the product's own numbers; for readers.
DIFFERS = (
    "as published: whatever the model's own resize and crop, images and masks are squashed to 256 x 256 and cropped to "
    "224 x 224 (both scaled with the model's input), and a mask counts wherever it is above 0; boxes, tiles, noise and "
    "means over classes are the product's own"
)


def own_run(run: store.Run) -> store.Run | None:
    """The product's own result beside one of views as published: same weights, data and precision; None if not stored.

    Args:
        run: Of a family in ``core.images.views.cues_as_published``.
    """
    families = (run.view.removesuffix(SUFFIX), AllCues.name)
    there = [
        other
        for other in store.list_runs(run.benchmark)
        if other.view in families
        and (other.fingerprint, other.precision, other.content) == (run.fingerprint, run.precision, run.content)
    ]
    return max(there, key=lambda other: (other.complete, other.view == families[0]), default=None)


def beside(run: store.Run, content: dict[str, Any], policy: Policy = "top1", exclude: Sequence[str] = ()) -> dict:
    """A report of views as published, with the product's own numbers in its rows.

    Args:
        run: Of a family in ``core.images.views.cues_as_published``.
        content: Its report; see ``report.build``.
        policy: That of the report.
        exclude: The classes that are left out of the report.

    Returns:
        The report, with ``as_published`` (``DIFFERS``) and ``own_identity`` (of the product's own result, or None). If
        there is one, rows of the tables of views also have ``own_<value>, own_low, own_high, n_own``, where ``<value>``
        is ``top1``, ``top5`` or ``rfs``; None where it has no such row.
    """
    own = own_run(run)
    found = {**content, "as_published": DIFFERS, "own_identity": own.identity if own else None}
    names = [table.name for table in run.views.tables if content["tables"].get(table.name)]
    if own is None or not names:
        return found
    theirs = report.build(own, policy=policy, tables=names, exclude=exclude)["tables"]
    tables = {name: _merged(run, name, rows, theirs) for name, rows in content["tables"].items() if name in names}
    return {**found, "tables": {**content["tables"], **tables}}


def _merged(run: store.Run, name: str, rows: list[dict[str, Any]], theirs: dict[str, list[dict]]) -> list[dict]:
    by = next(table.by for table in run.views.tables if table.name == name)
    own = {_key(row, by): row for row in theirs[name]}
    value = next(column for column in ("rfs", "top1", "top5") if column in rows[0])
    columns = {f"own_{value}": value, "own_low": "low", "own_high": "high", "n_own": "n"}
    return [{**row, **{new: own.get(_key(row, by), {}).get(old) for new, old in columns.items()}} for row in rows]


def _key(row: dict[str, Any], by: Sequence[str]) -> tuple[object, ...]:
    return tuple(value.removesuffix(SUFFIX) if isinstance(value := row[name], str) else value for name in by)
