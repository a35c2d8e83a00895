"""How far bytes have got: one way to tell of downloads, digests and unpacking."""

from __future__ import annotations

import time

from core.types import Progress, ProgressCallback

#: Bytes in a unit of progress; what ``UNIT`` names.
MEGABYTE = 1_000_000
UNIT = "megabyte"
#: Told no more often than anybody would look.
_EVERY_S = 0.2


class Meter:
    """Counts bytes of one stage, and tells of them in megabytes with rate and time left.

    Attributes:
        done: Bytes so far, those of earlier sessions included.
        total: Bytes in all; 0 while that is not known.
    """

    def __init__(self, progress: ProgressCallback | None, stage: str, total: int = 0, done: int = 0) -> None:
        self._progress, self._stage = progress, stage
        self.begin(done, total)

    def begin(self, done: int, total: int) -> None:
        """Count from here on; what was there before says nothing about the rate."""
        self.done, self.total = done, total
        self._began, self._first = time.monotonic(), done
        self._tell(self._stage)

    def add(self, n: int) -> None:
        """So many more bytes."""
        self.done += n
        if time.monotonic() - self._told >= _EVERY_S:
            self._tell(self._stage)

    def say(self, stage: str) -> None:
        """Tell what is done instead for a while."""
        self._tell(stage)

    def finish(self) -> None:
        """All is done."""
        self.total = self.done
        self._tell(self._stage)

    def _tell(self, stage: str) -> None:
        self._told = time.monotonic()
        if self._progress is None:
            return
        spent = self._told - self._began
        rate = (self.done - self._first) / spent if spent > 0 else 0.0
        total = -(-self.total // MEGABYTE)
        self._progress(
            Progress(
                # A file of a few bytes counts as one unit, which is done only when all of it is.
                done=total if self.total and self.done >= self.total else self.done // MEGABYTE,
                total=total,
                rate=rate / MEGABYTE,
                seconds_left=max(0, self.total - self.done) / rate if rate > 0 and self.total else None,
                stage=stage,
            )
        )


def size(n: float | None) -> str:
    """``3.5 GB``, ``688 MB`` or ``23 kB``; a question mark for what is not known."""
    if n is None:
        return "?"
    for unit, name in ((1e9, "GB"), (1e6, "MB"), (1e3, "kB")):
        # What would be rounded up to a thousand is one of the next unit.
        if n >= 0.9995 * unit:
            return f"{n / unit:.3g} {name}"
    return f"{n:.0f} bytes"
