"""What a page shows first of a family of views, computed as soon as a result is complete: nobody waits for it there."""

from __future__ import annotations

import contextlib

from core import store
from core.answers import cue_tables, joined, zoom_tables
from core.benchmarks import benchmark_class
from core.errors import OffcenterError


def prepare(run: store.Run) -> None:
    """Compute and keep the tables of a complete result of several views; whatever goes wrong is seen on the page.

    Args:
        run: Just evaluated.
    """
    if run.n_views == 1 or not run.complete:
        return
    with contextlib.suppress(OffcenterError):
        joined.columns_of(run)
        for table in run.views.tables:
            if table.computed and table.name in cue_tables.TABLES:
                cue_tables.answer(run, table.name)
        if zoom_tables.is_zoomed(run):
            policy = benchmark_class(run.benchmark).default_policy
            for name in zoom_tables.FIRST:
                if zoom_tables.has_factors(run, name):
                    zoom_tables.answer(run, name, policy)
