"""Each run with its own images and each network with its own name, on the pages."""

import base64
import errno
import io
import os
import shutil

import pytest
from PIL import Image

from core import paths, store
from core.answers import catalogue
from core.benchmarks import open_benchmark
from core.evaluate.loop import evaluate
from core.wording import escaped
from pages.shared.images import pictures
from pages.shared.page import cached
from tests.conftest import RED_WNID
from tests.pages.conftest import open_page, text_of

MISTAKES = "pages/mistakes.py"


@pytest.fixture
def two_copies(toy_model, colour_folder, tmp_path):
    """One model on two copies of a benchmark; red ones of the second are white, and it was the last that was used."""
    other = tmp_path / "white"
    shutil.copytree(colour_folder, other)
    for path in (other / RED_WNID).iterdir():
        Image.new("RGB", (50, 50), (255, 255, 255)).save(path)
    runs = [evaluate(toy_model, open_benchmark("imagenet", root)) for root in (colour_folder, other)]
    paths.remember_data("imagenet", other)
    return runs


def colour(run):
    """What a page shows of one image: the centre of its thumbnail."""
    source = pictures.thumbnail(cached.source_of(run), f"{RED_WNID}/1.png").src
    image = Image.open(io.BytesIO(base64.b64decode(source.partition(",")[2]))).convert("RGB")
    return image.getpixel((image.width // 2, image.height // 2))


def test_each_run_shows_the_images_of_its_own_folder(two_copies):
    red, white = two_copies
    assert red.identity != white.identity
    assert colour(red) == pytest.approx((200, 10, 10), abs=8)
    assert colour(white) == pytest.approx((255, 255, 255), abs=8)


def test_two_copies_of_a_benchmark_can_both_be_chosen(two_copies):
    for run in two_copies:
        at = open_page(MISTAKES, **{"benchmark": "imagenet", "data-imagenet": run.content[:12]})
        assert not at.exception
        assert at.selectbox(key="data-imagenet").value == run.content[:12]
        assert {f"identity {each.identity}" in text_of(at) for each in two_copies if each != run} == {False}
        assert f"identity {run.identity}" in text_of(at)
    labels = catalogue.copies_of_data(store.list_runs(), "imagenet").values()
    assert set(labels) == {"white · 24 images", "colours · 24 images"}


def test_a_folder_that_moved_is_asked_for_and_linked_from_the_page(toy_model, colour_folder, tmp_path):
    run = evaluate(toy_model, open_benchmark("imagenet", colour_folder))
    moved = colour_folder.rename(tmp_path / "moved")
    at = open_page(MISTAKES, benchmark="imagenet")
    assert not at.exception
    assert f"were in `{colour_folder}`, which is not there" in text_of(at)
    at.text_input(key=f"relink-{run.identity}-mistakes-folder").set_value(str(tmp_path))
    next(button for button in at.button if button.label == "Use this folder").click().run()
    assert "no folder named by an ImageNet-1k WordNet id" in text_of(at)
    at.text_input(key=f"relink-{run.identity}-mistakes-folder").set_value(str(moved))
    next(button for button in at.button if button.label == "Use this folder").click().run()
    assert store.open_run(run.path).entry.root == str(moved)
    assert "which is not there" not in text_of(at)


def test_a_damaged_manifest_does_not_hide_the_others(two_copies):
    (two_copies[0].path / store.MANIFEST).write_text("{}")
    at = open_page("pages/overview.py")
    assert not at.exception
    said = f"{two_copies[0].path / store.MANIFEST} has no 'identity'"
    assert escaped(said) in text_of(at)
    assert two_copies[1].identity in set(at.dataframe[0].value["identity"])


def test_two_networks_in_folders_of_one_name_are_two_entries(colour_folder, toy_model):
    for seed in (1, 2):
        toy_model.name, toy_model.source = "final", f"local-dir:/runs/seed{seed}/final"
        toy_model.fingerprint = str(seed) * 64
        evaluate(toy_model, open_benchmark("imagenet", colour_folder))
    at = open_page("pages/overview.py", models="final")
    assert {"seed1/final", "seed2/final"} <= set(at.multiselect(key="models").options)
    # The link from before there were two means the newest.
    assert at.multiselect(key="models").value == ["seed2/final"]


def test_a_tile_that_stayed_empty_for_want_of_files_is_drawn_at_the_next_look(two_copies, monkeypatch):
    def full(source, *given, **named):
        raise OSError(errno.EMFILE, os.strerror(errno.EMFILE), str(source))

    red, _ = two_copies
    with monkeypatch.context() as now:
        now.setattr(Image, "open", full)
        assert pictures.thumbnail(cached.source_of(red), f"{RED_WNID}/1.png").src == ""
    assert colour(red) == pytest.approx((200, 10, 10), abs=8)
