"""Is the place in the features? Linear probes for locations, and the classes they look like (FOCUS, Section 4.4).

For each category and location a linear classifier tells from a model's penultimate features whether an image of that
category shows that location. As many images with it as without it are drawn, so that guessing gives one half. The
rows of the model's own classifier that point the same way name the classes the place may be taken for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold

from core import uncommon
from core.metrics import intervals
from core.store.lists import list_offsets
from core.types import Progress, ProgressCallback

#: Fewer images with, or without, a location than this are too few for a probe.
MINIMUM = 20
FOLDS = 5
COLUMNS = (
    *("category", "location", "value", "low", "high", "n", "n_clusters", "n_with", "n_without", "reason"),
    *("similar", "cosines"),
)


@dataclass(frozen=True)
class Probe:
    """One probe.

    Attributes:
        right: bool (n,): whether each drawn image was told right by the probe that had not seen it.
        weights: float (D + 1,): of the probe fitted on all drawn images, bias last.
    """

    right: np.ndarray
    weights: np.ndarray

    @property
    def accuracy(self) -> tuple[float, float, float]:
        """Accuracy and its Wilson interval, low and high; every drawn image is tested once."""
        low, high = intervals.wilson(self.right.sum(), len(self.right))
        return float(self.right.mean()), float(low), float(high)


def fit_all(
    features: np.ndarray,
    head: np.ndarray,
    samples: pd.DataFrame,
    *,
    categories: Sequence[str] = uncommon.CATEGORIES,
    top: int = 3,
    seed: int = 0,
    progress: ProgressCallback | None = None,
) -> pd.DataFrame:
    """Probes for every category and location.

    Args:
        features: float16 (N, D), rows as in ``samples``; NaN for an image that failed.
        head: float (classes, D + 1), the classifier's weights, bias last.
        samples: ``category`` and ``locations``.
        categories: Only these.
        top: How many similar classes to name.
        seed: Of the draws and folds.
        progress: Called after each probe.

    Returns:
        ``COLUMNS``, a row for each category and location that occur together: the accuracy, ``value``, with
        its interval (fractions, Table 5), NaN with a ``reason`` where there are too few images; ``n`` images used of
        those ``n_with`` and ``n_without`` the location; the class indices most ``similar`` to the probe and their
        ``cosines`` (Table 6).
    """
    shown = shows(samples)
    usable = ~np.isnan(features[:, 0])
    pairs = [(category, location) for category in categories for location in uncommon.VALUES["locations"][:-1]]
    found = []
    for number, (category, location) in enumerate(pairs):
        rows = np.flatnonzero((samples["category"] == category).to_numpy() & usable)
        wanted = shown[location][rows]
        n_with, n_without = int(wanted.sum()), int((~wanted).sum())
        if reason := too_few(n_with, n_without):
            content = (np.nan, np.nan, np.nan, 0, 0, n_with, n_without, reason, [], [])
        else:
            probe = fit(features[rows].astype(np.float32), wanted, seed)
            similar, cosines = most_similar(probe.weights, head, top)
            n = len(probe.right)
            content = (*probe.accuracy, n, n, n_with, n_without, "", similar, cosines)
        if n_with:
            found.append((category, location, *content))
        if progress is not None:
            progress(Progress(number + 1, len(pairs), stage="probes"))
    return pd.DataFrame(found, columns=list(COLUMNS))


def too_few(n_with: int, n_without: int) -> str:
    """Why there is no probe, or an empty string."""
    fewer, what = min((n_with, "with"), (n_without, "without"))
    return f"only {fewer} images {what} it, at least {MINIMUM} are needed" if fewer < MINIMUM else ""


def shows(samples: pd.DataFrame) -> dict[str, np.ndarray]:
    """By location, whether each image shows it: bool (N,)."""
    offsets, values = list_offsets(samples["locations"])
    row = np.repeat(np.arange(len(samples)), np.diff(offsets))
    return {
        location: np.bincount(row[values == location], minlength=len(samples)) > 0
        for location in uncommon.VALUES["locations"]
    }


def fit(features: np.ndarray, wanted: np.ndarray, seed: int = 0) -> Probe:
    """A probe on as many images of either kind, tested on images it was not fitted on.

    Args:
        features: float32 (n, D).
        wanted: bool (n,).
        seed: Of the draw and the folds.
    """
    rng = np.random.default_rng(seed)
    each = min(int(wanted.sum()), int((~wanted).sum()))
    drawn = np.concatenate([rng.permutation(np.flatnonzero(wanted == kind))[:each] for kind in (True, False)])
    x, y = features[drawn], wanted[drawn]
    # One factor for all dimensions: the solver likes numbers near one, and the direction of the weights stays.
    scale = float(np.sqrt(np.mean(x.astype(np.float64) ** 2))) or 1.0
    right = np.zeros(len(y), dtype=bool)
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=seed).split(x, y):
        right[test] = _classifier().fit(x[train] / scale, y[train]).predict(x[test] / scale) == y[test]
    whole = _classifier().fit(x / scale, y)
    return Probe(right, np.append(whole.coef_[0] / scale, whole.intercept_[0]))


def _classifier() -> LogisticRegression:
    return LogisticRegression(max_iter=1000)


def most_similar(weights: np.ndarray, head: np.ndarray, top: int = 3) -> tuple[list[int], list[float]]:
    """Rows of a classifier by the cosine with a probe, biases included, the most similar first.

    Args:
        weights: float (D + 1,), bias last.
        head: float (classes, D + 1), bias last.
        top: How many.

    Returns:
        Class indices, and their cosines.
    """
    norms = np.linalg.norm(head, axis=1) * np.linalg.norm(weights)
    cosines = (head @ weights) / np.where(norms > 0, norms, 1.0)
    best = np.argsort(-cosines, kind="stable")[:top]
    return best.tolist(), cosines[best].tolist()
