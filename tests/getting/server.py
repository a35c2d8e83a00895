"""A web server on this machine that does what servers do: parts of files, cuts, refusals, delays and lies."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Served:
    """A file, and how it is served.

    Attributes:
        content: Its bytes.
        etag: As it is sent; none if empty.
        ranges: Whether the server gives parts.
        heeds_if_range: Whether it looks at ``If-Range``.
        cuts: Bytes after which each connection is cut, one after the other; then none is.
        statuses: Answers before the file is given, one after the other.
        status: What is always answered instead of the file; 0 gives it.
        headers: Further ones, of every answer.
        length: What ``Content-Length`` says instead of the truth; no header if negative.
        redirect: Where to instead.
        slowly: Called between the first byte and the rest.
        kind: ``Content-Type``.
    """

    content: bytes = b""
    etag: str = '"one"'
    ranges: bool = True
    heeds_if_range: bool = True
    cuts: list[int] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    redirect: str = ""
    slowly: Callable[[], object] | None = None
    kind: str = "application/octet-stream"


class Site:
    """What is served, by path, and every request: its method, path and range."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.files: dict[str, Served] = {}
        self.requests: list[tuple[str, str, str]] = []

    def put(self, path: str, content: bytes = b"", **settings: object) -> Served:
        self.files[path] = Served(content, **settings)
        return self.files[path]

    def url(self, path: str) -> str:
        return self.address + path

    @property
    def gets(self) -> list[str]:
        """Ranges that were asked for."""
        return [asked for method, _, asked in self.requests if method == "GET"]


@contextmanager
def site() -> Iterator[Site]:
    """A server for a while."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args: object) -> None:
            """Nothing is printed."""

        def do_HEAD(self) -> None:
            self._answer(with_content=False)

        def do_GET(self) -> None:
            with suppress(BrokenPipeError, ConnectionResetError):
                self._answer(with_content=True)

        def _answer(self, *, with_content: bool) -> None:
            path = self.path.partition("?")[0]
            found.requests.append((self.command, path, self.headers.get("Range", "")))
            served = found.files.get(path)
            if served is None:
                self._plain(404)
            elif served.status:
                self._plain(served.status, served.headers)
            elif served.redirect:
                self._plain(302, {"Location": served.redirect})
            elif served.statuses and with_content:
                self._plain(served.statuses.pop(0), served.headers)
            else:
                self._file(served, with_content)

        def _plain(self, status: int, headers: dict[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in (headers or {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def _file(self, served: Served, with_content: bool) -> None:
            total, begin, status = len(served.content), 0, 200
            asked = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
            condition = self.headers.get("If-Range")
            is_same = condition in (None, served.etag, served.headers.get("Last-Modified")) or not served.heeds_if_range
            if asked and served.ranges and is_same:
                begin, status = int(asked[1]), 206
            if status == 206 and begin >= total:
                self._plain(416, {"Content-Range": f"bytes */{total}", "ETag": served.etag})
                return
            content = served.content[begin:]
            self.send_response(status)
            self.send_header("Content-Type", served.kind)
            if served.etag:
                self.send_header("ETag", served.etag)
            if status == 206:
                self.send_header("Content-Range", f"bytes {begin}-{total - 1}/{total}")
            for name, value in served.headers.items():
                self.send_header(name, value)
            length = len(content) if served.length is None else served.length
            if length >= 0:
                self.send_header("Content-Length", str(length))
            else:
                self.send_header("Connection", "close")
                self.close_connection = True
            self.end_headers()
            if not with_content:
                return
            cut = served.cuts.pop(0) if served.cuts else len(content)
            if served.slowly is not None:
                self.wfile.write(content[:1])
                self.wfile.flush()
                served.slowly()
                content, cut = content[1:], cut - 1
            self.wfile.write(content[:cut])
            self.wfile.flush()
            if cut < len(content) or (served.length or 0) > len(content):
                self.close_connection = True

    class Server(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """A client that leaves is no error."""

    server = Server(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found = Site(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
