"""Logits that were computed elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from core.errors import UsageError, nearest
from core.evaluate import imports
from core.jobs.kinds.arguments import Result, absolute, result_of
from core.types import Progress, ProgressCallback


@dataclass(frozen=True)
class Import:
    """Logits that were computed elsewhere, as a model's predictions; see ``core.evaluate.imports``.

    Attributes:
        logits: An ``.npy`` or ``.npz`` file.
        name: What the model shall be called.
        data: Folder with the annotations; where they are found if None.
        order: Of the rows: ``file`` or ``class``.
        array: Name of the array in an ``.npz`` with several.
    """

    kind: ClassVar[str] = "import"
    unit: ClassVar[str] = "benchmark"
    modules: ClassVar[tuple[str, ...]] = ()
    device: ClassVar[str] = "cpu"

    logits: str
    name: str
    data: str | None = None
    order: imports.Order = "file"
    array: str | None = None

    @property
    def title(self) -> str:
        """``Logits vit3b.npy as vit-3b``."""
        return f"Logits {Path(self.logits).name} as {self.name}"

    @property
    def details(self) -> tuple[str, ...]:
        """The order of rows where it is not the published one."""
        return () if self.order == "file" else (f"rows by {self.order}",)

    def checked(self) -> Import:
        """The same with absolute paths.

        Raises:
            UsageError: If a value cannot be right; says which and what would be.
        """
        if not self.name.strip():
            raise UsageError("the model has no name: give one, such as vit-3b.")
        if self.order not in imports.ORDERS:
            known = ", ".join(imports.ORDERS)
            raise UsageError(f"order '{self.order}' is unknown.{nearest(self.order, imports.ORDERS)} Known: {known}.")
        logits = absolute(self.logits)
        if not logits.is_file():
            raise UsageError(f"'{logits}' is not a file on this machine: give an .npy or .npz.")
        data = imports.annotated_folder(absolute(self.data) if self.data else None)
        return replace(self, logits=str(logits), name=self.name.strip(), data=str(data))

    def run(self, progress: ProgressCallback) -> Result:
        """Store the predictions on each benchmark that the logits are of."""
        results = []
        for number, benchmark in enumerate(imports.BENCHMARKS):
            progress(Progress(number, len(imports.BENCHMARKS), stage=f"storing {benchmark.key}"))
            opened = benchmark(absolute(self.data or ""))
            run = imports.import_logits(Path(self.logits), self.name, opened, order=self.order, array=self.array)
            results.append(result_of(run))
        progress(Progress(len(results), len(results), stage="stored"))
        return results[0]
