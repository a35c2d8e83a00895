"""A number for each class becomes rows of the store: the same for all predictions that were made elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd

from core.evaluate.rows import TOP_K, Rows, rows_of
from core.images.views import CLEAN
from core.store import IMAGE

#: Rows that are turned into probabilities at once.
CHUNK = 4096
#: What probabilities may sum to that are rounded where they are written as text: many small ones become 0.
_LEAST, _MOST = 0.8, 1.05


def rows_of_scores(
    scores: np.ndarray,
    rows: np.ndarray,
    samples: pd.DataFrame,
    classes: Sequence[int] = (),
    order: np.ndarray | None = None,
) -> Rows:
    """Stored predictions from a number for each class.

    Args:
        scores: float (M, C); rows that sum to 1 and are not negative are taken as probabilities, others as logits.
        rows: int (N,), the row of each sample.
        samples: ``sample_id``, ``accepted``, and ``store.IMAGE`` where the pool calls images otherwise.
        classes: The benchmark's own, where they are fewer than C.
        order: int (C,), the column of each class; as they stand by default.
    """
    names = samples[IMAGE if IMAGE in samples else "sample_id"].tolist()
    accepted = samples["accepted"].tolist()
    parts = []
    is_known = all(is_probability(part) for part in chunks(scores))
    for start in range(0, len(rows), CHUNK):
        # Read in the order of the file, which a mapped file answers fastest.
        part = np.asarray(scores[rows[start : start + CHUNK]], dtype=np.float64)
        part = part if order is None else part[:, order]
        prob = part if is_known else _softmax(part)
        end = start + len(part)
        parts.append(rows_of(names[start:end], [CLEAN], accepted[start:end], prob, best_of(prob), classes=classes))
    return Rows.together(parts)


def best_of(prob: np.ndarray) -> np.ndarray:
    """The best classes of each row, best first: int (N, 10), or (N, C) where there are fewer."""
    k = min(TOP_K, prob.shape[1])
    some = np.argpartition(-prob, k - 1, axis=1)[:, :k]
    ranks = np.argsort(-np.take_along_axis(prob, some, axis=1), axis=1, kind="stable")
    return np.take_along_axis(some, ranks, axis=1)


def chunks(scores: np.ndarray) -> Iterator[np.ndarray]:
    """Some rows after the other, as float32."""
    for start in range(0, len(scores), CHUNK):
        yield np.asarray(scores[start : start + CHUNK], dtype=np.float32)


def is_probability(part: np.ndarray) -> bool:
    """Whether rows are not negative and sum to 1, as far as rounding leaves it."""
    total = part.sum(axis=1)
    return bool((part >= 0).all() and (total > _LEAST).all() and (total < _MOST).all())


def _softmax(logits: np.ndarray) -> np.ndarray:
    shifted = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shifted / shifted.sum(axis=1, keepdims=True)
