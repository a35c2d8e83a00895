"""A set of SI-Score images of one's own."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from core.benchmarks import generate
from core.errors import UsageError, nearest
from core.jobs.kinds.arguments import Result, absolute, require_at_least
from core.types import ProgressCallback


@dataclass(frozen=True)
class Generation:
    """A set of SI-Score images; see ``core.benchmarks.generate``.

    Attributes:
        foregrounds: Folder of cut-outs.
        backgrounds: Folder of images.
        factor: ``size``, ``location`` or ``rotation``.
        out: New folder, or one of an interrupted job with the same arguments.
        per_object: Backgrounds a cut-out is put on.
        min_inside: Smallest share of the object's box that must be inside, 0..1.
        seed: Of the draw of backgrounds.
    """

    kind: ClassVar[str] = "generate"
    unit: ClassVar[str] = "image"
    modules: ClassVar[tuple[str, ...]] = ()
    device: ClassVar[str] = "cpu"

    foregrounds: str
    backgrounds: str
    factor: str
    out: str
    per_object: int = 1
    min_inside: float = 0.0
    seed: int = 0

    @property
    def title(self) -> str:
        """``Images of si-score/size in /data/mine``."""
        return f"Images of si-score/{self.factor} in {self.out}"

    @property
    def details(self) -> tuple[str, ...]:
        """Backgrounds, share inside and seed where they are not the usual ones."""
        said = (
            (self.per_object != 1, f"{self.per_object:,} backgrounds a cut-out"),
            (self.min_inside > 0, f"at least {self.min_inside:.0%} inside"),
            (self.seed != 0, f"seed {self.seed}"),
        )
        return tuple(words for is_said, words in said if is_said)

    def checked(self) -> Generation:
        """The same with absolute folders.

        Raises:
            UsageError: If a value cannot be right; says which and what would be.
        """
        if self.factor not in generate.GRIDS:
            known = ", ".join(generate.GRIDS)
            raise UsageError(f"unknown factor '{self.factor}'.{nearest(self.factor, generate.GRIDS)} Known: {known}.")
        require_at_least(1, "per_object", self.per_object)
        require_at_least(0, "seed", self.seed)
        if not 0 <= self.min_inside <= 1:
            raise UsageError(f"min_inside is {self.min_inside:g}, but must be a share from 0 to 1.")
        folders = {name: absolute(getattr(self, name)) for name in ("foregrounds", "backgrounds", "out")}
        for name in ("foregrounds", "backgrounds"):
            if not folders[name].is_dir():
                raise UsageError(f"{name} '{folders[name]}' is not a folder on this machine.")
        if folders["out"].is_file():
            raise UsageError(f"out '{folders['out']}' is a file; give a new folder.")
        return replace(self, **{name: str(folder) for name, folder in folders.items()})

    def run(self, progress: ProgressCallback) -> Result:
        """Compose the images; those that are there are kept."""
        generate.si_score_set(
            *(Path(self.foregrounds), Path(self.backgrounds), self.factor, Path(self.out)),
            per_object=self.per_object,
            min_inside=self.min_inside,
            seed=self.seed,
            progress=progress,
        )
        return {"benchmark": f"si-score/{self.factor}", "folder": self.out}
