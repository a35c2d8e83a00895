"""One answer out of many views of an image, as a classifier could give it: majority, most confident view, mean."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.errors import DataError
from core.metrics.accuracy import is_accepted

#: Images whose votes are counted at once; bounds the memory to this many times the classes.
_BLOCK = 2048


@dataclass(frozen=True)
class Ensemble:
    """What a model said of several views of each image, to be made one answer (test-time augmentation).

    Attributes:
        label: Names the views: ``324 views``, ``tta-rrc@16``.
        top: int (N, T), the predicted class of each view; negative in a row that failed.
        p_top: float (N, T), its probability; None if it is not known.
        mean_top: int (N,), the best class of the mean of the views' probabilities; negative where that is not known.
            It cannot be told from the best class of each view, so it comes from where whole outputs were seen.
    """

    label: str
    top: np.ndarray
    p_top: np.ndarray | None = None
    mean_top: np.ndarray | None = None

    @property
    def passes(self) -> int:
        """Forward passes that an answer takes."""
        return self.top.shape[1]


def answers(ensemble: Ensemble) -> dict[str, np.ndarray]:
    """The class that each way of making one answer gives.

    Returns:
        int (N,) by way, negative for failed images. ``mean``: highest mean probability (if known); ``max``: the class
        of the most confident view, the first of equals (if probabilities are known); ``majority``: the class of most
        views; of equals the one with the larger sum of probabilities, then the lower index.

    Raises:
        DataError: If shapes do not agree.
    """
    top = np.asarray(ensemble.top)
    p_top = None if ensemble.p_top is None else np.asarray(ensemble.p_top, dtype=float)
    if top.ndim != 2 or not top.shape[1] or (p_top is not None and p_top.shape != top.shape):
        raise DataError(
            f"'{ensemble.label}' needs classes and probabilities of one shape (images, views), not {top.shape}"
            + (f" and {p_top.shape}" if p_top is not None else "")
        )
    found: dict[str, np.ndarray] = {}
    if ensemble.mean_top is not None:
        if len(ensemble.mean_top) != len(top):
            raise DataError(f"'{ensemble.label}' has {len(ensemble.mean_top)} mean answers for {len(top)} images")
        found["mean"] = np.asarray(ensemble.mean_top)
    failed = (top < 0).any(axis=1)
    if p_top is not None:
        best = np.where(np.isnan(p_top), -np.inf, p_top).argmax(axis=1)
        found["max"] = np.where(failed, -1, top[np.arange(len(top)), best])
    found["majority"] = np.where(failed, -1, _majority(top, p_top))
    return found


def _majority(top: np.ndarray, p_top: np.ndarray | None) -> np.ndarray:
    n_classes = int(top.max(initial=0)) + 1
    found = np.empty(len(top), dtype=np.int64)
    for start in range(0, len(top), _BLOCK):
        block = np.maximum(top[start : start + _BLOCK], 0).astype(np.int64)
        flat = (np.arange(len(block))[:, None] * n_classes + block).reshape(-1)
        size = len(block) * n_classes
        score = np.bincount(flat, minlength=size).astype(float)
        if p_top is not None:
            # Probabilities sum to at most as many as there are views, so they only part what has equal votes.
            weights = np.nan_to_num(p_top[start : start + _BLOCK]).reshape(-1)
            score += np.bincount(flat, weights, minlength=size) / (top.shape[1] + 1)
        found[start : start + _BLOCK] = score.reshape(len(block), n_classes).argmax(axis=1)
    return found


def hits(ensemble: Ensemble, accepted: Sequence[Sequence[int]]) -> dict[str, np.ndarray]:
    """Whether each way's answer is accepted.

    Args:
        ensemble: N images.
        accepted: N lists of class indices.

    Returns:
        float (N,) by way (see ``answers``): 1.0, 0.0, or NaN for images without an answer.

    Raises:
        DataError: If shapes do not agree.
    """
    if len(accepted) != len(ensemble.top):
        raise DataError(f"'{ensemble.label}' has {len(ensemble.top)} images, but {len(accepted)} have labels")
    labels = pd.Series(list(accepted), dtype=object)
    return {
        way: np.where(said < 0, np.nan, is_accepted(said[:, None], labels).astype(float))
        for way, said in answers(ensemble).items()
    }
