"""``report --head``: the network itself answers for a run, or linear heads on its features. Torch only for those."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.cli import terminal
from core.cli.options import choice, open_benchmark

if TYPE_CHECKING:
    import pandas as pd

    from core.store import Run

NETWORK, LINEAR = "network", "linear"
HEADS = (NETWORK, LINEAR)


def is_linear(head: str) -> bool:
    """Whether linear heads answer.

    Raises:
        UsageError: If the head is unknown.
    """
    return choice("head", head, HEADS) == LINEAR


def answers_by(head: str, run: Run, data: str | None, images: str | None, device: str) -> pd.DataFrame | None:
    """What is reported of a run instead of what its network said; made where it is not stored.

    Args:
        head: Of ``HEADS``.
        run: Complete or partial.
        data: The benchmark's folder; by default the one that the run was made on.
        images: ImageNet's folder, for a benchmark of masks alone.
        device: For features that are not stored yet.

    Returns:
        For ``core.answers.report.build``; None for the network itself.

    Raises:
        UsageError: If the head is unknown, or cannot be fitted.
        OffcenterError: See ``core.explain.linear_head.cross_fitted``.
    """
    if not is_linear(head):
        return None
    from core.explain import linear_head

    stored = linear_head.read(run)
    if stored is not None:
        return stored
    given = data is not None or images is not None
    benchmark = open_benchmark(run.benchmark, data, images) if given else None
    with terminal.progress_bar(f"linear head on {run.model}") as progress:
        return linear_head.cross_fitted(run, benchmark, device=device, progress=progress)


def said(content: dict[str, Any]) -> str:
    """Who answers, for a headline; empty for the network itself."""
    return " (linear head on its features, cross-fitted)" if content["head"] else ""
