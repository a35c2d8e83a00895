"""Pure numbers over arrays and tables: accuracy, intervals, the bootstrap over clusters, differences, cues."""

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
from core.metrics.rfs import relative_foreground_sensitivity
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
    "relative_foreground_sensitivity",
]
