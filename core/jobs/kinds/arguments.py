"""What every kind of long work says of itself, and what several of them check."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar, Protocol

from core import paths, store
from core.errors import UsageError
from core.types import ProgressCallback

#: Of a job that has ended well: ``model``, ``benchmark`` and ``identity`` of a stored result, or ``folder``.
Result = Mapping[str, str]


class Arguments(Protocol):
    """What a job is told; a frozen dataclass of values that JSON holds.

    Attributes:
        unit: What its progress counts, in the singular.
        modules: Imported before the job can be interrupted, because an import that is cut off cannot be repeated.
    """

    unit: ClassVar[str]
    modules: ClassVar[tuple[str, ...]]

    @property
    def kind(self) -> str:
        """Its key in ``KINDS``, as it stands in the queue's table."""
        ...

    @property
    def device(self) -> str:
        """The queue it waits in: ``auto``, ``cpu``, ``cuda`` or ``cuda:N``."""
        ...

    @property
    def title(self) -> str:
        """What is done, in words."""
        ...

    @property
    def details(self) -> tuple[str, ...]:
        """Settings that are not the usual ones, in words."""
        ...

    def checked(self) -> Arguments:
        """The same, complete and with absolute folders.

        Raises:
            UsageError: If a value cannot be right; says which and what would be.
        """
        ...

    def run(self, progress: ProgressCallback) -> Result:
        """Do it; called again after an interruption it goes on from what is stored."""
        ...


def result_of(run: store.Run) -> Result:
    """What a job that ends in a stored result gives."""
    return {"model": run.model, "benchmark": run.benchmark, "identity": run.identity}


@contextlib.contextmanager
def ctrl_c_is_an_interrupt() -> Iterator[None]:
    """The evaluation's own word for Ctrl-C, after it has stored what was finished, as Python's."""
    from core.evaluate.loop import InterruptedRunError

    try:
        yield
    except InterruptedRunError as error:
        print(error, flush=True)
        raise KeyboardInterrupt from None


def require_device(device: str) -> None:
    """Refuse what cannot be a device.

    Raises:
        UsageError: Names the value and what is known.
    """
    kind, _, index = device.partition(":")
    if kind not in ("auto", "cpu", "cuda") or (index and (kind != "cuda" or not index.isdigit())):
        raise UsageError(f"unknown device '{device}'. Known: auto, cpu, cuda, cuda:0, ….")


def require_at_least(least: int, name: str, value: int) -> None:
    """Refuse a number that is too small.

    Raises:
        UsageError: Names the argument, the value and the least.
    """
    if value < least:
        raise UsageError(f"{name} is {value}, but must be at least {least}.")


def absolute(path: str | Path) -> Path:
    """A path as it stands in the queue, whatever folder the worker runs in.

    Raises:
        UsageError: If it cannot be followed.
    """
    return paths.place(Path(path))
