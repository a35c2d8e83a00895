"""The kinds of long work, one file each: what each is told, its title, where it queues and how it is done.

A new kind is a file here with a frozen dataclass, and its entry in ``KINDS``; queue, worker, pages and command line
know it then.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from core.errors import StoreError, UsageError
from core.jobs.kinds.alignment import Alignment
from core.jobs.kinds.arguments import Arguments, Result
from core.jobs.kinds.description import Description
from core.jobs.kinds.diagnosis import Diagnosis
from core.jobs.kinds.evaluation import PRECISIONS, Evaluation
from core.jobs.kinds.fetch import Fetch
from core.jobs.kinds.generation import Generation
from core.jobs.kinds.logits import Import
from core.jobs.kinds.predictions import Predictions
from core.jobs.kinds.probe import Probe
from core.jobs.kinds.refresh import Refresh
from core.store.manifest import decoded
from core.types import ProgressCallback

__all__ = [
    "KINDS",
    "PRECISIONS",
    "Alignment",
    "Arguments",
    "Description",
    "Diagnosis",
    "Evaluation",
    "Fetch",
    "Generation",
    "Import",
    "Predictions",
    "Probe",
    "Refresh",
    "Result",
    "Unknown",
    "read_arguments",
]


@dataclass(frozen=True)
class Unknown:
    """Work that this version cannot do: of a newer one, or damaged. It is shown, never run.

    Attributes:
        kind: As it is stored.
        device: As it is stored.
    """

    unit: ClassVar[str] = "step"
    modules: ClassVar[tuple[str, ...]] = ()
    details: ClassVar[tuple[str, ...]] = ("not known to this version",)

    kind: str
    device: str

    @property
    def title(self) -> str:
        """The stored kind."""
        return f"Job of kind '{self.kind}'"

    def checked(self) -> Unknown:
        """Never right.

        Raises:
            UsageError: Always.
        """
        raise self._refusal()

    def run(self, progress: ProgressCallback) -> Result:
        """Never done.

        Raises:
            UsageError: Always.
        """
        del progress
        raise self._refusal()

    def _refusal(self) -> UsageError:
        return UsageError(
            f"this version cannot read a job of kind '{self.kind}': update Offcenter. Known: {', '.join(KINDS)}."
        )


KINDS: dict[str, type[Arguments]] = {
    kind.kind: kind
    for kind in (Evaluation, Diagnosis, Probe, Alignment, Generation, Import, Predictions, Refresh, Description, Fetch)
}


def read_arguments(kind: str, device: str, content: Any) -> Arguments:
    """Arguments from their fields; ``Unknown`` where this version cannot read them."""
    try:
        arguments = KINDS[kind](**content)
        # What a form or a command gave has the right types; a row may come from anywhere.
        decoded(type(arguments), content)
    except (KeyError, TypeError, ValueError, StoreError):
        return Unknown(kind, device)
    return arguments
