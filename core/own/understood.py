"""What was understood of a user's data, before anything of it is kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from core.own.factors import OwnFactor
from core.own.roles import Role


@dataclass(frozen=True)
class Understood:
    """A user's data as they would be kept.

    Attributes:
        name: What they will be called.
        root: Folder of the images.
        table: The user's table; None for folders named by class.
        table_sha256: Of its bytes; empty without one.
        form: What the table is.
        n_rows: Rows of the table, or images in the folders.
        n_images: Rows whose image is there.
        n_labelled: Rows whose labels are all understood.
        n_classes: Different classes among the samples.
        label_space: Key of the label space.
        classes: Names of its classes where it is one of the user's own that is to be kept; else none.
        columns: The user's column by the part it plays.
        factors: With kinds, examples and warnings.
        samples: ``sample_id``, ``accepted``, ``cluster``, factors, and ``entries.MASK`` where there are masks.
        problems: Why rows cannot be samples; each names some, and says what to do.
        notes: What else a user should know.
        leave_out: Whether a user wants such rows left out.
        replaces: Whether data of this name are there.
    """

    name: str
    root: Path
    table: Path | None
    table_sha256: str
    form: str
    n_rows: int
    n_images: int
    n_labelled: int
    n_classes: int
    label_space: str
    classes: tuple[str, ...]
    columns: dict[Role, str]
    factors: tuple[OwnFactor, ...]
    samples: pd.DataFrame = field(repr=False)
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    leave_out: bool = False
    replaces: bool = False

    @property
    def n_left_out(self) -> int:
        """Rows that are no samples."""
        return self.n_rows - len(self.samples)

    @property
    def is_ready(self) -> bool:
        """Whether it can be kept: all rows are samples, or the user wants the others left out."""
        return len(self.samples) > 0 and (self.leave_out or not self.n_left_out)

    @property
    def warnings(self) -> list[str]:
        """What a user should look at, by factor."""
        return [f"{each.factor.name}: {said}" for each in self.factors for said in each.warnings]
