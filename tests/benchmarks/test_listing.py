"""What stands in a data folder and is no image: counted, named, and never a traceback."""

import errno
import os
import socket

import pytest

from core.benchmarks import listing, open_benchmark
from core.errors import StorageError
from core.evaluate.loop import evaluate
from tests.conftest import GREEN_WNID, RED_WNID


@pytest.fixture
def strange(colour_folder):
    """The colours, with one of everything that is no image in a class folder."""
    folder = colour_folder / RED_WNID
    (folder / "dangling.JPEG").symlink_to("nowhere.JPEG")
    (folder / "circle.JPEG").symlink_to("circle.JPEG")
    os.mkfifo(folder / "pipe.JPEG")
    with socket.socket(socket.AF_UNIX) as one:
        here = os.getcwd()
        os.chdir(folder)
        one.bind("socket.JPEG")
        os.chdir(here)
    (folder / "folder.JPEG").mkdir()
    (folder / "notes.txt").write_text("by hand")
    with open(os.fsencode(folder) + b"/caf\xe9.JPEG", "wb") as stream:
        stream.write((folder / "0.png").read_bytes())
    return colour_folder


def test_everything_that_is_left_out_is_counted_and_named(strange):
    benchmark = open_benchmark("imagenet", strange)
    assert len(benchmark.samples()) == 24
    at = RED_WNID
    assert set(benchmark.notes) == {
        f"left out: 2 links that lead nowhere or in a circle ({at}/circle.JPEG, {at}/dangling.JPEG)",
        f"left out: 2 pipes, sockets or devices ({at}/pipe.JPEG, {at}/socket.JPEG)",
        f"left out: 1 name that is not UTF-8 ({at}/caf\\xe9.JPEG)",
        f"left out: 1 folder where an image is expected ({at}/folder.JPEG)",
        f"left out: 1 file that is no image by its suffix ({at}/notes.txt)",
    }


def test_they_are_told_with_the_result(strange, toy_model):
    run = evaluate(toy_model, open_benchmark("imagenet", strange))
    assert run.complete
    assert any("caf\\xe9.JPEG" in note for note in run.entry.notes)


def test_many_are_counted_and_three_are_named(colour_folder):
    for number in range(10):
        (colour_folder / GREEN_WNID / f"gone{number}.JPEG").symlink_to("nowhere")
    benchmark = open_benchmark("imagenet", colour_folder)
    benchmark.samples()
    (note,) = benchmark.notes
    assert note.startswith("left out: 10 links")
    assert note.endswith("gone2.JPEG and 7 more)")


def test_a_link_to_an_image_is_one(colour_folder):
    (colour_folder / GREEN_WNID / "link.png").symlink_to("0.png")
    benchmark = open_benchmark("imagenet", colour_folder)
    assert len(benchmark.samples()) == 25
    assert benchmark.notes == []


@pytest.mark.parametrize("code", [errno.EIO, errno.ESTALE, errno.EMFILE, errno.ENOENT, errno.EACCES])
def test_a_folder_that_cannot_be_listed_now_is_said_in_a_sentence(colour_folder, monkeypatch, code):
    real = os.scandir

    def flaky(path):
        if str(path).endswith(GREEN_WNID):
            raise OSError(code, os.strerror(code), str(path))
        return real(path)

    monkeypatch.setattr(listing.os, "scandir", flaky)
    with pytest.raises(StorageError, match=f"{GREEN_WNID} cannot be read now: {os.strerror(code)}"):
        open_benchmark("imagenet", colour_folder).samples()
