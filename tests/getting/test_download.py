"""Downloads against a real server: what is cut goes on, what changed begins anew, and half a file is never used."""

import http.server
import os
import threading
import time

import pytest

from core.errors import DataError, StorageError, StoreError
from core.getting.addresses import Address
from core.getting.download import Patience, download, size_at
from core.getting.meter import Meter
from core.getting.receiving import Part

CONTENT = bytes(range(256)) * 1200  # 307,200 bytes
QUICK = Patience(connect=2, read=2, stalled=5, tries=4, pause=0.01, longest=1)


@pytest.fixture
def part(tmp_path):
    return Part(tmp_path / "file.bin")


def get(url, part, *, size=None, patience=QUICK, room=lambda n: None, said=None):
    progress = said.append if said is not None else None
    return download(Address(url, "a test", size), part, Meter(progress, "fetching"), room=room, patience=patience)


def test_a_file_comes_whole(web, part):
    web.put("/a", CONTENT)
    needed, said = [], []
    assert get(web.url("/a"), part, size=len(CONTENT), room=needed.append, said=said) == 307_200
    assert part.path.read_bytes() == CONTENT
    assert needed == [307_200]
    # A third of a megabyte is one unit.
    assert said[0].total == 0
    assert said[-1].total == 1
    assert web.gets == [""]


def test_a_download_that_is_cut_goes_on_where_it_was(web, part):
    web.put("/a", CONTENT, cuts=[100_000, 50_000])
    assert get(web.url("/a"), part) == 307_200
    assert part.path.read_bytes() == CONTENT
    assert web.gets[0] == ""
    begins = [int(asked.removeprefix("bytes=").rstrip("-")) for asked in web.gets[1:]]
    assert len(begins) == 2
    # What arrived before each cut is kept, to the last chunk at least.
    assert 100_000 - 16_384 < begins[0] <= 100_000
    assert begins[0] < begins[1] <= 150_000


def test_another_process_goes_on_with_what_an_earlier_one_left(web, part):
    served = web.put("/a", CONTENT, cuts=[200_000])
    with pytest.raises(StorageError, match=r"the connection was cut\. \d+ kB are kept: the same command goes on"):
        get(web.url("/a"), part, patience=Patience(tries=1))
    kept = part.size
    assert 0 < kept <= 200_000
    assert served.cuts == []
    said = []
    assert get(web.url("/a"), Part(part.path), said=said) == 307_200
    assert part.path.read_bytes() == CONTENT
    assert web.gets == ["", f"bytes={kept}-"]
    # And a third finds it whole, and asks nobody.
    assert get(web.url("/a"), Part(part.path)) == 307_200
    assert len(web.gets) == 2


@pytest.mark.parametrize("heeds", [True, False])
def test_a_file_that_changed_meanwhile_is_not_glued_to_the_old_one(web, part, heeds):
    web.put("/a", CONTENT, cuts=[200_000])
    with pytest.raises(StorageError):
        get(web.url("/a"), part, patience=Patience(tries=1))
    assert part.size > 0
    other = CONTENT[::-1]
    web.put("/a", other, etag='"two"', heeds_if_range=heeds)
    assert get(web.url("/a"), part) == 307_200
    assert part.path.read_bytes() == other


def test_a_file_that_became_shorter_begins_anew(web, part):
    web.put("/a", CONTENT, cuts=[200_000])
    with pytest.raises(StorageError):
        get(web.url("/a"), part, patience=Patience(tries=1))
    web.put("/a", CONTENT[:1000], etag='"two"', heeds_if_range=False)
    assert get(web.url("/a"), part) == 1000
    assert part.path.read_bytes() == CONTENT[:1000]


def test_a_file_of_another_length_under_the_same_mark_begins_anew(web, part):
    web.put("/a", CONTENT, cuts=[200_000])
    with pytest.raises(StorageError):
        get(web.url("/a"), part, patience=Patience(tries=1))
    web.put("/a", CONTENT + b"more")
    assert get(web.url("/a"), part) == 307_204
    assert part.path.read_bytes() == CONTENT + b"more"


def test_what_came_from_one_address_is_never_the_beginning_of_anothers(web, part):
    web.put("/a", CONTENT, cuts=[200_000])
    with pytest.raises(StorageError):
        get(web.url("/a"), part, patience=Patience(tries=1))
    web.put("/b", CONTENT[::-1])
    assert get(web.url("/b"), part) == 307_200
    assert part.path.read_bytes() == CONTENT[::-1]
    assert web.gets == ["", ""]


def test_a_server_without_parts_or_marks_begins_anew(web, part):
    web.put("/a", CONTENT, cuts=[200_000], ranges=False)
    assert get(web.url("/a"), part) == 307_200
    assert part.path.read_bytes() == CONTENT
    # Without a mark nobody can tell whether the file is the same, so no part is asked for.
    web.put("/b", CONTENT, etag="", cuts=[100_000])
    other = Part(part.path.with_name("b"))
    assert get(web.url("/b"), other) == 307_200
    assert other.path.read_bytes() == CONTENT
    assert web.gets[-2:] == ["", ""]


def test_a_weak_mark_is_none_and_the_time_of_change_is_one(web, part):
    changed = "Wed, 21 Oct 2020 07:28:00 GMT"
    web.put("/a", CONTENT, etag='W/"one"', cuts=[100_000], headers={"Last-Modified": changed})
    assert get(web.url("/a"), part) == 307_200
    assert part.path.read_bytes() == CONTENT
    assert web.gets[1].startswith("bytes=")


@pytest.mark.parametrize("status", [401, 403, 404, 410, 451])
def test_a_refusal_is_final_at_once(web, part, status):
    web.put("/a", CONTENT, statuses=[status])
    with pytest.raises(DataError, match=f"/a: answered {status}") as caught:
        get(web.url("/a"), part)
    assert not isinstance(caught.value, StorageError)
    assert web.gets == [""]
    assert part.size == 0


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_what_may_pass_is_tried_again(web, part, status):
    web.put("/a", CONTENT, statuses=[status, status])
    assert get(web.url("/a"), part) == 307_200
    assert web.gets == ["", "", ""]


def test_a_server_that_never_answers_is_left_after_some_tries(web, part):
    web.put("/a", CONTENT, statuses=[503] * 9)
    with pytest.raises(StorageError, match=r"answered 503 \(Service Unavailable\)\.$"):
        get(web.url("/a"), part)
    assert len(web.gets) == QUICK.tries


def test_the_pause_that_a_server_asks_for_is_kept(web, part):
    web.put("/a", CONTENT, statuses=[429], headers={"Retry-After": "1"})
    began, said = time.monotonic(), []
    get(web.url("/a"), part, said=said)
    assert time.monotonic() - began >= 1
    assert "answered 429 (Too Many Requests): trying again in 1 s" in [each.stage for each in said]
    web.put("/b", CONTENT, statuses=[429], headers={"Retry-After": "3600"})
    with pytest.raises(StorageError, match="asks to be left alone for 3600 s"):
        get(web.url("/b"), part)
    web.put("/c", CONTENT, statuses=[503], headers={"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"})
    assert get(web.url("/c"), part) == 307_200
    web.put("/d", CONTENT, statuses=[503], headers={"Retry-After": "soon"})
    assert get(web.url("/d"), part) == 307_200


def test_redirections_are_followed_but_not_in_circles(web, part):
    web.put("/a", CONTENT)
    web.put("/b", redirect="/a")
    assert get(web.url("/b"), part) == 307_200
    web.put("/c", redirect="/d")
    web.put("/d", redirect="/c")
    with pytest.raises(DataError, match="/c: sends from one address to the next without end"):
        get(web.url("/c"), part)
    web.put("/e", redirect="file:///etc/passwd")
    with pytest.raises(DataError, match="/e: cannot be fetched from"):
        get(web.url("/e"), Part(part.path.with_name("e")))
    assert not part.path.with_name("e").exists()


def test_a_file_of_another_length_than_the_published_one_is_not_begun(web, part):
    web.put("/a", CONTENT)
    with pytest.raises(DataError, match="has 307,200 bytes there; the published file has 307,201"):
        get(web.url("/a"), part, size=307_201)
    assert part.size == 0


def test_a_server_that_sends_less_than_it_says_is_not_believed(web, part):
    web.put("/a", CONTENT, length=400_000, ranges=False)
    with pytest.raises(StorageError, match="the connection was cut"):
        get(web.url("/a"), part)


def test_a_server_that_says_no_length_is_measured_by_the_published_one(web, part):
    web.put("/a", CONTENT, length=-1, etag="")
    assert get(web.url("/a"), part) == 307_200
    with pytest.raises(DataError, match="sends more than the 300,000 bytes"):
        get(web.url("/a"), part, size=300_000)
    assert part.size == 0
    with pytest.raises(StorageError, match="sent 307,200 of 400,000 bytes"):
        get(web.url("/a"), part, size=400_000)


def test_an_empty_file_and_a_page_are_no_files(web, part):
    web.put("/a", b"")
    with pytest.raises(DataError, match="the file there is empty"):
        get(web.url("/a"), part)
    web.put("/b", b"<html>log in</html>", kind="text/html; charset=utf-8")
    with pytest.raises(DataError, match="answered with a web page, not with the file"):
        get(web.url("/b"), part)
    assert part.size == 0


def test_content_that_is_packed_for_the_way_is_unpacked_and_not_measured(web, part):
    import gzip

    web.put("/a", gzip.compress(CONTENT), headers={"Content-Encoding": "gzip"})
    assert get(web.url("/a"), part) == 307_200
    assert part.path.read_bytes() == CONTENT


def test_a_silent_server_is_not_waited_for_without_end(web, part):
    gone = threading.Event()
    web.put("/a", CONTENT, slowly=lambda: gone.wait(5))
    began = time.monotonic()
    try:
        with pytest.raises(StorageError, match="fell silent"):
            get(web.url("/a"), part, patience=Patience(read=0.3, tries=2, pause=0.01))
    finally:
        gone.set()
    assert time.monotonic() - began < 4


def test_a_server_that_drips_is_not_waited_for_without_end(part):
    """A byte now and then keeps every time limit between two bytes; the limit for a chunk ends it."""

    class Dripping(http.server.BaseHTTPRequestHandler):
        def log_message(self, *args):
            pass

        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Length", "1000000")
            self.end_headers()
            for _ in range(200):
                try:
                    self.wfile.write(b"x")
                    self.wfile.flush()
                except OSError:
                    return
                time.sleep(0.05)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Dripping)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    began = time.monotonic()
    try:
        with pytest.raises(StorageError, match="too slow, nearly nothing came"):
            get(
                f"http://127.0.0.1:{server.server_port}/a",
                part,
                patience=Patience(read=1, stalled=0.5, tries=2, pause=0.01),
            )
    finally:
        server.shutdown()
        server.server_close()
    assert time.monotonic() - began < 5


def test_a_server_that_is_not_there(web, part, unused_port):
    with pytest.raises(StorageError, match="cannot be reached"):
        get(f"http://127.0.0.1:{unused_port}/a", part, patience=Patience(tries=2, pause=0.01))


def test_a_proxy_that_is_set_is_used(web, part, unused_port, monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", web.address)
    web.put("http://far.example/a", CONTENT)
    assert get("http://far.example/a", part) == 307_200
    monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{unused_port}")
    with pytest.raises(StorageError, match="the proxy of HTTP_PROXY or HTTPS_PROXY does not answer"):
        get("http://far.example/b", part, patience=Patience(tries=2, pause=0.01))


@pytest.fixture
def unused_port():
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def test_ctrl_c_keeps_what_has_come(web, part):
    held = threading.Event()
    content = os.urandom(400_000)
    served = web.put("/a", content)

    def interrupted(progress):
        if part.size > 100_000:
            raise KeyboardInterrupt

    meter = Meter(None, "fetching")
    meter._progress = interrupted
    import core.getting.meter as module

    every, module._EVERY_S = module._EVERY_S, 0.0
    try:
        with pytest.raises(KeyboardInterrupt):
            download(Address(web.url("/a"), "a test"), part, meter, room=lambda n: None, patience=QUICK)
    finally:
        module._EVERY_S = every
        held.set()
    kept = part.size
    assert 100_000 < kept < 400_000
    assert served.content[:kept] == part.path.read_bytes()
    assert get(web.url("/a"), part) == 400_000
    assert part.path.read_bytes() == content
    assert web.gets[-1] == f"bytes={kept}-"


def test_no_room_is_told_before_the_first_byte(web, part):
    web.put("/a", CONTENT)

    def none(n):
        raise StoreError(f"no room for {n}")

    with pytest.raises(StoreError, match="no room for 307200"):
        get(web.url("/a"), part, room=none)
    assert part.size == 0


def test_a_disk_that_refuses_is_told_as_one(web, tmp_path):
    web.put("/a", CONTENT)
    with pytest.raises(StoreError, match="cannot write"):
        get(web.url("/a"), Part(tmp_path / "no-such-folder" / "a"))


def test_a_damaged_note_of_a_part_begins_anew(web, part):
    web.put("/a", CONTENT, cuts=[200_000])
    with pytest.raises(StorageError):
        get(web.url("/a"), part, patience=Patience(tries=1))
    part.path.with_name("file.bin.json").write_text("{half")
    assert get(web.url("/a"), part) == 307_200
    assert web.gets[-1] == ""


def test_sizes_are_asked_for_without_fetching(web):
    web.put("/a", CONTENT)
    web.put("/page", b"<html>", kind="text/html")
    assert size_at(Address(web.url("/a"), ""), QUICK) == 307_200
    assert size_at(Address(web.url("/page"), ""), QUICK) is None
    assert size_at(Address(web.url("/none"), ""), QUICK) is None
    assert size_at(Address("http://127.0.0.1:1/a", ""), QUICK) is None
    assert [method for method, _, _ in web.requests] == ["HEAD"] * 3


def test_no_password_of_an_address_is_shown(web, part):
    url = web.url("/none").replace("http://", "http://me:secret@")
    with pytest.raises(DataError, match=r"http://127\.0\.0\.1:\d+/none: answered 404") as caught:
        get(url, part)
    assert "secret" not in str(caught.value)
