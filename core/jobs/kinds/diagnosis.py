"""Which single change repairs a stored result's mistakes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from core import store
from core.benchmarks import benchmark_class
from core.jobs.kinds.arguments import Result, require_at_least, require_device, result_of
from core.mistakes import diagnosis
from core.types import ProgressCallback


@dataclass(frozen=True)
class Diagnosis:
    """Which single change repairs a stored result's mistakes; see ``core.mistakes.diagnosis``.

    Attributes:
        model: As it was evaluated.
        benchmark: Key; of composed scenes.
        identity: Of the result, or its beginning; the newest one of the clean view if None.
        limit: Mistakes, drawn at random.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
    """

    kind: ClassVar[str] = "diagnose"
    unit: ClassVar[str] = "mistake"
    modules: ClassVar[tuple[str, ...]] = ("core.mistakes.asking",)

    model: str
    benchmark: str
    identity: str | None = None
    limit: int = diagnosis.LIMIT
    device: str = "auto"

    @property
    def title(self) -> str:
        """``Diagnosis of diorama-bn on diorama/location``."""
        return f"Diagnosis of {self.model} on {self.benchmark}"

    @property
    def details(self) -> tuple[str, ...]:
        """The limit where it is not the usual one."""
        return () if self.limit == diagnosis.LIMIT else (f"at most {self.limit:,} mistakes",)

    def checked(self) -> Diagnosis:
        """The same with the whole identity of the result.

        Raises:
            UsageError: If there is no such result, or it cannot be diagnosed; says what to do.
        """
        benchmark_class(self.benchmark)
        require_device(self.device)
        require_at_least(1, "limit", self.limit)
        run = store.find_run(self.benchmark, self.model, self.identity, view="clean")
        diagnosis.composer_for(run)
        return replace(self, model=run.model, identity=run.identity)

    def run(self, progress: ProgressCallback) -> Result:
        """Diagnose; mistakes that are diagnosed already are kept."""
        from core.mistakes import asking

        run = store.find_run(self.benchmark, self.model, self.identity, view="clean")
        asking.diagnose(run, limit=self.limit, device=self.device, progress=progress)
        return result_of(run)
