"""Common and uncommon settings (FOCUS): which values are uncommon for which category, and what that costs a model.

For every benchmark whose samples have the columns ``category``, ``time``, ``weather`` and ``locations``; its
``samples()`` passes them through ``annotate`` and its ``tables`` include ``TABLES``.
"""

from __future__ import annotations

from functools import partial

from core.types import Factor, Table
from core.uncommon.gaps import adjusted_gaps, costs, gaps
from core.uncommon.rules import ATTRIBUTES, CATEGORIES, NONE, PARTITIONS, VALUES, annotate, is_uncommon
from core.uncommon.tables import UNKNOWN, by_category_partition, by_humans, heatmap, partitions

FACTORS = (
    Factor("category", "Category", "category"),
    Factor("time", "Time of day", "category"),
    Factor("weather", "Weather", "category"),
    Factor("locations", "Locations", "set"),
    Factor("n_uncommon", "Uncommon attributes", "numeric"),
    Factor("partition", "Partition (which settings are uncommon)", "category"),
)
_TITLES = {"time": "time of day", "weather": "weather", "locations": "location"}
TABLES = (
    Table("partitions", ("partition",), "Top-1 by partition", partitions),
    Table("gaps", ("attribute", "definition"), "Gap between common and uncommon settings", gaps),
    Table(
        "gaps_class_adjusted",
        ("attribute", "definition"),
        "Gap with the same class mix on both sides",
        adjusted_gaps,
    ),
    *(
        Table(
            f"heatmap_{attribute}",
            ("category", "value"),
            f"Top-1 by category and {_TITLES[attribute]}",
            partial(heatmap, attribute=attribute),
        )
        for attribute in ATTRIBUTES
    ),
    Table(
        "by_category_partition",
        ("category", "partition"),
        "Top-1 by category and partition",
        by_category_partition,
    ),
    Table("costs", ("attribute", "value"), "What each uncommon setting costs, class mix adjusted", costs),
)

#: For releases that say whether people are in the image.
BY_HUMANS = Table("by_humans", ("humans",), "Top-1 with and without people in the image", by_humans)

__all__ = [
    "ATTRIBUTES",
    "BY_HUMANS",
    "CATEGORIES",
    "FACTORS",
    "NONE",
    "PARTITIONS",
    "TABLES",
    "UNKNOWN",
    "VALUES",
    "annotate",
    "is_uncommon",
]
