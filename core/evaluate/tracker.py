"""How far an evaluation is."""

from __future__ import annotations

import time

from core.types import Progress, ProgressCallback


class Tracker:
    """Counts, and turns them into progress: rate and time left are of this session, start-up left out.

    Args:
        callback: Told whenever something changes.
        total: Images in all.

    Attributes:
        done: Images stored, those of earlier sessions included.
        done_before: Images that earlier sessions stored.
        failed: Images of this session that ended in a recorded error.
        startup_s: Seconds before the first image.
    """

    def __init__(self, callback: ProgressCallback | None, total: int) -> None:
        self._callback = callback
        self.total = total
        self.done = self.done_before = self.failed = 0
        self.startup_s = 0.0
        self._begun = time.perf_counter()

    def stage(self, text: str) -> None:
        """What is being done, in two or three words."""
        self._show(Progress(self.done, self.total, self.failed, stage=text))

    def begin(self, done_before: int, startup_s: float) -> None:
        """Start-up is over; the clock starts."""
        self.done = self.done_before = done_before
        self.startup_s = startup_s
        self._begun = time.perf_counter()

    @property
    def seconds(self) -> float:
        """Since ``begin``."""
        return time.perf_counter() - self._begun

    @property
    def rate(self) -> float:
        """Images a second in this session."""
        return (self.done - self.done_before) / max(self.seconds, 1e-9)

    def advance(self, n: int, failed: int) -> None:
        """So many more images were stored, and so many of them had failed."""
        self.done += n
        self.failed += failed
        left = (self.total - self.done) / max(self.rate, 1e-9)
        self._show(Progress(self.done, self.total, self.failed, self.rate, left, "evaluating"))

    def advance_to(self, done: int, failed: int) -> None:
        """So many images are stored now, and so many of this session's had failed."""
        if done != self.done or failed != self.failed:
            self.advance(done - self.done, failed - self.failed)

    def _show(self, state: Progress) -> None:
        if self._callback is not None:
            self._callback(state)
