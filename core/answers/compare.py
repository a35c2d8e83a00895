"""Differences with intervals: two models on common samples, and one model between two settings of a factor.

Everything here resamples the objects once for both sides (``core.metrics.bootstrap``): models see the same images, and
the same cut-outs recur at every setting.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import pandas as pd

from core import store
from core.answers import joined
from core.answers.questions import VALUE, Question, asked, grouped, is_clustered, plain
from core.errors import UsageError
from core.metrics import bands, verdicts
from core.metrics.accuracy import group_codes
from core.metrics.bootstrap import replicates, student_interval
from core.metrics.clusters import Freedom
from core.metrics.differences import difference
from core.metrics.verdicts import Verdict
from core.types import is_thin
from core.wording import units

#: How near a location must be to the image's centre or border to count as there, as a fraction of its side.
CENTRE_REACH, BORDER_REACH = 0.05, 0.1
_EPS = 1e-6


@dataclass(frozen=True)
class Contrast:
    """How a number differs between two settings.

    Attributes:
        value: ``after - before``, or the number itself where there is no before; NaN if it cannot be said.
        low: Lower end of the 95 % interval.
        high: Upper end.
        before: Accuracy at the first setting, NaN where there is none.
        after: Accuracy at the second.
        n: Images on both sides.
        n_clusters: Objects (cut-outs), or images where those are independent.
        bound: ``"below"`` if the number is only known to be below ``value``.
        unit: What the clusters are; see ``cards.unit_of``.
    """

    value: float
    low: float
    high: float
    before: float
    after: float
    n: int
    n_clusters: int
    bound: str = ""
    unit: str = "object"

    def verdict(self, margin: float = verdicts.MARGIN) -> Verdict:
        """What can be said of it: different, equivalent within a margin (a fraction), or neither."""
        found = verdicts.verdict(self.value, self.low, self.high, self.n, self.n_clusters, d=margin)
        return found if self.n_clusters >= self.n else replace(found, unit=units(self.unit))

    @property
    def is_thin(self) -> bool:
        """Whether it rests on too little to carry a claim."""
        return bool(is_thin(self.n, self.n_clusters))


def paired_difference(first: store.Run, second: store.Run, question: Question) -> pd.DataFrame:
    """Accuracy of the second model less that of the first, on the samples both have.

    Args:
        first: A run.
        second: A run of the same benchmark.
        question: ``by``, ``policy`` and ``where``.

    Returns:
        The ``by`` columns, ``value``, ``low``, ``high`` (in [-1, 1]), ``n`` common images, ``n_clusters``, and
        ``first``, ``second``: the two accuracies on them. With ``by`` also ``band_low``, ``band_high``: intervals of
        all rows that hold at once.

    Raises:
        UsageError: If the runs are of different benchmarks or families of views.
    """
    if first.benchmark != second.benchmark:
        raise UsageError(f"runs of '{first.benchmark}' and '{second.benchmark}' have no samples in common")
    if first.views.names != second.views.names and max(first.n_views, second.n_views) > 1:
        raise UsageError(f"runs of the views '{first.view}' and '{second.view}' cannot be paired view by view")
    key = ["paired", second.identity, joined.version(second), asdict(question)]
    return joined.remembered(first, key, lambda: _paired_difference(first, second, question))


def _paired_difference(first: store.Run, second: store.Run, question: Question) -> pd.DataFrame:
    value = VALUE[question.policy]
    on = "position" if first.entry.samples == second.entry.samples else "sample_id"
    left = asked(first, question, ["cluster", on])
    apart = [name for name in question.by if name in {factor.name for factor in first.views.factors}]
    if first.n_views > 1:
        right = asked(second, question, [on])[[on, *apart, value]]
    else:
        right = joined.read(second, [on, value])
    both = left.merge(right.rename(columns={value: "other"}), on=[on, *apart], how="inner", validate="one_to_one")
    both = both[both[value].notna() & both["other"].notna()].reset_index(drop=True)
    return paired_table(first, both, question.by, value)


def paired_table(run: store.Run, both: pd.DataFrame, by: Sequence[str], value: str = "correct") -> pd.DataFrame:
    """How two models differ on rows that both have an answer to; see ``paired_difference``.

    Args:
        run: Whose factors and clusters the rows have.
        both: One row per image: ``value`` and ``other`` (1.0 or 0.0), the ``by`` columns and ``cluster``.
        by: Factors.
        value: Column of the first model's.
    """
    both = grouped(run, both, by)
    groups, cells = group_codes(both, list(by))
    clusters = both["cluster"].to_numpy() if is_clustered(run) else None
    change = (both["other"] - both[value]).to_numpy(dtype=float)
    n = np.bincount(cells, minlength=len(groups))
    with np.errstate(invalid="ignore", divide="ignore"):
        means = [
            np.bincount(cells, weights=part, minlength=len(groups)) / n
            for part in (change, both[value].to_numpy(float), both["other"].to_numpy(float))
        ]
    low, high, n_clusters = paired_interval(change, cells, clusters, len(groups))
    metric = {"value": means[0], "low": low, "high": high, "n": n, "n_clusters": n_clusters}
    table = groups.assign(**metric, first=means[1], second=means[2])
    if by:
        ends = bands.change_band(change, cells, clusters, len(groups))
        table = table.assign(band_low=ends[0], band_high=ends[1])
    return plain(table, by)


def paired_interval(
    change: np.ndarray, cells: np.ndarray, clusters: np.ndarray | None, n_cells: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Interval of each cell's mean change from one model to the other on the same images.

    Args:
        change: float (N,), in [-1, 1].
        cells: int (N,) in [0, n_cells).
        clusters: int (N,), at least 0, or None if images are independent.
        n_cells: Number of cells.

    Returns:
        ``(low, high, n_clusters)``, each (n_cells,).
    """
    freedom = Freedom.of_cells(cells, clusters, n_cells)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.bincount(cells, weights=change, minlength=n_cells) / np.bincount(cells, minlength=n_cells)
    draws = replicates(change, cells, clusters, n_cells)
    low, high = student_interval(draws, mean, freedom.n_clusters, freedom=freedom)
    return low, high, freedom.n_clusters


def centre_to(run: store.Run, region: str, question: Question) -> Contrast:
    """Change of accuracy when the object moves from the centre to an edge or a corner.

    Centre: within 0.05 of the middle in x and y. Corner: within 0.1 of the border in both. Edge: in one of them.

    Args:
        run: Of a benchmark with the factors ``x`` and ``y``.
        region: ``edge`` or ``corner``.
        question: ``policy`` and ``where``.
    """
    return _remembered_contrast(
        run, ["centre_to", region], question, ["x", "y"], lambda table: side_of_border(table, region)
    )


def side_of_border(table: pd.DataFrame, region: str) -> np.ndarray:
    """Whether each object is at the centre (0), in the region (1) or neither (-1): int (N,); see ``centre_to``."""
    offset = np.abs(table[["x", "y"]].to_numpy(float) - 0.5)
    at_border = (offset >= 0.5 - BORDER_REACH - _EPS).sum(axis=1)
    centre = (offset <= CENTRE_REACH + _EPS).all(axis=1)
    return np.where(centre, 0, np.where(at_border == (2 if region == "corner" else 1), 1, -1))


def turned(run: store.Run, factor: str, question: Question, to_deg: float = 180.0) -> Contrast:
    """Change of accuracy between the angle nearest to 0° and the one nearest to another.

    Args:
        run: Of a benchmark with this factor.
        factor: ``angle_deg`` or ``yaw_deg``.
        question: ``policy`` and ``where``.
        to_deg: The other angle.
    """

    def side(table: pd.DataFrame) -> np.ndarray:
        angles = table[factor].to_numpy(float)
        upright, there = _from(angles, 0.0), _from(angles, to_deg)
        return np.where(_is_smallest(upright), 0, np.where(_is_smallest(there), 1, -1))

    return _remembered_contrast(run, ["turned", factor, to_deg], question, [factor], side)


def _from(angles: np.ndarray, angle: float) -> np.ndarray:
    """Distance on the circle, degrees."""
    return np.abs((angles - angle + 180) % 360 - 180)


def _is_smallest(distances: np.ndarray) -> np.ndarray:
    return distances <= np.nanmin(distances, initial=np.inf) + _EPS


def _remembered_contrast(
    run: store.Run,
    name: Sequence[object],
    question: Question,
    columns: list[str],
    side: Callable[[pd.DataFrame], np.ndarray],
) -> Contrast:
    def compute() -> pd.DataFrame:
        table = _scored_rows(run, question, columns)
        return pd.DataFrame([asdict(contrast(table, side(table), VALUE[question.policy], is_clustered(run)))])

    return _first_row(joined.remembered(run, [*name, asdict(question)], compute))


def _first_row(table: pd.DataFrame) -> Contrast:
    return Contrast(**table.iloc[0].to_dict())


def _scored_rows(run: store.Run, question: Question, columns: list[str]) -> pd.DataFrame:
    table = asked(run, question, [*columns, "cluster"])
    return table[table[VALUE[question.policy]].notna()]


def contrast(table: pd.DataFrame, side: np.ndarray, value: str = "correct", clustered: bool = True) -> Contrast:
    """Change of accuracy from one group of images to another; the same objects are drawn for both.

    Args:
        table: One row per image: ``value`` (1.0 or 0.0) and, if clustered, ``cluster``.
        side: int (N,): 0 for an image of the first group, 1 for the second, negative for neither.
        value: Column.
        clustered: Whether images share objects.
    """
    part, second = table[side >= 0], side[side >= 0] == 1
    values = part[value].to_numpy(float)
    found = difference(values, second, clusters=part["cluster"].to_numpy() if clustered else None)
    if np.isnan(found.value):
        return Contrast(np.nan, np.nan, np.nan, np.nan, np.nan, found.n, 0)
    before, after = float(values[~second].mean()), float(values[second].mean())
    return Contrast(found.value, found.low, found.high, before, after, found.n, found.n_clusters)


def half_area(run: store.Run, question: Question) -> Contrast:
    """The object area below which accuracy is under half of its maximum over areas.

    Between two areas accuracy is taken as a straight line. Where even the smallest area reaches half, ``value`` is that
    area and ``bound`` says ``below``.

    Args:
        run: Of a benchmark that varies ``area``.
        question: ``policy`` and ``where``.

    Returns:
        Areas as fractions of the image, in ``value``, ``low`` and ``high``; the maximum accuracy in ``before``.
    """
    return _first_row(joined.remembered(run, ["half_area", asdict(question)], lambda: _half_area(run, question)))


def _half_area(run: store.Run, question: Question) -> pd.DataFrame:
    table = _scored_rows(run, question, ["area"])
    clusters = table["cluster"].to_numpy() if is_clustered(run) else None
    values = table[VALUE[question.policy]].to_numpy(float)
    return pd.DataFrame([asdict(area_at_half(values, table["area"].to_numpy(float), clusters))])


def area_at_half(values: np.ndarray, area: np.ndarray, clusters: np.ndarray | None) -> Contrast:
    """See ``half_area``; of values, float (N,), at areas, float (N,), with the object of each unless independent."""
    areas, cells = np.unique(area, return_inverse=True)
    if len(areas) < 2:
        return Contrast(np.nan, np.nan, np.nan, np.nan, np.nan, len(values), 0)
    curve = np.bincount(cells, weights=values) / np.bincount(cells)
    value = half_crossing(areas, curve[None])[0]
    draws = half_crossing(areas, replicates(values, cells, clusters, len(areas)))[:, None]
    n_clusters = len(np.unique(clusters)) if clusters is not None else len(values)
    trials, bounds = np.array([n_clusters]), (float(areas[0]), float(areas[-1]))
    low, high = (float(end[0]) for end in student_interval(draws, np.array([value]), trials, bounds=bounds))
    bound = "below" if value <= areas[0] + _EPS else ""
    return Contrast(float(value), low, high, float(curve.max()), np.nan, len(values), n_clusters, bound)


def half_crossing(areas: np.ndarray, curves: np.ndarray) -> np.ndarray:
    """Where curves of accuracy last rise through half of their maximum.

    Args:
        areas: float (n,), ascending.
        curves: float (m, n).

    Returns:
        float (m,) areas; ``areas[0]`` where a curve is nowhere below half before its maximum.
    """
    half = np.nanmax(curves, axis=1, keepdims=True) / 2
    peak = np.nanargmax(curves, axis=1)
    below = (curves < half) & (np.arange(len(areas)) < peak[:, None])
    last = len(areas) - 1 - below[:, ::-1].argmax(axis=1)
    rows = np.arange(len(curves))
    found = below.any(axis=1)
    last = np.where(found, last, 0)
    after = np.minimum(last + 1, len(areas) - 1)
    rise = curves[rows, after] - curves[rows, last]
    share = np.divide(half[:, 0] - curves[rows, last], rise, out=np.zeros(len(curves)), where=rise > 0)
    return np.where(found, areas[last] + share * (areas[after] - areas[last]), areas[0])
