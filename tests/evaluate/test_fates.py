"""What becomes of an image that cannot be predicted: a fact about its bytes, or a word of the system, tried again."""

import errno
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core import report, store
from core.benchmarks import open_benchmark
from core.errors import StorageError
from core.evaluate.loop import evaluate
from core.images.views.pixelwise import Clean
from tests.conftest import RED_WNID
from tests.evaluate.test_loop import add_views


@pytest.fixture
def colours(colour_folder):
    return open_benchmark("imagenet", colour_folder)


def test_files_that_are_no_images_are_recorded_counted_and_not_fatal(toy_model, colour_folder):
    (colour_folder / RED_WNID / "1.png").write_bytes(b"this is text")
    whole = (colour_folder / RED_WNID / "2.png").read_bytes()
    (colour_folder / RED_WNID / "2.png").write_bytes(whole[: len(whole) // 2])
    Image.fromarray(np.full((40, 40), 40000, dtype=np.uint16)).save(colour_folder / RED_WNID / "3.png")
    run = evaluate(toy_model, open_benchmark("imagenet", colour_folder))
    content = report.build(run)
    assert (content["n"], content["n_failed"]) == (21, 3)
    errors = store.read(run).set_index("sample_id")["error"].dropna()
    assert "cannot identify image file" in errors[f"{RED_WNID}/1.png"]
    assert "OSError" in errors[f"{RED_WNID}/2.png"]
    assert "I;16 has more than 8 bits" in errors[f"{RED_WNID}/3.png"]


@pytest.mark.parametrize("fault", ["EIO", "EMFILE", "ESTALE", "ENOENT"])
def test_what_the_system_says_is_not_kept_and_the_same_command_tries_again(
    toy_model, colour_folder, monkeypatch, fault
):
    code, real = getattr(errno, fault), Path.read_bytes

    def flaky(path):
        if RED_WNID in str(path):
            raise OSError(code, os.strerror(code), str(path))
        return real(path)

    benchmark = open_benchmark("imagenet", colour_folder)
    # The storage fails once the folder is listed.
    listed = benchmark.pool_digest()
    benchmark.pool_digest = lambda: listed
    monkeypatch.setattr(Path, "read_bytes", flaky)
    with pytest.raises(StorageError, match=f"8 of 24 images could not be read; the first: .*{os.strerror(code)}"):
        evaluate(toy_model, benchmark, batch_size=4)
    partial = store.find_run("imagenet", toy_model.name)
    assert (partial.n_done, partial.complete) == (16, False)
    monkeypatch.setattr(Path, "read_bytes", real)
    run = evaluate(toy_model, open_benchmark("imagenet", colour_folder), batch_size=4)
    assert run.complete
    assert run.identity == partial.identity
    assert store.read(run)["error"].isna().all()


@pytest.mark.parametrize("fault", [ValueError, NotImplementedError, RuntimeError, KeyError, SystemError])
def test_whatever_happens_while_one_image_becomes_pixels_is_its_own_fate(toy_model, colours, monkeypatch, fault):
    class Broken(Clean):
        name = "broken"

        def render(self, image, mask, preprocess, rng):
            if image.getpixel((0, 0))[1] > image.getpixel((0, 0))[0]:
                raise fault("a fault of the view")
            yield from super().render(image, mask, preprocess, rng)

    add_views(monkeypatch, Broken())
    run = evaluate(toy_model, colours, view="broken")
    assert run.complete
    errors = store.read(run).set_index("sample_id")["error"].dropna()
    assert 0 < len(errors) < 24
    assert errors.str.startswith(fault.__name__).all()
    assert errors.str.contains("a fault of the view").all()


def test_a_listing_that_cannot_be_read_now_stores_nothing_under_another_name(toy_model, colour_folder, monkeypatch):
    real = Path.read_bytes

    def flaky(path):
        if path.name == "3.png":
            raise OSError(errno.ETIMEDOUT, os.strerror(errno.ETIMEDOUT), str(path))
        return real(path)

    monkeypatch.setattr(Path, "read_bytes", flaky)
    with pytest.raises(StorageError, match=r"3\.png cannot be read now: Connection timed out"):
        evaluate(toy_model, open_benchmark("imagenet", colour_folder))
    assert store.list_runs("imagenet", toy_model.name) == []
