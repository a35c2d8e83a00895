"""Offcenter's engine: see where an image classifier breaks.

In a notebook::

    import core, core.figures, core.report

    run = core.run("test_vit.diorama", "diorama/location")
    core.report.build(run)
    core.figures.show(run, "by_location")
    core.gallery(run, where={"x": (0, 0.2)})
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from core.figures.gallery import Gallery
    from core.store import Run

__version__ = "0.1.0"


def run(
    model: str, benchmark: str, view: str = "clean", *, precision: str | None = None, identity: str | None = None
) -> Run:
    """The stored result of a model on a benchmark, with today's labels.

    Args:
        model: As it was given to ``evaluate``, or its name in results.
        benchmark: Key.
        view: The family of views that was evaluated.
        precision: Only of this precision.
        identity: Only of this identity, or of one that begins so.

    Raises:
        UsageError: If there is none; names the nearest, what is stored, and the command that makes it.
    """
    # Nothing is imported for those who want only a part.
    from core.cli.options import run_for

    return run_for(model, benchmark, view, precision, identity)


def gallery(run: Run, where: Any = None, n: int = 24, policy: str = "top1", shown: str = "all") -> Gallery:
    """The images that a number counts, as thumbnails and as a table; see ``core.figures.gallery.gallery``."""
    from core.figures import gallery as galleries

    return galleries.gallery(run, where, n, policy, shown)
