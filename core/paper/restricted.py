"""Paired differences by the policy ``restricted``, the best of a benchmark's classes, which no question asks for."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from core import metrics, store
from core.answers import compare, joined, policies
from core.answers.cards import card_of, samples_of
from core.store import lists

POLICY = "restricted"


def paired_difference(
    first: store.Run, second: store.Run, by: Sequence[str], exclude: Sequence[str] = ()
) -> pd.DataFrame:
    """As ``core.answers.compare.paired_difference``.

    Args:
        first: A run of one view an image.
        second: A run on the same images.
        by: Factors.
        exclude: Classes to leave out.

    Raises:
        UsageError: If what the policy needs was not kept.
    """
    key = ["paired restricted", second.identity, joined.version(second), list(by), sorted(exclude)]
    return joined.remembered(first, key, lambda: _paired_difference(first, second, by, exclude))


def _paired_difference(first: store.Run, second: store.Run, by: Sequence[str], exclude: Sequence[str]) -> pd.DataFrame:
    left, right = (_counted(run) for run in (first, second))
    left = left[~left["class"].isin(exclude)] if exclude else left
    other = right[["sample_id", "correct"]].rename(columns={"correct": "other"})
    both = left.merge(other, on="sample_id", how="inner", validate="one_to_one")
    both = both[both["correct"].notna() & both["other"].notna()].reset_index(drop=True)
    # Clusters are compared as numbers.
    both["cluster"] = pd.factorize(both["cluster"], sort=True)[0]
    return compare.paired_table(first, both, by)


def _counted(run: store.Run) -> pd.DataFrame:
    """A run's answers with ``correct`` as the policy counts them."""
    samples = samples_of(run)
    classes = sorted(set(lists.list_offsets(samples["accepted"])[1].tolist()))
    said = store.read(run, ["sample_id", "view", "top10", "error"])
    table = metrics.join(samples, said, run.manifest.model.num_classes)
    return policies.counted(run, card_of(run), table, POLICY, classes).table
