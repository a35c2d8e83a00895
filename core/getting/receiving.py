"""What a server sends, looked at before it is taken: the beginning of a file, its rest, or something else."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO

import requests

from core import paths
from core.errors import DataError, cannot_write
from core.getting.addresses import Address, shown
from core.getting.meter import Meter

#: Content between two looks at how full the disk is.
_ROOM_EVERY = 64_000_000
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+|\*)")


class Part:
    """A file that is being fetched, and beside it what is needed to go on with it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._state = path.with_name(f"{path.name}.json")

    @property
    def size(self) -> int:
        """Bytes that are there."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    def validator(self, url: str) -> Mapping[str, Any] | None:
        """What was kept of an address's file, if it can be told whether that has changed since; else None."""
        state = paths.read_json(self._state)
        is_usable = state.get("url") == shown(url) and isinstance(state.get("validator"), str)
        return state if is_usable and self.size else None

    def begin(self, url: str, validator: str | None, total: int | None) -> BinaryIO:
        """A file begun anew."""
        stream = open(self.path, "wb")  # noqa: SIM115 - its caller closes it
        # Only then, so that nobody ever takes what was there before for the beginning of this file.
        state = {"url": shown(url), "validator": validator, "total": total}
        paths.write_atomically(self._state, json.dumps(state) + "\n")
        return stream

    def discard(self) -> None:
        """Delete both."""
        self.path.unlink(missing_ok=True)
        self._state.unlink(missing_ok=True)

    def forget(self) -> None:
        """The file is whole and has gone elsewhere."""
        self._state.unlink(missing_ok=True)


class ChangedError(Exception):
    """What is there is the beginning of another file than the server has now."""


class WholeError(Exception):
    """All of the file was there already."""


class FailureError(Exception):
    """What may pass: why, and the seconds that the server asks to be left alone."""

    def __init__(self, why: str, wait: float | None = None) -> None:
        super().__init__(why)
        self.why, self.wait = why, wait


class Sink:
    """Looks at each response before its content, and takes the content."""

    def __init__(
        self,
        address: Address,
        part: Part,
        meter: Meter,
        room: Callable[[int], None],
        known: Mapping[str, Any] | None,
    ) -> None:
        self.url, self.stalled, self.answered, self.last = address.url, False, False, time.monotonic()
        self.response: requests.Response | None = None
        self._address, self._part, self._meter, self._room = address, part, meter, room
        self._known = known
        self._stream: BinaryIO | None = None
        self._total: int | None = None

    def __enter__(self) -> Sink:
        return self

    def __exit__(self, *error: object) -> None:
        if self._stream is not None:
            with suppress(OSError):
                self._stream.close()
        if self.response is not None:
            self.response.close()

    def look(self, response: requests.Response, **settings: Any) -> None:
        """Called with each response, redirections too, before any content is read."""
        del settings
        self.answered, self.response, self.last = True, response, time.monotonic()
        if self.url.startswith("https:") and not response.url.startswith("https:"):
            raise DataError(f"{shown(self.url)}: leads to {shown(response.url)}, which is not encrypted.")
        if response.is_redirect or (response.status_code >= 400 and response.status_code != 416):
            return
        if response.status_code == 416:
            self._nothing_left(response)
        elif response.status_code == 206 and self._known:
            self._go_on(response)
        elif response.status_code == 200:
            self._begin(response)
        else:
            raise DataError(f"{shown(self.url)}: {answer(response)} with no file.")

    def _nothing_left(self, response: requests.Response) -> None:
        """The server has no bytes after those that are there: these are all, or of another file."""
        if response.headers.get("Content-Range") == f"bytes */{self._part.size}" and self._is_same(response):
            raise WholeError
        if not self._known:
            raise DataError(f"{shown(self.url)}: {answer(response)}.")
        raise ChangedError

    def _go_on(self, response: requests.Response) -> None:
        found, known = _RANGE.fullmatch(response.headers.get("Content-Range", "")), self._known or {}
        total = int(found[3]) if found and found[3] != "*" else None
        if not found or int(found[1]) != self._part.size or known.get("total") not in (None, total):
            raise ChangedError
        if not self._is_same(response):
            raise ChangedError
        self._total = total
        self._expect(self._part.size)
        self._stream = self._done(partial(open, self._part.path, "ab"))

    def _is_same(self, response: requests.Response) -> bool:
        """Whether what the server says of the file is what it said before; not every server heeds ``If-Range``."""
        return _validator(response) in (None, (self._known or {}).get("validator"))

    def _begin(self, response: requests.Response) -> None:
        if response.headers.get("Content-Type", "").partition(";")[0].strip() == "text/html":
            raise DataError(f"{shown(self.url)}: answered with a web page, not with the file.")
        length = response.headers.get("Content-Length", "")
        # What is packed for the way has another length than the file, and another place to go on at.
        is_plain = response.headers.get("Content-Encoding", "identity") == "identity"
        self._total = int(length) if is_plain and length.isdecimal() else None
        self._expect(0)
        validator = _validator(response) if is_plain else None
        self._stream = self._done(partial(self._part.begin, self.url, validator, self._total))

    def _expect(self, offset: int) -> None:
        """Refuse a file of another size than the known one, and one that there is no room for."""
        if self._address.size is not None and self._total not in (None, self._address.size):
            raise DataError(
                f"{shown(self.url)}: has {self._total:,} bytes there; the published file has {self._address.size:,}."
            )
        total = self._total or self._address.size or 0
        self._room(max(0, total - offset))
        self._meter.begin(offset, total)

    def _done(self, step: Callable[[], Any]) -> Any:
        try:
            return step()
        except OSError as error:
            raise cannot_write(self._part.path, error) from error

    def write(self, chunk: bytes) -> None:
        """Take content."""
        assert self._stream is not None
        self.last = time.monotonic()
        self._meter.add(len(chunk))
        limit = self._address.size or self._total
        if limit and self._meter.done > limit:
            self._part.discard()
            raise DataError(f"{shown(self.url)}: sends more than the {limit:,} bytes of the file.")
        if self._meter.done // _ROOM_EVERY != (self._meter.done - len(chunk)) // _ROOM_EVERY:
            self._room(0)
        self._done(partial(self._stream.write, chunk))

    def flush(self) -> None:
        """Hand over what was taken, so that a full disk is told of at once."""
        assert self._stream is not None
        self._done(self._stream.flush)

    def whole(self) -> int:
        """Bytes of the file, which is all there.

        Raises:
            DataError: If there is nothing.
            FailureError: If some are missing.
            ChangedError: If there are too many.
        """
        got, wanted = self._part.size, self._total or self._address.size
        if wanted and got > wanted:
            raise ChangedError
        if wanted and got != wanted:
            raise FailureError(f"sent {got:,} of {wanted:,} bytes")
        if not got:
            raise DataError(f"{shown(self.url)}: the file there is empty.")
        return got


def answer(response: requests.Response) -> str:
    """``answered 403 (Forbidden)``."""
    return f"answered {response.status_code}" + (f" ({response.reason})" if response.reason else "")


def _validator(response: requests.Response) -> str | None:
    """What tells one state of a file from the next: a strong ``ETag``, else when it was changed."""
    tag = response.headers.get("ETag", "")
    return tag if tag.startswith('"') else response.headers.get("Last-Modified")
