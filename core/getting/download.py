"""One file from one address: resumed where it was cut, tried again where that may help, never half of it used.

HTTP is pooch's, which rests on requests; proxies are those of the environment. What pooch does not do is added through
the places that it leaves for it: the headers that ask for the rest of a file, a look at each response before its
content, and the file-like object that content is written to.
"""

from __future__ import annotations

import email.utils
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import pooch
import requests
import urllib3

from core.errors import DataError, StorageError
from core.getting.addresses import Address, shown
from core.getting.meter import Meter, size
from core.getting.receiving import ChangedError, FailureError, Part, Sink, WholeError, answer

#: What is lost of a connection that is cut; small, so that one that is always cut early gets on too.
_CHUNK = 1 << 14
#: A server that sends a response of one of these may answer later.
_PASSING = frozenset((408, 425, 429, 500, 502, 503, 504))
#: So much new content shows that trying again helps.
_WORTH_IT = 1_000_000
_CUT, _SLOW = "the connection was cut", "too slow, nearly nothing came"
_UNREACHABLE = (
    requests.exceptions.TooManyRedirects,
    requests.exceptions.SSLError,
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidHeader,
)


@dataclass(frozen=True)
class Patience:
    """How long a server is waited for; seconds.

    Attributes:
        connect: For a connection.
        read: For the next bytes.
        stalled: For the next 16 KiB.
        tries: In all, as long as nothing comes.
        pause: Before the second try, doubled before each further one.
        longest: At most, where the server asks for a pause.
    """

    connect: float = 15.0
    read: float = 60.0
    stalled: float = 120.0
    tries: int = 5
    pause: float = 1.0
    longest: float = 300.0


def download(
    address: Address,
    part: Part,
    meter: Meter,
    *,
    room: Callable[[int], None],
    patience: Patience,
) -> int:
    """Fetch a file whole, or say why not.

    Args:
        address: Where it is.
        part: Where it goes to; what is there of this address's file is kept.
        meter: Told of every byte.
        room: Called with the bytes still to come, before the first is written; raises if there is no room for them.
        patience: How long to wait.

    Returns:
        Bytes in all.

    Raises:
        DataError: If the address will not give it; another may.
        StorageError: If it does not give it now; what has come is kept.
        StoreError: If the disk refuses.
    """
    failed = 0
    while True:
        before = part.size
        try:
            return _attempt(address, part, meter, room, patience)
        except ChangedError:
            part.discard()
            failure = FailureError("the file changed while it was fetched")
        except FailureError as passing:
            failure = passing
        failed = 1 if part.size - before >= _WORTH_IT else failed + 1
        pause = patience.pause * 2 ** (failed - 1) if failure.wait is None else failure.wait
        if failed >= patience.tries or pause > patience.longest:
            asked = f", and asks to be left alone for {pause:.0f} s" if pause > patience.longest else ""
            kept = f" {size(part.size)} are kept: the same command goes on from there." if part.size else ""
            raise StorageError(f"{shown(address.url)}: {failure.why}{asked}.{kept}")
        meter.say(f"{failure.why}: trying again in {pause:.0f} s")
        time.sleep(pause)


def _attempt(address: Address, part: Part, meter: Meter, room: Callable[[int], None], patience: Patience) -> int:
    """One request."""
    known = part.validator(address.url)
    if known and known.get("total") == part.size:
        meter.begin(part.size, part.size)
        return part.size
    headers = {"Accept-Encoding": "identity", "User-Agent": "offcenter"}
    if known:
        headers |= {"Range": f"bytes={part.size}-", "If-Range": known["validator"]}
    sink = Sink(address, part, meter, room, known)
    get = pooch.HTTPDownloader(
        chunk_size=_CHUNK,
        timeout=(patience.connect, patience.read),
        headers=headers,
        hooks={"response": sink.look},
    )
    try:
        with sink, _watched(sink, patience.stalled):
            get(address.url, sink, None)
    except WholeError:
        return part.size
    except requests.exceptions.RequestException as error:
        raise _reason(error, sink) from error
    except (urllib3.exceptions.HTTPError, AttributeError, ValueError) as error:
        # What a read that is ended from outside may come to; an error of any other origin is ours.
        if not sink.stalled and not isinstance(error, urllib3.exceptions.HTTPError):
            raise
        raise FailureError(_SLOW if sink.stalled else _CUT) from error
    return sink.whole()


def _reason(error: requests.exceptions.RequestException, sink: Sink) -> Exception:
    """What a failed request means: a ``FailureError`` that may pass, or a ``DataError``."""
    url = shown(sink.url)
    if isinstance(error, requests.exceptions.HTTPError) and error.response is not None:
        if error.response.status_code in _PASSING:
            return FailureError(answer(error.response), _pause_asked(error.response.headers.get("Retry-After")))
        return DataError(f"{url}: {answer(error.response)}.")
    if isinstance(error, requests.exceptions.TooManyRedirects):
        return DataError(f"{url}: sends from one address to the next without end.")
    if isinstance(error, _UNREACHABLE):
        return DataError(f"{url}: cannot be fetched from ({_first_line(error)}).")
    if sink.stalled:
        return FailureError(_SLOW)
    if isinstance(error, requests.exceptions.Timeout) or "timed out" in str(error):
        return FailureError("fell silent" if sink.answered else "does not answer")
    if isinstance(error, requests.exceptions.ProxyError):
        return FailureError("the proxy of HTTP_PROXY or HTTPS_PROXY does not answer")
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return FailureError(_CUT)
    if isinstance(error, requests.exceptions.ConnectionError):
        return FailureError(_CUT if sink.answered else "cannot be reached")
    return DataError(f"{url}: {_first_line(error)}.")


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:200]


def _pause_asked(text: str | None) -> float | None:
    """Seconds of a ``Retry-After``, which is a number or a date."""
    if text is None:
        return None
    if text.strip().isdecimal():
        return float(text)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(text).timestamp() - time.time())
    except (TypeError, ValueError):
        return None


@contextmanager
def _watched(sink: Sink, stalled_s: float) -> Iterator[None]:
    """While inside, a response that hardly sends anything is ended, whatever the time between two bytes."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(min(1.0, stalled_s / 4)):
            response = sink.response
            if response is not None and time.monotonic() - sink.last > stalled_s:
                sink.stalled = True
                # An older urllib3 has no way to end a read; there the time between two bytes is the only limit.
                with suppress(Exception):
                    response.raw.shutdown()
                return

    threading.Thread(target=watch, name="offcenter-download", daemon=True).start()
    try:
        yield
    finally:
        over.set()


def size_at(address: Address, patience: Patience) -> int | None:
    """What a server says of a file's size, without fetching it; None if it says nothing now."""
    try:
        with requests.head(
            address.url,
            allow_redirects=True,
            timeout=(patience.connect, patience.read),
            headers={"Accept-Encoding": "identity", "User-Agent": "offcenter"},
        ) as response:
            length = response.headers.get("Content-Length", "")
            is_page = response.headers.get("Content-Type", "").startswith("text/html")
            return int(length) if response.ok and not is_page and length.isdecimal() else None
    except (requests.exceptions.RequestException, ValueError):
        return None
