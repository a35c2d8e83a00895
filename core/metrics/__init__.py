"""Pure numbers over arrays and tables: accuracy, intervals, the bootstrap over clusters, differences."""

from core.metrics.accuracy import (
    POLICIES,
    REDUCTIONS,
    accuracy_by,
    apply_policy,
    group_codes,
    is_accepted,
    join,
    near_chance,
    reduce_views,
)
from core.types import THIN

__all__ = [
    "POLICIES",
    "REDUCTIONS",
    "THIN",
    "accuracy_by",
    "apply_policy",
    "group_codes",
    "is_accepted",
    "join",
    "near_chance",
    "reduce_views",
]
