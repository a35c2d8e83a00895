"""How far two people agree on what kind of mistake something is: Cohen's kappa."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd

from core.metrics import intervals


@dataclass(frozen=True)
class Agreement:
    """Agreement of two raters on the items both have rated.

    Attributes:
        kappa: 1 for full agreement, 0 for what chance gives; NaN where chance alone would give full agreement.
        low: Lower bound of its interval; NaN where nothing can be said.
        high: Upper bound.
        observed: Share of items on which they agree; NaN without items.
        n: Items both have rated.
    """

    kappa: float
    low: float
    high: float
    observed: float
    n: int


def cohens_kappa(first: Sequence[str], second: Sequence[str], confidence: float = intervals.CONFIDENCE) -> Agreement:
    """Cohen's kappa of two raters' labels of the same items, in the same order.

    Args:
        first: Labels of one rater.
        second: Labels of the other.
        confidence: Two-sided, 0..1.

    Source: Cohen 1960, with the large-sample standard error of Fleiss, Cohen and Everitt 1969.
    """
    n = len(first)
    if n == 0:
        return Agreement(np.nan, np.nan, np.nan, np.nan, 0)
    codes, labels = pd.factorize(np.concatenate([np.asarray(first, dtype=object), np.asarray(second, dtype=object)]))
    table = np.zeros((len(labels), len(labels)))
    np.add.at(table, (codes[:n], codes[n:]), 1 / n)
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    observed, expected = float(np.trace(table)), float(rows @ columns)
    if expected >= 1 - 1e-12:
        return Agreement(np.nan, np.nan, np.nan, observed, n)
    kappa = (observed - expected) / (1 - expected)
    half = NormalDist().inv_cdf(0.5 + confidence / 2) * _standard_error(table, rows, columns, kappa, expected, n)
    low, high = max(-1.0, kappa - half), min(1.0, kappa + half)
    return Agreement(kappa, low, high, observed, n)


def _standard_error(
    table: np.ndarray, rows: np.ndarray, columns: np.ndarray, kappa: float, expected: float, n: int
) -> float:
    diagonal = np.diag(table)
    agree = float(diagonal @ (1 - (rows + columns) * (1 - kappa)) ** 2)
    # Row i of one rater meets column i of the other.
    off = table * (columns[:, None] + rows[None, :]) ** 2
    differ = (1 - kappa) ** 2 * float(off.sum() - np.trace(off))
    last = (kappa - expected * (1 - kappa)) ** 2
    return float(np.sqrt(max(0.0, agree + differ - last) / n) / (1 - expected))


def between(first: pd.DataFrame, second: pd.DataFrame, column: str) -> Agreement:
    """Agreement of two tables of verdicts on the mistakes both have a verdict on.

    Args:
        first: ``sample_id, predicted`` and the column; such as ``reviews.find`` of one reviewer.
        second: The same of another, or ``published.read_mistakes``.
        column: ``category`` or ``severity``; rows where it is empty are left out.
    """
    on = ["sample_id", "predicted"]
    parts = [part.loc[part[column].astype(str) != "", [*on, column]] for part in (first, second)]
    both = parts[0].merge(parts[1], on=on, suffixes=("_first", "_second"), validate="one_to_one")
    return cohens_kappa(both[f"{column}_first"].tolist(), both[f"{column}_second"].tolist())
