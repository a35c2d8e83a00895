"""The numbers of checks: what a report or page says of a run, with an interval at any confidence.

Accuracies have the intervals of ``metrics.accuracy_by``, gaps and contrasts those of ``metrics.differences``, changes
from a baseline those of ``metrics.paired``, paired over the images that both have. The worst of many values has ends
from bands that hold for all values at once. Cells of tables are in ``core.gate.cells``.
"""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import numpy as np
import pandas as pd

from core import store
from core.answers.compare import side_of_border
from core.answers.questions import factor_of, grouped
from core.errors import UsageError, nearest
from core.gate.cells import estimate as estimate_cell
from core.gate.cells import text
from core.gate.checks import Check
from core.gate.images import BROKEN, Images, Memo, images_of, meets
from core.gate.verdicts import Estimate
from core.metrics import bands
from core.metrics.accuracy import group_codes
from core.metrics.bootstrap import replicates, student_interval
from core.metrics.clusters import Freedom
from core.metrics.differences import difference
from core.metrics.paired import paired_changes
from core.uncommon.gaps import COMMON, sides
from core.uncommon.rules import ATTRIBUTES
from core.wording import units


def estimate(check: Check, run: store.Run, baseline: store.Run | None, memo: Memo | None = None) -> Estimate:
    """The number of a check.

    Args:
        check: Of a gate file.
        run: The model's.
        baseline: Where the check needs one.
        memo: What was read for the checks before.

    Raises:
        UsageError: If the benchmark has no such number; names the place in the file.
    """
    if check.number.kind == "cell":
        with check.places["number"].placed():
            return estimate_cell(check, run, memo)
    with check.places["check"].placed() if not check.where else check.places["where"].placed():
        images = images_of(run, check.policy, check.where, baseline, memo)
    with check.places["number"].placed():
        if baseline is not None and baseline.identity == run.identity:
            return _same(images)
        made = {"accuracy": _accuracy, "flips": _flips, "worst": _worst}.get(check.number.kind, _contrast)
        return made(images, check)


def _same(images: Images) -> Estimate:
    """A result against itself has not changed, whatever images were drawn."""
    n = len(images.table)
    clusters = images.clusters
    n_clusters = n if clusters is None else len(np.unique(clusters))
    notes = ("model and baseline are the same result",)
    return images.estimate(0.0, n, n_clusters, lambda confidence: (0.0, 0.0), notes=notes)


def _mean(column: pd.Series) -> float:
    return float(column.mean()) if len(column) else math.nan


def _accuracy(images: Images, check: Check) -> Estimate:
    if check.bound in ("min", "max"):
        return images.share("correct")
    table = images.table
    change, clusters = (table["correct"] - table["other"]).to_numpy(float)[:, None], images.clusters

    def ends(confidence: float) -> tuple[float, float]:
        found = paired_changes(change, clusters, confidence=confidence)
        return float(found.low[0]), float(found.high[0])

    n_clusters = len(table) if clusters is None else len(np.unique(clusters))
    sides_ = {"before": _mean(table["other"]), "after": _mean(table["correct"])}
    return images.estimate(change.mean(), len(table), n_clusters, ends, **sides_)


def _flips(images: Images, check: Check) -> Estimate:
    """Images that the baseline has right and the model wrong, as a share of all that both have."""
    table = images.table
    return images.share(BROKEN, before=_mean(table["other"]), after=_mean(table["correct"]))


def _worst(images: Images, check: Check) -> Estimate:
    """The value of a factor with the lowest accuracy, or the largest loss.

    Whatever the lowest is, it is at most each value's upper end and at least the lowest of the lower ends, where those
    of all values hold at once.
    """
    name = check.number.name
    _require_of_images(images.run, name)
    table = grouped(images.run, images.table, [name])
    groups, cells = group_codes(table, [name])
    if len(groups) < 2:
        raise UsageError(f"'{name}' has one value only: check accuracy instead.")
    paired, clusters = check.bound == "max_drop", images.codes_of(table)
    values = (table["correct"] - table["other"] if paired else table["correct"]).to_numpy(float)
    n = np.bincount(cells, minlength=len(groups))
    n_clusters = Freedom.of_cells(cells, clusters, len(groups)).n_clusters
    known = n_clusters >= 2
    if not known.any():
        raise UsageError(f"no value of '{name}' has two {units(images.unit)} or more, so none has an interval.")
    means = np.where(known, np.bincount(cells, weights=values, minlength=len(groups)) / n, np.inf)
    band = bands.change_band if paired else bands.accuracy_band

    def ends(confidence: float) -> tuple[float, float]:
        low, high, _ = band(values, cells, clusters, len(groups), confidence=confidence)
        return float(low[known].min()), float(high[known].min())

    at = int(means.argmin())
    notes = [f"{name} {text(groups[name].iloc[at])}, the lowest of {int(known.sum()):,}"]
    if few := int((~known).sum()):
        notes.append(f"left out for too few {units(images.unit)}: {few} other{'s' if few > 1 else ''}")
    more: dict[str, Any] = {"notes": tuple(notes)}
    if paired:
        there = table[cells == at]
        more |= {"before": _mean(there["other"]), "after": _mean(there["correct"])}
    return images.estimate(means[at], n[at], n_clusters[at], ends, **more)


def _require_of_images(run: store.Run, name: str) -> None:
    """Refuse a factor that a benchmark does not have, or by which the views of one image differ."""
    if factor_of(run, name) in run.views.factors:
        raise UsageError(
            f"'{name}' tells the views of one image apart, which are no groups of images: choose some of them with "
            f"'where: {{{name}: …}}'."
        )


def _contrast(images: Images, check: Check) -> Estimate:
    """From one group of images to another; with a baseline, how that has changed."""
    table, second, rows = _sides(images, check)
    first = ~second
    if not first.any() or not second.any():
        raise UsageError(f"one of the two groups has no images of '{images.run.benchmark}'.")
    correct, codes = table["correct"].to_numpy(float), images.codes_of(table)
    if check.bound in ("min", "max"):
        said = difference(correct, second, clusters=codes, images=rows)

        def ends(confidence: float) -> tuple[float, float]:
            found = difference(correct, second, clusters=codes, images=rows, confidence=confidence)
            return found.low, found.high

        before, after = float(correct[first].mean()), float(correct[second].mean())
        n = len(np.unique(rows))
        return images.estimate(said.value, n, said.n_clusters, ends, before=before, after=after)
    return _changed(images, table.assign(image=rows), second, rows if codes is None else codes)


def _changed(images: Images, table: pd.DataFrame, second: np.ndarray, clusters: np.ndarray) -> Estimate:
    """A contrast of the model less that of the baseline: images, or their objects, are drawn once for all four."""
    correct, other = (table[name].to_numpy(float) for name in ("correct", "other"))
    change, cells = correct - other, second.astype(np.int64)
    clusters = np.unique(clusters, return_inverse=True)[1]
    before, after = (float(part[second].mean() - part[~second].mean()) for part in (other, correct))
    freedom = Freedom.of_sum(cells, clusters, np.array([-1.0, 1.0]))

    @cache
    def draws() -> np.ndarray:
        drawn = replicates(change, cells, clusters, 2)
        return drawn[:, 1:] - drawn[:, :1]

    def ends(confidence: float) -> tuple[float, float]:
        found = student_interval(
            draws(), np.array([after - before]), freedom.n_clusters, confidence, freedom=freedom, bounds=(-2.0, 2.0)
        )
        return float(found[0][0]), float(found[1][0])

    n, n_clusters = table["image"].nunique(), len(np.unique(clusters))
    return images.estimate(after - before, n, n_clusters, ends, before=before, after=after)


def _sides(images: Images, check: Check) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    """Rows of two groups, which are of the second, and the image of each row."""
    number, run, table = check.number, images.run, images.table
    if number.kind == "gap":
        return _gap_sides(images, number.name)
    if number.kind == "border":
        for name in ("x", "y"):
            factor_of(run, name)
        side = side_of_border(table, number.name)
    else:
        for name, node in (pair for group in number.groups for pair in group.items()):
            with node.placed():
                _require_of_images(run, name)
        first, second = (meets(run, table, group) for group in number.groups)
        if (first & second).any():
            raise UsageError(f"{int((first & second).sum()):,} images are in both groups: tell them apart.")
        side = np.where(first, 0, np.where(second, 1, -1))
    rows = np.flatnonzero(side >= 0)
    return table.iloc[rows], side[rows] == 1, rows


def _gap_sides(images: Images, attribute: str) -> tuple[pd.DataFrame, np.ndarray, np.ndarray]:
    if attribute not in ATTRIBUTES:
        raise UsageError(f"no gap '{attribute}'.{nearest(attribute, ATTRIBUTES)} Known: {', '.join(ATTRIBUTES)}.")
    if f"uncommon_{attribute}" not in images.table:
        raise UsageError(f"'{images.run.benchmark}' does not say which settings are uncommon: it has no gaps.")
    long = sides(images.table, attribute)
    rows = long["row"].to_numpy()
    other = {"other": images.table["other"].to_numpy()[rows]} if "other" in images.table else {}
    return long.assign(**other), (long["side"] == COMMON).to_numpy(), rows
