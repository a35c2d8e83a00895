"""Predictions that another framework wrote."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from core.benchmarks import open_and_remember, open_benchmark
from core.errors import UsageError, nearest
from core.evaluate.imported.columns import READERS
from core.evaluate.imported.predictions import import_predictions, require_name
from core.evaluate.imported.reading import FIRST_CLASSES
from core.jobs.kinds.arguments import Result, absolute, result_of
from core.types import ProgressCallback


@dataclass(frozen=True)
class Predictions:
    """A file of predictions as a model's; see ``core.evaluate.imported.predictions``.

    Attributes:
        file: CSV, TSV, Parquet, JSONL or NPZ.
        name: What the model shall be called.
        benchmark: Key.
        data: Folder of its data; the one last used if None.
        images: ImageNet's folder, for a benchmark whose data folder holds masks alone; the one last used if None.
        model: The model that made them, to be asked where it looks; none if None.
        label_space: Of the file's classes; the one in which they make sense if None.
        first_class: Index that the file gives to the first class.
        partial: Whether images without a prediction are no reason to refuse.
    """

    kind: ClassVar[str] = "predictions"
    unit: ClassVar[str] = "step"
    modules: ClassVar[tuple[str, ...]] = ("core.evaluate.imported.predictions",)
    device: ClassVar[str] = "cpu"

    file: str
    name: str
    benchmark: str
    data: str | None = None
    images: str | None = None
    model: str | None = None
    label_space: str | None = None
    first_class: int = 0
    partial: bool = False

    @property
    def title(self) -> str:
        """``Predictions preds.csv as my-net on imagenet``."""
        return f"Predictions {Path(self.file).name} as {self.name} on {self.benchmark}"

    @property
    def details(self) -> tuple[str, ...]:
        """The attached model, and what of the file is not usual."""
        unusual = (
            (bool(self.model), f"of {self.model}"),
            (bool(self.label_space), f"in {self.label_space}"),
            (self.first_class != 0, f"classes from {self.first_class}"),
            (self.partial, "partial"),
        )
        return tuple(said for is_said, said in unusual if is_said)

    def checked(self) -> Predictions:
        """The same with absolute paths.

        Raises:
            UsageError: If a value cannot be right; says which and what would be.
        """
        file = absolute(self.file)
        if not file.is_file():
            raise UsageError(f"'{file}' is not a file on this machine: give one of {', '.join(READERS)}.")
        if file.suffix.lower() not in READERS:
            raise UsageError(f"'{file.name}' is none of {', '.join(READERS)}.{nearest(file.suffix.lower(), READERS)}")
        if self.first_class not in FIRST_CLASSES:
            raise UsageError(f"the first class has the index 0 or 1, not {self.first_class}.")
        opened = open_benchmark(self.benchmark, self.data or None, self.images or None)
        spaces = opened.label_spaces
        if self.label_space and self.label_space not in spaces:
            hint = nearest(self.label_space, spaces)
            raise UsageError(
                f"'{self.benchmark}' has no labels in '{self.label_space}'.{hint} It has: {', '.join(spaces)}."
            )
        return replace(
            self,
            file=str(file),
            name=require_name(self.name),
            data=str(opened.root),
            images=str(absolute(self.images)) if self.images else None,
            model=(self.model or "").strip() or None,
            label_space=self.label_space or None,
        )

    def run(self, progress: ProgressCallback) -> Result:
        """Read, check and store the file; what was said of it stands in the job's log."""
        opened = open_and_remember(self.benchmark, self.data, self.images)
        found = import_predictions(
            Path(self.file),
            self.name,
            opened,
            space=self.label_space,
            first_class=self.first_class,
            partial=self.partial,
            model=self.model,
            progress=progress,
        )
        print(*found.said, sep="\n", flush=True)
        return result_of(found.run)
