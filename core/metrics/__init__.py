"""Pure numbers over arrays and tables: accuracy, intervals, the bootstrap over clusters, differences."""

from core.metrics.accuracy import POLICIES, THIN, accuracy_by, apply_policy, group_codes, is_accepted, join, near_chance

__all__ = ["POLICIES", "THIN", "accuracy_by", "apply_policy", "group_codes", "is_accepted", "join", "near_chance"]
