"""A linear head over a benchmark's own classes on fixed features, cross-fitted over images.

What a network knows of a few classes is asked with a classifier of these classes alone, fitted to the network's
features. The head that answers for an image, under every view, was fitted on no view of that image, nor of an image
that is not independent of it; so its accuracy says what it recognises, not what it remembers.

Source: the fine-tuned models of Moayeri, Singla and Feizi 2022, "Hard ImageNet: Segmentations for objects with strong
spurious cues", which fit such a head by gradient descent on training images.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold, StratifiedKFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from core.errors import UsageError
from core.evaluate.features import is_there
from core.types import Progress, ProgressCallback
from core.wording import count

FOLDS = 5
#: Inverse strength of the l2 penalty on the weights, against the summed loss: scikit-learn's ``C``.
INVERSE_PENALTY = 1.0
_ITERATIONS = 2000
#: Images answered for at once: hundreds of views of all of them would not fit into memory.
_BLOCK = 64


@dataclass(frozen=True)
class CrossFitted:
    """What cross-fitted heads said.

    Attributes:
        prob: float32 (N, V, K): probability of each class for each image and view; NaN for an image without an answer.
        reasons: Why an image has no answer, or None; length N.
    """

    prob: np.ndarray
    reasons: list[str | None]


def cross_fit(
    features: np.ndarray,
    labels: np.ndarray,
    names: Sequence[str],
    *,
    clusters: np.ndarray | None = None,
    fitted_view: int = 0,
    seed: int = 0,
    progress: ProgressCallback | None = None,
) -> CrossFitted:
    """Fit a head for each fold on the others' images, and ask it about the fold's.

    Heads are multinomial logistic regressions with an l2 penalty (``INVERSE_PENALTY``) on features that are
    standardised by the images it is fitted on. Folds hold about equal shares of each class.

    Args:
        features: float (N, V, D); an image with a number that is not finite takes no part.
        labels: int (N,): 0..K-1, negative for none.
        names: Of the K classes.
        clusters: (N,): images of a cluster are always in one fold; None if images are independent.
        fitted_view: The view that heads are fitted on.
        seed: Of the folds.
        progress: Called after each fold.

    Returns:
        Answers. Images of a class with fewer clusters than folds are in no head and have none: a class must be in
        every fold for all heads to know it.

    Raises:
        UsageError: If fewer than two classes are left, or clusters cannot be spread so that every head knows all.
    """
    reasons = left_out(labels, names, clusters, is_there(features))
    used = np.flatnonzero([reason is None for reason in reasons])
    prob = np.full((*features.shape[:2], len(names)), np.nan, dtype=np.float32)
    groups = None if clusters is None else clusters[used]
    for number, (train, test) in enumerate(_folds(labels[used], groups, seed)):
        _answer(_fitted(features, labels, used[train], fitted_view), features, used[test], prob)
        if progress is not None:
            progress(Progress(number + 1, FOLDS, stage="linear heads"))
    return CrossFitted(prob, reasons)


def left_out(
    labels: np.ndarray, names: Sequence[str], clusters: np.ndarray | None = None, there: np.ndarray | None = None
) -> list[str | None]:
    """Which images can be in no head.

    Args:
        labels: See ``cross_fit``.
        names: See ``cross_fit``.
        clusters: See ``cross_fit``.
        there: bool (N,): whether an image has features; all by default.

    Returns:
        Why each image is in none; None for one that is in one: length N.

    Raises:
        UsageError: If fewer than two classes are left.
    """
    there = np.ones(len(labels), dtype=bool) if there is None else there
    unit = "image" if clusters is None else "cluster"
    groups = np.arange(len(labels)) if clusters is None else np.unique(clusters, return_inverse=True)[1]
    pairs = np.unique(np.stack([labels, groups])[:, there & (labels >= 0)], axis=1)
    n_groups = np.bincount(pairs[0], minlength=len(names))
    n_left = int((n_groups >= FOLDS).sum())
    if n_left < 2:
        raise UsageError(
            f"a linear head needs two classes with {FOLDS} {unit}s each, one for each fold, and {n_left} of the "
            f"{len(names)} classes here has as many ({int(there.sum()):,} images in all). Evaluate more images, or "
            "leave --head linear out for the network's own answers."
        )
    few = [
        f"its class '{name}' has {count(int(n), unit)}, and a head needs {FOLDS}"
        for name, n in zip(names, n_groups, strict=True)
    ]
    found: list[str | None] = ["it has no accepted class" if label < 0 else few[label] for label in labels]
    for row in np.flatnonzero((labels >= 0) & (n_groups[labels] >= FOLDS)):
        found[row] = None
    for row in np.flatnonzero(~there):
        found[row] = "there are no features of it"
    return found


def _folds(labels: np.ndarray, groups: np.ndarray | None, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Rows to fit on and rows to ask about.

    Raises:
        UsageError: If all images of a class are to be asked about at once, so that the head would not know it.
    """
    kind = StratifiedKFold if groups is None else StratifiedGroupKFold
    for train, test in kind(FOLDS, shuffle=True, random_state=seed).split(labels, labels, groups):
        if len(np.unique(labels[train])) < len(np.unique(labels)):
            raise UsageError(
                f"clusters of images cannot be spread over {FOLDS} folds so that each head knows every class: too many "
                "classes share a cluster. Evaluate more images, or leave --head linear out."
            )
        yield train, test


def _head() -> Pipeline:
    return make_pipeline(StandardScaler(), LogisticRegression(C=INVERSE_PENALTY, max_iter=_ITERATIONS))


def _fitted(features: np.ndarray, labels: np.ndarray, rows: np.ndarray, view: int) -> Pipeline:
    return _head().fit(features[rows, view].astype(np.float64), labels[rows])


def _answer(head: Pipeline, features: np.ndarray, rows: np.ndarray, prob: np.ndarray) -> None:
    """Write what a head says of some images into ``prob``; 0 for a class that is in no head."""
    n_views, width = features.shape[1:]
    for start in range(0, len(rows), _BLOCK):
        block = rows[start : start + _BLOCK]
        said = head.predict_proba(features[block].reshape(-1, width).astype(np.float64))
        prob[block] = 0.0
        prob[block[:, None, None], np.arange(n_views)[:, None], head.classes_] = said.reshape(len(block), n_views, -1)
