"""``core.report.build``: the published path of a run's report, with every table that it may have."""

from core.answers.exporting import export, predictions
from core.answers.report import differences
from core.explain.reporting import build

__all__ = ["build", "differences", "export", "predictions"]
