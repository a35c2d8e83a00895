"""Common and uncommon settings (FOCUS): which values are uncommon for which category, and what that costs a model.

For every benchmark whose samples have the columns ``category``, ``time``, ``weather`` and ``locations``; its
``samples()`` passes them through ``annotate`` and its ``tables`` include ``TABLES``. Every table of settings is
registered here, once: ``TABLES`` are reported, ``DETAILS`` are asked for by pages alone.
"""

from __future__ import annotations

from functools import partial

from core.types import Factor, Table
from core.uncommon import gaps
from core.uncommon.ranking import attribute_changes, value_changes
from core.uncommon.rules import ATTRIBUTES, CATEGORIES, NONE, PARTITIONS, VALUES, annotate, is_uncommon
from core.uncommon.tables import UNKNOWN, by_category_partition, by_humans, heatmap, partitions, totals

FACTORS = (
    Factor("category", "Category", "category"),
    Factor("time", "Time of day", "category"),
    Factor("weather", "Weather", "category"),
    Factor("locations", "Locations", "set"),
    Factor("n_uncommon", "Uncommon attributes", "numeric"),
    Factor("partition", "Partition (which settings are uncommon)", "category"),
)
_TITLES = {"time": "time of day", "weather": "weather", "locations": "location"}
_TOP1 = {"value": "{policy}", "low": "{policy}_low", "high": "{policy}_high", "n": "n"}
_CELL = {"uncommon": "uncommon", "value": "{policy}", "low": "low", "high": "high", "n": "n"}
_GAP = {"value": "gap", "low": "low", "high": "high", "n_common": "n_common", "n_uncommon": "n_uncommon"}
_BY_DEFINITION = {"attribute": "attribute", "definition": "definition", **_GAP}

TABLES = (
    Table(
        "partitions", ("partition",), "Top-1 by partition", partitions, published={"partition": "partition", **_TOP1}
    ),
    Table(
        "gaps",
        ("attribute", "definition"),
        "Gap between common and uncommon settings",
        gaps.gaps,
        published=_BY_DEFINITION,
    ),
    Table(
        "gaps_class_adjusted",
        ("attribute", "definition"),
        "Gap with the same class mix on both sides",
        gaps.adjusted_gaps,
        published=_BY_DEFINITION,
    ),
    *(
        Table(
            f"heatmap_{attribute}",
            ("category", "setting"),
            f"Top-1 by category and {_TITLES[attribute]}",
            partial(heatmap, attribute=attribute),
            published={"category": "category", "setting": "value", **_CELL},
        )
        for attribute in ATTRIBUTES
    ),
    Table(
        "by_category_partition",
        ("category", "partition"),
        "Top-1 by category and partition",
        by_category_partition,
        published={"category": "category", "partition": "partition", **_TOP1},
    ),
    Table(
        "costs",
        ("attribute", "setting"),
        "What each uncommon setting costs, class mix adjusted",
        gaps.costs,
        published={"attribute": "attribute", "setting": "value", **_GAP, "thin": "thin"},
    ),
)

#: For releases that say whether people are in the image.
BY_HUMANS = Table(
    "by_humans",
    ("humans",),
    "Top-1 with and without people in the image",
    by_humans,
    published={"humans": "humans", **_TOP1},
)

DETAILS = (
    Table("category_gaps", ("category", "attribute", "definition"), "Gap of each category", gaps.category_gaps),
    *(
        Table(
            f"totals_{attribute}",
            ("setting",),
            f"Top-1 by {_TITLES[attribute]} over all categories",
            partial(totals, attribute=attribute),
        )
        for attribute in ATTRIBUTES
    ),
    Table("attribute_changes", ("attribute", "definition"), "What each attribute costs", attribute_changes),
    Table("value_changes", ("attribute", "setting", "definition"), "What each value costs", value_changes),
)

__all__ = [
    "ATTRIBUTES",
    "BY_HUMANS",
    "CATEGORIES",
    "DETAILS",
    "FACTORS",
    "NONE",
    "PARTITIONS",
    "TABLES",
    "UNKNOWN",
    "VALUES",
    "annotate",
    "is_uncommon",
]
