"""Numbers that hardly recur, such as the brightness of photographs, as a few bins that tables, links and filters name.

The bins are of all images of a run's benchmark, evaluated or not and whatever a filter leaves, so that they are the
same for every model and question. Each is named by its edges, and is asked for by the least and the greatest number in
it, which no two bins share. Bins of angles are sectors of 30 degrees.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core import store
from core.answers import joined
from core.answers.cards import card_of, samples_of
from core.benchmarks import published_benchmarks
from core.metrics.bins import Bins, bins
from core.types import THIN, Factor
from core.wording import value

#: A factor with more different numbers than this is in bins; so is one with more than there may be bins, where these
#: have fewer than ``THIN`` images each.
MOST_VALUES = 40
#: How many bins at most.
MOST_BINS = 10
#: Degrees of a bin of angles.
_SECTOR_DEG = 30.0
#: Factors that protocols vary on grids, every value of which is meant.
_GRIDS = frozenset({"area", "x", "y", "angle_deg", "yaw_deg"})


@dataclass(frozen=True)
class Span:
    """A range of numbers, ends included.

    Attributes:
        low: The least.
        high: The greatest.
    """

    low: float
    high: float


@dataclass(frozen=True)
class Binned:
    """The bins of a factor, in ascending order.

    Attributes:
        centres: What stands for each in tables and on axes.
        edges: Readable numbers, one more than there are bins; a bin begins at its edge and ends before the next.
        spans: The least and the greatest number in each.
    """

    centres: tuple[float, ...]
    edges: tuple[float, ...]
    spans: tuple[Span, ...]

    def centres_of(self, numbers: np.ndarray) -> np.ndarray:
        """The centre of each number's bin: float (N,), NaN for one that is missing."""
        inside = np.searchsorted(np.asarray(self.edges[1:-1]), numbers, side="right")
        return np.where(np.isfinite(numbers), np.asarray(self.centres)[inside], np.nan)

    def span_of(self, centre: float) -> Span | None:
        """The range of the bin with this centre; None if there is none."""
        return next((span for each, span in zip(self.centres, self.spans, strict=True) if each == centre), None)

    def centre_of(self, span: Span) -> float | None:
        """The centre of the bin with this range; None if there is none."""
        return next((each for each, other in zip(self.centres, self.spans, strict=True) if other == span), None)

    def name_of(self, factor: Factor, centre: float) -> str:
        """``0.2 to 0.3``: the edges of the bin with this centre, as a reader sees them."""
        if centre not in self.centres:
            return value(factor, centre)
        at = self.centres.index(centre)
        return f"{value(factor, self.edges[at])} to {value(factor, self.edges[at + 1])}"


def binned(run: store.Run, factor: Factor) -> Binned | None:
    """The bins of a factor; None where each of its values stands for itself.

    Args:
        run: Complete or partial.
        factor: Of its benchmark or its views.

    Raises:
        StoreError: If the run's samples cannot be read.
    """
    card = card_of(run)
    if not factor.is_number or card.factor(factor.name) is None:
        return None
    # Columns of a user's own that are called alike are on no grid.
    on_grid = run.benchmark in published_benchmarks() and any(
        factor.name in table.by for table in card.tables if not table.computed
    )
    if factor.name in _GRIDS and on_grid:
        return None
    asked = ["bins", factor.name, factor.kind, MOST_BINS, MOST_VALUES, _SECTOR_DEG]
    table = joined.remembered(run, asked, lambda: _bins(run, factor))
    if table.empty:
        return None
    edges = (*table["from"].tolist(), float(table["to"].iloc[-1]))
    spans = tuple(Span(low, high) for low, high in zip(table["low"].tolist(), table["high"].tolist(), strict=True))
    return Binned(tuple(table["centre"].tolist()), edges, spans)


def _bins(run: store.Run, factor: Factor) -> pd.DataFrame:
    """A row for each bin; none where there are few values."""
    numbers = pd.to_numeric(samples_of(run)[factor.name]).to_numpy(dtype=float, na_value=np.nan)
    known = numbers[np.isfinite(numbers)]
    different = len(np.unique(known))
    columns = ["centre", "from", "to", "low", "high"]
    if different <= MOST_BINS or (different <= MOST_VALUES and len(known) >= THIN * different):
        return pd.DataFrame(columns=columns, dtype=float)
    found = _sectors(known) if factor.kind == "circular" else bins(known, MOST_BINS)
    ends = pd.Series(known).groupby(found.index).agg(["min", "max"])
    edges = found.edges.tolist()
    return pd.DataFrame(
        list(zip(found.centres.tolist(), edges[:-1], edges[1:], ends["min"], ends["max"], strict=True)),
        columns=columns,
    )


def _sectors(degrees: np.ndarray) -> Bins:
    """Angles in sectors; one that holds nothing joins the one before it.

    Args:
        degrees: float (N,), none missing, at least one.
    """
    sector = np.floor(degrees / _SECTOR_DEG)
    held, index = np.unique(sector, return_inverse=True)
    edges = np.append(held, held[-1] + 1) * _SECTOR_DEG
    return Bins(edges, (held + 0.5) * _SECTOR_DEG, index)


def in_bins(run: store.Run, table: pd.DataFrame, factors: Sequence[Factor]) -> pd.DataFrame:
    """A run's table in which, of each factor in bins, the centre of its bin stands for a number."""
    for factor in factors:
        found = binned(run, factor)
        if found is not None:
            numbers = table[factor.name].to_numpy(dtype=float, na_value=np.nan)
            table = table.assign(**{factor.name: found.centres_of(numbers)})
    return table


def with_ends(run: store.Run, table: pd.DataFrame, factors: Sequence[Factor]) -> pd.DataFrame:
    """A metric table that says, after each factor in bins, from where to where each bin reaches."""
    for factor in factors:
        found = binned(run, factor)
        if found is None:
            continue
        edges = dict(zip(found.centres, zip(found.edges[:-1], found.edges[1:], strict=True), strict=True))
        ends = [edges.get(centre, (float("nan"),) * 2) for centre in table[factor.name]]
        for at, end in enumerate(("from", "to"), start=1):
            name = f"{factor.name}_{end}"
            while name in table:  # Another factor may be called so.
                name += "_"
            table.insert(table.columns.get_loc(factor.name) + at, name, [each[at - 1] for each in ends])
    return table
