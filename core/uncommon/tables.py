"""What uncommon settings cost a model: accuracy by partition and by cell (FOCUS, Tables 2 and 4, Appendix E).

Every function takes joined samples and predictions (``core.metrics.join``) of a benchmark whose samples passed through
``annotate``, and ``cluster``, the column of what is not independent between images, if there is one. The metric columns
are those of ``accuracy_by``: ``value, low, high, n, n_clusters``.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from core.metrics.accuracy import accuracy_by
from core.uncommon.rules import ATTRIBUTES, CATEGORIES, PARTITIONS, VALUES, is_uncommon, location_pairs

#: What stands in the column ``humans`` where a release does not say.
UNKNOWN = "unknown"


def partitions(joined: pd.DataFrame, cluster: str | None = None) -> pd.DataFrame:
    """Accuracy in each partition (Tables 2 and 4).

    Returns:
        One row per partition, in the order of ``PARTITIONS``: ``partition`` and the metric columns. An image
        stands in one of P0 to P3 and in one of P0 to P_twl. NaN where a partition is empty.
    """
    grid = pd.DataFrame({"partition": PARTITIONS})
    return _filled(accuracy_by(_memberships(joined), "partition", cluster), grid)


def by_category_partition(joined: pd.DataFrame, cluster: str | None = None) -> pd.DataFrame:
    """Accuracy of each category in each partition (Figure 2); see ``partitions``."""
    grid = _grid(category=CATEGORIES, partition=PARTITIONS)
    return _filled(accuracy_by(_memberships(joined), list(grid), cluster), grid)


def by_humans(joined: pd.DataFrame, cluster: str | None = None) -> pd.DataFrame:
    """Accuracy with and without people in the image: ``humans`` and the metric columns.

    Empty where the release does not say.
    """
    if "humans" not in joined:
        joined = joined.assign(humans=UNKNOWN)
    return accuracy_by(joined[joined["humans"] != UNKNOWN], "humans", cluster)


def heatmap(joined: pd.DataFrame, attribute: str, cluster: str | None = None) -> pd.DataFrame:
    """Accuracy of each category at each value of an attribute (Appendix E).

    Args:
        joined: See the module.
        attribute: ``time``, ``weather`` or ``locations``; an image counts in each of its locations.
        cluster: See the module.

    Returns:
        One row per cell, empty ones included (n of 0, NaN): ``category, setting, uncommon`` and the
        metric columns.
    """
    grid = _grid(category=CATEGORIES, setting=VALUES[attribute])
    found = _filled(accuracy_by(_by_setting(joined, attribute), list(grid), cluster), grid)
    uncommon = [is_uncommon(row.category, attribute, row.setting) for row in grid.itertuples()]
    found.insert(2, "uncommon", uncommon)
    return found


def totals(joined: pd.DataFrame, attribute: str, cluster: str | None = None) -> pd.DataFrame:
    """Accuracy at each value of an attribute over all categories with rules: ``setting`` and the metric columns."""
    grid = pd.DataFrame({"setting": VALUES[attribute]})
    return _filled(accuracy_by(_by_setting(joined, attribute), "setting", cluster), grid)


def _memberships(joined: pd.DataFrame) -> pd.DataFrame:
    """One row per (image, partition it is in); images of categories without rules are in none."""
    ruled = _narrow(joined)
    by_count = ruled.assign(partition=np.array(["P0", "P1", "P2", "P3"], dtype=object)[ruled["n_uncommon"]])
    return pd.concat([by_count, ruled[ruled["partition"] != "P0"]], ignore_index=True)


def _by_setting(joined: pd.DataFrame, attribute: str) -> pd.DataFrame:
    """One row per (image, value of the attribute), the value in the column ``setting``."""
    ruled = _narrow(joined)
    if attribute != "locations":
        long = ruled.assign(setting=ruled[attribute])
    else:
        pairs = location_pairs(ruled)
        long = ruled.iloc[pairs["row"]].reset_index(drop=True).assign(setting=pairs["setting"])
    return long[long["setting"].isin(VALUES[attribute])]


def _narrow(joined: pd.DataFrame) -> pd.DataFrame:
    """Rows of categories with rules, and only the columns used here: copying lists of predictions is slow."""
    used = ["category", *ATTRIBUTES, "n_uncommon", "partition", "correct", "cluster"]
    ruled = joined["category"].isin(CATEGORIES)
    return joined.loc[ruled, [column for column in used if column in joined]].reset_index(drop=True)


def _grid(**axes: tuple[str, ...]) -> pd.DataFrame:
    return pd.MultiIndex.from_product(axes.values(), names=axes.keys()).to_frame(index=False)


def _filled(found: pd.DataFrame, grid: pd.DataFrame) -> pd.DataFrame:
    """A metric table in the order of a grid, with empty cells where the data have none."""
    full = grid.merge(found, on=list(grid), how="left", validate="one_to_one")
    return full.assign(**{name: full[name].fillna(0).astype(np.int64) for name in ("n", "n_clusters")})
