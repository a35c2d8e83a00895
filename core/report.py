"""``core.report.build``: the published path of ``core.answers.report``."""

from core.answers.report import build, differences, export, predictions

__all__ = ["build", "differences", "export", "predictions"]
