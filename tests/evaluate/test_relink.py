"""A run knows its data folder, and the folder that it moved to."""

import shutil
from dataclasses import replace

import pytest
from PIL import Image

from core import benchmarks, paths, store
from core.errors import DataError, UsageError
from core.evaluate.loop import evaluate
from core.evaluate.relink import relink


@pytest.fixture
def run(toy_model, colour_folder):
    return evaluate(toy_model, benchmarks.open_benchmark("imagenet", colour_folder))


def test_a_run_opens_its_own_folder_and_not_the_one_last_used(run, colour_folder, tmp_path):
    shutil.copytree(colour_folder, tmp_path / "other")
    paths.remember_data("imagenet", tmp_path / "other")
    assert benchmarks.open_for(run).root == colour_folder


def test_a_folder_that_moved_is_missed_with_what_to_type_and_linked_again(run, colour_folder, tmp_path):
    moved = colour_folder.rename(tmp_path / "moved")
    with pytest.raises(DataError, match=f"were in {colour_folder}, which is not there.*core relink .*{run.identity}"):
        benchmarks.open_for(run)
    relink(run, moved)
    again = store.open_run(run.path)
    assert benchmarks.open_for(again).root == moved
    assert again.identity == run.identity


def test_a_folder_of_other_images_is_refused(run, colour_folder, tmp_path):
    other = tmp_path / "other"
    shutil.copytree(colour_folder, other)
    Image.new("RGB", (99, 99)).save(other / "n01440764" / "0.png")
    with pytest.raises(UsageError, match=f"{other} does not hold the images of the result {run.identity}"):
        relink(run, other)
    assert benchmarks.open_for(store.open_run(run.path)).root == colour_folder


def test_evaluating_a_finished_run_again_writes_what_older_versions_did_not_keep(run, toy_model, colour_folder):
    store.amend(run, replace(run.entry, card=None, root="", stamp="", finished=0, bytes_digest=""))
    again = evaluate(toy_model, benchmarks.open_benchmark("imagenet", colour_folder))
    assert again.entry == run.entry
    assert store.open_run(run.path).entry == run.entry


def test_evaluating_a_run_whose_manifest_is_lost_writes_it_again(run, toy_model, colour_folder):
    (run.path / store.MANIFEST).write_text("")
    again = evaluate(toy_model, benchmarks.open_benchmark("imagenet", colour_folder))
    assert (again.identity, again.complete, again.manifest.status) == (run.identity, True, "complete")
