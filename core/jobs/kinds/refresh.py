"""The embedded results, made again."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from core import paths
from core.jobs.kinds.arguments import Result, ctrl_c_is_an_interrupt, require_at_least
from core.types import ProgressCallback


@dataclass(frozen=True)
class Refresh:
    """The embedded models on all of Diorama again; see ``core.embedded.refresh``.

    Attributes:
        workers: Threads; one a core if None.
    """

    kind: ClassVar[str] = "refresh"
    unit: ClassVar[str] = "image"
    modules: ClassVar[tuple[str, ...]] = ("core.embedded.refresh",)
    device: ClassVar[str] = "auto"
    title: ClassVar[str] = "Embedded models on all of Diorama"

    workers: int | None = None

    @property
    def details(self) -> tuple[str, ...]:
        """Nothing that a reader needs to know."""
        return ()

    def checked(self) -> Refresh:
        """The same.

        Raises:
            UsageError: If there are less than one worker.
        """
        if self.workers is not None:
            require_at_least(1, "workers", self.workers)
        return self

    def run(self, progress: ProgressCallback) -> Result:
        """Evaluate every embedded model on every Diorama benchmark and write the cards."""
        from core.embedded.refresh import refresh

        @contextlib.contextmanager
        def bar(title: str) -> Iterator[ProgressCallback]:
            yield lambda now: progress(replace(now, stage=title))

        with ctrl_c_is_an_interrupt():
            refresh(bar, workers=self.workers)
        return {"folder": str(paths.embedded_results())}
