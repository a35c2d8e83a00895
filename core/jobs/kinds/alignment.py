"""Whether a stored result's model looks at the object."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from core import store
from core.benchmarks import benchmark_class, open_for
from core.explain import alignments
from core.jobs.kinds.arguments import Result, require_at_least, require_device, result_of
from core.saliency.maps import METHODS, check_method
from core.types import ProgressCallback


@dataclass(frozen=True)
class Alignment:
    """Whether a stored result's model looks at the object; see ``core.explain.alignments``.

    Attributes:
        model: As it was evaluated.
        benchmark: Key; it has object masks.
        identity: Of the result, or its beginning; the newest one if None, of the clean view where there is one.
        limit: Images, drawn at random; all if None.
        method: Key of ``core.saliency.maps.METHODS``.
        device: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``.
    """

    kind: ClassVar[str] = "align"
    unit: ClassVar[str] = "image"
    modules: ClassVar[tuple[str, ...]] = ("core.explain.resident", "core.models.sources")

    model: str
    benchmark: str
    identity: str | None = None
    limit: int | None = None
    method: str = "grad-cam"
    device: str = "auto"

    @property
    def title(self) -> str:
        """``Alignment of resnet50 on hard-imagenet``."""
        return f"Alignment of {self.model} on {self.benchmark}"

    @property
    def details(self) -> tuple[str, ...]:
        """Limit and method where they are not the usual ones."""
        found = () if self.limit is None else (f"at most {self.limit:,} images",)
        return found if self.method == "grad-cam" else (*found, METHODS.get(self.method, self.method))

    def checked(self) -> Alignment:
        """The same with the whole identity of the result.

        Raises:
            UsageError: If there is no such result, or it cannot be aligned; says what to do.
            DataError: If its images are no longer where they were.
        """
        benchmark_class(self.benchmark)
        require_device(self.device)
        check_method(self.method)
        if self.limit is not None:
            require_at_least(1, "limit", self.limit)
        run = store.find_run(self.benchmark, self.model, self.identity)
        alignments.require(run, open_for(run))
        return replace(self, model=run.model, identity=run.identity)

    def run(self, progress: ProgressCallback) -> Result:
        """Align; images that are aligned already are kept."""
        run = store.find_run(self.benchmark, self.model, self.identity)
        alignments.alignments(run, method=self.method, limit=self.limit, device=self.device, progress=progress)
        return result_of(run)
