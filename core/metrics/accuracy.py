"""From predictions to metric tables: join by id, decide what is correct, group, and give each number its interval.

Correctness is never stored. It is decided here from the stored top 10 and a sample's accepted classes, so another
policy needs no new inference.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from core.errors import DataError, UsageError
from core.metrics import intervals
from core.metrics.score import score_interval
from core.store.lists import list_matrix, list_offsets
from core.types import Policy, Reduce

REDUCTIONS: tuple[Reduce, ...] = ("mean", "any", "majority", "first")
POLICIES: tuple[Policy, ...] = ("top1", "top5", "restricted")


def join(samples: pd.DataFrame, predictions: pd.DataFrame, n_classes: int | None = None) -> pd.DataFrame:
    """Samples with what a model said of each; samples without a prediction are left out.

    Args:
        samples: ``sample_id``, ``accepted``, ``cluster`` and factor columns, one row per image.
        predictions: ``sample_id``, ``view``, ``top10``, ``error`` and more, one row per image and view.
        n_classes: Of the model's output; by default several classes that are stored count as all there are.

    Returns:
        One row per prediction, in the order of ``samples`` and within an image in that of ``predictions``, with the
        added float columns ``correct`` (top-1) and ``correct_top5``: 1.0, 0.0, or NaN for an image that could not be
        evaluated, and for all of ``correct_top5`` where fewer than five classes are stored and there are more.

    Raises:
        DataError: If ids repeat, or a prediction's id is not among the samples.
    """
    pair = ["sample_id", "view"] if "view" in predictions else ["sample_id"]
    for frame, key, what in ((samples, ["sample_id"], "samples"), (predictions, pair, "predictions")):
        if frame.duplicated(key).any():
            twice = frame.loc[frame.duplicated(key), "sample_id"].iloc[0]
            raise DataError(f"sample id '{twice}' stands twice in the {what}")
    rows = pd.Index(samples["sample_id"]).get_indexer(pd.Index(predictions["sample_id"]))
    if (rows < 0).any():
        stranger = predictions["sample_id"].iloc[int(np.argmax(rows < 0))]
        raise DataError(f"predictions are of another data set: '{stranger}' is not among the samples")
    order = np.argsort(rows, kind="stable")
    left = samples.iloc[rows[order]].reset_index(drop=True)
    right = predictions.iloc[order].drop(columns="sample_id").reset_index(drop=True)
    joined = pd.concat([left, right], axis=1)
    ranked = list_matrix(joined["top10"])
    failed = joined["error"].notna().to_numpy()
    for column, k in (("correct", 1), ("correct_top5", 5)):
        hit = is_accepted(ranked[:, :k], joined["accepted"])
        # Of dense families of views only the best class is known, of imported predictions perhaps a few.
        n_stored = ranked.shape[1]
        known = n_stored >= k or not n_stored or (n_stored > 1 if n_classes is None else n_stored >= n_classes)
        joined[column] = np.where(failed | (not known), np.nan, hit.astype(float))
    return joined


def reduce_views(table: pd.DataFrame, by: Sequence[str], how: Reduce, values: Sequence[str]) -> pd.DataFrame:
    """Several views of an image as one row.

    Args:
        table: One row per image and view, views in the order of their family.
        by: What names an image, and columns by which its views stay apart.
        how: ``mean``: the share of views that are right; ``any``: 1.0 if one is; ``majority``: 1.0 if more than half
            are; ``first``: what the first view says.
        values: Columns of 1.0, 0.0 and NaN (not evaluated).

    Returns:
        The first row of each, with the values reduced; NaN where all views are.

    Raises:
        UsageError: If the way is unknown.
    """
    if how not in REDUCTIONS:
        raise UsageError(f"unknown way to reduce views '{how}'. Known: {', '.join(REDUCTIONS)}.")
    codes = table.groupby(list(by), sort=False, dropna=False, observed=True).ngroup().to_numpy()
    first = np.unique(codes, return_index=True)[1]
    found = table.iloc[first].reset_index(drop=True)
    for name in values:
        right = table[name].to_numpy(dtype=float)
        known = ~np.isnan(right)
        with np.errstate(invalid="ignore"):
            share = np.bincount(codes[known], right[known], len(first)) / np.bincount(
                codes[known], minlength=len(first)
            )
        reduced = {"mean": share, "any": share > 0, "majority": share > 0.5, "first": right[first]}[how]
        found[name] = np.where(np.isnan(share), np.nan, np.asarray(reduced, dtype=float))
    return found


def is_accepted(ranked: np.ndarray, accepted: pd.Series) -> np.ndarray:
    """Whether any of the ranked classes is in the sample's accepted set.

    Args:
        ranked: int (N, k) class indices; negative for none.
        accepted: N lists of class indices.

    Returns:
        bool (N,).
    """
    offsets, flat = list_offsets(accepted)
    row = np.repeat(np.arange(len(accepted)), np.diff(offsets))
    match = (ranked[row] == flat[:, None]).any(axis=1)
    return np.bincount(row[match], minlength=len(accepted)) > 0


def apply_policy(
    joined: pd.DataFrame,
    policy: Policy,
    *,
    classes: Sequence[int] | None = None,
    within: pd.Series | None = None,
) -> pd.DataFrame:
    """The joined table with ``correct`` decided by another label policy.

    Args:
        joined: From ``join``.
        policy: ``top1``: the best class is accepted; ``top5``: any of the best five is; ``restricted``: the best
            among ``classes`` is.
        classes: The benchmark's classes, for ``restricted``.
        within: The best of ``classes`` by ``sample_id`` and ``view``; needed by ``restricted`` only where none of them
            is among the ten best.

    Raises:
        UsageError: If the policy is unknown, or a best class is needed and absent.
    """
    if policy == "top1":
        return joined
    if policy == "top5":
        if joined["correct_top5"].isna().all() and joined["correct"].notna().any():
            raise UsageError(
                "policy 'top5': top-5 is not known, because fewer than five classes of each image are stored (the best "
                "alone of hundreds of views, and what the file has of imported predictions). Choose 'top1'."
            )
        return joined.assign(correct=joined["correct_top5"])
    if policy != "restricted":
        raise UsageError(f"unknown policy '{policy}'. Known: {', '.join(POLICIES)}.")
    if not classes:
        raise UsageError("policy 'restricted' needs the benchmark's classes")
    best = _best_of(joined, np.asarray(sorted(set(classes))), within)
    hit = is_accepted(best[:, None], joined["accepted"])
    return joined.assign(correct=np.where(joined["correct"].isna(), np.nan, hit.astype(float)))


def _best_of(joined: pd.DataFrame, classes: np.ndarray, within: pd.Series | None) -> np.ndarray:
    ranked = list_matrix(joined["top10"])
    # A last column of -1 stands for "none of them", also where every image failed and there are no ranks at all.
    ranked = np.hstack([ranked, np.full((len(ranked), 1), -1)])
    inside = np.isin(ranked, classes)
    inside[:, -1] = True
    best = ranked[np.arange(len(ranked)), inside.argmax(axis=1)]
    unknown = (best < 0) & joined["correct"].notna().to_numpy()
    if not unknown.any():
        return best
    asked = pd.MultiIndex.from_frame(joined.loc[unknown, ["sample_id", "view"]])
    found = within.reindex(asked).to_numpy(dtype=float) if within is not None else np.full(len(asked), np.nan)
    n_missing = int(np.isnan(found).sum())
    if n_missing:
        raise UsageError(
            f"policy 'restricted': for {n_missing:,} of {len(joined):,} predictions no class of the benchmark is among "
            "the stored best ones, and the best of them was not kept. Run evaluate again with --fresh; of imported "
            "predictions, import a number for each class."
        )
    best[unknown] = found.astype(best.dtype)
    return best


def accuracy_by(
    joined: pd.DataFrame,
    by: str | Sequence[str],
    cluster: str | None = None,
    *,
    value: str = "correct",
    confidence: float = intervals.CONFIDENCE,
    seed: int = 0,
) -> pd.DataFrame:
    """Accuracy per group, with its interval.

    Args:
        joined: From ``join``: ``value``, the ``by`` columns and, if given, the ``cluster`` column.
        by: Grouping columns; none gives one row over everything.
        cluster: Column of what is not independent (SI-Score's cut-out). With it intervals are Wilson's of as many
            trials as the images are worth (``core.metrics.score``), without it Wilson's of the images.
        value: Column of 1.0, 0.0 and NaN (not evaluated; counted nowhere).
        confidence: Two-sided, 0..1.
        seed: Without effect: the intervals are in closed form. It stays for callers that name it.

    Returns:
        One row per group in the data, sorted by group: the ``by`` columns, ``value``, ``low``, ``high`` (fractions;
        NaN where there is nothing to say: n of 0, or fewer than two clusters), ``n``, ``n_clusters``.

    Raises:
        UsageError: If a column is missing.
    """
    by = [by] if isinstance(by, str) else list(by)
    missing = [column for column in (*by, value, *([cluster] if cluster else ())) if column not in joined]
    if missing:
        raise UsageError(f"no column '{missing[0]}' to group by; there are {', '.join(map(str, joined.columns))}")
    groups, cells = group_codes(joined, by)
    scored = joined[value].notna().to_numpy()
    values, cells = joined[value].to_numpy(dtype=float)[scored], cells[scored]
    n = np.bincount(cells, minlength=len(groups))
    total = np.bincount(cells, weights=values, minlength=len(groups))
    if cluster is None:
        low, high = intervals.wilson(total, n, confidence)
        n_clusters = n
    else:
        codes = pd.factorize(joined[cluster].to_numpy()[scored], sort=True)[0]
        low, high, n_clusters = score_interval(values, cells, codes, len(groups), confidence=confidence)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = total / n
    return groups.assign(value=mean, low=low, high=high, n=n, n_clusters=n_clusters)


def group_codes(joined: pd.DataFrame, by: list[str]) -> tuple[pd.DataFrame, np.ndarray]:
    """The groups that occur, sorted, one row each; and the group of each row: int (N,)."""
    if not by:
        return pd.DataFrame(index=range(1)), np.zeros(len(joined), dtype=np.int64)
    grouped = joined.groupby(by, sort=True, dropna=False)
    codes = grouped.ngroup().to_numpy()
    first = np.unique(codes, return_index=True)[1]
    return joined.iloc[first][by].reset_index(drop=True), codes


def near_chance(accuracy: float, n: int, chance: float) -> bool:
    """Whether an accuracy cannot be told from guessing, which usually means that labels are in another order.

    Args:
        accuracy: Fraction 0..1.
        n: Images.
        chance: Accuracy of a guess, 0..1.

    Returns:
        True if the interval reaches down to twice chance; False for fewer than 50 images, or where chance is so high
        that a bad model comes near it.
    """
    if n < 50 or chance > 0.25:
        return False
    return bool(intervals.wilson(accuracy * n, n)[0] <= 2 * chance)
