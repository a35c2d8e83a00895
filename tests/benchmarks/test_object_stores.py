"""Benchmarks whose folder is a URL: in memory, and behind a web server of this machine."""

import functools
import http.server
import shutil
import threading
import uuid
from dataclasses import replace

import pytest
from upath import UPath

from core import paths, store
from core.answers import catalogue
from core.benchmarks import open_and_remember, open_benchmark
from core.errors import StorageError, UsageError
from core.evaluate.loop import evaluate
from core.evaluate.relink import refreshed
from tests.benchmarks.test_focus import focus


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *given):
        pass


@pytest.fixture
def served():
    """Serves folders by HTTP."""
    servers = []

    def serve(folder):
        handler = functools.partial(Quiet, directory=str(folder))
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        servers.append(server)
        return f"http://127.0.0.1:{server.server_address[1]}/"

    yield serve
    for server in servers:
        server.shutdown()
        server.server_close()


def in_memory(folder):
    """A copy of a folder in fsspec's memory."""
    root = UPath(f"memory://{uuid.uuid4().hex}")
    for path in folder.rglob("*"):
        if path.is_file():
            target = root / path.relative_to(folder).as_posix()
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    return str(root)


@pytest.fixture(params=["memory", "http"])
def stored(request, served):
    return in_memory if request.param == "memory" else served


def said(run):
    return store.read(run).sort_values("sample_id", ignore_index=True)


def test_a_folder_of_classes_gives_the_same_wherever_it_lies(stored, toy_model, colour_folder):
    here = evaluate(toy_model, open_benchmark("imagenet", colour_folder))
    there = evaluate(toy_model, open_benchmark("imagenet", stored(colour_folder)))
    assert said(there).equals(said(here))
    assert there.entry.bytes_digest == here.entry.bytes_digest
    assert there.complete


def test_a_url_is_remembered_and_kept_in_the_result(toy_model, colour_folder):
    url = in_memory(colour_folder)
    run = evaluate(toy_model, open_and_remember("imagenet", url))
    assert run.entry.root == url
    assert str(open_benchmark("imagenet").root) == url
    assert str(paths.remembered_data("imagenet")) == url


def test_annotations_in_an_object_store_are_read(stored, toy_model, tmp_path):
    folder = focus(tmp_path / "focus")
    here, there = open_benchmark("focus", folder), open_benchmark("focus", stored(folder))
    assert there.samples().equals(here.samples())
    assert said(evaluate(toy_model, there)).equals(said(evaluate(toy_model, here)))


def test_what_an_object_store_cannot_give_now_is_tried_again(toy_model, colour_folder, monkeypatch):
    benchmark = open_benchmark("imagenet", in_memory(colour_folder))
    real = type(benchmark.root).read_bytes

    def flaky(path):
        if path.name == "3.png":
            raise RuntimeError("connection reset")
        return real(path)

    listed = benchmark.pool_digest()
    monkeypatch.setattr(type(benchmark), "pool_digest", lambda benchmark: listed)
    monkeypatch.setattr(type(benchmark.root), "read_bytes", flaky)
    with pytest.raises(StorageError, match=r"3 of 24 images .*connection reset"):
        evaluate(toy_model, benchmark)
    monkeypatch.undo()
    assert evaluate(toy_model, benchmark).complete


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nosuch://bucket/x", "'nosuch://bucket/x' cannot be opened .*nosuch"),
        ("memory://nothing-here", "is not a folder"),
        ("http://127.0.0.1:9/", "127.0.0.1:9"),
    ],
)
def test_a_url_that_leads_nowhere_is_refused_with_itself(url, said):
    with pytest.raises(UsageError, match=said):
        open_benchmark("imagenet", url)


def test_a_folder_that_is_gone_from_a_server_is_no_fact_about_images(toy_model, colour_folder, served):
    benchmark = open_benchmark("imagenet", served(colour_folder))
    benchmark.samples()
    shutil.rmtree(colour_folder / "n01440764")
    with pytest.raises(StorageError, match="8 of 24 images could not be read"):
        evaluate(toy_model, benchmark)


def test_a_store_that_cannot_be_reached_is_not_there_for_pages_and_lists(toy_model, colour_folder):
    nowhere = paths.place("http://127.0.0.1:9/")
    assert not paths.is_there(nowhere)
    run = evaluate(toy_model, open_benchmark("imagenet", colour_folder))
    store.amend(run, replace(run.entry, root=str(nowhere), stamp="another"))
    found = store.open_run(run.path)
    assert refreshed(found) is found
    assert evaluate(toy_model, open_benchmark("imagenet", colour_folder)).entry.root == str(colour_folder)
    paths.remember_data("imagenet", nowhere)
    assert catalogue.data_of("imagenet") is None
