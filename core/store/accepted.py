"""What of a prediction depends on labels: the probability of the accepted classes, and the rank of the best of them.

Both follow from the ten best classes where those hold all accepted ones. For the other images they are kept in a side
table beside the predictions, with the labels that they were computed from; after a label has changed they are missing
unless logits were kept, never wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from core.store import parts
from core.store.lists import list_matrix, list_offsets
from core.store.parts import Parts

SCHEMA = pa.schema(
    [
        ("sample_id", pa.string()),
        ("view", pa.string()),
        ("accepted", pa.list_(pa.int32())),
        ("p_accepted", pa.float32()),
        ("rank", pa.int32()),
    ]
)
_KIND = "accepted"
#: Digits of the samples digest in the name of a part.
_DIGITS = 16
#: Float16 logits of some rows of a table, by row: (n, classes).
LogitsOf = Callable[[np.ndarray], np.ndarray | None]


def side_of(folder: Path, samples_digest: str) -> Parts:
    """The side table of a run for one samples table."""
    return Parts(folder, f"{_KIND}.{samples_digest[:_DIGITS]}", SCHEMA)


def scores(
    top10: np.ndarray, top10_prob: np.ndarray, accepted: Sequence[Sequence[int]] | pd.Series
) -> tuple[np.ndarray, np.ndarray]:
    """What the ten best classes tell of the accepted ones.

    Args:
        top10: int (N, k) class indices, best first; negative for none.
        top10_prob: float (N, k).
        accepted: N lists of class indices.

    Returns:
        Probability of all accepted classes: float32 (N,), NaN unless all are among the best; and the rank of the best
        of them, 1 for the first: int (N,), 0 if none is.
    """
    offsets, flat = list_offsets(pd.Series(accepted))
    n = np.diff(offsets)
    if not top10.shape[1]:
        return np.full(len(n), np.nan, np.float32), np.zeros(len(n), np.int64)
    row = np.repeat(np.arange(len(n)), n)
    match = top10[row] == flat[:, None]
    inside, at = match.any(axis=1), match.argmax(axis=1)
    total = np.bincount(row[inside], weights=top10_prob[row[inside], at[inside]], minlength=len(n))
    full = np.bincount(row[inside], minlength=len(n)) == n
    none = np.iinfo(np.int64).max
    rank = np.full(len(n), none)
    np.minimum.at(rank, row[inside], at[inside] + 1)
    return np.where(full & (n > 0), total, np.nan).astype(np.float32), np.where(rank == none, 0, rank)


def of_probabilities(prob: np.ndarray, classes: Sequence[int]) -> tuple[float, int]:
    """Probability of the accepted classes, and the rank of the best of them, from all probabilities of one view."""
    chosen = prob[list(classes)]
    return float(chosen.sum()), int((prob > chosen.max()).sum()) + 1


def with_scores(
    table: pd.DataFrame, accepted: pd.Series, folder: Path, logits_of: LogitsOf, images: pd.Series
) -> pd.DataFrame:
    """Predictions with ``p_accepted`` and ``rank``, of the labels given.

    Args:
        table: With ``view, top10, top10_prob, error``.
        accepted: Lists of class indices, a row for each of the table's.
        folder: Of the run.
        logits_of: Logits of rows, or None if none were kept.
        images: The pool's name of each row's image.

    Returns:
        The table with float32 ``p_accepted``, NaN where it is not known, and Int32 ``rank`` (1 for the best class).
    """
    p, rank = scores(list_matrix(table["top10"]), list_matrix(table["top10_prob"]), accepted)
    failed = table["error"].notna().to_numpy()
    p[failed], rank[failed] = np.nan, 0
    for row in np.flatnonzero(np.isnan(p) & ~failed) if (kept := _kept(folder)) else ():
        found = kept.get((images.iat[row], table["view"].iat[row]), {}).get(tuple(accepted.iat[row]))
        if found is not None:
            # Where one of several is among the ten best, those have its rank.
            p[row], rank[row] = found[0], rank[row] or found[1]
    unknown = np.flatnonzero(np.isnan(p) & ~failed)
    logits = logits_of(unknown) if len(unknown) else None
    for row, values in zip(unknown, logits if logits is not None else (), strict=False):
        shifted = np.exp(values.astype(np.float64) - values.max())
        p[row], among_all = of_probabilities(shifted / shifted.sum(), accepted.iat[row])
        rank[row] = rank[row] or among_all
    ranks = pd.array(rank, dtype="Int32")
    ranks[rank == 0] = pd.NA
    return table.assign(p_accepted=p, rank=ranks)


def _kept(folder: Path) -> Mapping[tuple[str, str], dict[tuple[int, ...], tuple[float, int]]]:
    """What side tables hold, by image and view, then by the labels that it was computed from."""
    found: dict[tuple[str, str], dict[tuple[int, ...], tuple[float, int]]] = {}
    for kind in parts.kinds(folder, _KIND):
        for row in Parts(folder, kind, SCHEMA).read().to_pylist():
            by_labels = found.setdefault((row["sample_id"], row["view"]), {})
            by_labels[tuple(row["accepted"])] = (row["p_accepted"], row["rank"])
    return found
