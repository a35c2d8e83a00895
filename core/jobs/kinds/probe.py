"""Whether the place is in a model's features."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from core import store
from core.benchmarks import benchmark_class, open_for
from core.explain import probes
from core.jobs.kinds.arguments import Result, require_at_least, require_device, result_of
from core.types import ProgressCallback


@dataclass(frozen=True)
class Probe:
    """Whether the place is in a model's features; see ``core.explain.probes``.

    Attributes:
        model: As it was evaluated.
        benchmark: Key; its images have a category and locations.
        identity: Of the result, or its beginning; the newest one if None.
        seed: Of the draws and folds.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
    """

    kind: ClassVar[str] = "probe"
    # First images, whose features are kept, then pairs of category and location.
    unit: ClassVar[str] = "step"
    modules: ClassVar[tuple[str, ...]] = ("core.models.engine", "core.models.sources", "core.explain.probe_fit")

    model: str
    benchmark: str
    identity: str | None = None
    seed: int = 0
    device: str = "auto"

    @property
    def title(self) -> str:
        """``Probe of resnet50 on focus``."""
        return f"Probe of {self.model} on {self.benchmark}"

    @property
    def details(self) -> tuple[str, ...]:
        """The seed where it is not the usual one."""
        return (f"seed {self.seed}",) if self.seed else ()

    def checked(self) -> Probe:
        """The same with the whole identity of the result.

        Raises:
            UsageError: If there is no such result, or nothing to probe for; says what to do.
            DataError: If its images are no longer where they were.
        """
        benchmark_class(self.benchmark)
        require_device(self.device)
        require_at_least(0, "seed", self.seed)
        run = store.find_run(self.benchmark, self.model, self.identity)
        probes.samples_of(run)
        open_for(run)
        return replace(self, model=run.model, identity=run.identity)

    def run(self, progress: ProgressCallback) -> Result:
        """Keep the features and fit the probes."""
        run = store.find_run(self.benchmark, self.model, self.identity)
        probes.fit(run, open_for(run), device=self.device, seed=self.seed, progress=progress)
        return result_of(run)
