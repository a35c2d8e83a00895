"""Where images are predicted: in this process, or by actors of Ray. What they say is stored in one place only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import pyarrow as pa

from core.errors import UsageError, nearest
from core.evaluate.adapt import crew_of
from core.evaluate.work import Delivery, Report, Work

#: Told of what was predicted, in the driver and in one thread; images may come in any order.
Deliver = Callable[[Delivery], None]
#: Told once that start-up is over.
Ready = Callable[[Report], None]
KNOWN = ("local", "ray")


class Backend(Protocol):
    """A way of doing some work."""

    def run(self, work: Work, ids: pa.Table, deliver: Deliver, ready: Ready) -> None:
        """Predict, and deliver as images are finished.

        Args:
            work: What is to be predicted.
            ids: A row an image; see ``Crew.run``.
            deliver: Told of what was predicted; called from this thread. Whatever it raises ends the work.
            ready: Told that the first models are loaded.

        Raises:
            UsageError, ModelError, DataError: If the work cannot be done here.
        """
        ...


class Local:
    """Threads of this process, on the CPU or on one GPU."""

    def run(self, work: Work, ids: pa.Table, deliver: Deliver, ready: Ready) -> None:
        """See ``Backend.run``."""
        crew = crew_of(work)
        ready(crew.report())
        deliveries = crew.run(ids)
        try:
            for delivery in deliveries:
                deliver(delivery)
        finally:
            deliveries.close()


def get_backend(name: str, *, address: str | None = None, actors: int | None = None) -> Backend:
    """A backend by its name.

    Args:
        name: ``local`` or ``ray``.
        address: Of a Ray cluster: ``auto``, ``ray://HOST:10001``; one of its own on this machine by default.
        actors: Ray actors; by default one a GPU, or one for four cores.

    Raises:
        UsageError: If there is no such backend, or its package is not installed.
    """
    if name not in KNOWN:
        raise UsageError(f"unknown backend '{name}'.{nearest(name, KNOWN)} Known: {', '.join(KNOWN)}.")
    if name == "local":
        if address is not None or actors is not None:
            raise UsageError("--address and --actors are for --backend ray.")
        return Local()
    from core.evaluate.on_ray import OnRay

    return OnRay(address, actors)
