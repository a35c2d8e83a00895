"""A published data set or a model, fetched."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import ClassVar

from core.errors import UsageError
from core.getting import addresses, meter
from core.jobs.kinds.arguments import Result, absolute
from core.types import Progress, ProgressCallback


@dataclass(frozen=True)
class Fetch:
    """Something that ``core.getting.fetch`` knows; whoever queues it has shown its licence and size.

    Attributes:
        key: What to fetch: an entry's key, or ``model:`` and a model's name.
        given: Files that a user has already.
        address: Where a user says that the file is; empty for the known addresses.
        accept_other: Whether the file may be another than the one that is known.
    """

    kind: ClassVar[str] = "fetch"
    unit: ClassVar[str] = meter.UNIT
    modules: ClassVar[tuple[str, ...]] = ("core.getting.fetch",)
    device: ClassVar[str] = "cpu"

    key: str
    given: tuple[str, ...] = ()
    address: str = ""
    accept_other: bool = False

    def __post_init__(self) -> None:
        # JSON has lists only.
        object.__setattr__(self, "given", tuple(self.given))

    @property
    def title(self) -> str:
        """``Fetch si-score/size``."""
        return f"Fetch {self.key}"

    @property
    def details(self) -> tuple[str, ...]:
        """Files given by hand, and an address of one's own."""
        said = [f"from {Path(path).name}" for path in self.given]
        said += [f"from {addresses.shown(self.address)}"] * bool(self.address)
        return (*said, *["another file than the known one is accepted"] * self.accept_other)

    def checked(self) -> Fetch:
        """The same with absolute paths.

        Raises:
            UsageError: If there is no such thing, a file is not there, or the address is none.
        """
        key = self.key.strip()
        if not key.startswith(addresses.MODEL):
            entry = addresses.find(key)
            if entry.terms and not self.given:
                raise UsageError(
                    f"a person must accept the terms of '{key}': 'python -m core data fetch {key}' says how to get it."
                )
        if self.address:
            addresses.require_url(self.address)
        given = tuple(str(absolute(path)) for path in self.given)
        for path in given:
            if not Path(path).is_file():
                raise UsageError(f"'{path}' is not a file on this machine.")
        return replace(self, key=key, given=given)

    def run(self, progress: ProgressCallback) -> Result:
        """Fetch it; what has come of an interrupted job is kept."""
        from core.getting import fetch

        progress(Progress(0, 0, stage="asking for the size"))
        done = fetch.fetch(
            self.key,
            [Path(path) for path in self.given],
            self.address,
            accept_other=self.accept_other,
            progress=progress,
        )
        for line in done.said:
            print(line, flush=True)
        return {"folder": str(done.folder)}
